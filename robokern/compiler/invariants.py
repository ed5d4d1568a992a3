"""Takes out of loops and branches what passes through them unchanged.

    for k in range(n): carried (s, a) -> (s + a[k], a)    ->    carried (s) -> (s + a[k]), a from outside

Structs whose arrays are written to are carried like any variable that is assigned, though only memory
changes.
"""

from __future__ import annotations

from robokern.ir.layout import leaves
from robokern.ir.nodes import Block, Func, Op, Value, walk
from robokern.ir.types import ArrayType

_Same = dict[Value, Value]


def without_invariants(func: Func) -> None:
    """Rewrites the function, whose values nobody else may share, in place."""
    same: _Same = {}
    _collect(func.body, same)
    if same:
        _rewrite(func.body, same)


def _resolved(value: Value, same: _Same) -> Value:
    while value in same:
        value = same[value]
    return value


def _collect(block: Block, same: _Same) -> None:
    """Inner ops first: what a loop hands on unchanged may be all that keeps the one around it changing."""
    for op in block.ops:
        for region in op.regions:
            _collect(region, same)
        if op.name == "if":
            _collect_branch(op, same)
        elif op.name in ("for", "while"):
            _collect_loop(op, same)


def _collect_branch(op: Op, same: _Same) -> None:
    for result, *ends in zip(op.results, *(r.yields for r in op.regions), strict=True):
        first, second = (_resolved(v, same) for v in ends)
        if first is second:
            same[result] = first


def _carried(op: Op) -> tuple[tuple[Value, ...], list[tuple[Value, ...]], list[tuple[Value, ...]]]:
    """Initial values, and what each region is given and yields, as far as it is carried."""
    if op.name == "for":
        return op.args[3:], [op.regions[0].params[1:]], [op.regions[0].yields]
    test, body = op.regions
    return op.args, [test.params, body.params], [test.yields[1:], body.yields]


def _collect_loop(op: Op, same: _Same) -> None:
    initial, params, yields = _carried(op)
    for number, value in enumerate(initial):
        given = [p[number] for p in params]
        if all(_resolved(y[number], same) is p for p, y in zip(given, yields, strict=True)):
            same.update(dict.fromkeys((*given, op.results[number]), value))


def _rewrite(block: Block, same: _Same) -> None:
    for op in block.ops:
        kept = [k for k, r in enumerate(op.results) if r not in same] if op.regions else []
        if len(kept) < len(op.results) and op.regions:
            _drop(op, kept)
        op.args = tuple(_resolved(a, same) for a in op.args)
        for region in op.regions:
            _rewrite(region, same)
    block.yields = tuple(_resolved(v, same) for v in block.yields)


def _drop(op: Op, kept: list[int]) -> None:
    """Removes all but some of the values that an op carries or merges."""
    op.results = tuple(op.results[k] for k in kept)
    if op.name == "if":
        op.attrs = {**op.attrs, "types": tuple(r.type for r in op.results)}
    else:
        start = 3 if op.name == "for" else 0
        op.args = (*op.args[:start], *(op.args[start + k] for k in kept))
    for region in op.regions:
        first = 1 if op.name == "for" else 0
        if op.name != "if":
            region.params = (*region.params[:first], *(region.params[first + k] for k in kept))
        first = 1 if op.name == "while" and region is op.regions[0] else 0
        region.yields = (*region.yields[:first], *(region.yields[first + k] for k in kept))


def with_arrays_from_outside(func: Func) -> None:
    """Takes arrays out of the structs that came into loops and branches, not out of those assigned there.

    Assigning to a field makes a new struct, whose arrays are still those of the old one. In place.
    """
    sources = _Sources(func)
    for op in walk(func.body):
        if op.name == "extract" and isinstance(op.results[0].type, ArrayType):
            found = sources.find(op.args[0], op.attrs["offset"], len(leaves(op.results[0].type)))
            if found is not None:
                op.args, op.attrs = (found[0],), {**op.attrs, "offset": found[1]}


class _Sources:
    """Where parts of composite values come from."""

    def __init__(self, func: Func) -> None:
        self.params = set(func.params)
        self.made = {r: (op, k) for op in walk(func.body) for k, r in enumerate(op.results)}
        self.carried = {
            p: (op, k)
            for op in walk(func.body)
            if op.name in ("for", "while")
            for region in _carried(op)[1]
            for k, p in enumerate(region)
        }
        self.assumed: dict[tuple[Value, int], tuple[Value, int]] = {}

    def find(self, value: Value, at: int, size: int) -> tuple[Value, int] | None:
        """The function's parameter that has these leaves of a value, and where; None if there is none."""
        if value in self.params:
            return value, at
        if (value, at) in self.assumed:
            return self.assumed[value, at]
        if value in self.carried:
            return self._of_loop(*self.carried[value], at, size)
        op, number = self.made[value]
        if op.name == "insert":
            start = op.attrs["offset"]
            apart = at + size <= start or start + len(leaves(op.args[1].type)) <= at
            return self.find(op.args[0], at, size) if apart else None
        if op.name == "extract":
            return self.find(op.args[0], at + op.attrs["offset"], size)
        if op.name == "if":
            first, second = (self.find(r.yields[number], at, size) for r in op.regions)
            return first if first == second else None
        return self._of_loop(op, number, at, size) if op.name in ("for", "while") else None

    def _of_loop(self, op: Op, number: int, at: int, size: int) -> tuple[Value, int] | None:
        """What a loop carries is what it began with, if every turn hands that on."""
        initial, params, yields = _carried(op)
        found = self.find(initial[number], at, size)
        if found is None:
            return None
        mine = {(p[number], at): found for p in params}
        self.assumed.update(mine)
        same = all(self.find(y[number], at, size) == found for y in yields)
        for key in mine:
            del self.assumed[key]
        return found if same else None
