"""`if` and loops: which variables they carry, and what those are afterwards."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from robokern.compiler.desugar import RESULT
from robokern.compiler.lowering import (
    Lowering,
    describe,
    flatten,
    is_mergeable,
    is_weak,
    rebuild,
    same,
)
from robokern.compiler.unassigned import Undefined, flag
from robokern.ir.nodes import Block, Value
from robokern.ir.types import bool_


def branch(
    lo: Lowering, node: Any, condition: Value, then: Callable[[], Any], other: Callable[[], Any]
) -> Any:
    """Runs one of two pieces of code; gives what they return (both the same shape), variables merged."""
    before = dict(lo.env)
    blocks, envs = [], []
    for run in (then, other):
        lo.env = dict(before)
        with lo.builder.region() as block:
            lo.env["$value"] = run()
        blocks.append(block)
        envs.append(lo.env)
    lo.env = _merge(lo, node, condition, blocks, envs)
    return lo.env.pop("$value")


def _merge(
    lo: Lowering, node: Any, condition: Value, blocks: list[Block], envs: list[dict[str, Any]]
) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    shapes: dict[str, Any] = {}
    doubts: dict[str, str | None] = {}
    _flag_missing(lo, envs)
    yields: tuple[list[Value], list[Value]] = ([], [])
    for name in [*envs[0], *(n for n in envs[1] if n not in envs[0])]:
        a, b = (env.get(name, _MISSING) for env in envs)
        if same(a, b):
            merged[name] = a
        elif (pair := _unify(lo, node, name, a, b, blocks)) is None:
            merged[name] = next((x for x in (a, b) if isinstance(x, Undefined)), _differs(a, b))
        else:
            shapes[name] = a if not isinstance(a, Undefined) else b
            doubts[name] = _doubt(lo, a, b)
            yields[0].extend(pair[0])
            yields[1].extend(pair[1])
    for block, values in zip(blocks, yields, strict=True):
        block.yields = tuple(values)
    lo.builder.loc = lo.source.loc(node)
    types = tuple(v.type for v in yields[0])
    results = list(lo.builder.ops("if", condition, regions=tuple(blocks), types=types))
    for name, shape in shapes.items():
        merged[name] = rebuild(shape, results)
        if doubts[name]:
            lo.unassigned.note(name, flatten(merged[name]), str(doubts[name]))
    return merged


def _flag_missing(lo: Lowering, envs: list[dict[str, Any]]) -> None:
    """Flags, where they are checked, the variables that one branch alone assigns."""
    for own, other in (envs, envs[::-1]):
        for name in list(own) if lo.unassigned.checked else ():
            missing = isinstance(other.get(name, _MISSING), Undefined) or flag(name) in other
            if missing and not isinstance(own[name], Undefined):
                lo.unassigned.mark(own, name)


_MISSING = Undefined("it is assigned in one branch only")


def _doubt(lo: Lowering, a: Any, b: Any) -> str | None:
    """Why a variable that is one of two may have no value."""
    for side in (a, b):
        if isinstance(side, Undefined):
            return side.reason
    return lo.unassigned.reason([*flatten(a), *flatten(b)]) if lo.unassigned.reasons else None


def _differs(a: Any, b: Any) -> Undefined:
    return Undefined(f"it is {describe(a)} in one branch and {describe(b)} in the other")


def _unify(lo: Lowering, node: Any, name: str, a: Any, b: Any, blocks: list[Block]) -> Any:
    """Both sides' values as lists of Values of equal types; None when they cannot meet."""
    if isinstance(a, Undefined) != isinstance(b, Undefined):
        return _fill(lo, node, name, a, b, blocks)
    if not (is_mergeable(a) and is_mergeable(b)):
        return None
    left, right = flatten(a), flatten(b)
    if len(left) != len(right):
        return None
    sides: tuple[list[Value], list[Value]] = ([], [])
    for x, y in zip(left, right, strict=True):
        with reopened(lo, blocks[0]):
            sides[0].append(lo.value(x, node, y.type if isinstance(y, Value) else None))
        with reopened(lo, blocks[1]):
            sides[1].append(lo.value(y, node, sides[0][-1].type))
        if sides[0][-1].type != sides[1][-1].type:
            if not lo.unassigned.is_needed(name, node):
                return None
            what = "the result" if name.startswith("$") else repr(name)
            lo.fail(node, f"{what} is {sides[0][-1].type} in one branch and {sides[1][-1].type} in the other")
    return sides


