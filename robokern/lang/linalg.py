"""Factorisations of small matrices: QR, symmetric eigenvectors, singular values, Cholesky, linear systems.

Rotations of two rows or columns at a time (Givens, Jacobi; Golub & Van Loan, Matrix Computations, chapters 5
and 8): no pivots to choose, no breakdown on singular input.
"""

# ruff: noqa: F811, RUF059 - overloads share a name; defaults are constants
from __future__ import annotations

from typing import Any

from robokern.compiler.builtins import sqrt, static, where
from robokern.compiler.function import func
from robokern.ir.types import float32, float64, inout, int32, vector
from robokern.lang.patterns import any_matrix, any_vector, matrix22, matrix33
from robokern.lang.vector import dot, length

# Jacobi sweeps converge quadratically; these numbers leave a margin of two over what random matrices need
_SWEEPS32 = 6
_SWEEPS64 = 8


@func
def _sweeps(x: float32) -> int32:
    return _SWEEPS32


@func
def _sweeps(x: float64) -> int32:
    return _SWEEPS64


@func
def _sweeps(x: Any) -> int32:
    return _SWEEPS32


@func
def _identity_like(m: any_matrix):
    result = type(m)()
    for i in range(type(m).rows):
        result[i, i] = m.dtype(1)
    return result


@func
def qr3(A: matrix33):
    """(Q, R) with A = Q R, Q orthogonal, R upper triangular (Givens rotations)."""
    dtype = A.dtype
    q = _identity_like(A)
    r = A
    for column in range(2):
        for row in range(column + 1, 3):
            a = r[column, column]
            b = r[row, column]
            size = sqrt(a * a + b * b)
            safe = where(size > dtype(0), size, dtype(1))
            c = where(size > dtype(0), a / safe, dtype(1))
            s = b / safe
            for k in range(3):
                upper = r[column, k]
                lower = r[row, k]
                r[column, k] = c * upper + s * lower
                r[row, k] = c * lower - s * upper
                left = q[k, column]
                right = q[k, row]
                q[k, column] = c * left + s * right
                q[k, row] = c * right - s * left
            r[row, column] = dtype(0)
    return q, r


@func
def qr3(A: matrix33, Q: inout(matrix33), R: inout(matrix33)):
    Q, R = qr3(A)


@func
def _jacobi_angle(app: Any, aqq: Any, apq: Any):
    """(cos, sin) of the smaller rotation that makes [[app, apq], [apq, aqq]] diagonal."""
    dtype = type(app)
    zero = dtype(0)
    one = dtype(1)
    # t^2 + 2 theta t - 1 = 0 with theta = (aqq - app) / (2 apq), multiplied out so that apq may be zero
    half = dtype(0.5) * (aqq - app)
    reach = abs(half) + sqrt(half * half + apq * apq)
    t = where(half < zero, -apq, apq) / where(reach > zero, reach, one)
    c = one / sqrt(one + t * t)
    return c, t * c


@func
def eig3(A: matrix33):
    """(Q, d) with A = Q diag(d) Q^T for symmetric A; Q is orthogonal, the order of d is open.

    Of any other m it is the symmetric part's. Cyclic Jacobi rotations; error of d a few ulp of the largest.
    Where eigenvalues are equal, derivatives through Q are NaN.
    """
    a = A
    for i in range(2):
        for j in range(i + 1, 3):
            a[i, j] = A.dtype(0.5) * (A[i, j] + A[j, i])
            a[j, i] = a[i, j]
    q = _identity_like(A)
    sweep = 0
    while sweep < _sweeps(A[0, 0]):
        for i in range(2):
            for j in range(i + 1, 3):
                c, s = _jacobi_angle(a[i, i], a[j, j], a[i, j])
                for k in range(3):
                    left = a[k, i]
                    right = a[k, j]
                    a[k, i] = c * left - s * right
                    a[k, j] = s * left + c * right
                for k in range(3):
                    upper = a[i, k]
                    lower = a[j, k]
                    a[i, k] = c * upper - s * lower
                    a[j, k] = s * upper + c * lower
                    left = q[k, i]
                    right = q[k, j]
                    q[k, i] = c * left - s * right
                    q[k, j] = s * left + c * right
        sweep += 1
    dtype = A.dtype
    return q, static(vector(3, dtype))(a[0, 0], a[1, 1], a[2, 2])


@func
def eig3(A: matrix33, Q: inout(matrix33), d: inout(vector(3))):
    Q, d = eig3(A)


@func
def _column(m: any_matrix, j: int32):
    rows = type(m).rows
    dtype = m.dtype
    result = static(vector(rows, dtype))()
    for i in range(rows):
        result[i] = m[i, j]
    return result


@func
def _rotate_columns(m: inout(any_matrix), i: int32, j: int32, c: Any, s: Any):
    for k in range(type(m).rows):
        left = m[k, i]
        right = m[k, j]
        m[k, i] = c * left - s * right
        m[k, j] = s * left + c * right


@func
def _orthogonal_columns(b: inout(any_matrix), v: inout(any_matrix)):
    """Turns columns of b until they are orthogonal and sorted by length, and v with them (Hestenes 1958)."""
    dtype = b.dtype
    sweep = 0
    while sweep < _sweeps(b[0, 0]):
        for i in range(type(b).cols - 1):
            for j in range(i + 1, type(b).cols):
                x = _column(b, i)
                y = _column(b, j)
                xx = dot(x, x)
                yy = dot(y, y)
                c, s = _jacobi_angle(xx, yy, dot(x, y))
                # the longer column first: a further quarter turn where the rotated first one is the shorter
                gain = (c * c - s * s) * (xx - yy) - dtype(4) * c * s * dot(x, y)
                swap = gain < dtype(0)
                c, s = where(swap, -s, c), where(swap, c, s)
                _rotate_columns(b, i, j, c, s)
                _rotate_columns(v, i, j, c, s)
        sweep += 1


