"""Host values of the kernel language as NumPy data: what `array`, `assign` and `launch` take for an element.

A composite is accepted as a `Composite`, a NumPy array or (nested) sequences of its components; a struct as a
`StructValue` or a record of its own dtype; a scalar as a Python or NumPy number of its kind. A NumPy array of
uint16 holds the bits of bfloat16 elements, every other the numbers to be rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cache
from typing import Any

import numpy as np

from robokern.ir.bfloat16 import Bfloat16, bits, floats
from robokern.ir.composite import Composite, StructValue
from robokern.ir.layout import numpy_dtype
from robokern.ir.types import (
    COMPOSITES,
    ArrayType,
    IndexedArrayType,
    Scalar,
    Struct,
    Type,
    bfloat16,
    bool_,
    float32,
    int32,
)

Ndarray = np.ndarray[Any, np.dtype[Any]]


def component_shape(dtype: Type) -> tuple[int, ...]:
    """Shape of one element's components: () for scalars and structs."""
    return dtype.shape if isinstance(dtype, COMPOSITES) else ()


@cache
def base_dtype(dtype: Type) -> np.dtype[Any]:
    """NumPy dtype of one component of `dtype`, or of a whole struct."""
    return numpy_dtype(dtype.dtype if isinstance(dtype, COMPOSITES) else dtype)


def elements(data: Any, dtype: Type) -> tuple[Ndarray, list[Any]]:
    """`data` as NumPy elements of `dtype`, component axes last, and what must be kept alive with them.

    Raises:
        TypeError: `data` holds something else.
        ValueError: its last axes are not the components of `dtype`.
    """
    if isinstance(dtype, Struct):
        return _structs(data, dtype)
    return _numbers(data, dtype), []


def _numbers(data: Any, dtype: Type) -> Ndarray:
    scalar: Any = dtype.dtype if isinstance(dtype, COMPOSITES) else dtype
    source = np.asarray(_plain(data))
    if source.dtype.name == "bfloat16":  # of ml_dtypes
        source = source.view(np.uint16) if scalar == bfloat16 else source.astype(np.float32)
    if not (_converts(source.dtype, scalar) or _are_whole(source, scalar)):
        raise TypeError(f"cannot convert {source.dtype} to {scalar}")
    if not isinstance(data, np.ndarray):
        _check_range(source, scalar)
    if scalar == bfloat16 and source.dtype != np.uint16:
        source = bits(source)
    return _by_element(source.astype(base_dtype(dtype), copy=False), dtype)


def _check_range(source: Ndarray, scalar: Scalar) -> None:
    """Refuses Python's integers that the type does not have; those of a NumPy array wrap, as there."""
    if source.dtype.kind not in "iu" or scalar.kind not in "iu" or not source.size:
        return
    limits = np.iinfo(scalar.numpy)
    for value in (int(source.min()), int(source.max())):
        if not limits.min <= value <= limits.max:
            raise ValueError(f"{value} does not fit {scalar}")


def _converts(source: np.dtype[Any], scalar: Scalar) -> bool:
    """Whether values convert without changing their kind: integers may become floats, floats not integers."""
    if source.kind == "b" or scalar == bool_:
        return source.kind in "biu"
    return source.kind in ("fiu" if scalar.kind == "f" else "iu")


def _are_whole(source: Ndarray, scalar: Scalar) -> bool:
    """Whether floats are integers that the type has."""
    if source.dtype.kind != "f" or scalar.kind not in "iu":
        return False
    limits = np.iinfo(scalar.numpy)
    inside = (source >= float(limits.min)) & (source < float(limits.max) + 1.0)
    return bool(np.all(inside & (source == np.trunc(source))))


def _by_element(flat: Ndarray, dtype: Type) -> Ndarray:
    shape = component_shape(dtype)
    size = int(np.prod(shape))
    if shape and flat.shape == (0,):
        return flat.reshape(0, *shape)
    if not shape or flat.shape[flat.ndim - len(shape) :] == shape:
        return flat
    if flat.ndim and flat.shape[-1] == size:
        return flat.reshape(*flat.shape[:-1], *shape)
    if flat.ndim and flat.shape[-1] and flat.shape[-1] % size == 0:  # several in a row
        return flat.reshape(*flat.shape[:-1], -1, *shape)
    if len(shape) == 1 and flat.shape[-2:] == (size, 1):  # a column of a matrix
        return flat[..., 0]
    raise ValueError(f"elements of {dtype} need a last axis of {size}, got shape {flat.shape}")


def _plain(data: Any) -> Any:
    """Host values inside sequences replaced by their NumPy data."""
    if isinstance(data, Composite):
        return data.data
    if isinstance(data, (list, tuple)) and any(isinstance(x, (Composite, list, tuple)) for x in data):
        return [_plain(x) for x in data]
    return data


def _structs(data: Any, dtype: Struct) -> tuple[Ndarray, list[Any]]:
    record = numpy_dtype(dtype)
    if isinstance(data, (np.ndarray, np.void)) and data.dtype != object:
        return _records(np.asarray(data), record, dtype), []
    values = (
        np.empty((), dtype=object)
        if not isinstance(data, (list, tuple))
        else np.empty(len(data), dtype=object)
    )
    values[...] = data
    made = np.zeros(values.shape, dtype=record)
    keep: list[Any] = []
    for index, value in np.ndenumerate(values):
        fill_record(made[index] if index else made, value, dtype, keep)
    return made, keep


def _records(data: Ndarray, wanted: np.dtype[Any], dtype: Struct) -> Ndarray:
    """A structured array with the struct's fields, in the struct's layout."""
    names = wanted.names or ()
    if data.dtype.names != names or any(data.dtype[n] != wanted[n] for n in names):
        raise TypeError(f"expected {dtype} as NumPy records {wanted}, got {data.dtype}")
    return data if data.dtype == wanted else data.astype(wanted)


