"""Arrays, dtypes and devices of NumPy, PyTorch and JAX: shared memory, by the names that Warp gave this.

Each library is imported when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from robokern.ir.types import BY_NAME, Scalar, as_type
from robokern.runtime.array import Array
from robokern.runtime.creation import from_dlpack
from robokern.runtime.device import CPU, Device, DeviceLike, get_device
from robokern.runtime.hostvalue import base_dtype, scalar_type


def dtype_to_numpy(dtype: Any) -> np.dtype[Any]:
    """The NumPy dtype of one component of `dtype` in memory (bfloat16: uint16), or of a whole struct."""
    return base_dtype(as_type(dtype))


def dtype_from_numpy(dtype: Any) -> Scalar:
    """The scalar type of a NumPy dtype.

    Raises:
        TypeError: it is none of the kernel language.
    """
    return scalar_type(np.dtype(dtype))


def to_dlpack(array: Array) -> Any:
    """A DLPack capsule that shares the array's memory."""
    return array.__dlpack__()


def to_torch(array: Array, requires_grad: bool | None = None) -> Any:
    """A PyTorch tensor over the array's memory; a composite's components are its last axes.

    Args:
        array: the array.
        requires_grad: whether the tensor does, its `grad` then shared too; None: as the array.
    """
    torch = import_module("torch")
    made = torch.from_dlpack(array)
    if array.requires_grad if requires_grad is None else requires_grad:
        made.requires_grad_(True)
        if array.grad is not None:
            made.grad = torch.from_dlpack(array.grad)
    return made


def from_torch(tensor: Any, dtype: Any = None, requires_grad: bool | None = None, grad: Any = None) -> Array:
    """An array over a PyTorch tensor's memory.

    Args:
        tensor: contiguous along the components of `dtype`.
        dtype: element type; a composite takes its components from the last axes. None: the scalar type.
        requires_grad: whether the array does; None: as the tensor.
        grad: a tensor that becomes the array's `grad`; None: the tensor's own, made when it has none.

    Raises:
        TypeError: the dtypes differ.
        ValueError: the axes do not fit `dtype`.
    """
    element = Any if dtype is None else dtype
    place = device_from_torch(tensor.device)
    made = from_dlpack(tensor.detach(), element, place)
    if tensor.requires_grad if requires_grad is None else requires_grad:
        made.requires_grad = True
        own = tensor.grad if grad is None else grad
        if own is not None:
            made.grad = from_dlpack(own.detach(), element, place)
        else:
            tensor.grad = import_module("torch").from_dlpack(made.grad)
    return made


def dtype_to_torch(dtype: Any) -> Any:
    """PyTorch's dtype of a scalar type.

    Raises:
        TypeError: it has none.
    """
    found = getattr(import_module("torch"), str(as_type(dtype)), None)
    if found is None:
        raise TypeError(f"PyTorch has no dtype for {dtype}")
    return found


def dtype_from_torch(dtype: Any) -> Scalar:
    """The scalar type of PyTorch's dtype.

    Raises:
        TypeError: it is none of the kernel language.
    """
    return _named(str(dtype).removeprefix("torch."), dtype)


def device_to_torch(device: DeviceLike = None) -> str:
    """PyTorch's name of a device."""
    place = get_device(device)
    return str(place) if place.is_cuda else "cpu"


def device_from_torch(device: Any) -> Device:
    """The device that PyTorch means."""
    name = str(device)
    return CPU if name == "cpu" else get_device(name)


def to_jax(array: Array) -> Any:
    """A JAX array over the array's memory."""
    return import_module("jax.dlpack").from_dlpack(array)


def from_jax(source: Any, dtype: Any = None) -> Array:
    """An array over a JAX array's memory, which no kernel may write: JAX takes it as constant.

    Raises:
        TypeError: the dtypes differ.
        ValueError: the axes do not fit `dtype`.
    """
    return from_dlpack(source, Any if dtype is None else dtype, device_from_jax(next(iter(source.devices()))))


def dtype_to_jax(dtype: Any) -> Any:
    """JAX's dtype of a scalar type."""
    return getattr(
        import_module("jax.numpy"), {"bool": "bool_"}.get(str(as_type(dtype)), str(as_type(dtype)))
    )


def dtype_from_jax(dtype: Any) -> Scalar:
    """The scalar type of JAX's dtype.

    Raises:
        TypeError: it is none of the kernel language.
    """
    return _named(np.dtype(dtype).name, dtype)


def device_to_jax(device: DeviceLike = None) -> Any:
    """JAX's device."""
    place = get_device(device)
    jax = import_module("jax")
    return jax.devices("cuda")[place.ordinal] if place.is_cuda else jax.devices("cpu")[0]


def device_from_jax(device: Any) -> Device:
    """The device that JAX means."""
    return CPU if device.platform == "cpu" else get_device(f"cuda:{device.id}")


def _named(name: str, dtype: Any) -> Scalar:
    if name not in BY_NAME:
        raise TypeError(f"{dtype} is not a type of the kernel language")
    return BY_NAME[name]
