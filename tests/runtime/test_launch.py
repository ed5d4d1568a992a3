"""Launching: arguments in every allowed form, exact errors for the rest, the same on `cpu` and `ref`."""

import math
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import robokern as rk
from robokern.ir.evaluate import from_memory
from robokern.ir.layout import numpy_dtype, size_of
from robokern.ir.types import SCALARS
from robokern.runtime.arguments import argument, packer

DEVICES = ["cpu", "ref"]  # those that take NumPy arrays


@rk.struct
class Gain:
    scale: float
    offset: rk.vec3


@rk.struct
class Table:
    values: rk.array(dtype=float)
    count: int


@rk.kernel
def axpy(a: float, x: rk.array(dtype=float), y: rk.array(dtype=float)):
    i = rk.tid()
    y[i] = a * x[i] + y[i]


@rk.kernel
def everything(
    truth: bool,
    small: rk.int8,
    large: rk.uint64,
    wide: rk.float64,
    v: rk.vec3,
    m: rk.mat22,
    q: rk.quat,
    gain: Gain,
    points: rk.array2d(dtype=rk.vec3),
    out: rk.array(dtype=rk.float64),
):
    i, j = rk.tid()
    if truth and i + j == 0:
        out[0] = wide
        out[1] = rk.float64(small)
        out[2] = rk.float64(large)
        out[3] = rk.float64(v[1])
        out[4] = rk.float64(m[1, 0])
        out[5] = rk.float64(q[3])
        out[6] = rk.float64(gain.scale)
        out[7] = rk.float64(gain.offset[2])
        out[8] = rk.float64(points[1, 2][0])


@rk.kernel
def place(out: rk.array4d(dtype=int)):
    i, j, k, n = rk.tid()
    out[i, j, k, n] = 1000 * i + 100 * j + 10 * k + n


@rk.kernel
def double(x: rk.array(dtype=rk.Any), scale: rk.Any):
    i = rk.tid()
    x[i] = x[i] * scale


@rk.kernel
def checked(x: rk.array2d(dtype=float), limit: float):
    i, j = rk.tid()
    assert x[i, j] < limit, "too far"
    x[i, j] = 0.0


@rk.kernel
def lengths(x: rk.array2d(dtype=float), out: rk.array(dtype=int)):
    out[0] = x.shape[0]
    out[1] = x.shape[1]


@rk.kernel
def read_table(table: Table, out: rk.array(dtype=float)):
    i = rk.tid()
    if i < table.count:
        out[i] = table.values[i]


@rk.kernel
def sum_rows(values: rk.array2d(dtype=float), sums: rk.array(dtype=float)):
    i, j = rk.tid()
    rk.atomic_add(sums, i, values[i, j])


def error_of(call) -> str:
    with pytest.raises(rk.LaunchError) as caught:
        call()
    return str(caught.value)


def test_inputs_and_outputs_are_the_arguments_in_order(device):
    x, y = rk.array([1.0, 2.0, 3.0]), rk.array([10.0, 20.0, 30.0])
    for _ in range(3):
        rk.launch(axpy, dim=3, inputs=[2.0, x], outputs=[y], device=device)
    assert y.list() == [16, 32, 48]
    rk.launch(axpy, 2, (np.float64(-1), x, y), device=device)
    assert y.list() == [15, 30, 48]


