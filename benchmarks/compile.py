"""What it costs to compile kernels, beside warp-lang on the CPU: fresh processes, isolated caches, in turns.

    python -m benchmarks.compile [rounds]

Twenty: kernels over quaternions and transforms, derivatives enabled on both sides (Warp's default; we make a
derivative when a tape asks for it); "loaded": compiled by `load_module` before the first launch.
"And back": each launched on a tape and played backwards, so that ours compile their derivatives too;
"loaded with derivatives": by `load_module(derivatives=True)`, as Warp's always does.
Long: one kernel of 500 lines. Fifty: of a few lines each. Lanes: wide code against scalar code, both ours.
Cold: empty cache; cached: a second process. "Launches" is the time from the import to the end of the last
first launch; "process" adds start and import.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.side_by_side import Comparison, compare, print_table

if TYPE_CHECKING:
    from robokern.ir.nodes import Func

CACHES = {"robokern": "ROBOKERN_CACHE_DIR", "warp": "WARP_CACHE_PATH"}


def quaternion_kernels(count: int) -> str:
    """Source of kernels that rotate, interpolate and move points; no two are alike."""
    return "\n".join(
        f"""
@wp.kernel
def kernel{i}(a: wp.array(dtype=wp.quat), p: wp.array(dtype=wp.vec3), out: wp.array(dtype=wp.vec3)):
    t = wp.tid()
    q = wp.normalize(a[t] * wp.quat_from_axis_angle(wp.vec3(0.0, 0.0, 1.0), {i}.5))
    r = wp.quat_slerp(q, wp.quat_inverse(a[t]), 0.25)
    frame = wp.transform(p[t], r)
    moved = wp.transform_point(frame, wp.quat_rotate(q, p[t]) * {i + 1}.0)
    back = wp.transform_vector(wp.transform_inverse(frame), moved)
    out[t] = wp.quat_rotate_inv(r, wp.cross(moved, back)) + wp.quat_to_matrix(q) * p[t]
"""
        for i in range(count)
    )


def long_kernel(lines: int) -> str:
    """Source of one kernel of so many lines of scalar and vector arithmetic and conditions."""
    body = []
    for i in range(lines // 5):
        body += [
            f"x = x * {1.0 + i / 1000.0} + wp.sin(y)",
            f"v = v + wp.vec3(x, y, {i}.0) * 0.5",
            f"if x > {i}.0:",
            "    y = y + wp.length(v)",
            f"out[t] = out[t] + wp.dot(v, wp.vec3(y, x, {i}.5))",
        ]
    head = "@wp.kernel\ndef kernel0(a: wp.array(dtype=float), out: wp.array(dtype=float)):\n"
    start = "    t = wp.tid()\n    x = a[t]\n    y = x + 1.0\n    v = wp.vec3(x, x, x)\n"
    return head + start + "".join(f"    {line}\n" for line in body)


def small_kernels(count: int) -> str:
    """Source of kernels of a few lines; no two are alike."""
    return "\n".join(
        f"""
@wp.kernel
def kernel{i}(a: wp.array(dtype=float), out: wp.array(dtype=float)):
    t = wp.tid()
    x = a[t]
    for k in range({i + 20}):
        x = x * 0.5 + wp.sin(float(k))
    out[t] = x + {i}.0
"""
        for i in range(count)
    )


SOURCES: dict[str, tuple[Callable[[int], str], int, int]] = {
    "twenty quaternion kernels": (quaternion_kernels, 20, 20),
    "twenty quaternion kernels, loaded": (quaternion_kernels, 20, 20),
    "twenty quaternion kernels, and back": (quaternion_kernels, 20, 20),
    "twenty quaternion kernels, loaded with derivatives, and back": (quaternion_kernels, 20, 20),
    "kernel of 500 lines": (long_kernel, 500, 1),
    "fifty small kernels": (small_kernels, 50, 50),
}


def run(name: str, case: str, folder: str) -> None:
    """In a fresh process: prints the seconds from the import to the end of the last first launch."""
    library = __import__(name)
    if name == "warp":
        library.config.quiet = True
        library.init()
    make, size, count = SOURCES[case]
    file = Path(folder) / f"{name}_{make.__name__}.py"
    file.write_text(f"import {name} as wp\n{make(size)}")
    sys.path.insert(0, folder)
    began = time.perf_counter()
    kernels = __import__(file.stem)
    if "loaded" in case:
        # Warp always makes derivatives
        more = {"derivatives": True} if name == "robokern" and "derivatives" in case else {}
        library.load_module(kernels, device="cpu", **more)
    for i in range(count):
        kernel = getattr(kernels, f"kernel{i}")
        composite = {"a": library.quat, "p": library.vec3, "out": library.vec3}
        types = composite if make is quaternion_kernels else {"a": float, "out": float}
        back = case.endswith("back")
        arrays = [library.zeros(4, dtype=t, device="cpu", requires_grad=back) for t in types.values()]
        with library.Tape() if back else nullcontext() as tape:
            library.launch(kernel, dim=4, inputs=arrays, device="cpu")
        if tape is not None:
            tape.backward(grads={arrays[-1]: library.zeros_like(arrays[-1], requires_grad=False)})
    print(f"seconds {time.perf_counter() - began}")


def measure(name: str, case: str, folder: str) -> tuple[float, float]:
    """Seconds of a whole fresh process, and from its import to its last first launch."""
    environment = {**os.environ, CACHES[name]: str(Path(folder) / "cache")}
    command = [sys.executable, "-m", "benchmarks.compile", name, case, folder]
    root = Path(__file__).parent.parent
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return time.perf_counter() - began, float(done.stdout.rsplit("seconds ", 1)[1])


def costs(case: str, rounds: int) -> list[Comparison]:
    """Cold and cached, both sides in turns."""
    titles = ("cold, process", "cold, launches", "cached, process", "cached, launches")
    results = [Comparison(f"{case}: {title}") for title in titles]
    for _ in range(rounds):
        for name in CACHES:
            with tempfile.TemporaryDirectory() as folder:
                times = [*measure(name, case, folder), *measure(name, case, folder)]
            for result, taken in zip(results, times, strict=True):
                (result.ours if name == "robokern" else result.peer).append(taken)
    return results


def lanes_against_scalar(rounds: int) -> list[Comparison]:
    """Processor time from a program to object code, in vectors and item by item."""
    from benchmarks import throughput
    from robokern.compiler.frontend import lower

    with tempfile.TemporaryDirectory() as folder:
        kernels = throughput.loaded("robokern", Path(folder))
        names = [*throughput.MEMORY, *throughput.STRAIGHT, *throughput.BRANCHING]
        programs = {n: lower(k, tuple(t for _, t in k.params)) for n in names if (k := getattr(kernels, n))}
    return [
        compare(name, compiling(func), compiling(replace(func, lanes=1)), rounds, clock=time.process_time)
        for name, func in programs.items()
    ]


def compiling(func: Func) -> Callable[[], object]:
    """What makes object code of a program."""
    from robokern.compiler import build, target

    return lambda: build.compile(func, target.cpu())


def main(rounds: int) -> None:
    """Measures and prints."""
    print_table("Object code, processor time", "scalar", lanes_against_scalar(3 * rounds))
    print_table("Compiling for the CPU", "warp", [c for case in SOURCES for c in costs(case, rounds)])


if __name__ == "__main__":
    run(*sys.argv[1:]) if len(sys.argv) == 4 else main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
