"""Products, lengths and norms of vectors of any length; of quaternions too where the surface has one name for
both.
"""

# ruff: noqa: F811 - overloads share a name; defaults are constants
from __future__ import annotations

from typing import Any

from robokern.compiler.builtins import sqrt, static, where
from robokern.compiler.function import func, operator
from robokern.ir.types import Float, Int, matrix, uint32, vector
from robokern.lang.patterns import any_composite, any_matrix, any_quaternion, any_vector, vector3


@func
def dot(a: any_vector, b: any_vector):
    """Scalar product."""
    total = a[0] * b[0]
    for i in range(1, len(a)):
        total = a[i] * b[i] + total
    return total


@func
def dot(a: any_quaternion, b: any_quaternion):
    return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w


# one rounding per product, so that cross(a, a) is zero and cross(a, b) = -cross(b, a)
@func(contract=False)
def cross(a: vector3, b: vector3):
    """Vector product of two 3-vectors."""
    return type(a)(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)


@func
def length_sq(a: Any):
    """Squared Euclidean length of a vector or quaternion."""
    return dot(a, a)


@func
def length(a: Any):
    """Euclidean length of a vector or quaternion."""
    return sqrt(dot(a, a))


@func
def _inverse_root(square: Any):
    """1 / sqrt(square); 0 for 0."""
    size = sqrt(square)
    zero = type(square)(0)
    return where(size > zero, type(square)(1) / size, zero)


@func
def normalize(a: any_vector):
    """The vector of length 1 along a; zero for a = 0."""
    return a * _inverse_root(dot(a, a))


@func
def normalize(q: any_quaternion):
    """The unit quaternion along q; the identity for q = 0."""
    identity = type(q)(q.dtype(0), q.dtype(0), q.dtype(0), q.dtype(1))
    return where(length(q) > q.dtype(0), q * _inverse_root(dot(q, q)), identity)


@func
def outer(a: any_vector, b: any_vector):
    """Matrix a b^T."""
    rows = len(a)
    columns = len(b)
    dtype = a.dtype
    result = static(matrix((rows, columns), dtype))()
    for i in range(rows):
        for j in range(columns):
            result[i, j] = a[i] * b[j]
    return result


@func
def skew(vec: vector3):
    """Matrix S with S b = cross(a, b)."""
    zero = vec.dtype(0)
    dtype = vec.dtype
    return static(matrix((3, 3), dtype))(zero, -vec.z, vec.y, vec.z, zero, -vec.x, -vec.y, vec.x, zero)


@func
def cw_mul(a: any_vector, b: any_vector):
    """Component-wise product."""
    result = a
    for i in range(len(a)):
        result[i] = a[i] * b[i]
    return result


@func
def cw_mul(a: any_matrix, b: any_matrix):
    result = a
    for i in range(type(a).rows):
        for j in range(type(a).cols):
            result[i, j] = a[i, j] * b[i, j]
    return result


@func
def _quotient(a: Any, b: Any):
    """Of integers, towards zero."""
    return (a - a % b) // b


@func
def cw_div(a: vector(dtype=Int), b: vector(dtype=Int)):
    """Component-wise quotient; of integers towards zero, 0 where b is 0."""
    result = a
    for i in range(len(a)):
        result[i] = _quotient(a[i], b[i])
    return result


@func
def cw_div(a: matrix(dtype=Int), b: matrix(dtype=Int)):
    result = a
    for i in range(type(a).rows):
        for j in range(type(a).cols):
            result[i, j] = _quotient(a[i, j], b[i, j])
    return result


@func
def cw_div(a: any_vector, b: any_vector):
    result = a
    for i in range(len(a)):
        result[i] = a[i] / b[i]
    return result


@func
def cw_div(a: any_matrix, b: any_matrix):
    result = a
    for i in range(type(a).rows):
        for j in range(type(a).cols):
            result[i, j] = a[i, j] / b[i, j]
    return result


@operator("div")
@func
def _scalar_over(a: Float, b: any_composite):
    """a divided by each component."""
    result = b
    for k in range(len(b)):
        result[k] = a / b[k]
    return result


@operator("mod")
@func
def _remainders(a: any_vector, b: any_vector):
    """Component-wise remainder with the sign of a."""
    result = a
    for k in range(len(a)):
        result[k] = a[k] % b[k]
    return result


@func
def argmin(a: any_vector) -> uint32:
    """Index of the first smallest component; NaN is passed over."""
    best = a[0]
    place = uint32(0)
    for i in range(1, len(a)):
        better = (a[i] < best) | ((best != best) & (a[i] == a[i]))
        best = where(better, a[i], best)
        place = where(better, uint32(i), place)
    return place


@func
def argmax(a: any_vector) -> uint32:
    """Index of the first largest component; NaN is passed over."""
    best = a[0]
    place = uint32(0)
    for i in range(1, len(a)):
        better = (a[i] > best) | ((best != best) & (a[i] == a[i]))
        best = where(better, a[i], best)
        place = where(better, uint32(i), place)
    return place


@func
def norm_l1(a: any_vector):
    """Sum of the absolute components."""
    total = abs(a[0])
    for i in range(1, len(a)):
        total = total + abs(a[i])
    return total


@func
def norm_l2(a: any_vector):
    """Euclidean length."""
    return length(a)


@func
def norm_huber(a: any_vector, delta: Any = 1.0):
    """Half the squared length up to delta, linear beyond (Huber 1964)."""
    size = length(a)
    half = a.dtype(0.5)
    return where(size <= delta, half * dot(a, a), delta * (size - half * delta))


@func
def norm_pseudo_huber(a: any_vector, delta: Any = 1.0):
    """delta sqrt(1 + |a|^2 / delta^2): smooth, |a| far out."""
    return delta * sqrt(a.dtype(1) + dot(a, a) / (delta * delta))


@func
def smooth_normalize(a: any_vector, delta: Any = 1.0):
    """a / norm_pseudo_huber(a, delta): along a, smooth through zero."""
    return a / norm_pseudo_huber(a, delta)
