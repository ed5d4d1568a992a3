"""What other systems get silently wrong: right here, or refused."""

import numpy as np
import pytest

import robokern as rk
from robokern.errors import AdjointError
from robokern.runtime.tape import Tape


def gradient(kernel, dim, arrays, out, device, others=()):
    """Derivatives of the sum of `out` by each array, from one launch."""
    with Tape() as tape:
        rk.launch(kernel, dim, [*arrays, *others], device=device)
    tape.backward(grads={out: np.ones_like(out.numpy())})
    return [None if a.grad is None else a.grad.numpy() for a in arrays]


def doubles(values):
    return rk.array(values, dtype=rk.float64, requires_grad=True)


@rk.kernel
def product(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64), n: int):
    p = rk.float64(1.0)
    for i in range(n):
        p = p * x[i]
    y[0] = p


@rk.kernel
def product_in_place(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64), n: int):
    for i in range(n):
        y[0] = y[0] * x[i]


def test_product_of_three_factors_in_a_dynamic_loop(device):
    x, y = doubles([2.0, 2.0, 2.0]), doubles([0.0])
    dx, _ = gradient(product, 1, [x, y], y, device, [3])
    np.testing.assert_array_equal(dx, [4, 4, 4])


def test_product_accumulated_in_an_array(device):
    x, y = doubles([2.0, 2.0, 2.0]), doubles([1.0])
    dx, dy = gradient(product_in_place, 1, [x, y], y, device, [3])
    np.testing.assert_array_equal(dx, [4, 4, 4])
    np.testing.assert_array_equal(dy, [8])


@rk.kernel
def squared_repeatedly(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64)):
    v = x[0]
    c = 0
    while c < 5:
        v = v * v * 0.5
        c += 1
    y[0] = v


def test_a_variable_squared_in_a_while_loop(device):
    x, y = doubles([1.9]), doubles([0.0])
    dx, _ = gradient(squared_repeatedly, 1, [x, y], y, device)
    np.testing.assert_allclose(dx, [2**5 * 1.9**31 / 2.0**31], rtol=1e-14)


@rk.kernel
def newton_root(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64)):
    a = x[0]
    g = a
    for _k in range(50):
        n = 0.5 * (g + a / g)
        if abs(n - g) < 1.0e-14:
            break
        g = n
    y[0] = g


def test_newton_iteration_with_break(device):
    x, y = doubles([2.0]), doubles([0.0])
    dx, _ = gradient(newton_root, 1, [x, y], y, device)
    np.testing.assert_allclose(dx, [0.5 / np.sqrt(2.0)], rtol=1e-12)


@rk.kernel
def multiplied_in_place(a: rk.array(dtype=rk.float64), b: rk.array(dtype=rk.float64)):
    i = rk.tid()
    a[i] *= b[i]


@rk.kernel
def divided_in_place(a: rk.array(dtype=rk.float64), b: rk.array(dtype=rk.float64)):
    i = rk.tid()
    a[i] /= b[i]


@rk.kernel
def added_in_place(a: rk.array(dtype=rk.float64), b: rk.array(dtype=rk.float64)):
    i = rk.tid()
    a[i] += b[i] * b[i]
    a[i] -= 3.0 * b[i]


@pytest.mark.parametrize(
    ("kernel", "by_a", "by_b"),
    [
        (multiplied_in_place, [2, 2], [3, 3]),
        (divided_in_place, [0.5, 0.5], [-0.75, -0.75]),
        (added_in_place, [1, 1], [1, 1]),
    ],
)
def test_arrays_changed_in_place(kernel, by_a, by_b, device):
    a, b = doubles([3.0, 3.0]), doubles([2.0, 2.0])
    da, db = gradient(kernel, 2, [a, b], a, device)
    np.testing.assert_allclose(da, by_a)
    np.testing.assert_allclose(db, by_b)


