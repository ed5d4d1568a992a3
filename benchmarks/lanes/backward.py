"""Forward and backward: the same program for robokern and for Warp."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

F4 = np.float32
SIDE, STEPS = 32, 4  # of the spring net: a cube of particles, and how often it is moved

Backward = Callable[[], object]


def spring_net(library: Any, kernels: dict[str, Any]) -> tuple[Backward, Any]:
    """Four steps of a net and back: the work, and the array whose gradient it fills."""
    number = np.arange(SIDE**3).reshape(SIDE, SIDE, SIDE)
    along = [
        (number[:-1], number[1:]),
        (number[:, :-1], number[:, 1:]),
        (number[:, :, :-1], number[:, :, 1:]),
    ]
    pairs = np.concatenate([np.stack([a.ravel(), b.ravel()], 1) for a, b in along]).astype(np.int32)
    draw = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(*[np.arange(SIDE)] * 3, indexing="ij"), -1).reshape(-1, 3)
    start = (grid + 0.1 * draw.normal(size=grid.shape)).astype(F4)

    def vectors(values: np.ndarray) -> Any:
        return library.array(values, dtype=library.vec3, device="cpu", requires_grad=True)

    moved = [[vectors(start.copy()), vectors(np.zeros_like(start))]]
    moved += [[vectors(np.zeros_like(start)) for _ in range(2)] for _ in range(STEPS)]
    forces = [vectors(np.zeros_like(start)) for _ in range(STEPS)]
    ends = library.array(pairs, dtype=int, device="cpu")
    rest = library.array(np.full(len(pairs), 0.9, F4), dtype=float, device="cpu", requires_grad=True)
    seed = library.array(np.ones_like(start), dtype=library.vec3, device="cpu")

    def work() -> None:
        for force in forces:
            force.zero_()
        with library.Tape() as tape:
            for force, (x, v), (x1, v1) in zip(forces, moved, moved[1:], strict=False):
                library.launch(kernels["springs"], len(pairs), [x, ends, rest, force], device="cpu")
                library.launch(kernels["integrate"], len(start), [x, v, force, x1, v1, 0.01], device="cpu")
        tape.backward(grads={moved[-1][0]: seed})
        tape.zero()

    return work, rest


def march_back(library: Any, kernels: dict[str, Any], origins: np.ndarray, towards: np.ndarray) -> Any:
    """The march through a distance field and back, down to the rays."""
    n = len(origins)
    o, d = (
        library.array(values, dtype=library.vec3, device="cpu", requires_grad=True)
        for values in (origins, towards)
    )
    out = library.zeros(n, dtype=float, device="cpu", requires_grad=True)
    seed = library.array(np.ones(n, F4), dtype=float, device="cpu")

    def work() -> None:
        with library.Tape() as tape:
            library.launch(kernels["march"], n, [o, d, out], device="cpu")
        tape.backward(grads={out: seed})
        tape.zero()

    return work, d
