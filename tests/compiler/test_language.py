"""The kernel language: each construct on every device against what Python computes."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import robokern as rk
from robokern.compiler.function import Kernel

floats = rk.array(dtype=float)
ints = rk.array(dtype=int)


def run(kernel: Kernel, n: int, device: str, *args: Any, dtype: Any = float) -> np.ndarray:
    """Launches over n items with an output array of n elements first."""
    out = rk.zeros(n, dtype=dtype, device=device)
    rk.launch(kernel, dim=n, inputs=[out, *args], device=device)
    return out.numpy()


@rk.struct
class Inner:
    weight: float
    axis: rk.vec3


@rk.struct
class Outer:
    count: int
    inner: Inner
    values: rk.array(dtype=float)


@rk.func
def clamp01(x: float):
    if x < 0.0:
        return 0.0
    elif x > 1.0:
        return 1.0
    return x


@rk.func
def first_above(values: floats, limit: float) -> int:
    for i in range(len(values)):
        if values[i] > limit:
            return i
    return -1


@rk.func
def split(x: float):
    whole = rk.floor(x)
    return whole, x - whole


@rk.func
def advance(state: rk.inout(rk.vec3), step: float):
    state = state + rk.vec3(step)
    return state[0]


@rk.func
def square(x: Any):
    return x * x


@rk.func
def total(v: rk.vector(length=Any, dtype=Any)):
    s = v[0]
    for k in range(1, len(v)):
        s += v[k]
    return s


@rk.func
def scaled(x: float, factor: float = 2.0, offset: float = 1.0):
    return x * factor + offset


@rk.func
def apply(f: Callable, x: float):
    return f(x)


@rk.func
def kind(x: float):
    return 1.0


@rk.func
def kind(x: int):
    return 2.0


@rk.func
def kind(x: rk.vec3):
    return 3.0


class Mode(enum.IntEnum):
    OFF = 0
    ON = 3


SCALE = 4.0


@rk.kernel
def branches(out: floats, x: floats):
    i = rk.tid()
    out[i] = clamp01(x[i])


def test_early_return(device: str) -> None:
    x = rk.array([-1.0, 0.25, 3.0], dtype=float, device=device)
    assert run(branches, 3, device, x).tolist() == [0.0, 0.25, 1.0]


@rk.kernel
def searches(out: ints, values: floats, limits: floats):
    i = rk.tid()
    out[i] = first_above(values, limits[i])


def test_return_from_a_loop(device: str) -> None:
    values = rk.array([1.0, 5.0, 3.0, 9.0], dtype=float, device=device)
    limits = rk.array([0.0, 1.0, 6.0, 9.5], dtype=float, device=device)
    assert run(searches, 4, device, values, limits, dtype=int).tolist() == [0, 1, 3, -1]


@rk.kernel
def loops(out: ints, n: int):
    i = rk.tid()
    s = 0
    for a in range(n):
        if a == i:
            continue
        for b in range(a, 20, 3):
            if b > 10:
                break
            s += b
        if s > 100:
            break
    k = 10
    while k > i:
        k -= 2
        if k == 3:
            s += 1000
    for c in range(5, 0, -2):
        s += c * 10000
    out[i] = s + k * 100000


def python_loops(i: int, n: int) -> int:
    s = 0
    for a in range(n):
        if a == i:
            continue
        for b in range(a, 20, 3):
            if b > 10:
                break
            s += b
        if s > 100:
            break
    k = 10
    while k > i:
        k -= 2
        if k == 3:
            s += 1000
    for c in range(5, 0, -2):
        s += c * 10000
    return s + k * 100000


def test_loops_with_break_and_continue(device: str) -> None:
    assert run(loops, 9, device, 12, dtype=int).tolist() == [python_loops(i, 12) for i in range(9)]


@rk.kernel
def calls(out: floats, x: floats):
    i = rk.tid()
    whole, rest = split(x[i])
    state = rk.vec3(x[i], 0.0, 1.0)
    moved = advance(state, 2.0)
    out[i] = whole * 100.0 + rest + moved * 1000.0 + state[2] * 10000.0


def test_several_results_and_inout(device: str) -> None:
    x = rk.array([1.25, 2.5], dtype=float, device=device)
    assert run(calls, 2, device, x).tolist() == [33350.25, 34700.5]


@rk.kernel
def generics(out: rk.array(dtype=rk.float64), n: int):
    i = rk.tid()
    a = rk.float64(square(i + n))
    b = square(rk.float64(0.1))
    c = rk.float64(total(rk.vec4(1.0, 2.0, 3.0, 4.0)))
    out[i] = a + b + c * rk.float64(1000.0)


def test_generic_funcs(device: str) -> None:
    got = run(generics, 2, device, 3, dtype=rk.float64)
    np.testing.assert_array_equal(got, [9.0 + 0.1 * 0.1 + 10000.0, 16.0 + 0.1 * 0.1 + 10000.0])


@rk.kernel
def arguments(out: floats):
    i = rk.tid()
    x = float(i)
    out[i] = scaled(x) + scaled(x, 3.0) * 10.0 + scaled(x, offset=5.0) * 100.0 + apply(square, x) * 1000.0


def test_defaults_keywords_and_functions_as_arguments(device: str) -> None:
    want = [(2 * x + 1) + (3 * x + 1) * 10 + (2 * x + 5) * 100 + x * x * 1000 for x in (0.0, 1.0, 2.0)]
    assert run(arguments, 3, device).tolist() == want


@rk.kernel
def overloads(out: floats, v: rk.vec3):
    i = rk.tid()
    out[i] = kind(1.5) + kind(i) * 10.0 + kind(v) * 100.0


def test_overloads(device: str) -> None:
    assert run(overloads, 1, device, rk.vec3(1.0, 2.0, 3.0)).tolist() == [321.0]


@rk.kernel
def structs(out: floats, items: rk.array(dtype=Outer), single: Outer):
    i = rk.tid()
    local = items[i]
    local.inner.axis[1] = 7.0
    local.count += 5
    copy = local
    copy.count = 0
    items[i].inner.weight = single.values[i]
    items[i].inner.axis = local.inner.axis
    items[i].count += local.count
    made = Outer(count=i, inner=Inner(weight=2.0))
    out[i] = float(local.count) + made.inner.weight + items[i].values[1]


def test_structs(device: str) -> None:
    values = rk.array([10.0, 20.0], dtype=float, device=device)
    single = Outer(count=1, values=values)
    items = rk.array([Outer(count=k, values=values) for k in (1, 2)], dtype=Outer, device=device)
    assert run(structs, 2, device, items, single).tolist() == [28.0, 29.0]
    after = items.numpy()
    assert after["count"].tolist() == [7, 9]
    assert after["inner"]["weight"].tolist() == [10.0, 20.0]
    assert after["inner"]["axis"].tolist() == [[0.0, 7.0, 0.0]] * 2


@rk.kernel
def components(out: rk.array(dtype=rk.vec3), m: rk.mat33, k: int):
    i = rk.tid()
    v = rk.vec3(1.0, 2.0, 3.0)
    v.y = 10.0
    v[-1] += 0.5
    v[k] = v[k] * 2.0
    row = m[1]
    w = m
    w[0, 2] = 100.0
    w[k, 1] = 50.0
    q = rk.quat(0.0, 0.0, 0.0, 1.0)
    t = rk.transform(v, q)
    t.p = t.p + row
    out[i] = t.p + rk.vec3(w[0, 2], w[1, 1], t.q.w)


def test_components(device: str) -> None:
    got = run(components, 1, device, rk.mat33(*range(9)), 1, dtype=rk.vec3)
    assert got.tolist() == [[1 + 3 + 100, 20 + 4 + 50, 3.5 + 5 + 1]]


@rk.kernel
def arrays(out: floats, grid: rk.array2d(dtype=float), points: rk.array(dtype=rk.vec3), missing: floats):
    i = rk.tid()
    row = grid[i]
    row[0] = 5.0
    grid[i, 1] *= 3.0
    points[i][2] = 4.0
    points[i].x = 1.0
    points[i] += rk.vec3(1.0)
    s = float(len(row)) + float(grid.shape[0]) * 10.0 + points[i].z * 100.0
    if missing:
        s = missing[i]
    out[i] = s


def test_arrays(device: str) -> None:
    grid = rk.array(np.arange(6.0).reshape(2, 3), dtype=float, device=device)
    points = rk.zeros(2, dtype=rk.vec3, device=device)
    assert run(arrays, 2, device, grid, points, None).tolist() == [523.0, 523.0]
    assert grid.numpy().tolist() == [[5, 3, 2], [5, 12, 5]]
    assert points.numpy().tolist() == [[2, 1, 5]] * 2


@rk.kernel
def atomics(total_: floats, low: ints, bits: rk.array(dtype=rk.uint32), swapped: ints, old: ints):
    i = rk.tid()
    total_[0] += float(i)
    rk.atomic_min(low, 0, 50 - i)
    rk.atomic_max(low, 1, i)
    bits[0] |= rk.uint32(1) << rk.uint32(i % 8)
    rk.atomic_cas(swapped, i % 4, 0, i + 1)
    old[i] = rk.atomic_add(low, 2, 1)


def test_atomics(device: str) -> None:
    n = 100
    total_ = rk.zeros(1, dtype=float, device=device)
    low = rk.array([1000, -1, 0], dtype=int, device=device)
    bits, swapped = (rk.zeros(4, dtype=t, device=device) for t in (rk.uint32, int))
    old = rk.zeros(n, dtype=int, device=device)
    rk.launch(atomics, dim=n, inputs=[total_, low, bits, swapped, old], device=device)
    assert total_.numpy()[0] == n * (n - 1) / 2
    assert low.numpy().tolist() == [50 - n + 1, n - 1, n]
    assert bits.numpy()[0] == 255
    assert all(s % 4 == (k + 1) % 4 and s > 0 for k, s in enumerate(swapped.numpy().tolist()))
    assert sorted(old.numpy().tolist()) == list(range(n))


@rk.kernel
def add_to_each(sums: floats, values: floats, old: floats):
    i = rk.tid()
    old[i] = rk.atomic_add(sums, i, values[i])


def test_atomic_sums_keep_subnormal_numbers(device: str) -> None:
    """Atomic additions of NVIDIA GPUs take them for zero, which ours must not."""
    scales = [0.0, 2.0**-149, 2.0**-127, 2.0**-126, 2.0**-102, 2.0**-101, 2.0**-100, 2.0**-99, 1.0]
    some = np.float32([s * m for s in scales for m in (1.0, 1.5, 1.9999, -1.0, -1.25)] + [np.inf])
    found, added = (x.ravel() for x in np.meshgrid(some, some))
    sums, values = rk.array(found, device=device), rk.array(added, device=device)
    old = rk.zeros(len(found), dtype=float, device=device)
    rk.launch(add_to_each, dim=len(found), inputs=[sums, values, old], device=device)
    np.testing.assert_array_equal(old.numpy().view(np.uint32), found.view(np.uint32))
    np.testing.assert_array_equal(sums.numpy().view(np.uint32), (found + added).view(np.uint32))


@rk.kernel
def atomics_on_local_arrays(out: rk.array2d(dtype=float), counts: rk.array2d(dtype=int)):
    i = rk.tid()
    own = rk.local(4, float)
    table = rk.zeros(shape=(2, 2), dtype=rk.vec2)
    whole = rk.local(3, int)
    for k in range(i + 1):
        own[k % 2] += 1.5
        rk.atomic_max(own, 2, float(k))
        rk.atomic_cas(own, 3, float(k), float(k + 1))
        table[1][k % 2].y += 2.0
        whole[0] += k
        rk.atomic_min(whole, 1, -k)
        rk.atomic_cas(whole, 2, k, k + 1)
    for k in range(4):
        out[i, k] = own[k]
    out[i, 4] = table[1, 0].y + table[1, 1].y
    for k in range(3):
        counts[i, k] = whole[k]


def test_atomics_on_local_arrays(device: str) -> None:
    out, counts = (rk.zeros((5, 5), dtype=t, device=device) for t in (float, int))
    rk.launch(atomics_on_local_arrays, dim=5, inputs=[out, counts], device=device)
    n = np.arange(5)
    want = [1.5 * (n // 2 + 1), 1.5 * ((n + 1) // 2), n, n + 1, 2 * (n + 1)]
    np.testing.assert_array_equal(out.numpy(), np.stack(want, axis=1))
    np.testing.assert_array_equal(counts.numpy()[:, :3], np.stack([n * (n + 1) // 2, -n, n + 1], axis=1))


@rk.kernel
def negated_shorts(x: rk.array(dtype=rk.int16), least: rk.int16, out: rk.array2d(dtype=int)):
    i = rk.tid()
    out[i, 0] = int(-x[i] >= least)
    out[i, 1] = int(abs(x[i]) >= least)
    out[i, 2] = int(rk.int16(0) - x[i] >= least)
    out[i, 3] = int(-x[i]) // 256 + int(abs(x[i]) % rk.int16(7))


def test_negating_the_least_short_wraps(device: str) -> None:
    """NVIDIA's assembler compares -(-32768) as 32768."""
    x = rk.array(np.int16([-32768, -32767, 32767, -1, 0, 5]), device=device)
    out = rk.zeros((6, 4), dtype=int, device=device)
    rk.launch(negated_shorts, dim=6, inputs=[x, -5, out], device=device)
    assert out.numpy()[:, :3].tolist() == [[0, 0, 0], [1, 1, 1], [0, 1, 0], [1, 1, 1], [1, 1, 1], [1, 1, 1]]
    assert out.numpy()[0, 3] == -128 - 1


