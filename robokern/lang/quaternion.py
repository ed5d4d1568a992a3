"""Rotations as quaternions (x, y, z, w): products, conversions and interpolation.

`q * r` applies r first; `quat_rotate(q, v)` takes v from the rotated frame to the reference frame. Functions
that take a rotation expect unit length and do not check it.
"""

# ruff: noqa: F811, RUF059 - overloads share a name; defaults are constants
from __future__ import annotations

from typing import Any

from robokern.compiler.builtins import sqrt, static, where
from robokern.compiler.function import func, operator
from robokern.ir.types import float32, inout, int32, matrix, quaternion, vector
from robokern.lang.patterns import any_quaternion, matrix33, matrix44, vector3
from robokern.lang.trigonometry import atan2, cos, sin
from robokern.lang.vector import dot, length, normalize

_PI = 3.141592653589793


@func
def quat_identity(dtype: type = float32):
    """The quaternion (0, 0, 0, 1)."""
    return static(quaternion(dtype))(dtype(0), dtype(0), dtype(0), dtype(1))


@operator("mul")
@func
def quat_multiply(a: any_quaternion, b: any_quaternion):
    """Hamilton product a b: the rotation b, then a."""
    return type(a)(
        a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
        a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x,
        a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w,
        a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z,
    )


@func
def quat_inverse(quat: any_quaternion):
    """Conjugate; the inverse rotation if quat has unit length."""
    return type(quat)(-quat.x, -quat.y, -quat.z, quat.w)


@func
def quat_rotate(quat: any_quaternion, vec: vector3):
    """vec turned by quat."""
    two = quat.dtype(2)
    tx = two * (quat.y * vec.z - quat.z * vec.y)
    ty = two * (quat.z * vec.x - quat.x * vec.z)
    tz = two * (quat.x * vec.y - quat.y * vec.x)
    return type(vec)(
        vec.x + quat.w * tx + (quat.y * tz - quat.z * ty),
        vec.y + quat.w * ty + (quat.z * tx - quat.x * tz),
        vec.z + quat.w * tz + (quat.x * ty - quat.y * tx),
    )


@func
def quat_rotate_inv(quat: any_quaternion, vec: vector3):
    """vec turned by the inverse of quat."""
    return quat_rotate(quat_inverse(quat), vec)


@func
def quat_from_axis_angle(axis: vector3, angle: Any):
    """Turn about a unit axis by an angle [rad], right-handed."""
    half = axis.dtype(0.5) * angle
    s = sin(half)
    dtype = axis.dtype
    return static(quaternion(dtype))(axis.x * s, axis.y * s, axis.z * s, cos(half))


@func
def quat_to_axis_angle(quat: any_quaternion):
    """(unit axis, angle in [0, pi] rad); the axis is zero for the identity."""
    dtype = quat.dtype
    v = static(vector(3, dtype))(quat.x, quat.y, quat.z)
    axis = normalize(v) * where(quat.w < dtype(0), dtype(-1), dtype(1))
    return axis, dtype(2) * atan2(length(v), abs(quat.w))


@func
def quat_to_axis_angle(quat: any_quaternion, axis: inout(vector3), angle: inout(Any)):
    axis, angle = quat_to_axis_angle(quat)


@func
def quat_rpy(roll: Any, pitch: Any, yaw: Any):
    """Turn by roll about x, then pitch about y, then yaw about z, all fixed axes [rad]."""
    dtype = type(roll)
    half = dtype(0.5)
    sr = sin(half * roll)
    cr = cos(half * roll)
    sp = sin(half * pitch)
    cp = cos(half * pitch)
    sy = sin(half * yaw)
    cy = cos(half * yaw)
    return static(quaternion(dtype))(
        sr * cp * cy - cr * sp * sy,
        cr * sp * cy + sr * cp * sy,
        cr * cp * sy - sr * sp * cy,
        cr * cp * cy + sr * sp * sy,
    )


