"""Arrays of 1 to 4 dimensions over any dtype of the kernel language, in memory shared with NumPy."""

from __future__ import annotations

import operator
import struct
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np

from robokern.compiler.builtins import means
from robokern.ir.bfloat16 import floats, ml_dtype
from robokern.ir.types import ArrayType, Scalar, Struct, Type, as_type, bfloat16, subscripted
from robokern.runtime import recording
from robokern.runtime.array_exchange import ArrayExchange
from robokern.runtime.array_operators import ArrayOperators
from robokern.runtime.array_shape import (
    MAX_DIMENSIONS,
    Shape,
    check_lengths,
    checked_key,
    element_size,
    element_type,
    packed_strides,
    shape_of,
    spread,
    with_components,
)
from robokern.runtime.device import CPU, Device, DeviceLike, get_device
from robokern.runtime.dlpack_cuda import adopt
from robokern.runtime.hostvalue import (
    Ndarray,
    base_dtype,
    component_shape,
    describe,
    elements,
    host_value,
    infer_dtype,
    listed_values,
)
from robokern.runtime.memory import address, allocate, content, fill, move, put


@cache
def array_type(dtype: Type, ndim: int) -> ArrayType:
    """The one instance of an array type, so that launching can compare by identity."""
    return ArrayType(dtype, ndim)


@cache
def plain_type(dtype: Type, ndim: int, ordinal: int) -> ArrayType:
    """The one instance that contiguous arrays in one memory have as `plain_type`.

    It differs from memory to memory, so that the comparison that clears an argument clears its device too.
    """
    return array_type(dtype, ndim) if ordinal < 0 else ArrayType(dtype, ndim)


@cache
def _descriptor(ndim: int) -> struct.Struct:
    return struct.Struct(f"=Q{2 * ndim}q")


