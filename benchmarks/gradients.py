"""What gradients cost, beside warp-lang on the CPU.

    python -m benchmarks.gradients

Physics: one step of a kernel, forward alone and forward and back (tape made, played, gradients cleared);
the same text and numbers on both sides, in turns, on one thread (in CPU time) and on all (Warp has one).
Recording: what a launch costs more inside a tape. Compile: a fresh process with an empty cache, then one
with that cache, from the first line of the kernels' module to the end of the first backward pass. Rollout:
10,000 steps in place, with and without checkpoints.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.backward.kernels import load
from benchmarks.backward.tasks import TASKS, Side, Task, Work, largest_difference, side
from benchmarks.side_by_side import Clock, Comparison, print_table, seconds

CACHES = {"robokern": "ROBOKERN_CACHE_DIR", "warp": "WARP_CACHE_PATH"}
ROUNDS = 11
STEPS, POINTS = 10_000, 2000


def ready(name: str) -> Any:
    """The library, initialised and quiet."""
    library = __import__(name)
    if name == "warp":
        library.config.quiet = True
        library.init()
    return library


def interleaved(works: list[Work], clock: Clock = time.perf_counter) -> list[float]:
    """Median seconds of several works, run in turns after two rounds that do not count."""
    times: list[list[float]] = [[] for _ in works]
    for k in range(ROUNDS + 2):
        for work, taken in zip(works, times, strict=True):
            duration = seconds(work, clock=clock)
            if k > 1:
                taken.append(duration)
    return [median(taken) for taken in times]


def physics(task: Task, ours: Side, peer: Side, threads: int) -> str:
    """One row: milliseconds, and the three ratios."""
    ready("robokern").set_cpu_threads(threads)
    clock = time.process_time if threads == 1 else time.perf_counter  # does not feel other processes
    works = [ours.forward, ours.backward, peer.forward, peer.backward]
    a, b, c, d = (1e3 * t for t in interleaved(works, clock))
    times = f"{a:9.2f} {b:9.2f} {b / a:6.2f}  {c:9.2f} {d:9.2f} {d / c:6.2f}  {c / a:9.2f} {d / b:9.2f}"
    return f"{task.kernel:11} {threads:7} {times} {largest_difference(ours, peer):9.0e}"


def print_physics(kernels: dict[str, ModuleType]) -> None:
    """Both libraries, on one thread and on all."""
    heads = "".join(f"{name:27}" for name in ("robokern", *list(kernels)[1:], "faster"))
    print(f"\nPhysics, float32 [ms]        {heads}gradients")
    print("kernel      threads" + 2 * "   forward    + back  ratio" + "    forward    + back    differ")
    for task in TASKS:
        sides = [side(task, ready(name), module) for name, module in kernels.items()]
        for threads in sorted({1, len(os.sched_getaffinity(0))}):
            print(physics(task, *sides, threads))


def launches(library: Any, kernels: ModuleType, count: int = 1000) -> tuple[Work, Work]:
    """So many launches of a kernel on 16 items: plain, and in a tape."""
    x, y = (library.zeros(16, dtype=float, device="cpu", requires_grad=True) for _ in range(2))

    def plain() -> None:
        for _ in range(count):
            library.launch(kernels.tiny, 16, inputs=[x, y], device="cpu")

    def recorded() -> None:
        with library.Tape():
            plain()

    return plain, recorded


def print_recording(kernels: dict[str, ModuleType]) -> None:
    """What the tape adds to a launch, in CPU time; 1000 launches, so ms are us each."""
    works = [work for name, module in kernels.items() for work in launches(ready(name), module)]
    times = [1e3 * t for t in interleaved(works, time.process_time)]
    print("\nRecording, us a launch   plain   in a tape   added")
    for name, plain, taped in zip(kernels, times[::2], times[1::2], strict=True):
        print(f"{name:22}{plain:8.2f} {taped:11.2f} {taped - plain:7.2f}")


def first_backward(name: str, names: str) -> None:
    """In a fresh process: prints seconds until each kernel's first backward pass is done."""
    library = ready(name)
    began = time.perf_counter()
    kernels = load(name)
    for task in (t for t in TASKS if t.kernel in names.split(",")):
        side(Task(task.kernel, 4, task.inputs, task.outputs, task.numbers), library, kernels).backward()
    print(f"seconds {time.perf_counter() - began}")


