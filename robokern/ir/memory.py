"""Raw memory for the interpreter: arrays by address, every index checked.

An array is its leaves: address, shape, strides in bytes (`layout`). Loads and stores go through one flat
NumPy view of the process's memory per scalar type.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from robokern.errors import KernelIndexError, RobokernError
from robokern.ir import layout
from robokern.ir.bfloat16 import rounded
from robokern.ir.evaluate import Arguments, dtype_of, from_memory, into_memory, maximum, minimum
from robokern.ir.lanes import Frame, Leaf, Leaves
from robokern.ir.nodes import Op
from robokern.ir.types import ArrayType, Scalar, bfloat16

Addresses = npt.NDArray[np.int64]
MemoryRule = Callable[[Frame, Op, Arguments], list[Leaves]]

_BASE = 4096  # the view starts at the first mappable page: NumPy takes no null pointer
_END = 1 << 56


class _Memory:
    """Everything from `_BASE` up as one array of `dtype`."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        count = (_END - _BASE) // dtype.itemsize
        self.__array_interface__ = {
            "data": (_BASE, False),
            "shape": (count,),
            "typestr": dtype.str,
            "version": 3,
        }


@cache
def _memory(dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    return np.asarray(_Memory(dtype))


def _places(addresses: Addresses, dtype: np.dtype[Any]) -> Addresses:
    offset = addresses - _BASE
    if np.any(offset % dtype.itemsize):
        bad = int(addresses[np.flatnonzero(offset % dtype.itemsize)[0]])
        raise RobokernError(f"{dtype} at address {bad:#x} is not aligned to {dtype.itemsize} bytes")
    return offset // dtype.itemsize


def _stored(scalar: Scalar) -> np.dtype[Any]:
    return np.dtype(np.uint8) if scalar.kind == "b" else layout.numpy_dtype(scalar)


def gather(addresses: Addresses, scalar: Scalar) -> Leaf:
    """Reads one scalar at each address."""
    stored = _stored(scalar)
    found = _memory(stored)[_places(addresses, stored)]
    return found != 0 if scalar.kind == "b" else from_memory(found, scalar)


def scatter(addresses: Addresses, scalar: Scalar, values: Leaf) -> None:
    """Writes one scalar at each address; the last of equal addresses wins."""
    stored = _stored(scalar)
    where, what = np.broadcast_arrays(_places(addresses, stored), into_memory(values, scalar))
    _memory(stored)[where] = what


# addresses


def _parts(array: Leaves) -> tuple[Leaf, Leaves, Leaves]:
    ndim = (len(array) - 1) // 2
    return array[0], array[1 : 1 + ndim], array[1 + ndim :]


def _checked_address(frame: Frame, op: Op, array: Leaves, indices: list[Leaf]) -> Addresses:
    address, shape, strides = _parts(array)
    where = address.astype(np.int64)
    for index, length, stride in zip(indices, shape, strides, strict=False):
        place = index.astype(np.int64)
        if np.any((place < 0) | (place >= length)):
            _report_index(frame, op, indices, shape)
        where = where + place * stride
    return where


def _report_index(frame: Frame, op: Op, indices: list[Leaf], shape: Leaves) -> None:
    wide = [frame.spread(leaf).astype(np.int64) for leaf in indices]
    lengths = [frame.spread(leaf) for leaf in shape]
    outside = np.logical_or.reduce([(i < 0) | (i >= n) for i, n in zip(wide, lengths, strict=False)])
    lane = int(np.flatnonzero(outside)[0])
    raise KernelIndexError(
        f"{op.loc}: {op.name} in kernel {frame.run.kernel.name!r}: index {_row_of(wide, lane)} "
        f"is outside an array of shape {_row_of(lengths, lane)}, "
        f"in item {_place(frame, lane)} of grid {frame.run.dim}"
    )


def _row_of(leaves: Leaves, lane: int) -> tuple[int, ...]:
    return tuple(int(leaf[lane]) for leaf in leaves)


def _place(frame: Frame, lane: int) -> tuple[int, ...]:
    return tuple(int(c[0]) for c in frame.run.coordinates(frame.items[lane : lane + 1]))


def _part_leaves(array: ArrayType, offset: int, count: int) -> list[tuple[int, Scalar]]:
    """Byte offset in an element, and scalar type, of the leaves of a part."""
    offsets, scalars = layout.leaf_offsets(array.dtype), layout.leaves(array.dtype)
    return list(zip(offsets, scalars, strict=True))[offset : offset + count]


def _array_type(op: Op) -> ArrayType:
    found = op.args[0].type
    assert isinstance(found, ArrayType)
    return found


# the rows


def _load(frame: Frame, op: Op, args: Arguments) -> list[Leaves]:
    where = _checked_address(frame, op, args[0], [a[0] for a in args[1:]])
    parts = _part_leaves(_array_type(op), op.attrs["offset"], len(layout.leaves(op.attrs["type"])))
    return [[gather(where + offset, scalar) for offset, scalar in parts]]


def _store(frame: Frame, op: Op, args: Arguments) -> list[Leaves]:
    where = _checked_address(frame, op, args[0], [a[0] for a in args[1:-1]])
    parts = _part_leaves(_array_type(op), op.attrs["offset"], len(args[-1]))
    for (offset, scalar), leaf in zip(parts, args[-1], strict=True):
        scatter(where + offset, scalar, leaf)
    return []


def _view(frame: Frame, op: Op, args: Arguments) -> list[Leaves]:
    array, indices = args[0], [a[0] for a in args[1:]]
    where = _checked_address(frame, op, array, indices)
    _, shape, strides = _parts(array)
    return [[where.astype(np.uint64), *shape[len(indices) :], *strides[len(indices) :]]]


def _slice(frame: Frame, op: Op, args: Arguments) -> list[Leaves]:
    address, shape, strides = _parts(args[0])
    dim = op.attrs["dim"]
    start, stop, step = (a[0].astype(np.int64) for a in args[1:])
    low = np.where(step < 0, -1, 0)  # -1 stands before the first element
    start, stop = (np.clip(x, low, shape[dim] + low) for x in (start, stop))
    turns = (stop - start + step - np.where(step < 0, -1, 1)) // np.where(step == 0, 1, step)
    length = np.where(step == 0, 0, np.maximum(turns, 0))
    address = (address.astype(np.int64) + start * strides[dim]).astype(np.uint64)
    shape = [*shape[:dim], length, *shape[dim + 1 :]]
    strides = [*strides[:dim], strides[dim] * step, *strides[dim + 1 :]]
    return [[address, *shape, *strides]]


def _front(frame: Frame, op: Op, args: Arguments) -> list[Leaves]:
    return [list(layout.front(_array_type(op).ndim, op.attrs["dim"], args[0]))]


def _components(frame: Frame, op: Op, args: Arguments) -> list[Leaves]:
    address, shape, strides = _parts(args[0])
    scalars = layout.leaves(_array_type(op).dtype)
    return [[address, *shape, _int64(len(scalars)), *strides, _int64(scalars[0].size)]]


def _int64(value: int) -> Leaf:
    return np.array([value], np.int64)


def _contiguous(element: int, shape: Leaves) -> Leaves:
    strides = [_int64(element)]
    for length in reversed(shape[1:]):
        strides.insert(0, strides[0] * length)
    return strides


def _array_at(frame: Frame, op: Op, args: Arguments) -> list[Leaves]:
    shape = [a[0].astype(np.int64) for a in args[1:]]
    return [[args[0][0], *shape, *_contiguous(layout.size_of(op.attrs["type"].dtype), shape)]]


def _local(frame: Frame, op: Op, args: Arguments) -> list[Leaves]:
    element = layout.size_of(op.attrs["type"].dtype)
    shape = [_int64(n) for n in op.attrs["shape"]]
    size = element * int(np.prod(op.attrs["shape"]))
    run, key = frame.run, (frame.path, op)
    if key not in run.buffers:
        run.buffers[key] = np.zeros((run.items, -(-size // 16) * 16), np.uint8)
    buffer = run.buffers[key]
    rows = frame.items - run.first_item
    buffer[rows] = 0
    address = np.uint64(buffer.ctypes.data) + rows.astype(np.uint64) * np.uint64(buffer.strides[0])
    return [[address, *shape, *_contiguous(element, shape)]]


def _shape(frame: Frame, op: Op, args: Arguments) -> list[Leaves]:
    return [[args[0][1 + op.attrs["dim"]].astype(np.int32)]]


def _address(frame: Frame, op: Op, args: Arguments) -> list[Leaves]:
    return [[args[0][0]]]


# atomics

Combine = Callable[[Leaf, Leaf], Leaf]

COMBINE: dict[str, Combine] = {
    "add": np.add,
    "min": minimum,
    "max": maximum,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "exch": lambda old, new: new,
}


def _atomic(frame: Frame, op: Op, args: Arguments) -> list[Leaves]:
    operands = 2 if op.attrs["op"] == "cas" else 1
    indices = [a[0] for a in args[1:-operands]]
    where = frame.spread(_checked_address(frame, op, args[0], indices))
    parts = _part_leaves(_array_type(op), op.attrs["offset"], len(args[-1]))
    old = []
    for number, (offset, scalar) in enumerate(parts):
        values = [frame.spread(operand[number]) for operand in args[-operands:]]
        old.append(_in_item_order(where + offset, scalar, op.attrs["op"], values))
    return [old]


def _in_item_order(addresses: Addresses, scalar: Scalar, name: str, values: Leaves) -> Leaf:
    """Applies one atomic per lane, lower lanes first; gives each the value it found."""
    old = np.zeros(addresses.shape, dtype_of(scalar))
    for lanes in _rounds(addresses):
        here, operands = addresses[lanes], [v[lanes] for v in values]
        old[lanes] = found = gather(here, scalar)
        new = _swapped(found, *operands) if name == "cas" else COMBINE[name](found, operands[0])
        scatter(here, scalar, rounded(new) if scalar == bfloat16 else new)
    return old


def _rounds(addresses: Addresses) -> list[npt.NDArray[np.intp]]:
    """Lanes such that no address occurs twice in a round, and lower lanes come in earlier rounds."""
    order = np.argsort(addresses, kind="stable")
    ordered = addresses[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    counts = np.diff(np.r_[first, ordered.size])
    return [order[first[counts > turn] + turn] for turn in range(int(counts.max()))]


def _swapped(found: Leaf, expected: Leaf, new: Leaf) -> Leaf:
    """Compare and swap compares bits, as the hardware does."""
    bits = f"u{found.dtype.itemsize}"
    equal = found.view(bits) == np.ascontiguousarray(expected).view(bits)
    return np.where(equal, new, found)


MEMORY: dict[str, MemoryRule] = {
    "load": _load,
    "store": _store,
    "atomic": _atomic,
    "view": _view,
    "slice": _slice,
    "front": _front,
    "components": _components,
    "array_at": _array_at,
    "local": _local,
    "shape": _shape,
    "address": _address,
}
