"""Forward mode: from a kernel's Func to the one that also carries tangents, derivatives along a direction.

Each float leaf of an active value gets a tangent leaf; each active array a tangent array. Nothing is
replayed, so every effect is allowed but those that depend on the order of items.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from robokern.compiler.adjoint_activity import RAW, Analysis, Origin, Root, refuse
from robokern.compiler.adjoint_inline import carries_float, inline
from robokern.compiler.adjoint_private import without_private_atomics
from robokern.compiler.adjoint_rules import PARTIALS, Leaf, add, check_reach, leaf, times, whole
from robokern.compiler.builder import Builder
from robokern.compiler.simplify import simplify
from robokern.ir import layout
from robokern.ir.nodes import Block, Func, Op, Value
from robokern.ir.types import ArrayType, Struct, scalar_of

Tangents = dict[Value, list[Leaf]]


@dataclass(frozen=True)
class Jvp:
    """A kernel with tangents.

    Attributes:
        func: its parameters are the kernel's own, then the tangents.
        shadows: the parameters that have an array of tangents, in the order of those.
        values: the parameters by value that have a tangent of their own type, which follow.
    """

    func: Func
    shadows: tuple[int, ...]
    values: tuple[int, ...]


def jvp(
    func: Func, active: frozenset[int], values: frozenset[int] = frozenset(), shared: bool = False
) -> Jvp:
    """The forward derivative of a kernel.

    Args:
        func: the kernel.
        active: numbers of the arrays that have tangents to begin with.
        values: numbers of the parameters by value that have one.
        shared: whether parameters may overlap in memory.

    Raises:
        AdjointError: it has no derivative.
    """
    from robokern.compiler.adjoint import naming, roots_of

    own = inline(func, reports=True)
    without_private_atomics(own, shared, {})
    with naming("kernel", func.name):
        return _Forward(own, roots_of(func, active), values).run()


class _Forward:
    def __init__(self, func: Func, roots: set[Root], values: frozenset[int]) -> None:
        self.func = func
        self.values = tuple(n for n in sorted(values) if carries_float(func.params[n].type))
        self.facts = Analysis(func, roots, {func.params[n] for n in self.values}).run()
        self.b = Builder()
        self.tangents: Tangents = {}
        self.shadows: dict[Value, Value] = {}

    def run(self) -> Jvp:
        """Writes the function."""
        numbers = sorted({int(str(r[1])) for r in self.facts.roots if r[0] == "param"})
        params = [Value(self.func.params[n].type) for n in numbers]
        self.shadows = {self.func.params[n]: p for n, p in zip(numbers, params, strict=True)}
        params += [self.tangent(self.func.params[n]) for n in self.values]
        body = self.block(self.func.body)
        body.ops[:0] = self.b.body.ops
        made = replace(
            self.func,
            name=f"tangent_{self.func.name}",
            params=(*self.func.params, *params),
            names=(*self.func.names, *(f"tangent_{self.func.names[n]}" for n in (*numbers, *self.values))),
            body=body,
            contract=False,
            gradient=None,
            replay=None,
        )
        return Jvp(simplify(made), tuple(numbers), self.values)

    def tangent(self, param: Value) -> Value:
        """A parameter for the tangent of a parameter by value."""
        made = Value(param.type)
        self.tangents[param] = [
            leaf(self.b, made, k) if s.kind == "f" else None for k, s in enumerate(layout.leaves(param.type))
        ]
        return made

    def block(self, block: Block) -> Block:
        """The block with tangents; what it yields stays as it is."""
        with self.b.region(block.params) as made:
            for op in block.ops:
                self.b.loc = op.loc
                self.op(op)
            made.yields = block.yields
        return made

    def op(self, op: Op) -> None:
        """An operation and its tangents."""
        if op.name == "if":
            self.branch(op)
        elif op.name in ("for", "while"):
            self.loop(op)
        else:
            self.b.block.ops.append(op)
            RULES.get(op.name, _constant)(self, op)

    def of(self, value: Value) -> list[Leaf]:
        """Tangents of a value's leaves."""
        return self.tangents.get(value, [None] * len(layout.leaves(value.type)))

    def filled(self, value: Value) -> list[Value]:
        """Tangents of the float leaves of a value, zeros written out."""
        scalars = layout.leaves(value.type)
        return [
            self.b.op("zero", type=s) if t is None else t
            for t, s in zip(self.of(value), scalars, strict=True)
            if s.kind == "f"
        ]

    def set(self, value: Value, tangents: list[Leaf]) -> None:
        """Gives a value its tangents."""
        if value in self.facts.active:
            floats = [s.kind == "f" for s in layout.leaves(value.type)]
            self.tangents[value] = [t if f else None for t, f in zip(tangents, floats, strict=True)]

    def spread(self, value: Value, floats: list[Value]) -> None:
        """Gives a value tangents that are listed for its float leaves only."""
        remaining = list(floats)
        self.tangents[value] = [
            remaining.pop(0) if s.kind == "f" else None for s in layout.leaves(value.type)
        ]

    def shadow(self, array: Value) -> Value | None:
        """The tangents of an array's elements; None if it is not active."""
        if self.facts.origins.get(array, Origin(RAW)).root not in self.facts.roots:
            return None
        if array not in self.shadows:
            name = self.facts.name_of(self.facts.origins[array].root)
            raise refuse(
                f"{name}, or a struct that holds it, is assigned in a branch or loop",
                self.b.loc,
                "index it under the name it has outside",
            )
        return self.shadows[array]

    def fresh(self, values: tuple[Value, ...]) -> list[Value]:
        """New values for the tangents of the active ones among `values`, which get them."""
        made: list[Value] = []
        for value in values:
            if value in self.facts.active:
                own = [Value(s) for s in layout.leaves(value.type) if s.kind == "f"]
                self.spread(value, own)
                made += own
        return made

    def along(self, values: tuple[Value, ...], like: tuple[Value, ...]) -> list[Value]:
        """Tangents of values, for those whose counterpart in `like` is active."""
        return [
            t
            for v, kept in zip(values, like, strict=True)
            if kept in self.facts.active
            for t in self.filled(v)
        ]

    def branch(self, op: Op) -> None:
        """`if`: yields the tangents too."""
        blocks = []
        for region in op.regions:
            made = self.block(region)
            outer, self.b.block = self.b.block, made
            made.yields = (*region.yields, *self.along(region.yields, op.results))
            self.b.block = outer
            blocks.append(made)
        more = self.fresh(op.results)
        types = (*op.attrs["types"], *(v.type for v in more))
        self.b.block.ops.append(
            replace(
                op, regions=tuple(blocks), results=(*op.results, *more), attrs={**op.attrs, "types": types}
            )
        )

    def loop(self, op: Op) -> None:
        """Loops: carry the tangents too."""
        start = 3 if op.name == "for" else 0
        initial = self.along(op.args[start:], op.results)
        blocks = []
        for region in op.regions:
            params = region.params[1:] if start else region.params
            # an active result makes every parameter of its place active
            self.facts.active.update(
                p for p, r in zip(params, op.results, strict=True) if r in self.facts.active
            )
            more = self.fresh(params)
            made = self.block(region)
            skipped = 1 if op.name == "while" and region is op.regions[0] else 0
            outer, self.b.block = self.b.block, made
            made.yields = (*region.yields, *self.along(region.yields[skipped:], op.results))
            self.b.block = outer
            made.params = (*region.params, *more)
            blocks.append(made)
        more = self.fresh(op.results)
        self.b.block.ops.append(
            replace(op, args=(*op.args, *initial), regions=tuple(blocks), results=(*op.results, *more))
        )


