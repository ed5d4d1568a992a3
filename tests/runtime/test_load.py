"""`rk.load_module`: everything compiled before the first launch."""

import os
import subprocess
import sys
from types import ModuleType

import pytest

import robokern as rk
from robokern.runtime import load

KERNELS = "import robokern as rk\n" + "".join(
    f"@rk.kernel\ndef k{i}(a: rk.array(dtype=float)):\n    a[rk.tid()] = {i}.5\n" for i in range(5)
)

SCRIPT = """
import os, sys
import robokern as rk, kernels
from robokern.compiler import build
log, compile = open("log", "a", buffering=1), build.compile
build.compile = lambda func, place: print(func.name, os.getpid(), file=log) or compile(func, place)
rk.load_module(kernels, max_workers=int(sys.argv[1]))
a = rk.zeros(2)
for i in range(5):
    rk.launch(getattr(kernels, f"k{i}"), 2, [a])
    assert a.list() == [i + 0.5] * 2
names, processes = zip(*(line.split() for line in open("log")))
print(*sorted(names), len(set(processes)) > 1)
"""


@pytest.mark.parametrize("workers", [1, 2, 9])
def test_kernels_are_compiled_once_by_several_processes(tmp_path, workers):
    (tmp_path / "kernels.py").write_text(KERNELS)
    environment = {**os.environ, "ROBOKERN_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(workers)],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    said = f"k0 k1 k2 k3 k4 {workers > 1}"
    assert (done.stdout.strip(), done.returncode) == (said, 0), done.stderr


@pytest.mark.parametrize("count", [1, 7, load.MOST_TURNS, 3 * load.MOST_TURNS + 5])
def test_each_turn_comes_once(count):
    assert sorted(load._turns(range(count))) == [*range(count)]


DERIVATIVES = """
import sys
import robokern as rk, kernels
from robokern.compiler import build
compiled, compile, prepared = [], build.compile, build.prepared
build.compile = lambda func, place: compiled.append(func.name) or compile(func, place)
build.prepared = lambda func, place: compiled.append(func.name) or prepared(func, place)
rk.load_module(kernels, max_workers=int(sys.argv[1]), derivatives=True)
before = len(compiled)
for kernel, slope in ((kernels.square, 4.0), (kernels.cube, 12.0)):
    x, y = (rk.full(3, v, dtype=float, requires_grad=True) for v in (2.0, 0.0))
    with rk.Tape() as tape:
        rk.launch(kernel, 3, [x, y])
    tape.backward(grads={y: rk.ones_like(y)})
    assert x.grad.list() == [slope] * 3, x.grad.list()
rk.launch(kernels.count, 3, [rk.zeros(1, dtype=int)])
print(before > 0, compiled[before:])
"""

TO_DERIVE = """import robokern as rk
floats = rk.array(dtype=float)

@rk.kernel
def square(x: floats, y: floats):
    i = rk.tid()
    y[i] = x[i] * x[i]

@rk.kernel
def cube(x: floats, y: floats):
    i = rk.tid()
    y[i] = x[i] * x[i] * x[i]

@rk.kernel
def count(n: rk.array(dtype=int)):
    rk.atomic_add(n, 0, 1)

@rk.kernel(enable_backward=False)
def without(x: floats, y: floats):
    y[rk.tid()] = x[0]
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_derivatives_are_compiled_too_where_asked(tmp_path, workers):
    (tmp_path / "kernels.py").write_text(TO_DERIVE)
    environment = {**os.environ, "ROBOKERN_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", DERIVATIVES, str(workers)],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.stdout.strip(), done.returncode) == ("True []", 0), done.stderr


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path):
    (tmp_path / "kernels.py").write_text(KERNELS)
    (tmp_path / "file").write_text("")
    environment = {**os.environ, "ROBOKERN_CACHE_DIR": str(tmp_path / "file" / "cache")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, "2"],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    *compiled, _ = done.stdout.split()
    assert (sorted({*compiled}), done.returncode) == (["k0", "k1", "k2", "k3", "k4"], 0), done.stderr


def test_a_module_that_is_not_imported_or_has_no_kernels(monkeypatch):
    monkeypatch.setitem(sys.modules, "empty_one", ModuleType("empty_one"))
    with pytest.raises(RuntimeError, match="module 'empty_one' has no kernels"):
        rk.load_module("empty_one")
    with pytest.raises(RuntimeError, match="module 'nowhere' is not imported; import it first"):
        rk.load_module("nowhere")
    with pytest.raises(TypeError, match="expected a Python module or its name, got int"):
        rk.load_module(3)
    rk.from_source("import robokern as rk\nrk.load_module()\n", "without_kernels")


def test_init_is_there_for_programs_that_call_it():
    assert rk.init() is None
