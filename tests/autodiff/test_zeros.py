"""Values that are zero whatever the arguments are: the derivative does without them."""

from __future__ import annotations

import numpy as np
import pytest

import robokern as rk
from robokern.compiler.adjoint import adjoint
from robokern.compiler.frontend import lower
from robokern.compiler.function import Kernel
from robokern.ir.nodes import walk


@rk.func
def turned(axis: rk.vec3d, angle: rk.float64, x: rk.vec3d):
    second = rk.quat_from_axis_angle(
        rk.vec3d(rk.float64(0.0), rk.float64(1.0), rk.float64(0.0)), angle * angle
    )
    return rk.quat_rotate(rk.quat_from_axis_angle(axis, angle) * second, x)


@rk.kernel
def about_z(angle: rk.array(dtype=rk.float64), x: rk.array(dtype=rk.vec3d), y: rk.array(dtype=rk.vec3d)):
    i = rk.tid()
    y[i] = turned(rk.vec3d(rk.float64(0.0), rk.float64(0.0), rk.float64(1.0)), angle[i], x[i])


@rk.kernel
def about_an_axis(
    angle: rk.array(dtype=rk.float64),
    x: rk.array(dtype=rk.vec3d),
    y: rk.array(dtype=rk.vec3d),
    axis: rk.vec3d,
):
    i = rk.tid()
    y[i] = turned(axis, angle[i], x[i])


def size_of_adjoint(kernel: Kernel) -> int:
    made = adjoint(lower(kernel, tuple(type for _, type in kernel.params)), frozenset({0, 1, 2}), 1).func
    assert made is not None
    return sum(op.name in ("add", "sub", "mul", "fma") for op in walk(made.body))


def gradients(kernel: Kernel, *more: object) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    angle = rk.array(rng.normal(size=9), dtype=rk.float64, requires_grad=True)
    x = rk.array(rng.normal(size=(9, 3)), dtype=rk.vec3d, requires_grad=True)
    y = rk.zeros(9, dtype=rk.vec3d, requires_grad=True)
    with rk.Tape() as tape:
        rk.launch(kernel, 9, [angle, x, y, *more])
    tape.backward(grads={y: rng.normal(size=(9, 3))})
    return [angle.grad.numpy(), x.grad.numpy()]


def test_the_adjoint_is_shorter_and_finds_the_same() -> None:
    assert size_of_adjoint(about_z) < 0.85 * size_of_adjoint(about_an_axis)
    pairs = zip(gradients(about_z), gradients(about_an_axis, rk.vec3d(0.0, 0.0, 1.0)), strict=True)
    for without, with_zeros in pairs:
        np.testing.assert_allclose(without, with_zeros, rtol=1e-13, atol=1e-13)


@rk.kernel
def of_nothing(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64)):
    i = rk.tid()
    none = rk.sin(x[i]) * rk.float64(0.0)
    y[i] = (x[i] + none) * x[i] - (none - x[i]) + rk.sqrt(x[i]) * none


def test_sums_and_products_with_zero_need_no_code() -> None:
    made = adjoint(lower(of_nothing, tuple(t for _, t in of_nothing.params)), frozenset({0, 1}), 1).func
    assert made is not None
    assert not {"call", "sqrt"}.intersection(op.name for op in walk(made.body))
    x = rk.array([0.5, 3.0], dtype=rk.float64, requires_grad=True)
    y = rk.zeros(2, dtype=rk.float64, requires_grad=True)
    with rk.Tape() as tape:
        rk.launch(of_nothing, 2, [x, y])
    tape.backward(grads={y: np.ones(2)})
    np.testing.assert_array_equal(x.grad.numpy(), [2.0, 7.0])


@rk.kernel
def unit(x: rk.array(dtype=rk.vec3), y: rk.array(dtype=rk.vec3)):
    i = rk.tid()
    y[i] = rk.normalize(x[i])


@pytest.mark.parametrize("size", [0.0, 1e-15, 1.0, 1e15])
def test_normalize_at_all_sizes(size: float) -> None:
    x = rk.array(np.array([[0.6, 0.0, 0.8]]) * size, dtype=rk.vec3, requires_grad=True)
    y = rk.zeros(1, dtype=rk.vec3, requires_grad=True)
    with rk.Tape() as tape:
        rk.launch(unit, 1, [x, y])
    tape.backward(grads={y: np.array([[1.0, 2.0, 0.0]])})
    expected = np.array([[0.64, 2.0, -0.48]]) / size if size else np.zeros((1, 3))
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-5)
