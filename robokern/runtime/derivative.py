"""The derivative of a kernel as launchers: what fills in for the forward launch, and what plays it back."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from robokern.compiler.adjoint import Adjoint, Effects, adjoint, effects
from robokern.ir.nodes import Func
from robokern.runtime import recording
from robokern.runtime.arguments import Argument
from robokern.runtime.device import Device
from robokern.runtime.launch import Grid, Launcher


class DerivedLauncher(Launcher):
    """Launches a Func that was made from a kernel's, not lowered from Python."""

    def __init__(self, launcher: Launcher, func: Func) -> None:
        types = tuple(p.type for p in func.params)
        kernel: Any = SimpleNamespace(
            name=func.name,
            params=tuple(zip(func.names, types, strict=True)),
            overload=SimpleNamespace(defaults={}),
            options=launcher.kernel.options,
            is_generic=False,
        )
        self.__dict__["func"] = func
        super().__init__(kernel, types)


@dataclass
class Derivative:
    """What a tape does with one kernel, for given active parameters.

    Attributes:
        effects: what the kernel reads and writes.
        rule: its adjoint.
        forward: runs it and fills the saved arrays; the kernel's own launcher where there are none.
        backward: runs the adjoint kernel; None if nothing flows back.
        rows: how long each of the adjoint's logs was made last.
    """

    effects: Effects
    rule: Adjoint
    forward: Launcher
    backward: Launcher | None
    rows: list[int]


def derivative(
    launcher: Launcher, active: frozenset[int], alias: tuple[int, ...], shared: bool, ndim: int
) -> Derivative:
    """The derivative of a kernel, made once.

    Raises:
        AdjointError: it has none that is exact.
    """
    known: dict[Any, Derivative] = launcher.__dict__.setdefault("derived", {})
    key = active, alias, shared, ndim
    if key not in known:
        found = effects(launcher.func, active, alias)
        rule = adjoint(launcher.func, active, ndim, shared, alias)
        forward = launcher if rule.forward is None else DerivedLauncher(launcher, rule.forward)
        backward = None if rule.func is None else DerivedLauncher(launcher, rule.func)
        known[key] = Derivative(found, rule, forward, backward, [0] * len(rule.logs))
    return known[key]


def start(launcher: Launcher, place: Device, grid: Grid, arguments: list[Argument]) -> None:
    """Runs a launch; with tangents where a forward mode is open (forward over reverse)."""
    around = recording.forward
    if around is None:
        launcher.start(place, grid, arguments)
    else:
        around.launch(launcher, place, grid, arguments)
