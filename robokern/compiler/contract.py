"""Fuses `a * b + c` into one rounding, on our own IR: all targets and the interpreter fuse the same places.

    a * b + c  ->  fma(a, b, c)        c + a * b  ->  fma(a, b, c)
    a * b - c  ->  fma(a, b, -c)       c - a * b  ->  fma(-a, b, c)

A product is fused when the sum is its only use and stands in the same block; of two products the left one.
Not of bfloat16: no device adds a product to it in one step, so fusing would cost what it saves elsewhere.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from robokern.ir.nodes import Block, Func, Op, Value, remembered, walk
from robokern.ir.types import bfloat16, is_float, scalar_of


def contract(func: Func) -> Func:
    """The function with products fused, here and in its callees, where `Func.contract` allows it.

    What does not change is shared with `func`, which stays as it is.
    """
    body = _block(func.body, _uses(func.body) if func.contract else Counter())
    return replace(func, body=body)


def _contracted(callee: Func) -> Func:
    made = contract(callee)
    made.memo["contracted"] = made
    return made


def _block(block: Block, uses: Counter[Value]) -> Block:
    products = {op.results[0]: op for op in block.ops if _is_product(op) and uses[op.results[0]] == 1}
    ops: list[Op] = []
    gone: set[Value] = set()
    for op in block.ops:
        product = _fused_product(op, products)
        if product is None:
            ops.append(_rebuilt(op, uses))
        else:
            ops += _fused(op, product)
            gone.add(product.results[0])
    kept = [op for op in ops if not (op.results and op.results[0] in gone)]
    return Block(block.params, kept, block.yields)


def _rebuilt(op: Op, uses: Counter[Value]) -> Op:
    if op.name == "call":
        callee = remembered(op.attrs["callee"], "contracted", _contracted)
        return replace(op, attrs={**op.attrs, "callee": callee})
    if op.regions:
        return replace(op, regions=tuple(_block(region, uses) for region in op.regions))
    return op


def _uses(block: Block) -> Counter[Value]:
    """How often each value is used, in the block and inside."""
    counted: Counter[Value] = Counter(block.yields)
    for op in walk(block):
        counted.update(op.args)
        for region in op.regions:
            counted.update(region.yields)
    return counted


def _is_product(op: Op) -> bool:
    return op.name == "mul" and is_float(t := op.results[0].type) and scalar_of(t) != bfloat16


def _fused_product(op: Op, products: dict[Value, Op]) -> Op | None:
    if op.name not in ("add", "sub"):
        return None
    return next((products[a] for a in op.args if a in products), None)


def _fused(op: Op, product: Op) -> list[Op]:
    """The operations that stand for a sum with `product` in it."""
    a, b = product.args
    left, right = op.args
    is_left = left is product.results[0]
    other = right if is_left else left
    negated: list[Op] = []
    if op.name == "sub":
        changed = Value(op.results[0].type)
        negated = [replace(op, name="neg", args=(other if is_left else a,), results=(changed,))]
        a, other = (a, changed) if is_left else (changed, other)
    return [*negated, replace(op, name="fma", args=(a, b, other))]
