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
def transform_get_translation(xform: any_transform):
    """Position p."""
    return xform.p


@func
def transform_get_rotation(xform: any_transform):
    """Orientation q."""
    return xform.q


@func
def transform_set_translation(xform: inout(any_transform), p: vector3):
    """Replaces the position of a variable."""
    xform.p = p


@func
def transform_set_rotation(xform: inout(any_transform), q: any_quaternion):
    """Replaces the orientation of a variable."""
    xform.q = q


@func
def transform_set_translation_copy(xform: any_transform, p: vector3):
    """xform with another position."""
    xform.p = p
    return xform


@func
def transform_set_rotation_copy(xform: any_transform, q: any_quaternion):
    """xform with another orientation."""
    xform.q = q
    return xform


@operator("mul")
@func
def transform_multiply(a: any_transform, b: any_transform):
    """The transform b, then a."""
    return type(a)(quat_rotate(a.q, b.p) + a.p, quat_multiply(a.q, b.q))


@func
def transform_inverse(xform: any_transform):
    """The transform back."""
    back = quat_inverse(xform.q)
    return type(xform)(-quat_rotate(back, xform.p), back)


@func
def transform_point(xform: any_transform, point: vector3):
    """A position: turned, then moved."""
    return quat_rotate(xform.q, point) + xform.p


@func
def transform_point(mat: matrix44, point: vector3):
    return type(point)(
        mat[0, 0] * point.x + mat[0, 1] * point.y + mat[0, 2] * point.z + mat[0, 3],
        mat[1, 0] * point.x + mat[1, 1] * point.y + mat[1, 2] * point.z + mat[1, 3],
        mat[2, 0] * point.x + mat[2, 1] * point.y + mat[2, 2] * point.z + mat[2, 3],
    )


@func
def transform_vector(xform: any_transform, vec: vector3):
    """A direction: turned, not moved."""
    return quat_rotate(xform.q, vec)


@func
def transform_vector(mat: matrix44, vec: vector3):
    return type(vec)(
        mat[0, 0] * vec.x + mat[0, 1] * vec.y + mat[0, 2] * vec.z,
        mat[1, 0] * vec.x + mat[1, 1] * vec.y + mat[1, 2] * vec.z,
        mat[2, 0] * vec.x + mat[2, 1] * vec.y + mat[2, 2] * vec.z,
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
