"""Shapes a scene is made of, in their own frames: z up or along the axis, sizes as in MuJoCo (half lengths,
metres).

A `Mesh` is a shape too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from robokern.errors import GeometryError
from robokern.geometry.checks import length
from robokern.geometry.height_field import HeightFieldData
from robokern.geometry.mesh import Mesh
from robokern.geometry.shape_data import BOX, CAPSULE, CYLINDER, HEIGHT_FIELD, MESH, PLANE, SPHERE, ShapeData
from robokern.ir.types import float32, vec3
from robokern.runtime.array import Array, array2d
from robokern.runtime.device import DeviceLike


class Shape(Protocol):
    """Anything that says how kernels see it."""

    def record(self) -> Any:
        """Its ShapeData."""


def _record(kind: int, *size: float) -> Any:
    return ShapeData(kind=kind, size=vec3(*size, *(0.0,) * (3 - len(size))), data=0)


@dataclass(frozen=True)
class Plane:
    """Ground z = 0, solid below. Rays see it from above, and only within |x| <= half_x, |y| <= half_y; 0:
    unbounded.

    As in MuJoCo the rectangle is for rays; for `scene_closest_point` the ground has no border.
    """

    half_x: float = 0.0
    half_y: float = 0.0

    def __post_init__(self) -> None:
        length("Plane half_x", self.half_x, zero=True)
        length("Plane half_y", self.half_y, zero=True)

    def record(self) -> Any:
        """Its ShapeData."""
        return _record(PLANE, self.half_x, self.half_y)


@dataclass(frozen=True)
class Sphere:
    """Ball of `radius` [m]."""

    radius: float

    def __post_init__(self) -> None:
        length("Sphere radius", self.radius)

    def record(self) -> Any:
        """Its ShapeData."""
        return _record(SPHERE, self.radius)


@dataclass(frozen=True)
class Box:
    """Box from -half_* to half_* [m]."""

    half_x: float
    half_y: float
    half_z: float

    def __post_init__(self) -> None:
        for name in ("half_x", "half_y", "half_z"):
            length(f"Box {name}", getattr(self, name))

    def record(self) -> Any:
        """Its ShapeData."""
        return _record(BOX, self.half_x, self.half_y, self.half_z)


@dataclass(frozen=True)
class Capsule:
    """Points within `radius` of the segment from z = -half_length to half_length [m]."""

    radius: float
    half_length: float

    def __post_init__(self) -> None:
        length("Capsule radius", self.radius)
        length("Capsule half_length", self.half_length)

    def record(self) -> Any:
        """Its ShapeData."""
        return _record(CAPSULE, self.radius, self.half_length)


@dataclass(frozen=True)
class Cylinder:
    """Cylinder around z from -half_length to half_length [m]."""

    radius: float
    half_length: float

    def __post_init__(self) -> None:
        length("Cylinder radius", self.radius)
        length("Cylinder half_length", self.half_length)

    def record(self) -> Any:
        """Its ShapeData."""
        return _record(CYLINDER, self.radius, self.half_length)


class HeightField:
    """Solid under a grid of heights, as MuJoCo's hfield with its elevations in metres.

    Args:
        heights: (rows, columns) [m], rows along y, columns along x, at least 2 x 2; copied.
        half_x, half_y: the grid spans [-half_x, half_x] x [-half_y, half_y] [m].
        base: the flat bottom lies at z = -base [m].
        device: None: the default device.

    Raises:
        GeometryError: not such a grid, a height that is not finite or below the bottom, a length that is not
            positive.
    """

    def __init__(
        self, heights: Any, half_x: float, half_y: float, base: float, device: DeviceLike = None
    ) -> None:
        self.half_x = length("HeightField half_x", half_x)
        self.half_y = length("HeightField half_y", half_y)
        self.base = length("HeightField base", base, zero=True)
        grid = _checked_heights(heights, self.base)
        self.heights: Array = array2d(grid, dtype=float32, device=device)
        self.data = self._describe(grid)
        self._memory: Array = Array([self.data], HeightFieldData, device=device)
        self.id = np.uint64(self._memory.ptr)

    def _describe(self, grid: np.ndarray[Any, Any]) -> Any:
        rows, columns = grid.shape
        return HeightFieldData(
            heights=self.heights,
            half_x=self.half_x,
            half_y=self.half_y,
            base=self.base,
            highest=float(grid.max()),
            step_x=2.0 * self.half_x / (columns - 1),
            step_y=2.0 * self.half_y / (rows - 1),
        )

    def record(self) -> Any:
        """Its ShapeData."""
        return ShapeData(kind=HEIGHT_FIELD, size=vec3(0.0), data=self.id)


def _checked_heights(heights: Any, base: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    try:
        grid = np.array(heights, dtype=np.float32)
    except (TypeError, ValueError):
        raise GeometryError(f"HeightField heights: expected numbers, got {type(heights).__name__}") from None
    if grid.ndim != 2 or min(grid.shape) < 2:
        raise GeometryError(
            f"HeightField heights: expected (rows, columns) of at least 2 x 2, got shape {grid.shape}"
        )
    sound = np.isfinite(grid) & (grid >= -base)
    if not sound.all():
        row, column = (int(i) for i in np.argwhere(~sound)[0])
        raise GeometryError(
            f"HeightField heights: expected finite heights of -base = {-base} or more, "
            f"got {grid[row, column]} at row {row}, column {column}"
        )
    return grid


def record_of(index: int, shape: Any) -> Any:
    """The ShapeData of shape number `index`.

    Raises:
        GeometryError: it is no shape.
    """
    if isinstance(shape, Mesh):
        return ShapeData(kind=MESH, size=vec3(0.0), data=shape.id)
    if not hasattr(shape, "record"):
        kinds = "Mesh, Plane, Sphere, Box, Capsule, Cylinder or HeightField"
        raise GeometryError(f"Scene shapes[{index}]: expected a {kinds}, got {type(shape).__name__}")
    return shape.record()