class Array(ArrayExchange, ArrayOperators):
    """An array whose elements are scalars, vectors, matrices, quaternions, transforms or structs.

    Without data and shape, `array(dtype=T)` and `array[T]` are an annotation: the type of such arrays.

    Args:
        data: NumPy array, (nested) list, host values, another array; a composite's components are the
            last axes, so `vec3` elements of shape (n, m) come from data of shape (n, m, 3).
        dtype: element type; taken from `data` when absent (Python floats are float32, integers int32).
        shape: without `data`, makes zeros; with it, the elements are reshaped, one element repeated.
        device: `cpu`, `ref` or `auto`; None: the default device.
        copy: False shares the memory of `data`, a NumPy array, and keeps it alive.
        ndim: number of dimensions, in an annotation or as a check.
        requires_grad: whether `grad` holds an array of the same shape.
        ptr: instead of `data`: address of the first element of memory that outlives the array.
        strides: with `ptr`: bytes from one element to the next along each dimension; None: in a row.
        retain_grad: whether a tape's `grad` is by the value last written instead of the one before the tape.

    Raises:
        TypeError: `data` does not convert to `dtype`; with copy=False: has another dtype.
        ValueError: the shape does not fit.
    """

    __array_priority__ = 100  # NumPy leaves operators to this class

    __slots__ = (
        "__weakref__",
        "_grad",
        "_keep",
        "_numpy",
        "_requires_grad",
        "_span",
        "_told",
        "descriptor",
        "device",
        "dtype",
        "plain_type",
        "retain_grad",
        "shape",
        "strides",
        "type",
    )

    type: ArrayType
    dtype: Type
    shape: tuple[int, ...]  # elements along each dimension
    strides: tuple[int, ...]  # bytes from one element to the next along each dimension
    device: Device
    descriptor: bytes  # address, shape, strides, as kernels read them
    plain_type: ArrayType | None  # `type` when C-contiguous, else None: one comparison clears an argument
    _span: tuple[int, int]  # where its elements are, once somebody has asked (`tape_blocks.span_of`)
    _requires_grad: bool
    retain_grad: (
        bool  # whether `grad` receives the derivative by what was last written, not by what was there first
    )
    _numpy: Ndarray
    _keep: list[Any]  # arrays that struct elements refer to
    _told: bool  # set once somebody was told the address, and may keep it
    _grad: Array | None

    def __new__(
        cls,
        data: Any = None,
        dtype: Any = Any,
        shape: Shape | None = None,
        device: DeviceLike = None,
        copy: bool = True,
        ndim: int | None = None,
        requires_grad: bool = False,
        retain_grad: bool = False,
        ptr: int | None = None,
        strides: Sequence[int] | None = None,
    ) -> Any:
        element = as_type(dtype)
        if data is None and shape is None:
            return ArrayType(element, 1 if ndim is None else ndim)
        if ptr is not None:
            made = _at(ptr, element_type(element), shape_of(shape), strides, get_device(device))
        elif data is None:
            made = zeros_of(element_type(element), shape_of(shape), get_device(device))
        else:
            made = _from_data(data, element, shape, get_device(device), copy)
        if ndim is not None and made.ndim != ndim:
            raise ValueError(f"array: expected {ndim} dimensions, got shape {made.shape} of {made.dtype}")
        made.requires_grad, made.retain_grad = requires_grad, retain_grad
        return made

    def __class_getitem__(cls, dtype: Any) -> ArrayType:
        return ArrayType(*subscripted(dtype))

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape))

    @property
    def ptr(self) -> int:
        """Address of the first element."""
        self._told = True
        return address(self._numpy)

    @property
    def is_contiguous(self) -> bool:
        """Whether the elements lie in a row, last dimension fastest."""
        return self.plain_type is not None

    @property
    def requires_grad(self) -> bool:
        """Whether a tape's `backward` leaves a gradient in `grad`."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self._requires_grad = value
        for tape in recording.tapes:
            tape.replan()

    @property
    def grad(self) -> Array | None:
        """The gradient, zeros at first; None unless `requires_grad`."""
        if self.requires_grad and self._grad is None:
            self._grad = self._zero_grad()
        return self._grad if self.requires_grad else None

    @grad.setter
    def grad(self, value: Array | None) -> None:
        if value is not None and (value.shape != self.shape or value.dtype != self.dtype):
            raise ValueError(
                f"array.grad: expected {self.type} of shape {self.shape}, "
                f"got {value.type} of shape {value.shape}"
            )
        recording.blank.pop(self, None)
        self._grad, self.requires_grad = value, value is not None

    def _zero_grad(self) -> Array:
        """Zeros for `grad`: new ones, or in the memory that was set aside for them."""
        blank = recording.blank.get(self)
        if blank is None:
            return zeros_of(self.dtype, self.shape, self.device)
        if self.device.is_cuda:
            self.device.gpu.copies.clear_late(blank._numpy)
        else:
            fill(blank._numpy, self.device, np.zeros((), blank._numpy.dtype))
        del recording.blank[self]
        return blank

    def numpy(self) -> Ndarray:
        """A NumPy view of the same memory, of a GPU's a copy; a composite's components are the last axes.

        Of bfloat16 it is a view as `ml_dtypes.bfloat16`, where that package is installed, else of the bits as
        uint16.
        """
        found = content(self._numpy.view(), self.device)
        known = ml_dtype() if self._is_bfloat16 else None
        return found if known is None else found.view(known)

    def numbers(self) -> Ndarray:
        """As `numpy`, but of bfloat16 the values, a copy in float32."""
        found = content(self._numpy.view(), self.device)
        return floats(found) if self._is_bfloat16 else found

    @property
    def _is_bfloat16(self) -> bool:
        # the memory's type rules most arrays out, quickly
        return self._numpy.dtype.char == "H" and _component_type(self.dtype) == bfloat16

    def assign(self, source: Any) -> Array:
        """Copies `source`, anything `array` takes, into this array; returns it.

        Raises:
            TypeError: `source` does not convert to the dtype.
            ValueError: its shape differs.
        """
        values, keep = self._values(source)
        if values.shape != self._numpy.shape:
            found = values.shape[: values.ndim - len(component_shape(self.dtype))]
            raise ValueError(f"array.assign: expected shape {self.shape} of {self.dtype}, got {found}")
        self._record(self._numpy, source)
        if isinstance(source, Array) and source.dtype == self.dtype:
            move(self._numpy, self.device, source._numpy, source.device)
        else:
            put(self._numpy, self.device, values)
        self._keep = keep
        return self

    def fill_(self, value: Any) -> Array:
        """Sets every element to `value`; one scalar fills all components of a composite. Returns the array.

        Raises:
            TypeError: `value` does not convert to the dtype.
            ValueError: it is not one element.
        """
        one, keep = elements(value, self.dtype if not _is_number(value) else _component_type(self.dtype))
        if one.shape not in ((), component_shape(self.dtype)):
            raise ValueError(f"array.fill_: expected one {self.dtype}, got shape {one.shape}")
        self._record(self._numpy, one)
        fill(self._numpy, self.device, one)
        self._keep = keep
        return self

    def zero_(self) -> Array:
        """Sets all bytes of every element to zero; returns the array."""
        zero = np.zeros((), self._numpy.dtype)
        self._record(self._numpy, zero)
        fill(self._numpy, self.device, zero)
        self._keep = []
        return self

    def __getitem__(self, key: Any) -> Any:
        """A view for slices and fewer indices than dimensions; a host value for one element.

        Arrays of integers among the indices give an indexed array.
        """
        if key.__class__ is Array or (key.__class__ is tuple and any(k.__class__ is Array for k in key)):
            return _indexed(self, key)
        picked = self._numpy[(*checked_key(key, self.ndim), ...)]
        dimensions = picked.ndim - len(component_shape(self.dtype))
        if dimensions == 0:
            return host_value(content(picked, self.device)[()], self.dtype)
        made = wrap(picked, self.dtype, self.device, self._keep)
        if self.requires_grad and self.grad is not None:
            made.grad = wrap(self.grad._numpy[checked_key(key, self.ndim)], self.dtype, self.device)
        return made

    def __setitem__(self, key: Any, value: Any) -> None:
        place = self._numpy[(*checked_key(key, self.ndim), ...)]
        values, keep = self._values(value)
        self._record(place, value if isinstance(value, Array) else values)
        if isinstance(value, Array) and value.dtype == self.dtype:
            move(place, self.device, spread(values, place.shape), value.device)
        elif values.shape == component_shape(self.dtype):
            fill(place, self.device, values)
        else:
            put(place, self.device, values)
        self._keep = [*self._keep, *keep] if keep else self._keep

    def _record(self, place: Ndarray, source: Any) -> None:
        """Tells the tape that is recording, and those that have ended, what is about to be written."""
        if recording.guards:
            from robokern.runtime.tape_guard import before_write  # it extends this module

            before_write(self if place is self._numpy else wrap(place, self.dtype, self.device))
        if recording.tapes:
            recording.tapes[-1].write(self, place, source)

    def _values(self, source: Any) -> tuple[Ndarray, list[Any]]:
        if isinstance(source, Array):
            if source.dtype != self.dtype and isinstance(self.dtype, Struct):
                raise TypeError(f"expected {self.dtype}, got {source.dtype}")
            _check_references(source._keep, self.device, self.dtype)
            if source.dtype == self.dtype:
                return source._numpy, source._keep  # on a GPU only its shape may be asked for
            return _elements_of(source, self.dtype)[0], source._keep
        values, keep = elements(source, self.dtype)
        _check_references(keep, self.device, self.dtype)
        return values, keep

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(self.shape[0]))

    def reshape(self, shape: Shape) -> Array:
        """A view with another shape of as many elements; one length may be -1.

        Raises:
            ValueError: the size differs, or the array is not contiguous.
        """
        self._need_contiguous("reshape")
        wanted = tuple(operator.index(n) for n in shape) if isinstance(shape, Sequence) else (shape,)
        if not 1 <= len(wanted) <= MAX_DIMENSIONS:
            raise ValueError(f"array.reshape: expected 1 to {MAX_DIMENSIONS} dimensions, got shape {wanted}")
        if -1 in wanted and self.size:
            known = int(np.prod([n for n in wanted if n != -1]))
            wanted = tuple(self.size // max(known, 1) if n == -1 else n for n in wanted)
        if int(np.prod(wanted)) != self.size or min(wanted) < 0:
            raise ValueError(
                f"array.reshape: cannot shape {self.size} elements of shape {self.shape} as {shape}"
            )
        check_lengths(wanted)
        made = self._view(self._numpy.reshape(*wanted, *component_shape(self.dtype)), self.dtype)
        return self._with_grad(made, lambda grad: grad.reshape(wanted))

    def flatten(self) -> Array:
        """A 1-D view.

        Raises:
            ValueError: the array has more dimensions and is not contiguous.
        """
        if self.ndim == 1:
            return self
        self._need_contiguous("flatten")
        return self.reshape((self.size,))

    def view(self, dtype: Any) -> Array:
        """The same bytes as elements of another type of equal size, or with components as last axes.

        Raises:
            ValueError: the sizes or last axes do not fit, or a composite's array is not contiguous.
        """
        element = element_type(as_type(dtype))
        mine, other = element_size(self.dtype), element_size(element)
        scalars = isinstance(element, Scalar) or isinstance(self.dtype, Scalar)
        if mine != other and scalars and base_dtype(element).itemsize == base_dtype(self.dtype).itemsize:
            data = self._numpy.view(base_dtype(element))
            return self._with_grad(
                self._view(with_components(data, element), element), lambda grad: grad.view(element)
            )
        if mine != other:
            raise ValueError(f"array.view: {element} has {other} bytes, elements of {self.dtype} have {mine}")
        self._need_contiguous("view")
        made = self._view(
            self._numpy.view(base_dtype(element)).reshape(self.shape + component_shape(element)), element
        )
        return self._with_grad(made, lambda grad: grad.view(element))

    def transpose(self, axes: Sequence[int] | None = None) -> Array:
        """A view with the dimensions in another order; reversed when `axes` is None."""
        order = tuple(reversed(range(self.ndim))) if axes is None else tuple(axes)
        if sorted(order) != list(range(self.ndim)):
            raise ValueError(f"array.transpose: expected an order of {self.ndim} dimensions, got {axes}")
        components = range(self.ndim, self._numpy.ndim)
        made = self._view(self._numpy.transpose(*order, *components), self.dtype)
        return self._with_grad(made, lambda grad: grad.transpose(axes))

    def contiguous(self) -> Array:
        """This array when it is contiguous, else a contiguous copy."""
        return self if self.is_contiguous else self.clone()

    def clone(self) -> Array:
        """A contiguous copy."""
        data = allocate(self._numpy.shape, self._numpy.dtype, self.device)
        made = wrap(data, self.dtype, self.device, self._keep)
        made._record(data, self)
        move(data, self.device, self._numpy, self.device)
        made.requires_grad = self.requires_grad
        return made

    def to(self, device: DeviceLike) -> Array:
        """This array on `device`: a copy, except that `cpu` and `ref` share memory.

        Raises:
            DeviceError: there is no such device.
        """
        place = get_device(device)
        if place is self.device:
            return self
        if place.ordinal == self.device.ordinal:
            return self._with_grad(wrap(self._numpy, self.dtype, place, self._keep), lambda grad: grad)
        if self._keep:
            raise TypeError(f"array.to: elements of {self.dtype} refer to arrays on {self.device}")
        made = zeros_of(self.dtype, self.shape, place, zero=False)
        made._record(made._numpy, self)
        move(made._numpy, place, self._numpy, self.device)
        return self._with_grad(made, lambda grad: grad.to(place))

    def list(self) -> Any:
        """The elements in order, as Python numbers, host values of composites, or structs."""
        return listed_values(self.numbers(), self.dtype, self._keep)

    def __repr__(self) -> str:
        digits = "" if self.ndim == 1 else f"{self.ndim}d"
        return f"array{digits}({self.numbers().tolist()}, dtype={self.dtype}, device={str(self.device)!r})"

    __str__ = __repr__

    def _view(self, data: Ndarray, dtype: Type) -> Array:
        return wrap(data, dtype, self.device, self._keep)

    def _with_grad(self, made: Array, of: Callable[[Array], Array]) -> Array:
        """A view whose `grad` is the same view of this array's."""
        if self.requires_grad and self.grad is not None:
            made.grad = of(self.grad)
        return made

    def _need_contiguous(self, what: str) -> None:
        if not self.is_contiguous:
            raise ValueError(
                f"array.{what}: the array of shape {self.shape} has strides {self.strides} and is not "
                f"contiguous; write .contiguous().{what}(...)"
            )