Rule = Callable[[_Forward, Op], None]
RULES: dict[str, Rule] = {}


def _constant(f: _Forward, op: Op) -> None:
    """No tangent."""


def _componentwise(f: _Forward, op: Op) -> None:
    (result,) = op.results
    if result not in f.facts.active:
        return
    tangents: list[Leaf] = []
    for k in range(len(layout.leaves(result.type))):
        xs = [leaf(f.b, a, k) for a in op.args]
        total: Leaf = None
        for arg, factor in zip(op.args, PARTIALS[op.name](f.b, xs, leaf(f.b, result, k)), strict=True):
            t = f.of(arg)[k]
            if t is not None:
                total = add(f.b, total, times(f.b, t, factor))
        tangents.append(total)
    f.set(result, tangents)


def _select(f: _Forward, op: Op) -> None:
    condition, yes, no = op.args
    if op.results[0] in f.facts.active:
        pairs = zip(f.filled(yes), f.filled(no), strict=True)
        f.spread(op.results[0], [f.b.op("select", condition, p, q) for p, q in pairs])


def _cast(f: _Forward, op: Op) -> None:
    if op.results[0] in f.facts.active and op.name == "cast":
        to = scalar_of(op.results[0].type)
        f.set(op.results[0], [None if t is None else f.b.op("cast", t, type=to) for t in f.of(op.args[0])])


def _make(f: _Forward, op: Op) -> None:
    f.set(op.results[0], [t for a in op.args for t in f.of(a)])


def _splat(f: _Forward, op: Op) -> None:
    f.set(op.results[0], f.of(op.args[0]) * len(layout.leaves(op.results[0].type)))


def _extract(f: _Forward, op: Op) -> None:
    start, (result,) = op.attrs["offset"], op.results
    _array(f, op)
    f.set(result, f.of(op.args[0])[start : start + len(layout.leaves(result.type))])


