"""Reverse mode: from a kernel's Func to the Func that hands adjoints back through it.

The adjoint kernel computes the forward values again from the same arguments (*replay*), then goes backwards.
Its parameters are the kernel's own, then those that `Layout` lists. It works in place: it adds to the
adjoints of what was read, and takes and clears adjoints of what was overwritten; each item writes its own
share of the derivative by a value.

Exact through branches, dynamic loops (`adjoint_loops.py`), components, structs, calls and overwritten
variables; for arrays:

* An array the kernel only reads is read again: the caller passes what it held at the launch (`reads`).
* Stores to an array the kernel only writes are left out of the replay.
* An array it both reads and writes is replayed on a copy of what it held before the launch (`copies`); an
  element that a loop updates in place is carried by the loop (`adjoint_promote.py`).
* Results of atomics, and reads in loops of what the kernel overwrites, are written down by the forward launch
  (`forward`, `adjoint_record.py`) as far as the derivative needs them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from robokern.compiler.adjoint_activity import RAW, Access, Analysis, Root, refuse
from robokern.compiler.adjoint_inline import carries_float, inline
from robokern.compiler.adjoint_layout import Effects, Layout
from robokern.compiler.adjoint_private import without_private_atomics
from robokern.compiler.adjoint_promote import promote
from robokern.compiler.adjoint_record import Record, Recorder
from robokern.compiler.adjoint_rules import Adjoints, Env
from robokern.compiler.adjoint_share import share
from robokern.compiler.adjoint_sweep import Sweep, substitute
from robokern.compiler.inline import Path
from robokern.compiler.prune import prune
from robokern.compiler.simplify import simplify
from robokern.compiler.unify import unified
from robokern.errors import AdjointError
from robokern.ir import layout
from robokern.ir.nodes import Block, Func, Op, Value, walk
from robokern.ir.types import ArrayType, Struct, Type

Alias = tuple[int, ...]


@dataclass(frozen=True)
class Adjoint(Layout):
    """A kernel's reverse derivative.

    Attributes:
        func: the adjoint kernel; None if nothing flows back.
        forward: the kernel that fills the records, launched in place of the original; None: nothing to fill.
    """

    func: Func | None = None
    forward: Func | None = None


def effects(
    func: Func, active: frozenset[int], alias: Alias = (), values: frozenset[int] = frozenset()
) -> Effects:
    """What a kernel does to its arrays; `active` and `values` are differentiable before it.

    Raises:
        AdjointError: it hides a dependence.
    """
    own, _ = func.memo["read", alias] = _read(func, alias)  # `adjoint` will want the same
    with naming("kernel", func.name):
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
    asked = _Asked(func, _first(active, alias), ndim, shared, alias, values)
    choice = _Choice()
    with naming("kernel", func.name):
        while True:
            made = _Adjoint(asked, choice)
            found = made.run()
            if not made.missing:
                return found
            choice = made.more()


@contextmanager
def naming(kind: str, name: str) -> Iterator[None]:
    """Puts what is differentiated into the errors raised inside."""
    try:
        yield
    except AdjointError as error:
        if not error.message.startswith(kind):
            error.message = f"{kind} {name!r} {error.message}"
        raise


@dataclass(frozen=True)
class _Asked:
    func: Func
    active: frozenset[int]
    ndim: int
    shared: bool
    alias: Alias
    values: frozenset[int]


@dataclass(frozen=True)
class _Choice:
    """Which reads the forward launch writes down, and which arrays are not carried by loops."""

    reads: frozenset[Path] = frozenset()
    in_memory: frozenset[Root] = frozenset()


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


_Read = tuple[Func, dict[Op, Path]]


def _read(func: Func, alias: Alias) -> _Read:
    """The function with calls in place, and where its operations come from."""
    paths: dict[Op, Path] = {}
    return _merged(inline(func, paths=paths), alias), paths


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
    def __init__(self, asked: _Asked, choice: _Choice) -> None:
        self.asked, self.choice, self.ndim = asked, choice, asked.ndim
        # changed in place below
        read: _Read | None = asked.func.memo.pop(("read", asked.alias), None)
        self.func, self.paths = read or _read(asked.func, asked.alias)
        if not asked.shared:
            share(self.func)
        without_private_atomics(self.func, asked.shared, self.paths)
        promote(self.func, choice.in_memory)
        self.facts = self._analysis()
        self.records = self._follow([a for a in self.facts.accesses if self._is_recorded(a)])
        self.sweep = Sweep(self.facts, shared=asked.shared, records={r.op: r for r in self.records})
        self.missing: list[Op] = []  # reads that may find overwritten elements
        self.params: list[Value] = []
        self.names: list[str] = []

    def _analysis(self) -> Analysis:
        self.by = _floats(self.func, self.asked.values)
        return Analysis(self.func, roots_of(self.func, self.asked.active), set(self.by)).run()

    def _is_recorded(self, access: Access) -> bool:
        op = access.op
        if op.name == "atomic":
            return self.facts.is_used(op) or _is_reduction(self.facts, access)
        return self.paths.get(op) in self.choice.reads

    def _follow(self, accesses: list[Access]) -> list[Record]:
        """Puts into the function what finds the recorded results."""
        if not accesses:
            return []
        looped = [bool(a.loops) for a in accesses]
        records = Recorder(self.func, self.ndim, False).run([a.op for a in accesses], looped)
        self.facts = self._analysis()
        return records

    def run(self) -> Adjoint:
        """Writes the adjoint kernel; what `missing` holds afterwards has to be recorded first."""
        shadows = self._mirrored(self.sweep.shadows, {r for r in self.facts.roots if r[0] == "param"})
        reduced = {a.root for a in self.facts.accesses if _is_reduction(self.facts, a)}
        finals = self._mirrored(self.sweep.finals, reduced)
        body, shares = self._written()
        self.missing = [op for op in walk(body) if op.results and op.results[0] in self.sweep.risky]
        if self.missing:
            return Adjoint()
        used = {a for op in walk(body) for a in op.args}
        finals = {n: v for n, v in finals.items() if v in used}
        records = sorted((r for r in self.records if r.array in used), key=lambda r: r.count is not None)
        for prefix, params in (("adj", shadows), ("share", shares), ("final", finals)):
            for number, value in params.items():
                self._add(value, f"{prefix}_{self.func.names[number]}")
        for number, record in enumerate(records):
            self._add(record.array, f"saved_{number}")
            if record.count is not None:
                self._add(record.count, f"count_{number}")
        derived = replace(
            self._function(body),
            params=(*self.func.params, *self.params),
            names=(*self.func.names, *self.names),
        )
        reads, copies, hands_on = self._effects(derived)
        return Adjoint(
            shadows=tuple(shadows),
            values=tuple(shares),
            finals=tuple(finals),
            saved=tuple(r.array.type for r in records if r.count is None),  # type: ignore[misc]
            logs=tuple(r.op.results[0].type for r in records if r.count is not None),
            reads=reads,
            copies=copies,
            func=derived if hands_on else None,
            forward=self._forward(records) if records and hands_on else None,
        )

    def _mirrored(self, table: dict[Value, Value], roots: set[Root]) -> dict[int, Value]:
        """A second parameter, entered in a table of the sweep, for each that holds one of the arrays."""
        numbers = sorted({int(str(r[1])) for r in roots if r[0] == "param"})
        made = {n: Value(self.func.params[n].type) for n in numbers}
        table.update({self.func.params[n]: value for n, value in made.items()})
        return made

    def _add(self, param: Value, name: str) -> None:
        self.params.append(param)
        self.names.append(name)

    def _written(self) -> tuple[Block, dict[int, Value]]:
        """The code, without what nobody needs, and the arrays of shares."""
        env: Env = {p: p for p in self.func.params}
        adj: Adjoints = {}
        self.sweep.replay(self.func.body, env)
        self.sweep.reverse(self.func.body, env, adj)
        shares = self._write_shares(adj)
        made = self._function(Block((), [*self.sweep.hoisted, *self.sweep.b.body.ops], ()))
        return prune(simplify(unified(prune(made, self.func.params))), self.func.params).body, shares

    def _function(self, body: Block) -> Func:
        name = f"adjoint_{self.func.name}"
        return replace(
            self.func, name=name, body=body, asserts=[], contract=False, gradient=None, replay=None
        )

    def _write_shares(self, adj: Adjoints) -> dict[int, Value]:
        """Each item's share of the derivative by a value goes to its place in an array over the grid."""
        b = self.sweep.b
        made: dict[int, Value] = {}
        for number, param in enumerate(self.func.params):
            if param not in self.by:
                continue
            share = made[number] = Value(ArrayType(param.type, self.ndim))
            place, scalars = b.ops("tid", ndim=self.ndim), layout.leaves(param.type)
            for k, x in enumerate(adj.get(param, [None] * len(scalars))):
                if scalars[k].kind == "f":
                    b.ops("store", share, *place, self.sweep.filled(b.block, x, scalars[k]), offset=k)
        return made

    def _effects(self, derived: Func) -> tuple[frozenset[int], frozenset[int], bool]:
        """The kernel's own parameters that it reads, and overwrites; whether it writes to others."""
        facts = Analysis(derived, set()).traced()
        written = {a.root for a in facts.accesses if a.writes}
        if RAW in written:
            op = next(a.op for a in facts.accesses if a.writes and a.root == RAW)
            raise refuse("memory behind a handle is written", op.loc, "pass the array itself")
        own, count = (
            {int(str(a.root[1])) for a in facts.accesses if a.root[0] == "param"},
            len(self.func.params),
        )
        changed = {int(str(r[1])) for r in written if r[0] == "param"}
        mine = frozenset(n for n in own if n < count)
        return mine, mine & changed, any(n >= count for n in changed)

    def more(self) -> _Choice:
        """What to record as well, or to leave in memory, so that nothing is missing."""
        reads, arrays = set(self.choice.reads), set(self.choice.in_memory)
        for found in self.missing:
            read = self.sweep.risky[found.results[0]]
            if read in self.paths:
                reads.add(self.paths[read])
            else:
                arrays.add(self.sweep.root(read.args[0]))
        return _Choice(frozenset(reads), frozenset(arrays))

    def _forward(self, records: list[Record]) -> Func:
        """The kernel as it is launched, with what has to be recorded written to further parameters."""
        paths: dict[Op, Path] = {}
        func = inline(self.asked.func, reports=True, paths=paths)
        by = {path: op for op, path in paths.items()}
        for record in records:
            if self.paths[record.op] not in by:
                raise refuse("a function that stands for another (func_replay) changes arrays", record.op.loc)
        ops = [by[self.paths[r.op]] for r in records]
        made = Recorder(func, self.ndim, True).run(ops, [r.count is not None for r in records])
        params = [p for r in made for p in ([r.array] if r.count is None else [r.array, r.count])]
        names = tuple(f"saved_{k}" for k in range(len(params)))
        return simplify(
            replace(
                func, name=f"forward_{func.name}", params=(*func.params, *params), names=(*func.names, *names)
            )
        )


def _is_reduction(facts: Analysis, access: Access) -> bool:
    """Whether it is an `atomic_min` or `max` of floats that are differentiable."""
    op = access.op
    return op.name == "atomic" and op.attrs["op"] in ("min", "max") and access.root in facts.roots
