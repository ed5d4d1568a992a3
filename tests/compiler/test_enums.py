"""Members of enumerations: constants in kernels, scalar arguments, annotations."""

import enum

import pytest

import robokern as rk


class Mode(enum.IntEnum):
    WALK = 1
    TROT = 2


class Flags(enum.IntFlag):
    LEFT = 1
    RIGHT = 4


class State(enum.Enum):
    RUNNING = 7
    GAIN = 0.5
    AXIS = rk.vec3(0.0, 0.0, 1.0)


CAPTURED = Mode.TROT


@rk.func
def name_of(mode: Mode) -> int:
    if mode == Mode.TROT:
        return 20
    return 10


@rk.kernel
def use(mode: int, annotated: Mode, numbers: rk.array(dtype=int), floats: rk.array(dtype=float)):
    chosen = Mode.WALK
    for turn in range(mode + 30):
        if turn == 3:
            chosen = Mode.TROT
    numbers[0] = chosen
    numbers[1] = Flags.LEFT | Flags.RIGHT
    numbers[2] = State.RUNNING.value
    numbers[3] = CAPTURED.value + CAPTURED
    if mode == State.RUNNING or annotated == CAPTURED:
        numbers[4] = name_of(annotated)
    floats[0] = State.GAIN.value * State.AXIS.value.z


def test_members_are_constants_and_arguments(device):
    numbers, floats = rk.zeros(5, dtype=int, device=device), rk.zeros(1, device=device)
    rk.launch(use, 1, [Mode.WALK, Mode.TROT, numbers, floats], device=device)
    assert numbers.list() == [2, 5, 7, 4, 20]
    assert floats.list() == [0.5]
    rk.launch(use, 1, [State.RUNNING, Mode.WALK, numbers, floats], device=device)
    assert numbers.list() == [2, 5, 7, 4, 10]


def test_a_member_that_changes_makes_another_program():
    def made(number: int):
        class Local(enum.IntEnum):
            ONE = number

        @rk.kernel
        def write(out: rk.array(dtype=int)):
            out[0] = Local.ONE

        return write

    out = rk.zeros(1, dtype=int)
    for number in (3, 4):
        rk.launch(made(number), 1, [out])
        assert out.list() == [number]


def test_an_enum_of_another_kind_does_not_fit():
    with pytest.raises(
        rk.LaunchError, match=r"argument 'mode': expected int32, got float 0.5; pass an integer"
    ):
        rk.launch(use, 1, [State.GAIN, Mode.WALK, None, None])


def test_an_unknown_member():
    @rk.kernel
    def wrong(out: rk.array(dtype=int)):
        out[0] = Mode.WALKS

    with pytest.raises(rk.KernelError, match=r"Mode has no 'WALKS'"):
        rk.launch(wrong, 1, [rk.zeros(1, dtype=int)])
