# mypy: ignore-errors
"""What every shape answers: where a ray meets its surface, and where its surface is nearest to a point."""

from __future__ import annotations

from robokern.compiler.builtins import sqrt
from robokern.compiler.function import func, struct
from robokern.ir.types import float32, int32, vec3
from robokern.lang.vector import dot


@struct
class SurfaceHit:
    """A ray meets a surface at origin + t direction; `normal`: unit, outwards; `face` of a mesh, else -1."""

    hit: bool
    t: float32
    normal: vec3
    face: int32


@struct
class SurfacePoint:
    """Nearest point of a surface, signed distance to it (< 0 inside), outward unit normal there."""

    hit: bool
    distance: float32
    point: vec3
    normal: vec3


@struct
class Interval:
    """Ray parameters between which a ray is inside a convex solid; empty where enter > leave."""

    enter: float32
    leave: float32


@func
def first_crossing(inside: Interval):
    """Where a ray from t = 0 first meets the surface of a convex solid; -1 where it does not.

    From inside that is the way out, as in MuJoCo.
    """
    if inside.enter > inside.leave or inside.leave < 0.0:
        return -1.0
    return inside.enter if inside.enter >= 0.0 else inside.leave


@func
def ball_interval(origin: vec3, direction: vec3, radius: float32):
    """Where a ray is inside a ball around the frame's origin (in a plane: z of both 0).

    The distance of the line from the centre decides, not the difference of two large squares: Haines et al.,
    "Precision improvements for ray/sphere intersection", Ray Tracing Gems, 2019.
    """
    inside = Interval()
    inside.enter = 1.0
    inside.leave = -1.0
    a = dot(direction, direction)
    if a > 0.0:
        middle = -dot(origin, direction) / a
        away = origin + direction * middle
        left = radius * radius - dot(away, away)
        if left >= 0.0:
            half = sqrt(left / a)
            inside.enter = middle - half
            inside.leave = middle + half
    return inside


@func
def slab_interval(origin: float32, inverse: float32, half: float32):
    """Where one coordinate of a ray lies in [-half, half]."""
    t0 = (-half - origin) * inverse
    t1 = (half - origin) * inverse
    inside = Interval()
    inside.enter = min(t0, t1)
    inside.leave = max(t0, t1)
    return inside


@func
def direction_or(v: vec3, otherwise: vec3):
    """v / |v|, or `otherwise` where v has no length."""
    size = sqrt(dot(v, v))
    if size > 0.0:
        return v / size
    return otherwise
