"""A GPU's memory by DLPack: NumPy makes and takes the capsules, which here say where the memory really is.

Layout of the capsules: `DLManagedTensor` and `DLManagedTensorVersioned` of dlpack.h (DLPack 1.0). Streams as
the array API standard has them: 1 is the default stream, 2 each thread's own, -1 asks for no order.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from robokern.runtime.device import Device
from robokern.runtime.dlpack_bfloat16 import tensor_of
from robokern.runtime.hostvalue import Ndarray

_CPU, CUDA, _CUDA_HOST, _CUDA_MANAGED = 1, 2, 3, 13  # DLDeviceType
DEFAULT_STREAM, UNORDERED = 1, -1


def _device_of(capsule: Any) -> Any:
    """The two words, type and number, that say where a capsule's memory is."""
    return (ctypes.c_int32 * 2).from_address(tensor_of(capsule) + 8)  # after the data pointer


def give(view: Ndarray, device: Device, stream: int | None = None, **options: Any) -> Any:
    """A capsule of a GPU's memory.

    Args:
        stream: the consumer's, which waits for what the current one holds; None: the default stream.
        options: `max_version`; `dl_device` and `copy` if they ask for nothing else than this memory.

    Raises:
        BufferError: another device or a copy is asked for.
    """
    wanted = options.pop("dl_device", None)
    if options.pop("copy", None) or wanted not in (None, (CUDA, device.ordinal)):
        raise BufferError(f"__dlpack__: the memory on {device} is shared as it is; use .to(...) or .clone()")
    order(device, DEFAULT_STREAM if stream is None else stream)
    capsule = view.__dlpack__(**options)
    _device_of(capsule)[:] = CUDA, device.ordinal
    return capsule


def order(device: Device, consumer: int) -> None:
    """Has another library's stream wait for what the current one holds."""
    gpu = device.gpu
    own = gpu.stream_handle or DEFAULT_STREAM
    if consumer not in (UNORDERED, own):
        gpu.order(own, consumer)


class Taken:
    """Another library's array on a GPU, for NumPy to take as if it were on the host.

    Raises:
        TypeError: it is no array on this GPU.
    """

    def __init__(self, source: Any, device: Device) -> None:
        self.source, self.device = source, device
        self._patched: Any = None

    def __dlpack__(self, **options: Any) -> Any:
        self._check()
        stream = self.device.gpu.stream_handle or DEFAULT_STREAM
        version = {k: v for k, v in options.items() if k == "max_version"}
        try:
            capsule = self.source.__dlpack__(stream=stream, **version)
        except TypeError:
            capsule = self.source.__dlpack__(stream=stream)  # from before DLPack 1.0
        self._patched = _device_of(capsule)
        self._found = tuple(self._patched)
        self._patched[:] = _CPU, 0
        return capsule

    def _check(self) -> None:
        kind, number = map(int, self.source.__dlpack_device__())
        if kind != _CUDA_MANAGED and (kind != CUDA or number != self.device.ordinal):
            where = f"GPU {number}" if kind == CUDA else "no GPU"
            raise TypeError(f"from_dlpack: expected an array on {self.device}, got one on {where}; move it")

    def __dlpack_device__(self) -> tuple[int, int]:
        return _CPU, 0

    def restore(self) -> None:
        """Has the capsule say again what its maker, who will free it, wrote."""
        if self._patched is not None:
            self._patched[:] = self._found


class _Interface:
    """An array with `__cuda_array_interface__` only, as NumPy sees memory that is not its own."""

    def __init__(self, source: Any) -> None:
        found = source.__cuda_array_interface__
        self._source = source
        shared = {name: found[name] for name in ("shape", "typestr", "data")}
        self.__array_interface__ = {**shared, "strides": found.get("strides"), "version": 3}
        self.stream = found.get("stream")


def adopt(source: Any, device: Device) -> Ndarray:
    """Another library's array on a GPU, by `__cuda_array_interface__`, as a view not to be read through.

    Raises:
        TypeError: it is no such array.
    """
    if not hasattr(source, "__cuda_array_interface__"):
        raise TypeError(f"expected an array on {device}, got {type(source).__name__}")
    found = _Interface(source)
    gpu = device.gpu
    if found.stream is not None:
        gpu.order(found.stream, gpu.stream_handle or DEFAULT_STREAM)
    return np.asarray(found)
