"""Several items at once in the lanes of vector registers: the bits of one after the other, at every width."""

from __future__ import annotations

import ctypes
import mmap
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import robokern as rk
from robokern.compiler.frontend import lower
from robokern.compiler.function import Kernel
from robokern.compiler.simplify import simplify
from robokern.compiler.target import cpu
from robokern.compiler.width import choose, report
from tests.compiler import test_random_programs as random_ir
from tests.compiler.machine import Machine, same_bits
from tests.random_programs import comparing as suite
from tests.random_programs.generator import Generator

WIDTHS = (2, 4, 8, 16, 32, 64)
ITEMS = 77  # no multiple of a width, more than two groups of 32
floats = rk.array(dtype=float)
ints = rk.array(dtype=int)
vectors = rk.array(dtype=rk.vec3)


def with_lanes(kernel: Kernel, lanes: int | str) -> Kernel:
    """The kernel at a width."""
    return Kernel(kernel.func, options={**kernel.given, "cpu_lanes": lanes})


def lanes_of(kernel: Kernel) -> int:
    """The width its code has."""
    return choose(lower(kernel, tuple(t for _, t in kernel.params)), cpu()).lanes


def agree(kernel: Kernel, dim: Any, *args: Any) -> list[np.ndarray]:
    """The arrays after a launch at width 1; those of every other width have the same bits."""
    expected: list[np.ndarray] = []
    for lanes in (1, *WIDTHS):
        wide = with_lanes(kernel, lanes)
        assert lanes_of(wide) == lanes
        given = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
        rk.launch(wide, dim, given, device="cpu")
        found = [a for a in given if isinstance(a, np.ndarray)]
        expected = expected or found
        for a, b in zip(expected, found, strict=True):
            same_bits(b, a)
    return expected


# random programs


@pytest.mark.parametrize("lanes", (4, 16, 64))
@pytest.mark.parametrize("seed", range(100, 112))
def test_random_operations(seed: int, lanes: int) -> None:
    func, given = simplify(random_ir.program(seed)), random_ir.inputs(seed)
    expected, found = random_ir.outputs(func), random_ir.outputs(func)
    Machine(replace(func, lanes=1)).launch((random_ir.ITEMS,), [*given, *expected])
    Machine(replace(func, lanes=lanes)).launch((random_ir.ITEMS,), [*given, *found])
    for a, b in zip(expected, found, strict=True):
        same_bits(b, a)


@pytest.mark.parametrize("seed", range(24))
def test_random_kernels(seed: int) -> None:
    """Structs, private arrays, atomics, calls, break and continue: at some width, against the interpreter."""
    draw = np.random.default_rng(seed)
    program = Generator(lambda n: int(draw.integers(n)), True).program()
    lanes = (4, 8, 16)[seed % 3]
    with tempfile.TemporaryDirectory() as folder:
        source = program.source.replace("@rk.kernel\n", f"@rk.kernel(cpu_lanes={lanes})\n")
        assert source != program.source
        module = suite.load(source, Path(folder))
        args = suite.arguments(program, module)
        want, got = (suite.launch(module, program.items, args, device) for device in ("ref", "cpu"))
    for number, (x, y) in enumerate(zip(got, want, strict=True)):
        suite.assert_same_bits(x, y, f"array {number}")


# groups that items do not fill


@rk.struct
class Particle:
    p: rk.vec3
    q: rk.quat
    m: float


@rk.kernel
def every_layout(
    a: floats,
    v: vectors,
    q: rk.array(dtype=rk.quat),
    d: rk.array(dtype=rk.float64),
    s: rk.array(dtype=Particle),
    rows: rk.array2d(dtype=rk.quat),
    flags: rk.array(dtype=rk.bool),
):
    i = rk.tid()
    r = s[i]
    turned = rk.quat_rotate(q[i], v[i]) * a[i] + r.p
    for k in range(2):
        rows[i, k] = q[i] * rows[i, k]
        v[i] += turned * 0.25
    flags[i] = turned[0] > 0.0
    d[i] = d[i] * rk.float64(a[i])
    r.p = turned
    r.m += 1.0
    s[i] = r
    a[i] = -a[i]


