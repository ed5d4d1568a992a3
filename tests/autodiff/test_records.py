"""What the forward launch writes down: counters in loops, reads of overwritten elements, extrema."""

import numpy as np
import pytest

import robokern as rk
from robokern.errors import AdjointError
from robokern.runtime.tape import Tape

d = rk.float64


def doubles(values):
    return rk.array(values, dtype=d, requires_grad=True)


def reverse(kernel, dim, arguments, out, weights, device, checkpoint=None, times=1):
    with Tape(checkpoint) as tape:
        for _ in range(times):
            rk.launch(kernel, dim, arguments, device=device)
    tape.backward(grads={out: weights})


@rk.kernel
def running_product(a: rk.array(dtype=d), n: int):
    for i in range(1, n):
        a[i] = a[i] * a[i - 1]


@pytest.mark.parametrize("checkpoint", [None, 1])
@pytest.mark.parametrize("count", [1, 2, 7, 200])
def test_an_array_is_updated_from_its_last_element(count, checkpoint, device):
    rng = np.random.default_rng(count)
    start, weights = rng.uniform(0.5, 1.5, count), rng.normal(size=count)
    a = doubles(start)
    reverse(running_product, 1, [a, count], a, weights, device, checkpoint)
    products = np.cumprod(start)
    np.testing.assert_allclose(a.numpy(), products, rtol=1e-12)
    expected = [np.sum((weights * products)[i:]) / start[i] for i in range(count)]
    np.testing.assert_allclose(a.grad.numpy(), expected, rtol=1e-10)


@rk.kernel
def relaxed(x: rk.array2d(dtype=d), n: int, m: int):
    i = rk.tid()
    for _ in range(n):
        for j in range(1, m - 1):
            x[i, j] = x[i, j] + d(0.3) * rk.sin(x[i, j - 1] - x[i, j] * x[i, j + 1])


def test_sweeps_in_place_over_a_row(device):
    rng = np.random.default_rng(5)
    start, weights = rng.normal(size=(4, 6)), rng.normal(size=(4, 6))

    def value(x):
        made = rk.array(x, dtype=d)
        rk.launch(relaxed, 4, [made, 5, 6])
        return float(np.sum(made.numpy() * weights))

    x = rk.array(start, dtype=d, requires_grad=True)
    reverse(relaxed, 4, [x, 5, 6], x, weights, device)
    for i, j in np.ndindex(4, 6):
        step = np.zeros((4, 6))
        step[i, j] = 1e-6
        slope = (value(start + step) - value(start - step)) / 2e-6
        np.testing.assert_allclose(x.grad.numpy()[i, j], slope, rtol=1e-7, atol=1e-8)


@rk.kernel
def expanded(
    x: rk.array(dtype=d), times: rk.array(dtype=int), count: rk.array(dtype=int), y: rk.array(dtype=d)
):
    i = rk.tid()
    v = x[i]
    for _ in range(times[i]):
        k = rk.atomic_add(count, 0, 1)
        v = v * v + x[i]
        if k < len(y):
            y[k] = v


@pytest.mark.parametrize("items", [1, 40, 300])
def test_counters_in_loops_replay_the_same_indices(items, device):
    rng = np.random.default_rng(items)
    start, times = rng.uniform(-0.4, 0.4, items), rng.integers(0, 5, items)
    x, y, count = doubles(start), doubles(np.zeros(items)), rk.zeros(1, dtype=int)
    weights = rng.normal(size=items)
    reverse(expanded, items, [x, rk.array(times, dtype=int), count, y], y, weights, device)
    assert count.numpy()[0] == times.sum()
    place = {v: k for k, v in enumerate(y.numpy())}
    expected = np.zeros(items)
    for i in range(items):
        v, slope = start[i], 1.0
        for _ in range(times[i]):
            v, slope = v * v + start[i], 2 * v * slope + 1
            near = min(place, key=lambda found: abs(found - v))
            if abs(near - v) < 1e-13:
                expected[i] += slope * weights[place[near]]
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-9, atol=1e-12)


