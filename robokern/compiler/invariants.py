"""Takes out of loops and branches what passes through them unchanged.

    for k in range(n): carried (s, a) -> (s + a[k], a)    ->    carried (s) -> (s + a[k]), a from outside

Structs whose arrays are written to are carried like any variable that is assigned, though only memory
changes.
"""

from __future__ import annotations

from robokern.ir.nodes import Block, Func, Op, Value

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
