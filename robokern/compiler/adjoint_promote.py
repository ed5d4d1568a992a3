"""Turns an array element that a loop updates in place into a carried value of the loop.

    for k in range(n):               y = a[i]
        a[i] = a[i] * b[k]    ->     for k in range(n): y = y * b[k]
                                     a[i] = y

Possible where every access of the array in the loop is to one element, whose indices are known before it.
The loop then keeps the overwritten values like any other carried value.
"""

from __future__ import annotations

from dataclasses import dataclass

from robokern.compiler.adjoint_activity import Access, Analysis, Root
from robokern.compiler.builder import Builder
from robokern.ir import layout
from robokern.ir.nodes import Block, Func, Op, Value, walk
from robokern.ir.types import ArrayType, bool_, int64


def promote(func: Func, without: frozenset[Root] = frozenset()) -> Func:
    """Rewrites the function, whose values nobody else may share, in place; gives it back.

    Args:
        func: the function.
        without: arrays that stay in memory.
    """
    while _promote_one(func, func.body, Analysis(func, set()).traced(), without):
        pass
    return func


def _promote_one(func: Func, block: Block, facts: Analysis, without: frozenset[Root]) -> bool:
    for op in block.ops:
        if op.name in ("for", "while"):
            for root, accesses in _groups(op, facts):
                if root not in without and _fits(func, op, root, accesses, facts):
                    _Promotion(func, facts, block, op, root, accesses).write()
                    return True
        if any(_promote_one(func, region, facts, without) for region in op.regions):
            return True
    return False


def _groups(loop: Op, facts: Analysis) -> list[tuple[Root, list[Access]]]:
    """What can be promoted only together: a loop's accesses of an array, or of an element it only reads."""
    found: dict[object, list[Access]] = {}
    inside = facts.in_loop.get(loop, [])
    written = {a.root for a in inside if a.writes}
    for access in inside:
        if facts.is_mixed(access.root):
            key = access.root if access.root in written else (access.root, access.indices)
            found.setdefault(key, []).append(access)
    return [(accesses[0].root, accesses) for accesses in found.values()]


def _fits(func: Func, loop: Op, root: Root, accesses: list[Access], facts: Analysis) -> bool:
    if root[0] != "param" or not isinstance(func.params[int(str(root[1]))].type, ArrayType):
        return False
    if all(a.writes for a in accesses):
        return False
    places = {a.indices for a in accesses}
    indices = next(iter(places))
    if len(places) != 1 or indices is None or len(indices) != func.params[int(str(root[1]))].type.ndim:  # type: ignore[attr-defined]
        return False
    inside = {r for region in loop.regions for op in walk(region) for r in op.results}
    for op in [loop, *(o for region in loop.regions for o in walk(region))]:
        inside.update(p for region in op.regions for p in region.params)
    if inside.intersection(indices):
        return False
    return all(
        a.op.name != "atomic" or (a.op.attrs["op"] == "add" and not facts.is_used(a.op)) for a in accesses
    )


def in_range(b: Builder, array: Value, indices: tuple[Value, ...]) -> Value:
    """Whether an array has an element: a loop that never runs may have indices that are out of range."""
    inside = b.const(True, bool_)
    zero = b.const(0, int64)
    for dim, index in enumerate(indices):
        at = b.op("cast", index, type=int64)
        length = b.op("cast", b.op("shape", array, dim=dim), type=int64)
        fits = b.op("and", b.op("ge", at, zero), b.op("lt", at, length))
        inside = b.op("and", inside, fits)
    return inside


@dataclass
class _Promotion:
    func: Func
    facts: Analysis
    parent: Block
    loop: Op
    root: Root
    accesses: list[Access]

    def write(self) -> None:
        """The load before, the loop with one carried value more, the store after."""
        self.ops = {a.op for a in self.accesses}
        self.array = self.func.params[int(str(self.root[1]))]
        assert isinstance(self.array.type, ArrayType)
        self.type = self.array.type.dtype
        self.indices = self.accesses[0].indices or ()
        place = self.parent.ops.index(self.loop)
        b = Builder()
        b.loc = self.accesses[0].op.loc
        inside = in_range(b, self.array, self.indices)
        with b.region() as yes:
            yes.yields = (b.op("load", self.array, *self.indices, offset=0, type=self.type),)
        with b.region() as no:
            no.yields = (b.op("zero", type=self.type),)
        (before,) = b.ops("if", inside, regions=(yes, no), types=(self.type,))
        result = self._loop(self.loop, before)
        if result is before:
            self.parent.ops[place : place + 1] = [*b.body.ops, self.loop]
            return
        after = Builder()
        after.loc = next(a.op.loc for a in self.accesses if a.writes)
        with after.region() as yes:
            after.ops("store", self.array, *self.indices, result, offset=0)
        after.ops("if", inside, regions=(yes, Block()), types=())
        self.parent.ops[place : place + 1] = [*b.body.ops, self.loop, *after.body.ops]

    def _touches(self, op: Op) -> bool:
        return any(inner in self.ops for region in op.regions for inner in walk(region))

    def _writes(self, op: Op) -> bool:
        inside = {inner for region in op.regions for inner in walk(region)}
        return any(a.writes and a.op in inside for a in self.accesses)

    def _block(self, block: Block, now: Value) -> Value:
        """Replaces the accesses in a block; gives the element's value at its end."""
        ops: list[Op] = []
        for op in block.ops:
            if op in self.ops:
                now = self._access(op, now, ops)
            elif not op.regions or not self._touches(op):
                ops.append(op)
            else:
                now = self._if(op, now) if op.name == "if" else self._loop(op, now)
                ops.append(op)
        block.ops[:] = ops
        return now

    def _access(self, op: Op, now: Value, ops: list[Op]) -> Value:
        b = Builder()
        b.loc = op.loc
        offset, part = op.attrs["offset"], op.args[-1]
        if op.name == "load":
            ops.append(
                Op("extract", (now,), op.results, {"offset": offset, "type": op.results[0].type}, (), op.loc)
            )
            return now
        if op.name == "atomic":
            part = b.op("add", b.extract(now, offset, part.type), part)
        whole = layout.leaves(part.type) == layout.leaves(now.type) and part.type == now.type
        now = part if whole else b.insert(now, part, offset)
        ops.extend(b.body.ops)
        return now

    def _if(self, op: Op, now: Value) -> Value:
        if not self._writes(op):
            return self._only_read(op, now)
        for region in op.regions:
            region.yields = (*region.yields, self._block(region, now))
        result = Value(self.type)
        op.attrs = {**op.attrs, "types": (*op.attrs["types"], self.type)}
        op.results = (*op.results, result)
        return result

    def _only_read(self, op: Op, now: Value) -> Value:
        for region in op.regions:
            self._block(region, now)
        return now

    def _loop(self, op: Op, now: Value) -> Value:
        if not self._writes(op):
            return self._only_read(op, now)
        op.args = (*op.args, now)
        for region in op.regions:
            param = Value(self.type)
            region.params = (*region.params, param)
            region.yields = (*region.yields, self._block(region, param))
        result = Value(self.type)
        op.results = (*op.results, result)
        return result