def layouts(items: int) -> list[np.ndarray]:
    draw = np.random.default_rng(items)

    def normal(*shape: int) -> np.ndarray:
        return draw.normal(size=shape).astype(np.float32)

    particles = np.zeros(items, Particle.numpy_dtype())
    particles["p"], particles["q"] = normal(items, 3), normal(items, 4)
    n = items
    return [
        normal(n), normal(n, 3), normal(n, 4), normal(n).astype(np.float64), particles, normal(n, 2, 4),
        np.ones(n, bool),
    ]  # fmt: skip


def at_the_end_of_memory(array: np.ndarray) -> np.ndarray:
    """A copy whose last byte is the last of a page, behind which nothing may be read or written."""
    pages = -(-array.nbytes // mmap.PAGESIZE) + 1
    memory = mmap.mmap(-1, pages * mmap.PAGESIZE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    edge = (pages - 1) * mmap.PAGESIZE
    protect = ctypes.CDLL(None).mprotect
    assert protect(ctypes.c_void_p(address + edge), ctypes.c_size_t(mmap.PAGESIZE), 0) == 0
    copy = np.frombuffer(memory, array.dtype, array.size, edge - array.nbytes).reshape(array.shape)
    copy[...] = array
    return copy


@pytest.mark.skipif(sys.platform != "linux", reason="asks for a page without access by mprotect")
@pytest.mark.parametrize("masks", (True, False))
def test_nothing_behind_the_last_item_is_touched(masks: bool) -> None:
    func = lower(every_layout, tuple(t for _, t in every_layout.params))
    scalar = Machine(replace(func, lanes=1))
    for lanes in (4, 16):
        wide = Machine(replace(func, lanes=lanes), replace(cpu(), masks=masks and cpu().masks))
        for items in (1, lanes - 1, lanes, 2 * lanes + 3):
            expected, found = layouts(items), [at_the_end_of_memory(x) for x in layouts(items)]
            scalar.launch((items,), expected)
            wide.launch((items,), found)
            for a, b in zip(expected, found, strict=True):
                same_bits(b.view(np.uint8), a.view(np.uint8))


@pytest.mark.parametrize("masks", (True, False))
def test_items_outside_a_slice_are_left_alone(masks: bool) -> None:
    func = lower(every_layout, tuple(t for _, t in every_layout.params))
    wide = Machine(replace(func, lanes=8), replace(cpu(), masks=masks and cpu().masks))
    before, after = layouts(30), layouts(30)
    wide.launch((30,), after, 5, 16)
    for a, b in zip(before, after, strict=True):
        same_bits(b[:5].view(np.uint8), a[:5].view(np.uint8))
        same_bits(b[16:].view(np.uint8), a[16:].view(np.uint8))
    same_bits(after[0][5:16], -before[0][5:16])


# control flow


@rk.func
def digits(n: int, limit: int) -> int:
    """Steps of the Collatz sequence, with an early return."""
    for k in range(limit):
        if n == 1:
            return k
        if n % 2 == 0:
            n = n // 2
            continue
        n = 3 * n + 1
    return -1


@rk.kernel
def collatz(out: ints, limit: int):
    i = rk.tid()
    if i % 7 != 3:
        out[i] = digits(i + 1, limit)


def test_loops_that_lanes_leave_one_by_one() -> None:
    (out,) = agree(collatz, ITEMS, np.full(ITEMS, 7, np.int32), 60)
    assert out[0] == 0 and out[26] == -1 and out[3] == 7 and out[6] == 16


@rk.kernel
def counted(out: ints, last: ints, stops: ints, starts: ints, steps: ints):
    i = rk.tid()
    total = 0
    seen = -1
    for k in range(stops[i]):
        seen = k
        for j in range(starts[i], k, steps[i]):
            if j == 5:
                break
            total += j * k
    out[i] = total
    last[i] = seen


def test_ranges_that_differ_between_lanes() -> None:
    draw = np.random.default_rng(1)
    stops, starts = (draw.integers(-3, 12, ITEMS).astype(np.int32) for _ in range(2))
    steps = draw.integers(-2, 4, ITEMS).astype(np.int32)
    zeros = np.zeros(ITEMS, np.int32)
    out, last, *_ = agree(counted, ITEMS, zeros, zeros, stops, starts, steps)
    expected = [sum_of(*row) for row in zip(stops, starts, steps, strict=True)]
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(last, np.maximum(stops, 0) - 1)


def sum_of(stop: int, start: int, step: int) -> int:
    total = 0
    for k in range(stop):
        for j in range(start, k, step) if step else ():
            if j == 5:
                break
            total += j * k
    return total


@rk.kernel
def nothing_to_do(x: floats, index: ints, out: floats):
    i = rk.tid()
    if index[i] >= 0:  # in some groups no lane takes it, and its loads must not happen
        out[i] = x[index[i]]
    else:
        if index[i] == -2:
            out[i] = x[1000000000]


def test_a_side_no_lane_takes_is_skipped() -> None:
    index = np.where(np.arange(ITEMS) < 40, -1, np.arange(ITEMS)).astype(np.int32)
    x = np.arange(ITEMS, dtype=np.float32)
    *_, out = agree(nothing_to_do, ITEMS, x, index, np.zeros(ITEMS, np.float32))
    np.testing.assert_array_equal(out, np.where(index < 0, 0, x))


@rk.func(cold=True)
def unusual(x: float, even: bool, v: rk.vec3):
    k = int(0)
    while x > 1.0 and k < 150:
        x = x * 0.5
        k += 1
    return v * float(k), even != (k % 2 == 0), x


@rk.kernel
def seldom(
    a: floats, d: rk.array(dtype=rk.float64), out: rk.array2d(dtype=float), flags: rk.array(dtype=bool)
):
    i = rk.tid()
    flags[i] = False
    if a[i] > 1.0e5:
        v, odd, rest = unusual(a[i], i % 2 == 0, rk.vec3(1.0, 2.0, a[i]))
        out[i, 0] = v[0] + v[1] - v[2] + rest
        flags[i] = odd
    out[i, 1] = rk.sin(a[i]) + rk.cos(2.0 * a[i])
    d[i] = rk.sin(d[i]) + rk.tan(d[i])
    v, odd, rest = unusual(a[0], True, rk.vec3(1.0))
    out[i, 2] = rest


def test_cold_functions_run_lane_by_lane() -> None:
    draw = np.random.default_rng(5)
    a = (draw.normal(size=ITEMS) * 10.0 ** draw.integers(0, 30, ITEMS)).astype(np.float32)
    d = draw.normal(size=ITEMS) * 10.0 ** draw.integers(0, 250, ITEMS)
    a[:3] = np.inf, -np.inf, np.nan
    out, flags = agree(seldom, ITEMS, a, d, np.zeros((ITEMS, 3), np.float32), np.ones(ITEMS, bool))[2:]
    assert flags.any() and (out[:, 0] != 0).sum() > 20


# memory


@rk.kernel
def neighbours(x: vectors, out: vectors, n: int):
    i = rk.tid()
    v = rk.vec3(0.0)
    if i > 0:
        v += x[i - 1]
    if i < n - 1:
        v += 2.0 * x[i + 1]
    out[i] = v
    if i % 3 == 0:
        out[i][1] = 7.0


def test_neighbours_at_the_edges_are_not_touched() -> None:
    n = ITEMS
    x = np.random.default_rng(2).normal(size=(n, 3)).astype(np.float32)
    _, out = agree(neighbours, n, x, np.zeros((n, 3), np.float32), n)
    expected = 2 * np.r_[x[1:], np.zeros((1, 3), np.float32)] + np.r_[np.zeros((1, 3), np.float32), x[:-1]]
    expected[::3, 1] = 7
    np.testing.assert_array_equal(out, expected)


@rk.struct
class Mixed:
    flag: bool
    weight: rk.float64
    place: rk.vec3
    count: rk.int16


@rk.kernel
def structs(a: rk.array(dtype=Mixed), order: ints, out: rk.array(dtype=Mixed)):
    i = rk.tid()
    s = a[order[i]]
    s.flag = not s.flag
    s.weight = s.weight * rk.float64(2.0)
    s.place = s.place + rk.vec3(float(i))
    out[i] = s
    out[i].count = s.count + rk.int16(1)


def test_structs_are_gathered_and_scattered() -> None:
    draw = np.random.default_rng(3)
    a = np.zeros(ITEMS, Mixed.numpy_dtype())
    a["flag"], a["weight"] = draw.integers(2, size=ITEMS), draw.normal(size=ITEMS)
    a["place"], a["count"] = draw.normal(size=(ITEMS, 3)), draw.integers(-9, 9, ITEMS)
    order = draw.permutation(ITEMS).astype(np.int32)
    for lanes in WIDTHS:
        out = np.zeros_like(a)
        rk.launch(with_lanes(structs, lanes), ITEMS, [a, order, out], device="cpu")
        np.testing.assert_array_equal(out["flag"], ~a["flag"][order])
        np.testing.assert_array_equal(out["weight"], 2 * a["weight"][order])
        moved = a["place"][order] + np.arange(ITEMS, dtype=np.float32)[:, None]
        np.testing.assert_array_equal(out["place"], moved)
        np.testing.assert_array_equal(out["count"], a["count"][order] + 1)


@rk.kernel
def last_wins(out: floats, x: floats):
    i = rk.tid()
    if i % 2 == 0:
        out[0] = x[i]
    out[1 + i // 5] = x[i]


def test_the_last_of_equal_places_wins() -> None:
    x = np.arange(ITEMS, dtype=np.float32)
    out, _ = agree(last_wins, ITEMS, np.zeros(20, np.float32), x)
    assert out[0] == 76 and out[1] == 4 and out[16] == 76


@rk.kernel
def transposed(a: rk.array2d(dtype=float), out: rk.array2d(dtype=float)):
    i, j = rk.tid()
    row = a[i]
    out[j, i] = row[j] + a[i, 0]


@pytest.mark.parametrize("shape", [(5, 3), (3, 40), (1, 33), (40, 1)])
def test_grids_of_two_dimensions_and_strided_arrays(shape: tuple[int, int]) -> None:
    a = np.random.default_rng(4).normal(size=shape).astype(np.float32)
    agree(transposed, shape, a, np.zeros(shape[::-1], np.float32))
    expected = a.T + a[:, 0]
    for lanes in ("auto", *WIDTHS):
        out = np.zeros((shape[1], 2 * shape[0]), np.float32)
        flipped = np.ascontiguousarray(a[:, ::-1])[:, ::-1]
        rk.launch(with_lanes(transposed, lanes), shape, [flipped, out[:, ::2]], device="cpu")
        np.testing.assert_array_equal(out[:, ::2], expected)


@rk.func
def sorted_first(x: floats, start: int, count: int) -> rk.vec3:
    """The three least of some numbers, by insertion into a private array."""
    kept = rk.zeros(shape=8, dtype=float)
    n = int(0)
    for k in range(count):
        place = n
        value = x[(start + 7 * k) % len(x)]
        while place > 0 and kept[place - 1] > value:
            kept[place] = kept[place - 1]
            place -= 1
        kept[place] = value
        n += 1
    return rk.vec3(kept[0], kept[1], kept[2])


@rk.kernel
def least(x: floats, out: vectors):
    i = rk.tid()
    if i % 4 != 1:
        out[i] = sorted_first(x, i, 3 + i % 5)


def test_private_arrays() -> None:
    x = np.random.default_rng(5).normal(size=ITEMS).astype(np.float32)
    _, out = agree(least, ITEMS, x, np.zeros((ITEMS, 3), np.float32))
    for i in (0, 2, 76):
        np.testing.assert_array_equal(out[i], np.sort(x[(i + 7 * np.arange(3 + i % 5)) % ITEMS])[:3])


# lanes that take items as they get free


@rk.struct
class Trace:
    place: rk.vec3
    turns: int
    found: bool


@rk.kernel
def follow(start: vectors, away: floats, out: rk.array(dtype=Trace), lengths: floats, limit: int):
    i = rk.tid()
    trace = Trace()
    trace.place = start[i]
    pace = 0.5 / away[2]
    if i % 5 == 0:
        pace = pace * 2.0
    far = rk.length(trace.place)
    while trace.turns < limit:
        trace.place = trace.place * 0.9 - rk.vec3(0.01, 0.0, pace * 0.01)
        far = rk.length(trace.place)
        if far < 0.2:
            trace.found = True
            break
        trace.turns += 1 + i % 2
    out[i] = trace
    if trace.found:
        lengths[rk.tid()] = far + away[i % 3]


def streams(kernel: Kernel) -> bool:
    return choose(lower(kernel, tuple(t for _, t in kernel.params)), cpu()).streamed is not None


@pytest.mark.parametrize("items", (1, 77, 1500))
def test_lanes_that_take_items_as_they_get_free(items: int) -> None:
    assert streams(follow)
    draw = np.random.default_rng(11)
    start = (draw.normal(size=(items, 3)) * draw.uniform(0.1, 30, (items, 1))).astype(np.float32)
    out, lengths = np.zeros(items, Trace.numpy_dtype()), np.full(items, -1, np.float32)
    expected = out.copy(), lengths.copy()
    *_, found, lengths = agree(follow, items, start, np.float32([1, 2, 3]), out, lengths, 60)
    rk.launch(follow, items, [start, np.float32([1, 2, 3]), *expected, 60], device="ref")
    np.testing.assert_array_equal(lengths, expected[1])
    np.testing.assert_array_equal(found, expected[0])
    assert items == 1 or 0 < expected[0]["found"].sum() < items


@rk.kernel
def halvings(x: rk.array2d(dtype=float), turns: rk.array2d(dtype=int)):
    i, j = rk.tid()
    y = x[i, j]
    count = 0
    while y > 1.0:
        y = y * 0.5
        count += 1
    turns[i, j] = count


@pytest.mark.parametrize("shape", ((3, 500), (40, 33), (7, 5)))
def test_lanes_take_items_of_their_row_only(shape: tuple[int, int]) -> None:
    assert streams(halvings)
    x = np.exp2(np.random.default_rng(12).uniform(-1, 12, shape)).astype(np.float32)
    _, turns = agree(halvings, shape, x, np.zeros(shape, np.int32))
    np.testing.assert_array_equal(turns, np.ceil(np.log2(np.maximum(x, 1))))


@rk.kernel
def ragged(first: ints, x: floats, sums: floats, last: ints):
    i = rk.tid()
    total = x[i]
    seen = -1
    for k in range(first[i], first[i + 1]):
        total = rk.sin(total) + x[k % 7]
        seen = k
    sums[i] = total
    last[i] = seen


@rk.kernel
def powers(n: ints, x: floats):
    i = rk.tid()
    y = x[i]
    for k in range(rk.int64(n[i])):
        y = y * 0.75 + float(k)
    x[i] = y


@pytest.mark.parametrize("items", (3, 77, 1500))
def test_ranges_that_end_apart(items: int) -> None:
    assert streams(ragged) and streams(powers)
    draw = np.random.default_rng(13)
    counts = np.maximum(draw.geometric(0.2, items) - 3, 0)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    x = draw.normal(size=max(items, 7)).astype(np.float32)
    *_, last = agree(ragged, items, first, x, np.zeros(items, np.float32), np.zeros(items, np.int32))
    np.testing.assert_array_equal(last, np.where(counts > 0, first[1:] - 1, -1))
    agree(powers, items, (counts - 1).astype(np.int32), x)


@rk.kernel
def counted_steps(x: floats, steps: ints):
    i = rk.tid()
    y = x[i]
    while y > 1.0:
        y = y * 0.5
        rk.atomic_add(steps, 0, 1)


@rk.kernel
def checked_steps(x: floats, steps: ints):
    i = rk.tid()
    y = x[i]
    assert y < 100.0
    while y > 1.0:
        y = y * 0.5
    steps[i] = int(y)


@rk.kernel
def settle(
    a: rk.array(dtype=rk.float64), b: rk.array(dtype=rk.int8), least: floats, x: vectors,
    n: rk.array(dtype=rk.int64), out: rk.array(dtype=rk.float64), seen: rk.array(dtype=rk.int8),
):  # fmt: skip
    i = rk.tid()
    x[i] = x[i] + rk.vec3(1.0, 2.0, 3.0)
    step = a[i]
    sign = b[i]
    odd = n[i] % rk.int64(2) == rk.int64(1)
    turns = n[i] * rk.int64(2)
    y = step
    count = rk.int8(0)
    while y > rk.float64(least[i]):
        y = y * rk.float64(0.75) - rk.float64(0.01)
        if odd:
            count = count + sign
    out[i] = y + rk.float64(turns) * step
    if count > rk.int8(2):
        seen[i] = count
    x[i] = x[i] * float(y)


@pytest.mark.parametrize("items", (1, 31, 77, 1500))
def test_values_of_every_size_go_to_lanes_that_take_items(items: int) -> None:
    """What is written before the loop is written once; what is kept reaches the lane of its item."""
    assert streams(settle)
    draw = np.random.default_rng(14)
    given = [
        draw.exponential(20, items), draw.integers(-3, 4, items).astype(np.int8),
        draw.uniform(0.1, 3, items).astype(np.float32), draw.normal(size=(items, 3)).astype(np.float32),
        draw.integers(-9, 9, items), np.zeros(items), np.zeros(items, np.int8),
    ]  # fmt: skip
    *_, x, _, out, seen = agree(settle, items, *given)
    expected = [a.copy() for a in given]
    rk.launch(settle, items, expected, device="ref")
    for found, right in ((x, expected[3]), (out, expected[5]), (seen, expected[6])):
        np.testing.assert_array_equal(found, right)


@rk.kernel
def halves(x: rk.array(dtype=rk.float16), least: rk.array(dtype=rk.float16)):
    i = rk.tid()
    y = x[i]
    low = least[i]
    while y > low:
        y = y * rk.float16(0.75)
    x[i] = y


def test_half_precision_goes_to_lanes_that_take_items() -> None:
    assert streams(halves)
    draw = np.random.default_rng(15)
    x, least = (np.exp2(draw.uniform(-4, high, 1500)).astype(np.float16) for high in (9, 0))
    found, _ = agree(halves, 1500, x, least)
    assert (found <= np.maximum(least, 0)).all() and (found > 0).all()


@rk.kernel
def first_above(table: floats, columns: rk.array2d(dtype=float), limit: floats, row: ints):
    i = rk.tid()
    k = int(0)
    while k < len(table) and table[k] + columns[k, i] < limit[i]:
        k += 1
    row[i] = k


def test_where_the_order_of_items_shows_lanes_keep_in_step() -> None:
    assert not streams(counted_steps) and not streams(checked_steps)
    assert not streams(first_above), "a table is read at one place, columns by whole vectors"
    assert "lanes take items as they leave the loop" in report(
        lower(halvings, tuple(t for _, t in halvings.params)), cpu()
    )


# atomics, assertions


@rk.kernel
def tally(x: floats, total: floats, bins: floats, count: ints, ranks: ints):
    i = rk.tid()
    if x[i] > -0.5:
        rk.atomic_add(total, 0, x[i])
        rk.atomic_add(bins, i % 5, x[i])
        rk.atomic_add(count, 0, i)
        rk.atomic_max(count, 1, i)
        rk.atomic_xor(count, 3, i)
        ranks[i] = rk.atomic_add(count, 2, 1)


def test_atomics_in_the_order_of_items() -> None:
    """One statement's additions happen item by item, so even the last bits of float sums are the same."""
    x = np.random.default_rng(6).normal(size=ITEMS).astype(np.float32)
    zeros = np.zeros(5, np.float32)
    _, total, _, count, ranks = agree(
        tally, ITEMS, x, zeros, zeros, np.zeros(4, np.int32), np.full(ITEMS, -1, np.int32)
    )
    taking = x > -0.5
    assert total[0] == np.cumsum(x[taking], dtype=np.float32)[-1]
    items = np.flatnonzero(taking)
    assert count.tolist() == [items.sum(), items[-1], items.size, np.bitwise_xor.reduce(items)]
    np.testing.assert_array_equal(ranks[taking], np.arange(taking.sum()))


@pytest.mark.parametrize("lanes", (1, 8, 32))
def test_plain_additions_are_those_of_atomic_ones(lanes: int) -> None:
    draw = np.random.default_rng(7)
    x, found = draw.normal(size=ITEMS).astype(np.float32), []
    for alone in (False, True):
        given = [
            x,
            *(np.full(5, 0.3, np.float32) for _ in range(2)),
            np.zeros(4, np.int32),
            np.zeros(ITEMS, np.int32),
        ]
        func = lower(with_lanes(tally, lanes), tuple(t for _, t in tally.params))
        Machine(func).launch((ITEMS,), given, alone=alone)
        found.append(given)
    for a, b in zip(*found, strict=True):
        same_bits(b, a)
    assert found[0][1][0] != np.float32(0.3)


@rk.kernel
def drag(x: vectors, place: ints, total: vectors, old: vectors):
    i = rk.tid()
    old[i] = rk.atomic_add(total, place[i], x[i] * 2.0)


def test_atomics_of_vectors_give_what_they_found() -> None:
    draw = np.random.default_rng(8)
    x, place = draw.normal(size=(ITEMS, 3)).astype(np.float32), draw.integers(0, 9, ITEMS).astype(np.int32)
    *_, total, old = agree(drag, ITEMS, x, place, np.zeros((9, 3), np.float32), np.zeros_like(x))
    first = [np.flatnonzero(place == k)[0] for k in range(9)]
    assert (old[first] == 0).all()
    expected = np.stack([2.0 * x[place == k].sum(0) for k in range(9)])
    np.testing.assert_allclose(total, expected, atol=1e-5)


@rk.kernel
def bounded(x: floats):
    i = rk.tid()
    if i != 40:
        assert x[i] < 1.0, "too large"


@pytest.mark.parametrize("lanes", WIDTHS)
def test_the_lowest_failing_lane_is_named(lanes: int) -> None:
    x = np.zeros(ITEMS, np.float32)
    x[[40, 41, 42]] = 2
    with pytest.raises(rk.KernelAssertionError, match=r"too large.*item \(41,\)"):
        rk.launch(with_lanes(bounded, lanes), ITEMS, [x], device="cpu")


@rk.kernel(mode="debug")
def beyond(x: floats, index: ints):
    i = rk.tid()
    x[index[i]] = 1.0


def test_debug_mode_names_the_item() -> None:
    index = np.arange(ITEMS, dtype=np.int32)
    index[50] = 1000
    with pytest.raises(rk.KernelIndexError, match=r"1000.*item \(50,\)"):
        rk.launch(with_lanes(beyond, 8), ITEMS, [np.zeros(ITEMS, np.float32), index], device="cpu")


# the choice


@rk.kernel
def speaking(x: floats):
    print(x[rk.tid()])


def test_what_prints_is_scalar_and_says_so() -> None:
    kernel = with_lanes(speaking, "auto")
    width = choose(lower(kernel, tuple(t for _, t in kernel.params)), cpu())
    assert width.lanes == 1 and "prints" in width.reason


@rk.kernel
def locked(lock: ints, total: floats):
    while rk.atomic_cas(lock, 0, 0, 1) != 0:
        pass
    total[0] = total[0] + 1.0
    rk.atomic_exch(lock, 0, 0)


def test_lanes_do_not_wait_for_each_other_forever() -> None:
    total = np.zeros(1, np.float32)
    rk.launch(with_lanes(locked, 16), ITEMS, [np.zeros(1, np.int32), total], device="cpu")
    assert total[0] == ITEMS


def test_the_report_tells_what_varies() -> None:
    lines = report(lower(neighbours, tuple(t for _, t in neighbours.params)), cpu()).splitlines()
    assert lines[0].startswith(f"{lanes_of(neighbours)} at once")
    words = [line.split()[:2] for line in lines[1:]]
    assert words[0] == ["tid", "+1"] and ["sub", "+1"] in words and ["if", "lanes"] in words


@rk.kernel
def pulled(x: vectors, ends: rk.array2d(dtype=int), f: vectors):
    i = rk.tid()
    d = x[ends[i, 1]] - x[ends[i, 0]]
    rk.atomic_add(f, ends[i, 0], d * (1.0 / rk.length(d)))


@rk.kernel
def pulled_by_sines(x: vectors, ends: rk.array2d(dtype=int), f: vectors):
    i = rk.tid()
    d = x[ends[i, 1]] - x[ends[i, 0]]
    rk.atomic_add(f, ends[i, 0], rk.vec3(rk.sin(d[0]), rk.sin(d[1]), rk.sin(d[2])))


def test_what_mostly_gathers_and_adds_apart_is_scalar() -> None:
    assert lanes_of(with_lanes(pulled, "auto")) == 1
    if cpu().vector_bits:
        assert lanes_of(with_lanes(pulled_by_sines, "auto")) > 1


@rk.kernel
def doubles(x: rk.array(dtype=rk.float64)):
    x[rk.tid()] = rk.sin(x[rk.tid()])


def test_the_width_follows_machine_and_type() -> None:
    target, old = replace(cpu(), vector_bits=512), replace(cpu(), vector_bits=128)
    for kernel, expected in ((neighbours, 512 // 32), (doubles, 512 // 64)):
        func = lower(with_lanes(kernel, "auto"), tuple(t for _, t in kernel.params))
        assert choose(func, target).lanes == expected
        assert choose(func, old).lanes == expected // 4


@rk.kernel
def pendulum(x: floats):
    i = rk.tid()
    angle, speed = x[i], float(0.0)
    for _k in range(64):
        speed -= rk.sin(angle) * 0.1
        angle += speed * 0.1
    x[i] = angle


@rk.kernel
def pendulum_to_rest(x: floats):
    i = rk.tid()
    angle, speed = x[i], float(0.0)
    while angle > 0.1:
        speed -= rk.sin(angle) * 0.1
        angle += speed * 0.1
    x[i] = angle


def test_loops_that_wait_for_themselves_take_several_registers() -> None:
    for kernel, pipes, expected in ((pendulum, 2, 2), (pendulum, 4, 4), (pendulum_to_rest, 4, 2)):
        func = lower(with_lanes(kernel, "auto"), tuple(t for _, t in kernel.params))
        assert choose(func, replace(cpu(), vector_bits=512, vector_pipes=pipes)).lanes == 16 * expected
    agree(pendulum, ITEMS, np.linspace(-3e5, 3e5, ITEMS).astype(np.float32))


@rk.kernel
def rotated_twice(q: rk.array(dtype=rk.quat), x: vectors):
    i = rk.tid()
    p = rk.normalize(q[i])
    y = rk.normalize(rk.quat_rotate(p, x[i]) + x[i])
    x[i] = rk.quat_rotate(p, rk.normalize(rk.quat_rotate(p, y) + y))


@rk.kernel
def rotated_between_matrices(q: rk.array(dtype=rk.quat), x: rk.array(dtype=rk.mat33)):
    i = rk.tid()
    p = rk.normalize(q[i])
    y = rk.normalize(rk.quat_rotate(p, x[i][0]) + x[i][1])
    x[i] = rk.outer(rk.quat_rotate(p, rk.normalize(rk.quat_rotate(p, y) + y)), y)


@rk.kernel
def four_sines(x: rk.array(dtype=rk.vec4)):
    i = rk.tid()
    x[i] = rk.vec4(rk.sin(x[i][0]), rk.sin(x[i][1]), rk.sin(x[i][2]), rk.sin(x[i][3]))


def test_long_chains_without_loops_take_two_registers() -> None:
    for kernel, expected in ((rotated_twice, 2), (rotated_between_matrices, 1), (four_sines, 1)):
        func = lower(with_lanes(kernel, "auto"), tuple(t for _, t in kernel.params))
        assert choose(func, replace(cpu(), vector_bits=512)).lanes == 16 * expected


def test_the_width_is_an_option_of_kernels_modules_and_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    def lanes(**given: int) -> int:
        return lanes_of(Kernel(doubles.func, options=given))

    chosen = lanes()
    monkeypatch.setattr(rk.config, "cpu_lanes", 2)
    assert (chosen, lanes()) == (cpu().vector_bits // 64, 2)
    rk.set_module_options({"cpu_lanes": 4})
    try:
        assert lanes() == 4 and lanes(cpu_lanes=16) == 16
    finally:
        rk.set_module_options({"cpu_lanes": "auto"})


@pytest.mark.parametrize("wrong", (3, 0, "wide", 128))
def test_a_width_that_does_not_exist_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="cpu_lanes"):
        with_lanes(doubles, wrong).options  # noqa: B018


@rk.kernel
def by_long_index(a: floats, out: floats):
    i = rk.int64(rk.tid())
    for k in range(rk.int64(3)):
        if a[i + k] > 0.0:
            out[i] = out[i] + a[i + k]


def test_neighbours_by_64_bit_indices() -> None:
    a = np.linspace(-1.0, 1.0, ITEMS + 3).astype(np.float32)
    agree(by_long_index, ITEMS, a, np.zeros(ITEMS, np.float32))
