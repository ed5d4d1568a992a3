"""Arrays seen through lists of indices: gathering and scattering without a copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from robokern.errors import AdjointError
from robokern.ir.types import (
    ArrayType,
    IndexedArrayType,
    Type,
    as_type,
    indexed_array_type,
    int32,
    subscripted,
)
from robokern.runtime import recording
from robokern.runtime.array import Array
from robokern.runtime.array_operators import ArrayOperators
from robokern.runtime.device import Device, DeviceLike
from robokern.runtime.hostvalue import Ndarray, describe, listed_values


class IndexedArray(ArrayOperators):
    """An array whose element (i, j) is `data[indices[0][i], indices[1][j]]`; kernels read and write `data`.

    Without data it is an annotation: the type of such arrays.

    Args:
        data: the array behind.
        indices: for each dimension a 1-D array, NumPy array or list of int32, or None for all; missing ones
            are None.
        dtype: element type, in an annotation or as a check.
        ndim: number of dimensions, in an annotation or as a check.

    Attributes:
        data: the array behind.
        indices: an int32 array, or None, for each dimension.
        shape: lengths of the index lists.
        descriptor: what kernels read.

    Raises:
        TypeError: `data` is no array, or an index is no integer.
        ValueError: too many lists, dimensions that differ, or an index that `data` does not have.
    """

    __slots__ = ("__weakref__", "data", "descriptor", "indices", "shape", "type")

    data: Array
    indices: tuple[Array | None, ...]
    shape: tuple[int, ...]
    type: IndexedArrayType
    descriptor: bytes

    def __new__(cls, data: Any = None, indices: Any = None, dtype: Any = Any, ndim: int | None = None) -> Any:
        element = as_type(dtype)
        if data is None:
            return indexed_array_type(element, 1 if ndim is None else ndim)
        if not isinstance(data, Array):
            raise TypeError(f"indexedarray: expected an array, got {describe(data)}; wrap it with rk.array")
        if element not in (Any, data.dtype) or ndim not in (None, data.ndim):
            wanted = ArrayType(data.dtype if element is Any else element, ndim or data.ndim)
            raise ValueError(f"indexedarray: expected {wanted}, got {data.type}")
        made = object.__new__(cls)
        made._set(data, _lists(data, indices))
        return made

    def __class_getitem__(cls, dtype: Any) -> IndexedArrayType:
        return indexed_array_type(*subscripted(dtype))

    def _set(self, data: Array, lists: list[Array | None]) -> None:
        self.data, self.indices = data, tuple(lists)
        self.shape = tuple(n if x is None else x.size for n, x in zip(data.shape, lists, strict=True))
        self.type = indexed_array_type(data.dtype, data.ndim)
        described = [_every(n) if x is None else x.descriptor for n, x in zip(self.shape, lists, strict=True)]
        self.descriptor = data.descriptor + b"".join(described)

    @property
    def dtype(self) -> Type:
        """Type of the elements."""
        return self.data.dtype

    @property
    def device(self) -> Device:
        """Where it is."""
        return self.data.device

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape))

    @property
    def is_contiguous(self) -> bool:
        """False: the elements may lie anywhere."""
        return False

    @property
    def requires_grad(self) -> bool:
        """Whether the array behind has a gradient."""
        return self.data.requires_grad

    def numpy(self) -> Ndarray:
        """A copy of the elements; a composite's components are the last axes."""
        picked: Ndarray = self.data.numpy()[self._selection()]
        return picked

    def contiguous(self) -> Array:
        """A copy of the elements as an array.

        Raises:
            AdjointError: a tape is recording, and the array behind has a gradient.
        """
        if recording.tapes and self.requires_grad:
            raise AdjointError("indexedarray: a tape cannot record that elements are copied; launch a kernel")
        made: Array = Array(self.numpy(), dtype=self.dtype, device=self.device)
        return made

    clone = contiguous

    def assign(self, source: Any) -> IndexedArray:
        """Copies `source`, anything `array` takes, into the elements; returns the indexed array.

        Raises:
            AdjointError: a tape is recording.
            TypeError: `source` does not convert to the dtype.
            ValueError: its shape differs.
        """
        given = source.contiguous() if isinstance(source, IndexedArray) else source
        self._write(Array(shape=self.shape, dtype=self.dtype).assign(given).numpy())
        return self

    def list(self) -> Any:
        """The elements in order, as `Array.list`."""
        return listed_values(self.data.numbers()[self._selection()], self.dtype, self.data._keep)

    def _write(self, one: Any) -> None:
        if recording.tapes:
            raise AdjointError(
                "indexedarray: a tape cannot record that some elements are set; launch a kernel"
            )
        values = self.data.numpy()
        values[self._selection()] = one
        if self.device.is_cuda:
            self.data.assign(values)

    def fill_(self, value: Any) -> IndexedArray:
        """Sets every element to `value`, as `Array.fill_` does; returns the indexed array.

        Raises:
            AdjointError: a tape is recording.
        """
        filled = Array(shape=1, dtype=self.dtype).fill_(value).numpy()[0]
        self._write(filled)
        return self

    def zero_(self) -> IndexedArray:
        """Sets every element to zero; returns the indexed array.

        Raises:
            AdjointError: a tape is recording.
        """
        self._write(np.zeros((), self.data.numpy().dtype))
        return self

    def to(self, device: DeviceLike) -> IndexedArray:
        """The same on `device`.

        Raises:
            DeviceError: there is no such device.
        """
        lists = [None if x is None else x.to(device) for x in self.indices]
        made: IndexedArray = IndexedArray(self.data.to(device), lists)
        return made

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        shown = self.data.numbers()[self._selection()].tolist()
        return f"indexedarray({shown}, dtype={self.dtype}, device={str(self.device)!r})"

    def _selection(self) -> tuple[Any, ...]:
        return np.ix_(
            *(np.arange(n) if x is None else x.numpy() for n, x in zip(self.shape, self.indices, strict=True))
        )