@func
def _unit_or(v: any_vector, size: Any, least: Any, other: any_vector):
    """v / size, or `other` if size is not above `least`."""
    return where(size > least, v * (v.dtype(1) / where(size > least, size, v.dtype(1))), other)


@func
def _perpendicular(u: vector(3)):
    """A unit vector perpendicular to the unit vector u (Duff et al. 2017)."""
    one = u.dtype(1)
    side = where(u.z < u.dtype(0), -one, one)
    a = -one / (side + u.z)
    return type(u)(one + side * u.x * u.x * a, side * u.x * u.y * a, -side * u.x)


@func
def svd3(A: matrix33):
    """(U, sigma, V) with A = U diag(sigma) V^T; U and V are rotations, |sigma| falls, sigma[2] has the sign
    of det m.

    One-sided Jacobi rotations; error of sigma a few ulp of the largest.
    """
    dtype = A.dtype
    zero = dtype(0)
    b = A
    v = _identity_like(A)
    _orthogonal_columns(b, v)
    x = _column(b, 0)
    y = _column(b, 1)
    first = length(x)
    ex = type(x)(dtype(1), zero, zero)
    u0 = _unit_or(x, first, zero, ex)
    # y may be nothing but rounding: once more perpendicular to u0 after it has length 1
    second = length(y)
    other = _perpendicular(u0)
    u1 = _unit_or(y, second, zero, other)
    u1 = u1 - dot(u1, u0) * u0
    u1 = _unit_or(u1, length(u1), dtype(0.5), other)
    # the third axis completes the right-handed frame
    u2 = type(x)(u0.y * u1.z - u0.z * u1.y, u0.z * u1.x - u0.x * u1.z, u0.x * u1.y - u0.y * u1.x)
    u = type(A)(u0.x, u1.x, u2.x, u0.y, u1.y, u2.y, u0.z, u1.z, u2.z)
    return u, static(vector(3, dtype))(first, second, dot(u2, _column(b, 2))), v


@func
def svd3(A: matrix33, U: inout(matrix33), sigma: inout(vector(3)), V: inout(matrix33)):
    U, sigma, V = svd3(A)


@func
def svd2(A: matrix22):
    """(U, sigma, V) with A = U diag(sigma) V^T; U and V are orthogonal, sigma[0] >= sigma[1] >= 0."""
    dtype = A.dtype
    zero = dtype(0)
    b = A
    v = _identity_like(A)
    _orthogonal_columns(b, v)
    x = _column(b, 0)
    first = length(x)
    u0 = _unit_or(x, first, zero, type(x)(dtype(1), zero))
    across = type(x)(-u0.y, u0.x)
    second = dot(across, _column(b, 1))
    side = where(second < zero, -dtype(1), dtype(1))
    u = type(A)(u0.x, side * across.x, u0.y, side * across.y)
    return u, static(vector(2, dtype))(first, abs(second)), v


@func
def svd2(A: matrix22, U: inout(matrix22), sigma: inout(vector(2)), V: inout(matrix22)):
    U, sigma, V = svd2(A)


@func
def cholesky(m: any_matrix):
    """Lower triangular L with m = L L^T, for symmetric positive definite m; NaN where it is not."""
    size = type(m).rows
    lower = type(m)()
    for j in range(size):
        rest = m[j, j]
        for k in range(j):
            rest = rest - lower[j, k] * lower[j, k]
        lower[j, j] = sqrt(rest)
        scale = m.dtype(1) / lower[j, j]
        for i in range(j + 1, size):
            total = m[i, j]
            for k in range(j):
                total = total - lower[i, k] * lower[j, k]
            lower[i, j] = total * scale
    return lower


@func
def cholesky_solve(lower: any_matrix, b: any_vector):
    """x with L L^T x = b, L from `cholesky`."""
    size = len(b)
    x = b
    for i in range(size):
        total = x[i]
        for k in range(i):
            total = total - lower[i, k] * x[k]
        x[i] = total / lower[i, i]
    for back in range(size):
        i = static(size - 1 - back)
        total = x[i]
        for k in range(i + 1, size):
            total = total - lower[k, i] * x[k]
        x[i] = total / lower[i, i]
    return x


@func
def solve(m: any_matrix, b: any_vector):
    """x with m x = b, by elimination with row pivoting; infinite or NaN for singular m."""
    size = len(b)
    a = m
    x = b
    for j in range(size - 1):
        pivot = j
        best = abs(a[j, j])
        for i in range(j + 1, size):
            larger = abs(a[i, j]) > best
            best = where(larger, abs(a[i, j]), best)
            pivot = where(larger, i, pivot)
        for i in range(j + 1, size):
            swap = pivot == i
            upper = a[j]
            a[j] = where(swap, a[i], upper)
            a[i] = where(swap, upper, a[i])
            top = x[j]
            x[j] = where(swap, x[i], top)
            x[i] = where(swap, top, x[i])
        for i in range(j + 1, size):
            factor = a[i, j] / a[j, j]
            a[i] = a[i] - factor * a[j]
            x[i] = x[i] - factor * x[j]
    for back in range(size):
        i = static(size - 1 - back)
        total = x[i]
        for k in range(i + 1, size):
            total = total - a[i, k] * x[k]
        x[i] = total / a[i, i]
    return x
