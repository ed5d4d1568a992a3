"""Atomics on memory that only one item touches are a read and a write.

    old = atomic_max(a, i, x)        ->      old = a[i];  a[i] = max(old, x)

Where `a` is private to the item, or every item indexes it with its own coordinates. Their derivative is then
that of the plain operations, which do not depend on the order of items. An `atomic_add` whose result nobody
uses stays: its derivative needs no old value.
"""

from __future__ import annotations

from robokern.compiler.adjoint_activity import Analysis
from robokern.compiler.builder import Builder
from robokern.compiler.inline import Path
from robokern.ir.nodes import Block, Func, Op, Value
from robokern.ir.types import Scalar, is_float, uint16, uint32, uint64

_BITS = {16: uint16, 32: uint32, 64: uint64}


def without_private_atomics(func: Func, shared: bool, paths: dict[Op, Path]) -> None:
    """Rewrites them in place; the reads take over the atomics' paths.

    Args:
        func: the function, whose values nobody else may share.
        shared: whether parameters may overlap in memory.
        paths: of its ops, see `inlined`.
    """
    facts = Analysis(func, set()).traced()
    chosen = {a.op for a in facts.accesses if _is_private(facts, a.op, shared)}
    if chosen:
        _rewrite(func.body, chosen, paths)


def _is_private(facts: Analysis, op: Op, shared: bool) -> bool:
    if op.name != "atomic" or not is_float(op.args[-1].type):
        return False
    if op.attrs["op"] == "add" and not facts.is_used(op):
        return False
    origin = facts.origins.get(op.args[0])
    if origin is None or origin.root[0] not in ("local", "param"):
        return False
    return origin.root[0] == "local" or (not shared and facts.is_private(origin.root))


def _rewrite(block: Block, chosen: set[Op], paths: dict[Op, Path]) -> None:
    ops: list[Op] = []
    for op in block.ops:
        for region in op.regions:
            _rewrite(region, chosen, paths)
        ops += _plain(op, paths) if op in chosen else [op]
    block.ops[:] = ops


def _plain(op: Op, paths: dict[Op, Path]) -> list[Op]:
    name, offset, (old,) = op.attrs["op"], op.attrs["offset"], op.results
    operands = 2 if name == "cas" else 1
    place, values = op.args[:-operands], op.args[-operands:]
    load = Op("load", place, (old,), {"offset": offset, "type": old.type}, (), op.loc)
    paths[load] = paths.get(op, ())
    b = Builder()
    b.loc = op.loc
    new = _swapped(b, old, *values) if name == "cas" else values[0]
    if name in ("add", "min", "max"):
        new = b.op(name, old, values[0])
    b.ops("store", *place, new, offset=offset)
    return [load, *b.body.ops]


def _swapped(b: Builder, old: Value, expected: Value, new: Value) -> Value:
    assert isinstance(old.type, Scalar)
    bits = _BITS[old.type.bits]
    equal = b.op("eq", b.op("bitcast", old, type=bits), b.op("bitcast", expected, type=bits))
    return b.op("select", equal, new, old)
