"""Makes equal callees one function: less to compile, and equal calls are seen to be equal.

A derivative calls functions that a kernel's own code calls too, each lowered and simplified on its way.
"""

from __future__ import annotations

from dataclasses import replace

from robokern.ir.nodes import Block, Func, Op, called, callees, remembered
from robokern.ir.text import digest


def unified(func: Func) -> Func:
    """The function, calling one of several callees that have equal text."""
    found: dict[str, Func] = {}
    chosen: dict[Func, Func] = {}
    for callee in callees(func):
        own = _calling(callee, chosen)
        chosen[callee] = found.setdefault(remembered(own, "digest", digest), own)
    return _calling(func, chosen)


def _calling(func: Func, chosen: dict[Func, Func]) -> Func:
    if all(new is old for old, new in chosen.items()):
        return func
    if all(chosen[callee] is callee for callee in called(func)):
        return func
    return replace(func, body=_block(func.body, chosen))


def _block(block: Block, chosen: dict[Func, Func]) -> Block:
    return Block(block.params, [_op(op, chosen) for op in block.ops], block.yields)


def _op(op: Op, chosen: dict[Func, Func]) -> Op:
    if op.name == "call":
        return replace(op, attrs={**op.attrs, "callee": chosen[op.attrs["callee"]]})
    if op.regions:
        return replace(op, regions=tuple(_block(region, chosen) for region in op.regions))
    return op
