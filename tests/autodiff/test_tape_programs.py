"""Random launches, copies, fills and clones on overlapping slices of a few arrays, on one tape: its gradients
against central differences, with and without checkpoints, played once and twice."""

import numpy as np
import pytest

import robokern as rk

d = rk.float64
ARRAYS, LENGTH = 4, 6


@rk.kernel
def multiply(a: rk.array(dtype=d), b: rk.array(dtype=d), c: rk.array(dtype=d)):
    i = rk.tid()
    c[i] = a[i] * b[i] + d(0.5) * a[i]


@rk.kernel
def multiply_in_place(b: rk.array(dtype=d), c: rk.array(dtype=d)):
    i = rk.tid()
    c[i] = c[i] * rk.sin(b[i])


@rk.kernel
def add_squares(a: rk.array(dtype=d), c: rk.array(dtype=d), s: d):
    i = rk.tid()
    c[i] += a[i] * a[i] * s


@rk.kernel
def overwrite(c: rk.array(dtype=d), s: d):
    c[rk.tid()] = s


@rk.kernel
def overwrite_some(a: rk.array(dtype=d), c: rk.array(dtype=d)):
    i = rk.tid()
    if a[i] > 0.3:
        c[i] = rk.cos(a[i])


def clone_and_add(n, a, b, c, s):
    rk.launch(add_squares, n, [rk.clone(a), c, s])


def launch_a_command(n, a, b, c, s):
    command = rk.launch(multiply, n, [a, b, c], record_cmd=True)
    command.launch()
    command.set_param_at_index(1, a)
    command.launch()


STEPS = [
    lambda n, a, b, c, s: rk.launch(multiply, n, [a, b, c]),
    lambda n, a, b, c, s: rk.launch(multiply_in_place, n, [b, c]),
    lambda n, a, b, c, s: rk.launch(add_squares, n, [a, c, s]),
    lambda n, a, b, c, s: rk.launch(overwrite, n, [c, s]),
    lambda n, a, b, c, s: rk.launch(overwrite_some, n, [a, c]),
    lambda n, a, b, c, s: rk.copy(c, a, count=n),
    lambda n, a, b, c, s: c.fill_(s),
    clone_and_add,
    launch_a_command,
]


def program(rng):
    """Steps: what is done, to which slices of which arrays, how often in a row."""
    made = []
    for _ in range(rng.integers(3, 14)):
        *read, written = rng.permutation(ARRAYS)[:3]
        slices = [(int(k), int(rng.integers(0, 3)), int(rng.integers(2, 4))) for k in (*read, written)]
        made.append((int(rng.integers(len(STEPS))), slices, rng.uniform(0.5, 1.5), int(rng.integers(1, 3))))
    return made


def run(steps, arrays):
    for kind, slices, number, times in steps:
        parts = [arrays[k][at : at + n] if at else arrays[k] for k, at, n in slices]
        for _ in range(times):
            STEPS[kind](min(map(len, parts)), *parts, number)


def value(steps, starts, weights):
    arrays = [rk.array(x, dtype=d) for x in starts]
    run(steps, arrays)
    return sum(float(a.numpy() @ w) for a, w in zip(arrays, weights, strict=True))


@pytest.mark.parametrize("first", range(0, 60, 6))
def test_gradients_are_those_of_central_differences(first, device):
    for seed in range(first, first + (1 if device == "ref" else 6)):  # the interpreter is slow
        check(seed)


def check(seed):
    rng = np.random.default_rng(seed)
    steps = program(rng)
    starts, weights = rng.uniform(0.1, 1.0, (ARRAYS, LENGTH)), rng.normal(size=(ARRAYS, LENGTH))
    arrays = [rk.array(x, dtype=d, requires_grad=bool(rng.integers(0, 3))) for x in starts]
    seeds = {a: rk.array(w, dtype=d) for a, w in zip(arrays, weights, strict=True)}
    with rk.Tape([None, 1, 2, 5][seed % 4]) as tape:
        run(steps, arrays)
    tape.backward(grads=seeds)
    tape.backward(grads=seeds)
    for k, array in enumerate(arrays):
        for i in range(LENGTH) if array.requires_grad else ():
            moved = np.repeat(starts[None], 2, axis=0)
            moved[:, k, i] += (1e-6, -1e-6)
            slope = (value(steps, moved[0], weights) - value(steps, moved[1], weights)) / 2e-6
            np.testing.assert_allclose(array.grad.numpy()[i], 2 * slope, rtol=1e-5, atol=1e-5)
    for given, weight in zip(seeds.values(), weights, strict=True):
        np.testing.assert_array_equal(given.numpy(), weight)
