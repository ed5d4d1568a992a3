"""What is called a hundred thousand times leaves nothing behind: resident memory and live objects stay flat.

ROBOKERN_LEAK_CALLS sets how often; `make nightly` asks for 100,000.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable

import numpy as np
import pytest

import robokern as rk

CALLS = int(os.environ.get("ROBOKERN_LEAK_CALLS", "2000"))


@rk.kernel
def step(
    x: rk.array(dtype=rk.vec3d), v: rk.array(dtype=rk.vec3d), dt: rk.float64,
    x1: rk.array(dtype=rk.vec3d), v1: rk.array(dtype=rk.vec3d),
):  # fmt: skip
    i = rk.tid()
    w = v[i] - x[i] * (rk.length(x[i]) * dt)
    v1[i] = w
    x1[i] = x[i] + w * dt


SHAPE = (64, 3)
VALUES = np.random.default_rng(3).normal(size=SHAPE)


def resident() -> int:
    """Bytes of this process in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def growth(call: Callable[[], object], calls: int) -> tuple[int, int]:
    """Objects and bytes that so many calls leave behind."""
    gc.collect()
    objects, memory = len(gc.get_objects()), resident()
    for _ in range(calls):
        call()
    gc.collect()
    return len(gc.get_objects()) - objects, resident() - memory


def assert_flat(call: Callable[[], object], calls: int = CALLS) -> None:
    """Calls a thousand times to warm up allocators and thread pools, then `calls` times.

    No object and less than a few bytes per call may stay; one array of SHAPE would be 1536. Allocators and
    threads of tests before this one take pages at any time, so bytes that stay have to stay twice.
    """
    for _ in range(1000):
        call()
    for _ in range(2):
        objects, memory = growth(call, calls)
        print(f"{calls} calls: {objects:+d} objects, {memory / 2**10:+.0f} KiB")
        assert objects < 100
        if memory < 2**21:
            return
    raise AssertionError(f"{memory} bytes stay after {calls} calls, each time")


def arrays() -> list[rk.array]:
    return [rk.array(VALUES, dtype=rk.vec3d, requires_grad=True) for _ in range(2)]


def outputs() -> list[rk.array]:
    return [rk.zeros(SHAPE[0], dtype=rk.vec3d) for _ in range(2)]


def test_launches(compiled):
    x, y = arrays(), outputs()
    assert_flat(lambda: rk.launch(step, SHAPE[0], [*x, 0.1, *y]))


def test_launches_on_new_arrays(compiled):
    assert_flat(lambda: rk.launch(step, SHAPE[0], [*arrays(), 0.1, *outputs()]))


def test_recorded_launches(compiled):
    x, y = arrays(), outputs()
    assert_flat(lambda: rk.launch(step, SHAPE[0], [*x, 0.1, *y], record_cmd=True).launch())


def test_tapes(compiled):
    x, y = arrays(), outputs()

    def call() -> None:
        with rk.Tape() as tape:
            rk.launch(step, SHAPE[0], [*x, 0.1, *y])
        tape.backward(grads={y[0]: VALUES})
        tape.zero()

    assert_flat(call)


def test_one_tape_that_is_reset(compiled):
    """Arrays overwritten within the tape, so that it keeps copies."""
    x, y, tape = arrays(), outputs(), rk.Tape()

    def call() -> None:
        with tape:
            rk.launch(step, SHAPE[0], [*x, 0.1, *y])
            rk.launch(step, SHAPE[0], [*y, 0.1, *x[::-1]])
        tape.backward(grads={x[0]: VALUES})
        tape.zero()
        tape.reset()
        x[0].assign(VALUES)
        x[1].assign(VALUES)

    assert_flat(call)


def test_tapes_that_end_in_an_error(compiled):
    """What a refused backward held is freed with the tape."""
    x, y = arrays(), outputs()

    def call() -> None:
        with rk.Tape() as tape:
            rk.launch(step, SHAPE[0], [*x, 0.1, *y])
        with pytest.raises(rk.AdjointError):
            tape.backward(y[0])

    assert_flat(call)


def test_torch_function():
    torch = pytest.importorskip("torch", reason="its bridge is called: pip install robokern[torch]")
    advance = rk.torch_function(step, outputs=[0, 1])
    x, v = (torch.tensor(VALUES, requires_grad=True) for _ in range(2))

    def call() -> None:
        advance(x, v, 0.1)[0].sum().backward()

    assert_flat(call)


def test_torch_function_whose_graph_is_dropped():
    torch = pytest.importorskip("torch", reason="its bridge is called: pip install robokern[torch]")
    advance = rk.torch_function(step, outputs=[0, 1])
    x, v = (torch.tensor(VALUES, requires_grad=True) for _ in range(2))
    assert_flat(lambda: advance(*advance(x, v, 0.1), 0.1))


def test_jax_function():
    jax = pytest.importorskip("jax", reason="its bridge is called: pip install robokern[jax]")
    jax.config.update("jax_enable_x64", True)
    advance = rk.jax_function(step, outputs=[0, 1])
    slope = jax.jit(jax.grad(lambda x, v: advance(x, v, 0.1)[0].sum()))
    assert_flat(lambda: slope(VALUES, VALUES).block_until_ready())
