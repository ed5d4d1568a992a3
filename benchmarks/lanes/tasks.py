"""What each kernel is given, how much work that is, and what bounds it."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import robokern as rk

F4 = np.float32


@rk.struct
class Body:
    """A rigid body: pose, and velocities in world axes."""

    p: rk.vec3
    q: rk.quat
    v: rk.vec3
    w: rk.vec3


@dataclass
class Task:
    """A kernel's arguments as NumPy arrays and numbers, and how many steps of what it does.

    Args:
        flops: floating-point operations of a step, counted in the program; a fused multiply-add is two.
        bytes: memory read and written in a step, each place once.
        bound: what limits robokern here.
    """

    dim: int | tuple[int, int]
    arguments: list[Any]
    output: int
    steps: int
    unit: str
    flops: float
    bytes: float
    bound: str
    cpp: list[Any] = field(default_factory=list)  # what the C++ function takes


class _Drawn:
    """Arguments drawn from one generator."""

    def __init__(self) -> None:
        self.draw = np.random.default_rng(0)

    def normal(self, *shape: int) -> np.ndarray:
        return self.draw.normal(size=shape).astype(F4)

    def chain(self) -> Task:
        n = 1 << 18
        given = [self.normal(n), np.zeros(n, F4)]
        return Task(n, given, 1, n * 64, "sin+exp", 64, 8 / 64, "arithmetic", [n, *given])

    def nbody(self) -> Task:
        n = 8192
        given = [self.normal(n, 3), np.ones(n, F4), np.zeros((n, 3), F4)]
        return Task(n, given, 2, n * n, "pairs", 20, 28 / n, "square root, division", [n, *given])

    def mandelbrot(self) -> Task:
        given = [np.zeros((512, 512), np.int32), 512]
        turns = 62.7  # mean over the picture
        return Task((512, 512), given, 0, 512 * 512, "pixels", 8 * turns, 4, "latency", [512, given[0]])

    def rigid(self, n: int = 1 << 16) -> Task:
        bodies = np.zeros(n, Body.numpy_dtype())
        bodies["q"], bodies["w"] = [0, 0, 0, 1], self.normal(n, 3)
        inertia = np.tile(np.diag([1.0, 2.0, 3.0]).astype(F4), (n, 1, 1))
        given = [bodies, inertia, np.linalg.inv(inertia).astype(F4), np.zeros_like(bodies)]
        cpp = [n, *given, ctypes.c_float(0.01)]
        cached = n <= 1 << 13  # then nothing is read from memory
        bound, moved = ("shuffles of structs", 0) if cached else ("memory, shuffles", 176)
        return Task(n, [*given, 0.01], 3, n, "bodies", 177, moved, bound, cpp)

    def density(self) -> Task:
        """Particles sorted by cell; a ring of empty cells spares tests at the border."""
        inner, radius = 20, 0.05
        cells, n = inner + 2, 8 * inner**3
        x = (radius + inner * radius * self.draw.uniform(size=(n, 3))).astype(F4)
        c = (x / F4(radius)).astype(np.int64)
        cell = (c[:, 2] * cells + c[:, 1]) * cells + c[:, 0]
        order = np.argsort(cell, kind="stable")
        first = np.searchsorted(cell[order], np.arange(cells**3 + 1)).astype(np.int32)
        given = [x[order], first, np.zeros(n, F4), cells, radius]
        pairs = int(_neighbours(first, cells, cell))
        cpp = [n, *given[:3], ctypes.c_int(cells), ctypes.c_float(radius)]
        return Task(n, given, 2, pairs, "pairs", 12, 16 * n / pairs, "elements into lanes", cpp)

    def triangles(self) -> Task:
        n, count = 4096, 1000
        given = [self.normal(n, 3), self.normal(n, 3), self.normal(3 * count, 3), np.zeros(n, F4)]
        cpp = [n, *given, ctypes.c_int(count)]
        return Task(n, [*given, count], 3, n * count, "pairs", 32, 0.04, "arithmetic", cpp)

    def segments(self) -> Task:
        n, count = 1 << 15, 1000
        given = [self.normal(n, 3), self.normal(2 * count, 3), np.zeros(n, F4)]
        cpp = [n, *given, ctypes.c_int(count)]
        return Task(n, [*given, count], 2, n * count, "pairs", 24, 0.02, "arithmetic", cpp)

    def march(self) -> Task:
        n = 1 << 18
        towards = (self.normal(n, 3) * 0.15 + [0, 0, -1]).astype(F4)
        towards /= np.linalg.norm(towards, axis=1, keepdims=True)
        given = [(self.normal(n, 3) * 0.5 + [0, 0, 3]).astype(F4), towards, np.zeros(n, F4)]
        turns = 9.2  # mean over the rays; 96 at most
        return Task(n, given, 2, n, "rays", 24 * turns, 28, "lanes of uneven length", [n, *given])


def _neighbours(first: np.ndarray, cells: int, cell: np.ndarray) -> float:
    """Pairs that the search looks at."""
    rows = [(z * cells + y) * cells for z in (-1, 0, 1) for y in (-1, 0, 1)]
    return float(sum((first[cell + row + 2] - first[cell + row - 1]).sum() for row in rows))


def tasks() -> dict[str, Task]:
    """About 1 to 100 ms of work each on one core; `rigid.cached` fits a second-level cache."""
    drawn = _Drawn()
    rows = ("chain", "nbody", "mandelbrot", "rigid", "density", "triangles", "segments", "march")
    made = {name: getattr(drawn, name)() for name in rows}
    return {**made, "rigid.cached": drawn.rigid(1 << 13)}
