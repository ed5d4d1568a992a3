"""Kernels with loops and branches on the CPU: robokern beside Warp, numba and C++ with OpenMP and SIMD.

    python -m benchmarks.cpu_kernels [--rounds 7] [--only chain nbody] [--lanes auto]

All take turns, so that whatever else the machine does meets all of them; each ratio is one of medians: how
many times faster robokern is. Warp runs one thread; numba runs `prange` with fastmath off; the C++ is
`cpu_kernels.cpp`, compiled by g++ -O3 -march=native -ffast-math -fopenmp. What is not installed is left out.
Every peer's results are compared with robokern's before anything is timed.
"""

# ruff: noqa: UP018, RUF046  (Warp takes a variable that a loop changes for a constant without the cast)

import argparse
import ctypes
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import warp as wp

import robokern as rk
from benchmarks.side_by_side import seconds, shown

HERE = Path(__file__).parent
Work = Callable[[], object]
FLAGS = ["-O3", "-march=native", "-ffast-math", "-fopenmp", "-shared", "-fPIC"]


# the kernels, for robokern and for Warp


def kernels(rk: Any, body: Any) -> dict[str, Any]:
    """Written once: both read the same source. `body` is the struct of a rigid body."""
    scalars, vectors = rk.array(dtype=float), rk.array(dtype=rk.vec3)

    @rk.kernel
    def chain(x: scalars, y: scalars):
        i = rk.tid()
        s = x[i]
        for _k in range(64):
            s = rk.sin(s) + rk.exp(-s * s)
        y[i] = s

    @rk.kernel
    def nbody(p: vectors, m: scalars, a: vectors):
        i = rk.tid()
        q = p[i]
        total = rk.vec3(0.0, 0.0, 0.0)
        for j in range(p.shape[0]):
            d = p[j] - q
            inverse = 1.0 / rk.sqrt(rk.dot(d, d) + 1.0e-3)
            total = total + d * (m[j] * inverse * inverse * inverse)
        a[i] = total

    @rk.kernel
    def mandelbrot(out: rk.array2d(dtype=int), n: int):
        i, j = rk.tid()
        cx = -2.0 + 3.0 * float(j) / float(n)
        cy = -1.5 + 3.0 * float(i) / float(n)
        x = float(0.0)
        y = float(0.0)
        k = int(0)
        while k < 256 and x * x + y * y < 4.0:
            t = x * x - y * y + cx
            y = 2.0 * x * y + cy
            x = t
            k += 1
        out[i, j] = k

    @rk.kernel
    def rigid(
        bodies: rk.array(dtype=body),
        inertia: rk.array(dtype=rk.mat33),
        inverse: rk.array(dtype=rk.mat33),
        out: rk.array(dtype=body),
        dt: float,
    ):
        i = rk.tid()
        b = bodies[i]
        w = rk.quat_rotate_inv(b.q, b.w)
        w = w - inverse[i] * rk.cross(w, inertia[i] * w) * dt
        turned = rk.quat_rotate(b.q, w)
        b.v = b.v + rk.vec3(0.0, 0.0, -9.81) * dt
        b.p = b.p + b.v * dt
        b.q = rk.normalize(b.q + rk.quat(turned[0], turned[1], turned[2], 0.0) * b.q * (0.5 * dt))
        b.w = turned
        out[i] = b

    @rk.kernel
    def triangles(o: vectors, d: vectors, corners: vectors, best: scalars, count: int):
        i = rk.tid()
        origin = o[i]
        direction = d[i]
        least = float(1.0e30)
        for k in range(count):
            a = corners[3 * k]
            e = corners[3 * k + 1] - a
            f = corners[3 * k + 2] - a
            p = rk.cross(direction, f)
            det = rk.dot(e, p)
            if rk.abs(det) > 1.0e-8:
                inv = 1.0 / det
                s = origin - a
                u = rk.dot(s, p) * inv
                if u >= 0.0 and u <= 1.0:
                    q = rk.cross(s, e)
                    v = rk.dot(direction, q) * inv
                    if v >= 0.0 and u + v <= 1.0:
                        t = rk.dot(f, q) * inv
                        if t > 0.0 and t < least:
                            least = t
        best[i] = least

    @rk.kernel
    def march(o: vectors, d: vectors, out: scalars):
        i = rk.tid()
        origin = o[i]
        direction = d[i]
        t = float(0.0)
        for _k in range(96):
            p = origin + direction * t
            x = rk.abs(p[0]) - 0.7
            y = rk.abs(p[1]) - 0.5
            z = rk.abs(p[2]) - 0.4
            g = rk.vec3(rk.max(x, 0.0), rk.max(y, 0.0), rk.max(z, 0.0))
            h = rk.sqrt(rk.dot(g, g)) + rk.min(rk.max(x, rk.max(y, z)), 0.0)
            if h < 1.0e-4:
                break
            t = t + h
            if t > 20.0:
                break
        out[i] = t

    names = ("chain", "nbody", "mandelbrot", "rigid", "triangles", "march")
    return dict(zip(names, (chain, nbody, mandelbrot, rigid, triangles, march), strict=True))


@rk.struct
class Body:
    p: rk.vec3
    q: rk.quat
    v: rk.vec3
    w: rk.vec3


@wp.struct
class WarpBody:
    p: wp.vec3
    q: wp.quat
    v: wp.vec3
    w: wp.vec3


