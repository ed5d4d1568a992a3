"""Replay and reverse sweep of blocks: what turns one block of a function into its derivative's code.

`replay` writes a block's operations again; `reverse` goes through them backwards and hands adjoints on by the
rows of `DIFFERENTIATE`. Adjoints are kept per leaf, None for zero, in a dict that belongs to one region;
what is left in it at the region's start are contributions to values from outside.

A branch is replayed once. Values in it that the reverse branch needs are yielded out of it (`_export`), so
nothing is computed twice and no store of the replay happens twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from robokern.compiler.adjoint_activity import RAW, Analysis, Origin, Root, refuse
from robokern.compiler.adjoint_inline import REPORTS
from robokern.compiler.adjoint_record import Record
from robokern.compiler.adjoint_rules import (
    DIFFERENTIATE,
    Adjoints,
    Env,
    Factor,
    Leaf,
    add,
    times,
    whole,
)
from robokern.compiler.adjoint_zeros import Known, note_zeros, without_zeros
from robokern.compiler.builder import Builder
from robokern.compiler.inline import cloned
from robokern.ir import layout
from robokern.ir.nodes import Block, Op, Value, walk
from robokern.ir.types import ArrayType, Struct, bfloat16, int64, scalar_of

_ARRAYS = frozenset({"view", "slice", "front", "components", "extract"})


@dataclass
class Sweep:
    """Writes the derivative of a function's blocks.

    Attributes:
        facts: what the function depends on.
        shadows: for each replayed array (or struct of arrays) the array of its elements' adjoints.
        finals: for each replayed array that atomic_min or max reduce, what it holds after the launch.
        records: ops whose results the forward launch has written down.
        hoisted: private arrays that live as long as the item: checkpoints.
        again: above 0 while a loop's turns are replayed a second time, for its reverse.
        risky: replayed reads that may find another value than the launch did, and the op of each.
        products: adjoints that are products, and their factors.
        zeros: leaves of replayed values that are zero whatever the arguments are.
        shared: whether arrays may overlap, so that no element is certain to belong to one item.
    """

    facts: Analysis
    shadows: dict[Value, Value] = field(default_factory=dict)
    finals: dict[Value, Value] = field(default_factory=dict)
    records: dict[Op, Record] = field(default_factory=dict)
    hoisted: list[Op] = field(default_factory=list)
    again: int = 0
    risky: dict[Value, Op] = field(default_factory=dict)
    products: dict[Leaf, tuple[Value, Value]] = field(default_factory=dict)
    zeros: Known = field(default_factory=dict)
    shared: bool = False
    b: Builder = field(default_factory=Builder)

    @property
    def active(self) -> set[Value]:
        """Values that have an adjoint."""
        return self.facts.active

    # arrays

    def root(self, array: Value) -> Root:
        """Where an array of the original function comes from."""
        return self.facts.origins.get(array, Origin(RAW)).root

    def shadow(self, env: Env, array: Value) -> Value | None:
        """The array of adjoints, None if the array is not active."""
        if self.root(array) not in self.facts.roots:
            return None
        found = self.shadows.get(env[array])
        if found is None:
            name = self.facts.name_of(self.root(array))
            raise refuse(
                f"{name}, or a struct that holds it, is assigned in a branch or loop",
                self.b.loc,
                "index it under the name it has outside",
            )
        return found

    def is_private(self, array: Value) -> bool:
        """Whether an element's adjoint belongs to one item."""
        root = self.root(array)
        return root[0] == "local" or (not self.shared and self.facts.is_private(root))

    def add_local(self, type: ArrayType, shape: tuple[int, ...]) -> Value:
        """A private array that every block sees."""
        made = Value(type)
        self.hoisted.append(Op("local", (), (made,), {"shape": shape, "type": type, "fill": False}, (), None))
        return made

    def constant(self, value: int) -> Value:
        """An int64 that every block sees."""
        made = Value(int64)
        self.hoisted.append(Op("const", (), (made,), {"value": value, "type": int64}, (), None))
        return made

    # adjoints

    def accumulate(self, adj: Adjoints, value: Value, k: int, g: Leaf) -> None:
        """Adds to the adjoint of a leaf, if the value has one."""
        if g is None or value not in self.active:
            return
        leaves = adj.setdefault(value, [None] * len(layout.leaves(value.type)))
        if layout.leaves(value.type)[k].kind == "f":
            leaves[k] = self.plus(leaves[k], g)

    def accumulate_product(self, adj: Adjoints, value: Value, k: int, g: Value, factor: Factor) -> None:
        """Adds g * factor."""
        if not isinstance(factor, Value) or scalar_of(g.type) == bfloat16:
            self.accumulate(adj, value, k, times(self.b, g, factor))
            return
        old = adj[value][k] if value in adj else None
        if old is not None:
            adj[value][k] = self.b.op("fma", g, factor, old)
            return
        product = self.b.op("mul", g, factor)
        self.products[product] = g, factor
        self.accumulate(adj, value, k, product)

    def plus(self, old: Leaf, new: Leaf) -> Leaf:
        """The sum of two adjoints; rounded once where one is a product, which then has no other use."""
        for product, other in ((new, old), (old, new)):
            if product in self.products and other is not None:
                return self.b.op("fma", *self.products[product], other)
        return add(self.b, old, new)

    # replay

    def replay(self, block: Block, env: Env) -> None:
        """Writes the operations again; `env` maps each value, and each `if` and loop, to its copy."""
        for op in block.ops:
            if op.name not in REPORTS:
                self.b.loc = op.loc
                self._replay_op(op, env)

    def _replay_op(self, op: Op, env: Env) -> None:
        if op.name == "if":
            self._replay_if(op, env)
        elif op.name in ("for", "while"):
            self._replay_loop(op, env)
        elif op in self.records:
            env[op.results[0]] = self._recorded(self.records[op], env)
        elif op.name in ("store", "atomic") and not self._is_reread(op):
            if op.results:
                env[op.results[0]] = self.b.op("zero", type=op.results[0].type)
        else:
            new = without_zeros(cloned(op, env, ()), self.zeros)
            if isinstance(new, Value):
                env[op.results[0]] = new
                return
            if op.name == "call" and op.attrs["callee"].replay is not None:
                new.attrs = {"callee": op.attrs["callee"].replay()}
            self.b.block.ops.append(new)
            note_zeros(new, self.zeros)
            if op.name == "load" and self._is_stale(op):
                self.risky[new.results[0]] = op
            if op.name == "call":
                self._check_call(op)
            self._replay_views(op, new)

    def _recorded(self, record: Record, env: Env) -> Value:
        place = [env[i] for i in record.place]
        return self.b.op("load", record.array, *place, offset=0, type=record.op.results[0].type)

    def _check_call(self, op: Op) -> None:
        """A derivative by hand reads arrays when all is over."""
        for root in (a.root for a in self.facts.accesses if a.op is op):
            if root[0] != "local" and self.facts.is_mixed(root):
                write = next(a.op for a in self.facts.touching(root) if a.writes)
                raise refuse(
                    f"{op.attrs['callee'].name}(), which has a derivative by hand, reads "
                    f"{self.facts.name_of(root)} (line {op.loc.line if op.loc else '?'}), overwritten "
                    f"(line {write.loc.line if write.loc else '?'})",
                    op.loc,
                    "write to another array",
                )

    def _is_stale(self, op: Op) -> bool:
        """Whether a replayed read may find another value than the launch did."""
        root = self.root(op.args[0])
        if root[0] == "local" or not self.facts.is_mixed(root):
            return False
        return self.again > 0 or not self._is_replayed(root)

    def _is_replayed(self, root: Root) -> bool:
        """Whether the replay changes an array as the launch did, on a copy of what it held."""
        return not (root is RAW or self.facts.in_struct(root) or self.facts.is_ordered(root))

    def _is_reread(self, op: Op) -> bool:
        """Whether the replay reads the array that a store writes; else the store is left out."""
        root = self.root(op.args[0])
        if root[0] == "local":
            return True
        return not self.again and self.facts.is_mixed(root) and self._is_replayed(root)

    def _replay_views(self, op: Op, new: Op) -> None:
        """The same view of the adjoints and of the final content."""
        if op.name == "local":
            if self.root(op.results[0]) in self.facts.roots:
                self.shadows[new.results[0]] = self.b.op("local", **{**op.attrs, "fill": True})
            return
        if op.name not in _ARRAYS or not isinstance(op.results[0].type, (ArrayType, Struct)):
            return
        for others in (self.shadows, self.finals):
            if new.args[0] in others:
                seen = self.b.op(op.name, others[new.args[0]], *new.args[1:], **op.attrs)
                others[new.results[0]] = seen

    def _replay_if(self, op: Op, env: Env) -> None:
        blocks, inner = [], []
        for region in op.regions:
            here = dict(env)
            with self.b.region() as block:
                self.replay(region, here)
                block.yields = tuple(here[v] for v in region.yields)
            blocks.append(block)
            inner.append(here)
        new = Op(
            "if",
            (env[op.args[0]],),
            tuple(Value(r.type) for r in op.results),
            dict(op.attrs),
            tuple(blocks),
            op.loc,
        )
        self.b.block.ops.append(new)
        env.update(zip(op.results, new.results, strict=True))
        env[op] = (new, inner)

    def _replay_loop(self, op: Op, env: Env) -> None:
        blocks = []
        for region in op.regions:
            here = dict(env)
            params = tuple(Value(p.type) for p in region.params)
            here.update(zip(region.params, params, strict=True))
            with self.b.region(params) as block:
                self.replay(region, here)
                block.yields = tuple(here[v] for v in region.yields)
            blocks.append(block)
        new = cloned(op, env, tuple(blocks))
        self.b.block.ops.append(new)
        env[op] = new

    # reverse

    def reverse(self, block: Block, env: Env, adj: Adjoints) -> None:
        """Goes backwards through a replayed block; `adj` holds adjoints of what it yields."""
        for op in reversed(block.ops):
            self.b.loc = op.loc
            if op.name in REPORTS:
                continue
            if op.name == "if":
                self._reverse_if(op, env, adj)
            elif op.name in ("for", "while"):
                from robokern.compiler.adjoint_loops import reverse_loop

                reverse_loop(self, op, env, adj)
            else:
                g = self.take(adj, op.results)
                if op.name in ("store", "atomic") or any(x is not None for x in g):
                    DIFFERENTIATE[op.name](self, op, g, env, adj)

    def take(self, adj: Adjoints, values: tuple[Value, ...]) -> list[Leaf]:
        """The adjoints of the values' leaves one after the other, removed from `adj`."""
        return [x for v in values for x in adj.pop(v, [None] * len(layout.leaves(v.type)))]

    def seed(self, adj: Adjoints, values: tuple[Value, ...], g: list[Leaf]) -> None:
        """Adds adjoints to values' leaves."""
        at = 0
        for value in values:
            for k in range(len(layout.leaves(value.type))):
                self.accumulate(adj, value, k, g[at + k])
            at += len(layout.leaves(value.type))

    def is_reversible(self, op: Op) -> bool:
        """Whether something differentiable happens in an op's regions."""
        return any(
            any(r in self.active for r in inner.results)
            or (inner.name in ("store", "atomic") and self.root(inner.args[0]) in self.facts.roots)
            for region in op.regions
            for inner in walk(region)
        ) or any(r in self.active for r in op.results)

    def _reverse_if(self, op: Op, env: Env, adj: Adjoints) -> None:
        g = self.take(adj, op.results)
        if not self.is_reversible(op):
            return
        new, inner = env[op]
        blocks, parts = [], []
        for region, here in zip(op.regions, inner, strict=True):
            part: Adjoints = {}
            with self.b.region() as block:
                self.seed(part, region.yields, g)
                self.reverse(region, here, part)
            blocks.append(block)
            parts.append(part)
        self._join(op, env, adj, blocks, parts)
        for number, block in enumerate(blocks):
            _export(new, number, block)

    def _join(self, op: Op, env: Env, adj: Adjoints, blocks: list[Block], parts: list[Adjoints]) -> None:
        """Contributions of both branches to values from outside, added to theirs."""
        places = [
            (value, k)
            for value in dict.fromkeys([*parts[0], *parts[1]])
            if value in env
            for k in range(len(layout.leaves(value.type)))
            if any(p.get(value, [None] * (k + 1))[k] is not None for p in parts)
        ]
        types = tuple(layout.leaves(v.type)[k] for v, k in places)
        for block, part in zip(blocks, parts, strict=True):
            values = [part.get(v, [None] * (k + 1))[k] for v, k in places]
            block.yields = tuple(self.filled(block, x, t) for x, t in zip(values, types, strict=True))
        results = self.b.ops("if", env[op.args[0]], regions=tuple(blocks), types=types)
        for (value, k), result in zip(places, results, strict=True):
            self.accumulate(adj, value, k, result)

    def filled(self, block: Block, x: Leaf, type: object) -> Value:
        """An adjoint as a value, in a block that is already closed."""
        if x is not None:
            return x
        outer, self.b.block = self.b.block, block
        made = self.b.op("zero", type=type)
        self.b.block = outer
        return made

    def joined(self, value: Value, g: list[Leaf]) -> Value:
        """An adjoint as one value of the value's type."""
        return whole(self.b, value.type, g)


