"""Matrices of any shape: products, transpose, determinant and inverse up to 4x4."""

# ruff: noqa: F811 - overloads share a name; defaults are constants
from __future__ import annotations

from robokern.compiler.builtins import static, where
from robokern.compiler.function import func, operator
from robokern.ir.types import matrix, vector
from robokern.lang.patterns import any_matrix, any_vector, matrix22, matrix33, matrix44
from robokern.lang.vector import dot


@operator("matmul")
@operator("mul")
@func
def product(m: any_matrix, v: any_vector):
    """Matrix times column vector, row vector times matrix, or matrix times matrix: `*` and `@`."""
    rows = type(m).rows
    dtype = m.dtype
    result = static(vector(rows, dtype))()
    for i in range(rows):
        result[i] = dot(m[i], v)
    return result


@operator("matmul")
@operator("mul")
@func
def product(v: any_vector, m: any_matrix):
    columns = type(m).cols
    dtype = m.dtype
    result = static(vector(columns, dtype))()
    for j in range(columns):
        total = v[0] * m[0, j]
        for i in range(1, len(v)):
            total = v[i] * m[i, j] + total
        result[j] = total
    return result


@operator("matmul")
@operator("mul")
@func
def product(a: any_matrix, b: any_matrix):
    rows = type(a).rows
    columns = type(b).cols
    dtype = a.dtype
    result = static(matrix((rows, columns), dtype))()
    for i in range(rows):
        for j in range(columns):
            total = a[i, 0] * b[0, j]
            for k in range(1, type(a).cols):
                total = a[i, k] * b[k, j] + total
            result[i, j] = total
    return result


@func
def transpose(a: any_matrix):
    """Rows become columns."""
    rows = type(a).rows
    columns = type(a).cols
    dtype = a.dtype
    result = static(matrix((columns, rows), dtype))()
    for i in range(rows):
        for j in range(columns):
            result[j, i] = a[i, j]
    return result


@func
def trace(a: any_matrix):
    """Sum of the diagonal."""
    total = a[0, 0]
    for i in range(1, type(a).rows):
        total = total + a[i, i]
    return total


@func
def diag(vec: any_vector):
    """Square matrix with vec on the diagonal."""
    size = len(vec)
    dtype = vec.dtype
    result = static(matrix((size, size), dtype))()
    for i in range(size):
        result[i, i] = vec[i]
    return result


@func
def get_diag(mat: any_matrix):
    """The diagonal as a vector."""
    size = type(mat).rows
    dtype = mat.dtype
    result = static(vector(size, dtype))()
    for i in range(size):
        result[i] = mat[i, i]
    return result


@func
def ddot(a: any_matrix, b: any_matrix):
    """Sum of the products of equal components."""
    total = dot(a[0], b[0])
    for i in range(1, type(a).rows):
        total = total + dot(a[i], b[i])
    return total


@func
def matrix_from_rows(a: any_vector, b: any_vector):
    """Matrix whose rows are the given 2 to 4 vectors."""
    columns = len(a)
    dtype = a.dtype
    result = static(matrix((2, columns), dtype))()
    result[0] = a
    result[1] = b
    return result


@func
def matrix_from_rows(a: any_vector, b: any_vector, c: any_vector):
    columns = len(a)
    dtype = a.dtype
    result = static(matrix((3, columns), dtype))()
    result[0] = a
    result[1] = b
    result[2] = c
    return result


@func
def matrix_from_rows(a: any_vector, b: any_vector, c: any_vector, d: any_vector):
    columns = len(a)
    dtype = a.dtype
    result = static(matrix((4, columns), dtype))()
    result[0] = a
    result[1] = b
    result[2] = c
    result[3] = d
    return result


@func
def matrix_from_cols(a: any_vector, b: any_vector):
    """Matrix whose columns are the given 2 to 4 vectors."""
    return transpose(matrix_from_rows(a, b))


@func
def matrix_from_cols(a: any_vector, b: any_vector, c: any_vector):
    return transpose(matrix_from_rows(a, b, c))


@func
def matrix_from_cols(a: any_vector, b: any_vector, c: any_vector, d: any_vector):
    return transpose(matrix_from_rows(a, b, c, d))


@func
def determinant(a: matrix22):
    """Determinant of a 2x2, 3x3 or 4x4 matrix."""
    return a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]


@func
def determinant(a: matrix33):
    return (
        a[0, 0] * (a[1, 1] * a[2, 2] - a[1, 2] * a[2, 1])
        + a[0, 1] * (a[1, 2] * a[2, 0] - a[1, 0] * a[2, 2])
        + a[0, 2] * (a[1, 0] * a[2, 1] - a[1, 1] * a[2, 0])
    )