def fresh(arguments: list[str], environment: dict[str, str] | None = None) -> str:
    """What this module prints in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.gradients", *arguments]
    root = Path(__file__).parent.parent
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def compile_costs(names: str, rounds: int = 3) -> list[Comparison]:
    """Kernels with their derivatives, empty cache and filled, both libraries in turns."""
    results = [Comparison(f"{names}: {state}") for state in ("cold", "cached")]
    for _ in range(rounds):
        for library, variable in CACHES.items():
            with tempfile.TemporaryDirectory() as folder:
                environment = {**os.environ, variable: folder}
                outputs = [fresh(["first", library, names], environment) for _ in results]
            for result, output in zip(results, outputs, strict=True):
                taken = float(output.rsplit("seconds ", 1)[1])
                (result.ours if library == "robokern" else result.peer).append(taken)
    return results


def print_compile() -> None:
    """One kernel, and all four; Warp compiles a module whole."""
    several = ",".join(t.kernel for t in TASKS)
    costs = [c for names in ("rigid_body", several) for c in compile_costs(names)]
    print_table("Compile: from the kernels' module to the end of the first backward passes", "warp", costs)


def resident(peak: bool = False) -> float:
    """MB of this process in memory: now, or the most since `forget_peak`."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:" if peak else "VmRSS:")[1].split()[0]) / 1024


def forget_peak() -> None:
    """Starts a new maximum of `resident` (Linux: proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")


def rollout(steps: int, checkpoint: int | None) -> None:
    """In a fresh process: prints MB that the process grew by at most, seconds, and the gradient's length."""
    import robokern as rk

    @rk.kernel
    def step(x: rk.array(dtype=rk.vec3d), v: rk.array(dtype=rk.vec3d), k: rk.array(dtype=rk.float64)):
        i = rk.tid()
        v[i] = v[i] - x[i] * (k[i] * (1.0 + rk.length_sq(v[i])) * 0.01)
        x[i] = x[i] + v[i] * 0.01

    k = rk.array(np.ones(POINTS), dtype=rk.float64, requires_grad=True)
    start = np.random.default_rng(0).normal(size=(POINTS, 3))

    def run(steps: int, checkpoint: int | None) -> float:
        x, v = rk.array(start, dtype=rk.vec3d), rk.zeros(POINTS, dtype=rk.vec3d)
        began = time.perf_counter()
        with rk.Tape(checkpoint=checkpoint) as tape:
            for _ in range(steps):
                rk.launch(step, POINTS, [x, v, k])
        tape.backward(grads={x: np.ones((POINTS, 3))})
        return time.perf_counter() - began

    run(3, None)
    k.grad.zero_()
    forget_peak()
    before = resident()
    taken = run(steps, checkpoint)
    print(resident(peak=True) - before, taken, float(np.linalg.norm(k.grad.numpy())))


def print_rollout() -> None:
    """Memory and time with and without checkpoints."""
    print(f"\nRollout, {POINTS} points of 48 bytes moved in place, forward and back")
    print("  steps  checkpoint   grown [MB]   time [s]   |gradient|")
    for steps, checkpoint in ((200, 0), (STEPS, 0), (STEPS, 100), (STEPS, 0), (STEPS, 100)):
        grown, taken, norm = (float(w) for w in fresh(["rollout", str(steps), str(checkpoint)]).split())
        print(f"{steps:7} {checkpoint or 'none':>11} {grown:12.1f} {taken:10.2f}   {norm:.12g}")


def main() -> None:
    """Measures and prints."""
    for name in CACHES:
        ready(name)
    kernels = {name: load(name) for name in CACHES}
    print_physics(kernels)
    print_recording(kernels)
    print_compile()
    print_rollout()


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    elif sys.argv[1] == "first":
        first_backward(*sys.argv[2:])
    else:
        rollout(int(sys.argv[2]), int(sys.argv[3]) or None)
