"""Shapes, indices and element types that arrays can have."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from robokern.ir.types import ArrayType, Type, is_concrete
from robokern.runtime.hostvalue import Ndarray, base_dtype, component_shape, describe

Shape = int | Sequence[int]

MAX_DIMENSIONS = 4
MAX_LENGTH = 2**31 - 1  # coordinates and shapes are int32 in kernels


def shape_of(shape: Any) -> tuple[int, ...]:
    """A shape as a tuple of 1 to 4 lengths.

    Raises:
        ValueError: it is none.
    """
    try:
        several = isinstance(shape, Sequence) or (isinstance(shape, np.ndarray) and shape.ndim == 1)
        lengths = tuple(map(operator.index, shape)) if several else (operator.index(shape),)
    except TypeError:
        raise ValueError(f"array: expected a shape of integers, got {describe(shape)}") from None
    if not 1 <= len(lengths) <= MAX_DIMENSIONS or min(lengths) < 0:
        raise ValueError(f"array: expected a shape of 1 to {MAX_DIMENSIONS} lengths from 0 up, got {shape}")
    check_lengths(lengths)
    return lengths


def check_lengths(lengths: tuple[int, ...]) -> None:
    """Refuses lengths beyond what kernels count to."""
    if max(lengths) > MAX_LENGTH:
        raise ValueError(f"array: a length is at most 2**31 - 1, as kernels count in int32, got {lengths}")


def with_components(source: Ndarray, dtype: Type) -> Ndarray:
    """`source` when its last axes are the components of `dtype`, packed; else a view or an error."""
    shape = component_shape(dtype)
    ndim = source.ndim - len(shape)
    packed = source.strides[ndim:] == packed_strides(shape, source.itemsize) if ndim >= 0 else False
    if not 1 <= ndim <= MAX_DIMENSIONS or source.shape[ndim:] != shape:
        last = f" with last axes {shape}" if shape else ""
        raise ValueError(f"{dtype} needs data of 1 to 4 dimensions{last}, got shape {source.shape}")
    if (not packed and source.size) or not source.flags.aligned:
        raise ValueError(f"components of {dtype} do not lie in a row (strides {source.strides}); pass a copy")
    check_lengths(source.shape[:ndim])
    return source


def packed_strides(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Of elements in a row, last dimension fastest."""
    return tuple(itemsize * int(np.prod(shape[i + 1 :])) for i in range(len(shape)))


def element_type(dtype: Any) -> Type:
    """`dtype`, if arrays can have it.

    Raises:
        TypeError: they cannot.
    """
    if isinstance(dtype, Type) and is_concrete(dtype) and not isinstance(dtype, ArrayType):
        return dtype
    raise TypeError(
        f"array: {dtype} cannot be the type of elements; pass dtype=rk.float32, rk.vec3 or the like"
    )


def element_size(dtype: Type) -> int:
    """Bytes of an element."""
    return base_dtype(dtype).itemsize * int(np.prod(component_shape(dtype)))


def spread(values: Ndarray, shape: tuple[int, ...]) -> Ndarray:
    """`values` broadcast as an assignment does, without leading axes of length 1 that are too many."""
    while values.ndim > len(shape) and values.shape[0] == 1:
        values = values.reshape(values.shape[1:])
    return values if values.shape == shape else np.broadcast_to(values, shape)


def checked_key(key: Any, ndim: int) -> tuple[Any, ...]:
    """Integers and slices, at most as many as there are dimensions.

    Raises:
        IndexError: there are more, or something else among them.
    """
    parts = key if isinstance(key, tuple) else (key,)
    if len(parts) > ndim:
        raise IndexError(f"array: expected at most {ndim} indices, got {len(parts)}")
    for part in parts:
        if not isinstance(part, (slice, int, np.integer)) or isinstance(part, bool):
            raise IndexError(
                f"array: an index is an integer or a slice, got {describe(part)}; use .numpy()[...]"
            )
    return parts
