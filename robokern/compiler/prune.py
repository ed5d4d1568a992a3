"""Dead code of a whole function: what neither a result nor memory outside depends on.

More than `simplify` removes: loops and branches without effect, what these hand on that nobody uses (a sum
that only its own next turn reads), and stores to private arrays nobody reads.
"""

from __future__ import annotations

from dataclasses import replace

from robokern.ir.nodes import Block, Func, Op, Value, walk
from robokern.ir.ops import OPS

_PURE = frozenset(n for n, p in OPS.items() if not p.effect) | {"load", "local"}
_NO_EFFECT = frozenset(n for n, p in OPS.items() if not p.effect)
_WRITES = frozenset({"store", "atomic"})
_VIEWS = frozenset({"view", "slice", "front", "components", "extract"})


def prune(func: Func, scratch: tuple[Value, ...] = ()) -> Func:
    """The function without dead code; a loop is taken to end.

    Args:
        scratch: array parameters whose content nobody reads afterwards.
    """
    smaller, _ = _smallest(func.body, scratch)
    return replace(func, body=smaller)


def live_in(block: Block, results: list[Value]) -> set[Value]:
    """Values that a block, as the code for `results` and for its effects, uses; made inside or outside."""
    return _smallest(Block(block.params, block.ops, (*block.yields, *results)), ())[1]


def _smallest(body: Block, scratch: tuple[Value, ...]) -> tuple[Block, set[Value]]:
    """Begins with the belief that nobody reads private arrays; what is then kept proves which are read."""
    found = _roots(body, scratch)
    read: set[Value] = set()
    while True:
        live: set[Value] = set()
        smaller = _block(body, live, {v for v, root in found.items() if root not in read})
        more = _read(smaller, found) - read
        if not more:
            return smaller, live
        read |= more


def _roots(body: Block, scratch: tuple[Value, ...]) -> dict[Value, Value]:
    """For each private array and view of one: the array it is part of."""
    found = {v: v for v in scratch}
    for op in walk(body):
        if op.name == "local":
            found[op.results[0]] = op.results[0]
        elif op.name in _VIEWS and op.args[0] in found:
            found[op.results[0]] = found[op.args[0]]
    return found


def _read(body: Block, found: dict[Value, Value]) -> set[Value]:
    """Private arrays that are not only written."""
    read = {found[v] for v in body.yields if v in found}
    for op in walk(body):
        if op.name not in _VIEWS and not found.keys().isdisjoint(op.args):
            written = op.name in _WRITES and not _used(op)
            read.update(found[a] for a in op.args[written:] if a in found)
        for region in op.regions:
            read.update(found[v] for v in region.yields if v in found)
    return read


def _used(op: Op) -> bool:
    return op.name == "atomic" and op.attrs.get("used", True)


def _block(block: Block, live: set[Value], unread: set[Value]) -> Block:
    """Goes backwards; `live` grows by what the kept operations use."""
    kept: list[Op] = []
    live.update(block.yields)
    for op in reversed(block.ops):
        if live.isdisjoint(op.results) and (op.name in _NO_EFFECT or not _has_effect(op, unread)):
            continue
        smaller = _with_regions(op, live, unread) if op.regions else op
        live.update(smaller.args)
        kept.append(smaller)
    return Block(block.params, kept[::-1], block.yields)


def _with_regions(op: Op, live: set[Value], unread: set[Value]) -> Op:
    """A branch or loop with only what somebody uses of the values that it hands on."""
    count = len(op.results)
    needed = {j for j, result in enumerate(op.results) if result in live}
    while True:
        # a region may use what it makes in an earlier turn: parameters only, which are no outer values
        regions = tuple(_block(_only(r, count, needed), live, unread) for r in op.regions)
        carried = [r.params[len(r.params) - count :] for r in op.regions if r.params]
        more = needed | {j for values in carried for j, v in enumerate(values) if v in live}
        if more == needed:
            break
        needed = more
    regions = tuple(Block(_picked(r.params, count, needed), r.ops, r.yields) for r in regions)
    results = _picked(op.results, count, needed)
    if op.name == "if":
        types = tuple(r.type for r in results)
        return replace(op, results=results, attrs={**op.attrs, "types": types}, regions=regions)
    return replace(op, args=_picked(op.args, count, needed), results=results, regions=regions)


def _only(region: Block, count: int, needed: set[int]) -> Block:
    return Block(region.params, region.ops, _picked(region.yields, count, needed))


def _picked(values: tuple[Value, ...], count: int, needed: set[int]) -> tuple[Value, ...]:
    """Without those of the last `count` values that are not needed; what is before them stays."""
    first = len(values) - count
    return tuple(v for k, v in enumerate(values) if k < first or k - first in needed)


def _has_effect(op: Op, unread: set[Value]) -> bool:
    if op.name in _WRITES:
        return op.args[0] not in unread
    if op.regions:
        return any(_has_effect(inner, unread) for region in op.regions for inner in region.ops)
    if op.name == "call":
        return any(
            inner.name in _WRITES or inner.name in ("assert", "print")
            for inner in walk(op.attrs["callee"].body)
        )
    return op.name not in _PURE
