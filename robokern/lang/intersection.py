"""Closest points of two edges; whether two triangles touch."""

from __future__ import annotations

from typing import Any

from robokern.compiler.builtins import where
from robokern.compiler.function import func
from robokern.ir.types import int32
from robokern.lang.patterns import vector3
from robokern.lang.scalar import clamp
from robokern.lang.vector import cross, dot, length


@func
def closest_point_edge_edge(p1: vector3, q1: vector3, p2: vector3, q2: vector3, epsilon: Any):
    """(s, t, distance): the closest points are p1 + s (q1 - p1) and p2 + t (q2 - p2), 0 <= s, t <= 1.

    Edges of squared length up to epsilon count as points.
    Source: Ericson, Real-Time Collision Detection (2005), 5.1.9.
    """
    dtype = p1.dtype
    zero = dtype(0)
    one = dtype(1)
    d1 = q1 - p1
    d2 = q2 - p2
    r = p1 - p2
    a = dot(d1, d1)
    e = dot(d2, d2)
    b = dot(d1, d2)
    c = dot(d1, r)
    f = dot(d2, r)
    first_is_point = a <= epsilon
    second_is_point = e <= epsilon
    safe_a = where(first_is_point, one, a)
    safe_e = where(second_is_point, one, e)
    determinant = a * e - b * b
    parallel = determinant <= zero
    s = clamp((b * f - c * e) / where(parallel, one, determinant), zero, one)
    s = where(parallel | first_is_point, zero, s)
    t = where(second_is_point, zero, (b * s + f) / safe_e)
    # t outside the edge: take its end, and s anew
    low = (t < zero) | second_is_point
    high = t > one
    s = where(low, clamp(-c / safe_a, zero, one), where(high, clamp((b - c) / safe_a, zero, one), s))
    s = where(first_is_point, zero, s)
    t = clamp(t, zero, one)
    gap = (p1 + d1 * s) - (p2 + d2 * t)
    return type(p1)(s, t, length(gap))


@func
def _crossing(along: vector3, distance: vector3):
    """Interval of a line in a triangle, from its corners' places along it and plane distances."""
    dtype = along.dtype
    zero = dtype(0)
    x, y, z = distance.x, distance.y, distance.z
    # the corner that is alone on its side
    third = x * y > zero
    second = (not third) & (x * z > zero)
    first = (not third) & (not second) & ((y * z > zero) | (x != zero))
    middle = (not third) & (not second) & (not first) & (y != zero)
    use_x = first
    use_y = second | middle
    lone = where(use_x, along.x, where(use_y, along.y, along.z))
    lone_d = where(use_x, x, where(use_y, y, z))
    a = where(use_x, along.y, along.x)
    a_d = where(use_x, y, x)
    b = where(use_x | use_y, along.z, along.y)
    b_d = where(use_x | use_y, z, y)
    one = a + (lone - a) * (a_d / (a_d - lone_d))
    two = b + (lone - b) * (b_d / (b_d - lone_d))
    return min(one, two), max(one, two)


@func
def _side(ax: Any, ay: Any, bx: Any, by: Any, cx: Any, cy: Any):
    """Twice the signed area of a plane triangle."""
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)


@func
def _edges_cross(ax: Any, ay: Any, bx: Any, by: Any, cx: Any, cy: Any, dx: Any, dy: Any):
    """Whether the plane segments ab and cd share a point."""
    zero = type(ax)(0)
    p = _side(ax, ay, bx, by, cx, cy)
    q = _side(ax, ay, bx, by, dx, dy)
    r = _side(cx, cy, dx, dy, ax, ay)
    s = _side(cx, cy, dx, dy, bx, by)
    apart = (max(ax, bx) < min(cx, dx)) | (max(cx, dx) < min(ax, bx))
    apart = apart | (max(ay, by) < min(cy, dy)) | (max(cy, dy) < min(ay, by))
    return (p * q <= zero) & (r * s <= zero) & (not apart)


@func
def _holds(x: vector3, y: vector3, px: Any, py: Any):
    """Whether the plane triangle with these corner coordinates holds a point."""
    zero = x.dtype(0)
    a = _side(x[0], y[0], x[1], y[1], px, py)
    b = _side(x[1], y[1], x[2], y[2], px, py)
    c = _side(x[2], y[2], x[0], y[0], px, py)
    return ((a >= zero) & (b >= zero) & (c >= zero)) | ((a <= zero) & (b <= zero) & (c <= zero))


@func
def _coplanar_overlap(ax: vector3, ay: vector3, bx: vector3, by: vector3):
    hit = _holds(ax, ay, bx[0], by[0]) | _holds(bx, by, ax[0], ay[0])
    for i in range(3):
        for j in range(3):
            k = (i + 1) % 3
            n = (j + 1) % 3
            hit = hit | _edges_cross(ax[i], ay[i], ax[k], ay[k], bx[j], by[j], bx[n], by[n])
    return hit


@func
def intersect_tri_tri(v0: vector3, v1: vector3, v2: vector3, u0: vector3, u1: vector3, u2: vector3) -> int32:
    """1 if the triangles v and u share a point, else 0.

    Source: Moeller, A fast triangle-triangle intersection test (1997).
    """
    zero = v0.dtype(0)
    n2 = cross(u1 - u0, u2 - u0)
    dv = type(v0)(dot(n2, v0 - u0), dot(n2, v1 - u0), dot(n2, v2 - u0))
    n1 = cross(v1 - v0, v2 - v0)
    du = type(v0)(dot(n1, u0 - v0), dot(n1, u1 - v0), dot(n1, u2 - v0))
    apart = (min(dv) > zero) | (max(dv) < zero) | (min(du) > zero) | (max(du) < zero)
    line = cross(n1, n2)
    # places along the line: its largest component is enough
    size = abs(line)
    use_x = (size.x >= size.y) & (size.x >= size.z)
    use_y = (not use_x) & (size.y >= size.z)
    v_along = where(
        use_x,
        type(v0)(v0.x, v1.x, v2.x),
        where(use_y, type(v0)(v0.y, v1.y, v2.y), type(v0)(v0.z, v1.z, v2.z)),
    )
    u_along = where(
        use_x,
        type(v0)(u0.x, u1.x, u2.x),
        where(use_y, type(v0)(u0.y, u1.y, u2.y), type(v0)(u0.z, u1.z, u2.z)),
    )
    v_low, v_high = _crossing(v_along, dv)
    u_low, u_high = _crossing(u_along, du)
    overlap = (v_low <= u_high) & (u_low <= v_high)
    coplanar = (dv.x == zero) & (dv.y == zero) & (dv.z == zero)
    # seen along the normal's largest component
    normal = abs(n1)
    drop_x = (normal.x >= normal.y) & (normal.x >= normal.z)
    drop_y = (not drop_x) & (normal.y >= normal.z)
    vx = where(drop_x, type(v0)(v0.y, v1.y, v2.y), type(v0)(v0.x, v1.x, v2.x))
    vy = where(drop_x | drop_y, type(v0)(v0.z, v1.z, v2.z), type(v0)(v0.y, v1.y, v2.y))
    ux = where(drop_x, type(v0)(u0.y, u1.y, u2.y), type(v0)(u0.x, u1.x, u2.x))
    uy = where(drop_x | drop_y, type(v0)(u0.z, u1.z, u2.z), type(v0)(u0.y, u1.y, u2.y))
    hit = where(coplanar, _coplanar_overlap(vx, vy, ux, uy), overlap & (not apart))
    return where(hit, 1, 0)
