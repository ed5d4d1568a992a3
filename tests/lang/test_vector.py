"""Vectors of several lengths and scalar types against NumPy."""

import numpy as np
import pytest

import robokern as rk

COUNT = 300
LENGTHS = (2, 3, 4, 6)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("scalar", [rk.float32, rk.float64, rk.int32], ids=str)
def test_dot(evaluate, generator, length, scalar):
    vec = rk.vector(length, scalar)
    a, b = (np.round(generator.normal(size=(COUNT, length)) * 9).astype(scalar.name) for _ in range(2))
    np.testing.assert_array_equal(evaluate(rk.dot, scalar, (vec, a), (vec, b)), np.sum(a * b, axis=1))


@pytest.mark.parametrize("length", LENGTHS)
def test_lengths_and_norms(evaluate, generator, length):
    vec = rk.vector(length, rk.float64)
    a = generator.normal(size=(COUNT, length))
    size = np.linalg.norm(a, axis=1)
    expected = {
        rk.length: size,
        rk.length_sq: size**2,
        rk.norm_l1: np.abs(a).sum(axis=1),
        rk.norm_l2: size,
        rk.norm_huber: np.where(size <= 1, size**2 / 2, size - 0.5),
        rk.norm_pseudo_huber: np.sqrt(1 + size**2),
    }
    for func, want in expected.items():
        np.testing.assert_allclose(evaluate(func, rk.float64, (vec, a)), want, rtol=1e-14)


def test_huber_takes_a_delta(evaluate, generator):
    a = generator.normal(size=(COUNT, 3))
    delta = generator.uniform(0.5, 2, COUNT)
    size = np.linalg.norm(a, axis=1)
    want = np.where(size <= delta, size**2 / 2, delta * (size - delta / 2))
    np.testing.assert_allclose(
        evaluate(rk.norm_huber, rk.float64, (rk.vec3d, a), (rk.float64, delta)), want, rtol=1e-14
    )
    smooth = evaluate(rk.smooth_normalize, rk.vec3d, (rk.vec3d, a), (rk.float64, delta))
    np.testing.assert_allclose(smooth, a / (delta * np.sqrt(1 + (size / delta) ** 2))[:, None], rtol=1e-13)


@pytest.mark.parametrize("length", LENGTHS)
def test_normalize_and_its_zero(evaluate, generator, length):
    vec = rk.vector(length, rk.float32)
    a = generator.normal(size=(COUNT, length)).astype(np.float32)
    a[0] = 0
    unit = evaluate(rk.normalize, vec, (vec, a))
    np.testing.assert_array_equal(unit[0], 0)
    np.testing.assert_allclose(unit[1:], a[1:] / np.linalg.norm(a[1:], axis=1, keepdims=True), rtol=4e-7)


def test_cross_is_perpendicular_and_antisymmetric(evaluate, generator):
    a, b = (generator.normal(size=(COUNT, 3)).astype(np.float32) for _ in range(2))
    ab = evaluate(rk.cross, rk.vec3, (rk.vec3, a), (rk.vec3, b))
    np.testing.assert_array_equal(ab, np.cross(a, b))
    np.testing.assert_array_equal(ab, -evaluate(rk.cross, rk.vec3, (rk.vec3, b), (rk.vec3, a)))
    np.testing.assert_array_equal(evaluate(rk.cross, rk.vec3, (rk.vec3, a), (rk.vec3, a)), 0)


def test_skew_is_cross(evaluate, generator):
    a, b = (generator.normal(size=(COUNT, 3)) for _ in range(2))

    @rk.func
    def by_matrix(u: rk.vec3d, v: rk.vec3d):
        return rk.skew(u) * v

    np.testing.assert_allclose(
        evaluate(by_matrix, rk.vec3d, (rk.vec3d, a), (rk.vec3d, b)), np.cross(a, b), atol=1e-15
    )


def test_outer(evaluate, generator):
    vec2, shape = rk.vector(2, rk.float64), rk.matrix((2, 3), rk.float64)
    a, b = generator.normal(size=(COUNT, 2)), generator.normal(size=(COUNT, 3))
    found = evaluate(rk.outer, shape, (vec2, a), (rk.vec3d, b))
    np.testing.assert_array_equal(found, a[:, :, None] * b[:, None, :])


@pytest.mark.parametrize("length", LENGTHS)
def test_componentwise(evaluate, generator, length):
    vec = rk.vector(length, rk.float32)
    a, b = (generator.normal(size=(COUNT, length)).astype(np.float32) for _ in range(2))
    np.testing.assert_array_equal(evaluate(rk.cw_mul, vec, (vec, a), (vec, b)), a * b)
    np.testing.assert_array_equal(evaluate(rk.cw_div, vec, (vec, a), (vec, b)), a / b)


@pytest.mark.parametrize("length", LENGTHS)
def test_argmin_and_argmax(evaluate, generator, length):
    vec = rk.vector(length, rk.float32)
    a = np.round(generator.normal(size=(COUNT, length)) * 2).astype(np.float32)
    np.testing.assert_array_equal(evaluate(rk.argmin, rk.uint32, (vec, a)), a.argmin(axis=1))
    np.testing.assert_array_equal(evaluate(rk.argmax, rk.uint32, (vec, a)), a.argmax(axis=1))


def test_argmin_passes_over_nan(evaluate):
    a = np.array([[np.nan, 3, 2], [1, np.nan, 2], [np.nan, np.nan, np.nan], [np.nan, 5, np.nan]])
    np.testing.assert_array_equal(evaluate(rk.argmin, rk.uint32, (rk.vec3, a)), [2, 0, 0, 1])
    np.testing.assert_array_equal(evaluate(rk.argmax, rk.uint32, (rk.vec3, a)), [1, 2, 0, 1])
