"""Kernels with loops and branches on the CPU: robokern beside Warp, numba and C++ with OpenMP and SIMD.

    python -m benchmarks.cpu_kernels [--rounds 7] [--only chain nbody] [--lanes auto] [--threads 2]

All take turns, so that whatever else the machine does meets all of them; each ratio is one of medians: how
many times faster robokern is. Warp runs one thread; numba runs `prange` with fastmath off; the C++ is
`lanes/kernels.cpp`, compiled by g++ -O3 -march=native -ffast-math -fopenmp. What is not there is left out.
Every peer's results are compared with robokern's before anything is timed.

`--threads 1` gives every side one thread and counts its CPU time, which neighbours hardly disturb.
`x 1 thread` is robokern's time on one thread over that on all; `% peak` is of fused multiply-adds in every
lane, or of the copying speed, of the threads used, whichever is nearer; `compile` is of wide code / scalar.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import warp as wp

import robokern as rk
from benchmarks.lanes.backward import march_back, spring_net
from benchmarks.lanes.kernels import kernels
from benchmarks.lanes.machine import Peak, compile_seconds, peak
from benchmarks.lanes.tasks import Body, Task, tasks
from benchmarks.side_by_side import seconds, shown
from robokern.runtime.driver_cpu import cpu_threads

SOURCES = Path(__file__).parent / "lanes"
Work = Callable[[], object]
FLAGS = ["-O3", "-march=native", "-ffast-math", "-fopenmp", "-shared", "-fPIC"]
SHORTEST = 8e-3  # seconds of a turn: less is lost in what the others left in the caches
PEERS = ("scalar", "1 thread", "warp", "numba", "C++")


@wp.struct
class WarpBody:
    p: wp.vec3
    q: wp.quat
    v: wp.vec3
    w: wp.vec3


# the sides: each gives the work, which fills the array that comes with it


def robokern_side(kernel: Any, task: Task) -> tuple[Work, np.ndarray]:
    arguments = [a.copy() if isinstance(a, np.ndarray) else a for a in task.arguments]
    recorded = rk.launch(kernel, task.dim, arguments, device="cpu", record_cmd=True)
    assert recorded is not None
    return recorded.launch, arguments[task.output]


def warp_side(kernel: Any, task: Task) -> tuple[Work, np.ndarray]:
    arguments = []
    for argument, parameter in zip(task.arguments, kernel.adj.args, strict=True):
        if isinstance(argument, np.ndarray):
            argument = wp.array(argument.copy(), dtype=parameter.type.dtype, device="cpu")
        arguments.append(argument)
    recorded = wp.launch(kernel, task.dim, arguments, device="cpu", record_cmd=True)
    return recorded.launch, arguments[task.output].numpy()


def cpp_side(library: ctypes.CDLL, name: str, task: Task) -> tuple[Work, np.ndarray]:
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in task.cpp]
    given = [
        a.ctypes.data_as(ctypes.c_void_p) if isinstance(a, np.ndarray)
        else ctypes.c_long(a) if isinstance(a, int) else a
        for a in copies
    ]  # fmt: skip
    arrays = [a for a in copies if isinstance(a, np.ndarray)]
    own = [a for a in task.arguments if isinstance(a, np.ndarray)]
    output = next(k for k, a in enumerate(own) if a is task.arguments[task.output])
    function = getattr(library, name)
    return lambda: function(*given), arrays[output]


def numbers(a: np.ndarray) -> np.ndarray:
    """A copy; structs of floats as rows."""
    return a.view(np.float32).reshape(len(a), -1).copy() if a.dtype.names else a.copy()


def numba_side(functions: dict[str, Any], name: str, task: Task) -> tuple[Work, np.ndarray]:
    copies = [numbers(a) if isinstance(a, np.ndarray) else a for a in task.arguments]
    return lambda: functions[name](*copies), copies[task.output]


def compiled_cpp(folder: str) -> ctypes.CDLL | None:
    """The C++ kernels, or None where there is no g++."""
    path = Path(folder) / "cpu_kernels.so"
    try:
        subprocess.run(["g++", *FLAGS, "-o", path, SOURCES / "kernels.cpp"], check=True)
    except FileNotFoundError:
        return None
    return ctypes.CDLL(str(path))


def numba_functions() -> dict[str, Any]:
    """The numba kernels, or none where it is not installed."""
    try:
        from benchmarks.lanes.numba_kernels import FUNCTIONS
    except ImportError:
        return {}
    return FUNCTIONS


def check(name: str, peer: str, ours: np.ndarray, theirs: np.ndarray) -> None:
    """A fast wrong answer is no answer; a few items may differ where rounding decides a branch."""
    if ours.dtype.names:
        ours, theirs = ours.view(np.float32), np.ascontiguousarray(theirs).view(np.float32)
    wrong = ~np.isclose(ours.ravel(), theirs.ravel(), rtol=2e-3, atol=2e-3)
    if wrong.mean() > 0.01:
        raise SystemExit(f"{name}: {peer} and robokern differ in {wrong.mean():.1%} of the results")


def turns(sides: dict[str, Work], rounds: int, threads: int) -> dict[str, float]:
    """Median seconds of each, taking turns of at least a few milliseconds, after one that does not count."""
    clock = time.perf_counter if threads > 1 else time.process_time
    repeats = max(1, int(SHORTEST / min(seconds(sides["ours"]) for _ in range(3))))
    taken: dict[str, list[float]] = {side: [] for side in sides}
    for turn in range(rounds + 1):
        for side, work in sides.items():
            rk.set_cpu_threads(1 if side == "1 thread" else threads)
            duration = seconds(work, repeats, clock)
            if turn:
                taken[side].append(duration)
    rk.set_cpu_threads(threads)
    return {side: median(durations) for side, durations in taken.items()}


def sides_of(name: str, task: Task, threads: int, peers: dict[str, Any]) -> dict[str, Work]:
    """All that run this kernel, each checked against ours."""
    base = name.partition(".")[0]
    ours = peers["ours"][base]
    scalar = rk.kernel(cpu_lanes=1)(ours.overload.python)
    sides = {"ours": robokern_side(ours, task), "scalar": robokern_side(scalar, task)}
    sides["warp"] = warp_side(peers["warp"][base], task)
    if base in peers["numba"]:
        sides["numba"] = numba_side(peers["numba"], base, task)
    if peers["C++"]:
        sides["C++"] = cpp_side(peers["C++"], base, task)
    for work, _ in sides.values():
        work()
    for peer, (_, found) in sides.items():
        check(name, peer, sides["ours"][1], found)
    works = {side: work for side, (work, _) in sides.items()}
    return {**works, "1 thread": works["ours"]} if threads > 1 else works


def ratios(times: dict[str, float]) -> str:
    return "".join(f"{times[s] / times['ours']:>9.1f}" if s in times else f"{'-':>9}" for s in PEERS)


def forward_lines(options: argparse.Namespace, peers: dict[str, Any], most: Peak) -> Iterator[str]:
    for name, task in tasks().items():
        if options.only and name not in options.only:
            continue
        times = turns(sides_of(name, task, options.threads, peers), options.rounds, options.threads)
        mine = times["ours"]
        rate = f"{task.steps / mine / 1e6:,.0f} M {task.unit}/s"
        share = most.share(task.flops * task.steps / mine, task.bytes * task.steps / mine)
        wide, scalar = compile_seconds(peers["ours"][name.partition(".")[0]])
        compiled = f"{wide * 1e3:.0f}/{scalar * 1e3:.0f} ms"
        yield f"{name:13}{shown(mine)} {rate:>20}{ratios(times)} {share:>6.0%} {compiled:>11}  {task.bound}"


def backward_lines(options: argparse.Namespace, peers: dict[str, Any]) -> Iterator[str]:
    """Forward and backward; Warp's gradient of the march is right for a third of the rays only."""
    march = tasks()["march"].arguments
    rows = {
        "springs back": lambda library, given: spring_net(library, given)[0],
        "march back": lambda library, given: march_back(library, given, *march[:2])[0],
    }
    for name, make in rows.items():
        if options.only and name not in options.only:
            continue
        sides = {"ours": make(rk, peers["ours"]), "warp": make(wp, peers["warp"])}
        for work in sides.values():
            work()
        if options.threads > 1:
            sides["1 thread"] = sides["ours"]
        times = turns(sides, options.rounds, options.threads)
        yield f"{name:13}{shown(times['ours'])} {'':>20}{ratios(times)}"


def main() -> None:
    """Prints a line per kernel."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", nargs="*", default=None)
    parser.add_argument("--lanes", default="auto", help="cpu_lanes of robokern: auto, 1, 8, 16 ...")
    parser.add_argument("--threads", type=int, default=cpu_threads())
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = os.environ["NUMBA_NUM_THREADS"] = str(options.threads)
    rk.config.cpu_lanes = options.lanes if options.lanes == "auto" else int(options.lanes)
    rk.set_cpu_threads(options.threads)
    wp.config.quiet = True
    most = peak(options.threads)
    print(most)
    titles = "".join(f"{'x ' + s:>9}" for s in PEERS)
    print(f"{'':13}{'robokern':>11} {'':>18}{titles} {'% peak':>6} {'compile':>11}  bound by")
    with tempfile.TemporaryDirectory() as folder:
        peers = {"ours": kernels(rk, Body), "warp": kernels(wp, WarpBody)}
        peers |= {"numba": numba_functions(), "C++": compiled_cpp(folder)}
        for line in chain(forward_lines(options, peers, most), backward_lines(options, peers)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
