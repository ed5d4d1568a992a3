"""What a tape reads again may be overwritten after it has ended: gradients stay right, or are refused."""

import numpy as np
import pytest

import robokern as rk
from robokern.runtime import recording


@rk.kernel
def square(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64)):
    i = rk.tid()
    y[i] = x[i] * x[i]


@rk.kernel
def double(x: rk.array(dtype=rk.float64)):
    i = rk.tid()
    x[i] = 2.0 * x[i]


@rk.struct
class Body:
    mass: rk.array(dtype=rk.float64)


@rk.kernel
def lighten(body: Body):
    i = rk.tid()
    body.mass[i] = 0.5 * body.mass[i]


def squared(checkpoint=None):
    """A tape that has ended, its input [1, 2, 3] and its output."""
    x = rk.array([1.0, 2.0, 3.0], dtype=rk.float64, requires_grad=True)
    y = rk.zeros(3, dtype=rk.float64)
    with rk.Tape(checkpoint) as tape:
        rk.launch(square, 3, [x, y])
    return tape, x, y


def inside_another_tape(x):
    with rk.Tape():
        rk.launch(double, 3, [x])


def by_replay(x):
    with rk.ScopedCapture(x.device) as capture:
        rk.launch(double, 3, [x])
    rk.capture_launch(capture.graph)


def by_replayed_fill(x):
    with rk.ScopedCapture(x.device) as capture:
        x[1:].fill_(0.0)
    rk.capture_launch(capture.graph)


def as_an_adjoint(x):
    a, b = rk.ones(3, dtype=rk.float64), rk.ones(3, dtype=rk.float64)
    rk.launch(square, 3, [a, b], adj_inputs=[x, b], adjoint=True)


WRITES = {
    "launch": lambda x: rk.launch(double, 3, [x]),
    "launch on a slice": lambda x: rk.launch(double, 2, [x[1:]]),
    "launch on a struct": lambda x: rk.launch(lighten, 3, [Body(mass=x)]),
    "recorded launch": lambda x: rk.launch(double, 3, [x], record_cmd=True).launch(),
    "adjoint": as_an_adjoint,
    "replay": by_replay,
    "replayed fill": by_replayed_fill,
    "another tape": inside_another_tape,
    "assign": lambda x: x.assign(np.zeros(3)),
    "fill": lambda x: x.fill_(7.0),
    "slice": lambda x: x.__setitem__(slice(1, 2), 7.0),
    "copy": lambda x: rk.copy(x, rk.zeros(3, dtype=rk.float64)),
    "optimizer": lambda x: rk.SGD([x], lr=1.0).step(),
}
writes = pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)


@writes
def test_a_write_before_backward_changes_nothing(write, device):
    tape, x, y = squared()
    write(x)
    x.grad.zero_()
    tape.backward(grads={y: np.ones(3)})
    np.testing.assert_array_equal(x.grad.numpy(), [2, 4, 6])


@writes
def test_a_write_between_two_backwards_is_refused(write):
    tape, x, y = squared()
    tape.backward(grads={y: np.ones(3)})
    tape.backward(grads={y: np.ones(3)})
    np.testing.assert_array_equal(x.grad.numpy(), [4, 8, 12])
    write(x)
    with pytest.raises(rk.AdjointError, match=r"has overwritten 'x' of kernel 'square'.* record again"):
        tape.backward(grads={y: np.ones(3)})
    tape.reset()
    tape.backward(grads={y: np.ones(3)})


@writes
def test_checkpoints_keep_no_copy_of_what_is_only_read(write):
    tape, x, y = squared(checkpoint=2)
    write(x)
    with pytest.raises(rk.AdjointError, match=r"has overwritten 'x' of kernel 'square'"):
        tape.backward(grads={y: np.ones(3)})


def test_a_tape_inside_another():
    x, y = rk.array([1.0, 2.0, 3.0], dtype=rk.float64, requires_grad=True), rk.zeros(3, dtype=rk.float64)
    with rk.Tape() as outer:
        rk.launch(square, 3, [x, y])
        inside_another_tape(x)
    outer.backward(grads={y: np.ones(3)})
    np.testing.assert_array_equal(x.grad.numpy(), [2, 4, 6])


def test_reading_and_what_is_not_read_again_are_free():
    tape, x, y = squared()
    rk.launch(square, 3, [x, rk.zeros(3, dtype=rk.float64)])
    y.zero_()
    assert tape.kept_bytes == 0
    tape.backward(grads={y: np.ones(3)})
    rk.launch(square, 3, [x, y])
    tape.backward(grads={y: np.ones(3)})
    np.testing.assert_array_equal(x.grad.numpy(), [4, 8, 12])


def test_nobody_is_asked_once_the_tape_is_gone():
    tape, x, _ = squared()
    guard = tape.guard
    assert guard in recording.guards
    del tape
    rk.launch(double, 3, [x])
    assert guard not in recording.guards


def test_a_replay_inside_a_tape_is_refused():
    x = rk.array([1.0, 2.0, 3.0], dtype=rk.float64, requires_grad=True)
    with rk.ScopedCapture(x.device) as capture:
        rk.launch(square, 3, [x, rk.zeros(3, dtype=rk.float64)])
    with rk.Tape(), pytest.raises(rk.AdjointError, match="a tape cannot record a graph's replay"):
        rk.capture_launch(capture.graph)


def test_a_launch_that_an_open_tape_must_not_record():
    x, y = rk.array([1.0, 2.0, 3.0], dtype=rk.float64, requires_grad=True), rk.zeros(3, dtype=rk.float64)
    with rk.Tape() as tape:
        rk.launch(square, 3, [x, y])
        rk.launch(double, 3, [x], record_tape=False)
    tape.backward(grads={y: np.ones(3)})
    np.testing.assert_array_equal(x.grad.numpy(), [2, 4, 6])
