"""Reverse mode: from a kernel's Func to the Func that hands adjoints back through it.

The adjoint kernel computes the forward values again from the same arguments (*replay*), then goes backwards.
Its parameters are the kernel's own, then the adjoint arrays, then an array over the grid for each argument by
value whose derivative is asked for, then what the forward launch saved. It works in place: it adds to the
adjoints of what was read, and takes and clears adjoints of what was overwritten; each item writes its own
share of the derivative by a value.

Exact through branches, dynamic loops (`adjoint_loops.py`), components, structs, calls and overwritten
variables; for arrays:

* An array the kernel only reads is read again: the caller passes what it held at the launch (`reads`).
* Stores to an array the kernel only writes are left out of the replay.
* An array it both reads and writes is replayed on a copy of what it held before the launch (`copies`). In a
  loop this works where the loop touches one element of it, known before (`adjoint_promote.py`), else
  AdjointError.
* The result of an atomic is saved by the forward launch (`forward`), one per item, and not computed again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from robokern.compiler.adjoint_activity import RAW, Access, Analysis, Root
from robokern.compiler.adjoint_inline import carries_float, inline
from robokern.compiler.adjoint_promote import promote
from robokern.compiler.adjoint_rules import Adjoints, Env
from robokern.compiler.adjoint_sweep import Sweep, substitute
from robokern.compiler.builder import Builder
from robokern.compiler.prune import prune
from robokern.compiler.simplify import simplify
from robokern.errors import AdjointError
from robokern.ir import layout
from robokern.ir.nodes import Block, Func, Op, Value, walk
from robokern.ir.types import ArrayType, Struct, Type

Alias = tuple[int, ...]


@dataclass(frozen=True)
class Effects:
    """Numbers of the array parameters that a kernel reads and writes, and that active ones flow to."""

    reads: frozenset[int]
    writes: frozenset[int]
    active: frozenset[int]


@dataclass(frozen=True)
class Adjoint:
    """A kernel's reverse derivative.

    Attributes:
        func: the adjoint kernel; None if nothing flows back.
        shadows: the parameters that have an adjoint array, in the order of those.
        values: the parameters by value that have an array of shares over the grid, in the order of those.
        saved: types of the arrays that the forward launch fills, over the grid.
        forward: the kernel that fills them, to be launched in place of the original; None: nothing to fill.
        reads: parameters whose elements the adjoint kernel reads.
        copies: those of them that it overwrites: it needs a copy.
    """

    func: Func | None
    shadows: tuple[int, ...]
    values: tuple[int, ...]
    saved: tuple[ArrayType, ...]
    forward: Func | None
    reads: frozenset[int]
    copies: frozenset[int]


def effects(
    func: Func, active: frozenset[int], alias: Alias = (), values: frozenset[int] = frozenset()
) -> Effects:
    """What a kernel does to its arrays; `active` and `values` are differentiable before it.

    Raises:
        AdjointError: it hides a dependence.
    """
    own = _merged(inline(func), alias)
    facts = Analysis(own, roots_of(func, _first(active, alias)), _floats(own, values)).run()
    numbers = {
        w: {int(str(a.root[1])) for a in facts.accesses if a.root[0] == "param" and a.writes is w}
        for w in (True, False)
    }
    reads = numbers[False] | {
        int(str(a.root[1])) for a in facts.accesses if a.op.name == "atomic" and a.root[0] == "param"
    }
    reached = frozenset(int(str(r[1])) for r in facts.roots if r[0] == "param")
    return Effects(frozenset(reads), frozenset(numbers[True]), reached)


def adjoint(
    func: Func,
    active: frozenset[int],
    ndim: int,
    shared: bool = False,
    alias: Alias = (),
    values: frozenset[int] = frozenset(),
) -> Adjoint:
    """The reverse derivative of a kernel.

    Args:
        func: the kernel.
        active: numbers of the parameters (arrays, structs of arrays) that have adjoints to begin with.
        ndim: dimensions of the grid.
        shared: whether parameters may overlap in memory.
        alias: for each parameter the first one that is the same array; (): all differ.
        values: numbers of the parameters by value (numbers, vectors, structs) to differentiate by as well.

    Raises:
        AdjointError: it cannot be differentiated exactly.
    """
    return _Adjoint(func, _first(active, alias), ndim, shared, alias, values).run()


def _floats(func: Func, numbers: frozenset[int]) -> set[Value]:
    """The given parameters, as far as they carry floats themselves."""
    return {func.params[n] for n in numbers if carries_float(func.params[n].type)}


def _first(numbers: frozenset[int], alias: Alias) -> frozenset[int]:
    return frozenset(alias[n] if alias else n for n in numbers)


def _merged(func: Func, alias: Alias) -> Func:
    """The function with parameters that are one array made one value; its values must be its own."""
    by = {func.params[n]: func.params[first] for n, first in enumerate(alias) if n != first}
    if by:
        substitute(func.body, lambda v: by.get(v, v))
    return func


def roots_of(func: Func, active: frozenset[int]) -> set[Root]:
    """The differentiable arrays in the given parameters."""
    found: set[Root] = set()
    for number in active:
        found |= {
            ("param", number, at)
            for at, type in _arrays(func.params[number].type, 0)
            if carries_float(type.dtype)
        }
    return found


def _arrays(type: Type, at: int) -> list[tuple[int, ArrayType]]:
    """Arrays in a value of this type, and the leaf each begins at."""
    if isinstance(type, ArrayType):
        return [(at, type)]
    if not isinstance(type, Struct):
        return []
    return [
        found
        for name, field in type.fields
        for found in _arrays(field, at + layout.field_leaf(type, name)[0])
    ]


class _Adjoint:
    def __init__(
        self,
        func: Func,
        active: frozenset[int],
        ndim: int,
        shared: bool,
        alias: Alias,
        values: frozenset[int],
    ) -> None:
        self.original, self.ndim = func, ndim
        self.func = promote(_merged(inline(func), alias))
        by = _floats(self.func, values)
        self.facts = Analysis(self.func, roots_of(func, active), set(by)).run()
        self.sweep = Sweep(self.facts, shared=shared)
        self.shadows: list[int] = []
        self.values = tuple(n for n, p in enumerate(self.func.params) if p in by)
        self.params: list[Value] = []
        self.names: list[str] = []

    def run(self) -> Adjoint:
        env: Env = {p: p for p in self.func.params}
        self._add_shadows()
        shares = self._add_shares()
        kept = self._add_saved()
        self.sweep.replay(self.func.body, env)
        adj: Adjoints = {}
        self.sweep.reverse(self.func.body, env, adj)
        self._write_shares(shares, adj)
        body = Block((), [*self.sweep.hoisted, *self.sweep.b.body.ops], ())
        derived = replace(
            self.func,
            name=f"adjoint_{self.func.name}",
            params=(*self.func.params, *self.params),
            names=(*self.func.names, *self.names),
            body=body,
            asserts=[],
            contract=False,
            gradient=None,
            replay=None,
        )
        derived = prune(simplify(prune(derived, self.func.params)), self.func.params)
        self._check(derived)
        used = self._accesses(derived)
        if not any(
            a.writes and a.root[0] == "param" and int(str(a.root[1])) >= len(self.func.params) for a in used
        ):
            return Adjoint(None, tuple(self.shadows), (), (), None, frozenset(), frozenset())
        own = [a for a in used if a.root[0] == "param" and int(str(a.root[1])) < len(self.func.params)]
        reads = frozenset(int(str(a.root[1])) for a in own)
        copies = frozenset(int(str(a.root[1])) for a in own if a.writes)
        types = tuple(v.type for v in kept)
        forward = self._forward(list(self.sweep.saved)) if kept else None
        shadows = tuple(self.shadows)
        return Adjoint(derived, shadows, self.values, types, forward, reads, copies)  # type: ignore[arg-type]

    def _accesses(self, func: Func) -> list[Access]:
        return Analysis(func, set()).run().accesses

    def _add_shadows(self) -> None:
        for number in sorted({int(str(r[1])) for r in self.facts.roots if r[0] == "param"}):
            param = self.func.params[number]
            shadow = Value(param.type)
            self.sweep.shadows[param] = shadow
            self.shadows.append(number)
            self._add(shadow, f"adj_{self.func.names[number]}")

    def _add_shares(self) -> list[Value]:
        """An array over the grid for each argument by value: what every item adds to its derivative."""
        made = [Value(ArrayType(self.func.params[n].type, self.ndim)) for n in self.values]
        for number, share in zip(self.values, made, strict=True):
            self._add(share, f"share_{self.func.names[number]}")
        return made

    def _write_shares(self, shares: list[Value], adj: Adjoints) -> None:
        b = self.sweep.b
        for number, share in zip(self.values, shares, strict=True):
            param = self.func.params[number]
            scalars = layout.leaves(param.type)
            place = b.ops("tid", ndim=self.ndim)
            for k, (x, scalar) in enumerate(zip(adj.get(param, [None] * len(scalars)), scalars, strict=True)):
                if scalar.kind == "f":
                    b.ops("store", share, *place, b.op("zero", type=scalar) if x is None else x, offset=k)

    def _add_saved(self) -> list[Value]:
        """A parameter for the results of each atomic that the kernel uses."""
        kept: list[Value] = []
        for access in self.facts.accesses:
            op = access.op
            if op.name != "atomic" or not self.facts.is_used(op):
                continue
            if access.loops:
                raise self._located(
                    op, "the result of an atomic is used in a loop", "take it out of the loop"
                )
            saved = Value(ArrayType(op.results[0].type, self.ndim))
            self.sweep.saved[op] = saved
            self._add(saved, f"saved_{len(kept)}")
            kept.append(saved)
        return kept

    def _add(self, param: Value, name: str) -> None:
        self.params.append(param)
        self.names.append(name)

    def _located(self, op: Op, what: str, hint: str) -> AdjointError:
        from robokern.compiler.adjoint_activity import refuse

        return refuse(f"kernel {self.original.name!r}: {what}", op.loc, hint)

    def _check(self, derived: Func) -> None:
        """No turn of a loop may be replayed from an array that the kernel has overwritten since."""
        for op in walk(derived.body):
            if op.name == "load" and op.results[0] in self.sweep.risky:
                raise self._overwritten(op)
        for access in self._accesses(derived):
            if access.writes and access.root[0] == "param" and access.root[2] != 0:
                raise self._located(
                    access.op, "an array in a struct is read and written", "pass the array itself"
                )
            if access.root == RAW and access.writes:
                raise self._located(access.op, "memory behind a handle is written", "pass the array itself")

    def _overwritten(self, read: Op) -> AdjointError:
        number = self.func.params.index(self._param_of(read))
        name, root = self.func.names[number], ("param", number, 0)
        write = next(a.op for a in self.facts.touching(root) if a.writes)
        line = write.loc.line if write.loc else "?"
        return self._located(
            read,
            f"array {name!r} is read in a loop (line {read.loc.line if read.loc else '?'}) and overwritten "
            f"(line {line}), and the old values are not kept",
            "read it into a variable before the loop, or write to another array",
        )

    def _param_of(self, op: Op) -> Value:
        value = op.args[0]
        made = {r: o for o in walk(self.sweep.b.body) for r in o.results}
        while value not in self.func.params:
            value = made[value].args[0]
        return value

    def _forward(self, saved: list[Op]) -> Func:
        """The kernel, with the results of its atomics written to arrays over the grid."""
        func = inline(self.original, reports=True)
        places = [op for op in walk(inline(self.original, reports=True).body) if op.name == "atomic"]
        atomics = [op for op in walk(func.body) if op.name == "atomic"]
        assert len(places) == len(atomics)
        uses = Analysis(func, set()).run()
        chosen = [op for op in atomics if uses.is_used(op)]
        params = [Value(ArrayType(op.results[0].type, self.ndim)) for op in saved]
        for op, param in zip(chosen, params, strict=True):
            _store_after(func.body, op, param, self.ndim)
        names = tuple(f"saved_{k}" for k in range(len(params)))
        return simplify(
            replace(
                func, name=f"forward_{func.name}", params=(*func.params, *params), names=(*func.names, *names)
            )
        )


def _store_after(block: Block, op: Op, array: Value, ndim: int) -> None:
    """Inserts the store of an op's result into the block that holds the op."""
    for place, candidate in enumerate(block.ops):
        if candidate is op:
            b = Builder()
            b.ops("store", array, *b.ops("tid", ndim=ndim), op.results[0], offset=0)
            block.ops[place + 1 : place + 1] = b.body.ops
            return
        for region in candidate.regions:
            _store_after(region, op, array, ndim)
