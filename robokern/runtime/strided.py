"""Copies on a GPU between views with any strides: a kernel over the largest words that both sides allow."""

from __future__ import annotations

from typing import Any

import numpy as np

from robokern.compiler.builtins import tid
from robokern.compiler.function import kernel
from robokern.ir.types import BY_NAME, ArrayType
from robokern.runtime.array import wrap
from robokern.runtime.array_shape import MAX_LENGTH
from robokern.runtime.device import Device
from robokern.runtime.grid import Grid
from robokern.runtime.hostvalue import Ndarray
from robokern.runtime.launcher import prepare
from robokern.runtime.memory import address

_DIMENSIONS = 4


@kernel
def _copy(target: ArrayType(Any, 4), source: ArrayType(Any, 4)) -> None:  # type: ignore[valid-type]
    i, j, k, n = tid()
    target[i, j, k, n] = source[i, j, k, n]


class _Words:
    """The words of a view on a GPU, as NumPy sees memory that is not its own."""

    def __init__(self, view: Ndarray, shape: list[int], strides: list[int], typestr: str) -> None:
        self._view = view
        place = view.__array_interface__["data"]
        self.__array_interface__ = {
            "shape": tuple(shape), "strides": tuple(strides), "typestr": typestr, "data": place, "version": 3,
        }  # fmt: skip


def copy(target: Ndarray, source: Ndarray, device: Device) -> None:
    """Copies elements of one dtype and shape, which may have any strides, on one GPU."""
    if not target.size:
        return
    width = _word(target, source)
    shape, ours, theirs = _merged(target, source, width)
    if len(shape) > _DIMENSIONS:
        for index in range(target.shape[0]):
            copy(target[index], source[index], device)
        return
    padding = _DIMENSIONS - len(shape)
    shape, ours, theirs = [1] * padding + shape, [0] * padding + ours, [0] * padding + theirs
    word = BY_NAME[f"uint{8 * width}"]
    arrays = [
        wrap(
            np.asarray(_Words(view, shape, strides, f"|u{width}" if width == 1 else f"<u{width}")),
            word,
            device,
        )
        for view, strides in ((target, ours), (source, theirs))
    ]
    launcher = prepare(_copy, arrays)
    # not through `launch`, which a tape would record
    launcher.start(device, Grid("copy", shape, launcher.tid_ndim), launcher.arguments(arrays))


def _word(*views: Ndarray) -> int:
    """The largest word that every element of every view is a row of, in bytes."""
    places = [n for v in views for n in (v.itemsize, address(v), *map(int, v.strides))]
    return next(width for width in (8, 4, 2, 1) if all(n % width == 0 for n in places))


def _merged(target: Ndarray, source: Ndarray, width: int) -> tuple[list[int], list[int], list[int]]:
    """Shape and both strides over words, with axes that lie in a row on both sides made one."""
    axes = [
        *zip(target.shape, target.strides, source.strides, strict=True),
        (target.itemsize // width, width, width),
    ]
    kept: list[tuple[int, int, int]] = []
    for length, ours, theirs in axes:
        if length == 1:
            continue
        joined = bool(kept) and kept[-1][1:] == (ours * length, theirs * length)
        if joined and kept[-1][0] * length <= MAX_LENGTH:
            kept[-1] = (kept[-1][0] * length, ours, theirs)
        else:
            kept.append((length, ours, theirs))
    kept = kept or [(1, width, width)]
    return [k[0] for k in kept], [k[1] for k in kept], [k[2] for k in kept]
