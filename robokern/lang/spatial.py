"""Spatial vectors of rigid-body mechanics: twists (angular, linear velocity) and wrenches (torque, force).

The angular part comes first, as in Featherstone, Rigid Body Dynamics Algorithms (2008).
"""

from __future__ import annotations

from robokern.compiler.builtins import static
from robokern.compiler.function import func
from robokern.ir.types import matrix, vector
from robokern.lang.patterns import any_transform, matrix33, vector3, vector6
from robokern.lang.quaternion import quat_rotate
from robokern.lang.vector import cross, dot


@func
def spatial_top(svec: vector6):
    """Angular velocity or torque."""
    dtype = svec.dtype
    return static(vector(3, dtype))(svec[0], svec[1], svec[2])


@func
def spatial_bottom(svec: vector6):
    """Linear velocity or force."""
    dtype = svec.dtype
    return static(vector(3, dtype))(svec[3], svec[4], svec[5])


@func
def spatial_dot(a: vector6, b: vector6):
    """Scalar product; of a wrench and a twist it is power [W]."""
    return dot(a, b)


@func
def spatial_cross(a: vector6, b: vector6):
    """Cross product of two twists."""
    w = spatial_top(a)
    v = spatial_bottom(a)
    return type(a)(cross(w, spatial_top(b)), cross(v, spatial_top(b)) + cross(w, spatial_bottom(b)))


@func
def spatial_cross_dual(a: vector6, b: vector6):
    """Cross product of a twist with a wrench."""
    w = spatial_top(a)
    v = spatial_bottom(a)
    return type(a)(cross(w, spatial_top(b)) + cross(v, spatial_bottom(b)), cross(w, spatial_bottom(b)))


@func
def spatial_adjoint(r: matrix33, s: matrix33):
    """The 6x6 matrix [[r, 0], [s, r]]; with s = skew(p) r it maps twists through the transform (r, p)."""
    dtype = r.dtype
    result = static(matrix((6, 6), dtype))()
    for i in range(3):
        for j in range(3):
            result[i, j] = r[i, j]
            result[i + 3, j] = s[i, j]
            result[i + 3, j + 3] = r[i, j]
    return result


@func
def transform_twist(t: any_transform, x: vector6):
    """A twist seen from the frame that t leads to: (R w, R v + p x R w)."""
    w = quat_rotate(t.q, spatial_top(x))
    return type(x)(w, quat_rotate(t.q, spatial_bottom(x)) + cross(t.p, w))


@func
def transform_wrench(t: any_transform, x: vector6):
    """A wrench seen from the frame that t leads to: (R torque + p x R force, R force)."""
    f = quat_rotate(t.q, spatial_bottom(x))
    return type(x)(quat_rotate(t.q, spatial_top(x)) + cross(t.p, f), f)


@func
def velocity_at_point(twist: vector6, r: vector3):
    """Linear velocity [m/s] at offset r [m] from the twist's origin: v + w x r."""
    return spatial_bottom(twist) + cross(spatial_top(twist), r)
