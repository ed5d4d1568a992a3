"""Ways to make an array: zeros, empty, full, ones, `*_like`, clone, from_numpy, from_dlpack; and copy."""

from __future__ import annotations

from typing import Any

import numpy as np

from robokern.compiler.builtins import means
from robokern.ir.types import (
    IndexedArrayType,
    Scalar,
    Type,
    as_type,
    bfloat16,
    is_integer,
    matrix,
    scalar_of,
    vector,
)
from robokern.runtime.array import Array, wrap, zeros_of
from robokern.runtime.array_shape import Shape, element_type, shape_of, with_components
from robokern.runtime.device import Device, DeviceLike, get_device
from robokern.runtime.dlpack_bfloat16 import Bits, Capsule
from robokern.runtime.dlpack_cuda import Taken, adopt
from robokern.runtime.hostvalue import Ndarray, base_dtype, component_shape, infer_dtype
from robokern.runtime.memory import allocate_pinned


def zeros(
    shape: Shape | None = None,
    dtype: Any = float,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pinned: bool = False,
    retain_grad: bool = False,
    n: int | None = None,
) -> Array:
    """An array of zeros.

    Args:
        shape: 1 to 4 lengths, or one integer.
        dtype: element type.
        device: None: the default device.
        requires_grad: whether `grad` holds an array of the same shape.
        pinned: in host memory that a GPU copies from and to by itself: `copy` to or from it only puts the
            copy on the GPU's stream. Without effect where there is no GPU.
        retain_grad: see `Array`.
        n: instead of `shape`.

    Raises:
        ValueError: no such shape; pinned memory on a GPU.
        TypeError: no such dtype.
        DeviceError: no such device.
    """
    return _new(n if shape is None else shape, dtype, device, requires_grad, True, pinned, retain_grad)


def empty(
    shape: Shape | None = None,
    dtype: Any = float,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pinned: bool = False,
    retain_grad: bool = False,
    n: int | None = None,
) -> Array:
    """As `zeros`, with arbitrary content."""
    return _new(n if shape is None else shape, dtype, device, requires_grad, False, pinned, retain_grad)


def full(
    shape: Shape, value: Any, dtype: Any = Any, device: DeviceLike = None, requires_grad: bool = False
) -> Array:
    """As `zeros`, with every element `value`, whose type is the dtype unless that is given."""
    element = _type_of_one(value) if dtype is Any else dtype
    return _new(shape, element, device, requires_grad, zero=False).fill_(value)


def _type_of_one(value: Any) -> Type:
    """The element type of one element: a sequence of numbers is a vector, of sequences a matrix."""
    scalar = infer_dtype(value)
    shape = np.shape(value) if isinstance(value, (list, tuple, np.ndarray)) else ()
    if not shape or not isinstance(scalar, Scalar):
        return scalar
    return vector(shape[0], scalar) if len(shape) == 1 else matrix(shape, scalar)


def ones(shape: Shape, dtype: Any = float, device: DeviceLike = None, requires_grad: bool = False) -> Array:
    """As `zeros`, with every component 1."""
    return _new(shape, dtype, device, requires_grad, zero=False).fill_(1)


def zeros_like(src: Array, device: DeviceLike = None, requires_grad: bool | None = None) -> Array:
    """An array of zeros with the shape and dtype of `src`."""
    return _like(src, device, requires_grad, zero=True)


def empty_like(src: Array, device: DeviceLike = None, requires_grad: bool | None = None) -> Array:
    """As `zeros_like`, with arbitrary content."""
    return _like(src, device, requires_grad, zero=False)


def full_like(src: Array, value: Any, device: DeviceLike = None, requires_grad: bool | None = None) -> Array:
    """As `zeros_like`, with every element `value`."""
    return _like(src, device, requires_grad, zero=False).fill_(value)


def ones_like(src: Array, device: DeviceLike = None, requires_grad: bool | None = None) -> Array:
    """As `zeros_like`, with every component 1."""
    return full_like(src, 1, device, requires_grad)


def clone(src: Array, device: DeviceLike = None, requires_grad: bool | None = None) -> Array:
    """A contiguous copy of `src`, on its own device and with a gradient as `src` unless told otherwise."""
    made = src.clone().to(src.device if device is None else device)
    if requires_grad is not None:
        made.requires_grad = requires_grad
    return made


def copy(dest: Array, src: Array, dest_offset: int = 0, src_offset: int = 0, count: int = 0) -> None:
    """Copies `count` elements (0: all of `src`) from `src` to `dest`, which have one dtype.

    With equal shapes and no offsets any strides do, and indexed arrays; else both must be contiguous and
    count as flat.

    Raises:
        TypeError: the dtypes differ.
        ValueError: the range does not fit, or an array is not contiguous.
    """
    if dest.dtype != src.dtype:
        raise TypeError(f"copy: cannot copy {src.type} to {dest.type}")
    if dest.shape == src.shape and not (dest_offset or src_offset or count):
        dest.assign(src.contiguous() if isinstance(src.type, IndexedArrayType) else src)
        return
    if isinstance(src.type, IndexedArrayType) or isinstance(dest.type, IndexedArrayType):
        raise ValueError("copy: offsets and a count are for arrays, not for indexed ones")
    wanted = count or src.size - src_offset
    if (
        min(dest_offset, src_offset, wanted) < 0
        or max(dest_offset + wanted - dest.size, src_offset + wanted - src.size) > 0
    ):
        raise ValueError(
            f"copy: {wanted} elements from {src_offset} of {src.size} "
            f"do not fit from {dest_offset} of {dest.size}"
        )
    dest.flatten()[dest_offset : dest_offset + wanted] = src.flatten()[src_offset : src_offset + wanted]