@rk.kernel
def unfilled(out: ints):
    i = rk.tid()
    stack = rk.local(64, int, fill=False)
    for k in range(64):
        stack[k] = k * i
    out[i] = stack[63 - i] + stack[i]


def test_local_arrays_that_are_not_filled(device: str) -> None:
    out = rk.zeros(40, dtype=int, device=device)
    rk.launch(unfilled, dim=40, inputs=[out], device=device)
    assert out.numpy().tolist() == [63 * i for i in range(40)]


@rk.kernel
def locals_(out: ints):
    i = rk.tid()
    stack = rk.local(8, int)
    table = rk.zeros(shape=(2, 3), dtype=int)
    n = int(0)
    for k in range(i + 1):
        stack[n] = k * k
        n += 1
    s = int(0)
    while n > 0:
        n -= 1
        s += stack[n]
        table[n % 2, n % 3] += stack[n]
    out[i] = s * 100 + table[1, 1]


def test_local_arrays(device: str) -> None:
    assert run(locals_, 4, device, dtype=int).tolist() == [0, 101, 501, 1401]


@rk.kernel
def constants(out: floats):
    i = rk.tid()
    big = rk.uint64(0xFFFFFFFFFFFFFFFF)
    a = float(big >> rk.uint64(60))
    b = rk.where(i == int(Mode.ON), SCALE, 0.5)
    c: rk.float64 = 0.1
    out[i] = a + b + float(c * 10.0) + float(rk.static(len("four")))


