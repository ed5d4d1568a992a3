"""The derivative of a kernel as launchers: what fills in for the forward launch, and what plays it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING

from robokern.compiler.adjoint_layout import Effects, Layout
from robokern.errors import AdjointError
from robokern.ir.nodes import Func, Value, callees, walk
from robokern.runtime import recording
from robokern.runtime.arguments import Argument
from robokern.runtime.collector import put_off
from robokern.runtime.derivative_note import Facts, Request, leave, recall
from robokern.runtime.derived_launcher import DerivedLauncher, outline_of
from robokern.runtime.device import Device
from robokern.runtime.grid import Grid
from robokern.runtime.launcher import Launcher
from robokern.runtime.warm_start import noted

if TYPE_CHECKING:
    from robokern.compiler.adjoint import Adjoint


class Derivation:
    """The programs of a derivative, derived when one is asked for: the cache may have their code.

    Args:
        launcher: the kernel.
        request: which derivative; its `active` are all that become so.
    """

    def __init__(self, launcher: Launcher, request: Request) -> None:
        self.launcher, self.request = launcher, request

    @cached_property
    def rule(self) -> Adjoint:
        """The derivative.

        Raises:
            AdjointError: there is none that is exact.
        """
        from robokern.compiler.adjoint import adjoint

        active, alias, shared, ndim, values = self.request
        found = adjoint(self.launcher.func, active, ndim, shared, alias, values)
        self.launcher.confirm()
        return found

    def forward(self) -> Func:
        """What runs the kernel and fills the records."""
        assert self.rule.forward is not None
        return self.rule.forward

    def backward(self) -> Func:
        """The adjoint kernel."""
        assert self.rule.func is not None
        return self.rule.func

    def known(self, spent: frozenset[int], blank: frozenset[int]) -> Func:
        """The adjoint kernel that leaves adjoints as they are, and takes others to be zero and writes all.

        Args:
            spent: arguments whose adjoints are spendable.
            blank: those whose adjoints are storable.
        """
        from robokern.compiler.adjoint_spent import without_clearing
        from robokern.compiler.adjoint_stored import storing

        func = self.backward()
        if spent:
            func = without_clearing(func, self._shadows(spent))
        return storing(func, self._shadows(blank)) if blank else func

    def facts(self, effects: Effects) -> Facts:
        """What a tape must know."""
        rule = self.rule
        known = Layout(rule.shadows, rule.values, rule.finals, rule.saved, rule.logs, rule.reads, rule.copies)
        forward = None if rule.forward is None else outline_of(rule.forward)
        backward = None if rule.func is None else outline_of(rule.func)
        from robokern.compiler.adjoint_spent import spendable
        from robokern.compiler.adjoint_stored import storable

        return Facts(effects, known, self._fitting(spendable), self._fitting(storable), forward, backward)

    def _fitting(self, fits: Callable[[Func, list[Value]], list[bool]]) -> frozenset[int]:
        """The arguments whose adjoints do."""
        shadows = self.rule.shadows
        if self.rule.func is None:
            return frozenset()
        found = fits(self.rule.func, self._shadows(frozenset(shadows)))
        return frozenset(n for n, fit in zip(shadows, found, strict=True) if fit)

    def _shadows(self, arguments: frozenset[int]) -> list[Value]:
        """The parameters of the adjoint kernel that are the adjoints of some arguments."""
        rule, params = self.rule, self.backward().params
        others = (
            len(rule.shadows) + len(rule.values) + len(rule.finals) + len(rule.saved) + 2 * len(rule.logs)
        )
        first = len(params) - others
        return [params[first + k] for k, n in enumerate(rule.shadows) if n in arguments]


@dataclass
class Derivative:
    """What a tape does with one kernel, for given active parameters.

    Attributes:
        facts: what is known of it without its programs.
        forward: runs the kernel and fills the saved arrays; its own launcher where there are none.
        backward: runs the adjoint kernel; None if nothing flows back.
        derivation: makes the programs.
        rows: how long each of the adjoint's logs was made last.
    """

    facts: Facts
    forward: Launcher
    backward: DerivedLauncher | None
    derivation: Derivation
    rows: list[int]
    variants: dict[tuple[frozenset[int], frozenset[int]], DerivedLauncher] = field(default_factory=dict)

    @property
    def effects(self) -> Effects:
        """What the kernel reads and writes."""
        return self.facts.effects

    @property
    def rule(self) -> Layout:
        """The parameters of the adjoint kernel."""
        return self.facts.layout

    @property
    def spendable(self) -> frozenset[int]:
        """Arguments whose adjoints need not be cleared where nobody looks at them again."""
        return self.facts.spendable

    @property
    def storable(self) -> frozenset[int]:
        """Arguments whose adjoints need not be in memory where they are zero."""
        return self.facts.storable

    def variant(self, spent: frozenset[int], blank: frozenset[int]) -> DerivedLauncher:
        """As `backward`, for what is known of some adjoints.

        Args:
            spent: arguments whose adjoints are spendable, and stay as they are.
            blank: those whose adjoints are storable and zero, whatever is in memory.
        """
        assert self.backward is not None
        if not spent and not blank:
            return self.backward
        key = spent, blank
        if key not in self.variants:
            made, what = self.derivation, f"spent {sorted(spent)} blank {sorted(blank)}"
            self.variants[key] = DerivedLauncher(
                made.launcher,
                partial(made.known, spent, blank),
                self.backward.outline,
                f"{what} {made.request}",
            )
        return self.variants[key]


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
        known["ordered"] = noted(launcher, "used atomic", lambda: _used_atomic(launcher.func))
    place = known["ordered"]
    if place is not None:
        raise AdjointError(
            f"kernel {launcher.kernel.name!r}: it uses the result of an atomic, which depends on the order "
            "of items, so a tape with checkpoint= cannot run it again",
            place[0],
            place[1],
            hint="use a tape without checkpoint",
        )


def _used_atomic(func: Func) -> list[str | int | None] | None:
    """File and line of the first atomic whose result is used; None: there is none."""
    for one in (*callees(func), func):
        ops = list(walk(one.body))
        regions = [one.body, *(region for op in ops for region in op.regions)]
        used = {v for op in ops for v in op.args} | {v for region in regions for v in region.yields}
        for op in ops:
            if op.name == "atomic" and op.results and op.results[0] in used:
                return [op.loc.file, op.loc.line] if op.loc else [None, None]
    return None


def derivative(
    launcher: Launcher,
    active: frozenset[int],
    alias: tuple[int, ...],
    shared: bool,
    ndim: int,
    values: frozenset[int] = frozenset(),
    begin: Callable[[], None] | None = None,
) -> Derivative:
    """The derivative of a kernel, made once.

    Args:
        launcher: the kernel.
        active: numbers of the array parameters that are differentiable before it runs.
        alias: for each parameter the first one that is the same array; (): all differ.
        shared: whether others overlap in memory.
        ndim: dimensions of the grid.
        values: numbers of the parameters by value to differentiate by as well.
        begin: called before what takes long if the launch runs the kernel itself, not one that fills records.

    Raises:
        AdjointError: it has none that is exact.
    """
    known: dict[Request, Derivative] = launcher.__dict__.setdefault("derived", {})
    request = Request(active, alias, shared, ndim, values)
    if request not in known:
        with put_off():
            _derive(launcher, request, begin)
    return known[request]


def _derive(launcher: Launcher, request: Request, begin: Callable[[], None] | None) -> None:
    known: dict[Request, Derivative] = launcher.__dict__["derived"]
    noted = recall(launcher, request)
    found = _effects(launcher, request) if noted is None else noted.effects
    if begin is not None and noted is None and not found.reads & found.writes:
        begin()
    # what becomes active in a launch is so from the start in the next: one derivative serves both
    closure = request._replace(active=found.active)
    if closure not in known:
        known[closure] = _derivative(Derivation(launcher, closure), found, noted)
    known[request] = known[closure]
    if noted is None:
        leave(launcher, request, known[request].facts)


def _effects(launcher: Launcher, request: Request) -> Effects:
    from robokern.compiler.adjoint import effects

    return effects(launcher.func, request.active, request.alias, request.values)


def _derivative(made: Derivation, effects: Effects, noted: Facts | None) -> Derivative:
    facts = made.facts(effects) if noted is None else noted
    launcher, forward, backward = made.launcher, facts.forward, facts.backward
    return Derivative(
        facts,
        DerivedLauncher(launcher, made.forward, forward, f"forward {made.request}") if forward else launcher,
        DerivedLauncher(launcher, made.backward, backward, f"adjoint {made.request}") if backward else None,
        made,
        [0] * len(facts.layout.logs),
    )
