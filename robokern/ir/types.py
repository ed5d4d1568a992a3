"""The types of the kernel language: plain data, compared by value, and callable to make host values.

    Type
    |-- Scalar       bool, int8..64, uint8..64, float16/32/64, bfloat16
    |-- Composite types, scalars in a row
    |   |-- Vector, Matrix (row major), Quaternion (xyzw), Transform (position, then quaternion)
    |-- Struct       named fields of any type, arrays included
    |   `-- IndexedArrayType   an array and the indices it is seen through
    |-- ArrayType    1-4 dimensions over a dtype
    |-- Inout        a parameter whose new value the caller's variable receives

`typing.Any` in the place of a length, shape or dtype makes a pattern that matches every one (`matches`).
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass, fields
from enum import Enum, IntEnum, IntFlag
from functools import cached_property
from typing import Any, TypeVar, Union

import numpy as np

from robokern.ir.bfloat16 import Bfloat16, rounded
from robokern.ir.composite import Composite, StructValue, components
from robokern.ir.renamed import Renamed


@dataclass(frozen=True)
class Type:
    """Base of all types; each keeps its hash, since most tables of the compiler are looked up by types."""

    def __init_subclass__(cls) -> None:
        cls.__hash__ = Type.__hash__  # type: ignore[method-assign]  # or `dataclass` writes one

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.__class__, self.arguments))

    @cached_property
    def arguments(self) -> tuple[Any, ...]:
        """What it was made of."""
        return tuple(getattr(self, f.name) for f in fields(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return self.__class__, self.arguments  # another process hashes texts differently

    def default(self) -> Any:
        """The zero of this type as a host value."""
        raise TypeError(f"{self} has no host value")

    def zero(self) -> Any:
        """What a struct's field of this type holds when it is not given: all zeros."""
        return self.default()

    def accept(self, value: Any) -> Any:
        """A value given to a struct's field of this type, as the field holds it.

        Raises:
            TypeError: it does not fit.
        """
        if value is not None and _type_of(value) != self:
            raise TypeError(f"expected {self}, got {_type_of(value) or repr(value)}")
        return value

    @property
    def __name__(self) -> str:
        return str(self)

    def __instancecheck__(self, value: Any) -> bool:
        """`isinstance(x, rk.vec3)`: whether a host value has this type."""
        return bool(_type_of(value) == self)

    def __subclasscheck__(self, other: Any) -> bool:
        """`issubclass(rk.float32, rk.float32 | rk.float64)`, as programs for Warp ask of their types."""
        return bool(other == self)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[builtins.type, ...]:
        """`class Name(this type): pass` makes `Name` another name of it."""
        return (Renamed,)

    def __or__(self, other: Any) -> Any:
        """`rk.vec3 | None` in annotations of functions on the host."""
        return Union[self, other]  # noqa: UP007 - this is what makes `|` work

    def __ror__(self, other: Any) -> Any:
        return Union[other, self]  # noqa: UP007


