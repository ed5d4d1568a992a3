"""Factorisations against NumPy, and their defining products, on regular, singular and graded matrices."""

import numpy as np
import pytest

import robokern as rk

COUNT = 300
PRECISIONS = [
    pytest.param(rk.float32, rk.mat33f, rk.vec3f, 3e-6, id="float32"),
    pytest.param(rk.float64, rk.mat33d, rk.vec3d, 1e-14, id="float64"),
]
precisions = pytest.mark.parametrize(("scalar", "mat", "vec", "tolerance"), PRECISIONS)


def matrices(generator, size=3):
    m = generator.normal(size=(COUNT, size, size))
    m[0], m[1], m[2] = 0, np.eye(size), np.ones((size, size))
    m[3] = np.diag(np.arange(size) - 1)
    m[4:40, -1] = m[4:40, 0]  # rank size - 1
    m[40:60] *= 10.0 ** -np.arange(0, 3 * size, 3)
    m[60:80] = np.eye(size) + 1e-4 * m[60:80]
    return m


def parts(func, index, result, argument):
    """A func that gives one of the factors that `func` gives."""

    @rk.func
    def part(m: argument):
        return func(m)[index]

    return part


def factors(evaluate, func, results, argument, data):
    return [evaluate(parts(func, i, r, argument), r, (argument, data)) for i, r in enumerate(results)]


def size_of(m):
    return np.maximum(np.abs(m).max(axis=(1, 2), keepdims=True), 1e-30)


def assert_orthogonal(q, tolerance):
    want = np.broadcast_to(np.eye(q.shape[-1]), q.shape)
    np.testing.assert_allclose(q @ q.transpose(0, 2, 1), want, atol=tolerance)


@precisions
def test_qr3(evaluate, generator, scalar, mat, vec, tolerance):
    m = matrices(generator)
    q, r = factors(evaluate, rk.qr3, (mat, mat), mat, m)
    assert_orthogonal(q, tolerance)
    np.testing.assert_array_equal(np.tril(r, -1), 0)
    np.testing.assert_allclose((q @ r - m) / size_of(m), 0, atol=tolerance)


@precisions
def test_eig3(evaluate, generator, scalar, mat, vec, tolerance):
    m = matrices(generator)
    m = (m + m.transpose(0, 2, 1)).astype(scalar.name)
    q, d = factors(evaluate, rk.eig3, (mat, vec), mat, m)
    assert_orthogonal(q, tolerance)
    np.testing.assert_allclose(
        (q * d[:, None, :] @ q.transpose(0, 2, 1) - m) / size_of(m), 0, atol=2 * tolerance
    )
    want = np.linalg.eigvalsh(m.astype(float))
    np.testing.assert_allclose((np.sort(d, axis=1) - want) / size_of(m)[:, 0], 0, atol=2 * tolerance)


@precisions
def test_svd3(evaluate, generator, scalar, mat, vec, tolerance):
    m = matrices(generator).astype(scalar.name)
    u, sigma, v = factors(evaluate, rk.svd3, (mat, vec, mat), mat, m)
    for rotation in (u, v):
        assert_orthogonal(rotation, tolerance)
        np.testing.assert_allclose(np.linalg.det(rotation), 1, atol=tolerance)
    np.testing.assert_allclose(
        (u * sigma[:, None, :] @ v.transpose(0, 2, 1) - m) / size_of(m), 0, atol=2 * tolerance
    )
    want = np.linalg.svd(m.astype(float), compute_uv=False)
    np.testing.assert_allclose((np.abs(sigma) - want) / size_of(m)[:, 0], 0, atol=2 * tolerance)
    assert (sigma[:, :2] >= 0).all()


@pytest.mark.parametrize(("scalar", "tolerance"), [(rk.float32, 3e-6), (rk.float64, 1e-14)], ids=str)
def test_svd2(evaluate, generator, scalar, tolerance):
    mat, vec = rk.matrix((2, 2), scalar), rk.vector(2, scalar)
    m = matrices(generator, 2).astype(scalar.name)
    u, sigma, v = factors(evaluate, rk.svd2, (mat, vec, mat), mat, m)
    assert_orthogonal(u, tolerance)
    assert_orthogonal(v, tolerance)
    np.testing.assert_allclose(
        (u * sigma[:, None, :] @ v.transpose(0, 2, 1) - m) / size_of(m), 0, atol=2 * tolerance
    )
    want = np.linalg.svd(m.astype(float), compute_uv=False)
    np.testing.assert_allclose((sigma - want) / size_of(m)[:, 0], 0, atol=2 * tolerance)


def test_results_by_reference(evaluate, generator):
    @rk.func
    def difference(m: rk.mat33d):
        u, v, q = rk.mat33d(), rk.mat33d(), rk.mat33d()
        sigma = rk.vec3d()
        rk.svd3(m, u, sigma, v)
        rk.qr3(m, q, u)
        rk.eig3(rk.diag(sigma), v, sigma)
        return q * u - m

    m = generator.normal(size=(COUNT, 3, 3))
    np.testing.assert_allclose(evaluate(difference, rk.mat33d, (rk.mat33d, m)), 0, atol=1e-14)


@pytest.mark.parametrize("size", [2, 3, 4, 6])
def test_cholesky_and_its_solve(evaluate, generator, size):
    mat, vec = rk.matrix((size, size), rk.float64), rk.vector(size, rk.float64)
    m = generator.normal(size=(COUNT, size, size))
    m = m @ m.transpose(0, 2, 1) + np.eye(size)
    b = generator.normal(size=(COUNT, size))
    lower = evaluate(rk.cholesky, mat, (mat, m))
    np.testing.assert_allclose(lower, np.linalg.cholesky(m), rtol=1e-12, atol=1e-13)
    x = evaluate(rk.cholesky_solve, vec, (mat, lower), (vec, b))
    np.testing.assert_allclose(np.einsum("nij,nj->ni", m, x), b, atol=1e-11)


@pytest.mark.parametrize("size", [2, 3, 4, 6])
def test_solve(evaluate, generator, size):
    mat, vec = rk.matrix((size, size), rk.float64), rk.vector(size, rk.float64)
    m = generator.normal(size=(COUNT, size, size))
    m[0] = np.eye(size)[::-1]  # needs a pivot
    b = generator.normal(size=(COUNT, size))
    x = evaluate(rk.solve, vec, (mat, m), (vec, b))
    np.testing.assert_allclose(x, np.linalg.solve(m, b[..., None])[..., 0], rtol=1e-7, atol=1e-9)
