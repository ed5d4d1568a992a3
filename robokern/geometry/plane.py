# mypy: ignore-errors
"""Plane z = 0, solid below; seen from above only, and within its rectangle if it has one, as in MuJoCo."""

from __future__ import annotations

from robokern.compiler.function import func
from robokern.geometry.surface import SurfaceHit, SurfacePoint
from robokern.ir.types import vec3

UNBOUNDED = 1.0e9
"""Half side of the box that stands for an infinite plane [m]: rays end there."""


@func
def ray_plane(size: vec3, origin: vec3, direction: vec3):
    """Rays from below pass; size: half sides of the rectangle, 0 for an infinite one [m]."""
    found = SurfaceHit()
    found.face = -1
    if direction[2] < 0.0:
        t = -origin[2] / direction[2]
        at = origin + direction * t
        in_x = size[0] <= 0.0 or abs(at[0]) <= size[0]
        in_y = size[1] <= 0.0 or abs(at[1]) <= size[1]
        if t >= 0.0 and in_x and in_y:
            found.hit = True
            found.t = t
            found.normal = vec3(0.0, 0.0, 1.0)
    return found


@func
def nearest_on_plane(point: vec3):
    """Distance to the half-space below; it has no border, whatever its rectangle."""
    found = SurfacePoint()
    found.hit = True
    found.distance = point[2]
    found.point = vec3(point[0], point[1], 0.0)
    found.normal = vec3(0.0, 0.0, 1.0)
    return found
