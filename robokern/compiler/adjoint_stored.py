"""Adjoint kernels that write adjoints known to be zero before, where others add to what is there.

    load adj, i -> old;  x + old -> new;  store adj, i, new    ->    store adj, i, x

If every item adds to its own element only, and outside loops, the sum needs no memory: it is followed through
the code, branches too, and written once, at the end. A caller who knows that the adjoints are zero and that
the grid covers the array need not have the zeros in memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from robokern.compiler.builder import Builder
from robokern.compiler.simplify import without_dead
from robokern.ir import layout
from robokern.ir.nodes import Block, Func, Op, Value, walk
from robokern.ir.types import ArrayType, Type

_Elements = dict[Value, Value]  # of each array what the item's own element holds


def storable(func: Func, params: list[Value]) -> list[bool]:
    """For each of some parameters whether `storing` can write its elements."""
    looped = {a for op in walk(func.body) if op.name in ("for", "while") for a in _used(op)}
    return [param not in looped and _is_storable(func, param) for param in params]


def _used(op: Op) -> set[Value]:
    return {a for region in op.regions for inner in walk(region) for a in inner.args}


def _is_storable(func: Func, param: Value) -> bool:
    if not isinstance(param.type, ArrayType) or any(s.kind != "f" for s in layout.leaves(param.type.dtype)):
        return False
    own = [op.results for op in func.body.ops if op.name == "tid"]
    uses = [op for op in walk(func.body) if param in op.args]
    return bool(uses) and all(op.args[0] is param and _place(op) in own for op in uses)


def _place(op: Op) -> tuple[Value, ...] | None:
    """The indices of a read or write."""
    if op.name not in ("load", "store"):
        return None
    return op.args[1:] if op.name == "load" else op.args[1:-1]


def storing(func: Func, params: list[Value]) -> Func:
    """The adjoint kernel that takes the elements of `storable` parameters to be zero, and writes all."""
    b = Builder()
    found = _Follow({p: b.op("zero", type=_element(p)) for p in params})
    body, now = found.block(func.body, found.start)
    b.block.ops += body.ops
    place = next(op.results for op in body.ops if op.name == "tid")
    for param in params:
        b.ops("store", param, *place, now[param], offset=0)
    made = replace(func, name=f"{func.name}_stored", body=Block(func.body.params, b.block.ops, body.yields))
    return replace(made, body=without_dead(made.body))


def _element(array: Value) -> Type:
    assert isinstance(array.type, ArrayType)
    dtype: Type = array.type.dtype
    return dtype


@dataclass
class _Follow:
    """Replaces reads and writes of elements by what is known of them.

    Attributes:
        start: what they hold at first: zero.
        same: values that stand for others.
        zeros: values that are parts of what they held at first.
    """

    start: _Elements
    same: dict[Value, Value] = field(default_factory=dict)
    zeros: set[Value] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.zeros.update(self.start.values())

    def block(self, block: Block, now: _Elements) -> tuple[Block, _Elements]:
        """The block, and what the elements hold behind it."""
        now, b = dict(now), Builder()
        for op in block.ops:
            b.loc = op.loc
            op = self.renamed(op)
            if op.args and op.args[0] in now:
                self.access(op, b, now)
            elif op.name == "if":
                b.block.ops.append(self.branch(op, now))
            elif op.regions:
                regions = tuple(self.block(r, now)[0] for r in op.regions)
                self.plain(replace(op, regions=regions), b)
            else:
                self.plain(op, b)
        return Block(block.params, b.block.ops, tuple(self.same.get(v, v) for v in block.yields)), now

    def renamed(self, op: Op) -> Op:
        """The operation with values that stand for its arguments."""
        if self.same.keys().isdisjoint(op.args):
            return op
        return replace(op, args=tuple(self.same.get(a, a) for a in op.args))

    def access(self, op: Op, b: Builder, now: _Elements) -> None:
        """A read takes what is known of the element, a write changes it."""
        array, offset = op.args[0], op.attrs["offset"]
        if op.name == "store":
            part = op.args[-1]
            now[array] = part if part.type == _element(array) else b.insert(now[array], part, offset)
        elif op.results[0].type == _element(array):
            self.same[op.results[0]] = now[array]
        else:
            attrs = {"offset": offset, "type": op.results[0].type}
            self.plain(replace(op, name="extract", args=(now[array],), attrs=attrs), b)

    def branch(self, op: Op, now: _Elements) -> Op:
        """Both sides yield the elements that one of them changes."""
        (yes, then), (no, other) = (self.block(region, now) for region in op.regions)
        changed = [a for a in now if then[a] is not now[a] or other[a] is not now[a]]
        made = tuple(Value(_element(a)) for a in changed)
        for block, held in ((yes, then), (no, other)):
            block.yields = (*block.yields, *(held[a] for a in changed))
        now.update(zip(changed, made, strict=True))
        types = (*op.attrs["types"], *(v.type for v in made))
        return replace(
            op, results=(*op.results, *made), attrs={**op.attrs, "types": types}, regions=(yes, no)
        )

    def plain(self, op: Op, b: Builder) -> None:
        """Any other operation; what is added to zero is the sum."""
        if op.name == "extract" and op.args[0] in self.zeros:
            self.zeros.update(op.results)
        if op.name == "add" and not self.zeros.isdisjoint(op.args):
            self.same[op.results[0]] = op.args[op.args[0] in self.zeros]
        elif op.name == "fma" and op.args[2] in self.zeros:
            b.block.ops.append(replace(op, name="mul", args=op.args[:2]))
        else:
            b.block.ops.append(op)
