"""What a user reads when PyCUDA, the driver or a GPU is missing, too old, full or broken; by stand-ins."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from pathlib import Path
from types import SimpleNamespace

import pytest

import robokern as rk
from robokern.runtime import call_site, driver_cuda, libcuda, memory_cuda, program_cuda
from robokern.runtime.libcuda import CudaError

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import robokern as rk
print(rk.get_devices()[0], rk.get_device("auto"), rk.is_cuda_available())
try:
    rk.get_device("cuda")
except rk.DeviceError as error:
    print(error)
"""
DRIVER = """
class Error(Exception): pass
def init(): {init}
class Device:
    @staticmethod
    def count(): return 0
"""


def ask(folder: Path) -> str:
    """What a process says whose PyCUDA is in `folder`; the last line."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True)
    first, message = done.stdout.splitlines()
    assert (first, done.stderr) == ("cpu cpu False", "")
    return message


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (
            "raise ImportError('libcuda.so.1: cannot open shared object file: No such file or directory')",
            "no NVIDIA driver: libcuda.so.1: cannot open shared object file: No such file or directory",
        ),
        (
            DRIVER.format(init="raise Error('cuInit failed: no CUDA-capable device is detected')"),
            "the NVIDIA driver does not start: cuInit failed: no CUDA-capable device is detected",
        ),
        (DRIVER.format(init="pass"), "the NVIDIA driver finds no GPU"),
        (
            "raise ModuleNotFoundError(\"No module named 'pytools'\")",
            "PyCUDA is not installed (No module named 'pytools'); install it: pip install robokern[cuda]",
        ),
    ],
)
def test_a_machine_without_a_gpu_says_what_is_missing(tmp_path, module, reason):
    package = tmp_path / "pycuda"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "driver.py").write_text(module)
    assert ask(tmp_path) == f"device 'cuda': {reason}; choose one of: cpu, ref, auto"


@pytest.fixture
def gpu(monkeypatch):
    """A GPU that is not there: only its name, and what has been launched."""
    made = object.__new__(driver_cuda.Gpu)
    made.index, made.name, made.arch = 0, "NVIDIA Test", "sm_90"
    made.started, made._broken = deque(maxlen=8), None
    made.memory = object.__new__(memory_cuda.MemoryPool)
    made.memory._gpu, made.memory._held = made, SimpleNamespace(active_bytes=2_000, held_blocks=3)
    made._status = SimpleNamespace()
    monkeypatch.setattr(libcuda, "driver_version", lambda: (11, 8))
    monkeypatch.setattr(libcuda, "memory_info", lambda: (1_000, 80_000))
    return made


def test_out_of_memory(gpu):
    assert str(gpu.memory._out_of_memory(5_000_000)) == (
        "device 'cuda:0': out of memory: 5,000,000 bytes asked for, 1,000 of 80,000 free, 2,000 in use by "
        "arrays, 3 blocks kept for reuse; drop arrays that are no longer needed"
    )


def test_a_driver_too_old_for_the_ptx(gpu):
    error = CudaError(222, "the provided PTX was compiled with an unsupported toolchain. (CUDA error 222)")
    assert str(gpu._not_loaded(error, b"//\n.version 8.7\n.target sm_90\n", "push")) == (
        "device 'cuda:0' (NVIDIA Test, sm_90): the driver, for CUDA 11.8, does not load kernel 'push' (PTX "
        "8.7): the provided PTX was compiled with an unsupported toolchain. (CUDA error 222); update the "
        "NVIDIA driver"
    )


def test_a_failed_launch_names_kernel_grid_and_line(gpu):
    site = call_site.call_site(depth=0)
    line = sys._getframe().f_lineno - 1
    gpu.started.append(("push", 300, site))
    text = (
        "device 'cuda:0' (NVIDIA Test): an illegal memory access was encountered (CUDA error 700); the "
        f"kernel was 'push' over 300 items, launched at {__file__}:{line}"
    )
    error = CudaError(700, "an illegal memory access was encountered (CUDA error 700)")
    assert str(gpu.failure(error)) == text
    gpu.started.append(("pull", 1_000, None))
    assert str(gpu.failure(error)).endswith(
        "; it was one of these kernels, latest first: 'pull' over 1,000 items; 'push' over 300 items, "
        f"launched at {__file__}:{line}"
    )


def test_a_broken_context_goes_on_saying_why(gpu, monkeypatch):
    error = CudaError(700, "an illegal memory access was encountered (CUDA error 700)")

    def broken():
        raise error

    monkeypatch.setattr(libcuda, "memory_info", broken)
    gpu.started.append(("push", 300, None))
    first = str(gpu.failure(error))
    gpu.started.clear()
    assert (
        str(gpu.failure(CudaError(999, "unknown error")))
        == first
        == (
            "device 'cuda:0' (NVIDIA Test): an illegal memory access was encountered (CUDA error 700); the "
            "kernel was 'push' over 300 items; this process cannot use the GPU any more"
        )
    )


def test_too_many_items_for_a_grid(gpu):
    program = object.__new__(program_cuda.Program)
    program.gpu, program.name = gpu, "push"
    assert str(program._failed(libcuda.TOO_MANY_BLOCKS, 10**12)) == (
        "kernel 'push': 1,000,000,000,000 items are more than a grid on a GPU holds"
    )


def test_conditional_nodes_need_a_driver_that_has_them(gpu):
    from robokern.runtime.graph_cuda import CudaCapture

    capture = object.__new__(CudaCapture)
    capture.device = "cuda:0"
    with pytest.raises(rk.DeviceError) as caught:
        capture._check_driver("capture_if")
    assert str(caught.value) == (
        "device 'cuda:0': capture_if inside a capture needs an NVIDIA driver for CUDA 12.4 or newer, "
        "this one is for 11.8"
    )