@cache
def _form(dtype: Type, axes: int, ordinal: int) -> tuple[int, ArrayType, ArrayType, Any]:
    """Of data with so many axes: dimensions, type, type when contiguous, and what packs a descriptor."""
    ndim = axes - len(component_shape(dtype))
    return ndim, array_type(dtype, ndim), plain_type(dtype, ndim, ordinal), _descriptor(ndim).pack


def wrap(data: Ndarray, dtype: Type, device: Device = CPU, keep: list[Any] | None = None) -> Array:
    """An Array over the memory of `data`, whose last axes are the components of `dtype`."""
    ndim, type, plain, pack = _form(dtype, data.ndim, device.ordinal)
    made: Array = object.__new__(Array)
    made.dtype, made.device, made._numpy = dtype, device, data
    made._keep = keep if keep is not None else []
    made.shape, made.strides = data.shape[:ndim], data.strides[:ndim]
    made.type, made.plain_type = type, plain if data.flags.c_contiguous else None
    made.descriptor = pack(address(data), *made.shape, *made.strides)
    made._requires_grad, made.retain_grad, made._grad = False, False, None
    return made


def zeros_of(dtype: Type, shape: tuple[int, ...], device: Device, zero: bool = True) -> Array:
    """A new array, zero-filled unless `zero` is False."""
    data = allocate(shape + component_shape(dtype), base_dtype(dtype), device, zero)
    return wrap(data, dtype, device)


