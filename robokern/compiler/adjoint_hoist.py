"""Reads of constant elements move out of loops, so that their adjoints are summed in registers.

    for k in range(n):                       s = a[0] if 0 < len(a) else 0
        y = y + x[k] * a[0]           ->     for k in range(n): y = y + x[k] * s

The derivative then adds to the element's adjoint once an item, not once a turn: for an element that all items
read that is one atomic addition each.
"""

from __future__ import annotations

from robokern.compiler.adjoint_inline import carries_float
from robokern.compiler.adjoint_promote import in_range
from robokern.compiler.builder import Builder
from robokern.ir.nodes import Block, Op, Value, walk
from robokern.ir.ops import OPS
from robokern.ir.types import ArrayType, is_integer

_Place = tuple[Value, ...]  # an array and the indices of an element


def hoist_reads(block: Block, constant: set[Value]) -> None:
    """Rewrites a block, whose values nobody else may share, in place; outer loops first.

    Args:
        block: of a function's body.
        constant: arrays that the function does not write to.
    """
    _hoist(block, constant, set())


def _hoist(block: Block, constant: set[Value], gone: set[Op]) -> None:
    ops: list[Op] = []
    for op in block.ops:
        if op in gone:
            continue
        if op.name in ("for", "while"):
            indices, reads = _invariant(op, constant, gone)
            gone.update(indices)
            ops += indices
            for place, found in reads.items():
                ops += _moved(place, found)
        for region in op.regions:
            _hoist(region, constant, gone)
        ops.append(op)
    block.ops[:] = ops


def _invariant(loop: Op, constant: set[Value], gone: set[Op]) -> tuple[list[Op], dict[_Place, list[Op]]]:
    """Integers that are the same in every turn, and reads of elements that are."""
    indices: list[Op] = []
    reads: dict[_Place, list[Op]] = {}
    inside = {p for region in loop.regions for p in region.params}
    for op in (o for region in loop.regions for o in walk(region) if o not in gone):
        if not inside.intersection(op.args):
            if op.name == "load" and op.args[0] in constant and carries_float(op.results[0].type):
                reads.setdefault(op.args, []).append(op)
            elif _is_index(op):
                indices.append(op)
                continue
        inside.update(op.results, *(region.params for region in op.regions))
    return indices, reads


def _is_index(op: Op) -> bool:
    return not OPS[op.name].effect and bool(op.results) and all(is_integer(r.type) for r in op.results)


def _moved(place: _Place, reads: list[Op]) -> list[Op]:
    """The read before the loop, guarded as the loop may not run; those inside become parts of it."""
    array, *indices = place
    assert isinstance(array.type, ArrayType)
    dtype, b = array.type.dtype, Builder()
    b.loc = reads[0].loc
    with b.region() as yes:
        yes.yields = (b.op("load", array, *indices, offset=0, type=dtype),)
    with b.region() as no:
        no.yields = (b.op("zero", type=dtype),)
    (element,) = b.ops("if", in_range(b, array, tuple(indices)), regions=(yes, no), types=(dtype,))
    for op in reads:
        op.name, op.args = "extract", (element,)
    return b.body.ops