def _export(replayed: Op, number: int, reverse: Block) -> None:
    """Yields out of a replayed branch what its reverse uses; views of arrays are made again."""
    made = {r: op for op in replayed.regions[number].ops for r in op.results}
    exported: dict[Value, Value] = {}
    views: list[Op] = []

    def outside(value: Value) -> Value:
        if value not in made:
            return value
        if value not in exported:
            if isinstance(value.type, (ArrayType, Struct)) and made[value].name in _ARRAYS:
                op = made[value]
                exported[value] = Value(value.type)
                args = tuple(outside(a) for a in op.args)
                views.append(replace(op, args=args, results=(exported[value],)))
            else:
                exported[value] = Value(value.type)
                _yield(replayed, number, value, exported[value])
        return exported[value]

    substitute(reverse, outside)
    reverse.ops[:0] = views


def _yield(op: Op, number: int, value: Value, result: Value) -> None:
    """One result more of a branch: a value from a region, zero from the other."""
    op.results = (*op.results, result)
    op.attrs = {**op.attrs, "types": (*op.attrs["types"], result.type)}
    for k, region in enumerate(op.regions):
        if k == number:
            region.yields = (*region.yields, value)
        else:
            zero = Value(value.type)
            region.ops.append(Op("zero", (), (zero,), {"type": value.type}, (), op.loc))
            region.yields = (*region.yields, zero)


def substitute(block: Block, by: Callable[[Value], Value]) -> None:
    """Replaces the values that a block and its regions use, in place."""
    for op in walk(block):
        op.args = tuple(by(a) for a in op.args)
        for region in op.regions:
            region.yields = tuple(by(v) for v in region.yields)
    block.yields = tuple(by(v) for v in block.yields)
