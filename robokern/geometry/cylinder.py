# mypy: ignore-errors
"""Solid cylinder of `radius` around the z axis, from z = -half to z = half."""

from __future__ import annotations

from robokern.compiler.builtins import sqrt
from robokern.compiler.function import func
from robokern.geometry.capsule import barrel_interval
from robokern.geometry.surface import SurfaceHit, SurfacePoint, direction_or, first_crossing
from robokern.ir.types import float32, vec3


@func
def end_normal(z: float32):
    """Outward normal of the end on z's side."""
    return vec3(0.0, 0.0, 1.0 if z >= 0.0 else -1.0)


@func
def radial_normal(point: vec3):
    """Outward normal of the round side at a point's azimuth."""
    return direction_or(vec3(point[0], point[1], 0.0), vec3(1.0, 0.0, 0.0))


@func
def inward_depths(radius: float32, half: float32, point: vec3):
    """Signed distances to the round side and to the nearer end, > 0 inwards."""
    return radius - sqrt(point[0] * point[0] + point[1] * point[1]), half - abs(point[2])


@func
def ray_cylinder(radius: float32, half: float32, origin: vec3, direction: vec3):
    """First meeting of a ray with the surface."""
    found = SurfaceHit()
    found.face = -1
    found.t = first_crossing(barrel_interval(radius, half, origin, direction))
    found.hit = found.t >= 0.0
    at = origin + direction * found.t
    side, end = inward_depths(radius, half, at)
    found.normal = end_normal(at[2]) if abs(end) < abs(side) else radial_normal(at)
    return found


@func
def nearest_on_cylinder(radius: float32, half: float32, point: vec3):
    """Signed distance; inside, to the nearer of round side and end."""
    found = SurfacePoint()
    found.hit = True
    side, end = inward_depths(radius, half, point)
    outward = radial_normal(point)
    if side < 0.0 and end < 0.0:
        rim = outward * radius + end_normal(point[2]) * half
        found.distance = sqrt(side * side + end * end)
        found.point = rim
        found.normal = (point - rim) / found.distance
    elif side < end:
        found.distance = -side
        found.normal = outward
        found.point = vec3(outward[0] * radius, outward[1] * radius, point[2])
    else:
        found.distance = -end
        found.normal = end_normal(point[2])
        found.point = vec3(point[0], point[1], found.normal[2] * half)
    return found
