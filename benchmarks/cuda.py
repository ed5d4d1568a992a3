"""What a GPU costs and gives, beside warp-lang on the same GPU in one run: launches, memory, kernels, rays.

    python -m benchmarks.cuda [--out result.json] [--device cuda:0] [--small]

The same text and numbers on both sides, in turns; medians. A kernel's time ends with a synchronization; a
launch's is the host's time for a call that nobody waits for. `--small` shrinks the work, to try it on `cpu`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import robokern as rk
from benchmarks.backward import tasks as physics
from benchmarks.backward.kernels import TEXT as PHYSICS
from benchmarks.backward.kernels import load
from benchmarks.gpu import scenes
from benchmarks.gpu.kernels import TEXT
from benchmarks.side_by_side import Comparison, Work, compare, print_table, seconds

CACHES = {"robokern": "ROBOKERN_CACHE_DIR", "warp": "WARP_CACHE_PATH"}


class Side:
    """One library on a device."""

    def __init__(self, name: str, device: str, text: str = TEXT) -> None:
        self.name, self.device = name, device
        self.library: Any = __import__(name)
        if name == "warp":
            self.library.config.quiet = True
            self.library.init()
        self.kernels: ModuleType = load(name, text)

    def array(self, values: np.ndarray, dtype: str = "float32", grad: bool = False) -> Any:
        """A copy of host values on the device."""
        kind = getattr(self.library, dtype)
        return self.library.array(values, dtype=kind, device=self.device, requires_grad=grad)

    def zeros(self, shape: Any, dtype: str = "float32", grad: bool = False) -> Any:
        """Zeros on the device."""
        kind = getattr(self.library, dtype)
        return self.library.zeros(shape, dtype=kind, device=self.device, requires_grad=grad)

    def launch(self, kernel: str, dim: Any, *inputs: Any, **options: Any) -> Any:
        """Launches a kernel by its name."""
        found = getattr(self.kernels, kernel)
        return self.library.launch(found, dim=dim, inputs=[*inputs], device=self.device, **options)

    def wait(self) -> None:
        """For all that was launched."""
        (self.library.synchronize if self.name == "robokern" else self.library.synchronize_device)(
            self.device
        )

    def waited(self, work: Work) -> Work:
        """Work that ends when the device is done."""

        def run() -> None:
            work()
            self.wait()

        return run

    def back(self, forward: Work, outputs: list[Any], inputs: list[Any]) -> Work:
        """Forward and back in a tape made anew, all adjoints of the outputs 1, gradients cleared after."""
        seeds = {o: self.library.ones_like(o) for o in outputs}

        def run() -> None:
            with self.library.Tape() as tape:
                forward()
            tape.backward(grads=seeds)
            tape.zero()

        return run


# work, as (name, what each side does)


def launches(side: Side) -> Iterator[tuple[str, Work]]:
    """Cost on the host of one call on two small arrays."""
    a, b = side.zeros(256), side.zeros(256)
    command = side.launch("scale", 256, a, b, record_cmd=True)
    side.launch("scale", 256, a, b)
    with side.library.ScopedCapture(side.device) as capture:
        for _ in range(20):
            side.launch("scale", 256, a, b)
    yield "launch, 2 arrays", lambda: side.launch("scale", 256, a, b)
    yield "recorded launch", command.launch
    yield "graph of 20 launches", lambda: side.library.capture_launch(capture.graph)


def kernels(side: Side, small: bool) -> Iterator[tuple[str, Work]]:
    """Adding, n-body, SPH, cloth."""
    count = 1 << (16 if small else 28)
    a, b, c = side.array(np.ones(count)), side.array(np.full(count, 2.0)), side.zeros(count)
    yield f"add, {count >> 20} M float32", lambda: side.launch("add", count, a, b, c)
    bodies = 512 if small else 65536
    x, force = side.array(scenes.bodies(bodies), "vec3"), side.zeros(bodies, "vec3")
    yield f"n-body, {bodies}", lambda: side.launch("attract", bodies, x, force, 0.01)
    particles, cells = (4096, 8) if small else (1 << 20, 48)
    inside, first = scenes.sorted_cells(particles, cells)
    arrays = side.array(inside, "vec3"), side.array(first, "int32"), side.zeros(particles)
    yield f"SPH density, {particles}", lambda: side.launch("density", particles, *arrays, cells, 1.0 / cells)
    size = 64 if small else 2048
    sheet = side.array(scenes.sheet(size), "vec3")
    others = [side.zeros((size, size), "vec3") for _ in range(3)]
    yield f"cloth, {size} x {size}", lambda: side.launch("cloth", (size, size), sheet, *others, 1.0, 0.01)


def derivatives(side: Side, small: bool) -> Iterator[tuple[str, Work]]:
    """The same, forward and back."""
    bodies = 256 if small else 16384
    x, force = side.array(scenes.bodies(bodies), "vec3", True), side.zeros(bodies, "vec3", True)
    attract = lambda: side.launch("attract", bodies, x, force, 0.01)  # noqa: E731
    yield f"n-body, {bodies}, and back", side.back(attract, [force], [x])
    particles, cells = (4096, 8) if small else (1 << 18, 32)
    inside, first = scenes.sorted_cells(particles, cells)
    p, out = side.array(inside, "vec3", True), side.zeros(particles, grad=True)
    starts = side.array(first, "int32")
    dense = lambda: side.launch("density", particles, p, starts, out, cells, 1.0 / cells)  # noqa: E731
    yield f"SPH density, {particles}, and back", side.back(dense, [out], [p])
    size = 64 if small else 1024
    sheet = side.array(scenes.sheet(size), "vec3", True)
    v, x1, v1 = (side.zeros((size, size), "vec3", True) for _ in range(3))
    cloth = lambda: side.launch("cloth", (size, size), sheet, v, x1, v1, 1.0, 0.01)  # noqa: E731
    yield f"cloth, {size} x {size}, and back", side.back(cloth, [x1, v1], [sheet, v])


def steps(side: Side, back: bool) -> Iterator[tuple[str, Work]]:
    """Physics of `benchmarks.gradients`, forward alone, or forward and back."""
    with_physics = load(side.name, PHYSICS)
    for task in physics.TASKS:
        made = physics.side(task, side.library, with_physics, side.device)
        yield f"{task.kernel}, {task.count}", made.backward if back else made.forward


def rays(side: Side, small: bool) -> Iterator[tuple[str, Work]]:
    """4.2 M rays at 327,680 triangles."""
    vertices, faces = scenes.bumpy_ball(3 if small else 7)
    mesh = side.library.Mesh(side.array(vertices, "vec3"), side.array(faces.ravel(), "int32"))
    count = 1 << (12 if small else 22)
    for name, (origins, ways) in {
        "random": scenes.random_rays(count), "camera": scenes.camera_rays(count)
    }.items():  # fmt: skip
        arrays = side.array(origins, "vec3"), side.array(ways, "vec3"), side.zeros(len(origins))
        # the mesh lives as long as its handle is used
        yield f"{len(ways)} rays, {name}", lambda m=mesh, a=arrays: side.launch("cast", len(a[0]), m.id, *a)


def first_launch(name: str, device: str) -> None:
    """In a fresh process: prints the seconds from the kernels' text to the end of the first launch."""
    side = Side(name, device, "")
    a, b = side.zeros(256), side.zeros(256)
    side.wait()
    began = time.perf_counter()
    side.kernels = load(name, TEXT.split("@wp.kernel", 2)[1].join(["@wp.kernel", ""]))
    side.launch("scale", 256, a, b)
    side.wait()
    print(f"seconds {time.perf_counter() - began}")