def _every(length: int) -> bytes:
    """The descriptor of no list: no memory, and the length of the dimension."""
    return np.array([0, length, 0], np.int64).tobytes()


def _lists(data: Array, given: Any) -> list[Array | None]:
    if isinstance(given, (Array, np.ndarray)) or (given and isinstance(given[0], int)):
        given = [given]
    lists = [*(given or ())]
    if len(lists) > data.ndim:
        raise ValueError(f"indexedarray: {data.type} takes {data.ndim} lists of indices, got {len(lists)}")
    lists += [None] * (data.ndim - len(lists))
    return [_list(data, dimension, x) for dimension, x in enumerate(lists)]


def _list(data: Array, dimension: int, given: Array | Ndarray | Sequence[int] | None) -> Array | None:
    if given is None:
        return None
    same = isinstance(given, Array) and given.dtype == int32 and given.ndim == 1
    there = isinstance(given, Array) and given.device.ordinal == data.device.ordinal
    made: Array = given if same and there else Array(given, dtype=int32, ndim=1, device=data.device)  # type: ignore[assignment]
    values, length = made.numpy(), data.shape[dimension]
    if made.size and (values.min() < 0 or values.max() >= length):
        wrong = int(values[(values < 0) | (values >= length)][0])
        raise ValueError(f"indexedarray: dimension {dimension} has {length} elements, got index {wrong}")
    return made


class _IndexedArrayOf:
    """`indexedarray1d` to `indexedarray4d`: with a fixed number of dimensions."""

    def __init__(self, ndim: int) -> None:
        self.ndim = ndim

    def __call__(self, data: Any = None, indices: Any = None, dtype: Any = Any) -> Any:
        return IndexedArray(data, indices, dtype, self.ndim)

    def __getitem__(self, dtype: Any) -> IndexedArrayType:
        return indexed_array_type(as_type(dtype), self.ndim)


indexedarray1d, indexedarray2d, indexedarray3d, indexedarray4d = (_IndexedArrayOf(n) for n in (1, 2, 3, 4))
