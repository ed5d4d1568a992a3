"""What a random differentiable program must fulfil: reverse mode agrees with forward mode and differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import robokern as rk
from robokern.compiler.source import from_source
from robokern.errors import AdjointError
from robokern.runtime.forward import Forward
from robokern.runtime.tape import Tape
from tests.autodiff import programs

ITEMS = 3
STEEPEST = 1e8  # sum of derivatives up to which differences at steps of 1e-6 tell something
Values = list[np.ndarray]

# name of each differentiable input, its shape and element type; the last three are passed by value
INPUTS: dict[str, tuple[tuple[int, ...], Any]] = {
    "x": ((ITEMS, 4), rk.float64), "a": ((ITEMS,), rk.float64), "w": ((ITEMS, 3), rk.vec3d),
    "t": ((ITEMS, 4), rk.float64), "p": ((ITEMS,), rk.float64), "r": ((ITEMS, 4), rk.float64),
    "low": ((1,), rk.float64), "high": ((2,), rk.float64), "total": ((2,), rk.float64),
    "setting": ((4,), None), "gain": ((1,), None),
    "level": ((1,), None),
}  # fmt: skip
ARRAYS = [name for name, (_, dtype) in INPUTS.items() if dtype is not None]
OUTPUTS = ("a", "w", "t", "p", "r", "low", "high", "total", "y")


@dataclass
class Case:
    """A program with its arguments: inputs, number of turns, weights of the outputs.

    It is launched once or twice on the same arrays, with or without checkpoints.
    """

    kernel: Any
    setting: Any
    cells: Any
    values: Values
    turns: int
    weights: dict[str, np.ndarray]
    launches: int
    checkpoint: int | None

    def arguments(self, values: Values) -> tuple[dict[str, Any], list[Any]]:
        """The arrays by name, and all arguments in order."""
        given = dict(zip(INPUTS, values, strict=True))
        named = {n: rk.array(given[n], dtype=INPUTS[n][1], requires_grad=True) for n in ARRAYS}
        named["y"] = rk.zeros((ITEMS, 3), dtype=rk.float64)
        gain, *turn = given["setting"]
        setting = self.setting(gain=rk.float64(gain), turn=rk.vec3d(*turn), count=self.turns % 3)
        cells = self.cells(level=rk.float64(given["level"][0]), p=named["p"], r=named["r"])
        arrays = [named[n] for n in ("x", "a", "w", "t")]
        shared = [named[n] for n in ("low", "high", "total", "y")]
        count = rk.zeros(ITEMS, dtype=int)
        last = [count, setting, rk.float64(given["gain"][0]), self.turns]
        return named, [*arrays, cells, *shared, *last]

    def weighed(self, named: dict[str, Any], content: Any = lambda array: array) -> float:
        """The weighted sum of the outputs, or of what `content` gives for each."""
        return sum(float(np.sum(content(named[n]).numpy() * self.weights[n])) for n in OUTPUTS)

    def launch(self, arguments: list[Any], device: str = "cpu") -> None:
        """Runs it."""
        for _ in range(self.launches):
            rk.launch(self.kernel, ITEMS, arguments, device=device)

    def value(self, values: Values) -> float:
        """The weighted sum of the outputs."""
        named, arguments = self.arguments(values)
        self.launch(arguments)
        return self.weighed(named)

    def reverse(self, device: str = "cpu") -> Values:
        """Its derivatives by all inputs."""
        named, arguments = self.arguments(self.values)
        with Tape(self.checkpoint, values=("setting", "gain", "cells")) as tape:
            self.launch(arguments, device)
        tape.backward(grads={named[n]: self.weights[n] for n in OUTPUTS})
        by = tape.value_gradients
        setting = [by["setting"]["gain"], *by["setting"]["turn"]]
        return [
            *(named[n].grad.numpy().copy() for n in ARRAYS),
            np.array(setting, float),
            np.array([by["gain"]], float),
            np.array([by["cells"]["level"]], float),
        ]

    def forward(self, direction: Values) -> float:
        """The derivative along a direction, of the arrays alone."""
        named, arguments = self.arguments(self.values)
        along = {named[n]: u for n, u in zip(INPUTS, direction, strict=True) if n in ARRAYS}
        with Forward(along) as mode:
            self.launch(arguments)
        return self.weighed(named, mode.tangent)

    def difference(self, direction: Values, step: float) -> float:
        """The central difference along a direction."""
        ends = [
            self.value([v + s * step * u for v, u in zip(self.values, direction, strict=True)])
            for s in (1, -1)
        ]
        return (ends[0] - ends[1]) / (2 * step)


def case(seed: int) -> Case:
    """Program number `seed` with random arguments."""
    source = programs.program(seed)
    made = from_source(source)
    rng = np.random.default_rng(seed)
    values = [rng.uniform(-1, 1, shape) for shape, _ in INPUTS.values()]
    weights = {n: rng.normal(size=INPUTS[n][0]) for n in OUTPUTS if n in INPUTS}
    weights["y"] = rng.normal(size=(ITEMS, 3))
    turns = int(rng.integers(0, 6))
    names = (made[n] for n in ("program", "Setting", "Cells"))
    # a tape with checkpoints refuses results of atomics, which a second run could change
    checkpoint = 1 if seed % 4 > 1 and "= rk.atomic_" not in source else None
    return Case(*names, values, turns, weights, 1 + seed % 2, checkpoint)


def check(seed: int) -> str | None:
    """None if a program was checked; else why it could not be.

    Raises:
        AssertionError: its derivative is wrong.
    """
    drawn = case(seed)
    try:
        found = drawn.reverse()
    except AdjointError as error:
        return f"refused: {error.message}"
    if not np.isfinite(drawn.value(drawn.values)):
        return "its value is not finite"
    rng = np.random.default_rng(seed + 1)
    for _ in range(2):
        direction = [rng.normal(size=v.shape) for v in drawn.values]
        reason = _along(drawn, found, direction)
        if reason:
            return reason
    return None


def _along(drawn: Case, found: Values, direction: Values) -> str | None:
    parts = [float(np.sum(g * u)) for g, u in zip(found, direction, strict=True)]
    slope, by_arrays = sum(parts), sum(parts[: len(ARRAYS)])
    near, far = (drawn.difference(direction, h) for h in (1e-6, 1e-5))
    scale = max(1.0, abs(near), sum(float(np.sum(np.abs(g))) for g in found))
    ahead = _ahead(drawn, direction)
    if ahead is not None:
        assert abs(by_arrays - ahead) <= 1e-11 * scale, f"reverse {by_arrays}, forward {ahead}"
    if scale > STEEPEST:
        return "too steep"  # sums grow in loops; of the sine of 1e26 there are no differences to take
    if abs(near - far) > 1e-6 * scale:
        return "a branch or a kink within the step"
    assert abs(slope - near) <= 1e-6 * scale, f"reverse {slope}, central difference {near}"
    return None


def _ahead(drawn: Case, direction: Values) -> float | None:
    """By forward mode, which knows no extrema over items."""
    try:
        return drawn.forward(direction)
    except AdjointError as error:
        if "forward mode" not in error.message:
            raise
        return None


def summary(reasons: Sequence[tuple[int, str]]) -> str:
    """How many could not be checked, and why."""
    refused = [r for r in reasons if r[1].startswith("refused")]
    return f"{len(reasons) - len(refused)} at a kink or too steep, {len(refused)} refused"
