"""Kernels compiled ahead of time: a later process compiles nothing, and notices what has changed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import robokern as rk

KERNELS = """
import robokern as rk

GAIN = 2.0

@rk.func
def scaled(x: float):
    return x * GAIN

@rk.kernel
def scale(a: rk.array(dtype=float), limit: float):
    i = rk.tid()
    a[i] = scaled(a[i])
    assert a[i] < limit, "too large"

@rk.kernel
def fill(a: rk.array(dtype=rk.Any), value: rk.Any):
    a[rk.tid()] = value

rk.overload(fill, [rk.array(dtype=rk.float64), rk.float64])
rk.overload(fill, {"a": rk.array(dtype=int), "value": int})
""".replace("rk.Any", "Any").replace("import robokern as rk", "from typing import Any\nimport robokern as rk")

COMPILE = """
import robokern as rk, kernels
print(len(rk.compile_aot_module(kernels, module_dir="made")))
"""

LOAD = """
import sys
import robokern as rk, kernels
rk.load_aot_module(kernels, module_dir="made")
a = rk.ones(5)
rk.launch(kernels.scale, 5, [a, 100.0])
strided = rk.ones(6)
rk.launch(kernels.scale, 3, [strided[::2], 100.0])
b = rk.zeros(2, dtype=rk.float64)
rk.launch(kernels.fill, 2, [b, rk.float64(0.1)])
try:
    rk.launch(kernels.scale, 5, [a, 3.0])
except rk.KernelAssertionError as error:
    print(error)
front = ("frontend", "emit", "lowering", "simplify", "build")
print(a.list(), strided.list(), b.list(), [m for m in front if f"robokern.compiler.{m}" in sys.modules])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "kernels.py").write_text(KERNELS)
    done = run(tmp_path, COMPILE)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "8\n"  # two programs of three kernels, the thread pool, the manifest
    return tmp_path


def run(folder: Path, script: str, cache: str = "cache") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ROBOKERN_CACHE_DIR": str(folder / cache)}
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    return done.stderr.strip().splitlines()[-1]


def test_a_later_process_runs_without_the_compiler(folder):
    done = run(folder, LOAD, "empty")
    assert done.returncode == 0, done.stderr
    message, values = done.stdout.splitlines()
    assert message.startswith(f"{folder / 'kernels.py'}:15:")
    assert "too large; in kernel 'scale', item (0,) of grid (5,)" in message
    assert values == f"{[4.0] * 5} {[2.0, 1.0] * 3} {[0.1, 0.1]} []"
    assert not (folder / "empty").exists()


def test_the_interpreter_still_works(folder):
    script = (
        "import robokern as rk, kernels; rk.load_aot_module(kernels, module_dir='made')\n"
        "a = rk.ones(2); rk.launch(kernels.scale, 2, [a, 9.0], device='ref'); print(a.list())"
    )
    assert run(folder, script).stdout == "[2.0, 2.0]\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("GAIN = 2.0", "GAIN = 2.0000000000000004"),
        ("return x * GAIN", "return GAIN * x"),
        ("a[i] <", "a[i] <="),
    ],
)
def test_a_change_of_text_or_constants_is_noticed(folder, old, new):
    source = folder / "kernels.py"
    source.write_text(source.read_text().replace(old, new))
    assert "kernel 'scale', or something it uses, differs from what made was made of" in last_line(
        run(folder, LOAD)
    )


def test_a_kernel_that_moved_in_its_file_is_the_same(folder):
    source = folder / "kernels.py"
    source.write_text("# a new line\n" + source.read_text())
    assert run(folder, LOAD).returncode == 0


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        ({"machine": "other64 other-linux"}, "DeviceError", "made: made for other64 other-linux, this is "),
        ({"features": "+warp-drive"}, "DeviceError", "a processor with warp-drive, which this one lacks"),
        (
            {"version": "0"},
            "KernelError",
            "made: made by another version of robokern; run compile_aot_module",
        ),
        (
            {"kernels": []},
            "KernelError",
            "made: has no kernel kernels.scale for (array(dtype=float32), float32)",
        ),
    ],
)
def test_a_folder_made_for_something_else_is_refused(folder, change, kind, text):
    path = folder / "made" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    line = last_line(run(folder, LOAD))
    assert line.startswith(f"robokern.errors.{kind}: ")
    assert text in line


