"""Optimisers against their formulas in NumPy, and on a bowl."""

import numpy as np
import pytest

import robokern as rk
from robokern.runtime.optimizer import SGD, Adam
from robokern.runtime.tape import Tape

START = np.array([[1.0, -2.0, 3.0], [0.5, 0.25, -4.0]])


@rk.kernel
def bowl(x: rk.array(dtype=rk.vec3), loss: rk.array(dtype=float)):
    p = x[rk.tid()]
    rk.atomic_add(loss, 0, rk.dot(p, p) + p[0] * p[0])


def descend(optimizer, x, steps):
    losses = []
    for _ in range(steps):
        loss = rk.zeros(1)
        with Tape() as tape:
            rk.launch(bowl, len(x), [x, loss])
        tape.backward(loss)
        optimizer.step()
        losses.append(float(loss.numpy()[0]))
    return losses


def slope(x):
    return 2 * x + 2 * x * [1, 0, 0]


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_follows_its_formula(nesterov, device):
    x = rk.array(START, dtype=rk.vec3)
    descend(SGD([x], lr=0.05, momentum=0.8, weight_decay=0.1, nesterov=nesterov), x, 5)
    y, v = START.copy(), np.zeros_like(START)
    for _ in range(5):
        g = slope(y) + 0.1 * y
        v = 0.8 * v + g
        y -= 0.05 * (g + 0.8 * v if nesterov else v)
    np.testing.assert_allclose(x.numpy(), y, rtol=1e-5, atol=1e-6)


def test_adam_follows_its_formula(device):
    x = rk.array(START, dtype=rk.vec3)
    descend(Adam([x], lr=0.05, weight_decay=0.01), x, 5)
    y, m, v = START.copy(), np.zeros_like(START), np.zeros_like(START)
    for k in range(1, 6):
        g = slope(y)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        y -= 0.05 * (m / (1 - 0.9**k) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8) + 0.01 * y)
    np.testing.assert_allclose(x.numpy(), y, rtol=1e-5, atol=1e-6)


def test_adam_finds_the_bottom(device):
    x = rk.array(START, dtype=rk.vec3)
    losses = descend(Adam([x], lr=0.1), x, 300)
    assert losses[-1] < 1e-4 * losses[0]


def test_a_step_that_is_not_positive_is_refused(device):
    with pytest.raises(ValueError, match="lr: expected a positive step"):
        SGD([rk.zeros(1)], lr=0.0)


@pytest.mark.parametrize("array", [rk.zeros(2, dtype=int), rk.zeros((2, 2), dtype=float)[:, 0]])
def test_what_cannot_be_improved_is_refused(array):
    with pytest.raises(rk.AdjointError, match="expected a contiguous array of floats"):
        Adam([array])


def test_gradients_that_are_given_are_left_as_they_are():
    for optimizer in (rk.optim.SGD(lr=0.5), rk.optim.Adam(lr=0.5)):
        x, slope = rk.array([1.0, 2.0], dtype=float), rk.array([1.0, -1.0], dtype=float)
        with pytest.raises(ValueError, match="no parameters"):
            optimizer.step([slope])
        optimizer.set_params([x])
        optimizer.step([slope.flatten()])
        np.testing.assert_allclose(x.numpy(), [0.5, 2.5], rtol=1e-6)
        assert slope.list() == [1.0, -1.0]
        with pytest.raises(ValueError, match="gradient like each"):
            optimizer.step([rk.zeros(3)])


def test_dampening_begins_with_the_second_step():
    x, slope = rk.zeros(1), rk.ones(1)
    optimizer = rk.SGD([x], lr=1.0, momentum=0.5, dampening=0.25)
    velocity, want = 0.0, 0.0
    for step in range(4):
        optimizer.step([slope])
        velocity = 1.0 if step == 0 else 0.5 * velocity + 0.75
        want -= velocity
        assert x.numpy()[0] == pytest.approx(want, rel=1e-6)
    optimizer.reset_internal_state()
    optimizer.step([slope])
    assert x.numpy()[0] == pytest.approx(want - 1.0, rel=1e-6)
