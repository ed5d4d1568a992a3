"""Reads that happen in any case move before branches and loops that read the same element.

    if c: y = a[i] * 2.0                   s = a[i]
    z = a[i]                      ->       if c: y = s * 2.0
                                           z = s

The adjoints of all these reads are then added in registers, and memory is touched once.
"""

from __future__ import annotations

from collections.abc import Hashable

from robokern.compiler.adjoint_inline import carries_float
from robokern.compiler.simplify import attributes
from robokern.ir.nodes import Block, Op, Value, walk

_Key = tuple[Hashable, ...]


def advance_reads(block: Block, constant: set[Value]) -> None:
    """Moves them in a block, whose values nobody else may share, in place.

    Args:
        block: of a function's body.
        constant: arrays that the function does not write to.
    """
    awaited = {_key(op): op for op in reversed(block.ops) if _is_read(op, constant)}
    unmade = {r for op in block.ops for r in op.results}
    moved: set[Op] = set()
    ops: list[Op] = []
    for op in block.ops:
        if op in moved:
            continue
        for inside in _reads(op, constant) if op.regions and awaited else ():
            found = awaited.get(inside)
            if found is not None and not unmade.intersection(found.args):
                del awaited[inside]
                moved.add(found)
                unmade.difference_update(found.results)
                ops.append(found)
        for region in op.regions:
            advance_reads(region, constant)
        unmade.difference_update(op.results)
        if op.name == "load" and awaited.get(_key(op)) is op:
            del awaited[_key(op)]
        ops.append(op)
    block.ops[:] = ops


def _reads(op: Op, constant: set[Value]) -> list[_Key]:
    """The keys of reads in its regions."""
    return [_key(o) for region in op.regions for o in walk(region) if _is_read(o, constant)]


def _is_read(op: Op, constant: set[Value]) -> bool:
    return op.name == "load" and op.args[0] in constant and carries_float(op.results[0].type)


def _key(op: Op) -> _Key:
    return (op.name, *op.args, *attributes(op.attrs))
