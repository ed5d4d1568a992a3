"""The derivative of a kernel as launchers: what fills in for the forward launch, and what plays it back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from robokern.compiler.adjoint import Adjoint, Effects, adjoint, effects
from robokern.compiler.adjoint_spent import spendable, without_clearing
from robokern.errors import AdjointError
from robokern.ir import layout
from robokern.ir.nodes import Func, Op, Value, callees, walk
from robokern.ir.types import Type
from robokern.runtime import recording
from robokern.runtime.arguments import Argument
from robokern.runtime.call_site import call_site
from robokern.runtime.device import CPU, REF, Device
from robokern.runtime.launch import Grid, Launcher

Packed = list[bytes]  # the arguments of a launch


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

    def play(self, place: Device, grid: Grid, packed: Packed, contiguous: bool) -> None:
        """Runs on arguments that are packed already; `contiguous`: all arrays among them are."""
        if place is REF or recording.capture is not None:
            self.start(place, grid, [Argument(p, None, contiguous) for p in packed])
            return
        record = grid.header + b"".join(packed)
        if place is CPU:
            failed = self.program(contiguous).run(grid.count, record, self.unit(grid))
        else:
            failed = self.gpu_program(place, contiguous).run(grid.count, record, call_site())
        self.raise_failed(failed, grid.shape)


@dataclass
class Derivative:
    """What a tape does with one kernel, for given active parameters.

    Attributes:
        effects: what the kernel reads and writes.
        rule: its adjoint.
        forward: runs it and fills the saved arrays; the kernel's own launcher where there are none.
        backward: runs the adjoint kernel; None if nothing flows back.
        rows: how long each of the adjoint's logs was made last.
        spendable: arguments whose adjoints need not be cleared where nobody looks at them again.
    """

    effects: Effects
    rule: Adjoint
    forward: Launcher
    backward: DerivedLauncher | None
    rows: list[int]
    spendable: frozenset[int]

    def spending(self, arguments: frozenset[int]) -> DerivedLauncher:
        """As `backward`, but leaves the adjoints of spendable arguments as they are."""
        assert self.backward is not None and self.rule.func is not None
        if not arguments:
            return self.backward
        known: dict[frozenset[int], DerivedLauncher] = self.__dict__.setdefault("spent", {})
        if arguments not in known:
            func = without_clearing(self.rule.func, _shadows(self.rule, arguments))
            known[arguments] = DerivedLauncher(self.backward, func)
        return known[arguments]


def split(record: bytes, types: tuple[Type, ...]) -> Packed:
    """The arguments in a launch record."""
    return [record[low:high] for low, high in pairwise(layout.argument_offsets(types))]


def start(launcher: Launcher, place: Device, grid: Grid, arguments: list[Argument]) -> None:
    """Runs a launch; with tangents where a forward mode is open (forward over reverse)."""
    around = recording.forward
    if around is None:
        launcher.start(place, grid, arguments)
    else:
        around.carry(launcher, place, grid, arguments)


def refuse_order(launcher: Launcher) -> None:
    """Refuses a kernel that may do something else when it runs again: the order of items decides.

    Raises:
        AdjointError: it uses the result of an atomic, so for example a counter.
    """
    known = launcher.__dict__
    if "ordered" not in known:
        known["ordered"] = _used_atomic(launcher.func)
    op = known["ordered"]
    if op is not None:
        raise AdjointError(
            f"kernel {launcher.kernel.name!r}: it uses the result of an atomic, which depends on the order "
            "of items, so a tape with checkpoint= cannot run it again",
            op.loc.file if op.loc else None,
            op.loc.line if op.loc else None,
            hint="use a tape without checkpoint",
        )


def _used_atomic(func: Func) -> Op | None:
    """The first atomic whose result is used."""
    for one in (*callees(func), func):
        ops = list(walk(one.body))
        regions = [one.body, *(region for op in ops for region in op.regions)]
        used = {v for op in ops for v in op.args} | {v for region in regions for v in region.yields}
        for op in ops:
            if op.name == "atomic" and op.results and op.results[0] in used:
                return op
    return None


def derivative(
    launcher: Launcher,
    active: frozenset[int],
    alias: tuple[int, ...],
    shared: bool,
    ndim: int,
    values: frozenset[int] = frozenset(),
) -> Derivative:
    """The derivative of a kernel, made once.

    Args:
        launcher: the kernel.
        active: numbers of the array parameters that are differentiable before it runs.
        alias: for each parameter the first one that is the same array; (): all differ.
        shared: whether others overlap in memory.
        ndim: dimensions of the grid.
        values: numbers of the parameters by value to differentiate by as well.

    Raises:
        AdjointError: it has none that is exact.
    """
    known: dict[Any, Derivative] = launcher.__dict__.setdefault("derived", {})
    key = active, alias, shared, ndim, values
    if key not in known:
        found = effects(launcher.func, active, alias, values)
        # what becomes active in a launch is so from the start in the next: one derivative serves both
        closure = found.active, alias, shared, ndim, values
        if closure not in known:
            known[closure] = _derive(launcher, found, alias, shared, ndim, values)
        known[key] = known[closure]
    return known[key]


def _derive(
    launcher: Launcher,
    found: Effects,
    alias: tuple[int, ...],
    shared: bool,
    ndim: int,
    values: frozenset[int],
) -> Derivative:
    rule = adjoint(launcher.func, found.active, ndim, shared, alias, values)
    forward = launcher if rule.forward is None else DerivedLauncher(launcher, rule.forward)
    backward = None if rule.func is None else DerivedLauncher(launcher, rule.func)
    return Derivative(found, rule, forward, backward, [0] * len(rule.logs), _spendable(rule))


def _shadows(rule: Adjoint, arguments: Collection[int]) -> list[Value]:
    """The parameters of the adjoint kernel that are the adjoints of some arguments."""
    assert rule.func is not None
    others = len(rule.shadows) + len(rule.values) + len(rule.finals) + len(rule.saved) + 2 * len(rule.logs)
    first = len(rule.func.params) - others
    return [rule.func.params[first + k] for k, n in enumerate(rule.shadows) if n in arguments]


def _spendable(rule: Adjoint) -> frozenset[int]:
    if rule.func is None:
        return frozenset()
    found = spendable(rule.func, _shadows(rule, rule.shadows))
    return frozenset(n for n, fits in zip(rule.shadows, found, strict=True) if fits)
