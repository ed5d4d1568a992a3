"""Code that is made on another thread while a derivative is derived."""

import gc
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import robokern as rk
from robokern.errors import AdjointError
from robokern.runtime import begun, driver_cpu
from robokern.runtime.begun import Begun
from robokern.runtime.collector import put_off

floats = rk.array(dtype=float)


def test_the_code_is_there_when_it_is_asked_for() -> None:
    made = Begun(lambda: time.sleep(0.02) or b"code")
    assert made.result() == made.result() == b"code"
    assert not begun._running


def test_an_error_is_raised_where_the_code_is_asked_for() -> None:
    def fail() -> bytes:
        raise RuntimeError("no such instruction")

    made = Begun(fail)
    begun.settle()
    with pytest.raises(RuntimeError, match="no such instruction"):
        made.result()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
def test_a_fork_waits() -> None:
    done = []
    made = Begun(lambda: time.sleep(0.05) or done.append(1) or b"")
    child = os.fork()
    if child == 0:
        os._exit(0 if done and threading.active_count() == 1 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert made.result() == b""


@pytest.fixture
def began(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> list[Begun]:
    """What is begun, in an empty cache."""
    found: list[Begun] = []

    class Noted(Begun):
        def __init__(self, work: object) -> None:
            found.append(self)
            super().__init__(work)  # type: ignore[arg-type]

    monkeypatch.setattr("robokern.runtime.warm_start.Begun", Noted)
    monkeypatch.setattr(driver_cpu, "available_threads", lambda: 2)
    monkeypatch.setattr(rk.config, "kernel_cache_dir", str(tmp_path))
    return found


def launched(kernel: object, n: int = 5, device: str = "cpu") -> tuple[rk.array, rk.array]:
    x = rk.array(np.arange(1, n + 1), dtype=float, device=device, requires_grad=True)
    y = rk.zeros(n, dtype=float, device=device, requires_grad=True)
    with rk.Tape() as tape:
        rk.launch(kernel, n, [x, y], device=device)
    tape.backward(grads={y: rk.array(np.ones(n), dtype=float, device=device)})
    return x, y


def test_a_launch_on_a_tape_takes_the_code_begun(began: list[Begun]) -> None:
    @rk.kernel
    def squared(x: floats, y: floats):
        i = rk.tid()
        y[i] = x[i] * x[i]

    x, y = launched(squared)
    assert len(began) == 1
    assert began[0]._code is not None
    np.testing.assert_array_equal(y.numpy(), np.float32([1, 4, 9, 16, 25]))
    assert x.grad is not None
    np.testing.assert_array_equal(x.grad.numpy(), np.float32([2, 4, 6, 8, 10]))
    launched(squared)
    assert len(began) == 1


def test_one_core_begins_nothing(began: list[Begun], monkeypatch: pytest.MonkeyPatch) -> None:
    @rk.kernel
    def cubed(x: floats, y: floats):
        i = rk.tid()
        y[i] = x[i] * x[i] * x[i]

    monkeypatch.setattr(driver_cpu, "available_threads", lambda: 1)
    x, _ = launched(cubed)
    assert not began
    assert x.grad is not None and x.grad.numpy()[1] == 12.0


def test_the_interpreter_begins_nothing(began: list[Begun]) -> None:
    @rk.kernel
    def halved(x: floats, y: floats):
        i = rk.tid()
        y[i] = x[i] * 0.5

    launched(halved, device="ref")
    assert not began


def test_nothing_is_begun_that_a_kernel_with_records_stands_for(began: list[Begun]) -> None:
    @rk.kernel
    def counted(x: floats, y: floats, count: rk.array(dtype=int)):
        i = rk.atomic_add(count, 0, 1)
        y[i] = x[rk.tid()] * 2.0

    x = rk.array([1.0, 2.0], dtype=float, device="cpu", requires_grad=True)
    y = rk.zeros(2, dtype=float, device="cpu", requires_grad=True)
    with rk.Tape() as tape:
        rk.launch(counted, 2, [x, y, rk.zeros(1, dtype=int, device="cpu")], device="cpu")
    tape.backward(grads={y: rk.array([1.0, 1.0], dtype=float, device="cpu")})
    assert not began
    assert x.grad is not None and x.grad.numpy().tolist() == [2.0, 2.0]


def test_a_kernel_without_derivative_is_refused_as_ever(began: list[Begun]) -> None:
    @rk.kernel
    def swapped(x: floats, y: floats):
        i = rk.tid()
        rk.atomic_exch(y, 0, x[i])

    with pytest.raises(AdjointError, match="atomic_exch"):
        launched(swapped)


PROGRAM = """
import robokern as rk

@rk.kernel
def turned(x: rk.array(dtype=rk.quat), y: rk.array(dtype=rk.vec3)):
    i = rk.tid()
    y[i] = rk.quat_rotate(rk.normalize(x[i]), rk.vec3(rk.sin(x[i][0]), 1.0, 2.0))

import robokern.compiler.adjoint as adjoint
def stop(*arguments):
    raise SystemExit(7)
adjoint.adjoint = stop  # while the kernel's own code is on its way
x = rk.zeros(4, dtype=rk.quat, device="cpu", requires_grad=True)
with rk.Tape():
    rk.launch(turned, 4, [x, rk.zeros(4, dtype=rk.vec3, device="cpu", requires_grad=True)], device="cpu")
"""


def test_a_program_may_end_meanwhile(tmp_path: object) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)  # type: ignore[operator]
    environment = {**os.environ, "ROBOKERN_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, str(tmp_path / "program.py")]  # type: ignore[operator]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (7, "")


def test_the_collector_is_as_it_was() -> None:
    assert gc.isenabled()
    with pytest.raises(ValueError, match="inside"), put_off(), put_off():
        assert not gc.isenabled()
        raise ValueError("inside")
    assert gc.isenabled()
    gc.disable()
    try:
        with put_off():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_a_compile_leaves_is_not_looked_at() -> None:
    with put_off():
        made = [[] for _ in range(100_000)]
    assert gc.get_count()[0] < 10_000 < len(made)


def test_what_the_program_froze_stays_frozen() -> None:
    gc.freeze()
    try:
        before = gc.get_freeze_count()
        with put_off():
            pass
        assert gc.get_freeze_count() == before > 0
    finally:
        gc.unfreeze()
