"""Kernel arguments: host values turned into the bytes of a launch record.

Two ways to the same bytes. `packer(type)` is quick and knows only the usual values; what it refuses goes
through `argument(type, value)`, which takes everything that is allowed and says what is wrong with the rest.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from robokern.ir.bfloat16 import bits
from robokern.ir.composite import Composite, StructValue
from robokern.ir.layout import numpy_dtype, size_of
from robokern.ir.types import ArrayType, IndexedArrayType, Scalar, Struct, Type, bfloat16
from robokern.runtime.array import Array, plain_type, share
from robokern.runtime.device import Device
from robokern.runtime.hostvalue import base_dtype, component_shape, describe, elements, fill_record
from robokern.runtime.memory import address

Pack = Callable[[Any], bytes]

_FORMATS = {  # of the numbers in memory; those of bfloat16 are packed by way of its bits
    "bool": "?", "int8": "b", "int16": "h", "int32": "i", "int64": "q", "uint8": "B", "uint16": "H",
    "uint32": "I", "uint64": "Q", "bfloat16": "H", "float16": "e", "float32": "f", "float64": "d",
}  # fmt: skip
_ACCEPTED: dict[str, tuple[type, ...]] = {
    "b": (bool, np.bool_),
    "i": (int, np.integer),
    "u": (int, np.integer),
    "f": (float, int, np.floating, np.integer),
}


class Argument(NamedTuple):
    """One argument of a launch, checked.

    `value` is an `Array` or None for an array, else NumPy data; `plain` is False for an array that is not
    C-contiguous; `keep` must outlive the launch.
    """

    record: bytes
    value: Any
    plain: bool = True
    keep: Any = None


class Misfit(Exception):
    """An argument of the wrong type: what was got, and the way out."""

    def __init__(self, got: str, remedy: str) -> None:
        super().__init__(got, remedy)
        self.got, self.remedy = got, remedy


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 8)


@cache
def _format(type: Scalar, count: int) -> struct.Struct:
    size = type.size * count
    return struct.Struct(f"={count}{_FORMATS[type.name]}{-size % 8}x")


@cache
def packer(type: Type, ordinal: int = -1) -> Pack:
    """A function from the usual host values of `type` to their bytes; it raises for all others.

    `ordinal` is that of the device whose memory arrays must lie in.

    Raises, when called: TypeError, AttributeError, OverflowError, struct.error.
    """
    if isinstance(type, ArrayType):
        expected = plain_type(type.dtype, type.ndim, ordinal)
        return _array_packer(expected) if ordinal < 0 else _device_array_packer(expected)
    if isinstance(type, Scalar):
        own = {"bool": _bool_packer, "bfloat16": _bfloat16_packer}.get(type.name)
        return own or _format(type, 1).pack
    if isinstance(type, Struct):
        return lambda value: _struct_packer(type, value, ordinal)
    return _composite_packer(type)


@cache
def record_packer(types: tuple[Type, ...], ordinal: int = -1) -> Callable[[list[Any]], bytes]:
    """A function from all arguments, if they are usual, to the bytes after the header of a launch record.

    Written for the types and compiled by Python: an array costs two comparisons and no call.

    Raises, when called: as a `packer`; ValueError: too few or too many.
    """
    names = [f"a{n}" for n in range(len(types))]
    given: dict[str, Any] = {"Array": Array}
    parts = []
    for name, type in zip(names, types, strict=True):
        given[f"pack_{name}"] = packer(type, ordinal)
        parts.append(f"pack_{name}({name})")
        if isinstance(type, ArrayType):
            given[f"type_{name}"] = plain_type(type.dtype, type.ndim, ordinal)
            quick = f"{name}.__class__ is Array and {name}.plain_type is type_{name}"
            parts[-1] = f"({name}.descriptor if {quick} else {parts[-1]})"
    left = f"[{', '.join(names)}]"
    exec(
        f"def pack(values):\n {left} = values\n return b''.join(({''.join(p + ', ' for p in parts)}))", given
    )
    made: Callable[[list[Any]], bytes] = given["pack"]
    return made


def _array_packer(expected: ArrayType) -> Pack:
    null = bytes(size_of(expected))
    dtype, axes = base_dtype(expected.dtype), component_shape(expected.dtype)
    describe_array = struct.Struct(f"=Q{2 * expected.ndim}q").pack
    ndim, dimensions = expected.ndim, expected.ndim + len(axes)

    def pack(value: Any) -> bytes:
        if value.__class__ is Array:
            if value.plain_type is expected:
                return value.descriptor
        elif value.__class__ is np.ndarray:
            flags, shape = value.flags, value.shape
            plain = flags.c_contiguous and flags.writeable and flags.aligned
            if plain and value.dtype == dtype and len(shape) == dimensions and shape[ndim:] == axes:
                return describe_array(address(value), *shape[:ndim], *value.strides[:ndim])
        elif value is None:
            return null
        raise TypeError

    return pack


def _device_array_packer(expected: ArrayType) -> Pack:
    null = bytes(size_of(expected))

    def pack(value: Any) -> bytes:
        if value.__class__ is Array and value.plain_type is expected:
            descriptor: bytes = value.descriptor
            return descriptor
        if value is None:
            return null
        raise TypeError

    return pack


def _struct_packer(type: Struct, value: Any, ordinal: int) -> bytes:
    made = argument(type, value)
    if any(device.ordinal != ordinal for device in devices_of(made)):
        raise TypeError
    return made.record


def devices_of(argument: Argument) -> list[Device]:
    """Where the arrays are that an argument is or refers to."""
    kept = argument.keep if isinstance(argument.keep, list) else [argument.keep]
    return [x.device for x in kept if hasattr(x, "device")]


def _bool_packer(value: Any) -> bytes:
    if value is True or value is False:
        return b"\1\0\0\0\0\0\0\0" if value else bytes(8)
    raise TypeError


def _bfloat16_packer(value: Any) -> bytes:
    if isinstance(value, (float, int)):
        return _format(bfloat16, 1).pack(int(bits(value)))
    raise TypeError


def _composite_packer(expected: Any) -> Pack:
    padding = bytes(-size_of(expected) % 8)
    components = _format(expected.dtype, size_of(expected) // expected.dtype.size)

    if expected.dtype == bfloat16:
        return lambda value: _composite(expected, value).record

    def pack(value: Any) -> bytes:
        if value.__class__ is Composite:
            if value.type is expected or value.type == expected:
                return value.data.tobytes() + padding
        elif value.__class__ is tuple or value.__class__ is list:
            return components.pack(*value)
        raise TypeError

    return pack


def argument(type: Type, value: Any) -> Argument:
    """`value` as an argument of `type`.

    Raises:
        Misfit: it is none.
    """
    if isinstance(type, ArrayType):
        return _array(type, value)
    if isinstance(type, Scalar):
        return _scalar(type, value)
    if isinstance(type, IndexedArrayType):
        return _indexed(type, value)
    return _struct(type, value) if isinstance(type, Struct) else _composite(type, value)


def _array(type: ArrayType, value: Any) -> Argument:
    if value is None:
        return Argument(bytes(size_of(type)), None)
    if isinstance(value, np.ndarray):
        value = _shared(type, value)
    if not isinstance(value, Array):
        raise Misfit(describe(value), f"wrap it: rk.array(..., dtype={type.dtype})")
    if value.dtype != type.dtype:
        raise Misfit(str(value.type), f"make it with dtype={type.dtype}")
    if value.ndim != type.ndim:
        raise Misfit(
            f"{value.type} of shape {value.shape}",
            f"pass {type.ndim} dimensions, for example with .reshape(...)",
        )
    return Argument(value.descriptor, value, value.is_contiguous, value)


def _indexed(type: IndexedArrayType, value: Any) -> Argument:
    if getattr(value, "type", None) != type:
        raise Misfit(describe(value), f"make it with rk.indexedarray(data, indices), data: {type.array}")
    return Argument(value.descriptor, value, keep=value)


def _shared(type: ArrayType, value: Any) -> Array:
    wanted = base_dtype(type.dtype)
    if value.dtype != wanted and value.dtype.name != "bfloat16":
        raise Misfit(
            describe(value),
            f"pass an array of {type.dtype.name}"
            if isinstance(type.dtype, Struct)
            else f"convert it with .astype('{wanted}')",
        )
    axes = component_shape(type.dtype)
    if value.ndim != type.ndim + len(axes):
        last = f", the last {axes}" if axes else ""
        raise Misfit(describe(value), f"pass {type.ndim + len(axes)} dimensions{last}")
    try:
        return share(value, type.dtype)
    except (TypeError, ValueError) as error:
        raise Misfit(describe(value), str(error)) from None


def _scalar(type: Scalar, value: Any) -> Argument:
    if isinstance(value, np.ndarray) and value.shape == ():
        value = value[()]
    value = value.value if isinstance(value, Enum) else value
    if not isinstance(value, _ACCEPTED[type.kind]):
        noun = {"b": "True or False", "f": "a number"}.get(type.kind, "an integer")
        raise Misfit(describe(value), f"pass {noun}")
    if type == bfloat16:
        pattern = bits(value)
        return Argument(_format(type, 1).pack(int(pattern)), pattern)
    try:
        return Argument(_format(type, 1).pack(value), base_dtype(type).type(value))
    except (OverflowError, struct.error):
        raise Misfit(describe(value), f"it does not fit {type}") from None


def _composite(type: Type, value: Any) -> Argument:
    count = size_of(type) // base_dtype(type).itemsize
    if isinstance(value, Composite) and value.type != type:
        raise Misfit(describe(value), f"convert it to {type}")
    try:
        data, _ = elements(value if not isinstance(value, Composite) else value.data, type)
    except (TypeError, ValueError) as error:
        raise Misfit(describe(value), f"pass rk.{type}(...) or {count} numbers ({error})") from None
    if data.shape != component_shape(type):
        raise Misfit(describe(value), f"pass rk.{type}(...) or {count} numbers")
    return Argument(_padded(data.tobytes()), data)


def _struct(type: Struct, value: Any) -> Argument:
    record = np.zeros((), numpy_dtype(type))
    keep: list[Any] = []
    if isinstance(value, np.void) and value.dtype == record.dtype:
        record[...] = value
    elif isinstance(value, StructValue):
        try:
            fill_record(record, value, type, keep)
        except TypeError as error:
            raise Misfit(describe(value), str(error)) from None
    else:
        raise Misfit(describe(value), f"pass a {type}(...)")
    return Argument(_padded(record.tobytes()), record, keep=keep)
