"""A function as derivatives read it: calls replaced by bodies; constants and coordinates once, at the top.

Kept as calls are functions with a derivative of their own (`Func.gradient`), and functions of integers that
touch no memory.
"""

from __future__ import annotations

from functools import cache

from robokern.compiler.inline import Path, inlined, is_pure
from robokern.compiler.invariants import with_arrays_from_outside, without_invariants
from robokern.ir import layout
from robokern.ir.nodes import Block, Func, Op, Value
from robokern.ir.types import Type

REPORTS = frozenset({"assert", "print"})


@cache
def carries_float(type: Type) -> bool:
    """Whether some leaf of the type is a float; elements of arrays do not count."""
    return any(leaf.kind == "f" for leaf in layout.leaves(type))


def inline(func: Func, reports: bool = False, paths: dict[Op, Path] | None = None) -> Func:
    """The function with calls replaced by bodies, all values new.

    Args:
        func: the function; it stays as it is.
        reports: whether asserts and prints stay, and functions are what a launch runs, not their replays.
        paths: filled with the path of each op, see `inlined`.
    """
    made = inlined(func, is_kept, _as_it_is if reports else _as_replayed, paths)
    _Hoist(reports).run(made)
    without_invariants(made)
    with_arrays_from_outside(made)
    return made


def is_kept(callee: Func) -> bool:
    """Whether a call of this function stays a call."""
    if callee.gradient is not None:
        return True
    return is_pure(callee) and not any(carries_float(p.type) for p in callee.params)


def _as_it_is(callee: Func) -> Func:
    return callee


def _as_replayed(callee: Func) -> Func:
    return callee if callee.replay is None else callee.replay()


class _Hoist:
    """Moves constants and the item's coordinates to the top, where every index finds them; in place.

    Private arrays move out of branches: what goes backwards through a branch stands behind it.
    """

    def __init__(self, reports: bool) -> None:
        self.reports = reports
        self.first: dict[tuple[str, ...], Op] = {}
        self.same: dict[Value, Value] = {}

    def run(self, func: Func) -> None:
        self.block(func.body)
        func.body.ops[:0] = self.first.values()

    def block(self, block: Block) -> None:
        kept: list[Op] = []
        for op in block.ops:
            if op.name in ("const", "tid"):
                first = self.first.setdefault((op.name, *map(repr, op.attrs.values())), op)
                self.same.update(zip(op.results, first.results, strict=True))
            elif op.name not in REPORTS or self.reports:
                op.args = tuple([self.same.get(a, a) for a in op.args])
                for region in op.regions:
                    self.block(region)
                if op.name == "if":
                    kept += [made for region in op.regions for made in _taken_out(region, "local")]
                kept.append(op)
        block.ops[:] = kept
        block.yields = tuple(self.same.get(v, v) for v in block.yields)


def _taken_out(block: Block, name: str) -> list[Op]:
    """Removes ops from a block; gives them."""
    found = [op for op in block.ops if op.name == name]
    block.ops[:] = [op for op in block.ops if op.name != name]
    return found