def test_logs_grow_with_the_launch(device):
    """A launch that logs more than the one before leaves the counter as one launch does."""
    for times in (1, 3, 9, 2):
        x, y, count = doubles([0.1]), doubles(np.zeros(20)), rk.zeros(1, dtype=int)
        reverse(expanded, 1, [x, rk.array([times], dtype=int), count, y], y, np.ones(20), device)
        assert count.numpy()[0] == times


@rk.struct
class Chain:
    scale: rk.float64
    a: rk.array(dtype=d)
    b: rk.array(dtype=d)


@rk.kernel
def in_structs(chain: Chain, n: int):
    i = rk.tid()
    for _ in range(n):
        chain.a[i] = rk.sin(chain.a[i]) * chain.b[i] * chain.scale
    chain.b[i] = chain.b[i] * chain.a[i]


@pytest.mark.parametrize("times", [1, 3])
def test_arrays_in_structs_are_read_and_written(times, device):
    rng = np.random.default_rng(2)
    starts, weights = rng.uniform(0.5, 1.5, (2, 3)), rng.normal(size=3)

    def run(starts):
        a, b = doubles(starts[0]), doubles(starts[1])
        chain = Chain(scale=d(1.2), a=a, b=b)
        for _ in range(times):
            rk.launch(in_structs, 3, [chain, 4], device=device)
        return a, b

    with Tape() as tape:
        a, b = run(starts)
    tape.backward(grads={b: weights})
    for array, number in ((a, 0), (b, 1)):
        for i in range(3):
            ends = []
            for step in (1e-6, -1e-6):
                moved = starts.copy()
                moved[number, i] += step
                ends.append(float(np.sum(run(moved)[1].numpy() * weights)))
            np.testing.assert_allclose(
                array.grad.numpy()[i], (ends[0] - ends[1]) / 2e-6, rtol=1e-7, atol=1e-9
            )


@rk.kernel
def extremes(x: rk.array2d(dtype=d), low: rk.array(dtype=d), high: rk.array(dtype=rk.vec2d), n: int):
    i = rk.tid()
    for j in range(n):
        rk.atomic_min(low, j % 2, x[i, j] * x[i, j])
        rk.atomic_max(high, 0, rk.vec2d(x[i, j], -x[i, j]))


@pytest.mark.parametrize("ties", [False, True])
def test_extrema_hand_the_gradient_to_the_one_that_won(ties, device):
    rng = np.random.default_rng(3)
    start = rng.normal(size=(30, 5))
    start = np.round(start) if ties else start
    first_low, first_high = np.array([0.05, 9.0, 4.0]), np.array([[0.5, 9.0]])
    x, low = doubles(start), doubles(first_low)
    high = rk.array(first_high, dtype=rk.vec2d, requires_grad=True)
    with Tape() as tape:
        rk.launch(extremes, 30, [x, low, high, 5], device=device)
        rk.launch(scaled, 3, [low], device=device)
    tape.backward(grads={low: [1.0, 10.0, 100.0], high: [[3.0, 5.0]]})
    lows = [(start**2)[:, k::2].min() for k in (0, 1)]
    won = [lows[0] < 0.05, lows[1] < 9.0]
    np.testing.assert_array_equal(low.grad.numpy(), [2.0 * (not won[0]), 20.0 * (not won[1]), 200.0])
    np.testing.assert_array_equal(high.grad.numpy(), [[0.0, 5.0]])
    by = x.grad.numpy()
    for k, weight in ((0, 2.0), (1, 20.0)):
        of_low = by[:, k::2] - np.where(start[:, k::2] == start.max(), 0.0, 0.0)
        here = np.abs(start[:, k::2]) == np.abs(start[:, k::2]).min()
        assert won[k] in (True, False)
        if not ties and won[k]:
            inside = np.zeros_like(of_low)
            inside[here] = 2 * start[:, k::2][here] * weight
            inside[start[:, k::2] == start.max()] += 3.0
            np.testing.assert_allclose(of_low, inside, rtol=1e-12)
    if ties:  # one of the equal ones has it all
        assert np.sum(by[start == start.max()]) == 3.0
        assert np.count_nonzero(by) <= 3