@pytest.mark.parametrize(
    "form",
    [
        (True, 5, 7, 2.5, rk.vec3(1.0, 2.0, 3.0), rk.mat22(1.0, 2.0, 3.0, 4.0), rk.quat(0.0, 0.0, 0.0, 1.0)),
        (np.True_, np.int8(5), np.uint64(7), np.float32(2.5), (1.0, 2, 3.0), (1, 2, 3, 4), [0, 0, 0, 1]),
        (
            True,
            np.int64(5),
            7,
            np.float64(2.5),
            np.array([1, 2, 3]),
            [[1, 2], [3, 4]],
            np.array([0, 0, 0, 1.0]),
        ),
        (
            True,
            np.array(5),
            7,
            np.array(2.5),
            np.float32([1, 2, 3]),
            np.array([[1, 2], [3, 4]]),
            (0, 0, 0, 1),
        ),
    ],
)
def test_values_in_every_form(device, form):
    gain = Gain(scale=0.5, offset=rk.vec3(0.0, 0.0, 9.0))
    points = rk.array(np.arange(18).reshape(2, 3, 3), dtype=rk.vec3)
    out = rk.zeros(9, dtype=rk.float64)
    rk.launch(everything, (1, 1), [*form, gain, points, out], device=device)
    assert out.list() == [2.5, 5, 7, 2, 3, 1, 0.5, 9, 15]


@pytest.mark.parametrize("device", DEVICES)
def test_arrays_in_every_form(device):
    base = np.arange(20, dtype=np.float32)
    every_other = rk.array(base, copy=False)[::2]
    rk.launch(axpy, 10, [1.0, every_other, base[::-2]], device=device)
    want = np.arange(20, dtype=np.float32)
    assert np.array_equal(base[::2], want[::2])
    assert np.array_equal(base[::-2], want[::-2] + want[::2])
    rk.launch(axpy, 0, [1.0, None, None], device=device)
    plain = np.zeros(20, np.float32)
    rk.launch(axpy, 20, [1.0, want, plain], device=device)
    assert np.array_equal(plain, want)
    out = rk.full(2, 7)
    rk.launch(lengths, 1, [None, out], device=device)
    assert out.list() == [0, 0]
    rk.launch(lengths, 1, [rk.zeros((4, 6))[:, 1:3], out], device=device)
    assert out.list() == [4, 2]


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 1, 1, 1), (3, 1, 2, 1), (2, 0, 3, 4)])
def test_the_last_dimension_runs_fastest(device, shape):
    out = rk.zeros(shape, dtype=int)
    rk.launch(place, shape, [out], device=device)
    i, j, k, n = np.indices(shape)
    np.testing.assert_array_equal(out.numpy(), 1000 * i + 100 * j + 10 * k + n)
    rk.launch(place, list(map(np.int64, shape)), [out], device=device)


def test_generic_parameters_take_their_type_from_the_argument(device):
    for values, scale in (([1.0, 2.0], 3.0), (np.array([1.0, 2.0]), np.float64(3)), ([1, 2], 3)):
        x = rk.array(values)
        rk.launch(double, 2, [x, scale], device=device)
        assert x.list() == [3, 6]
    points = rk.array([[1, 2, 3]], dtype=rk.vec3)
    rk.launch(double, 1, [points, 2.0], device=device)
    assert points[0] == rk.vec3(2.0, 4.0, 6.0)


@pytest.mark.parametrize("device", DEVICES)
def test_generic_parameters_take_their_type_from_a_numpy_array(device):
    plain = np.array([1, 2], np.int16)
    rk.launch(double, 2, [plain, np.int16(5)], device=device)
    assert plain.tolist() == [5, 10]


def test_structs_may_hold_arrays(device):
    table, out = Table(values=rk.array([4.0, 5.0, 6.0]), count=2), rk.zeros(3)
    rk.launch(read_table, 3, [table], [out], device=device)
    assert out.list() == [4, 5, 0]


