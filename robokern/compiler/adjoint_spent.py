"""Adjoint kernels that leave some adjoints as they are, where nobody will look at them again.

An adjoint kernel takes the adjoint of an element that the kernel overwrites, and clears it. If every item
does so with its own element, outside all branches, the clearing can be left out: a caller who knows that the
grid covers the array and that no step before uses the adjoints saves writing them, and may pass memory that
is not to be changed.
"""

from __future__ import annotations

from dataclasses import replace

from robokern.ir.nodes import Block, Func, Op, Value, walk


def spendable(func: Func, params: list[Value]) -> list[bool]:
    """For each of some array parameters whether each item only takes and then clears its own element."""
    own = [op.results for op in func.body.ops if op.name == "tid"]
    zeros = {r for op in walk(func.body) if op.name == "zero" for r in op.results}
    return [_is_spendable(func, param, own, zeros) for param in params]


def _is_spendable(func: Func, param: Value, own: list[tuple[Value, ...]], zeros: set[Value]) -> bool:
    uses = [op for op in walk(func.body) if param in op.args]
    cleared = False
    for op in uses:
        if not any(op is outer for outer in func.body.ops) or op.args[0] is not param:
            return False
        if op.name == "load" and op.args[1:] in own and not cleared:
            continue
        if op.name != "store" or op.args[1:-1] not in own or op.args[-1] not in zeros:
            return False
        cleared = True
    return cleared


def without_clearing(func: Func, params: list[Value]) -> Func:
    """The adjoint kernel without the stores to parameters that are `spendable`."""
    gone = set(params)

    def stays(op: Op) -> bool:
        return op.name != "store" or op.args[0] not in gone

    ops = [op for op in func.body.ops if stays(op)]
    body = Block(func.body.params, ops, func.body.yields)
    return replace(func, name=f"{func.name}_spent", body=body)
