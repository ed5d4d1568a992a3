"""Forward mode and forward over reverse, against closed forms and differences of gradients."""

import numpy as np
import pytest

import robokern as rk
from robokern.errors import AdjointError
from robokern.runtime.forward import Forward, hvp, jvp
from robokern.runtime.tape import Tape


@rk.kernel
def energy(x: rk.array(dtype=rk.float64), n: int, total: rk.array(dtype=rk.float64)):
    i = rk.tid()
    v = x[i]
    for _k in range(n):
        v = rk.sin(v) * v + x[(i + 1) % 3]
    if v > 0.2:
        v = v * v
    rk.atomic_add(total, 0, v)


X, U = np.array([0.3, 0.5, 0.7]), np.array([1.0, -2.0, 0.5])


def value_and_gradient(x, device):
    given, total = rk.array(x, dtype=rk.float64, requires_grad=True), rk.zeros(1, dtype=rk.float64)
    with Tape() as tape:
        rk.launch(energy, 3, [given, 3, total], device=device)
    tape.backward(total)
    return total.numpy()[0], given.grad.numpy()


def test_tangent_is_the_directional_derivative(device):
    x, total = rk.array(X, dtype=rk.float64), rk.zeros(1, dtype=rk.float64)
    (tangent,) = jvp(energy, 3, [x, 3], [total], [U], device=device)
    np.testing.assert_allclose(tangent.numpy()[0], value_and_gradient(X, device)[1] @ U, rtol=1e-12)


def test_hessian_vector_product(device):
    x, total = rk.array(X, dtype=rk.float64), rk.zeros(1, dtype=rk.float64)
    product, unmoved = hvp(energy, 3, [x, 3], total, [U], device=device)
    ends = [value_and_gradient(X + s * 1e-6 * U, device)[1] for s in (1, -1)]
    np.testing.assert_allclose(product.numpy(), (ends[0] - ends[1]) / 2e-6, rtol=1e-7)
    assert unmoved is None and not x.requires_grad


def test_copies_carry_tangents(device):
    x, y = rk.array(X, dtype=rk.float64), rk.zeros(3, dtype=rk.float64)
    with Forward({x: U}) as mode:
        y[1:] = x[:2]
        z = rk.clone(y)
        y.fill_(1.0)
    np.testing.assert_array_equal(mode.tangent(z).numpy(), [0, U[0], U[1]])
    np.testing.assert_array_equal(mode.tangent(y).numpy(), 0)


def test_forward_mode_inside_a_tape_is_refused(device):
    x = rk.array(X, dtype=rk.float64)
    with Tape(), pytest.raises(AdjointError, match="forward over reverse"), Forward({x: U}):
        pass


@rk.kernel
def sine(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64)):
    i = rk.tid()
    y[i] = rk.sin(x[i]) * x[i]


def test_hessian_vector_product_of_several_launches(device):
    """The same kernel on the same arrays twice: tangents go through every launch."""

    def chained(x, total):
        y, z = rk.zeros(3, dtype=rk.float64), rk.zeros(3, dtype=rk.float64)
        for _ in range(2):
            rk.launch(sine, 3, [x, y])
            rk.launch(sine, 3, [y, z])
            rk.launch(energy, 3, [z, 2, total])

    def gradient(values):
        x, total = rk.array(values, dtype=rk.float64, requires_grad=True), rk.zeros(1, dtype=rk.float64)
        with Tape() as tape:
            chained(x, total)
        tape.backward(total)
        return x.grad.numpy()

    x, total = rk.array(X, dtype=rk.float64), rk.zeros(1, dtype=rk.float64)
    (product,) = hvp(chained, None, [x], total, [U])
    ends = [gradient(X + s * 1e-6 * U) for s in (1, -1)]
    np.testing.assert_allclose(product.numpy(), (ends[0] - ends[1]) / 2e-6, rtol=1e-7)


def test_a_tape_with_checkpoints_has_no_second_derivatives():
    with Forward({}), pytest.raises(AdjointError) as caught, Tape(checkpoint=2):
        pass
    assert str(caught.value) == "forward over reverse: a tape with checkpoint= runs no tangents again"
