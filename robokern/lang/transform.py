"""Rigid transforms (position p, then unit quaternion q): x -> q x + p, and their 4x4 matrices.

`a * b` applies b first, so adjacent frames cancel: world_from_sensor = world_from_body * body_from_sensor.
"""

# ruff: noqa: F811 - overloads share a name; defaults are constants
from __future__ import annotations

from robokern.compiler.builtins import static
from robokern.compiler.function import func, operator
from robokern.ir.types import float32, inout, matrix, transformation, vector
from robokern.lang.matrix import determinant
from robokern.lang.patterns import any_quaternion, any_transform, matrix33, matrix44, vector3
from robokern.lang.quaternion import (
    quat_from_matrix,
    quat_inverse,
    quat_multiply,
    quat_rotate,
    quat_to_matrix,
)
from robokern.lang.scalar import sign
from robokern.lang.vector import length


@func
def transform_identity(dtype: type = float32):
    """The transform that leaves everything where it is."""
    zero = dtype(0)
    return static(transformation(dtype))(zero, zero, zero, zero, zero, zero, dtype(1))


@func
def transform_get_translation(t: any_transform):
    """Position p."""
    return t.p


@func
def transform_get_rotation(t: any_transform):
    """Orientation q."""
    return t.q


@func
def transform_set_translation(t: inout(any_transform), p: vector3):
    """Replaces the position of a variable."""
    t.p = p


@func
def transform_set_rotation(t: inout(any_transform), q: any_quaternion):
    """Replaces the orientation of a variable."""
    t.q = q


@func
def transform_set_translation_copy(t: any_transform, p: vector3):
    """t with another position."""
    t.p = p
    return t


@func
def transform_set_rotation_copy(t: any_transform, q: any_quaternion):
    """t with another orientation."""
    t.q = q
    return t


@operator("mul")
@func
def transform_multiply(a: any_transform, b: any_transform):
    """The transform b, then a."""
    return type(a)(quat_rotate(a.q, b.p) + a.p, quat_multiply(a.q, b.q))


@func
def transform_inverse(t: any_transform):
    """The transform back."""
    back = quat_inverse(t.q)
    return type(t)(-quat_rotate(back, t.p), back)


@func
def transform_point(t: any_transform, point: vector3):
    """A position: turned, then moved."""
    return quat_rotate(t.q, point) + t.p


@func
def transform_point(m: matrix44, point: vector3):
    return type(point)(
        m[0, 0] * point.x + m[0, 1] * point.y + m[0, 2] * point.z + m[0, 3],
        m[1, 0] * point.x + m[1, 1] * point.y + m[1, 2] * point.z + m[1, 3],
        m[2, 0] * point.x + m[2, 1] * point.y + m[2, 2] * point.z + m[2, 3],
    )


@func
def transform_vector(t: any_transform, v: vector3):
    """A direction: turned, not moved."""
    return quat_rotate(t.q, v)


@func
def transform_vector(m: matrix44, v: vector3):
    return type(v)(
        m[0, 0] * v.x + m[0, 1] * v.y + m[0, 2] * v.z,
        m[1, 0] * v.x + m[1, 1] * v.y + m[1, 2] * v.z,
        m[2, 0] * v.x + m[2, 1] * v.y + m[2, 2] * v.z,
    )


@func
def _homogeneous(m: matrix33, p: vector3):
    dtype = m.dtype
    zero = dtype(0)
    return static(matrix((4, 4), dtype))(
        m[0, 0], m[0, 1], m[0, 2], p.x,
        m[1, 0], m[1, 1], m[1, 2], p.y,
        m[2, 0], m[2, 1], m[2, 2], p.z,
        zero, zero, zero, dtype(1),
    )  # fmt: skip


@func
def transform_to_matrix(t: any_transform):
    """The 4x4 matrix of t."""
    return _homogeneous(quat_to_matrix(t.q), t.p)


@func
def transform_from_matrix(m: matrix44):
    """The transform of a 4x4 matrix whose upper left block is a rotation."""
    dtype = m.dtype
    return static(transformation(dtype))(
        static(vector(3, dtype))(m[0, 3], m[1, 3], m[2, 3]), quat_from_matrix(m)
    )


@func
def transform_compose(position: vector3, rotation: any_quaternion, scale: vector3):
    """The 4x4 matrix that scales along the axes, then turns, then moves."""
    m = quat_to_matrix(rotation)
    for i in range(3):
        for j in range(3):
            m[i, j] = m[i, j] * scale[j]
    return _homogeneous(m, position)


@func
def transform_decompose(m: matrix44):
    """(position, rotation, scale) of a matrix as `transform_compose` makes it; a mirrored one has a negative
    x scale.
    """
    dtype = m.dtype
    columns = static(matrix((3, 3), dtype))()
    scale = static(vector(3, dtype))()
    for j in range(3):
        scale[j] = length(static(vector(3, dtype))(m[0, j], m[1, j], m[2, j]))
    for i in range(3):
        for j in range(3):
            columns[i, j] = m[i, j] / scale[j]
    mirror = sign(determinant(columns))
    scale[0] = scale[0] * mirror
    for i in range(3):
        columns[i, 0] = columns[i, 0] * mirror
    return static(vector(3, dtype))(m[0, 3], m[1, 3], m[2, 3]), quat_from_matrix(columns), scale
