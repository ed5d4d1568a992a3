"""How values lie in memory and in registers: the only file that knows bytes.

*Leaves* are the scalars a value consists of, in order; compilers and interpreter hold a value as its leaves.
An array is `1 + 2 * ndim` leaves: address, shape, strides in bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

import numpy as np

from robokern.ir.types import (
    COMPOSITES,
    ArrayType,
    Scalar,
    Struct,
    Type,
    bfloat16,
    int64,
    uint64,
)

T = TypeVar("T")

LAUNCH_HEADER = 40  # i64 dim[4], ptr status
STATUS_SIZE = 24  # i64 assert number + 1 (0: none failed), i64 item, i64 whether one thread runs all items
ALONE_AT = 16  # byte offset of the last


def front(ndim: int, dim: int, array: Sequence[T]) -> tuple[T, ...]:
    """An array's leaves with dimension `dim` before its other dimensions."""
    order = (dim, *(d for d in range(ndim) if d != dim))
    return (array[0], *(array[1 + d] for d in order), *(array[1 + ndim + d] for d in order))


@cache
def leaves(type: Type) -> tuple[Scalar, ...]:
    """The scalars of a value of this type, in order."""
    if isinstance(type, Scalar):
        return (type,)
    if isinstance(type, COMPOSITES):
        return (type.dtype,) * int(np.prod(type.shape))
    if isinstance(type, ArrayType):
        return (uint64,) + (int64,) * (2 * type.ndim)
    assert isinstance(type, Struct), type
    return tuple(leaf for _, field in type.fields for leaf in leaves(field))


@cache
def field_leaf(type: Struct, name: str) -> tuple[int, Type]:
    """Index of the first leaf of field `name`, and the field's type."""
    start = 0
    for field, field_type in type.fields:
        if field == name:
            return start, field_type
        start += len(leaves(field_type))
    raise KeyError(name)


@cache
def align_of(type: Type) -> int:
    """Alignment in bytes."""
    if isinstance(type, Struct):
        return max((align_of(t) for _, t in type.fields), default=1)
    return leaves(type)[0].size


@cache
def size_of(type: Type) -> int:
    """Bytes of one value in memory, tail padding included."""
    if not isinstance(type, Struct):
        return sum(leaf.size for leaf in leaves(type))
    return _round_up(_fields_end(type), align_of(type)) or 1


@cache
def leaf_offsets(type: Type) -> tuple[int, ...]:
    """Byte offset of each leaf from the start of a value."""
    if not isinstance(type, Struct):
        sizes = [leaf.size for leaf in leaves(type)]
        return tuple(sum(sizes[:i]) for i in range(len(sizes)))
    return tuple(
        start + offset
        for (_, field), start in zip(type.fields, field_offsets(type), strict=True)
        for offset in leaf_offsets(field)
    )


@cache
def field_offsets(type: Struct) -> tuple[int, ...]:
    """Byte offset of each field."""
    offsets, at = [], 0
    for _, field in type.fields:
        at = _round_up(at, align_of(field))
        offsets.append(at)
        at += size_of(field)
    return tuple(offsets)


def _fields_end(type: Struct) -> int:
    offsets = field_offsets(type)
    return offsets[-1] + size_of(type.fields[-1][1]) if offsets else 0


def _round_up(value: int, step: int) -> int:
    return -(-value // step) * step


@cache
def numpy_dtype(type: Type) -> np.dtype[Any]:
    """The NumPy dtype of one element in memory; composites are subarrays, arrays their descriptor."""
    if isinstance(type, Scalar):
        return np.dtype("uint16") if type == bfloat16 else type.numpy
    if isinstance(type, COMPOSITES):
        return np.dtype((numpy_dtype(type.dtype), type.shape))
    if isinstance(type, ArrayType):
        return np.dtype([("data", "u8"), ("shape", "i8", (type.ndim,)), ("strides", "i8", (type.ndim,))])
    assert isinstance(type, Struct), type
    return np.dtype(
        {
            "names": [n for n, _ in type.fields],
            "formats": [numpy_dtype(t) for _, t in type.fields],
            "offsets": list(field_offsets(type)),
            "itemsize": size_of(type),
        }
    )


@cache
def argument_offsets(types: tuple[Type, ...]) -> tuple[int, ...]:
    """Byte offset of each kernel argument in the launch record (8-byte aligned); last the record's size."""
    offsets, at = [], LAUNCH_HEADER
    for type in types:
        offsets.append(at)
        at += _round_up(size_of(type), 8)
    return (*offsets, at)