def share(data: Any, dtype: Type, device: Device = CPU) -> Array:
    """An Array over the memory of a NumPy array (or of what offers `__array_interface__`), without a copy.

    Raises:
        TypeError: its dtype is not that of `dtype`, or it is read-only.
        ValueError: its axes do not fit `dtype`, or 1 to 4 dimensions.
    """
    source = np.asarray(data)
    if source.dtype.name == "bfloat16" and _component_type(dtype) == bfloat16:  # of ml_dtypes
        source = source.view(np.uint16)
    if source.dtype != base_dtype(dtype):
        raise TypeError(f"cannot share memory of {source.dtype} as {dtype}; convert it, or pass copy=True")
    if not source.flags.writeable:
        raise TypeError("read-only memory cannot be shared with kernels; pass a copy")
    return wrap(with_components(source, dtype), dtype, device)


def _at(
    ptr: int, dtype: Type, shape: tuple[int, ...], strides: Sequence[int] | None, device: Device
) -> Array:
    """An Array over memory at an address."""
    scalar, components = base_dtype(dtype), component_shape(dtype)
    inner = packed_strides(components, scalar.itemsize)
    rows = packed_strides(shape, element_size(dtype)) if strides is None else tuple(strides)
    if len(rows) != len(shape):
        raise ValueError(f"array: expected {len(shape)} strides for shape {shape}, got {strides}")
    reach = sum((n - 1) * step for n, step in zip(shape, rows, strict=True)) + element_size(dtype)
    size = reach if all(shape) else 0
    described = {"data": (ptr, False), "shape": (size,), "typestr": "|u1", "version": 3}
    raw: Ndarray = np.asarray(SimpleNamespace(__array_interface__=described))
    return wrap(np.ndarray(shape + components, scalar, raw.data, 0, rows + inner), dtype, device)


