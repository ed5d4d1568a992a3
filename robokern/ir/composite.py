"""Host values of the composite types: what `rk.vec3(1, 2, 3)` returns outside a kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from robokern.ir.bfloat16 import Bfloat16, rounded, stored

if TYPE_CHECKING:
    from robokern.ir.types import Type


_BY_NUMPY: dict[str, Any] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "matmul": np.matmul,
}


def components(values: Any, dtype: Any) -> Any:
    """Numbers as a scalar type takes them for components: integers wrap, floats stay whole.

    Raises:
        TypeError: they are no numbers, or fractions where the type is of integers.
    """
    if type(values) is float and dtype.kind == "f":
        return values  # the usual case
    source = np.asarray(values)
    fraction = source.dtype.kind == "f" and dtype.kind in "iu" and bool(np.any(source != np.trunc(source)))
    if fraction or source.dtype.kind not in "biufV":  # V: bfloat16 of ml_dtypes
        raise TypeError(f"cannot make {dtype} of {values!r}")
    return source


class Composite:
    """A vector, matrix, quaternion or transform on the host.

    Args:
        type: the composite type.
        data: its components, shape `type.shape`, of the type's scalar dtype.

    Operators mean what they mean in kernels; indexing, iteration, `.x .y .z .w`, `.p .q`;
    `np.asarray(value)` shares memory.
    """

    __slots__ = ("data", "type")
    __array_priority__ = 100  # NumPy leaves operators to this class
    operate: ClassVar[Callable[[str, Any, Any], Any] | None] = (
        None  # operators as in kernels; set by robokern
    )
    part_type: ClassVar[Callable[[Any, tuple[int, ...]], Any]]  # of a slice of this shape; set by `types`

    def __init__(self, type: Type, data: np.ndarray) -> None:
        self.type, self.data = type, data

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.data if dtype is None else self.data.astype(dtype)

    def __bytes__(self) -> bytes:
        """Its bytes in an array."""
        return (stored(self.data) if self._is_bfloat16 else self.data).tobytes()

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self.data)))

    def __getitem__(self, index: Any) -> Any:
        found = self.data[self._checked(index)]
        if found.ndim:
            return Composite(Composite.part_type(self.type, found.shape), found)
        return Bfloat16(found) if self._is_bfloat16 else found

    def _checked(self, index: Any) -> Any:
        """Indices and slices; NumPy would take more."""
        if type(index) is int:
            return index
        parts = index if isinstance(index, tuple) else (index,)
        if len(parts) > self.data.ndim or not all(isinstance(p, (int, np.integer, slice)) for p in parts):
            raise IndexError(f"{self.type} takes {self.data.ndim} indices or slices, got {index!r}")
        return index

    def get_row(self, index: int) -> Composite:
        """A row of a matrix, which it shares."""
        return Composite(Composite.part_type(self.type, self.data[index].shape), self.data[index])

    def set_row(self, index: int, row: Any) -> None:
        """Replaces a row of a matrix."""
        self.data[index] = self._rounded(row)

    def get_col(self, index: int) -> Composite:
        """A column of a matrix, which it shares."""
        return Composite(Composite.part_type(self.type, self.data[:, index].shape), self.data[:, index])

    def set_col(self, index: int, column: Any) -> None:
        """Replaces a column of a matrix."""
        self.data[:, index] = self._rounded(column)

    def __setitem__(self, index: Any, value: Any) -> None:
        self.data[self._checked(index)] = self._rounded(value)

    def __getattr__(self, name: str) -> Any:
        parts = getattr(self.type, "parts", {})
        if name in parts:
            start, type_ = parts[name]
            return Composite(type_, self.data[start : start + type_.shape[0]])
        place = "xyzw".find(name) if len(name) == 1 else -1
        if place < 0 or place >= len(self.data) or self.data.ndim != 1:
            raise AttributeError(f"{self.type} has no component {name!r}")
        return self[place]

    def __setattr__(self, name: str, value: Any) -> None:
        if name in Composite.__slots__:
            object.__setattr__(self, name, value)
        elif name in getattr(self.type, "parts", {}):
            getattr(self, name)[:] = value
        elif name in tuple("xyzw"[: self.data.size]) and self.data.ndim == 1:
            self["xyzw".index(name)] = value
        else:
            raise AttributeError(f"{self.type} has no component {name!r}")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (list, tuple, np.ndarray)):
            return bool(np.array_equal(self.data, np.asarray(other)))
        if not isinstance(other, Composite):
            return NotImplemented
        return self.type == other.type and bool(np.array_equal(self.data, other.data))

    def __hash__(self) -> int:
        return hash((self.type, *self.data.ravel().tolist()))  # 0.0 and -0.0 are equal

    def _binary(self, name: str, other: Any, elementwise: Any) -> Any:
        """Equal types and scalars here; every other meaning is the kernel language's."""
        if elementwise is not None and self._is_alike(name, other):
            other = other.data if isinstance(other, Composite) else self._rounded(self.type.dtype(other))  # type: ignore[attr-defined]
            made = elementwise(self.data, other).astype(self.data.dtype)
            return Composite(self.type, rounded(made) if self._is_bfloat16 else made)
        if Composite.operate is None or not isinstance(other, (Composite, int, float, np.generic)):
            return NotImplemented
        return Composite.operate(name, self, other)

    @property
    def _is_bfloat16(self) -> bool:
        """Whether its numbers are held in a wider type."""
        return bool(self.type.dtype is Bfloat16.dtype)  # type: ignore[attr-defined]

    def _rounded(self, values: Any) -> Any:
        """Numbers as this type has them."""
        if isinstance(values, int):
            return self.type.dtype(values)  # type: ignore[attr-defined]
        found = components(values, self.type.dtype)  # type: ignore[attr-defined]
        return rounded(found) if self._is_bfloat16 else found

    def _is_alike(self, name: str, other: Any) -> bool:
        if isinstance(other, Composite):
            return name in ("add", "sub") and other.type == self.type
        return name in ("mul", "div") and isinstance(other, (int, float, np.generic)) and self._takes(other)

    def _takes(self, number: Any) -> bool:
        """Whether a number may become one of this type's: a float no integer."""
        return self.data.dtype.kind == "f" or not isinstance(number, (float, np.floating))

    def __add__(self, other: Any) -> Any:
        return self._binary("add", other, np.add)

    def __radd__(self, other: Any) -> Any:
        return self._reflected("add", other)

    def __sub__(self, other: Any) -> Any:
        return self._binary("sub", other, np.subtract)

    def __rsub__(self, other: Any) -> Any:
        return self._reflected("sub", other)

    def __mul__(self, other: Any) -> Any:
        return self._binary("mul", other, np.multiply)

    def __matmul__(self, other: Any) -> Any:
        return self._binary("matmul", other, None)

    def __rmul__(self, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return self._reflected("mul", other)
        return self._binary("mul", other, np.multiply)

    def __truediv__(self, other: Any) -> Any:
        return self._binary("div", other, np.divide)

    def __rtruediv__(self, other: Any) -> Any:
        return self._reflected("div", other)

    def __rmatmul__(self, other: Any) -> Any:
        return self._reflected("matmul", other)

    def _reflected(self, name: str, other: Any) -> Any:
        """`other` on the left: with a NumPy array it is NumPy's operator, as with one on the right."""
        if isinstance(other, np.ndarray):
            return _BY_NUMPY[name](other, self.data)
        if Composite.operate is None or not isinstance(other, (int, float, np.generic)):
            return NotImplemented
        return Composite.operate(name, other, self)

    def __pos__(self) -> Composite:
        return self

    def __mod__(self, other: Any) -> Any:
        return self._binary("mod", other, None)

    def __neg__(self) -> Composite:
        return Composite(self.type, -self.data)

    def __repr__(self) -> str:
        return f"{self.type}({', '.join(map(str, self.data.ravel().tolist()))})"


class StructValue:
    """An instance of a `@struct` on the host: its fields as attributes, zero when not given."""

    def __init__(self, type: Any, values: dict[str, Any]) -> None:
        object.__setattr__(self, "_type", type)
        known = dict(type.fields)
        for name in values:
            if name not in known:
                raise TypeError(f"{type.name} has no field {name!r} (fields: {', '.join(known)})")
        for name, field in type.fields:
            object.__setattr__(self, name, values[name] if name in values else field.zero())

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._type.by_name:  # type: ignore[attr-defined]
            fields = ", ".join(self._type.by_name)  # type: ignore[attr-defined]
            raise AttributeError(f"{self._type.name} has no field {name!r} (fields: {fields})")  # type: ignore[attr-defined]
        object.__setattr__(self, name, self._type.taken(name, value))  # type: ignore[attr-defined]

    def to(self, device: Any) -> StructValue:
        """A copy whose arrays, those of inner structs too, are on `device`.

        Raises:
            DeviceError: there is no such device.
        """
        fields = [(n, getattr(self, n)) for n, _ in self._type.fields]  # type: ignore[attr-defined]
        return StructValue(
            self._type,  # type: ignore[attr-defined]
            {n: x.to(device) if hasattr(x, "to") else x for n, x in fields},
        )

    def __repr__(self) -> str:
        shown = ", ".join(f"{n}={getattr(self, n)!r}" for n, _ in self._type.fields)  # type: ignore[attr-defined]
        return f"{self._type.name}({shown})"  # type: ignore[attr-defined]
