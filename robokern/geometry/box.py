# mypy: ignore-errors
"""Axis-aligned boxes: ray entry, distance, overlap, and the box around a turned box."""

from __future__ import annotations

from robokern.compiler.function import func
from robokern.ir.types import float32, transform, vec3
from robokern.lang.quaternion import quat_rotate

MISS = 3.4e38
"""Entry distance of a ray that misses: larger than every distance."""
ROUNDING = 1.0000005
"""1 + 2 gamma(3) in float32, rounded up: what Ize adds to the far side so that no hit is lost to rounding."""


@func
def inverse_component(d: float32):
    """1 / d; a component of (almost) no length counts as 1e-30, so that no 0 * inf can arise."""
    if abs(d) < 1.0e-30:
        return 1.0e30 if d >= 0.0 else -1.0e30
    return 1.0 / d


@func
def inverse_direction(d: vec3):
    """Finite reciprocal of each component."""
    return vec3(inverse_component(d[0]), inverse_component(d[1]), inverse_component(d[2]))


@func
def box_entry(lower: vec3, upper: vec3, origin: vec3, inverse: vec3, max_t: float32):
    """Ray parameter where the ray enters a box (0 inside), MISS where it does not within max_t.

    Source: Ize, "Robust BVH ray traversal", Journal of Computer Graphics Techniques 2(2), 2013.
    """
    x0 = (lower[0] - origin[0]) * inverse[0]
    x1 = (upper[0] - origin[0]) * inverse[0]
    y0 = (lower[1] - origin[1]) * inverse[1]
    y1 = (upper[1] - origin[1]) * inverse[1]
    z0 = (lower[2] - origin[2]) * inverse[2]
    z1 = (upper[2] - origin[2]) * inverse[2]
    near = max(max(min(x0, x1), min(y0, y1)), max(min(z0, z1), 0.0))
    far = min(min(max(x0, x1), max(y0, y1)), max(z0, z1)) * ROUNDING
    return near if near <= min(far, max_t) else MISS


@func
def box_distance_squared(lower: vec3, upper: vec3, point: vec3):
    """Squared distance from a point to a box, 0 inside [m^2]."""
    x = max(max(lower[0] - point[0], point[0] - upper[0]), 0.0)
    y = max(max(lower[1] - point[1], point[1] - upper[1]), 0.0)
    z = max(max(lower[2] - point[2], point[2] - upper[2]), 0.0)
    return x * x + y * y + z * z


@func
def boxes_overlap(lower_a: vec3, upper_a: vec3, lower_b: vec3, upper_b: vec3):
    """Whether two closed boxes share a point."""
    return (
        lower_a[0] <= upper_b[0]
        and lower_b[0] <= upper_a[0]
        and lower_a[1] <= upper_b[1]
        and lower_b[1] <= upper_a[1]
        and lower_a[2] <= upper_b[2]
        and lower_b[2] <= upper_a[2]
    )


@func
def turned_half_extents(pose: transform, half: vec3):
    """Half extents of the box around a box of half extents `half` turned by a pose.

    Source: Arvo, "Transforming axis-aligned bounding boxes", Graphics Gems, 1990.
    """
    x = quat_rotate(pose.q, vec3(half[0], 0.0, 0.0))
    y = quat_rotate(pose.q, vec3(0.0, half[1], 0.0))
    z = quat_rotate(pose.q, vec3(0.0, 0.0, half[2]))
    return vec3(
        abs(x[0]) + abs(y[0]) + abs(z[0]),
        abs(x[1]) + abs(y[1]) + abs(z[1]),
        abs(x[2]) + abs(y[2]) + abs(z[2]),
    )