@rk.kernel
def scaled(a: rk.array(dtype=d)):
    i = rk.tid()
    a[i] = a[i] * d(2.0)


@rk.kernel
def own_elements(x: rk.array(dtype=d), a: rk.array(dtype=d), y: rk.array(dtype=d), n: int):
    i = rk.tid()
    best = rk.local(1, d)
    for k in range(n):
        old = rk.atomic_add(a, i, x[i] * d(k + 1))
        y[i] += old * old
        best[0] = old
    worst = rk.atomic_max(a, i, x[i] * x[i])
    y[i] += worst * rk.atomic_exch(a, i, rk.sin(x[i])) * best[0]
    rk.atomic_min(best, 0, x[i] * d(3.0))
    y[i] += best[0] * rk.atomic_cas(a, i, rk.sin(x[i]), x[i] * d(0.5))


def test_results_of_atomics_on_an_items_own_elements(device):
    rng = np.random.default_rng(8)
    starts, weights = rng.uniform(0.2, 1.5, (3, 4)), rng.normal(size=4)

    def run(starts):
        arrays = [doubles(s) for s in starts]
        rk.launch(own_elements, 4, [*arrays, 3])
        return arrays

    with Tape() as tape:
        x, a, y = run(starts)
    tape.backward(grads={y: weights, a: weights})
    for number, array in enumerate((x, a, y)):
        for i in range(4):
            ends = []
            for step in (1e-6, -1e-6):
                moved = starts.copy()
                moved[number, i] += step
                found = run(moved)
                ends.append(float(np.sum((found[1].numpy() + found[2].numpy()) * weights)))
            np.testing.assert_allclose(
                array.grad.numpy()[i], (ends[0] - ends[1]) / 2e-6, rtol=1e-6, atol=1e-8
            )


