# mypy: ignore-errors
"""One triangle: ray intersection and nearest point."""

from __future__ import annotations

from robokern.compiler.function import func, struct
from robokern.ir.types import float32, float64, int32, vec3
from robokern.lang.vector import dot


@struct
class Triangle:
    """Corners of a face, copied beside its neighbours in leaf order."""

    a: vec3
    b: vec3
    c: vec3
    face: int32


@struct
class Shear:
    """Maps a point, relative to the ray's origin, to a frame whose z axis is the ray: dot products."""

    x: vec3
    y: vec3
    z: vec3


@struct
class TriangleHit:
    """`t` in the direction's length; the point is u a + v b + (1 - u - v) c; `sign` > 0: the front side."""

    hit: bool
    t: float32
    u: float32
    v: float32
    sign: float32


@struct
class NearestPoint:
    """Nearest point of a triangle, its barycentric coordinates u a + v b + w c, and where it lies.

    `feature`: 0-2 corner a-c; 3-5 edge ab, bc, ca; 6 the inside.
    """

    point: vec3
    u: float32
    v: float32
    w: float32
    feature: int32


@func
def ray_shear(d: vec3):
    """The shear of a ray direction.

    The paper permutes axes so that z is the longest component of d; rows with a zero, a one and one factor
    round alike and need no indexing. They depend on the ray alone, so a corner maps to the same point for
    each triangle.
    """
    x = abs(d[0])
    y = abs(d[1])
    z = abs(d[2])
    s = Shear()
    if z >= x and z >= y:
        i = 1.0 / d[2]
        s.x = vec3(1.0, 0.0, -d[0] * i)
        s.y = vec3(0.0, 1.0, -d[1] * i)
        s.z = vec3(0.0, 0.0, i)
    elif y >= x:
        i = 1.0 / d[1]
        s.x = vec3(0.0, -d[2] * i, 1.0)
        s.y = vec3(1.0, -d[0] * i, 0.0)
        s.z = vec3(0.0, i, 0.0)
    else:
        i = 1.0 / d[0]
        s.x = vec3(-d[1] * i, 1.0, 0.0)
        s.y = vec3(-d[2] * i, 0.0, 1.0)
        s.z = vec3(i, 0.0, 0.0)
    return s


@func(contract=False)
def edge_function(ax: float32, ay: float32, bx: float32, by: float32):
    """Twice the signed area of (0, a, b); exactly negated when a and b change places."""
    return ax * by - ay * bx


@func(contract=False)
def exact_edge_function(ax: float32, ay: float32, bx: float32, by: float32):
    """The same in float64, where both products are exact."""
    return float32(float64(ax) * float64(by) - float64(ay) * float64(bx))


@func
def ray_triangle(shear: Shear, origin: vec3, a: vec3, b: vec3, c: vec3, max_t: float32):
    """Watertight: a ray through a shared edge or corner hits one of the triangles that share it. Both sides
    count.

    Source: Woop, Benthin & Wald, "Watertight ray/triangle intersection", Journal of Computer Graphics
    Techniques 2(1), 2013.
    """
    found = TriangleHit()
    pa = a - origin
    pb = b - origin
    pc = c - origin
    ax = dot(shear.x, pa)
    ay = dot(shear.y, pa)
    bx = dot(shear.x, pb)
    by = dot(shear.y, pb)
    cx = dot(shear.x, pc)
    cy = dot(shear.y, pc)
    u = edge_function(bx, by, cx, cy)
    v = edge_function(cx, cy, ax, ay)
    w = edge_function(ax, ay, bx, by)
    if u == 0.0 or v == 0.0 or w == 0.0:
        u = exact_edge_function(bx, by, cx, cy)
        v = exact_edge_function(cx, cy, ax, ay)
        w = exact_edge_function(ax, ay, bx, by)
    if min(min(u, v), w) < 0.0 and max(max(u, v), w) > 0.0:
        return found
    det = u + v + w
    if det == 0.0:
        return found
    inverse = 1.0 / det
    t = (u * dot(shear.z, pa) + v * dot(shear.z, pb) + w * dot(shear.z, pc)) * inverse
    if t >= 0.0 and t <= max_t:
        found.hit = True
        found.t = t
        found.u = u * inverse
        found.v = v * inverse
        # seen along the ray, a face whose corners run counter-clockwise shows its front
        turn = det * (shear.z[0] + shear.z[1] + shear.z[2])
        found.sign = 1.0 if turn < 0.0 else -1.0
    return found


@func
def ratio(part: float32, whole: float32):
    """part / whole, 0 for a whole of no size (a degenerate triangle)."""
    return part / whole if whole > 0.0 else 0.0


@func
def nearest(a: vec3, b: vec3, c: vec3, v: float32, w: float32, feature: int32):
    """The point (1 - v - w) a + v b + w c."""
    found = NearestPoint()
    found.point = a + (b - a) * v + (c - a) * w
    found.u = 1.0 - v - w
    found.v = v
    found.w = w
    found.feature = feature
    return found


@func
def nearest_on_triangle(a: vec3, b: vec3, c: vec3, point: vec3):
    """Nearest point of a triangle, by the Voronoi region of its corners and edges that the point lies in.

    Source: Ericson, "Real-Time Collision Detection", 2005, section 5.1.5.
    """
    ab = b - a
    ac = c - a
    ap = point - a
    bp = point - b
    cp = point - c
    d1 = dot(ab, ap)
    d2 = dot(ac, ap)
    if d1 <= 0.0 and d2 <= 0.0:
        return nearest(a, b, c, 0.0, 0.0, 0)
    d3 = dot(ab, bp)
    d4 = dot(ac, bp)
    if d3 >= 0.0 and d4 <= d3:
        return nearest(a, b, c, 1.0, 0.0, 1)
    vc = d1 * d4 - d3 * d2
    if vc <= 0.0 and d1 >= 0.0 and d3 <= 0.0:
        return nearest(a, b, c, ratio(d1, d1 - d3), 0.0, 3)
    d5 = dot(ab, cp)
    d6 = dot(ac, cp)
    if d6 >= 0.0 and d5 <= d6:
        return nearest(a, b, c, 0.0, 1.0, 2)
    vb = d5 * d2 - d1 * d6
    if vb <= 0.0 and d2 >= 0.0 and d6 <= 0.0:
        return nearest(a, b, c, 0.0, ratio(d2, d2 - d6), 5)
    va = d3 * d6 - d5 * d4
    if va <= 0.0 and d4 >= d3 and d5 >= d6:
        w = ratio(d4 - d3, (d4 - d3) + (d5 - d6))
        return nearest(a, b, c, 1.0 - w, w, 4)
    return nearest(a, b, c, ratio(vb, va + vb + vc), ratio(vc, va + vb + vc), 6)
