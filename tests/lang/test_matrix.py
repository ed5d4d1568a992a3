"""Matrices against NumPy's linear algebra."""

from typing import Any

import numpy as np
import pytest

import robokern as rk

COUNT = 300
SIZES = (2, 3, 4)


def square(size, scalar=rk.float64):
    return rk.matrix((size, size), scalar)


@rk.func
def times(a: Any, b: Any):
    return a * b


@rk.func
def at(a: Any, b: Any):
    return a @ b


@pytest.mark.parametrize("operation", [times, at], ids=["*", "@"])
def test_products_of_every_kind(evaluate, generator, operation):
    m, n = generator.normal(size=(COUNT, 2, 3)), generator.normal(size=(COUNT, 3, 4))
    v, w = generator.normal(size=(COUNT, 3)), generator.normal(size=(COUNT, 2))
    mat23, mat34, mat24 = (rk.matrix(s, rk.float64) for s in ((2, 3), (3, 4), (2, 4)))
    vec2, vec3 = rk.vector(2, rk.float64), rk.vec3d
    np.testing.assert_allclose(evaluate(operation, mat24, (mat23, m), (mat34, n)), m @ n, atol=1e-14)
    np.testing.assert_allclose(
        evaluate(operation, vec2, (mat23, m), (vec3, v)), np.einsum("nij,nj->ni", m, v), atol=1e-14
    )
    np.testing.assert_allclose(
        evaluate(operation, vec3, (vec2, w), (mat23, m)), np.einsum("ni,nij->nj", w, m), atol=1e-14
    )


@pytest.mark.parametrize("size", SIZES)
def test_determinant_and_inverse(evaluate, generator, size):
    mat = square(size)
    m = generator.normal(size=(COUNT, size, size))
    m = m[np.linalg.cond(m) < 100]
    np.testing.assert_allclose(
        evaluate(rk.determinant, rk.float64, (mat, m)), np.linalg.det(m), rtol=1e-11, atol=1e-13
    )
    for func in (rk.inverse, rk.inverse_approx):
        np.testing.assert_allclose(evaluate(func, mat, (mat, m)), np.linalg.inv(m), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("size", SIZES)
def test_inverse_of_a_singular_matrix_is_zero(evaluate, size):
    mat = square(size, rk.float32)
    m = np.ones((1, size, size), np.float32)
    np.testing.assert_array_equal(evaluate(rk.inverse, mat, (mat, m)), 0)


@pytest.mark.parametrize("size", SIZES)
def test_trace_diagonal_and_double_dot(evaluate, generator, size):
    mat, vec = square(size), rk.vector(size, rk.float64)
    m, n = generator.normal(size=(COUNT, size, size)), generator.normal(size=(COUNT, size, size))
    diagonal = np.einsum("nii->ni", m)
    np.testing.assert_allclose(evaluate(rk.trace, rk.float64, (mat, m)), diagonal.sum(axis=1), atol=1e-14)
    np.testing.assert_array_equal(evaluate(rk.get_diag, vec, (mat, m)), diagonal)
    np.testing.assert_array_equal(
        evaluate(rk.diag, mat, (vec, diagonal)), diagonal[:, :, None] * np.eye(size)
    )
    np.testing.assert_allclose(
        evaluate(rk.ddot, rk.float64, (mat, m), (mat, n)), (m * n).sum(axis=(1, 2)), atol=1e-13
    )
    np.testing.assert_array_equal(evaluate(rk.cw_mul, mat, (mat, m), (mat, n)), m * n)
    np.testing.assert_array_equal(evaluate(rk.cw_div, mat, (mat, m), (mat, n)), m / n)


def test_transpose_of_a_rectangle(evaluate, generator):
    m = generator.normal(size=(COUNT, 2, 5))
    found = evaluate(rk.transpose, rk.matrix((5, 2), rk.float64), (rk.matrix((2, 5), rk.float64), m))
    np.testing.assert_array_equal(found, m.transpose(0, 2, 1))


def test_from_rows_and_columns(evaluate, generator):
    a, b, c = (generator.normal(size=(COUNT, 3)) for _ in range(3))
    columns = [(rk.vec3d, x) for x in (a, b, c)]
    rows = np.stack([a, b, c], axis=1)
    np.testing.assert_array_equal(evaluate(rk.matrix_from_rows, rk.mat33d, *columns), rows)
    np.testing.assert_array_equal(evaluate(rk.matrix_from_cols, rk.mat33d, *columns), rows.transpose(0, 2, 1))
    pair = rk.matrix((2, 3), rk.float64)
    np.testing.assert_array_equal(evaluate(rk.matrix_from_rows, pair, *columns[:2]), rows[:, :2])

    @rk.func
    def four(x: rk.vec3d, y: rk.vec3d):
        return rk.matrix_from_cols(x, y, y, x)

    found = evaluate(four, rk.matrix((3, 4), rk.float64), *columns[:2])
    np.testing.assert_array_equal(found, np.stack([a, b, b, a], axis=2))