def _from_data(data: Any, dtype: Any, shape: Shape | None, device: Device, copy: bool) -> Array:
    element = infer_dtype(data) if dtype is Any and not isinstance(data, Array) else dtype
    if isinstance(data, Array):
        element = data.dtype if element is Any else element
    if not copy:
        if device.is_cuda:
            return _shared_on(device, data, element, shape)
        if not hasattr(data, "__array_interface__"):
            raise TypeError(f"array: copy=False needs a NumPy array, got {describe(data)}")
        made = share(data, element_type(element), device)
        return made if shape is None else made.reshape(shape_of(shape))
    return _copied(data, element_type(element), shape, device)


def _shared_on(device: Device, data: Any, dtype: Any, shape: Shape | None) -> Array:
    """An Array over the memory of another library's array on a GPU."""
    view = adopt(data, device)
    made = share(view, infer_dtype(view[:0]) if dtype is Any else element_type(dtype), device)
    return made if shape is None else made.reshape(shape_of(shape))


def _copied(data: Any, dtype: Type, shape: Shape | None, device: Device) -> Array:
    values, keep = _elements_of(data, dtype) if isinstance(data, Array) else elements(data, dtype)
    _check_references([*keep, *data._keep] if isinstance(data, Array) else keep, device, dtype)
    components = component_shape(dtype)
    wanted = values.shape[: values.ndim - len(components)] if shape is None else shape_of(shape)
    check_lengths(wanted or (1,))
    made = zeros_of(dtype, wanted or (1,), device, zero=False)
    if values.shape == components:
        values = np.broadcast_to(values, made._numpy.shape)
    if values.size != made._numpy.size or len(wanted) > MAX_DIMENSIONS:
        raise ValueError(f"array: cannot shape data of shape {values.shape} as {wanted} elements of {dtype}")
    if isinstance(data, Array):
        made._record(made._numpy, data)
    put(made._numpy, device, values.reshape(made._numpy.shape))
    made._keep = [*keep, *data._keep] if isinstance(data, Array) else keep
    return made


