"""A kernel with calls put in place and nothing in it computed twice, or known already.

Wide code is written from it. What library functions have in common shows only once their bodies are in
place: the sine and the cosine of an angle share its reduction and both polynomials, a rotation by a constant
angle is constant. Each operation is looked up when it is copied, so that the work saved pays for the search.

* an operation or call without effect that was made before, in this block or around it, is not made again,
* a load likewise, where nothing is written in between,
* a scalar operation on constants is computed by the interpreter, which defines its result,
* of an `if` whose condition is known only the taken region is left,
* a part taken out of a composite that was just made is what the composite was made of.

Source: Click, "Global code motion, global value numbering", PLDI 1995; here on structured control flow.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

from robokern.compiler.fold import folded
from robokern.compiler.inline import Env, Inliner, is_pure
from robokern.compiler.simplify import without_dead
from robokern.ir import layout
from robokern.ir.nodes import Block, Func, Op, Value, walk
from robokern.ir.ops import OPS

_Key = tuple[Hashable, ...]
_SHARED = frozenset(n for n, p in OPS.items() if not p.effect)
_WRITES = frozenset({"store", "atomic"})
_KEPT = frozenset({"const", "make", "splat"})


def condensed(func: Func, keeps: Callable[[Func], bool]) -> Func:
    """The function with all calls replaced but those that `keeps` names; `func` stays as it is."""
    made = _Condenser(func, keeps, lambda callee: callee, {}).run()
    return replace(made, body=without_dead(made.body))


@dataclass
class _Condenser(Inliner):
    known: dict[_Key, tuple[Value, ...]] = field(default_factory=dict)
    added: list[_Key] = field(default_factory=list)  # to `known`, in this order
    made: dict[Value, Op] = field(default_factory=dict)  # constants and composites
    writes: int = 0  # what was written so far; loads are equal only where this is

    def block(self, block: Block, env: Env, owner: Func) -> Block:
        before = len(self.added)
        made = super().block(block, env, owner)
        for key in self.added[before:]:
            del self.known[key]
        del self.added[before:]
        return made

    def ops(self, block: Block, env: Env, owner: Func, out: list[Op]) -> None:
        for op in block.ops:
            name = op.name
            if name in _SHARED:
                self.shared(op, 0, env, out)
            elif name == "load":
                self.shared(op, self.writes, env, out)
            elif name == "call":
                self.called(op, env, owner, out)
            elif name == "if":
                self.branch(op, env, owner, out)
            else:
                self.effect(op, env, owner, out)

    def shared(self, op: Op, when: int, env: Env, out: list[Op]) -> None:
        """Enters what equals the op's results; makes the op where there is nothing yet."""
        args = tuple([env[a] for a in op.args])
        key = (op.name, when, args, _attributes(op)) if op.attrs else (op.name, when, args)
        found = self.known.get(key)
        if found is None:
            found = self.simpler(op, args) or self.new(op, args, out)
            self.known[key] = found
            self.added.append(key)
        if len(found) == 1:
            env[op.results[0]] = found[0]
        else:
            env.update(zip(op.results, found, strict=True))

    def remember(self, key: _Key, found: tuple[Value, ...]) -> None:
        self.known[key] = found
        self.added.append(key)

    def new(self, op: Op, args: tuple[Value, ...], out: list[Op]) -> tuple[Value, ...]:
        results = tuple([Value(r.type) for r in op.results])
        made = Op(op.name, args, results, op.attrs, (), op.loc)
        if args and args[0] in self.made and (known := folded(made, self.made)) is not None:
            made = Op("const", (), results, {"value": known, "type": results[0].type}, (), op.loc)
        if made.name in _KEPT:
            self.made[results[0]] = made
        out.append(made)
        return results

    def simpler(self, op: Op, args: tuple[Value, ...]) -> tuple[Value, ...] | None:
        """A value there is already that equals the op's result."""
        if op.name == "select":
            return self.chosen(*args)
        return self.part(op, self.made.get(args[0])) if op.name == "extract" else None

    def chosen(self, condition: Value, yes: Value, no: Value) -> tuple[Value, ...] | None:
        known = self.truth(condition)
        if yes is no:
            return (yes,)
        return None if known is None else (yes if known else no,)

    def part(self, op: Op, whole: Op | None) -> tuple[Value, ...] | None:
        """What `extract` takes out."""
        type = op.attrs["type"]
        if whole is None or whole.name == "const":
            return None
        if whole.name == "splat":
            return whole.args if whole.args[0].type == type else None
        at = 0
        for value in whole.args:
            if at == op.attrs["offset"] and value.type == type:
                return (value,)
            at += len(layout.leaves(value.type))
        return None

    def truth(self, condition: Value) -> bool | None:
        made = self.made.get(condition)
        return bool(made.attrs["value"]) if made is not None and made.name == "const" else None

    def called(self, op: Op, env: Env, owner: Func, out: list[Op]) -> None:
        callee = op.attrs["callee"]
        key = ("call", callee, *(env[a] for a in op.args))
        found = self.known.get(key)
        if found is not None:
            env.update(zip(op.results, found, strict=True))
            return
        if self.keeps(callee):
            out.append(self.copy(op, env, owner))
        else:
            self.call(op, env, out)
        if is_pure(callee):
            self.remember(key, tuple(env[r] for r in op.results))

    def branch(self, op: Op, env: Env, owner: Func, out: list[Op]) -> None:
        known = self.truth(env[op.args[0]])
        if known is None:
            out.append(self.copy(op, env, owner))
            return
        taken = op.regions[0 if known else 1]
        self.ops(taken, env, owner, out)
        env.update(zip(op.results, [env[v] for v in taken.yields], strict=True))

    def effect(self, op: Op, env: Env, owner: Func, out: list[Op]) -> None:
        # in a loop, what a turn reads first may have been written in the turn before
        self.writes += op.name in _WRITES or (bool(op.regions) and self.may_write(op))
        out.append(self.copy(op, env, owner))

    def may_write(self, op: Op) -> bool:
        names = (inner.name for region in op.regions for inner in walk(region))
        return any(name in _WRITES or name == "call" for name in names)


def _attributes(op: Op) -> tuple[Hashable, ...]:
    if op.name == "const":
        return repr(op.attrs["value"]), op.attrs["type"]  # -0.0 equals 0.0, 1 equals True
    return tuple(op.attrs.items())