@func
def quat_to_rpy(q: any_quaternion):
    """(roll, pitch, yaw) [rad] as `quat_rpy` takes them; pitch in [-pi/2, pi/2]."""
    return quat_to_euler(q, 0, 1, 2)


@func
def _axis_turn(axis: int32, angle: Any):
    dtype = type(angle)
    half = dtype(0.5) * angle
    q = static(quaternion(dtype))(dtype(0), dtype(0), dtype(0), cos(half))
    q[axis] = sin(half)
    return q


@func
def quat_from_euler(e: vector3, i: int32, j: int32, k: int32):
    """Turns by e[i], e[j], e[k] [rad] about the fixed axes number i, then j, then k."""
    return quat_multiply(_axis_turn(k, e[k]), quat_multiply(_axis_turn(j, e[j]), _axis_turn(i, e[i])))


@func
def _wrapped(angle: Any):
    """An angle in (-3 pi, 3 pi) brought into [-pi, pi]."""
    turn = type(angle)(2.0 * _PI)
    angle = where(angle > type(angle)(_PI), angle - turn, angle)
    return where(angle < type(angle)(-_PI), angle + turn, angle)


@func
def quat_to_euler(q: any_quaternion, i: int32, j: int32, k: int32):
    """Angles [rad] by axis number, such that `quat_from_euler` gives q back (where i != k).

    At gimbal lock the angle about k is 0. If i = k the third angle is at the place of the axis that is left.
    Source: Bernardes & Viollet 2022.
    """
    dtype = q.dtype
    symmetric = i == k
    third = where(symmetric, 3 - i - j, k)
    sign = dtype((i - j) * (j - third) * (third - i) // 2)
    x = q[i]
    y = q[j]
    z = q[third] * sign
    a = where(symmetric, q.w, q.w - y)
    b = where(symmetric, x, x + z)
    c = where(symmetric, y, y + q.w)
    d = where(symmetric, z, z - x)
    outer = sqrt(c * c + d * d)
    inner = sqrt(a * a + b * b)
    half_sum = atan2(b, a)
    half_difference = atan2(d, c)
    small = dtype(1.0e-6) * (outer + inner)
    low = outer <= small
    high = inner <= small
    first = where(
        low, dtype(2) * half_sum, where(high, dtype(-2) * half_difference, half_sum - half_difference)
    )
    last = where(low | high, dtype(0), half_sum + half_difference)
    result = static(vector(3, dtype))()
    result[i] = _wrapped(first)
    result[j] = dtype(2) * atan2(outer, inner) - where(symmetric, dtype(0), dtype(0.5 * _PI))
    result[third] = _wrapped(where(symmetric, last, last * sign))
    return result


@func
def quat_from_matrix(mat: matrix33):
    """The unit quaternion of a rotation matrix (columns are the images of the axes).

    Source: Shepperd 1978: of four formulas the one that divides by the largest component.
    """
    dtype = mat.dtype
    one = dtype(1)
    tx = one + mat[0, 0] - mat[1, 1] - mat[2, 2]
    ty = one - mat[0, 0] + mat[1, 1] - mat[2, 2]
    tz = one - mat[0, 0] - mat[1, 1] + mat[2, 2]
    tw = one + mat[0, 0] + mat[1, 1] + mat[2, 2]
    qx = static(quaternion(dtype))(tx, mat[0, 1] + mat[1, 0], mat[2, 0] + mat[0, 2], mat[2, 1] - mat[1, 2])
    qy = static(quaternion(dtype))(mat[0, 1] + mat[1, 0], ty, mat[1, 2] + mat[2, 1], mat[0, 2] - mat[2, 0])
    qz = static(quaternion(dtype))(mat[2, 0] + mat[0, 2], mat[1, 2] + mat[2, 1], tz, mat[1, 0] - mat[0, 1])
    qw = static(quaternion(dtype))(mat[2, 1] - mat[1, 2], mat[0, 2] - mat[2, 0], mat[1, 0] - mat[0, 1], tw)
    lower = mat[2, 2] < dtype(0)
    x_over_y = mat[0, 0] > mat[1, 1]
    z_over_w = mat[0, 0] < -mat[1, 1]
    q = where(lower, where(x_over_y, qx, qy), where(z_over_w, qz, qw))
    t = where(lower, where(x_over_y, tx, ty), where(z_over_w, tz, tw))
    return q * (dtype(0.5) / sqrt(t))


@func
def quat_from_matrix(mat: matrix44):
    dtype = mat.dtype
    return quat_from_matrix(
        static(matrix((3, 3), dtype))(
            mat[0, 0], mat[0, 1], mat[0, 2], mat[1, 0], mat[1, 1], mat[1, 2], mat[2, 0], mat[2, 1], mat[2, 2]
        )
    )  # fmt: skip


@func
def quat_to_matrix(quat: any_quaternion):
    """Rotation matrix R with R v = quat_rotate(q, v)."""
    dtype = quat.dtype
    one = dtype(1)
    x2 = quat.x + quat.x
    y2 = quat.y + quat.y
    z2 = quat.z + quat.z
    return static(matrix((3, 3), dtype))(
        one - (quat.y * y2 + quat.z * z2), quat.x * y2 - quat.w * z2, quat.x * z2 + quat.w * y2,
        quat.x * y2 + quat.w * z2, one - (quat.x * x2 + quat.z * z2), quat.y * z2 - quat.w * x2,
        quat.x * z2 - quat.w * y2, quat.y * z2 + quat.w * x2, one - (quat.x * x2 + quat.y * y2),
    )  # fmt: skip


@func
def quat_slerp(a: any_quaternion, b: any_quaternion, t: Any):
    """Constant-rate turn from a (t = 0) to b (t = 1) along the shorter arc (Shoemake 1985)."""
    dtype = a.dtype
    end = where(dot(a, b) < dtype(0), -b, b)
    # half the angle in four dimensions, accurate at both ends
    angle = dtype(2) * atan2(length(a - end), length(a + end))
    s = sin(angle)
    flat = s < dtype(1.0e-6)
    scale = dtype(1) / where(flat, dtype(1), s)
    from_a = where(flat, dtype(1) - t, sin((dtype(1) - t) * angle) * scale)
    from_b = where(flat, t, sin(t * angle) * scale)
    return a * from_a + end * from_b


@func
def quat_twist(axis: vector3, q: any_quaternion):
    """The part of q that turns about a unit axis (swing-twist decomposition)."""
    along = axis.x * q.x + axis.y * q.y + axis.z * q.z
    return normalize(type(q)(along * axis.x, along * axis.y, along * axis.z, q.w))


@func
def quat_twist_angle_signed(axis: vector3, q: any_quaternion):
    """Angle [rad] of `quat_twist` about the axis, right-handed; in [-pi, pi] if q.w >= 0."""
    return q.dtype(2) * atan2(axis.x * q.x + axis.y * q.y + axis.z * q.z, q.w)


@func
def quat_twist_angle(axis: vector3, q: any_quaternion):
    """Magnitude [rad] of `quat_twist`; in [0, pi] if q.w >= 0."""
    return q.dtype(2) * atan2(abs(axis.x * q.x + axis.y * q.y + axis.z * q.z), q.w)


@func
def quat_between_vectors(a: vector3, b: vector3):
    """The shortest turn that brings the direction of a to that of b."""
    dtype = a.dtype
    u = normalize(a)
    v = normalize(b)
    c = dot(u, v)
    half = static(quaternion(dtype))(
        u.y * v.z - u.z * v.y, u.z * v.x - u.x * v.z, u.x * v.y - u.y * v.x, dtype(1) + c
    )
    # opposite directions: half a turn about any axis perpendicular to a
    steep = abs(u.x) > abs(u.z)
    across = static(quaternion(dtype))(
        where(steep, -u.y, dtype(0)), where(steep, u.x, -u.z), where(steep, dtype(0), u.y), dtype(0)
    )
    return normalize(where(c < dtype(-0.9999999), across, half))