@func
def _minors(m: matrix44):
    """The 2x2 minors of the upper and of the lower two rows, each for the column pairs 01 02 03 12 13 23."""
    upper = (
        m[0, 0] * m[1, 1] - m[0, 1] * m[1, 0],
        m[0, 0] * m[1, 2] - m[0, 2] * m[1, 0],
        m[0, 0] * m[1, 3] - m[0, 3] * m[1, 0],
        m[0, 1] * m[1, 2] - m[0, 2] * m[1, 1],
        m[0, 1] * m[1, 3] - m[0, 3] * m[1, 1],
        m[0, 2] * m[1, 3] - m[0, 3] * m[1, 2],
    )
    lower = (
        m[2, 0] * m[3, 1] - m[2, 1] * m[3, 0],
        m[2, 0] * m[3, 2] - m[2, 2] * m[3, 0],
        m[2, 0] * m[3, 3] - m[2, 3] * m[3, 0],
        m[2, 1] * m[3, 2] - m[2, 2] * m[3, 1],
        m[2, 1] * m[3, 3] - m[2, 3] * m[3, 1],
        m[2, 2] * m[3, 3] - m[2, 3] * m[3, 2],
    )
    return upper, lower


@func
def determinant(a: matrix44):
    s, c = _minors(a)
    return s[0] * c[5] - s[1] * c[4] + s[2] * c[3] + s[3] * c[2] - s[4] * c[1] + s[5] * c[0]


@func
def inverse(a: matrix22):
    """Inverse of a 2x2, 3x3 or 4x4 matrix; zero if the determinant is zero."""
    d = determinant(a)
    one = a.dtype(1)
    return type(a)(a[1, 1], -a[0, 1], -a[1, 0], a[0, 0]) * where(
        d == a.dtype(0), d, one / where(d == a.dtype(0), one, d)
    )


@func
def inverse(a: matrix33):
    d = determinant(a)
    one = a.dtype(1)
    adjugate = type(a)(
        a[1, 1] * a[2, 2] - a[1, 2] * a[2, 1],
        a[0, 2] * a[2, 1] - a[0, 1] * a[2, 2],
        a[0, 1] * a[1, 2] - a[0, 2] * a[1, 1],
        a[1, 2] * a[2, 0] - a[1, 0] * a[2, 2],
        a[0, 0] * a[2, 2] - a[0, 2] * a[2, 0],
        a[0, 2] * a[1, 0] - a[0, 0] * a[1, 2],
        a[1, 0] * a[2, 1] - a[1, 1] * a[2, 0],
        a[0, 1] * a[2, 0] - a[0, 0] * a[2, 1],
        a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0],
    )
    return adjugate * where(d == a.dtype(0), d, one / where(d == a.dtype(0), one, d))


@func
def inverse(a: matrix44):
    s, c = _minors(a)
    d = s[0] * c[5] - s[1] * c[4] + s[2] * c[3] + s[3] * c[2] - s[4] * c[1] + s[5] * c[0]
    one = a.dtype(1)
    adjugate = type(a)(
        a[1, 1] * c[5] - a[1, 2] * c[4] + a[1, 3] * c[3],
        a[0, 2] * c[4] - a[0, 1] * c[5] - a[0, 3] * c[3],
        a[3, 1] * s[5] - a[3, 2] * s[4] + a[3, 3] * s[3],
        a[2, 2] * s[4] - a[2, 1] * s[5] - a[2, 3] * s[3],
        a[1, 2] * c[2] - a[1, 0] * c[5] - a[1, 3] * c[1],
        a[0, 0] * c[5] - a[0, 2] * c[2] + a[0, 3] * c[1],
        a[3, 2] * s[2] - a[3, 0] * s[5] - a[3, 3] * s[1],
        a[2, 0] * s[5] - a[2, 2] * s[2] + a[2, 3] * s[1],
        a[1, 0] * c[4] - a[1, 1] * c[2] + a[1, 3] * c[0],
        a[0, 1] * c[2] - a[0, 0] * c[4] - a[0, 3] * c[0],
        a[3, 0] * s[4] - a[3, 1] * s[2] + a[3, 3] * s[0],
        a[2, 1] * s[2] - a[2, 0] * s[4] - a[2, 3] * s[0],
        a[1, 1] * c[1] - a[1, 0] * c[3] - a[1, 2] * c[0],
        a[0, 0] * c[3] - a[0, 1] * c[1] + a[0, 2] * c[0],
        a[3, 1] * s[1] - a[3, 0] * s[3] - a[3, 2] * s[0],
        a[2, 0] * s[3] - a[2, 1] * s[1] + a[2, 2] * s[0],
    )
    return adjugate * where(d == a.dtype(0), d, one / where(d == a.dtype(0), one, d))


@func
def inverse_approx(a: any_matrix):
    """The same as `inverse`."""
    return inverse(a)