def cold(device: str, names: list[str], rounds: int = 3) -> Comparison:
    """First launches of processes with an empty cache, in turns."""
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            with tempfile.TemporaryDirectory() as folder:
                environment = {**os.environ, CACHES[name]: folder, "CUDA_CACHE_DISABLE": "1"}
                command = [sys.executable, "-m", "benchmarks.cuda", "--first", name, "--device", device]
                done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            found[name].append(float(done.stdout.rsplit("seconds ", 1)[1]))
    return Comparison("first launch, nothing compiled", found["robokern"], found.get("warp", [np.nan]))


def unwaited(work: Work, side: Side, calls: int = 300) -> float:
    """Seconds of the host for a call that nobody waits for."""
    side.wait()
    taken = seconds(work, calls)
    side.wait()
    return taken


def interleave(sides: list[Side], made: Callable[[Side], Iterator[tuple[str, Work]]]) -> Iterator[Comparison]:
    """Waited-for work of both sides in turns; what one of them cannot do is said."""
    for rows in zip(*(made(side) for side in sides), strict=True):
        works = [side.waited(work) for side, (_, work) in zip(sides, rows, strict=True)]
        began = time.perf_counter()
        works[0]()
        print(f"  {rows[0][0]}: first run {time.perf_counter() - began:.2f} s", flush=True)
        yield compare(rows[0][0], works[0], works[-1], rounds=9)


def host_costs(sides: list[Side]) -> Iterator[Comparison]:
    """Launches, as the host pays them."""
    for rows in zip(*(launches(side) for side in sides), strict=True):
        times: list[list[float]] = [[] for _ in sides]
        for turn in range(13):
            for side, (_, work), taken in zip(sides, rows, times, strict=True):
                duration = unwaited(work, side)
                if turn > 1:
                    taken.append(duration)
        yield Comparison(rows[0][0], times[0], times[-1])


def attempt(title: str, made: Callable[[], Iterator[Comparison]], found: list[Comparison]) -> None:
    """Adds the rows that come, and prints them; what fails is said and left out."""
    rows: list[Comparison] = []
    try:
        rows.extend(made())
    except Exception as error:
        print(f"{title}: failed: {type(error).__name__}: {error}", flush=True)
    if rows:
        print_table(title, "warp", rows)
    found += rows


def main() -> None:
    """Prints tables, and writes seconds where asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--first")
    options = parser.parse_args()
    if options.first:
        first_launch(options.first, options.device)
        return
    if options.device == "cuda:0" and options.device not in map(str, rk.get_devices()):
        print("this machine has no CUDA device: nothing to measure")
        return
    sides = [Side("robokern", options.device), Side("warp", options.device)]
    names, small = [side.name for side in sides], options.small
    print(f"{sides[0].library.get_device(options.device).name}, warp {sides[1].library.config.version}")
    found: list[Comparison] = []
    attempt("Cold", lambda: iter([cold(options.device, names)]), found)
    attempt("Host's time for a call", lambda: host_costs(sides), found)
    attempt("Kernels", lambda: interleave(sides, lambda side: kernels(side, small)), found)
    attempt("Rays", lambda: interleave(sides, lambda side: rays(side, small)), found)
    attempt("Physics", lambda: interleave(sides, lambda side: steps(side, False)), found)
    attempt("Physics, forward and back", lambda: interleave(sides, lambda side: steps(side, True)), found)
    attempt("Forward and back", lambda: interleave(sides, lambda side: derivatives(side, small)), found)
    if options.out:
        rows = {
            f"{k} {c.name}": {"robokern_s": c.ours, "warp_s": c.peer, "ratio": c.ratio}
            for k, c in enumerate(found)
        }
        options.out.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
