# mypy: ignore-errors
"""Capsule: all points within `radius` of the segment from z = -half to z = half."""

from __future__ import annotations

from robokern.compiler.builtins import sqrt
from robokern.compiler.function import func
from robokern.geometry.box import inverse_component
from robokern.geometry.surface import (
    Interval,
    SurfaceHit,
    SurfacePoint,
    ball_interval,
    direction_or,
    first_crossing,
    slab_interval,
)
from robokern.ir.types import float32, vec3
from robokern.lang.vector import dot


@func
def join(a: Interval, b: Interval):
    """Both intervals together; of parts of one convex solid, so no gap lies between."""
    if a.enter > a.leave:
        return b
    if b.enter > b.leave:
        return a
    both = Interval()
    both.enter = min(a.enter, b.enter)
    both.leave = max(a.leave, b.leave)
    return both


@func
def barrel_interval(radius: float32, half: float32, origin: vec3, direction: vec3):
    """Where a ray is inside the cylinder |z| <= half."""
    inside = slab_interval(origin[2], inverse_component(direction[2]), half)
    flat_origin = vec3(origin[0], origin[1], 0.0)
    # along the axis the round side has no crossing that float32 could tell
    if direction[0] * direction[0] + direction[1] * direction[1] <= 1.0e-18 * direction[2] * direction[2]:
        if dot(flat_origin, flat_origin) > radius * radius:
            inside.enter = 1.0
            inside.leave = -1.0
        return inside
    round_side = ball_interval(flat_origin, vec3(direction[0], direction[1], 0.0), radius)
    inside.enter = max(inside.enter, round_side.enter)
    inside.leave = min(inside.leave, round_side.leave)
    return inside


@func
def ray_capsule(radius: float32, half: float32, origin: vec3, direction: vec3):
    """First meeting of a ray with the surface."""
    top = ball_interval(origin - vec3(0.0, 0.0, half), direction, radius)
    bottom = ball_interval(origin + vec3(0.0, 0.0, half), direction, radius)
    caps = join(top, bottom)
    found = SurfaceHit()
    found.face = -1
    found.t = first_crossing(join(barrel_interval(radius, half, origin, direction), caps))
    found.hit = found.t >= 0.0
    at = origin + direction * found.t
    axis_point = vec3(0.0, 0.0, min(max(at[2], -half), half))
    found.normal = direction_or(at - axis_point, vec3(1.0, 0.0, 0.0))
    return found


@func
def nearest_on_capsule(radius: float32, half: float32, point: vec3):
    """Signed distance."""
    axis_point = vec3(0.0, 0.0, min(max(point[2], -half), half))
    away = point - axis_point
    found = SurfacePoint()
    found.hit = True
    found.distance = sqrt(dot(away, away)) - radius
    found.normal = direction_or(away, vec3(1.0, 0.0, 0.0))
    found.point = axis_point + found.normal * radius
    return found
