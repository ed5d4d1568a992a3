"""The derivative of each primitive: one row per name of `ir/ops.py`.

Arithmetic works component by component: a row of `PARTIALS` gives the derivative of one leaf of the result by
the same leaf of each argument, for reverse and forward mode alike. All else is a row of `DIFFERENTIATE` that
hands adjoints of the results on to the arguments (reverse mode).

Where a derivative jumps or does not exist:

* abs: -1 below zero, else 1; at zero 1.
* min, max: to the argument that is the result; where both are equal to the second, which the primitive picks.
* select: to the chosen argument.
* sqrt: 0 at zero, so that a length has the subgradient 0 at the origin.
* floor, ceil, trunc, rint, comparisons, conversions to integers: 0.
* x / 0: infinity or NaN, as the quotient itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from robokern.compiler.adjoint_activity import Analysis, Root, refuse
from robokern.compiler.adjoint_inline import REPORTS, carries_float
from robokern.compiler.builder import Builder
from robokern.compiler.inline import placed
from robokern.errors import AdjointError
from robokern.ir import layout
from robokern.ir.nodes import Func, Op, Value, walk
from robokern.ir.types import Scalar, Type, scalar_of

if TYPE_CHECKING:
    from robokern.compiler.adjoint_sweep import Sweep

Leaf = Value | None  # an adjoint of one float; None is zero
Factor = Value | int | None  # a derivative; 1, -1 and None (zero) are known without code
Adjoints = dict[Value, list[Leaf]]
Env = dict[Any, Any]
Partial = Callable[[Builder, list[Value], Value], list[Factor]]
Rule = Callable[["Sweep", Op, list[Leaf], Env, Adjoints], None]


def leaf(b: Builder, value: Value, number: int) -> Value:
    """One scalar of a value."""
    if isinstance(value.type, Scalar):
        return value
    return b.extract(value, number, layout.leaves(value.type)[number])


def whole(b: Builder, type: Type, leaves: list[Leaf]) -> Value:
    """A value from its leaves; zero for missing ones."""
    if all(x is None for x in leaves):
        return b.op("zero", type=type)
    scalars = layout.leaves(type)
    filled = [b.op("zero", type=s) if x is None else x for x, s in zip(leaves, scalars, strict=True)]
    return filled[0] if isinstance(type, Scalar) else b.op("make", *filled, type=type)


def times(b: Builder, g: Value, factor: Factor) -> Leaf:
    """g * factor."""
    if factor is None or factor == 1:
        return g if factor == 1 else None
    return b.op("mul", g, factor) if isinstance(factor, Value) else b.op("neg", g)


def add(b: Builder, old: Leaf, new: Leaf) -> Leaf:
    """old + new."""
    if old is None or new is None:
        return new if old is None else old
    return b.op("add", old, new)


def _one(b: Builder, like: Value) -> Value:
    return b.const(1, like.type)


def _div(b: Builder, x: list[Value], y: Value) -> list[Factor]:
    inverse = b.op("div", _one(b, y), x[1])
    return [inverse, b.op("neg", b.op("mul", y, inverse))]


def _chosen(name: str) -> Partial:
    def partial(b: Builder, x: list[Value], y: Value) -> list[Factor]:
        first = b.op(name, x[0], x[1])
        one, zero = _one(b, y), b.op("zero", type=y.type)
        return [b.op("select", first, one, zero), b.op("select", first, zero, one)]

    return partial


def _abs(b: Builder, x: list[Value], y: Value) -> list[Factor]:
    one = _one(b, y)
    below = b.op("lt", x[0], b.op("zero", type=y.type))
    return [b.op("select", below, b.op("neg", one), one)]


def _sqrt(b: Builder, x: list[Value], y: Value) -> list[Factor]:
    zero = b.op("zero", type=y.type)
    none = b.op("eq", y, zero)
    half = b.op("div", b.const(0.5, y.type), b.op("select", none, _one(b, y), y))
    return [b.op("select", none, zero, half)]


PARTIALS: dict[str, Partial] = {
    "add": lambda b, x, y: [1, 1],
    "sub": lambda b, x, y: [1, -1],
    "mul": lambda b, x, y: [x[1], x[0]],
    "div": _div,
    "neg": lambda b, x, y: [-1],
    "abs": _abs,
    "min": _chosen("lt"),
    "max": _chosen("gt"),
    "fma": lambda b, x, y: [x[1], x[0], 1],
    "sqrt": _sqrt,
}


def _componentwise(s: Sweep, op: Op, g: list[Leaf], env: Env, adj: Adjoints) -> None:
    if not carries_float(op.results[0].type):
        return
    for k, gk in enumerate(g):
        if gk is None:
            continue
        xs = [leaf(s.b, env[a], k) for a in op.args]
        factors = PARTIALS[op.name](s.b, xs, leaf(s.b, env[op.results[0]], k))
        zeros = {x for arg, x in zip(op.args, xs, strict=True) if k in s.zeros.get(env[arg], ())}
        for (arg, factor), times in Counter(zip(op.args, factors, strict=True)).items():
            if arg in s.active and factor not in zeros:
                s.accumulate_product(adj, arg, k, gk if times == 1 else s.b.op("add", gk, gk), factor)


def _select(s: Sweep, op: Op, g: list[Leaf], env: Env, adj: Adjoints) -> None:
    condition = env[op.args[0]]
    for k, gk in enumerate(g):
        if gk is not None:
            zero = s.b.op("zero", type=gk.type)
            s.accumulate(adj, op.args[1], k, s.b.op("select", condition, gk, zero))
            s.accumulate(adj, op.args[2], k, s.b.op("select", condition, zero, gk))


def _cast(s: Sweep, op: Op, g: list[Leaf], env: Env, adj: Adjoints) -> None:
    if carries_float(op.args[0].type):
        for k, gk in enumerate(g):
            if gk is not None:
                s.accumulate(adj, op.args[0], k, s.b.op("cast", gk, type=scalar_of(op.args[0].type)))


def _make(s: Sweep, op: Op, g: list[Leaf], env: Env, adj: Adjoints) -> None:
    at = 0
    for arg in op.args:
        for k in range(len(layout.leaves(arg.type))):
            s.accumulate(adj, arg, k, g[at + k])
        at += len(layout.leaves(arg.type))


def _splat(s: Sweep, op: Op, g: list[Leaf], env: Env, adj: Adjoints) -> None:
    for gk in g:
        s.accumulate(adj, op.args[0], 0, gk)


def _extract(s: Sweep, op: Op, g: list[Leaf], env: Env, adj: Adjoints) -> None:
    for k, gk in enumerate(g):
        s.accumulate(adj, op.args[0], op.attrs["offset"] + k, gk)


def _insert(s: Sweep, op: Op, g: list[Leaf], env: Env, adj: Adjoints) -> None:
    outer, part = op.args
    start, count = op.attrs["offset"], len(layout.leaves(part.type))
    for k, gk in enumerate(g):
        inside = start <= k < start + count
        s.accumulate(adj, part if inside else outer, k - start if inside else k, gk)


def _pick(s: Sweep, op: Op, g: list[Leaf], env: Env, adj: Adjoints) -> None:
    """To the part that was picked."""
    source, index = op.args
    part = whole(s.b, op.results[0].type, g)
    spread = s.b.op("put", s.b.op("zero", type=source.type), env[index], part)
    _all_leaves(s, adj, source, spread)


def _put(s: Sweep, op: Op, g: list[Leaf], env: Env, adj: Adjoints) -> None:
    outer, index, part = op.args
    given = whole(s.b, outer.type, g)
    kept = s.b.op("put", given, env[index], s.b.op("zero", type=part.type))
    _all_leaves(s, adj, outer, kept)
    _all_leaves(s, adj, part, s.b.op("pick", given, env[index], type=part.type))


def _all_leaves(s: Sweep, adj: Adjoints, target: Value, contribution: Value) -> None:
    if target in s.active:
        for k in range(len(layout.leaves(contribution.type))):
            s.accumulate(adj, target, k, leaf(s.b, contribution, k))


def _load(s: Sweep, op: Op, g: list[Leaf], env: Env, adj: Adjoints) -> None:
    shadow = s.shadow(env, op.args[0])
    if shadow is None:
        return
    root = s.root(op.args[0])
    if s.facts.is_ordered(root) and any(x is not None for x in g):
        raise _depends_on_order(s, op, root)
    element = _Element(s, shadow, [env[i] for i in op.args[1:]], op.attrs["offset"], op.results[0].type)
    if s.is_private(op.args[0]):
        element.add(g)
    else:
        element.add_atomically(g)


def _store(s: Sweep, op: Op, g: list[Leaf], env: Env, adj: Adjoints) -> None:
    """Takes the adjoint of the element, which before the store had no influence: zero."""
    shadow = s.shadow(env, op.args[0])
    if shadow is None:
        return
    indices, value = [env[i] for i in op.args[1:-1]], op.args[-1]
    element = _Element(s, shadow, indices, op.attrs["offset"], value.type)
    if value in s.active:
        for k, x in enumerate(element.read()):
            s.accumulate(adj, value, k, x)
    element.clear()


@dataclass(frozen=True)
class _Element:
    """An element of an array of adjoints, or a part of one; moved whole where it is all floats.

    Wide code moves whole elements in a fraction of the time that their scalars take one by one.
    """

    s: Sweep
    array: Value
    indices: list[Value]
    offset: int
    type: Type

    @property
    def scalars(self) -> tuple[Scalar, ...]:
        return layout.leaves(self.type)

    @property
    def is_whole(self) -> bool:
        return not isinstance(self.type, Scalar) and all(s.kind == "f" for s in self.scalars)

    def read(self) -> list[Leaf]:
        """Its leaves, None for those that are no floats."""
        b = self.s.b
        if self.is_whole:
            value = b.op("load", self.array, *self.indices, offset=self.offset, type=self.type)
            return [leaf(b, value, k) for k in range(len(self.scalars))]
        return [self._load(k) if s.kind == "f" else None for k, s in enumerate(self.scalars)]

    def _load(self, k: int) -> Value:
        place = self.offset + k
        return self.s.b.op("load", self.array, *self.indices, offset=place, type=self.scalars[k])

    def _write(self, k: int, x: Leaf) -> None:
        assert x is not None
        self.s.b.ops("store", self.array, *self.indices, x, offset=self.offset + k)

    def add(self, g: list[Leaf]) -> None:
        """Adds; nobody else may touch the element."""
        b = self.s.b
        if self.is_whole and sum(x is not None for x in g) > 1:
            sums = [self.s.plus(old, x) for old, x in zip(self.read(), g, strict=True)]
            b.ops("store", self.array, *self.indices, whole(b, self.type, sums), offset=self.offset)
            return
        for k, x in enumerate(g):
            if x is not None:
                self._write(k, self.s.plus(self._load(k), x))

    def add_atomically(self, g: list[Leaf]) -> None:
        """Adds, while others do."""
        b = self.s.b
        if self.is_whole and None not in g:
            b.ops("atomic", self.array, *self.indices, whole(b, self.type, g), op="add", offset=self.offset)
            return
        for k, x in enumerate(g):
            if x is not None:
                b.ops("atomic", self.array, *self.indices, x, op="add", offset=self.offset + k)

    def clear(self) -> None:
        """Sets it to zero."""
        b = self.s.b
        if self.is_whole:
            zero = b.op("zero", type=self.type)
            b.ops("store", self.array, *self.indices, zero, offset=self.offset)
            return
        for k, scalar in enumerate(self.scalars):
            if scalar.kind == "f":
                self._write(k, b.op("zero", type=scalar))


def _atomic(s: Sweep, op: Op, g: list[Leaf], env: Env, adj: Adjoints) -> None:
    shadow = s.shadow(env, op.args[0])
    if shadow is None or not carries_float(op.args[-1].type):
        return
    name, root = op.attrs["op"], s.root(op.args[0])
    if any(x is not None for x in g):
        raise _depends_on_order(s, op, root)
    if name in ("min", "max"):
        _extremum(s, op, env, adj, shadow)
        return
    if name != "add":
        raise refuse(
            f"atomic_{name} on {s.facts.name_of(root)}: which item writes last depends on their order",
            op.loc,
            "give each item an element of its own, or use atomic_add, atomic_min or atomic_max",
        )
    indices, value = [env[i] for i in op.args[1:-1]], op.args[-1]
    if value in s.active:
        for k, x in enumerate(_Element(s, shadow, indices, op.attrs["offset"], value.type).read()):
            s.accumulate(adj, value, k, x)


def _depends_on_order(s: Sweep, op: Op, root: Root) -> AdjointError:
    others = [a.op for a in s.facts.touching(root) if a.op.name == "atomic"]
    line = next((o.loc.line for o in others if o.loc is not None), "?")
    return refuse(
        f"a float read from {s.facts.name_of(root)} (line {op.loc.line if op.loc else '?'}) depends on the "
        f"order in which items reach the atomic in line {line}",
        op.loc,
        "read it in a launch of its own, or give each item an element of its own",
    )


def _extremum(s: Sweep, op: Op, env: Env, adj: Adjoints, shadow: Value) -> None:
    """To the value that won: the one that changed the element last, to what it holds after the launch.

    That is one item, also where several have equal values; if there is none the adjoint stays with what the
    element held before.
    """
    _check_reduction(s, op)
    b, name, value = s.b, op.attrs["op"], op.args[-1]
    indices, given, old = [env[i] for i in op.args[1:-1]], env[value], env[op.results[0]]
    for k, scalar in enumerate(layout.leaves(value.type)):
        offset = op.attrs["offset"] + k
        mine, before = leaf(b, given, k), leaf(b, old, k)
        final = b.op("load", s.finals[env[op.args[0]]], *indices, offset=offset, type=scalar)
        kept = b.op("le" if name == "min" else "ge", before, mine)
        won = b.op("and", b.op("not", kept), b.op("eq", mine, final))
        with b.region() as yes:
            x = b.op("load", shadow, *indices, offset=offset, type=scalar)
            b.ops("store", shadow, *indices, b.op("zero", type=scalar), offset=offset)
            yes.yields = (x,)
        with b.region() as no:
            no.yields = (b.op("zero", type=scalar),)
        (x,) = b.ops("if", won, regions=(yes, no), types=(scalar,))
        s.accumulate(adj, value, k, x)


def _check_reduction(s: Sweep, op: Op) -> None:
    root = s.root(op.args[0])
    for access in s.facts.touching(root):
        other = access.op
        if access.writes and (other.name != "atomic" or other.attrs["op"] != op.attrs["op"]):
            raise refuse(
                f"{s.facts.name_of(root)} is changed by atomic_{op.attrs['op']} "
                f"(line {op.loc.line if op.loc else '?'}) and otherwise "
                f"(line {other.loc.line if other.loc else '?'})",
                op.loc,
                "use one array for each, or one launch",
            )


def _call(s: Sweep, op: Op, g: list[Leaf], env: Env, adj: Adjoints) -> None:
    """Calls the function's own derivative; only such functions are still calls."""
    callee = op.attrs["callee"]
    if callee.gradient is None or all(x is None for x in g):
        return
    check_reach(s.facts, op)
    at, seeds = 0, []
    for result in op.results:
        count = len(layout.leaves(result.type))
        if carries_float(result.type):
            seeds.append(whole(s.b, result.type, g[at : at + count]))
        at += count
    found = list(_called(s.b, callee.gradient(), [*(env[a] for a in op.args), *seeds]))
    for arg in op.args:
        if carries_float(arg.type):
            _all_leaves(s, adj, arg, found.pop(0))


