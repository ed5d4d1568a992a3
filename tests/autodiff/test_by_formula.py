"""Derivatives by formula: eig3, svd3 and svd2 (equal values too), copysign, and those that users write."""

from __future__ import annotations

import numpy as np
import pytest

import robokern as rk

TURN = np.array([[1.0, 2.0, 2.0], [2.0, 1.0, -2.0], [-2.0, 2.0, -1.0]]) / 3.0
NEAR = np.diag([2.0, 2.0 + 1e-5, 3.0])
SYMMETRIC = {
    "distinct": np.diag([1.0, 2.0, 3.0]),
    "near": NEAR,
    "turned": TURN @ np.diag([1.0, 2.0, 4.0]) @ TURN.T,
    "equal": TURN @ np.diag([2.0, 2.0, 3.0]) @ TURN.T,
    "identity": np.eye(3),
    "zero": np.zeros((3, 3)),
}


@rk.kernel
def invariants(m: rk.array(dtype=rk.mat33d), mode: int, out: rk.array(dtype=rk.float64)):
    i = rk.tid()
    q, d = rk.eig3(m[i])
    if mode == 0:
        out[i] = d[0] + d[1] + d[2]
    elif mode == 1:
        out[i] = rk.dot(d, d)
    else:
        out[i] = (q @ rk.diag(rk.cw_mul(d, d)) @ rk.transpose(q))[0, 1] + d[0]


@rk.kernel
def stretches(m: rk.array(dtype=rk.mat33d), mode: int, out: rk.array(dtype=rk.float64)):
    i = rk.tid()
    u, s, v = rk.svd3(m[i])
    if mode == 0:
        out[i] = s[0] + s[1] + s[2]
    elif mode == 1:
        out[i] = rk.dot(s, s)
    else:
        r = u @ rk.transpose(v)
        out[i] = r[0, 1] + 2.0 * r[1, 2] - r[2, 2] + (u @ rk.diag(s) @ rk.transpose(v))[0, 0]


@rk.kernel
def plane(m: rk.array(dtype=rk.mat22d), out: rk.array(dtype=rk.float64)):
    i = rk.tid()
    u, s, v = rk.svd2(m[i])
    r = u @ rk.transpose(v)
    out[i] = s[0] * s[0] * s[1] + r[0, 1] - 2.0 * r[0, 0]


def value(kernel, matrix: np.ndarray, more: list[int]) -> tuple[rk.array, rk.array]:
    dtype = rk.mat33d if len(matrix) == 3 else rk.mat22d
    return rk.array(matrix[None], dtype=dtype, requires_grad=True), rk.zeros(
        1, rk.float64, requires_grad=True
    )


def slope(kernel, matrix: np.ndarray, *more: int) -> np.ndarray:
    m, out = value(kernel, matrix, [*more])
    with rk.Tape() as tape:
        rk.launch(kernel, dim=1, inputs=[m, *more, out])
    tape.backward(loss=out)
    return m.grad.numpy()[0]


def differences(kernel, matrix: np.ndarray, *more: int, step: float = 1e-6) -> np.ndarray:
    found = np.zeros_like(matrix)
    for place in np.ndindex(*matrix.shape):
        for side in (1, -1):
            moved = matrix.copy()
            moved[place] += side * step
            m, out = value(kernel, moved, [*more])
            rk.launch(kernel, dim=1, inputs=[m, *more, out])
            found[place] += side * out.numpy()[0] / (2 * step)
    return found


@pytest.mark.parametrize("name", SYMMETRIC)
@pytest.mark.parametrize("mode", [0, 1])
def test_eigenvalues(name, mode):
    matrix = SYMMETRIC[name]
    expected = np.eye(3) if mode == 0 else 2.0 * matrix
    np.testing.assert_allclose(slope(invariants, matrix, mode), expected, atol=1e-12)


@pytest.mark.parametrize("name", ["distinct", "turned"])
def test_eigenvectors(name):
    found = slope(invariants, SYMMETRIC[name], 2)
    np.testing.assert_allclose(found, differences(invariants, SYMMETRIC[name], 2), atol=1e-7)


