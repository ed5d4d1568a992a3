"""What the kernels work on: numbers that are the same for both libraries."""

from __future__ import annotations

import numpy as np

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
Ints = np.ndarray[tuple[int, ...], np.dtype[np.int32]]


def bodies(count: int) -> Floats:
    """Normally distributed positions."""
    return np.random.default_rng(1).normal(size=(count, 3)).astype(np.float32)


def sorted_cells(count: int, cells: int) -> tuple[Floats, Ints]:
    """Uniform positions in a unit cube, cell after cell, and where each cell begins; one more at the end."""
    x = np.random.default_rng(2).uniform(0.0, 1.0, (count, 3)).astype(np.float32)
    at = np.minimum((x / np.float32(1.0 / cells)).astype(np.int64), cells - 1)
    number = (at[:, 0] * cells + at[:, 1]) * cells + at[:, 2]
    order = np.argsort(number, kind="stable")
    return x[order], np.searchsorted(number[order], np.arange(cells**3 + 1)).astype(np.int32)


def sheet(side: int) -> Floats:
    """A wavy sheet of side * side particles, 1 apart."""
    i, j = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    return np.stack([i, j, 0.3 * np.sin(0.3 * i) * np.cos(0.2 * j)], axis=-1).astype(np.float32)


def bumpy_ball(subdivisions: int) -> tuple[Floats, Ints]:
    """Vertices and faces of a sphere of 20 * 4^subdivisions triangles whose radius waves."""
    import trimesh

    ball = trimesh.creation.icosphere(subdivisions)
    x, y, z = ball.vertices.T
    radius = 1.0 + 0.15 * np.sin(9.0 * x) * np.sin(7.0 * y + 1.0) * np.sin(8.0 * z + 2.0)
    return (ball.vertices * radius[:, None]).astype(np.float32), ball.faces.astype(np.int32)


def random_rays(count: int) -> tuple[Floats, Floats]:
    """From points 2 m from the middle, inwards; four of five meet the ball."""
    generator = np.random.default_rng(2)
    out = generator.normal(size=(count, 3))
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    return (2.0 * out).astype(np.float32), (0.3 * generator.normal(size=(count, 3)) - out).astype(np.float32)


def camera_rays(count: int) -> tuple[Floats, Floats]:
    """A square picture's, row after row; half of them meet the ball."""
    side = int(count**0.5)
    u, v = np.meshgrid(np.linspace(-0.6, 0.6, side), np.linspace(-0.6, 0.6, side))
    ways = np.stack([u.ravel(), v.ravel(), np.full(u.size, -1.0)], axis=1)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    return np.tile(np.float32([0.0, 0.0, 2.5]), (side * side, 1)), ways.astype(np.float32)
