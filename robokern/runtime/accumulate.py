"""Adding derivatives in place: `+=` on the floats of arrays of any dtype, on the device where they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from robokern.compiler.builtins import tid
from robokern.compiler.function import kernel
from robokern.ir.bfloat16 import bits, floats
from robokern.ir.types import ArrayType, Scalar, Struct, Type, bfloat16, is_float, scalar_of
from robokern.runtime import recording
from robokern.runtime.array import Array, wrap
from robokern.runtime.hostvalue import Ndarray, base_dtype, component_shape, elements, host_value
from robokern.runtime.launch import launch
from robokern.runtime.memory import content, put


@kernel
def _accumulate(
    into: ArrayType(Any, 1),  # type: ignore[valid-type]
    more: ArrayType(Any, 1),  # type: ignore[valid-type]
) -> None:
    i = tid()
    into[i] = into[i] + more[i]


def accumulate(into: Array, more: Array) -> None:
    """Adds the floats of `more` to those of `into`, element by element; what is no float stays.

    Args:
        into: changed in place.
        more: on the same device; of the same type and as many elements, or numbers that are rounded, or such
            that `into` was broadcast to them: then what came from one element is summed.
    """
    if into.device.is_cpu and recording.capturing(into.device.ordinal) is None:
        _add(into._numpy, _fitted(more, into), into.dtype)
    elif not _accumulate_by_launch(into, more):
        host = content(into._numpy, into.device)
        _add(host, _fitted(more, into), into.dtype)
        put(into._numpy, into.device, host)


def _accumulate_by_launch(into: Array, more: Array) -> bool:
    """Adds on the device, if the elements lie alike; whether they do."""
    alike = into.is_contiguous and more.is_contiguous and into._numpy.size == more._numpy.size
    if not alike or into.dtype != more.dtype or isinstance(into.dtype, Struct):
        return False
    if into.size:
        launch(_accumulate, into._numpy.size, [_scalars(into), _scalars(more)], device=into.device)
    return True


def _scalars(array: Array) -> Array:
    """All components of a contiguous array in a row, shared."""
    scalar = scalar_of(array.dtype)
    assert isinstance(scalar, Scalar)
    return wrap(array._numpy.reshape(-1), scalar, array.device)


def _fitted(more: Array, into: Array) -> Ndarray:
    """What is added, on the host, as memory of the type and shape of `into`."""
    shape = into._numpy.shape
    if more.dtype == into.dtype and more._numpy.size == into._numpy.size:
        return content(more._numpy, more.device).reshape(shape)
    return elements(_summed(more.numbers(), shape), into.dtype)[0]


def _summed(more: Ndarray, shape: tuple[int, ...]) -> Ndarray:
    """What was broadcast or reshaped from `shape`, summed back."""
    if more.size == int(np.prod(shape)):
        return more.reshape(shape)
    more = np.asarray(more.sum(axis=tuple(range(more.ndim - len(shape)))))
    repeated = tuple(i for i, n in enumerate(shape) if n == 1)
    return np.asarray(more.sum(axis=repeated, keepdims=True)).reshape(shape)


def _add(into: Ndarray, more: Ndarray, dtype: Type) -> None:
    """As `accumulate`, on the memory of elements of `dtype`."""
    if isinstance(dtype, Struct):
        for name, field in dtype.fields:
            _add(into[name], more[name], field)
    elif scalar_of(dtype) == bfloat16:
        into[...] = bits(floats(into) + floats(more))
    elif not isinstance(dtype, ArrayType) and is_float(dtype):
        into += more


def total(shares: Array) -> Ndarray:
    """The sum of all elements of an array, as memory of one; what is no float is zero."""
    host = content(shares._numpy, shares.device)
    return _total(host.reshape(-1, *component_shape(shares.dtype)), shares.dtype)


def _total(data: Ndarray, dtype: Type) -> Ndarray:
    made = np.zeros(data.shape[1:], data.dtype)
    if isinstance(dtype, Struct):
        for name, field in dtype.fields:
            made[name] = _total(data[name], field)
    elif scalar_of(dtype) == bfloat16:
        made[...] = bits(floats(data).sum(axis=0))
    elif not isinstance(dtype, ArrayType) and is_float(dtype):
        made[...] = data.sum(axis=0, dtype=np.float64)
    return made


def add_total(known: Any, shares: Array) -> Any:
    """A host value plus the sum of all elements of an array, as a host value; None counts as zero."""
    made = total(shares)
    if known is not None:
        _add(made, elements(known, shares.dtype)[0], shares.dtype)
    return host_value(made[()], shares.dtype)


def ones(dtype: Type, shape: tuple[int, ...]) -> Ndarray:
    """Memory of an array of numbers, all 1."""
    return elements(np.ones(shape, np.float32), dtype)[0]


def placed(values: Any, like: Array) -> Array:
    """Host values as an array of the type, shape and device of another.

    Raises:
        TypeError: they do not convert.
        ValueError: they do not fit the shape.
    """
    data = elements(values, like.dtype)[0]
    shape = like._numpy.shape
    data = data.reshape(shape) if data.size == like._numpy.size else np.broadcast_to(data, shape)
    return wrap(np.ascontiguousarray(data, base_dtype(like.dtype)), like.dtype).to(like.device)
