"""Elements that lanes find anywhere: moved whole, none but those that active lanes ask for."""

import sys
from typing import Any

import numpy as np
import pytest

import robokern as rk
from robokern.compiler.build import llvm
from robokern.compiler.frontend import lower
from robokern.compiler.function import Kernel
from robokern.compiler.target import cpu
from tests.compiler.machine import same_bits
from tests.compiler.test_wide import ITEMS, WIDTHS, agree, at_the_end_of_memory, with_lanes

PLACES = 211  # elements of an array
FAR = 1 << 30  # an index whose element is not there
ints = rk.array(dtype=int)


@rk.struct
class Corners:
    """Ten words: the last piece of four overlaps the one before."""

    a: rk.vec3
    b: rk.vec3
    c: rk.vec3
    face: int


@rk.struct
class Uneven:
    """Words among leaves of other sizes."""

    flag: bool
    place: rk.vec3
    weight: rk.float64
    count: rk.int16
    pair: rk.vec2
    half: rk.float16


@rk.struct
class Pair:
    """Two words of different types."""

    weight: float
    count: int


five = rk.types.vector(5, float)
DTYPES = [rk.vec2, rk.vec3, rk.quat, five, rk.mat33, Pair, Corners, Uneven, rk.vec3d, rk.vec3h, float]
INDICES = [int, rk.int64, rk.uint32, rk.int16, rk.uint64]


def filled(dtype: Any, count: int) -> np.ndarray:
    """Elements of many bits, none of them a NaN, and booleans of 0 and 1."""
    made = rk.zeros(count, dtype=dtype, device="cpu").numpy().copy()
    made.reshape(-1).view(np.uint8)[...] = np.random.default_rng(5).integers(1, 60, made.nbytes)
    if made.dtype.names and "flag" in made.dtype.names:
        made["flag"] = np.arange(count) % 2
    return made


def moving(dtype: Any, index: Any, masked: bool) -> Kernel:
    """A kernel that moves elements from where each item says to where it says."""
    given, indices = rk.array(dtype=dtype), rk.array(dtype=index)

    @rk.kernel
    def every(x: given, source: indices, sink: indices, out: given):
        i = rk.tid()
        out[sink[i]] = x[source[i]]

    @rk.kernel
    def some(x: given, source: indices, sink: indices, out: given):
        i = rk.tid()
        a = source[i]
        b = sink[i]
        if i % 3 != 1:
            out[b] = x[a]

    return some if masked else every


def drawn(index: Any, masked: bool) -> list[np.ndarray]:
    """Where items read and write, the last place too; those that should not, where nothing is."""
    draw = np.random.default_rng(7)
    source, sink = draw.integers(0, PLACES, ITEMS), draw.permutation(PLACES - 1)[:ITEMS]
    source[:3] = sink[3] = PLACES - 1
    if masked:
        source[1::3] = sink[1::3] = min(FAR, np.iinfo(rk.dtype_to_numpy(index)).max)
    return [a.astype(rk.dtype_to_numpy(index)) for a in (source, sink)]


@pytest.mark.skipif(sys.platform != "linux", reason="asks for a page without access by mprotect")
@pytest.mark.parametrize("masked", (False, True))
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_elements_are_moved_and_nothing_else_is_touched(dtype: Any, masked: bool) -> None:
    kernel, (source, sink) = moving(dtype, int, masked), drawn(int, masked)
    x = filled(dtype, PLACES)
    expected = filled(dtype, PLACES)[::-1].copy()
    active = np.arange(ITEMS) % 3 != 1 if masked else np.ones(ITEMS, bool)
    expected[sink[active]] = x[source[active]]
    for lanes in (1, *WIDTHS):
        given, out = at_the_end_of_memory(x), at_the_end_of_memory(filled(dtype, PLACES)[::-1].copy())
        rk.launch(with_lanes(kernel, lanes), ITEMS, [given, source, sink, out], device="cpu")
        same_fields(out, expected)


def same_fields(found: np.ndarray, expected: np.ndarray) -> None:
    """The same bits but for the gaps in a struct."""
    for name in found.dtype.names or ():
        same_bits(found[name], expected[name])
    if not found.dtype.names:
        same_bits(found, expected)


@pytest.mark.parametrize("masked", (False, True))
@pytest.mark.parametrize("index", INDICES, ids=str)
def test_indices_of_every_type(index: Any, masked: bool) -> None:
    x, (source, sink) = filled(rk.vec3, PLACES), drawn(index, masked)
    *_, out = agree(moving(rk.vec3, index, masked), ITEMS, x, source, sink, np.zeros_like(x))
    active = np.arange(ITEMS) % 3 != 1 if masked else np.ones(ITEMS, bool)
    same_bits(out[sink[active].astype(int)], x[source[active].astype(int)])


@rk.kernel
def from_table(
    table: rk.array2d(dtype=rk.vec3), row: ints, column: ints, out: rk.array2d(dtype=rk.vec3), limit: int
):
    i = rk.tid()
    line = table[row[i]]
    v = table[row[i], column[i]] + line[column[i]] + table[i % 7, column[i]]
    if column[i] < limit:
        out[row[i], column[i]] = v + table[row[i], 1 + i % 3]


def test_tables_and_strides() -> None:
    """Several indices that vary; arrays with gaps, and read from behind."""
    draw = np.random.default_rng(8)
    table = draw.normal(size=(31, 12, 3)).astype(np.float32)
    row, column = draw.integers(0, 31, ITEMS), draw.permutation(ITEMS) % 12
    indices = [a.astype(np.int32) for a in (row, column)]
    *_, expected = agree(from_table, ITEMS, table, *indices, np.zeros_like(table), 9)
    assert np.count_nonzero(expected) > 100
    behind = np.ascontiguousarray(table[::-1, ::-1])[::-1, ::-1]
    spaced = np.zeros((31, 24, 3), np.float32)
    for lanes in WIDTHS:
        spaced[...] = 0
        rk.launch(with_lanes(from_table, lanes), ITEMS, [behind, *indices, spaced[:, ::2], 9], device="cpu")
        same_bits(spaced[:, ::2], expected)
        assert not spaced[:, 1::2].any()


@rk.kernel
def last_wins(out: rk.array(dtype=rk.vec3), pairs: rk.array(dtype=rk.vec2), x: rk.array(dtype=rk.vec3)):
    i = rk.tid()
    if i % 5 != 4:
        out[i * i % 7] = x[i]
    pairs[i * i % 5] = rk.vec2(x[i][0], x[i][1])


def test_the_last_of_equal_places_wins() -> None:
    x = filled(rk.vec3, ITEMS)
    x[:, 0] = np.arange(ITEMS)
    out, pairs, _ = agree(last_wins, ITEMS, np.zeros((7, 3), np.float32), np.zeros((5, 2), np.float32), x)
    assert out[0, 0] == 70 and pairs[0, 0] == 75


@pytest.mark.parametrize("dtype", (rk.vec3, rk.quat, Corners), ids=str)
def test_rows_are_not_gathered(dtype: Any) -> None:
    kernel = with_lanes(moving(dtype, int, True), 16)
    text = llvm(lower(kernel, tuple(t for _, t in kernel.params)), cpu())
    assert "masked.load.v4i32" in text or dtype is not rk.vec3
    assert "masked.gather" not in text and "masked.scatter" not in text
