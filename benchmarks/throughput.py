"""How much work a second kernels do, beside warp-lang and beside a parallel copy of the same bytes.

    python -m benchmarks.throughput [--save]

Memory: kernels that read and write large arrays, against NumPy copying the same number of bytes with one
thread for each core. Arithmetic: straight-line kernels, on all cores and on one, and kernels with inner loops
and branches. Arrays: making one, and `.numpy()`. Both sides in turns, in one run, ratios of medians. `--save`
writes the tables to benchmarks/results/ with date, processor, commit and load.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import robokern as rk
from benchmarks.side_by_side import Comparison, compare, print_table

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
LARGE, SMALL = 1 << 24, 1 << 19  # elements: beyond every cache; some milliseconds of arithmetic

KERNELS = """
import LIBRARY as m

@m.kernel
def copy(a: m.array(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    out[i] = a[i]

@m.kernel
def axpy(a: m.array(dtype=float), b: m.array(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    out[i] = 2.5 * a[i] + b[i]

@m.kernel
def scale_vectors(a: m.array(dtype=m.vec3), out: m.array(dtype=m.vec3)):
    i = m.tid()
    out[i] = a[i] * 0.5

@m.kernel
def sine_chain(a: m.array(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    x = m.sin(m.sin(m.sin(m.sin(a[i]))))
    out[i] = m.sin(m.sin(m.sin(m.sin(x))))

@m.kernel
def exponential_chain(a: m.array(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    x = m.exp(-m.exp(-m.exp(-m.exp(-a[i]))))
    out[i] = m.exp(-m.exp(-m.exp(-m.exp(-x))))

@m.kernel
def quaternion_products(a: m.array(dtype=m.quat), out: m.array(dtype=m.quat)):
    i = m.tid()
    p = a[i]
    q = p * p * p * p
    q = q * p * q * p
    out[i] = q * p * q * p

@m.kernel
def rotated_points(a: m.array(dtype=m.quat), v: m.array(dtype=m.vec3), out: m.array(dtype=m.vec3)):
    i = m.tid()
    q = a[i]
    x = m.quat_rotate(q, m.quat_rotate(q, v[i]))
    out[i] = m.normalize(m.quat_rotate_inv(q, m.cross(x, v[i])))

@m.kernel
def mandelbrot(a: m.array(dtype=float), b: m.array(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    x = float(0.0)
    y = float(0.0)
    n = int(0)
    while n < 100 and x * x + y * y < 4.0:
        t = x * x - y * y + a[i]
        y = 2.0 * x * y + b[i]
        x = t
        n = n + 1
    out[i] = float(n)

@m.kernel
def newton_with_branches(a: m.array(dtype=float), out: m.array(dtype=float)):
    i = m.tid()
    x = float(1.0)
    for k in range(40):
        f = x * x * x - a[i]
        if m.abs(f) < 1.0e-6:
            break
        if x > 10.0:
            x = x * 0.5
        else:
            x = x - f / (3.0 * x * x + 1.0e-3)
    out[i] = x
"""


def loaded(library: str, folder: Path) -> ModuleType:
    """The kernels under one import."""
    path = folder / f"throughput_{library}.py"
    path.write_text(KERNELS.replace("LIBRARY", library))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Side:
    """One library with its kernels."""

    def __init__(self, library: Any, module: ModuleType) -> None:
        self.library, self.module = library, module

    def launch(self, name: str, data: list[np.ndarray], types: list[str]) -> Callable[[], object]:
        """What launches the kernel `name` over the data, the last of which is the output."""
        dtypes = [float if t == "float" else getattr(self.library, t) for t in types]
        arrays = [self.library.array(x, dtype=t, device="cpu") for x, t in zip(data, dtypes, strict=True)]
        kernel, launch, dim = getattr(self.module, name), self.library.launch, len(data[-1])
        return lambda: launch(kernel, dim=dim, inputs=arrays, device="cpu")


# kernel: types of its arguments, number of items
MEMORY = {"copy": ["float"] * 2, "axpy": ["float"] * 3, "scale_vectors": ["vec3"] * 2}
STRAIGHT = {
    "sine_chain": ["float"] * 2,
    "exponential_chain": ["float"] * 2,
    "quaternion_products": ["quat"] * 2,
    "rotated_points": ["quat", "vec3", "vec3"],
}
BRANCHING = {"mandelbrot": ["float"] * 3, "newton_with_branches": ["float"] * 2}
WIDTH = {"float": (), "vec3": (3,), "quat": (4,)}


def data_of(types: list[str], count: int) -> list[np.ndarray]:
    """Random arguments of a kernel, quaternions of length 1."""
    generator = np.random.default_rng(7)
    made = []
    for name in types:
        x = generator.uniform(-1, 1, (count, *WIDTH[name])).astype(np.float32)
        made.append(x / np.linalg.norm(x, axis=1, keepdims=True) if name == "quat" else x)
    return made


def parallel_copy(count: int, pool: ThreadPoolExecutor) -> Callable[[], object]:
    """Copies so many bytes that `count` are read and written together, a share on each core."""
    source = np.ones(count // 2, np.uint8)
    target = np.zeros_like(source)
    ends = np.linspace(0, len(source), CORES + 1).astype(int)
    parts = [slice(a, b) for a, b in pairwise(ends)]
    return lambda: list(pool.map(lambda part: np.copyto(target[part], source[part]), parts))


def memory(ours: Side, pool: ThreadPoolExecutor) -> list[Comparison]:
    """Memory-bound kernels of ours against the parallel copy of the same bytes."""
    found = []
    for name, types in MEMORY.items():
        data = data_of(types, LARGE // max(WIDTH[types[0]] or (1,)))
        work = parallel_copy(sum(x.nbytes for x in data), pool)
        found.append(compare(name, ours.launch(name, data, types), work, rounds=11))
    return found


def beside_warp(
    ours: Side, theirs: Side, kernels: dict[str, list[str]], count: int, one_core: bool = False
) -> list[Comparison]:
    """The kernels on both sides; Warp has one thread on the CPU, ours all cores unless told.

    With one core the processor's time is taken, which neighbours change little.
    """
    found = []
    clock = time.process_time if one_core else time.perf_counter
    for name, types in kernels.items():
        data = data_of(types, count)
        work, peer = (side.launch(name, data, types) for side in (ours, theirs))
        found.append(compare(name, alone(work) if one_core else work, peer, rounds=11, clock=clock))
    return found


def threads(ours: Side) -> list[Comparison]:
    """Branching kernels of ours on all cores against one."""
    found = []
    for name, types in BRANCHING.items():
        work = ours.launch(name, data_of(types, SMALL), types)
        found.append(compare(name, work, alone(work), rounds=11))
    return found


def alone(work: Callable[[], object]) -> Callable[[], None]:
    """The same launch on one core."""

    def on_one_core() -> None:
        rk.set_cpu_threads(1)
        work()
        rk.set_cpu_threads(CORES)

    return on_one_core


def arrays(warp: Any) -> list[Comparison]:
    """Making an array of 1000 floats, and its `.numpy()`."""
    ours, theirs = rk.zeros(1000, dtype=float, device="cpu"), warp.zeros(1000, dtype=float, device="cpu")
    return [
        compare(
            "zeros(1000)",
            lambda: rk.zeros(1000, dtype=float, device="cpu"),
            lambda: warp.zeros(1000, dtype=float, device="cpu"),
            rounds=25,
            repeats=1000,
        ),
        compare("numpy()", ours.numpy, theirs.numpy, rounds=25, repeats=1000),
    ]


def surroundings() -> str:
    """Date, processor, commit and load, one a line."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    processor = next(
        (x.split(":")[1].strip() for x in lines if x.startswith("model name")), platform.processor()
    )
    load = ", ".join(f"{x:.2f}" for x in os.getloadavg())
    return (
        f"date {datetime.now():%Y-%m-%d %H:%M}\nprocessor {processor}, {CORES} cores\n"
        f"commit {commit}\nload average before {load}"
    )


def measure() -> None:
    """Measures everything and prints the tables."""
    import warp

    warp.config.log_level = warp.LOG_ERROR
    warp.config.enable_backward = False
    warp.init()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(CORES) as pool:
        usual = rk.config.cpu_lanes
        ours = Side(rk, loaded("robokern", Path(folder)))
        theirs = Side(warp, loaded("warp", Path(folder)))
        print_table("Memory-bound, against a parallel copy of the same bytes", "copy", memory(ours, pool))
        print_table("Memory-bound, beside Warp", "warp", beside_warp(ours, theirs, MEMORY, LARGE // 4))
        print_table("Straight-line arithmetic", "warp", beside_warp(ours, theirs, STRAIGHT, SMALL))
        for lanes in (1, "auto"):
            rk.config.cpu_lanes = lanes
            one = beside_warp(ours, theirs, {**STRAIGHT, **BRANCHING}, SMALL, one_core=True)
            print_table(f"One core, processor time, cpu_lanes={lanes}", "warp", one)
        rk.config.cpu_lanes = usual
        print_table("Loops and branches", "warp", beside_warp(ours, theirs, BRANCHING, SMALL))
        print_table("Loops and branches, all cores against one", "one core", threads(ours))
        print_table("Arrays", "warp", arrays(warp))


def main() -> None:
    """Prints, and with `--save` writes, the tables."""
    about, text = surroundings(), io.StringIO()
    with contextlib.redirect_stdout(text):
        measure()
    print(about + "\n" + text.getvalue())
    if "--save" in sys.argv:
        place = Path(__file__).parent / "results" / f"throughput-{datetime.now():%Y-%m-%d}.txt"
        place.parent.mkdir(exist_ok=True)
        place.write_text(about + "\n" + text.getvalue())


if __name__ == "__main__":
    main()