# the work


@dataclass
class Task:
    """A kernel's arguments as NumPy arrays and numbers, and how many steps of what it does."""

    dim: int | tuple[int, int]
    arguments: list[Any]
    output: int
    steps: int
    unit: str
    cpp: list[Any] = field(default_factory=list)  # what the C++ function takes


def tasks() -> dict[str, Task]:
    """About 5 to 100 ms of work each."""
    draw = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray:
        return draw.normal(size=shape).astype(np.float32)

    n, m, r, b = 1 << 18, 8192, 4096, 1 << 16
    chain = [normal(n), np.zeros(n, np.float32)]
    nbody = [normal(m, 3), np.ones(m, np.float32), np.zeros((m, 3), np.float32)]
    picture = np.zeros((512, 512), np.int32)
    rays = [normal(r, 3), normal(r, 3), normal(3000, 3), np.zeros(r, np.float32)]
    towards = (normal(n, 3) * 0.15 + [0, 0, -1]).astype(np.float32)
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    march = [(normal(n, 3) * 0.5 + [0, 0, 3]).astype(np.float32), towards, np.zeros(n, np.float32)]
    bodies = np.zeros(b, Body.numpy_dtype())
    bodies["q"], bodies["w"] = [0, 0, 0, 1], normal(b, 3)
    inertia = np.tile(np.diag([1.0, 2.0, 3.0]).astype(np.float32), (b, 1, 1))
    rigid = [bodies, inertia, np.linalg.inv(inertia).astype(np.float32), np.zeros_like(bodies)]
    seconds_ = ctypes.c_float(0.01)
    return {
        "chain": Task(n, chain, 1, n * 64, "sin+exp", [n, *chain]),
        "nbody": Task(m, nbody, 2, m * m, "pairs", [m, *nbody]),
        "mandelbrot": Task((512, 512), [picture, 512], 0, 512 * 512, "pixels", [512, picture]),
        "rigid": Task(b, [*rigid, 0.01], 3, b, "bodies", [b, *rigid, seconds_]),
        "triangles": Task(r, [*rays, 1000], 3, r * 1000, "pairs", [r, *rays, ctypes.c_int(1000)]),
        "march": Task(n, march, 2, n, "rays", [n, *march]),
    }


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


def numba_side(functions: dict[str, Any], name: str, task: Task) -> tuple[Work, np.ndarray]:
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in task.arguments]
    return lambda: functions[name](*copies), copies[task.output]


def compiled_cpp(folder: str) -> ctypes.CDLL | None:
    """The C++ kernels, or None where there is no g++."""
    path = Path(folder) / "cpu_kernels.so"
    try:
        subprocess.run(["g++", *FLAGS, "-o", path, HERE / "cpu_kernels.cpp"], check=True)
    except FileNotFoundError:
        return None
    return ctypes.CDLL(str(path))


def numba_functions() -> dict[str, Any]:
    """The numba kernels, or none where it is not installed."""
    try:
        from benchmarks.cpu_kernels_numba import FUNCTIONS
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


def turns(sides: dict[str, Work], rounds: int) -> dict[str, float]:
    """Median seconds of each, taking turns after one that does not count."""
    taken: dict[str, list[float]] = {side: [] for side in sides}
    for turn in range(rounds + 1):
        for side, work in sides.items():
            duration = seconds(work)
            if turn:
                taken[side].append(duration)
    return {side: median(durations) for side, durations in taken.items()}


def main() -> None:
    """Prints a line per kernel."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", nargs="*", default=None)
    parser.add_argument("--lanes", default="auto", help="cpu_lanes of robokern: auto, 1, 8, 16 ...")
    options = parser.parse_args()
    rk.config.cpu_lanes = options.lanes if options.lanes == "auto" else int(options.lanes)
    wp.config.quiet = True
    ours, theirs = kernels(rk, Body), kernels(wp, WarpBody)
    numba = numba_functions()
    print(f"{'':12}{'robokern':>11} {'':>22}{'x scalar':>9}{'x warp':>8}{'x numba':>8}{'x C++':>7}")
    with tempfile.TemporaryDirectory() as folder:
        library = compiled_cpp(folder)
        for name, task in tasks().items():
            if options.only and name not in options.only:
                continue
            scalar = type(ours[name])(ours[name].overload.python, {"cpu_lanes": 1})
            sides = {"ours": robokern_side(ours[name], task), "scalar": robokern_side(scalar, task)}
            sides["warp"] = warp_side(theirs[name], task)
            if name in numba:
                sides["numba"] = numba_side(numba, name, task)
            if library:
                sides["C++"] = cpp_side(library, name, task)
            for work, _ in sides.values():
                work()
            for peer, (_, found) in sides.items():
                check(name, peer, sides["ours"][1], found)
            times = turns({side: work for side, (work, _) in sides.items()}, options.rounds)
            mine = times["ours"]
            ratios = [
                f"{times[s] / mine:.1f}" if s in times else "-" for s in ("scalar", "warp", "numba", "C++")
            ]
            rate = f"{task.steps / mine / 1e6:,.0f} M {task.unit}/s"
            print(
                f"{name:12}{shown(mine)} {rate:>22}{ratios[0]:>9}{ratios[1]:>8}{ratios[2]:>8}{ratios[3]:>7}",
                flush=True,
            )


if __name__ == "__main__":
    main()
