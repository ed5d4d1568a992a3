"""Gradients that are zero without having been written: *blank*.

Setting a gradient to zero costs a pass over its memory, and adding to it another read. Where nobody but its
array holds a gradient, `clear` only sets it aside: whoever asks for `grad` next gets zeros, and a `backward`
whose kernel writes every element puts its own over what is there (`tape_launch.py`).

Nobody holds it if its Python objects have the references that an array alone has: views, other arrays over
the memory, recorded launches, graphs, tapes, NumPy arrays and DLPack capsules all have one of their own, as
`numpy.ndarray.resize` takes for granted too. Nor must anybody have asked for its address. Only of memory that
we allocated, since other libraries count elsewhere; and never inside a capture, which records what runs. On a
GPU zeros are written late, in order with all its streams: whoever asks need not be in the one that cleared.
"""

from __future__ import annotations

from functools import cache
from sys import getrefcount
from weakref import getweakrefcount

import numpy as np

from robokern.ir.types import float32
from robokern.runtime import recording
from robokern.runtime.array import Array, zeros_of
from robokern.runtime.device import CPU, Device


def clear(array: Array) -> None:
    """Sets the gradient of an array to zero, now or when it is asked for."""
    if array._grad is None:
        return
    if recording.capture is not None or recording.tapes or not _is_alone(array):
        array._grad.zero_()
    else:
        array._grad._keep = []
        recording.blank[array], array._grad = array._grad, None


def unwritten(array: Array) -> Array:
    """Memory for the gradient of an array that has none now, to be written wholly."""
    found = recording.blank.get(array)
    return zeros_of(array.dtype, array.shape, array.device, zero=False) if found is None else found


def _is_alone(array: Array) -> bool:
    """Whether an array alone holds its gradient, in memory of its own."""
    if not _owns_memory(array) or hasattr(array._grad, "_told"):
        return False
    return _references(array) == (_ALONE if array.device.is_cpu else _alone(array.device))


def _owns_memory(array: Array) -> bool:
    assert array._grad is not None
    owner = array._grad._numpy.base
    return type(owner) is np.ndarray and (owner.flags.owndata or getattr(owner.base, "is_whole", False))


def _references(array: Array) -> tuple[int, int, int, int]:
    """References to a gradient, weak and strong, to its view of the memory and to the memory."""
    grad = array._grad
    assert grad is not None
    return getweakrefcount(grad), getrefcount(grad), getrefcount(grad._numpy), getrefcount(grad._numpy.base)


@cache
def _alone(device: Device) -> tuple[int, int, int, int]:
    """As `_references` counts where nobody else holds anything; interpreters differ in what they count."""
    made = zeros_of(float32, (1,), device)
    made._grad = zeros_of(float32, (1,), device)
    return _references(made)


_ALONE = _alone(CPU)