def test_constants_enums_and_static(device: str) -> None:
    want = [15.0 + 0.5 + 1.0 + 4.0] * 3 + [15.0 + 4.0 + 1.0 + 4.0]
    assert run(constants, 4, device).tolist() == want


@rk.kernel
def logic(out: ints, x: floats):
    i = rk.tid()
    s = int(0)
    if (0 < i <= 3 and x[i] > 1.0) or i == 7:
        s += 1
    if not (i < 5):
        s += 10
    s += 100 if i % 2 == 0 else 200
    j = i
    ok = j < len(x) and x[j] > 2.0
    if ok:
        s += 1000
    out[i] = s


def test_logic_short_circuits(device: str) -> None:
    x = rk.array([5.0, 0.0, 1.5, 3.0], dtype=float, device=device)
    values = [5.0, 0.0, 1.5, 3.0]

    def want(i: int) -> int:
        s = 1 if (0 < i <= 3 and values[i] > 1.0) or i == 7 else 0
        s += 10 if i >= 5 else 0
        s += 100 if i % 2 == 0 else 200
        return s + (1000 if i < 4 and values[i] > 2.0 else 0)

    assert run(logic, 8, device, x, dtype=int).tolist() == [want(i) for i in range(8)]


@rk.kernel
def integers(out: ints, a: int, b: int):
    out[0] = a // b
    out[1] = a % b
    out[2] = a // 0
    out[3] = (a << 33) ^ b
    out[4] = ~a & 255
    out[5] = -a >> 1
    out[6] = int(rk.uint8(300))
    out[7] = int(1e20)