def _elements_of(source: Array, dtype: Type) -> tuple[Ndarray, list[Any]]:
    """The elements of another array; of the same bfloat16 its bits as they are."""
    return elements(source.numpy() if source.dtype == dtype else source.numbers(), dtype)


def _check_references(arrays: list[Any], device: Device, dtype: Type) -> None:
    """Refuses structs that refer to arrays in another memory than the one they are put in."""
    for array in arrays:
        if isinstance(array, Array) and array.device.ordinal != device.ordinal:
            raise TypeError(
                f"array: {dtype} on {device} refers to an array on {array.device}; make that one there too"
            )


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float, np.generic)) and not isinstance(value, np.void)


def _component_type(dtype: Type) -> Type:
    return dtype if isinstance(dtype, (Scalar, Struct)) else dtype.dtype  # type: ignore[attr-defined]


def _indexed(array: Array, key: Any) -> Any:
    from robokern.runtime.indexed_array import IndexedArray  # it builds on this module

    parts = key if isinstance(key, tuple) else (key,)
    part = array[tuple(slice(None) if isinstance(k, Array) else k for k in parts)]
    kept = (k for k in parts if isinstance(k, (Array, slice)))  # an integer takes its dimension away
    return IndexedArray(part, [k if isinstance(k, Array) else None for k in kept])


class _ArrayOf:
    """`array1d` to `array4d`: `Array` with a fixed number of dimensions, as constructor and as annotation."""

    def __init__(self, ndim: int) -> None:
        self.ndim = ndim

    def __call__(self, data: Any = None, dtype: Any = Any, **options: Any) -> Any:
        return Array(data, dtype, ndim=self.ndim, **options)

    def __getitem__(self, dtype: Any) -> ArrayType:
        return ArrayType(as_type(dtype), self.ndim)


array = means(Array, "array")
array1d, array2d, array3d, array4d = (_ArrayOf(n) for n in (1, 2, 3, 4))
