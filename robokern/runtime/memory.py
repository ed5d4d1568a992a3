"""Where arrays lie: host memory that NumPy reads itself, or a GPU's, which only its driver reads.

An array on a GPU is a NumPy view over a device address: shapes, strides and slices are NumPy's, and no
element is ever read or written through it. Everything that touches elements comes through this module.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from robokern.runtime.device import Device
from robokern.runtime.hostvalue import Ndarray

ALIGNMENT = 64  # bytes: a cache line, and the widest vector register there is


def allocate(shape: tuple[int, ...], dtype: np.dtype[Any], device: Device, zero: bool = False) -> Ndarray:
    """New memory, C-contiguous; freed with the last view.

    Raises:
        DeviceError: the device has not enough memory.
    """
    if device.is_cuda:
        return device.gpu.allocate(shape, dtype, zero)
    size = math.prod(shape) * dtype.itemsize + ALIGNMENT
    raw = (np.zeros if zero else np.empty)(size, np.uint8)
    start = -int(raw.__array_interface__["data"][0]) % ALIGNMENT
    return np.ndarray(shape, dtype, raw, start)


def content(view: Ndarray, device: Device) -> Ndarray:
    """The elements where NumPy can read them: the view itself on the host, else a copy."""
    return device.gpu.read(view) if device.is_cuda else view


def put(view: Ndarray, device: Device, values: Ndarray) -> None:
    """Writes host values, broadcast as NumPy does."""
    if device.is_cuda:
        device.gpu.write(view, values)
    else:
        view[...] = values


def fill(view: Ndarray, device: Device, one: Ndarray) -> None:
    """Writes one element everywhere."""
    if device.is_cuda:
        device.gpu.fill(view, one)
    else:
        view[...] = one


def move(target: Ndarray, device: Device, source: Ndarray, origin: Device) -> None:
    """Copies elements of one dtype and shape between any two devices."""
    if device.is_cuda and device is origin:
        device.gpu.copy(target, source)
    else:
        put(target, device, content(source, origin))
