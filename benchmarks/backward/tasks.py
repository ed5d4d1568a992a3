"""One step of each kernel forward, and forward and back, for either library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

Work = Callable[[], object]


@dataclass(frozen=True)
class Task:
    """Arguments of a kernel: types of the inputs, types of the outputs, then numbers."""

    kernel: str
    count: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    numbers: tuple[float, ...] = ()


TASKS = (
    Task("particle", 1_000_000, ("vec3", "vec3", "float32"), ("vec3", "vec3"), (0.01,)),
    Task(
        "rigid_body",
        300_000,
        ("vec3", "quat", "vec3", "vec3", "vec3"),
        ("vec3", "quat", "vec3", "vec3"),
        (0.01,),
    ),
    Task("arm", 300_000, ("vec4", "vec3"), ("float32",)),
    Task("contact", 500_000, ("vec3", "vec3", "vec3", "float32"), ("vec3", "vec3")),
)
WIDTHS = {"float32": (), "vec3": (3,), "vec4": (4,), "quat": (4,)}


@dataclass
class Side:
    """A task for one library: forward alone, forward and back, and the gradients that come of it."""

    forward: Work
    backward: Work
    gradients: Callable[[], list[np.ndarray]]


def values(task: Task) -> list[np.ndarray]:
    """The same numbers for both: uniform in [-0.1, 0.9], unit quaternions."""
    rng = np.random.default_rng(0)
    found = [rng.uniform(-0.1, 0.9, (task.count, *WIDTHS[t])).astype(np.float32) for t in task.inputs]
    return [
        v / np.linalg.norm(v, axis=1, keepdims=True) if t == "quat" else v
        for v, t in zip(found, task.inputs, strict=True)
    ]


def side(task: Task, library: Any, kernels: ModuleType, device: str = "cpu") -> Side:
    """Every input is differentiated; each output's adjoint is 1.

    The tape is made anew each time, as in a training loop, and the gradients are set to zero at the end.
    """

    def array(data: np.ndarray, name: str) -> Any:
        return library.array(data, dtype=getattr(library, name), device=device, requires_grad=True)

    inputs = [array(v, t) for v, t in zip(values(task), task.inputs, strict=True)]
    shapes = [(task.count, *WIDTHS[t]) for t in task.outputs]
    outputs = [array(np.zeros(s, np.float32), t) for s, t in zip(shapes, task.outputs, strict=True)]
    seeds = {
        o: library.array(np.ones(s, np.float32), dtype=getattr(library, t), device=device)
        for o, s, t in zip(outputs, shapes, task.outputs, strict=True)
    }
    kernel, arguments = getattr(kernels, task.kernel), [*inputs, *outputs, *task.numbers]

    def forward() -> None:
        library.launch(kernel, task.count, inputs=arguments, device=device)

    def play() -> Any:
        with library.Tape() as tape:
            forward()
        tape.backward(grads=seeds)
        return tape

    def gradients() -> list[np.ndarray]:
        tape = play()
        found = [a.grad.numpy().copy() for a in inputs]
        tape.zero()
        return found

    return Side(forward, lambda: play().zero(), gradients)


def largest_difference(ours: Side, peer: Side) -> float:
    """Of the two libraries' gradients, relative to the largest entry of each array."""
    pairs = list(zip(ours.gradients(), peer.gradients(), strict=True))
    return max(float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-30)) for a, b in pairs)
