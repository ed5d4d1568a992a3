"""Where arrays lie: host memory that NumPy reads itself, or a GPU's, which only its driver reads.

An array on a GPU is a NumPy view over a device address: shapes, strides and slices are NumPy's, and no
element is ever read or written through it. Everything that touches elements comes through this module, and
while a capture is on, goes into it.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from robokern.runtime import recording
from robokern.runtime.device import Device, any_gpu
from robokern.runtime.hostvalue import Ndarray

LARGE = 1 << 16  # bytes from which on it pays to ask whether they are all to be zero
ALIGNMENT = 64  # bytes: a cache line, and the widest vector register there is

_first_byte: Callable[[Any], ctypes.c_char] = ctypes.c_char.from_buffer
_addressof = ctypes.addressof


def allocate(shape: tuple[int, ...], dtype: np.dtype[Any], device: Device, zero: bool = False) -> Ndarray:
    """New memory, C-contiguous; freed with the last view, but not before a graph that was captured with it.

    Raises:
        DeviceError: the device has not enough memory.
    """
    made = device.gpu.memory.allocate(shape, dtype, zero) if device.is_cuda else _on_host(shape, dtype, zero)
    if recording.capture is not None:
        _keep(device, made)
        if zero and device.is_cpu:
            fill(made, device, np.zeros((), dtype))
    return made


def address(view: Ndarray) -> int:
    """Where its first element lies."""
    try:
        return _addressof(_first_byte(view))  # a third of the time, for contiguous views that are not empty
    except (TypeError, ValueError):
        found: int = view.__array_interface__["data"][0]
        return found


def _on_host(shape: tuple[int, ...], dtype: np.dtype[Any], zero: bool) -> Ndarray:
    size = math.prod(shape) * dtype.itemsize + ALIGNMENT
    raw = (np.zeros if zero else np.empty)(size, np.uint8)
    return np.ndarray(shape, dtype, raw, -address(raw) % ALIGNMENT)


def allocate_pinned(shape: tuple[int, ...], dtype: np.dtype[Any], zero: bool) -> Ndarray:
    """New host memory that GPUs copy from and to by themselves; ordinary where there is no GPU."""
    place = any_gpu()
    if place is None:
        return _on_host(shape, dtype, zero)
    made = place.gpu.memory.pinned(shape, dtype)
    if zero:
        made[...] = np.zeros((), dtype)
    return made


def is_pinned(view: Ndarray) -> bool:
    """Whether host memory is such."""
    owner: Any = view
    while isinstance(owner, np.ndarray):
        owner = owner.base
    return type(owner).__name__ == "PagelockedHostAllocation"


def content(view: Ndarray, device: Device) -> Ndarray:
    """The elements where NumPy can read them: the view itself on the host, else a copy.

    Raises:
        DeviceError: inside a capture, whose launches have not run.
    """
    if recording.capture is not None:
        recording.refuse_waiting(device.ordinal, "reading an array on the host")
    if device.is_cpu:
        return view
    return device.gpu.copies.read(_packed(view, device))


def put(view: Ndarray, device: Device, values: Ndarray) -> None:
    """Writes host values, broadcast as NumPy does.

    Raises:
        DeviceError: inside a capture, which replays copies between arrays and values of one element only.
    """
    if recording.capture is not None:
        recording.refuse_waiting(device.ordinal, "copying host values into an array")
    if device.is_cpu:
        view[...] = values
        return
    host = np.empty(view.shape, view.dtype)
    host[...] = values
    _send(view, device, host)


def fill(view: Ndarray, device: Device, one: Ndarray) -> None:
    """Writes one element everywhere."""
    _keep(device, view)
    if device.is_cuda:
        _fill_on_gpu(view, device, one)
        return
    capture = recording.capturing(device.ordinal)
    if capture is not None:
        capture.fill(view, one)
    elif view.nbytes >= LARGE and view.flags.c_contiguous and not one.tobytes().strip(b"\0"):
        ctypes.memset(address(view), 0, view.nbytes)  # several times as fast
    else:
        view[...] = one


def move(target: Ndarray, device: Device, source: Ndarray, origin: Device) -> None:
    """Copies elements of one dtype and shape between any two devices.

    Between a GPU and contiguous pinned host memory the copy is put on the stream, and the call returns.

    Raises:
        DeviceError: inside a capture, to or from host memory that is not pinned.
    """
    _keep(device, target)
    _keep(origin, source)
    if device.is_cpu and origin.is_cpu:
        _move_on_host(target, device, source)
    elif device is origin:
        _move_on_gpu(target, device, source)
    elif device.is_cpu:
        _fetch(target, source, origin)
    elif origin.is_cpu:
        _send(target, device, source)
    else:
        _move_between(target, device, source, origin)


def _keep(device: Device, view: Ndarray) -> None:
    """Has the graph that is being captured keep memory that it will use."""
    capture = recording.capturing(device.ordinal)
    if capture is not None:
        capture.keep.append(view)


def _move_on_host(target: Ndarray, device: Device, source: Ndarray) -> None:
    capture = recording.capturing(device.ordinal)
    if capture is None:
        target[...] = source
    else:
        capture.copy(target, source)


def _move_on_gpu(target: Ndarray, device: Device, source: Ndarray) -> None:
    if np.may_share_memory(target, source):
        aside = allocate(source.shape, source.dtype, device)
        _move_on_gpu(aside, device, source)
        source = aside
    if target.flags.c_contiguous and source.flags.c_contiguous:
        device.gpu.copies.copy(target, source)
        return
    from robokern.runtime.strided import copy  # a kernel, which needs arrays

    copy(target, source, device)


def _fetch(target: Ndarray, source: Ndarray, origin: Device) -> None:
    if is_pinned(target) and target.flags.c_contiguous:
        origin.gpu.copies.exchange(target, _packed(source, origin), to_host=True)
    else:
        target[...] = content(source, origin)


def _send(target: Ndarray, device: Device, source: Ndarray) -> None:
    whole = target if target.flags.c_contiguous else allocate(target.shape, target.dtype, device)
    if is_pinned(source) and source.flags.c_contiguous:
        device.gpu.copies.exchange(whole, source, to_host=False)
    else:
        recording.refuse_waiting(device.ordinal, "copying from host memory that is not pinned")
        device.gpu.copies.write(whole, np.ascontiguousarray(source))
    if whole is not target:
        _move_on_gpu(target, device, whole)


def _move_between(target: Ndarray, device: Device, source: Ndarray, origin: Device) -> None:
    whole = target if target.flags.c_contiguous else allocate(target.shape, target.dtype, device)
    device.gpu.copies.copy_from(whole, origin.gpu, _packed(source, origin))
    if whole is not target:
        _move_on_gpu(target, device, whole)


def _packed(view: Ndarray, device: Device) -> Ndarray:
    """A GPU's elements in a row: the view itself, or a copy there."""
    if view.flags.c_contiguous:
        return view
    made = allocate(view.shape, view.dtype, device)
    _move_on_gpu(made, device, view)
    return made


def _fill_on_gpu(view: Ndarray, device: Device, one: Ndarray) -> None:
    if not view.size:
        return
    if view.flags.c_contiguous and not one.tobytes().strip(b"\0"):
        device.gpu.copies.clear(view)
        return
    element = np.empty(view.shape[view.ndim - np.ndim(one) :], view.dtype)
    element[...] = one
    if view.flags.c_contiguous and device.gpu.copies.memset(view, element):
        return
    if view.flags.c_contiguous and view.size == element.size:
        device.gpu.copies.put_element(view, element)
        return
    from robokern.runtime.strided import copy

    single = allocate(element.shape or (1,), element.dtype, device)
    device.gpu.copies.put_element(single, element)
    copy(view, np.broadcast_to(single.reshape(element.shape), view.shape), device)