def test_integers_wrap_round_down_and_saturate(device: str) -> None:
    out = run(integers, 8, device, -7, 2, dtype=int)
    assert out.tolist() == [-4, -1, 0, -14 ^ 2, 6, 3, 44, 2**31 - 1]


def make_kernel(factor: float, f: Any) -> Kernel:
    @rk.kernel
    def made(out: floats):
        i = rk.tid()
        out[i] = f(float(i)) * factor

    return made


def test_closures_are_part_of_the_kernel(device: str) -> None:
    last_bit = float(np.nextafter(np.float32(3.0), np.float32(4.0)))
    for factor in (2.0, 3.0, last_bit):
        for f in (square, clamp01):
            x = np.float32(2.0 if f is clamp01 else 4.0)
            got = run(make_kernel(factor, f), 3, device)[2]
            assert got == np.float32(factor) * (np.float32(1.0) if f is clamp01 else x)


@rk.kernel
def grid4(out: rk.array4d(dtype=int)):
    i, j, k, m = rk.tid()
    out[i, j, k, m] = i * 1000 + j * 100 + k * 10 + m


def test_four_dimensions(device: str) -> None:
    out = rk.zeros((2, 3, 4, 5), dtype=int, device=device)
    rk.launch(grid4, dim=out.shape, inputs=[out], device=device)
    i, j, k, m = np.indices((2, 3, 4, 5))
    np.testing.assert_array_equal(out.numpy(), i * 1000 + j * 100 + k * 10 + m)