def test_other_options_are_refused(folder):
    script = LOAD.replace("rk.load_aot", "rk.set_module_options({'fast_math': True}, kernels); rk.load_aot")
    assert "kernel 'scale' was compiled with other options" in last_line(run(folder, script))


def test_a_damaged_program_is_not_run(folder):
    for path in (folder / "made").rglob("*.o"):
        path.write_bytes(path.read_bytes()[:-1])
    assert "the code of kernel 'scale' is damaged" in last_line(run(folder, LOAD, "empty"))


def test_an_empty_folder(folder):
    script = LOAD.replace('"made"', '"nothing"')
    assert "nothing: no kernels compiled ahead of time here" in last_line(run(folder, script))


def test_a_generic_kernel_needs_types(folder):
    script = COMPILE.replace(
        "import robokern as rk, kernels", "import robokern as rk, kernels\nkernels.fill.listed.clear()"
    )
    assert "kernel 'fill' is generic: list its types with rk.overload" in last_line(run(folder, script))


def test_kernels_one_by_one(folder):
    script = (
        "import robokern as rk, kernels; print(len(rk.compile_aot_module([kernels.scale], module_dir='one')))"
    )
    assert run(folder, script).stdout == "4\n"


COMPILE_FOR_GPUS = """
import robokern as rk, kernels
files = rk.compile_aot_module(kernels, arch=[75, 90], module_dir="made")
print(len(files), sum(b".target sm_90" in f.read_bytes() for f in files))
"""

ON_GPU = """
import sys
import robokern as rk, kernels
from robokern.compiler import build
build.compile = None  # nothing may be compiled
rk.load_aot_module(kernels, module_dir="made")
for _ in range(2):
    a, strided = rk.ones(5, device="cuda"), rk.ones(6, device="cuda")
    rk.launch(kernels.scale, 5, [a, 100.0], device="cuda")
    rk.launch(kernels.scale, 3, [strided[::2], 100.0], device="cuda")
    try:
        rk.launch(kernels.scale, 5, [a, 3.0], device="cuda")
    except rk.KernelAssertionError as error:
        print(error)
print(a.list(), strided.list())
"""


def test_ptx_is_made_without_a_gpu(folder):
    done = run(folder, COMPILE_FOR_GPUS)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "20 6\n"  # as above, and two programs of three kernels for each architecture
    manifest = json.loads((folder / "made" / "manifest.json").read_text())
    assert [sorted(entry["ptx"]) for entry in manifest["kernels"]] == [["sm_75", "sm_90"]] * 3
    assert run(folder, LOAD, "empty").returncode == 0


GPU = pytest.mark.skipif(not rk.is_cuda_available(), reason="needs an NVIDIA GPU")


@GPU
@pytest.mark.parametrize("options", ["device='cuda'", "arch=75"])
def test_a_gpu_loads_ptx_without_compiling(folder, options):
    assert run(folder, COMPILE.replace("module_dir", f"{options}, module_dir")).returncode == 0
    done = run(folder, ON_GPU, "empty")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert all("too large; in kernel 'scale', item" in line for line in lines[:2])
    assert lines[2] == f"{[4.0] * 5} {[2.0, 1.0] * 3}"


@GPU
def test_a_folder_for_other_gpus_says_so(folder):
    assert run(folder, COMPILE.replace("module_dir", "arch=121, module_dir")).returncode == 0
    message = last_line(run(folder, ON_GPU, "empty"))
    assert "made: kernel 'scale' was compiled for sm_121, this GPU is " in message
    assert "run compile_aot_module again with arch=" in message