def test_the_symmetric_part_is_meant():
    m, out = rk.zeros(1, rk.mat33d), rk.zeros(1, rk.float64)
    matrix = SYMMETRIC["turned"] + np.array([[0.0, 1.0, 2.0], [-1.0, 0.0, 3.0], [-2.0, -3.0, 0.0]])
    m.assign(matrix[None])
    rk.launch(invariants, dim=1, inputs=[m, 1, out])
    assert out.numpy()[0] == pytest.approx(1.0 + 4.0 + 16.0, abs=1e-12)


@pytest.mark.parametrize("name", ["equal", "identity"])
def test_eigenvectors_of_equal_eigenvalues_have_no_derivative(name):
    assert np.isnan(slope(invariants, SYMMETRIC[name], 2)).any()


GENERAL = {
    "random": np.random.default_rng(3).normal(size=(3, 3)),
    "mirrored": np.diag([1.0, 1.0, -1.0]) @ TURN @ np.diag([3.0, 2.0, 1.0]),
    "rotation": TURN,
    "stretched": TURN @ np.diag([2.0, 2.0, 3.0]),
    "identity": np.eye(3),
}


@pytest.mark.parametrize("name", GENERAL)
@pytest.mark.parametrize("mode", [0, 1])
def test_singular_values(name, mode):
    found = slope(stretches, GENERAL[name], mode)
    np.testing.assert_allclose(found, differences(stretches, GENERAL[name], mode), atol=1e-7)


@pytest.mark.parametrize("name", ["random", "mirrored"])
def test_singular_vectors(name):
    found = slope(stretches, GENERAL[name], 2)
    np.testing.assert_allclose(found, differences(stretches, GENERAL[name], 2), atol=1e-7)


def test_singular_vectors_of_equal_values_have_no_derivative():
    assert np.isnan(slope(stretches, GENERAL["identity"], 2)).any()


@pytest.mark.parametrize("matrix", [[[1.0, 2.0], [3.0, 5.0]], [[1.0, 0.5], [0.25, -2.0]]])
def test_the_plane(matrix):
    found = slope(plane, np.array(matrix))
    np.testing.assert_allclose(found, differences(plane, np.array(matrix)), atol=1e-7)


@rk.kernel
def signs(x: rk.array(dtype=float), y: rk.array(dtype=float), out: rk.array(dtype=float)):
    i = rk.tid()
    out[i] = rk.copysign(x[i], y[i])


def test_the_sign_of_zero_counts():
    x = rk.array([-0.0, 0.0, -2.0, 2.0], dtype=float, requires_grad=True)
    y, out = rk.array([-1.0, -1.0, 1.0, 1.0], dtype=float), rk.zeros(4, requires_grad=True)
    with rk.Tape() as tape:
        rk.launch(signs, dim=4, inputs=[x, y, out])
    tape.backward(grads={out: rk.ones(4)})
    assert x.grad.list() == [1.0, -1.0, -1.0, 1.0]


@rk.func
def root(x: float):
    return rk.sqrt(x)


@rk.func_grad(root)
def adj_root(x: float, adjoint: float):
    if x > 0.0:
        rk.adjoint[x] += rk.grad(rk.sqrt)(x) * adjoint


@rk.kernel
def roots(x: rk.array(dtype=float), out: rk.array(dtype=float)):
    i = rk.tid()
    out[i] = root(x[i])


def test_the_derivative_of_a_builtin_inside_a_branch():
    x, out = rk.array([0.0, 1.0, 4.0], dtype=float, requires_grad=True), rk.zeros(3, requires_grad=True)
    with rk.Tape() as tape:
        rk.launch(roots, dim=3, inputs=[x, out])
    tape.backward(grads={out: rk.ones(3)})
    assert x.grad.list() == [0.0, 0.5, 0.25]


@rk.func
def second(values: rk.array2d(dtype=float), row: int):
    return values[row, 1]


@rk.func_grad(second)
def adj_second(values: rk.array2d(dtype=float), row: int, adjoint: float):
    rk.adjoint[values][row, 1] += adjoint


@rk.kernel
def seconds(values: rk.array2d(dtype=float), out: rk.array(dtype=float)):
    i = rk.tid()
    out[i] = second(values, i)


def test_a_derivative_by_hand_that_does_not_reach_an_array_is_refused():
    values, out = rk.ones((2, 2), requires_grad=True), rk.zeros(2, requires_grad=True)
    with rk.Tape() as tape, pytest.raises(rk.AdjointError, match="does not reach array 'values'"):
        rk.launch(seconds, dim=2, inputs=[values, out])
        tape.backward(grads={out: rk.ones(2)})
