"""Removes work from a Func without changing a bit of any result: less text for LLVM, so faster builds.

* scalar operations on constants, computed here by the interpreter, which defines their result,
* operations whose results nobody uses,
* an `if` whose condition is known: the taken region moves in its place,
* the second of two equal operations or calls without effect in one block or inside it,
* the second of two equal loads between which nothing is written,
* a part taken out of a composite that was just made.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from robokern.compiler.fold import folded
from robokern.compiler.inline import is_pure
from robokern.ir import layout
from robokern.ir.nodes import Block, Func, Op, Value, remembered
from robokern.ir.ops import OPS

_Key = tuple[Hashable, ...]
_EFFECTS = frozenset(n for n, p in OPS.items() if p.effect)
_WRITES = frozenset({"store", "atomic"})
_KEPT = frozenset({"const", "zero", "make"})


def simplify(func: Func) -> Func:
    """The function and its callees with less to do; `func` stays as it is."""
    body = _Forward().block(func.body, {})
    return replace(func, body=without_dead(body))


def simplified(callee: Func) -> Func:
    """The same for a function that others call, made once."""
    found: Func = remembered(callee, "simplified", simplify)
    found.memo["simplified"] = found
    return found


def writes(op: Op) -> bool:
    """Whether an operation may change what is in memory."""
    if op.name == "call":
        return bool(remembered(op.attrs["callee"], "writes", _writes_inside))
    return op.name in _WRITES or any(writes(inner) for block in op.regions for inner in block.ops)


def _writes_inside(func: Func) -> bool:
    return any(map(writes, func.body.ops))


class _Forward:
    """One pass from top to bottom; `same` says which value stands for another."""

    def __init__(self) -> None:
        self.same: dict[Value, Value] = {}
        self.made: dict[Value, Op] = {}
        self.writes = 0  # what was written so far; loads are equal only where this is

    def block(self, block: Block, known: dict[_Key, Op]) -> Block:
        known = dict(known)
        ops: list[Op] = []
        for op in block.ops:
            self.op(op, ops, known)
        return Block(block.params, ops, self.values(block.yields))

    def values(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        same = self.same
        return tuple([same.get(v, v) for v in values])

    def op(self, op: Op, ops: list[Op], known: dict[_Key, Op]) -> None:
        if op.name in _EFFECTS and writes(op):
            self.writes += 1
        op = self.rebuilt(op, known)
        if op.name == "if" and (taken := self.known_branch(op)) is not None:
            ops += taken.ops
            self.same.update(zip(op.results, taken.yields, strict=True))
            return
        op = self.folded(op)
        found = self.equal_value(op, known)
        if found is not None:
            self.same.update(zip(op.results, found, strict=True))
            return
        ops.append(op)
        if op.name in _KEPT:
            self.made[op.results[0]] = op

    def rebuilt(self, op: Op, known: dict[_Key, Op]) -> Op:
        args = self.values(op.args)
        if op.name == "call":
            return replace(op, args=args, attrs={**op.attrs, "callee": simplified(op.attrs["callee"])})
        if op.regions:
            return replace(op, args=args, regions=tuple(self.block(r, known) for r in op.regions))
        return op if args == op.args else Op(op.name, args, op.results, op.attrs, (), op.loc)

    def folded(self, op: Op) -> Op:
        """The constant that a scalar operation on constants gives."""
        number = folded(op, self.made)
        if number is None:
            return op
        return replace(op, name="const", args=(), attrs={"value": number, "type": op.results[0].type})

    def known_branch(self, op: Op) -> Block | None:
        condition = self.made.get(op.args[0])
        if condition is None or condition.name not in ("const", "zero"):
            return None
        return op.regions[0 if condition.attrs.get("value", False) else 1]

    def equal_value(self, op: Op, known: dict[_Key, Op]) -> tuple[Value, ...] | None:
        """Values made before that equal the op's results."""
        if op.name in _EFFECTS and not self.is_repeatable(op):
            return None
        if op.name == "extract" and (part := self.part(op)) is not None:
            return (part,)
        when = self.writes if op.name == "load" else 0
        first = known.setdefault((op.name, when, *op.args, *attributes(op.attrs)), op)
        return None if first is op else first.results

    def is_repeatable(self, op: Op) -> bool:
        return op.name == "load" or (op.name == "call" and is_pure(op.attrs["callee"]))

    def part(self, op: Op) -> Value | None:
        """The value that `extract` takes out of the `make` or `insert` before it."""
        whole = self.made.get(op.args[0])
        if whole is None or whole.name != "make":
            return None
        at = 0
        for value in whole.args:
            if at == op.attrs["offset"] and value.type == op.attrs["type"]:
                return value
            at += len(layout.leaves(value.type))
        return None


def attributes(attrs: dict[str, Any]) -> list[Hashable]:
    """An op's attributes as part of a key: equal where the ops mean the same."""
    if not attrs:
        return []
    return [(k, repr(v)) if k == "value" else (k, v) for k, v in sorted(attrs.items())]


_REMOVABLE = frozenset(n for n, p in OPS.items() if not p.effect) | {"load", "local"}


def without_dead(block: Block) -> Block:
    """A function's body without operations whose results nobody uses."""
    return _without_dead(block, set())[0]


def _without_dead(block: Block, outside: set[Value]) -> tuple[Block, set[Value]]:
    """The block without operations whose results nobody uses, and the values it uses."""
    used = outside | set(block.yields)
    kept: list[Op] = []
    for op in reversed(block.ops):
        if op.name in _REMOVABLE and used.isdisjoint(op.results):
            continue
        used.update(op.args)
        kept.append(_without_dead_regions(op, used) if op.regions else op)
    return Block(block.params, kept[::-1], block.yields), used


def _without_dead_regions(op: Op, used: set[Value]) -> Op:
    """The same for the regions of an operation; `used` grows by what they use."""
    regions = []
    for region in op.regions:
        smaller, inside = _without_dead(region, set())
        regions.append(smaller)
        used |= inside
    return replace(op, regions=tuple(regions))
