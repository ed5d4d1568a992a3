"""`rk.types`: making and asking about types, in static expressions and on the host."""

from __future__ import annotations

import builtins
from typing import Any

from robokern.ir.composite import Composite
from robokern.ir.layout import leaves, size_of
from robokern.ir.types import (
    COMPOSITES,
    SCALARS,
    ArrayType,
    Matrix,
    Quaternion,
    Scalar,
    Struct,
    Transform,
    Type,
    Vector,
    as_type,
    bool_,
    matrix,
    quaternion,
    transformation,
    vector,
)


def type_size(dtype: Any) -> int:
    """Number of scalars in a value; 1 for a struct."""
    type = as_type(dtype)
    return 1 if isinstance(type, Struct) else len(leaves(type))


def type_size_in_bytes(dtype: Any) -> int:
    """Bytes of one element of an array of this type.

    Raises:
        TypeError: it names no type.
    """
    return int(size_of(as_type(dtype)))


def _type_of(x: Any) -> Any:
    try:
        return as_type(x)
    except TypeError:
        return None


def type_is_int(t: Any) -> bool:
    """Whether it is a signed or unsigned integer type."""
    return isinstance(type := _type_of(t), Scalar) and type.kind in "iu"


def type_is_float(t: Any) -> bool:
    """Whether it is a floating-point type."""
    return isinstance(type := _type_of(t), Scalar) and type.kind == "f"


def type_is_scalar(t: Any) -> bool:
    """Whether it is a number type."""
    return isinstance(type := _type_of(t), Scalar) and type != bool_


def type_is_vector(t: Any) -> bool:
    """Whether it is a vector type."""
    return isinstance(t, Vector)


def type_is_matrix(t: Any) -> bool:
    """Whether it is a matrix type."""
    return isinstance(t, Matrix)


def type_is_quaternion(t: Any) -> bool:
    """Whether it is a quaternion type."""
    return isinstance(t, Quaternion)


def type_is_transformation(t: Any) -> bool:
    """Whether it is a transform type."""
    return isinstance(t, Transform)


def type_is_struct(t: Any) -> bool:
    """Whether it is a struct type."""
    return isinstance(t, Struct)


def type_is_composite(t: Any) -> bool:
    """Whether it is a vector, matrix, quaternion or transform type."""
    return isinstance(t, COMPOSITES)


def type_is_tile(t: Any) -> bool:
    """Whether it is a type of tiles: there are none."""
    return False


def is_tile(x: Any) -> bool:
    """Whether it is a tile: there are none."""
    return False


def is_array(x: Any) -> bool:
    """Whether it is an array or an array annotation."""
    return isinstance(x, ArrayType) or isinstance(getattr(x, "type", None), ArrayType)


def is_composite(x: Any) -> bool:
    """Whether it is a host vector, matrix, quaternion or transform."""
    return isinstance(x, Composite)


def type_is_array(t: Any) -> bool:
    """Whether it is an array type."""
    return isinstance(t, ArrayType)


def type_is_value(t: Any) -> bool:
    """Whether values of it are passed by value: everything but arrays."""
    return _type_of(t) is not None and not isinstance(t, ArrayType)


def types_equal(a: Any, b: Any) -> bool:
    """Whether two annotations mean one type."""
    return bool(as_type(a) == as_type(b))


def type_repr(t: Any) -> str:
    """A type as messages write it."""
    return str(as_type(t))


def _of_value(x: Any) -> Any:
    own = getattr(x, "type", None) or getattr(x, "_type", None)
    return own if isinstance(own, Type) else _type_of(builtins.type(x))


def is_int(x: Any) -> bool:
    """Whether it is a host integer."""
    return type_is_int(_of_value(x))


def is_float(x: Any) -> bool:
    """Whether it is a host floating-point number."""
    return isinstance(x, float) or type_is_float(_of_value(x))


def is_scalar(x: Any) -> bool:
    """Whether it is a host number."""
    return is_float(x) or type_is_scalar(_of_value(x))


def is_vector(x: Any) -> bool:
    """Whether it is a host vector."""
    return type_is_vector(_of_value(x))


def is_matrix(x: Any) -> bool:
    """Whether it is a host matrix."""
    return type_is_matrix(_of_value(x))


def is_quaternion(x: Any) -> bool:
    """Whether it is a host quaternion."""
    return type_is_quaternion(_of_value(x))


def is_transformation(x: Any) -> bool:
    """Whether it is a host transform."""
    return type_is_transformation(_of_value(x))


def is_struct(x: Any) -> bool:
    """Whether it is an instance of a struct."""
    return type_is_struct(_of_value(x))


def is_value(x: Any) -> bool:
    """Whether kernels take it by value: a number, composite or struct."""
    return type_is_value(_of_value(x))


globals().update({s.name: s for s in SCALARS if s != bool_})

__all__ = [
    "Type", "is_array", "is_composite", "is_float", "is_int", "is_matrix", "is_quaternion", "is_scalar",
    "is_struct", "is_tile", "is_transformation", "is_value", "is_vector", "matrix", "quaternion",
    "transformation", "type_is_array", "type_is_composite", "type_is_float", "type_is_int",
    "type_is_matrix", "type_is_quaternion", "type_is_scalar", "type_is_struct", "type_is_tile",
    "type_is_transformation", "type_is_value", "type_is_vector", "type_repr", "type_size",
    "type_size_in_bytes", "types_equal", "vector",
]  # fmt: skip
