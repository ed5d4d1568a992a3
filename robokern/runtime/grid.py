"""The items of a launch, and the record that a kernel reads of it."""

from __future__ import annotations

import operator
import struct
from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any

from robokern.errors import LaunchError
from robokern.runtime.arguments import Argument
from robokern.runtime.array_shape import MAX_LENGTH
from robokern.runtime.hostvalue import describe

Dim = int | Sequence[int]

header = struct.Struct("=4qQ").pack  # shape of the grid, and the place of the status pointer


class Grid:
    """The items of a launch: `dim` as a shape, their number, and the header of the launch record."""

    __slots__ = ("count", "header", "shape")

    def __init__(self, kernel: str, dim: Any, tid_ndim: int | None) -> None:
        try:
            shape = tuple(map(operator.index, dim)) if isinstance(dim, Sequence) else (operator.index(dim),)
        except TypeError:
            shape = ()
        if not 1 <= len(shape) <= 4 or min(shape) < 0 or max(shape) > MAX_LENGTH:
            raise LaunchError(
                f"kernel {kernel!r}: dim: expected an integer or 1 to 4 of them, each from 0 to 2**31 - 1, "
                f"got {describe(dim)}"
            )
        if tid_ndim and tid_ndim != len(shape):
            raise LaunchError(
                f"kernel {kernel!r}: dim: rk.tid() gives {tid_ndim} coordinates in this kernel, "
                f"got dim={dim!r}; pass {tid_ndim} lengths"
            )
        self.shape, self.count = shape, prod(shape)
        self.header = header(*shape, *(1,) * (4 - len(shape)), 0)


def grid_of(kernel: str, dim: Any, tid_ndim: int | None) -> Grid:
    """The grid, from a few that are remembered."""
    return _remembered(kernel, dim, tid_ndim) if dim.__class__ is int else Grid(kernel, dim, tid_ndim)


_remembered = lru_cache(maxsize=256)(Grid)


def record_of(grid: Grid, arguments: list[Argument]) -> bytes:
    """The launch record: the grid, then the arguments."""
    return grid.header + b"".join([a.record for a in arguments])