@dataclass(frozen=True)
class Scalar(Type):
    """A number or truth value; `kind` is b, i, u or f."""

    name: str
    kind: str
    bits: int

    def __call__(self, value: Any = 0) -> Any:
        """Casts a host number to this type, as a NumPy scalar (bfloat16: as a `Bfloat16`); integers wrap."""
        if self.kind in "iu" and isinstance(value, int):
            low = -(1 << (self.bits - 1)) if self.kind == "i" else 0
            value = (int(value) - low) % (1 << self.bits) + low
        return Bfloat16(value) if self.name == "bfloat16" else self.numpy.type(value)

    def accept(self, value: Any) -> Any:
        if type(value) is int or (type(value) is float and self.kind == "f"):
            return value
        value = value.value if isinstance(value, Enum) else value
        if np.ndim(components(value, self)):
            raise TypeError(f"expected one {self}, got {value!r}")
        return value

    def default(self) -> Any:
        return self(0)

    @property
    def __numpy_dtype__(self) -> np.dtype[Any]:
        """What `np.dtype` makes of it (NumPy 2.4)."""
        if self.name == "bfloat16":
            raise AttributeError("bfloat16 is not a type of NumPy")
        return self.numpy

    @property
    def size(self) -> int:
        """Bytes."""
        return max(self.bits // 8, 1)

    @property
    def numpy(self) -> np.dtype[Any]:
        """What NumPy computes with for it; in memory only bfloat16 differs (`layout.numpy_dtype`)."""
        return np.dtype("float32" if self.name == "bfloat16" else self.name)

    def __str__(self) -> str:
        return self.name


bool_ = Scalar("bool", "b", 8)
int8, int16, int32, int64 = (Scalar(f"int{n}", "i", n) for n in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (Scalar(f"uint{n}", "u", n) for n in (8, 16, 32, 64))
float16, float32, float64 = (Scalar(f"float{n}", "f", n) for n in (16, 32, 64))
bfloat16 = Bfloat16.dtype = Scalar("bfloat16", "f", 16)
_INTEGERS = (int8, int16, int32, int64, uint8, uint16, uint32, uint64)
SCALARS = (bool_, *_INTEGERS, float16, bfloat16, float32, float64)
BY_NAME = {s.name: s for s in SCALARS}


def _type_of(value: Any) -> Any:
    """The type of a host value that has one."""
    if isinstance(value, StructValue):
        return value._type  # type: ignore[attr-defined]
    if isinstance(value, np.generic):
        return BY_NAME.get(value.dtype.name)
    return bfloat16 if isinstance(value, Bfloat16) else getattr(value, "type", None)


def _components(type: Any, args: tuple[Any, ...]) -> Composite:
    flat = np.concatenate([np.ravel(components(a, type.dtype)) for a in args]) if args else np.zeros(1)
    data = np.empty(type.shape, dtype=type.dtype.numpy)
    if flat.size not in (1, data.size):
        raise TypeError(f"{type} takes {data.size} components (or one for all), got {flat.size}")
    data.reshape(-1)[:] = rounded(flat) if type.dtype == bfloat16 else flat
    return Composite(type, data)


class _OfComponents(Type):
    """What vectors, matrices, quaternions and transforms share."""

    def accept(self, value: Any) -> Any:
        if value is None:
            return self.zero()
        if not hasattr(value, "__len__"):
            raise TypeError(f"expected {self}, got {value!r}; write rk.{self}({value!r})")
        return value if _type_of(value) == self else _components(self, tuple(value))


@dataclass(frozen=True)
class Vector(_OfComponents):
    """`length` scalars of `dtype`."""

    length: Any
    dtype: Any

    def __call__(self, *args: Any) -> Composite:
        return _components(self, args)

    def default(self) -> Any:
        return self(0)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of its components."""
        return (self.length,)

    def __str__(self) -> str:
        suffix = _SUFFIX.get(self.dtype)
        if suffix is None or self.length not in (2, 3, 4):
            return f"vector({_show(self.length)}, {_show(self.dtype)})"
        return f"vec{self.length}{suffix}"


@dataclass(frozen=True)
class Matrix(_OfComponents):
    """`rows` x `cols` scalars of `dtype`, row major."""

    rows: Any
    cols: Any
    dtype: Any

    def __call__(self, *args: Any) -> Composite:
        return _components(self, args)

    def default(self) -> Any:
        return self(0)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of its components."""
        return (self.rows, self.cols)

    def __str__(self) -> str:
        suffix = _SUFFIX.get(self.dtype)
        if suffix is None or self.rows not in range(2, 7) or self.cols not in range(2, 7):
            return f"matrix(({_show(self.rows)}, {_show(self.cols)}), {_show(self.dtype)})"
        return f"mat{self.rows}{self.cols}{suffix}"


@dataclass(frozen=True)
class Quaternion(_OfComponents):
    """x, y, z, w."""

    dtype: Any

    def __call__(self, *args: Any) -> Composite:
        return _components(self, args)

    def default(self) -> Any:
        return self(0)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of its components."""
        return (4,)

    def __str__(self) -> str:
        return f"quat{_SUFFIX.get(self.dtype, f'({_show(self.dtype)})')}"


@dataclass(frozen=True)
class Transform(_OfComponents):
    """Position p (3), then orientation q (xyzw): 7 scalars."""

    dtype: Any

    def __call__(self, *args: Any, **parts: Any) -> Composite:
        """Components; or position `p` and orientation `q`, each with a default; nothing: the identity."""
        only_position = len(args) == 1 and np.size(args[0]) == 3
        if args and not parts and not only_position:
            return _components(self, args)
        given = {**dict(zip("pq", args, strict=False)), **parts}
        return _components(self, (given.pop("p", (0, 0, 0)), given.pop("q", (0, 0, 0, 1)), *given))

    def default(self) -> Any:
        return self(0, 0, 0, 0, 0, 0, 1)

    def zero(self) -> Any:
        return self(0)

    @property
    def parts(self) -> dict[str, tuple[int, Type]]:
        """Its named parts: first scalar and type."""
        return {"p": (0, Vector(3, self.dtype)), "q": (3, Quaternion(self.dtype))}

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of its components."""
        return (7,)

    def __str__(self) -> str:
        return f"transform{_SUFFIX.get(self.dtype, f'({_show(self.dtype)})')}"


@dataclass(frozen=True)
class Struct(Type):
    """Named fields in order; laid out in memory with C alignment."""

    name: str
    fields: tuple[tuple[str, Type], ...]

    def __call__(self, **values: Any) -> StructValue:
        known = self.by_name
        return StructValue(self, {n: self.taken(n, x) if n in known else x for n, x in values.items()})

    @cached_property
    def by_name(self) -> dict[str, Type]:
        """Its fields' types."""
        return dict(self.fields)

    def taken(self, name: str, value: Any) -> Any:
        """A value as a field of this name holds it.

        Raises:
            TypeError: it does not fit.
        """
        try:
            return self.by_name[name].accept(value)
        except TypeError as error:
            raise TypeError(f"{self}.{name}: {error}") from None

    def numpy_dtype(self) -> np.dtype[Any]:
        """The structured dtype of its elements in NumPy; an array inside is its descriptor."""
        from robokern.ir.layout import numpy_dtype  # bytes are its business, and it imports this module

        return numpy_dtype(self)

    def default(self) -> Any:
        return StructValue(self, {})

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class ArrayType(Type):
    """An array of 1-4 dimensions over `dtype`."""

    dtype: Any
    ndim: int = 1

    def default(self) -> Any:
        return None

    def __str__(self) -> str:
        digits = "" if self.ndim == 1 else str(self.ndim) + "d"
        return f"array{digits}(dtype={_show(self.dtype)})"


@dataclass(frozen=True)
class IndexedArrayType(Struct):
    """An array seen through a list of indices along each dimension: a struct of these arrays.

    Its fields are `data`, then `indices0`, ... of int32, whose lengths are its shape; one without memory
    stands for all indices in order.
    """

    @property
    def array(self) -> ArrayType:
        """The type of the array behind it."""
        found = self.fields[0][1]
        assert isinstance(found, ArrayType)
        return found

    @property
    def dtype(self) -> Any:
        """Type of the elements."""
        return self.array.dtype

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return self.array.ndim

    def default(self) -> Any:
        return None


def indexed_array_type(dtype: Any, ndim: int = 1) -> IndexedArrayType:
    """The type of indexed arrays over `dtype`."""
    array = ArrayType(dtype, ndim)
    indices = tuple((f"indices{i}", ArrayType(int32, 1)) for i in range(ndim))
    return IndexedArrayType(f"indexed{array}", (("data", array), *indices))


@dataclass(frozen=True)
class Inout(Type):
    """A parameter passed by value whose new value is written back to the caller's variable."""

    inner: Any

    def __str__(self) -> str:
        return f"inout({_show(self.inner)})"


COMPOSITES = (Vector, Matrix, Quaternion, Transform)


def _part_type(whole: Any, shape: tuple[int, ...]) -> Type:
    if len(shape) == 1:
        return Vector(shape[0], whole.dtype)
    return Matrix(shape[0], shape[1], whole.dtype)


Composite.part_type = staticmethod(_part_type)

_SUFFIX = {
    float16: "h", float32: "", float64: "d", int8: "b", uint8: "ub", int16: "s", uint16: "us",
    int32: "i", uint32: "ui", int64: "l", uint64: "ul",
}  # fmt: skip


def _show(x: Any) -> str:
    return "Any" if x is Any else x.__name__ if isinstance(x, TypeVar) else str(x)


def as_type(annotation: Any) -> Any:
    """The Type an annotation means: `float` is float32, `int` (or an IntEnum) int32, NumPy scalars by name.

    Raises:
        TypeError: it names no type of the kernel language.
    """
    if isinstance(annotation, (Type, TypeVar)) or annotation is Any:
        return annotation
    if annotation in _PYTHON:
        return _PYTHON[annotation]
    if isinstance(annotation, builtins.type) and issubclass(annotation, np.generic):
        found = BY_NAME.get(np.dtype(annotation).name)
        if found is not None:
            return found
    if isinstance(annotation, builtins.type) and issubclass(annotation, IntEnum | IntFlag):
        return int32
    raise TypeError(f"{annotation!r} is not a type of the kernel language")


_PYTHON: dict[Any, Type] = {float: float32, int: int32, bool: bool_}


def vector(length: Any = Any, dtype: Any = Any) -> Vector:
    """The type of vectors of `length` components."""
    return Vector(length, as_type(dtype))


def matrix(shape: Any = (Any, Any), dtype: Any = Any) -> Matrix:
    """The type of matrices of `shape` (rows, columns)."""
    return Matrix(shape[0], shape[1], as_type(dtype))


def quaternion(dtype: Any = Any) -> Quaternion:
    """The type of quaternions over `dtype`."""
    return Quaternion(as_type(dtype))


def transformation(dtype: Any = Any) -> Transform:
    """The type of rigid transforms over `dtype`."""
    return Transform(as_type(dtype))


def fixedarray(shape: int | tuple[int, ...], dtype: Any) -> ArrayType:
    """The type of arrays of a shape that are private to an item (`rk.zeros(shape=..., dtype=...)`)."""
    return ArrayType(as_type(dtype), len(shape) if isinstance(shape, tuple) else 1)


def subscripted(annotation: Any) -> tuple[Any, int]:
    """Element type and dimensions of `array[T]` and `array[T, Literal[n]]`.

    Raises:
        TypeError: it is neither.
    """
    dtype, ndim = annotation if isinstance(annotation, tuple) and len(annotation) == 2 else (annotation, 1)
    count = ndim if isinstance(ndim, int) else getattr(ndim, "__args__", (None,))[0]
    if not isinstance(count, int) or not 1 <= count <= 4:
        raise TypeError(f"an array has 1 to 4 dimensions, got {ndim!r}")
    return as_type(dtype), count


def inout(annotation: Any) -> Inout:
    """Marks a func parameter whose final value is assigned to the caller's variable."""
    return Inout(as_type(annotation))


class ref:
    """`ref[T]` as a func's parameter: `inout(T)`, in Warp's spelling."""

    def __class_getitem__(cls, annotation: Any) -> Inout:
        return inout(annotation)


Float = TypeVar("Float", float16, bfloat16, float32, float64)  # type: ignore[valid-type]
Int = TypeVar("Int", int8, uint8, int16, uint16, int32, uint32, int64, uint64)  # type: ignore[valid-type]
AnyScalar = TypeVar("AnyScalar", *SCALARS[1:])  # type: ignore[misc]


def scalar_of(type: Any) -> Any:
    """The scalar type underneath: itself, or the dtype of a composite; None for structs and arrays."""
    if isinstance(type, Scalar):
        return type
    return type.dtype if isinstance(type, COMPOSITES) else None


def is_float(type: Any) -> bool:
    """Whether its scalar is a float type."""
    scalar = scalar_of(type)
    return isinstance(scalar, Scalar) and scalar.kind == "f"


def is_integer(type: Any) -> bool:
    """Whether its scalar is a signed or unsigned integer."""
    scalar = scalar_of(type)
    return isinstance(scalar, Scalar) and scalar.kind in "iu"


def matches(pattern: Any, type: Any, bound: dict[TypeVar, Any] | None = None) -> bool:
    """Whether `type` fits `pattern`: `Any` stands for anything, a TypeVar for one thing throughout.

    Args:
        pattern: a type, possibly with `Any` and type variables in it.
        type: a concrete type.
        bound: what type variables stand for so far; those met here are added.
    """
    if pattern is Any:
        return True
    if isinstance(pattern, TypeVar):
        return _matches_variable(pattern, type, {} if bound is None else bound)
    if isinstance(pattern, Inout):
        return matches(pattern.inner, type, bound)
    if pattern.__class__ is not type.__class__:
        return False
    if isinstance(pattern, IndexedArrayType):
        return matches(pattern.array, type.array, bound)
    if isinstance(pattern, (Scalar, Struct)):
        return bool(pattern == type)
    return all(
        matches(mine, other, bound) if isinstance(mine, (Type, TypeVar)) or mine is Any else mine == other
        for mine, other in zip(pattern.arguments, type.arguments, strict=True)
    )


def _matches_variable(variable: TypeVar, type: Any, bound: dict[TypeVar, Any]) -> bool:
    allowed = variable.__constraints__
    if allowed and not any(matches(as_type(a), type) for a in allowed):
        return False
    return bool(bound.setdefault(variable, type) == type)


def is_concrete(type: Any) -> bool:
    """Whether no `Any` is left in it."""
    if type is Any or isinstance(type, TypeVar):
        return False
    if isinstance(type, IndexedArrayType):
        return is_concrete(type.array)
    if isinstance(type, (Scalar, Struct)):
        return True
    inner = [x for x in type.arguments if x is Any or isinstance(x, (Type, TypeVar))]
    return all(is_concrete(x) for x in inner)


def named_types() -> dict[str, Type]:
    """The named composite types: vec2..vec4, mat22..mat44, quat, transform, spatial_*, with all suffixes."""
    names: dict[str, Type] = {}
    for dtype, suffix in _SUFFIX.items():
        for n in (2, 3, 4):
            names[f"vec{n}{suffix or 'f'}"] = Vector(n, dtype)
    for dtype, suffix in ((float16, "h"), (float32, "f"), (float64, "d")):
        for n in (2, 3, 4):
            names[f"mat{n}{n}{suffix}"] = Matrix(n, n, dtype)
        names[f"quat{suffix}"] = Quaternion(dtype)
        names[f"transform{suffix}"] = Transform(dtype)
        names[f"spatial_vector{suffix}"] = Vector(6, dtype)
        names[f"spatial_matrix{suffix}"] = Matrix(6, 6, dtype)
    for name in [n for n in names if n.endswith("f")]:
        names[name[:-1]] = names[name]
    return names


NAMED = named_types()
vec2, vec3, vec4 = (Vector(n, float32) for n in (2, 3, 4))
vec2d, vec3d, vec4d = (Vector(n, float64) for n in (2, 3, 4))
vec2i, vec3i, vec4i = (Vector(n, int32) for n in (2, 3, 4))
mat22, mat33, mat44 = (Matrix(n, n, float32) for n in (2, 3, 4))
mat22d, mat33d, mat44d = (Matrix(n, n, float64) for n in (2, 3, 4))
quat, quatd = Quaternion(float32), Quaternion(float64)
transform, transformd = Transform(float32), Transform(float64)
spatial_vector, spatial_matrix = Vector(6, float32), Matrix(6, 6, float32)