X, Y = rk.zeros(3), rk.zeros(3)
NO_GRID = "kernel 'axpy': dim: expected an integer or 1 to 4 of them, each from 0 to 2**31 - 1"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["1", X, Y], "argument 'a': expected float32, got str '1'; pass a number"),
        ([None, X, Y], "argument 'a': expected float32, got None; pass a number"),
        ([X, X, Y], "argument 'a': expected float32, got array(dtype=float32); pass a number"),
        ([1e39, X, Y], "argument 'a': expected float32, got float 1e+39; it does not fit float32"),
        (
            [1.0, [1.0], Y],
            "argument 'x': expected array(dtype=float32), got list [1.0]; "
            "wrap it: rk.array(..., dtype=float32)",
        ),
        (
            [1.0, X, 2.0],
            "argument 'y': expected array(dtype=float32), got float 2.0; "
            "wrap it: rk.array(..., dtype=float32)",
        ),
        (
            [1.0, rk.zeros(3, dtype=int), Y],
            "argument 'x': expected array(dtype=float32), got array(dtype=int32); make it with dtype=float32",
        ),
        (
            [1.0, rk.zeros((3, 1)), Y],
            "argument 'x': expected array(dtype=float32), got array2d(dtype=float32) of shape (3, 1); "
            "pass 1 dimensions, for example with .reshape(...)",
        ),
        (
            [1.0, np.zeros(3), Y],
            "argument 'x': expected array(dtype=float32), got NumPy array of float64, shape (3,); "
            "convert it with .astype('float32')",
        ),
        (
            [1.0, np.broadcast_to(np.float32(0), 3), Y],
            "argument 'x': expected array(dtype=float32), got NumPy array of float32, shape (3,); "
            "read-only memory cannot be shared with kernels; pass a copy",
        ),
        (
            [1.0, np.zeros((3, 2), np.float32), Y],
            "argument 'x': expected array(dtype=float32), got NumPy array of float32, shape (3, 2); "
            "pass 1 dimensions",
        ),
    ],
)
@pytest.mark.parametrize("device", DEVICES)
def test_an_argument_that_does_not_fit(device, arguments, text):
    rk.launch(axpy, 3, [1.0, X, Y], device=device)  # the quick way is ready
    assert error_of(lambda: rk.launch(axpy, 3, arguments, device=device)) == f"kernel 'axpy', {text}"


@pytest.mark.parametrize(
    ("index", "value", "text"),
    [
        (0, 1, "argument 'truth': expected bool, got int 1; pass True or False"),
        (1, 128, "argument 'small': expected int8, got int 128; it does not fit int8"),
        (1, 1.0, "argument 'small': expected int8, got float 1.0; pass an integer"),
        (2, -1, "argument 'large': expected uint64, got int -1; it does not fit uint64"),
        (
            4,
            (1.0, 2.0),
            "argument 'v': expected vec3, got tuple (1.0, 2.0); pass rk.vec3(...) or 3 numbers "
            "(elements of vec3 need a last axis of 3, got shape (2,))",
        ),
        (
            4,
            rk.quat(0.0, 0.0, 0.0, 1.0),
            "argument 'v': expected vec3, got quat(0.0, 0.0, 0.0, 1.0); convert it to vec3",
        ),
        (
            4,
            rk.vec3d(0.0),
            "argument 'v': expected vec3, got vec3d(0.0, 0.0, 0.0); convert it to vec3",
        ),
        (
            4,
            ("a", 1, 2),
            "argument 'v': expected vec3, got tuple ('a', 1, 2); pass rk.vec3(...) or 3 numbers "
            "(cannot convert <U21 to float32)",
        ),
        (7, 1.0, "argument 'gain': expected Gain, got float 1.0; pass a Gain(...)"),
        (
            8,
            np.zeros((2, 3), np.float32),
            "argument 'points': expected array2d(dtype=vec3), got NumPy array of float32, shape (2, 3); "
            "pass 3 dimensions, the last (3,)",
        ),
    ],
)
def test_values_that_do_not_fit(index, value, text):
    values = [True, 1, 1, 1.0, (1, 2, 3), (1, 2, 3, 4), (0, 0, 0, 1), Gain(), rk.zeros((2, 3), dtype=rk.vec3)]
    values = [*values, rk.zeros(9, dtype=rk.float64)]
    values[index] = value
    assert error_of(lambda: rk.launch(everything, (1, 1), values)) == f"kernel 'everything', {text}"


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: rk.launch(axpy, 3, [1.0, X]),
            "kernel 'axpy': expected 3 arguments (a, x, y), got 2; missing: y",
        ),
        (
            lambda: rk.launch(axpy, 3, [1.0, X], [Y, Y]),
            "kernel 'axpy': expected 3 arguments (a, x, y), got 4",
        ),
        (
            lambda: rk.launch(axpy, -1, [1.0, X, Y]),
            f"{NO_GRID}, got int -1",
        ),
        (
            lambda: rk.launch(axpy, 2.0, [1.0, X, Y]),
            f"{NO_GRID}, got float 2.0",
        ),
        (
            lambda: rk.launch(axpy, 2**31, [1.0, X, Y]),
            f"{NO_GRID}, got int 2147483648",
        ),
        (
            lambda: rk.launch(axpy, (), [1.0, X, Y]),
            f"{NO_GRID}, got tuple ()",
        ),
        (
            lambda: rk.launch(axpy, (3, 1), [1.0, X, Y]),
            "kernel 'axpy': dim: rk.tid() gives 1 coordinates in this kernel, got dim=(3, 1); pass 1 lengths",
        ),
        (
            lambda: rk.launch(place, 3, [None]),
            "kernel 'place': dim: rk.tid() gives 4 coordinates in this kernel, got dim=3; pass 4 lengths",
        ),
        (
            lambda: rk.launch(len, 3, [X]),
            "launch: expected a kernel, got builtin_function_or_method <built-in function len>; "
            "decorate it with @rk.kernel",
        ),
        (
            lambda: rk.launch(double, 3, [[1.0], 2.0]),
            "kernel 'double', argument 'x': expected array(dtype=Any), got list [1.0]; "
            "pass a value that has a type of its own: an rk.array, rk.vec3(...), rk.float32(...)",
        ),
    ],
)
def test_launches_that_make_no_sense(call, text):
    assert error_of(call) == text


