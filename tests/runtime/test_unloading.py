"""Kernels that nothing refers to any more go with their code; what still needs the code keeps it."""

from __future__ import annotations

import gc
import weakref

import numpy as np

import robokern as rk
from robokern.runtime.driver_cpu import Program


def scaling(factor: float) -> rk.Kernel:
    @rk.kernel
    def scale(x: rk.array(dtype=float), y: rk.array(dtype=float)):
        i = rk.tid()
        y[i] = factor * x[i]

    return scale


def code_of(kernel: rk.Kernel) -> list[weakref.ref]:
    """Its programs in memory."""
    launchers = kernel.launchers.values()
    programs = [p for launcher in launchers for p in launcher._programs.values()]
    assert programs and all(isinstance(p, Program) for p in programs)
    return [weakref.ref(p) for p in programs]


def arrays(device: str = "cpu") -> list[rk.array]:
    x = rk.array([1.0, 2.0], dtype=float, device=device, requires_grad=True)
    return [x, rk.zeros(2, dtype=float, device=device, requires_grad=True)]


def test_a_kernel_nobody_uses_goes_with_its_code() -> None:
    kernel, (x, y) = scaling(3.0), arrays()
    with rk.Tape() as tape:
        rk.launch(kernel, 2, [x, y], device="cpu")
    tape.backward(grads={y: rk.ones_like(y)})
    np.testing.assert_array_equal(x.grad.numpy(), [3.0, 3.0])
    gone = [weakref.ref(kernel), *code_of(kernel)]
    del kernel, tape
    gc.collect()
    assert [found() for found in gone] == [None] * len(gone)


def test_a_recorded_launch_keeps_its_code(device: str) -> None:
    x, y = arrays(device)
    command = rk.launch(scaling(4.0), 2, [x, y], device=device, record_cmd=True)
    gc.collect()
    command.launch()
    np.testing.assert_array_equal(y.numpy(), [4.0, 8.0])


def test_a_graph_keeps_its_code(device: str) -> None:
    x, y = arrays(device)
    with rk.ScopedCapture(device) as capture:
        rk.launch(scaling(5.0), 2, [x, y], device=device)
    gc.collect()
    rk.capture_launch(capture.graph)
    np.testing.assert_array_equal(y.numpy(), [5.0, 10.0])


def test_a_tape_keeps_its_code(device: str) -> None:
    x, y = arrays(device)
    with rk.Tape() as tape:
        rk.launch(scaling(6.0), 2, [x, y], device=device)
    gc.collect()
    tape.backward(grads={y: rk.ones_like(y)})
    np.testing.assert_array_equal(x.grad.numpy(), [6.0, 6.0])


def test_many_kernels_leave_nothing() -> None:
    x, y = arrays()
    before = [p for p in gc.get_objects() if isinstance(p, Program)]
    for k in range(20):
        rk.launch(scaling(float(k)), 2, [x, y], device="cpu")
    gc.collect()
    after = [p for p in gc.get_objects() if isinstance(p, Program)]
    assert len(after) <= len(before)
