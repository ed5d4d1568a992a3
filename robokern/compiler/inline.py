"""A kernel with calls replaced by their callees' bodies, all values new.

Wide code needs it, as what is uniform in a callee depends on the call; derivatives need it, as one block of
code then has every effect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from robokern.ir.nodes import Assert, Block, Func, Op, Value, called, callees, remembered, walk

_EFFECTS = frozenset({"load", "store", "atomic", "local", "array_at", "address", "assert", "print"})

Env = dict[Value, Value]
Path = tuple[
    int, ...
]  # which op of the program an inlined one is: identities of the calls around it, and its own


def inlined(
    func: Func,
    keeps: Callable[[Func], bool] = lambda callee: False,
    stands_for: Callable[[Func], Func] = lambda callee: callee,
    paths: dict[Op, Path] | None = None,
) -> Func:
    """The function with calls replaced; asserts are numbered as `emit.assertions` lists those of `func`.

    Args:
        func: the function; it stays as it is.
        keeps: which callees stay called.
        stands_for: the function whose body is put in a callee's place.
        paths: filled with the path of each op in the result.
    """
    return Inliner(func, keeps, stands_for, {} if paths is None else paths).run()


def inlined_size(func: Func) -> int:
    """Operations that `inlined` would give."""
    return sum(
        remembered(op.attrs["callee"], "inlined size", inlined_size) if op.name == "call" else 1
        for op in walk(func.body)
    )


def is_pure(func: Func) -> bool:
    """Whether equal calls of a function that others call give equal results and do nothing else."""
    return bool(remembered(func, "is pure", _is_pure))


def _is_pure(func: Func) -> bool:
    own = not any(op.name in _EFFECTS for op in walk(func.body))
    return own and all(map(is_pure, called(func)))


def placed(func: Func, args: list[Value], out: list[Op]) -> tuple[Value, ...]:
    """Appends the body of a function, which asserts nothing; calls in it stay. Gives its results."""
    env = dict(zip(func.params, args, strict=True))
    Inliner(func, lambda callee: True, lambda callee: callee, {}).ops(func.body, env, func, out)
    return tuple(env[v] for v in func.body.yields)


def stays_called(callee: Func) -> bool:
    """Whether wide code calls it, lane by lane: it is cold, and computes results from numbers only."""
    if not callee.cold or not is_pure(callee):
        return False
    return not any(op.name == "tid" for f in (callee, *callees(callee)) for op in walk(f.body))


def cloned(op: Op, env: Env, regions: tuple[Block, ...]) -> Op:
    """The op with new results and its arguments looked up in `env`, where its results are entered."""
    results = tuple([Value(r.type) for r in op.results])
    new = Op(op.name, tuple([env.get(a, a) for a in op.args]), results, op.attrs, regions, op.loc)
    env.update(zip(op.results, results, strict=True))
    return new


@dataclass
class Inliner:
    """Copies a function, see `inlined`."""

    func: Func
    keeps: Callable[[Func], bool]
    stands_for: Callable[[Func], Func]
    paths: dict[Op, Path]
    around: Path = ()
    asserts: list[Assert] = field(default_factory=list)
    first_assert: dict[Func, int] = field(default_factory=dict)

    def run(self) -> Func:
        for f in (self.func, *callees(self.func)):
            self._number(f)
        params = tuple(Value(p.type) for p in self.func.params)
        body = self.block(self.func.body, dict(zip(self.func.params, params, strict=True)), self.func)
        return replace(self.func, params=params, body=body, asserts=self.asserts)

    def _number(self, func: Func) -> None:
        if func not in self.first_assert:
            self.first_assert[func] = len(self.asserts)
            self.asserts += func.asserts

    def block(self, block: Block, env: Env, owner: Func) -> Block:
        params = tuple(Value(p.type) for p in block.params)
        env.update(zip(block.params, params, strict=True))
        ops: list[Op] = []
        self.ops(block, env, owner, ops)
        return Block(params, ops, tuple(env[v] for v in block.yields))

    def ops(self, block: Block, env: Env, owner: Func, out: list[Op]) -> None:
        for op in block.ops:
            if op.name == "call" and not self.keeps(op.attrs["callee"]):
                self.call(op, env, out)
            else:
                out.append(self.copy(op, env, owner))

    def copy(self, op: Op, env: Env, owner: Func) -> Op:
        regions = tuple([self.block(region, env, owner) for region in op.regions]) if op.regions else ()
        new = cloned(op, env, regions)
        if op.name == "assert":
            new.attrs = {**op.attrs, "index": op.attrs["index"] + self.first_assert[owner]}
        self.paths[new] = (*self.around, id(op))
        return new

    def call(self, op: Op, env: Env, out: list[Op]) -> None:
        callee = self.stands_for(op.attrs["callee"])
        for f in (callee, *callees(callee)):
            self._number(f)
        inner = dict(zip(callee.params, (env[a] for a in op.args), strict=True))
        self.around, outer = (*self.around, id(op)), self.around
        self.ops(callee.body, inner, callee, out)
        self.around = outer
        env.update(zip(op.results, (inner[v] for v in callee.body.yields), strict=True))