def from_numpy(
    data: Ndarray,
    dtype: Any = Any,
    shape: Shape | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    copy: bool = True,
) -> Array:
    """An array with the content of a NumPy array; shares its memory with copy=False.

    Raises:
        TypeError: `data` does not convert to `dtype`; with copy=False: has another dtype.
        ValueError: the shape does not fit.
    """
    made: Array = Array(data, dtype, shape=shape, device=device, copy=copy, requires_grad=requires_grad)
    return made


def from_ptr(
    ptr: int, length: int = 0, dtype: Any = float, shape: Shape | None = None, device: DeviceLike = None
) -> Array:
    """An array over memory at an address, which must outlive it and hold contiguous elements.

    Args:
        ptr: address of the first element, aligned to its components.
        length: number of elements, when `shape` is not given.
        dtype: element type.
        shape: 1 to 4 lengths.
        device: whose memory it is; None: the default device.
    """
    made: Array = Array(dtype=dtype, shape=length if shape is None else shape, device=device, ptr=ptr)
    return made


def from_dlpack(source: Any, dtype: Any = Any, device: DeviceLike = None) -> Array:
    """An array over the memory of a NumPy, PyTorch, JAX or CuPy array on the same device, without a copy.

    Args:
        source: a capsule of host memory, or anything with `__dlpack__`, or on a GPU
            `__cuda_array_interface__`; alive as long as the result. On a GPU the current stream waits for
            what its stream still has to do.
        dtype: element type; a composite takes its components from the last axes. None given: the scalar type.
            Integers and truth values may be taken as integers of the same width.
        device: None: the default device.

    A JAX array is immutable by contract, but its memory is shared: do not pass it to a kernel that writes it.

    Raises:
        TypeError: the dtypes differ.
        ValueError: the axes do not fit `dtype`.
    """
    place = get_device(device)
    if type(source).__name__ == "PyCapsule":
        if place.is_cuda:
            raise TypeError("from_dlpack: pass the array itself, not its capsule, where it is on a GPU")
        source = Capsule(source)
    bits = Bits(source)
    data = _on_gpu(source, place, bits) if place.is_cuda else np.from_dlpack(bits)
    own = bfloat16 if bits.is_bfloat16 else infer_dtype(data[:0])
    element = element_type(own if dtype is Any else as_type(dtype))
    shared = with_components(_reinterpreted(data, scalar_of(element)), element)
    if shared.dtype != base_dtype(element) or (bits.is_bfloat16 and scalar_of(element) != bfloat16):
        raise TypeError(f"from_dlpack: cannot share memory of {own} as {element}")
    return wrap(shared, element, place)


def _reinterpreted(data: Ndarray, wanted: Any) -> Ndarray:
    """Integers and truth values as integers of the same width; anything else as it is."""
    if not is_integer(wanted) or data.dtype.kind not in "biu" or data.dtype.itemsize != wanted.size:
        return data
    return data.view(wanted.numpy)


def _on_gpu(source: Any, place: Device, bits: Bits) -> Ndarray:
    if not hasattr(source, "__dlpack__"):
        return adopt(source, place)
    bits.source = taken = Taken(source, place)
    try:
        return np.from_dlpack(bits)
    finally:
        taken.restore()


def _new(
    shape: Any,
    dtype: Any,
    device: DeviceLike,
    requires_grad: bool,
    zero: bool,
    pinned: bool = False,
    retain_grad: bool = False,
) -> Array:
    element, lengths, place = element_type(as_type(dtype)), shape_of(shape), get_device(device)
    if pinned:
        made = _pinned(element, lengths, place, zero)
    else:
        made = zeros_of(element, lengths, place, zero)
    made.requires_grad, made.retain_grad = requires_grad, retain_grad
    return made


def _pinned(dtype: Type, shape: tuple[int, ...], place: Device, zero: bool) -> Array:
    if place.is_cuda:
        raise ValueError(f"pinned memory is the host's: pass device='cpu', not {str(place)!r}")
    data = allocate_pinned(shape + component_shape(dtype), base_dtype(dtype), zero)
    return wrap(data, dtype, place)


def _like(src: Array, device: DeviceLike, requires_grad: bool | None, zero: bool) -> Array:
    made = zeros_of(src.dtype, src.shape, src.device if device is None else get_device(device), zero)
    made.requires_grad = src.requires_grad if requires_grad is None else requires_grad
    return made


means(zeros, "zeros")
means(copy, "copy")
