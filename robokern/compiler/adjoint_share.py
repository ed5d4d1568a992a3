"""Computes nothing twice in a function that is about to be differentiated, so that its derivative does not.

Equal operations without effect become one; so do reads of one element of an array that the function does not
write to: the adjoints of both reads are then added in registers, and memory is touched once.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from robokern.compiler.adjoint_advance import advance_reads
from robokern.compiler.adjoint_hoist import hoist_reads
from robokern.compiler.inline import is_pure
from robokern.compiler.simplify import attributes
from robokern.ir import layout
from robokern.ir.nodes import Block, Func, Op, Value, walk
from robokern.ir.ops import OPS

_Key = tuple[Hashable, ...]
_VIEWS = frozenset({"view", "slice", "front", "components", "extract"})


def share(func: Func) -> None:
    """Rewrites the function, whose values nobody else may share, in place; arrays do not overlap."""
    constant = _constant_arrays(func)
    hoist_reads(func.body, constant & set(func.params))
    advance_reads(func.body, constant)
    _Share(constant).block(func.body, {})


def _constant_arrays(func: Func) -> set[Value]:
    """Parameters, and views of them, that nothing is written to; none if something unknown is."""
    roots = {p: p for p in func.params}
    for op in walk(func.body):
        if op.name in _VIEWS and op.args[0] in roots:
            roots[op.results[0]] = roots[op.args[0]]
    written = {op.args[0] for op in walk(func.body) if op.name in ("store", "atomic")}
    private = {r for op in walk(func.body) if op.name == "local" for r in op.results}
    if not written <= roots.keys() | private:
        return set()
    changed = {roots[w] for w in written if w in roots}
    # a kept call writes to no array (`Analysis` refuses it)
    return {view for view, root in roots.items() if root not in changed}


@dataclass
class _Share:
    constant: set[Value]
    same: dict[Value, Value] = field(default_factory=dict)
    made: dict[Value, Op] = field(default_factory=dict)

    def block(self, block: Block, known: dict[_Key, Op]) -> None:
        kept: list[Op] = []
        for op in block.ops:
            op.args = tuple([self.same.get(a, a) for a in op.args])
            found = self.equal(op, known)
            if found is not None:
                self.same.update(zip(op.results, found, strict=True))
                continue
            for region in op.regions:
                self.block(region, dict(known))
            if op.name in ("make", "splat"):
                self.made[op.results[0]] = op
            kept.append(op)
        block.ops[:] = kept
        block.yields = tuple(self.same.get(v, v) for v in block.yields)

    def equal(self, op: Op, known: dict[_Key, Op]) -> tuple[Value, ...] | None:
        """Values made before that equal the op's results."""
        if OPS[op.name].effect and not self.is_constant(op):
            return None
        if op.name == "extract" and (part := self.part(op)) is not None:
            return (part,)
        first = known.setdefault((op.name, *op.args, *attributes(op.attrs)), op)
        return None if first is op else first.results

    def is_constant(self, op: Op) -> bool:
        """Whether an op that might touch memory gives the same again."""
        if op.name == "call":
            return is_pure(op.attrs["callee"])
        return op.name == "load" and op.args[0] in self.constant

    def part(self, op: Op) -> Value | None:
        """What `extract` takes out of a composite that was made of it."""
        whole = self.made.get(op.args[0])
        if whole is None:
            return None
        if whole.name == "splat":
            return whole.args[0] if whole.args[0].type == op.attrs["type"] else None
        at = 0
        for value in whole.args:
            if at == op.attrs["offset"] and value.type == op.attrs["type"]:
                return value
            at += len(layout.leaves(value.type))
        return None
