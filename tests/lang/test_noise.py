"""Noise: zeros on the lattice, continuity, period, derivative against differences, zero divergence."""

import numpy as np
import pytest

import robokern as rk

COUNT = 2000
VECTORS = {1: rk.float32, 2: rk.vec2, 3: rk.vec3, 4: rk.vec4}


def field(size):
    vec = VECTORS[size]

    @rk.func
    def value(x: vec):
        return rk.noise(rk.uint32(5), x)

    return value


def periodic(size):
    vec = VECTORS[size]
    if size == 1:

        @rk.func
        def value(x: vec):
            return rk.pnoise(rk.uint32(5), x, 3)

    elif size == 2:

        @rk.func
        def value(x: vec):
            return rk.pnoise(rk.uint32(5), x, 3, 4)

    elif size == 3:

        @rk.func
        def value(x: vec):
            return rk.pnoise(rk.uint32(5), x, 3, 4, 5)

    else:

        @rk.func
        def value(x: vec):
            return rk.pnoise(rk.uint32(5), x, 3, 4, 5, 6)

    return value


def points(generator, size, scale=20):
    x = generator.uniform(-scale, scale, (COUNT, size)).astype(np.float32)
    return x[:, 0] if size == 1 else x


@pytest.mark.parametrize("size", VECTORS)
def test_zero_on_the_lattice_and_varied_between(evaluate, generator, size):
    x = points(generator, size)
    func, argument = field(size), VECTORS[size]
    np.testing.assert_array_equal(evaluate(func, rk.float32, (argument, np.rint(x))), 0)
    value = evaluate(func, rk.float32, (argument, x))
    assert np.abs(value).max() <= 1.2 and value.std() > 0.15 and abs(value.mean()) < 0.03


@pytest.mark.parametrize("size", VECTORS)
def test_continuous_across_cells(evaluate, generator, size):
    x = np.rint(points(generator, size)) + np.float32(0.3)
    column = x if size == 1 else x[:, 0]
    column[:] = np.rint(column)
    func, argument = field(size), VECTORS[size]
    left, right = x.copy(), x.copy()
    (left if size == 1 else left[:, 0])[:] -= 1e-4
    (right if size == 1 else right[:, 0])[:] += 1e-4
    values = [evaluate(func, rk.float32, (argument, y)) for y in (left, right)]
    np.testing.assert_allclose(*values, atol=1e-3)


@pytest.mark.parametrize("size", VECTORS)
def test_period(evaluate, generator, size):
    # multiples of 1/64, so that adding the period is exact
    x = np.rint(points(generator, size, 6) * 64) / 64
    func, argument = periodic(size), VECTORS[size]
    want = evaluate(func, rk.float32, (argument, x))
    for axis in range(size):
        moved = x.copy()
        (moved if size == 1 else moved[:, axis])[:] += 3 + axis
        np.testing.assert_array_equal(evaluate(func, rk.float32, (argument, moved)), want)
    # not the constant field
    assert want.std() > 0.15


def test_states_select_unrelated_fields(evaluate, generator):
    @rk.func
    def by_state(state: rk.uint32, x: rk.vec3):
        return rk.noise(state, x)

    x = points(generator, 3)
    a, b = (
        evaluate(by_state, rk.float32, (rk.uint32, np.full(COUNT, s, np.uint32)), (rk.vec3, x))
        for s in (1, 2)
    )
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.1


def test_curl_in_the_plane_is_the_turned_gradient(evaluate, generator):
    @rk.func
    def curl(x: rk.vec2):
        return rk.curlnoise(rk.uint32(5), x)

    x = points(generator, 2, 4)
    found, h = evaluate(curl, rk.vec2, (rk.vec2, x)), 1e-2
    func = field(2)

    def difference(axis):
        step = np.float32(h) * np.eye(2, dtype=np.float32)[axis]
        return (
            evaluate(func, rk.float32, (rk.vec2, x + step)) - evaluate(func, rk.float32, (rk.vec2, x - step))
        ) / (2 * h)

    np.testing.assert_allclose(found, np.stack([difference(1), -difference(0)], axis=1), atol=1e-2)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_curl_has_no_divergence(evaluate, generator, size):
    argument, result = VECTORS[size], rk.vec2 if size == 2 else rk.vec3

    @rk.func
    def curl(x: argument):
        return rk.curlnoise(rk.uint32(9), x, rk.uint32(3), 2.0, 0.5)

    x, h = points(generator, size, 4), 2e-3
    divergence, size_of_terms = 0, 0
    for axis in range(2 if size == 2 else 3):
        step = np.float32(h) * np.eye(size, dtype=np.float32)[axis]
        up, down = (evaluate(curl, result, (argument, x + s))[:, axis] for s in (step, -step))
        divergence = divergence + (up - down) / (2 * h)
        size_of_terms = size_of_terms + np.abs(up - down) / (2 * h)
    # differences of three octaves: truncation h^2 and rounding 1e-7 / h
    assert np.percentile(np.abs(divergence), 99) < 0.01 * np.percentile(size_of_terms, 99)