def _insert(f: _Forward, op: Op) -> None:
    outer, part = op.args
    start, tangents = op.attrs["offset"], list(f.of(outer))
    tangents[start : start + len(f.of(part))] = f.of(part)
    f.set(op.results[0], tangents)


def _leaves_of(f: _Forward, value: Value) -> list[Leaf]:
    return [leaf(f.b, value, k) for k in range(len(layout.leaves(value.type)))]


def _pick(f: _Forward, op: Op) -> None:
    if op.args[0] in f.facts.active:
        t = whole(f.b, op.args[0].type, f.of(op.args[0]))
        f.set(op.results[0], _leaves_of(f, f.b.op("pick", t, op.args[1], type=op.results[0].type)))


def _put(f: _Forward, op: Op) -> None:
    outer, index, part = op.args
    if op.results[0] in f.facts.active:
        t, u = (whole(f.b, v.type, f.of(v)) for v in (outer, part))
        f.set(op.results[0], _leaves_of(f, f.b.op("put", t, index, u)))


def _array(f: _Forward, op: Op) -> None:
    """Views of active arrays have the same view of the tangents."""
    if isinstance(op.results[0].type, (ArrayType, Struct)) and op.args[0] in f.shadows:
        f.shadows[op.results[0]] = f.b.op(op.name, f.shadows[op.args[0]], *op.args[1:], **op.attrs)


def _local(f: _Forward, op: Op) -> None:
    if f.facts.origins[op.results[0]].root in f.facts.roots:
        f.shadows[op.results[0]] = f.b.op("local", **{**op.attrs, "fill": True})


def _load(f: _Forward, op: Op) -> None:
    shadow = f.shadow(op.args[0])
    if shadow is None:
        return
    scalars = layout.leaves(op.results[0].type)
    f.set(
        op.results[0],
        [
            f.b.op("load", shadow, *op.args[1:], offset=op.attrs["offset"] + k, type=s)
            if s.kind == "f"
            else None
            for k, s in enumerate(scalars)
        ],
    )


def _write(f: _Forward, op: Op) -> None:
    shadow, value = f.shadow(op.args[0]), op.args[-1]
    if shadow is None or not carries_float(value.type):
        return
    root = f.facts.origins[op.args[0]].root
    if op.name == "atomic" and op.attrs["op"] != "add":
        what = f"atomic_{op.attrs['op']} on {f.facts.name_of(root)}, which items share, in forward mode"
        raise refuse(what, op.loc, "give each item an element of its own, or use reverse mode")
    if op.name == "atomic" and f.facts.is_used(op):
        raise refuse(f"a float read from {f.facts.name_of(root)} depends on the order of items", op.loc)
    for k, (scalar, t) in enumerate(zip(layout.leaves(value.type), f.of(value), strict=True)):
        if scalar.kind == "f":
            offset = op.attrs["offset"] + k
            tangent = f.b.op("zero", type=scalar) if t is None else t
            f.b.ops(op.name, shadow, *op.args[1:-1], tangent, **{**op.attrs, "offset": offset})


def _call(f: _Forward, op: Op) -> None:
    """From the function's reverse derivative, one row of its Jacobian per result."""
    callee = op.attrs["callee"]
    if callee.gradient is None:
        return
    check_reach(f.facts, op)
    if not any(a in f.facts.active for a in op.args):
        return
    gradient = callee.gradient()
    results = [r for r in op.results if carries_float(r.type)]
    for result in results:
        tangents: list[Leaf] = []
        for k, scalar in enumerate(layout.leaves(result.type)):
            tangents.append(_row(f, op, gradient, results, result, k) if scalar.kind == "f" else None)
        f.set(result, tangents)


def _row(f: _Forward, op: Op, gradient: Func, results: list[Value], result: Value, k: int) -> Leaf:
    seeds = []
    for other in results:
        ones: list[Leaf] = [None] * len(layout.leaves(other.type))
        if other is result:
            ones[k] = f.b.const(1, layout.leaves(other.type)[k])
        seeds.append(whole(f.b, other.type, ones))
    slopes = list(f.b.ops("call", *op.args, *seeds, callee=gradient))
    total: Leaf = None
    for arg in op.args:
        if carries_float(arg.type):
            slope = slopes.pop(0)
            for j, t in enumerate(f.of(arg)):
                if t is not None:
                    total = add(f.b, total, f.b.op("mul", t, leaf(f.b, slope, j)))
    return total


RULES.update(
    {
        **dict.fromkeys(PARTIALS, _componentwise),
        **dict.fromkeys(("view", "slice", "front", "components"), _array),
        **dict.fromkeys(("store", "atomic"), _write),
        "select": _select,
        "cast": _cast,
        "make": _make,
        "splat": _splat,
        "extract": _extract,
        "insert": _insert,
        "pick": _pick,
        "put": _put,
        "local": _local,
        "load": _load,
        "call": _call,
    }
)