@rk.kernel
def asserts(out: floats):
    i = rk.tid()
    assert i < 3, "three items at most"
    out[i] = 1.0


def test_assert_names_the_place(device: str) -> None:
    with pytest.raises(rk.KernelAssertionError, match="three items at most") as raised:
        run(asserts, 5, device)
    assert "test_language.py" in str(raised.value)
    assert run(asserts, 3, device).tolist() == [1.0] * 3


@rk.kernel
def literal_widens(out: rk.array(dtype=rk.float64), n: int):
    s = 0.0
    count = 0
    for k in range(n):
        s = s + rk.float64(0.1)
        count = count + 1
    out[0] = s + rk.float64(count)


def test_literals_take_the_type_a_loop_gives_them(device: str) -> None:
    want = 0.0
    for _ in range(20):
        want += 0.1
    assert run(literal_widens, 1, device, 20, dtype=rk.float64)[0] == want + 20.0


@rk.kernel
def by_address(out: floats, handle: rk.uint64, raw: rk.uint64):
    i = rk.tid()
    s = rk.from_handle(handle, Inner)
    values = rk.array_at(raw, 4, float)
    out[i] = s.weight + s.axis[2] + values[i]


@pytest.mark.parametrize("device", ["ref", "cpu"])
def test_handles(device: str) -> None:
    record = rk.array([Inner(weight=2.0, axis=rk.vec3(1.0, 2.0, 3.0))], dtype=Inner)
    values = rk.array([10.0, 20.0, 30.0, 40.0], dtype=float)
    out = run(by_address, 4, device, rk.uint64(record.ptr), rk.uint64(values.ptr))
    assert out.tolist() == [15.0, 25.0, 35.0, 45.0]