def check_reach(facts: Analysis, op: Op) -> None:
    """Refuses a call whose derivative by hand leaves out an array that is differentiable."""
    for root in {a.root for a in facts.accesses if a.op is op} & facts.roots:
        name = op.attrs["callee"].name
        raise refuse(
            f"{name}() has a derivative by hand, which does not reach {facts.name_of(root)}",
            op.loc,
            "read it in the kernel and pass the value",
        )


def _called(b: Builder, gradient: Func, args: list[Value]) -> tuple[Value, ...]:
    """A derivative by hand: its body if that is short, as it may compute what was computed before."""
    ops = list(walk(gradient.body))
    if len(ops) > _SHORT or any(op.name in ("for", "while", *REPORTS) for op in ops):
        return b.ops("call", *args, callee=gradient)
    return placed(gradient, args, b.block.ops)


_SHORT = 40  # operations


def _nothing(s: Sweep, op: Op, g: list[Leaf], env: Env, adj: Adjoints) -> None:
    """No float flows through."""


def _never(s: Sweep, op: Op, g: list[Leaf], env: Env, adj: Adjoints) -> None:
    raise AssertionError(f"{op.name} is reversed by the sweep")


_CONSTANT = (
    "const zero idiv mod floor ceil trunc rint and or xor not shl shr lt le gt ge eq ne bitcast "
    "view slice front components array_at local shape address tid assert print"
)

DIFFERENTIATE: dict[str, Rule] = {
    **dict.fromkeys(PARTIALS, _componentwise),
    **dict.fromkeys(_CONSTANT.split(), _nothing),
    **dict.fromkeys(("if", "for", "while"), _never),  # adjoint_sweep.py, adjoint_loops.py
    "select": _select,
    "cast": _cast,
    "make": _make,
    "splat": _splat,
    "extract": _extract,
    "insert": _insert,
    "pick": _pick,
    "put": _put,
    "load": _load,
    "store": _store,
    "atomic": _atomic,
    "call": _call,
}
