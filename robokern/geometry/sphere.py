# mypy: ignore-errors
"""Sphere of radius size[0] around the origin."""

from __future__ import annotations

from robokern.compiler.builtins import sqrt
from robokern.compiler.function import func
from robokern.geometry.surface import SurfaceHit, SurfacePoint, ball_interval, direction_or, first_crossing
from robokern.ir.types import float32, vec3
from robokern.lang.vector import dot


@func
def ray_sphere(radius: float32, origin: vec3, direction: vec3):
    """First meeting of a ray with the surface."""
    found = SurfaceHit()
    found.face = -1
    found.t = first_crossing(ball_interval(origin, direction, radius))
    found.hit = found.t >= 0.0
    found.normal = direction_or(origin + direction * found.t, vec3(0.0, 0.0, 1.0))
    return found


@func
def nearest_on_sphere(radius: float32, point: vec3):
    """Signed distance; the centre's nearest point is the pole."""
    found = SurfacePoint()
    found.hit = True
    found.distance = sqrt(dot(point, point)) - radius
    found.normal = direction_or(point, vec3(0.0, 0.0, 1.0))
    found.point = found.normal * radius
    return found