@rk.kernel
def component_written_twice(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64)):
    v = rk.vec2d()
    v[0] = x[0]
    v[0] = v[0] * v[0]
    v[1] = x[0]
    y[0] = v[0] + v[1]


def test_a_component_written_twice(device):
    x, y = doubles([3.0]), doubles([0.0])
    dx, _ = gradient(component_written_twice, 1, [x, y], y, device)
    np.testing.assert_array_equal(dx, [7])


@rk.kernel
def square(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64)):
    i = rk.tid()
    y[i] = x[i] * x[i]


@rk.kernel
def overwrite(x: rk.array(dtype=rk.float64)):
    x[rk.tid()] = rk.float64(100.0)


@pytest.mark.parametrize("checkpoint", [None, 1, 2])
def test_a_kernel_overwrites_what_an_earlier_one_read(device, checkpoint):
    x, y = doubles([1.0, 2.0, 3.0]), doubles([0.0, 0.0, 0.0])
    with Tape(checkpoint) as tape:
        rk.launch(square, 3, [x, y], device=device)
        rk.launch(overwrite, 3, [x], device=device)
    tape.backward(grads={y: np.ones(3)})
    np.testing.assert_array_equal(x.grad.numpy(), [2, 4, 6])
    np.testing.assert_array_equal(x.numpy(), [100, 100, 100])


@rk.kernel
def compact(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64), count: rk.array(dtype=int)):
    i = rk.tid()
    if x[i] > 0.0:
        k = rk.atomic_add(count, 0, 1)
        y[k] = x[i] * x[i] * x[i]


def test_counters_replay_the_same_indices(device):
    rng = np.random.default_rng(1)
    values = rng.normal(size=500)
    x, y, count = doubles(values), doubles(np.zeros(500)), rk.zeros(1, dtype=int)
    weights = rng.normal(size=500)
    with Tape() as tape:
        rk.launch(compact, 500, [x, y, count], device=device)
    tape.backward(grads={y: weights})
    place = {round(v, 12): k for k, v in enumerate(np.cbrt(y.numpy()[: count.numpy()[0]]))}
    expected = [3 * v * v * weights[place[round(v, 12)]] if v > 0 else 0.0 for v in values]
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-12)


@rk.kernel
def shifted_in_a_loop(a: rk.array(dtype=rk.float64), n: int):
    for i in range(1, n):
        a[i] = a[i] * a[i - 1]


def test_an_array_is_multiplied_by_its_last_element(device):
    a = doubles([1.0, 2.0, 3.0])
    (da,) = gradient(shifted_in_a_loop, 1, [a], a, device, [3])
    np.testing.assert_array_equal(da, [9, 4, 2])


@rk.kernel
def through_bits(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64)):
    y[0] = rk.bitcast(rk.bitcast(x[0], rk.int64) + rk.int64(1), rk.float64)


def test_a_float_made_from_bits_is_refused():
    with Tape(), pytest.raises(AdjointError, match="bits of another"):
        rk.launch(through_bits, 1, [doubles([1.0]), doubles([0.0])])


@rk.kernel
def logistic(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64), n: int):
    a = x[0]
    for _k in range(n):
        a = a + rk.float64(1.0e-6) * a * (rk.float64(1.0) - a)
    y[0] = a


@pytest.mark.parametrize("turns", [0, 1, 5, 255, 256, 257, 300, 1000, 1_000_000])
def test_loops_of_any_length(turns):
    """A million turns run in 256 slots; the derivative against the recurrence of derivatives."""
    a, slope = 0.3, 1.0
    for _ in range(turns):
        slope *= 1 + 1e-6 * (1 - 2 * a)
        a += 1e-6 * a * (1 - a)
    x, y = doubles([0.3]), doubles([0.0])
    dx, _ = gradient(logistic, 1, [x, y], y, "cpu", [turns])
    np.testing.assert_allclose(dx, [slope], rtol=1e-9)