def _fill(lo: Lowering, node: Any, name: str, a: Any, b: Any, blocks: list[Block]) -> Any:
    """A variable set on one side only: zero on the other."""
    missing = 0 if isinstance(a, Undefined) else 1
    known = flatten(b if missing == 0 else a)
    if not is_mergeable(tuple(known)) or not lo.unassigned.may_be_zero(name, node, types_of(known)):
        return None
    with reopened(lo, blocks[1 - missing]):
        values = [lo.value(x, node) for x in known]
    with reopened(lo, blocks[missing]):
        zeros = [lo.builder.op("zero", type=v.type) for v in values]
    return (zeros, values) if missing == 0 else (values, zeros)


@contextmanager
def reopened(lo: Lowering, block: Block) -> Iterator[None]:
    """Appends to a block that was closed before."""
    outer, lo.builder.block = lo.builder.block, block
    try:
        yield
    finally:
        lo.builder.block = outer


_INSIDE = Undefined("it is assigned only inside the loop")


def types_of(values: list[Any]) -> list[Any]:
    """The types of those values that have one."""
    return [v.type for v in values if hasattr(v, "type")]


class Retry(Exception):
    """A loop must be lowered again: these variables have to start with these types, or without a value."""

    def __init__(self, owner: Carry, types: dict[str, Any]) -> None:
        super().__init__(types)
        self.owner, self.types = owner, types


class Carry:
    """The variables that a loop hands from one turn to the next."""

    def __init__(self, lo: Lowering, node: Any, names: list[str], types: dict[str, Any]) -> None:
        self.lo, self.node, self.before = lo, node, dict(lo.env)
        self.shapes: dict[str, Any] = {}
        self.inits: list[Value] = []
        self.types = types
        self.doubts: dict[str, str] = {}
        for name in [*names, *(n for n in types if n not in names)]:
            self._start(name, types.get(name))

    def _start(self, name: str, types: Any) -> None:
        if name not in self.before:
            self.shapes[name] = types
            self.inits.extend(self.lo.builder.op("zero", type=t) for t in flatten(types))
            self.doubts[name] = _INSIDE.reason
            return
        value = self.before[name]
        self.shapes[name] = value
        doubt = self.lo.unassigned.reason(flatten(value)) if self.lo.unassigned.reasons else None
        if doubt:
            self.doubts[name] = doubt
        self.inits.extend(self.lo.value(x, self.node, types) for x in flatten(value))

    def params(self) -> tuple[Value, ...]:
        """Fresh values for a region's parameters."""
        return tuple(Value(v.type) for v in self.inits)

    def bind(self, values: tuple[Value, ...]) -> None:
        """Gives the variables these values."""
        remaining = list(values)
        for name, shape in self.shapes.items():
            value = self.lo.env[name] = rebuild(shape, remaining)
            if name in self.doubts:
                self.lo.unassigned.note(name, flatten(value), self.doubts[name])
            if is_weak(shape) and name in self.before and name not in self.types:
                self.lo.open_types[id(value)] = partial(self._restart, name)

    def _restart(self, name: str, type_: Any) -> Retry:
        return Retry(self, {name: type_})

    def collect(self) -> tuple[Value, ...]:
        """The variables' values at the end of a turn, of the types they started with.

        Raises:
            Retry: a literal's type, or a variable of the compiler's own, became known only now.
        """
        self._own_variables()
        values: list[Value] = []
        for name, shape in self.shapes.items():
            values.extend(self._ended(name, shape, len(values)))
        return tuple(values)

    def _own_variables(self) -> None:
        lo, node = self.lo, self.node
        new = [n for n in lo.env if n not in self.shapes and n not in self.before]
        found = {n: lo.env[n] for n in new if self._outlives(n, lo.env[n])}
        if lo.unassigned.checked:
            found.update({flag(n): lo.env.get(flag(n), True) for n in found})
        if found:
            values = {n: [lo.value(x, node) for x in flatten(v)] for n, v in found.items()}
            raise Retry(self, {n: rebuild(found[n], [v.type for v in values[n]]) for n in found})

    def _outlives(self, name: str, value: Any) -> bool:
        """Whether a variable that the loop assigns first is read after it."""
        if not is_mergeable(value) or (name.startswith("$") and not name.startswith(RESULT)):
            return False
        return self.lo.unassigned.may_be_zero(name, self.node, types_of(flatten(value)))

    def _ended(self, name: str, shape: Any, first: int) -> list[Value]:
        ended = self.lo.env[name]
        if not is_mergeable(ended) or len(flatten(ended)) != len(flatten(shape)):
            self._drop_if_done(name, _differs(shape, ended))
            self.lo.fail(
                self.node, f"{name!r} becomes {describe(ended)} in the loop", "use another name for it"
            )
        wanted = [v.type for v in self.inits[first : first + len(flatten(shape))]]
        values = [self.lo.value(x, self.node, t) for x, t in zip(flatten(ended), wanted, strict=True)]
        for value, want in zip(values, wanted, strict=True):
            if value.type != want:
                self._mismatch(name, value, want)
        return values

    def _mismatch(self, name: str, value: Value, want: Any) -> None:
        start = self.before.get(name)
        weak_kinds = "iu" if isinstance(start, int) else "f"
        if is_weak(start) and getattr(value.type, "kind", "") in weak_kinds:
            raise Retry(self, {name: value.type})
        reason = f"is {want} before the loop and {value.type} after a turn of it"
        self._drop_if_done(name, Undefined(f"it {reason}"))
        self.lo.fail(self.node, f"{name!r} {reason}", "cast one of them")

    def _drop_if_done(self, name: str, without: Undefined) -> None:
        """A name that the loop uses for something else, and that nobody reads after it, is not carried."""
        if not self.lo.unassigned.is_needed(name, self.node):
            raise Retry(self, {name: without})

    def finish(self, results: tuple[Value, ...]) -> None:
        """Variables after the loop: carried ones as it left them, its own ones without a value."""
        inside = self.lo.env
        self.lo.env = dict(self.before)
        for name in inside:
            if name not in self.before:
                self.lo.env[name] = _INSIDE
        self.bind(results)


