"""A geometry fixed to a body, as a host-side record: what a `Scene` is built from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# kind -> how many sizes it has
SIZES = {"plane": 2, "sphere": 1, "capsule": 2, "cylinder": 2, "box": 3, "mesh": 0, "height_field": 3}
IDENTITY = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Geom:
    """One geometry in its own frame, z along the axis, and where it sits on its body.

    Sizes [m] by kind:

    ==============  =====================================================================================
    plane           half extent along x and y, 0: infinite; normal is +z
    sphere          radius
    capsule         radius, half the length of the axis between the two cap centres
    cylinder        radius, half length
    box             half extents along x, y, z
    mesh            none; `vertices` and `faces`, counter-clockwise seen from outside
    height_field    half extent along x and y, depth of the base below z = 0; `heights`
    ==============  =====================================================================================

    Row r and column c of `heights` lie at y = -half_y + 2 half_y r / (rows - 1) and
    x = -half_x + 2 half_x c / (columns - 1); a cell is cut along the diagonal from (r, c) to (r + 1, c + 1).

    Attributes:
        name: unique among the geoms of a world.
        body: index of the body that carries it.
        kind: one of `SIZES`, or the host's word for a kind that a `Scene` does not have.
        size: see above.
        body_from_geom: position [m] and xyzw quaternion.
        vertices: (n, 3) float32 [m], geom frame.
        faces: (m, 3) int32.
        heights: (rows, columns) float32 [m].
        collides: the host computes contacts for it.
        visible: a sensor sees it.
    """

    name: str
    body: int
    kind: str
    size: tuple[float, ...] = ()
    body_from_geom: tuple[float, ...] = IDENTITY
    vertices: NDArray[np.float32] | None = None
    faces: NDArray[np.int32] | None = None
    heights: NDArray[np.float32] | None = None
    collides: bool = True
    visible: bool = True