def test_a_failed_assert_names_kernel_line_item_and_message(device):
    x = rk.array(np.arange(12, dtype=np.float32).reshape(3, 4))
    line = checked.overload.python.__code__.co_firstlineno + 3
    with pytest.raises(rk.KernelAssertionError) as caught:
        rk.launch(checked, (3, 4), [x, 11.0], device=device)
    assert (
        str(caught.value) == f"{__file__}:{line}:5: too far; in kernel 'checked', item (2, 3) of grid (3, 4)"
    )
    assert isinstance(caught.value, AssertionError)
    rk.launch(checked, (3, 4), [x, 12.0], device=device)


def test_a_recorded_launch_runs_again_with_other_parameters(device):
    x, y = rk.array([1.0, 2.0, 3.0]), rk.zeros(3)
    command = rk.launch(axpy, 3, [1.0, x], [y], device=device, record_cmd=True)
    assert y.list() == [0, 0, 0]
    command.launch()
    command.set_param_by_name("a", 10.0)
    command.launch()
    command.set_dim(1)
    command.set_param_at_index(1, rk.array([100.0]))
    command.launch()
    assert y.list() == [1011, 22, 33]
    z = rk.zeros(3)
    command.set_params([1.0, x, z[::-1]])
    command.set_dim(3)
    command.launch()
    assert z.list() == [3, 2, 1]
    command.set_dim(0)
    command.launch()
    assert (command.dim, command.kernel, str(command.device)) == ((0,), axpy, device)


