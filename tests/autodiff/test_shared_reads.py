"""Reads of one element at several places: their adjoints meet in registers, and memory is touched once."""

from __future__ import annotations

import numpy as np

import robokern as rk
from robokern.compiler.adjoint import adjoint
from robokern.compiler.frontend import lower
from robokern.ir.nodes import walk


@rk.kernel
def chain(x: rk.array(dtype=rk.vec3d), y: rk.array(dtype=rk.vec3d)):
    """Each item reads itself at four places and its neighbours at one each."""
    i = rk.tid()
    f = rk.vec3d(rk.float64(0.0))
    if i > 0:
        f += rk.cw_mul(x[i - 1], x[i])
    if i + 1 < x.shape[0]:
        f += x[i + 1] - x[i]
    for k in range(i):
        f += x[i] * rk.float64(k)
    y[i] = f + x[i]


def test_an_element_is_added_to_once() -> None:
    func = lower(chain, tuple(type for _, type in chain.params))
    made = adjoint(func, frozenset({0, 1}), 1).func
    assert made is not None
    assert sum(op.name == "atomic" for op in walk(made.body)) == 3


def test_the_gradient_is_the_closed_form(device: str) -> None:
    values = np.random.default_rng(0).normal(size=(9, 3))
    x = rk.array(values, dtype=rk.vec3d, requires_grad=True)
    y = rk.zeros(9, dtype=rk.vec3d, requires_grad=True)
    with rk.Tape() as tape:
        rk.launch(chain, 9, [x, y])
    tape.backward(grads={y: np.ones((9, 3))})
    i = np.arange(9)[:, None]
    expected = np.repeat(1.0 + i * (i - 1) / 2 - (i < 8) + (i > 0), 3, axis=1)
    expected[1:] += values[:-1]
    expected[:-1] += values[1:]
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-12)


@rk.kernel
def overwritten(a: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64), c: int):
    i = rk.tid()
    if c > 0:
        y[i] += a[i] * rk.float64(2.0)
        a[i] = rk.float64(5.0)
    y[i] += a[i]


def test_a_read_after_a_write_stays_behind_it(device: str) -> None:
    a = rk.full(3, 1.5, dtype=rk.float64, requires_grad=True)
    y = rk.zeros(3, dtype=rk.float64, requires_grad=True)
    with rk.Tape() as tape:
        rk.launch(overwritten, 3, [a, y, 1])
    tape.backward(grads={y: np.ones(3)})
    assert a.grad.numpy().tolist() == [2.0] * 3