def carry_loop(
    lo: Lowering, node: Any, names: list[str], attempt: Callable[[Carry], tuple[Value, ...]]
) -> None:
    """Lowers a loop; again when it turns out that a variable must start with another type."""
    types: dict[str, Any] = {}
    names = [*names, *(flag(n) for n in names)]
    mergeable = [n for n in names if n in lo.env and is_mergeable(lo.env[n])]
    block, env, asserts = lo.builder.block, dict(lo.env), len(lo.asserts)
    length = len(block.ops)
    while True:
        carry = Carry(lo, node, mergeable, types)
        try:
            carry.finish(attempt(carry))
            return
        except Retry as retry:
            if retry.owner is not carry:
                raise
            dropped = {n: x for n, x in retry.types.items() if isinstance(x, Undefined)}
            env.update(dropped)
            mergeable = [n for n in mergeable if n not in dropped]
            types.update({n: x for n, x in retry.types.items() if n not in dropped})
            lo.builder.block, lo.env = block, dict(env)
            del block.ops[length:], lo.asserts[asserts:]


def while_loop(lo: Lowering, node: ast.While, names: list[str], body: Callable[[], None]) -> None:
    """`while test: body`."""

    def attempt(carry: Carry) -> tuple[Value, ...]:
        with lo.builder.region(carry.params()) as test:
            carry.bind(test.params)
            going = lo.value(lo.condition(node.test), node.test, bool_)
            test.yields = (going, *carry.collect())
        with lo.builder.region(carry.params()) as turn:
            carry.bind(turn.params)
            body()
            turn.yields = carry.collect()
        lo.builder.loc = lo.source.loc(node)
        return lo.builder.ops("while", *carry.inits, regions=(test, turn))

    carry_loop(lo, node, names, attempt)


def for_loop(
    lo: Lowering,
    node: ast.For,
    bounds: tuple[Value, Value, Value],
    names: list[str],
    body: Callable[[Value], None],
) -> None:
    """`for counter in range(*bounds): body(counter)`."""

    def attempt(carry: Carry) -> tuple[Value, ...]:
        counter = Value(bounds[0].type)
        with lo.builder.region((counter, *carry.params())) as turn:
            carry.bind(turn.params[1:])
            body(counter)
            turn.yields = carry.collect()
        lo.builder.loc = lo.source.loc(node)
        return lo.builder.ops("for", *bounds, *carry.inits, regions=(turn,))

    carry_loop(lo, node, names, attempt)