@rk.kernel
def uses_a_shared_sum(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    y[i + 1] = rk.atomic_add(y, 0, x[i])


@rk.kernel
def exchanges(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    rk.atomic_exch(y, 0, x[rk.tid()])


@rk.kernel
def reduces_and_adds(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    rk.atomic_max(y, 0, x[i])
    rk.atomic_add(y, i, x[i])


@pytest.mark.parametrize(
    ("kernel", "text", "lines"),
    [
        (uses_a_shared_sum, "a float read from array 'y'", [3]),
        (exchanges, "atomic_exch on array 'y'", []),
        (reduces_and_adds, "array 'y' is changed by atomic_max", [3, 4]),
    ],
)
def test_what_depends_on_the_order_of_items_is_refused(kernel, text, lines):
    first = kernel.overload.python.__code__.co_firstlineno
    with Tape(), pytest.raises(AdjointError) as caught:
        rk.launch(kernel, 2, [doubles([1.0, 2.0]), doubles([0.0] * 3)])
    assert text in str(caught.value) and f"kernel {kernel.name!r}" in str(caught.value)
    assert all(f"line {first + n}" in str(caught.value) for n in lines)


@rk.kernel
def behind_a_handle(handle: rk.uint64, x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    scales = rk.array_at(handle, 4, d)
    y[i] = x[i] * x[i] * scales[i]
    scales[i] = d(100.0)


def test_what_is_read_behind_a_handle_and_overwritten_is_kept(device):
    scales, x, y = rk.array([1.0, 2.0, 3.0, 4.0], dtype=d), doubles([1.0] * 4), doubles([0.0] * 4)
    reverse(behind_a_handle, 4, [rk.uint64(scales.ptr), x, y], y, np.ones(4), device)
    np.testing.assert_array_equal(scales.numpy(), 100)
    np.testing.assert_array_equal(x.grad.numpy(), [2, 4, 6, 8])


@rk.func
def next_index(count: rk.array(dtype=int), x: rk.float64):
    return rk.atomic_add(count, 0, 1)


@rk.kernel
def counts_in_a_func(x: rk.array(dtype=d), count: rk.array(dtype=int), y: rk.array(dtype=d)):
    i = rk.tid()
    for _ in range(2):
        y[next_index(count, x[i])] += x[i] * x[i]


def test_counters_in_funcs(device):
    x, y, count = doubles([1.0, 2.0, 3.0]), doubles([0.0] * 6), rk.zeros(1, dtype=int)
    reverse(counts_in_a_func, 3, [x, count, y], y, np.full(6, 2.0), device)
    np.testing.assert_array_equal(x.grad.numpy(), [8, 16, 24])


@rk.kernel
def scratch_in_a_branch(x: rk.array(dtype=d), y: rk.array(dtype=d), n: int):
    i = rk.tid()
    total = x[i]
    for k in range(n):
        if k % 2 == 0:
            seen = rk.local(3, d)
            for j in range(3):
                seen[j] = total * x[j]
            total = seen[0] * seen[1] + seen[2]
    y[i] = total


def test_private_arrays_made_in_a_branch_of_a_loop(device):
    def run(values):
        x = np.asarray(values)
        total = x.copy()
        for _ in range(2):
            total = (total * x[0]) * (total * x[1]) + total * x[2]
        return total.sum()

    start = np.array([0.3, 0.5, 0.7])
    x, y = doubles(start), doubles([0.0] * 3)
    reverse(scratch_in_a_branch, 3, [x, y, 4], y, np.ones(3), device)
    for k in range(3):
        moved = start.astype(complex)
        moved[k] += 1e-30j
        np.testing.assert_allclose(x.grad.numpy()[k], run(moved).imag * 1e30, rtol=1e-13)


def test_extrema_have_no_forward_mode():
    x, low, high = doubles([[1.0, 2.0]]), doubles([0.0] * 3), rk.zeros(1, dtype=rk.vec2d)
    with pytest.raises(AdjointError, match="atomic_min on array 'low', which items share, in forward mode"):
        rk.jvp(extremes, 1, [x], [low, high, 2], [np.ones((1, 2))])


@rk.func
def looked_up(table: rk.array(dtype=d), x: rk.float64):
    return x * table[1]


@rk.func_grad(looked_up)
def looked_up_gradient(table: rk.array(dtype=d), x: rk.float64, adj_result: rk.float64):
    rk.adjoint[x] += adj_result * table[1]


@rk.kernel
def uses_a_table(table: rk.array(dtype=d), x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    y[i] = looked_up(table, x[i])


@rk.kernel
def uses_and_overwrites_a_table(table: rk.array(dtype=d), x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    for _ in range(2):
        y[i] = looked_up(table, x[i] * y[i])
    table[1] = d(0.0)


def test_what_a_derivative_by_hand_reads_is_kept_between_launches(device):
    table, x, y = rk.array([0.0, 3.0], dtype=d), doubles([1.0, 2.0]), doubles([0.0] * 2)
    with Tape() as tape:
        rk.launch(uses_a_table, 2, [table, x, y], device=device)
        table.fill_(50.0)
    tape.backward(grads={y: np.ones(2)})
    np.testing.assert_array_equal(x.grad.numpy(), 3)


@rk.func
def stored(x: rk.float64, out: rk.array(dtype=d)):
    out[0] = x
    return x


@rk.func_grad(stored)
def stored_gradient(x: rk.float64, out: rk.array(dtype=d), adj_result: rk.float64):
    rk.adjoint[x] += adj_result


@rk.kernel
def stores_in_a_func(table: rk.array(dtype=d), x: rk.array(dtype=d), y: rk.array(dtype=d)):
    y[0] = stored(x[0], table)


@pytest.mark.parametrize(
    ("kernel", "required", "text"),
    [
        (uses_and_overwrites_a_table, False, "reads array 'table' (line"),
        (uses_a_table, True, "which does not reach array 'table'"),
        (stores_in_a_func, False, "stored() has a derivative by hand and writes to an array"),
    ],
)
def test_derivatives_by_hand_that_would_be_wrong_are_refused(kernel, required, text):
    table = rk.array([1.0, 2.0], dtype=d, requires_grad=required)
    with Tape(), pytest.raises(AdjointError) as caught:
        rk.launch(kernel, 2, [table, doubles([1.0, 2.0]), doubles([0.0] * 2)])
    assert text in str(caught.value) and f"kernel {kernel.name!r}" in str(caught.value)


@rk.kernel
def chained(
    x: rk.array(dtype=d), n: int, count: rk.array(dtype=int), a: rk.array(dtype=d), loss: rk.array(dtype=d)
):
    for i in range(n):
        k = rk.atomic_add(count, 0, 1)
        a[k + 1] = rk.sin(a[k]) * x[i] + x[i] * x[i]
    loss[0] = a[n]


def test_second_derivatives_through_logs():
    start, vector = np.array([0.3, 0.7, -0.4, 0.9]), np.array([1.0, -0.5, 0.2, 0.8])

    def rest():
        return rk.zeros(1, dtype=int), rk.zeros(5, dtype=d)

    def slope(values):
        x, loss = doubles(values), rk.zeros(1, dtype=d)
        reverse(chained, 1, [x, 4, *rest(), loss], loss, np.ones(1), "cpu")
        return x.grad.numpy().copy()

    x, loss = rk.array(start, dtype=d), rk.zeros(1, dtype=d)
    found = rk.hvp(chained, 1, [x, 4, *rest()], loss, [vector, None, None, None])[0].numpy()
    expected = (slope(start + 1e-6 * vector) - slope(start - 1e-6 * vector)) / 2e-6
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


@rk.struct
class Moving:
    time: rk.float64
    speed: rk.array(dtype=d)


@rk.func
def later(moving: Moving, step: rk.float64):
    moving.time = moving.time + step
    return moving


@rk.kernel
def struct_fields_change(moving: Moving, y: rk.array(dtype=d), n: int):
    i = rk.tid()
    for k in range(n):
        if k % 2 == 0:
            moving.time = moving.time * d(1.1)
        else:
            moving = later(moving, moving.speed[i])
        moving.speed[i] = moving.speed[i] - rk.sin(moving.speed[i] * moving.time)
    y[i] = moving.speed[i] * moving.time


@pytest.mark.parametrize("turns", [0, 1, 5])
def test_a_structs_numbers_change_in_a_loop_and_its_arrays_stay(turns, device):
    start, weights = np.array([0.3, 0.8]), np.array([1.0, -0.6])

    def run(speed, time):
        out = 0.0
        for v, w in zip(speed, weights, strict=True):
            t = time
            for k in range(turns):
                t = t * 1.1 if k % 2 == 0 else t + v
                v = v - np.sin(v * t)
            out = out + v * t * w
        return out

    speed, y = doubles(start), doubles([0.0] * 2)
    with Tape(values=["moving"]) as tape:
        rk.launch(struct_fields_change, 2, [Moving(time=d(0.9), speed=speed), y, turns], device=device)
    tape.backward(grads={y: weights})
    for k in range(2):
        moved = start.astype(complex)
        moved[k] += 1e-30j
        np.testing.assert_allclose(speed.grad.numpy()[k], run(moved, 0.9).imag * 1e30, rtol=1e-12)
    slope = run(start, 0.9 + 1e-30j).imag * 1e30
    np.testing.assert_allclose(tape.value_gradients["moving"]["time"], slope, rtol=1e-12)
