"""Kernels that are one loop which lanes leave at different turns: free lanes may take other items.

`wide_stream` writes them. A `for` by ones becomes a `while`, for lanes that enter it apart count apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain

from robokern.compiler.uniformity import Uniformity
from robokern.compiler.wide_places import indices
from robokern.ir.nodes import Block, Func, Op, Value, walk
from robokern.ir.types import ArrayType, bool_

_LOOPS = frozenset({"for", "while"})
_ORDERED = frozenset({"atomic", "assert", "print"})


@dataclass(frozen=True)
class Streamed:
    """A program with the loop that lanes leave, as a `while`.

    Args:
        in_order: what values are while lanes hold neighbouring items.
        anywhere: while each lane holds any item.
    """

    program: Func
    loop: Op
    in_order: Uniformity
    anywhere: Uniformity


def streamed(program: Func, uniformity: Uniformity) -> Streamed | None:
    """How the program is written so that lanes may take items as they leave its loop; None: always in step.

    There is one loop outside of others, and nobody can tell the order of items. Not for kernels with private
    arrays: the traversal of a bounding volume hierarchy with its stack lost a tenth. Nor where the loop reads
    at places that follow from its turn: that is one vector in step, one element after the other apart.
    """
    loops = [
        op for op in program.body.ops if op.regions and any(o.name in _LOOPS for o in (op, *_inside(op)))
    ]
    if len(loops) != 1 or loops[0] not in uniformity.divergent or uniformity.private:
        return None
    everything = list(walk(program.body))
    if not any(op.name == "tid" for op in everything) or any(op.name in _ORDERED for op in everything):
        return None
    if any(isinstance(a.type, ArrayType) for a in loops[0].args):
        return None
    found = _with_while(program, loops[0], uniformity)
    if found is None:
        return None
    in_order = Uniformity(found[0], uniformity.ndim, found[1])
    if any(_leaves_step(op, uniformity, in_order) for op in _inside(found[1])):
        return None
    return Streamed(*found, in_order, in_order.scattered())


def _leaves_step(op: Op, in_step: Uniformity, apart: Uniformity) -> bool:
    """Whether it accesses one place, or neighbouring ones, only while all lanes are in the same turn."""
    if op.name not in ("load", "store"):
        return False
    return any(in_step.of(i)[0] is not None and apart.of(i)[0] is None for i in indices(op))


def _with_while(program: Func, loop: Op, uniformity: Uniformity) -> tuple[Func, Op] | None:
    if loop.name == "while":
        return program, loop
    if loop.name != "for" or uniformity.constant(loop.args[2]) != 1:
        return None
    turned = _as_while(loop)
    ops = [turned if op is loop else op for op in program.body.ops]
    return replace(program, body=Block(program.body.params, ops, program.body.yields)), turned


def _as_while(loop: Op) -> Op:
    """`for counter in range(start, stop)` with a carried counter."""
    start, stop, _, *initial = loop.args
    (region,) = loop.regions
    count, going, one, next = (Value(t) for t in (start.type, bool_, start.type, start.type))
    held = tuple(Value(p.type) for p in region.params[1:])
    test = [Op("lt", (count, stop), (going,), {}, (), loop.loc)]
    step = [
        Op("const", (), (one,), {"value": 1, "type": start.type}, (), loop.loc),
        Op("add", (region.params[0], one), (next,), {}, (), loop.loc),
    ]
    regions = (
        Block((count, *held), test, (going, count, *held)),
        Block(region.params, [*region.ops, *step], (next, *region.yields)),
    )
    return Op("while", (start, *initial), (Value(start.type), *loop.results), {}, regions, loop.loc)


def _inside(op: Op) -> Iterable[Op]:
    return chain.from_iterable(walk(region) for region in op.regions)
