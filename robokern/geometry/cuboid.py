# mypy: ignore-errors
"""Solid box of half extents `half` around the origin."""

from __future__ import annotations

from robokern.compiler.builtins import sqrt
from robokern.compiler.function import func
from robokern.geometry.box import inverse_direction
from robokern.geometry.surface import Interval, SurfaceHit, SurfacePoint, first_crossing, slab_interval
from robokern.ir.types import float32, int32, vec3
from robokern.lang.vector import dot


@func
def axis_normal(axis: int32, side: float32):
    """Unit vector along an axis, pointing to the side's sign."""
    normal = vec3(0.0, 0.0, 0.0)
    normal[axis] = 1.0 if side >= 0.0 else -1.0
    return normal


@func
def box_interval(half: vec3, origin: vec3, direction: vec3):
    """Where a ray is inside the box."""
    inverse = inverse_direction(direction)
    x = slab_interval(origin[0], inverse[0], half[0])
    y = slab_interval(origin[1], inverse[1], half[1])
    z = slab_interval(origin[2], inverse[2], half[2])
    inside = Interval()
    inside.enter = max(max(x.enter, y.enter), z.enter)
    inside.leave = min(min(x.leave, y.leave), z.leave)
    return inside


@func
def nearest_face(half: vec3, point: vec3):
    """Axis of the face whose plane is nearest, measured inwards."""
    x = half[0] - abs(point[0])
    y = half[1] - abs(point[1])
    z = half[2] - abs(point[2])
    if x <= y and x <= z:
        return 0
    return 1 if y <= z else 2


@func
def ray_box(half: vec3, origin: vec3, direction: vec3):
    """First meeting of a ray with the surface."""
    found = SurfaceHit()
    found.face = -1
    found.t = first_crossing(box_interval(half, origin, direction))
    found.hit = found.t >= 0.0
    if found.hit:
        at = origin + direction * found.t
        axis = nearest_face(half, at)
        found.normal = axis_normal(axis, at[axis])
    return found


@func
def nearest_on_box(half: vec3, point: vec3):
    """Signed distance; inside, to the nearest face."""
    found = SurfacePoint()
    found.hit = True
    clamped = min(max(point, -half), half)
    away = point - clamped
    squared = dot(away, away)
    if squared > 0.0:
        found.distance = sqrt(squared)
        found.point = clamped
        found.normal = away / found.distance
    else:
        axis = nearest_face(half, point)
        found.normal = axis_normal(axis, point[axis])
        found.distance = abs(point[axis]) - half[axis]
        found.point = point - found.normal * found.distance
    return found
