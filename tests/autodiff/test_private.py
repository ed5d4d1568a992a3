"""Where an adjoint belongs to one item it is added to plainly, else atomically."""

import numpy as np
import pytest

import robokern as rk
from robokern.compiler.adjoint import adjoint
from robokern.ir.nodes import walk
from robokern.runtime.launcher import prepare
from robokern.runtime.tape import Tape

d = rk.float64


@rk.kernel
def own(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    y[i] = x[i] * x[i]


@rk.kernel
def in_threes(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    y[2 * i + 1] = x[3 * i] * x[3 * i + 1] * x[i * 3 + 2] * x[3 * i]


@rk.kernel
def shifted(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    y[i] = x[i + 2] * x[i + 2]


@rk.kernel
def backwards(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    y[i] = x[7 - i] * x[7 - i]


@rk.kernel
def stencil(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    y[i] = x[i + 1] * x[i]


@rk.kernel
def overlapping(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    y[i] = x[2 * i] * x[2 * i + 2]


@rk.kernel
def halved(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    y[i] = x[i // 2] * x[i // 2]


@rk.kernel
def two_factors(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    y[i] = x[2 * i] * x[3 * i]


@pytest.mark.parametrize(
    ("kernel", "private"),
    [
        (own, True), (in_threes, True), (shifted, True), (backwards, True),
        (stencil, False), (overlapping, False), (halved, False), (two_factors, False),
    ],
)  # fmt: skip
def test_plain_where_no_two_items_meet(kernel, private, device):
    rng = np.random.default_rng(1)
    x = rk.array(rng.uniform(0.5, 1.5, 24), dtype=d, requires_grad=True)
    y = rk.zeros(24, dtype=d)
    weights = rng.normal(size=24)
    rule = adjoint(prepare(kernel, [x, y]).func, frozenset([0]), 1)
    atomic = any(op.name == "atomic" for op in walk(rule.func.body))
    assert atomic is not private
    with Tape() as tape:
        rk.launch(kernel, 8, [x, y], device=device)
    tape.backward(grads={y: weights})
    slopes = np.zeros(24)
    for k in range(24):
        moved = x.numpy().astype(complex)
        moved[k] += 1e-30j
        slopes[k] = np.sum(reference(kernel.name, moved).imag * weights) * 1e30
    np.testing.assert_allclose(x.grad.numpy(), slopes, rtol=1e-13)


def reference(name, x):
    i, y = np.arange(8), np.zeros(24, complex)
    y[2 * i + 1 if name == "in_threes" else i] = {
        "own": lambda: x[i] ** 2,
        "in_threes": lambda: x[3 * i] ** 2 * x[3 * i + 1] * x[3 * i + 2],
        "shifted": lambda: x[i + 2] ** 2,
        "backwards": lambda: x[7 - i] ** 2,
        "stencil": lambda: x[i + 1] * x[i],
        "overlapping": lambda: x[2 * i] * x[2 * i + 2],
        "halved": lambda: x[i // 2] ** 2,
        "two_factors": lambda: x[2 * i] * x[3 * i],
    }[name]()
    return y


@rk.kernel
def rows(x: rk.array2d(dtype=rk.vec3d), y: rk.array2d(dtype=d)):
    i, j = rk.tid()
    y[j, i] = rk.length(x[2 * i, j + 1])


def test_whole_elements_are_moved_at_once():
    """Three components in one load and one store: what wide code does in rows."""
    x, y = rk.zeros((8, 5), dtype=rk.vec3d), rk.zeros((4, 4), dtype=d)
    rule = adjoint(prepare(rows, [x, y]).func, frozenset([0]), 2)
    moved = [op for op in walk(rule.func.body) if op.name in ("load", "store") and len(op.args) > 3]
    kinds = sorted(str(op.args[-1].type) for op in moved if op.name == "store")
    assert kinds == ["float64", "vec3d"] and not any(op.name == "atomic" for op in walk(rule.func.body))


@rk.kernel
def damped(x: rk.array(dtype=d), parameters: rk.array(dtype=d), y: rk.array(dtype=d), n: int):
    i = rk.tid()
    v = x[i]
    for k in range(n):
        for _ in range(k):
            v = v - parameters[0] * rk.sin(v) * parameters[n - 1]
    y[i] = v


def inside_loops(block, depth=0):
    """Names of the ops in loops."""
    for op in block.ops:
        inner = depth + (op.name in ("for", "while"))
        yield from [op.name] * bool(depth)
        for region in op.regions:
            yield from inside_loops(region, inner)


@pytest.mark.parametrize("turns", [0, 1, 4])
def test_elements_read_in_every_turn_are_added_to_once_an_item(turns, device):
    x = rk.array([0.3, 0.5], dtype=d, requires_grad=True)
    p = rk.array([0.1, 0.2, 0.0, 0.7], dtype=d, requires_grad=True)
    y = rk.zeros(2, dtype=d)
    rule = adjoint(prepare(damped, [x, p, y, turns]).func, frozenset([0, 1]), 1)
    assert "atomic" not in set(inside_loops(rule.func.body)) and "for" in set(inside_loops(rule.func.body))
    with Tape() as tape:
        rk.launch(damped, 2, [x, p, y, turns], device=device)
    tape.backward(grads={y: np.array([1.0, -2.0])})
    slopes = np.zeros(4)
    for k in range(4):
        moved, v = p.numpy().astype(complex), x.numpy().astype(complex)
        moved[k] += 1e-30j
        for _ in range(turns * (turns - 1) // 2):
            v = v - moved[0] * np.sin(v) * moved[turns - 1]
        slopes[k] = np.sum(v.imag * [1.0, -2.0]) * 1e30
    np.testing.assert_allclose(p.grad.numpy(), slopes, rtol=1e-13)