def fill_record(record: Any, value: Any, dtype: Struct, keep: list[Any]) -> None:
    """Writes a `StructValue` into a NumPy record; arrays it refers to are added to `keep`.

    Raises:
        TypeError: `value` is no such struct, or a field holds something else than declared.
    """
    if not isinstance(value, StructValue) or value._type != dtype:  # type: ignore[attr-defined]
        raise TypeError(f"expected {dtype}, got {describe(value)}")
    for name, field in dtype.fields:
        try:
            _fill_field(record, name, getattr(value, name), field, keep)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{dtype}.{name}: {error}") from error


def _fill_field(record: Any, name: str, value: Any, field: Type, keep: list[Any]) -> None:
    if isinstance(field, ArrayType | IndexedArrayType):  # the second is a Struct too
        if value is None:
            return
        if getattr(value, "type", None) != field:
            raise TypeError(f"expected {field}, got {describe(value)}")
        keep.append(value)
        record[name] = np.frombuffer(value.descriptor, numpy_dtype(field))[0]
    elif isinstance(field, Struct):
        fill_record(record[name], value, field, keep)
    else:
        record[name] = _single(_numbers(value, field), field)


def _single(value: Ndarray, dtype: Type) -> Ndarray:
    if value.shape != component_shape(dtype):
        raise ValueError(f"expected one {dtype}, got shape {value.shape}")
    return value


def host_value(element: Any, dtype: Type) -> Any:
    """One element read on the host: a NumPy scalar, a `Composite`, or a NumPy record; a copy."""
    if dtype == bfloat16:
        return Bfloat16(floats(element))
    if isinstance(dtype, COMPOSITES):
        return Composite(dtype, floats(element) if dtype.dtype == bfloat16 else np.array(element))
    return element.copy() if isinstance(element, np.void) else element


def listed_values(elements: Ndarray, dtype: Type, keep: Iterable[Any] = ()) -> list[Any]:
    """Elements of any shape in order, as Python numbers, host values of composites, or structs; copies.

    Args:
        keep: the arrays that structs refer to.
    """
    flat = elements.reshape(-1, *component_shape(dtype))
    if isinstance(dtype, Scalar):
        return [*flat.tolist()]
    if isinstance(dtype, Struct):
        known = {array.descriptor: array for array in keep}
        return [struct_value(record, dtype, known) for record in flat]
    return [Composite(dtype, np.array(components)) for components in flat]


def struct_value(record: Any, dtype: Struct, known: Mapping[bytes, Any]) -> StructValue:
    """A NumPy record as a struct; an array inside is one of those known by their descriptors, else None."""
    found: dict[str, Any] = {}
    for name, field in dtype.fields:
        if isinstance(field, ArrayType | IndexedArrayType):  # the second is a Struct too
            found[name] = known.get(record[name].tobytes())
        elif isinstance(field, Struct):
            found[name] = struct_value(record[name], field, known)
        else:
            found[name] = host_value(record[name], field)
    return StructValue(dtype, found)


def infer_dtype(data: Any) -> Type:
    """The element type of `data`: as NumPy says, but Python floats are float32 and Python integers int32.

    Raises:
        TypeError: it is not of the kernel language.
    """
    first = _first(data)
    if isinstance(first, Composite):
        return first.type
    if isinstance(first, Bfloat16):
        return bfloat16
    if isinstance(first, StructValue):
        return first._type  # type: ignore[attr-defined,no-any-return]
    found = np.asarray(data).dtype
    if not isinstance(first, (np.ndarray, np.generic)) and not hasattr(data, "dtype"):
        found = {"f": np.dtype("f4"), "i": np.dtype("i4")}.get(found.kind, found)
    return scalar_type(found)


def _first(data: Any) -> Any:
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return data


def scalar_type(dtype: Any) -> Scalar:
    """The scalar type of a NumPy dtype.

    Raises:
        TypeError: it is none of the kernel language.
    """
    from robokern.ir.types import BY_NAME

    found = BY_NAME.get(dtype.name)
    if found is None or not getattr(dtype, "isnative", True):
        raise TypeError(f"NumPy dtype {dtype} is not a type of the kernel language; pass dtype=")
    return found


_PYTHON_SCALARS: dict[type, Scalar] = {float: float32, int: int32, bool: bool_}


def type_of(value: Any) -> Type | None:
    """The type a kernel sees in a host value that is no plain sequence; None when there is none."""
    value = value.value if isinstance(value, Enum) else value
    if isinstance(value, Composite):
        return value.type
    if isinstance(value, StructValue):
        return value._type  # type: ignore[attr-defined,no-any-return]
    if isinstance(value, np.generic | Bfloat16):
        return scalar_type(value.dtype)
    own = getattr(value, "type", None)
    return own if isinstance(own, (ArrayType, IndexedArrayType)) else _PYTHON_SCALARS.get(type(value))


def describe(value: Any) -> str:
    """A value in an error message: its type and a short form of it."""
    own = getattr(value, "type", None)
    if isinstance(own, (ArrayType, IndexedArrayType)):
        return str(own)
    if isinstance(value, np.ndarray):
        return f"NumPy array of {value.dtype}, shape {value.shape}"
    if isinstance(value, (Composite, StructValue)):
        return repr(value)
    if value is None:
        return "None"
    shown = repr(value)
    return f"{type(value).__name__} {shown}" if len(shown) <= 40 else type(value).__name__


def listed(names: Iterable[str]) -> str:
    """Names in an error message."""
    return ", ".join(names) or "none"