def test_mistakes_with_a_recorded_launch():
    command = rk.launch(axpy, 3, [1.0, X, Y], record_cmd=True)
    assert error_of(lambda: command.set_param_by_name("b", 1)) == (
        "kernel 'axpy': no parameter 'b'; choose one of: a, x, y"
    )
    assert error_of(lambda: command.set_param_at_index(3, 1)) == (
        "kernel 'axpy': expected a parameter number below 3, got 3"
    )
    assert error_of(lambda: command.set_param_by_name("x", 1)) == (
        "kernel 'axpy', argument 'x': expected array(dtype=float32), got int 1; "
        "wrap it: rk.array(..., dtype=float32)"
    )
    assert error_of(lambda: command.set_dim((1, 1))).startswith(
        "kernel 'axpy': dim: rk.tid() gives 1 coordinates"
    )


def test_threads_launch_at_once():
    arrays = [rk.zeros(5000) for _ in range(4)]
    ones = rk.ones(5000)

    @rk.kernel
    def fresh(x: rk.array(dtype=float), y: rk.array(dtype=float)):
        i = rk.tid()
        y[i] = y[i] + x[i]

    def work(y: rk.array) -> None:
        for _ in range(100):
            rk.launch(fresh, 5000, [ones, y])

    threads = [threading.Thread(target=work, args=(y,)) for y in arrays]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for y in arrays:
        assert (y.numpy() == 100).all()
    assert len(fresh.launchers) == 1


@pytest.mark.parametrize("turns", [1, 400])
def test_threads_add_to_one_place_at_once(turns):
    """Light items stay on their caller, which adds plainly; heavy ones may be shared, and add atomically."""
    bins = rk.zeros(3)

    @rk.kernel
    def tally(bins: rk.array(dtype=float), turns: int):
        i = rk.tid()
        for k in range(turns):
            rk.atomic_add(bins, (i + k) % 3, 1.0)

    rk.launch(tally, 0, [bins, turns])
    launches, items = (50, 3000) if turns == 1 else (4, 3000)

    def work() -> None:
        for _ in range(launches):
            rk.launch(tally, items, [bins, turns])

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bins.numpy().sum() == 3 * launches * items * turns


def test_sums_along_rows_do_not_depend_on_the_threads():
    values = np.random.default_rng(0).standard_normal((40, 5000)).astype(np.float32)
    in_order = np.zeros(40, np.float32)
    for column in values.T:
        in_order += column
    try:
        for threads in (1, 2, 5):
            rk.set_cpu_threads(threads)
            sums = rk.zeros(40)
            rk.launch(sum_rows, values.shape, [values, sums])
            np.testing.assert_array_equal(sums.numpy(), in_order)
    finally:
        rk.set_cpu_threads(None)


def _numbers(scalar):
    if scalar.kind == "b":
        return st.booleans()
    if scalar.kind == "f":
        width = 32 if scalar.name == "bfloat16" else scalar.bits
        return st.floats(width=width) | st.integers(-1000, 1000)
    low = -(2 ** (scalar.bits - 1)) if scalar.kind == "i" else 0
    return st.integers(low, low + 2**scalar.bits - 1)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_both_ways_of_packing_give_the_bytes_of_numpy(data):
    scalar = data.draw(st.sampled_from(SCALARS))
    value = data.draw(_numbers(scalar))
    record = argument(scalar, value).record
    assert packer(scalar)(value) == record
    assert len(record) == 8
    read = from_memory(np.frombuffer(record, numpy_dtype(scalar), 1), scalar)[0]
    assert read == scalar(value) or math.isnan(value)
    if scalar.kind != "b":
        vector = rk.vector(3, scalar)
        wide = argument(vector, [value] * 3)
        assert packer(vector)((value,) * 3) == packer(vector)(vector(value)) == wide.record
        assert len(wide.record) == -(-size_of(vector) // 8) * 8


def test_what_warp_says_of_blocks_is_taken(device):
    x = rk.zeros(3, dtype=float, device=device)

    @rk.kernel
    def count_up(a: rk.array(dtype=float)):
        a[rk.tid()] += 1.0

    rk.launch(count_up, dim=3, inputs=[x], device=device, block_dim=64, max_blocks=1)
    assert x.list() == [1.0] * 3
