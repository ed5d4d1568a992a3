"""Puts the bodies of called functions in the place of the calls, so that one block of code has every effect.

Kept as calls are functions with a derivative of their own (`Func.gradient`), and functions of integers that
touch no memory.
"""

from __future__ import annotations

from dataclasses import replace

from robokern.ir import layout
from robokern.ir.nodes import Assert, Block, Func, Op, Value, callees, walk
from robokern.ir.types import Type

Env = dict[Value, Value]

MEMORY = frozenset({"load", "store", "atomic", "local", "array_at", "address"})
REPORTS = frozenset({"assert", "print"})


def carries_float(type: Type) -> bool:
    """Whether some leaf of the type is a float; elements of arrays do not count."""
    return any(leaf.kind == "f" for leaf in layout.leaves(type))


def cloned(op: Op, env: Env, regions: tuple[Block, ...]) -> Op:
    """The op with new results and its arguments looked up in `env`, where its results are entered."""
    results = tuple(Value(r.type) for r in op.results)
    new = Op(op.name, tuple(env.get(a, a) for a in op.args), results, op.attrs, regions, op.loc)
    env.update(zip(op.results, results, strict=True))
    return new


def inline(func: Func, reports: bool = False) -> Func:
    """The function with calls replaced by bodies, all values new.

    Args:
        reports: whether asserts and prints stay.
    """
    return _Inliner(func, reports).run()


def is_kept(callee: Func) -> bool:
    """Whether a call of this function stays a call."""
    if callee.gradient is not None:
        return True
    pure = not any(op.name in MEMORY for f in (callee, *callees(callee)) for op in walk(f.body))
    reports = any(op.name in REPORTS for f in (callee, *callees(callee)) for op in walk(f.body))
    return pure and not reports and not any(carries_float(p.type) for p in callee.params)


class _Inliner:
    def __init__(self, func: Func, reports: bool) -> None:
        self.func, self.reports = func, reports
        self.asserts: list[Assert] = []
        self.shared: dict[tuple[str, ...], tuple[Value, ...]] = {}  # constants and coordinates, made once
        self.head: list[Op] = []

    def run(self) -> Func:
        params = tuple(Value(p.type) for p in self.func.params)
        env = dict(zip(self.func.params, params, strict=True))
        body = self.block(self.func.body, env, self.func)
        body.ops[:0] = self.head
        return replace(self.func, params=params, body=body, asserts=self.asserts)

    def block(self, block: Block, env: Env, owner: Func) -> Block:
        params = tuple(Value(p.type) for p in block.params)
        env.update(zip(block.params, params, strict=True))
        ops: list[Op] = []
        self.ops(block, env, owner, ops)
        return Block(params, ops, tuple(env[v] for v in block.yields))

    def ops(self, block: Block, env: Env, owner: Func, out: list[Op]) -> None:
        for op in block.ops:
            if op.name == "call" and not is_kept(op.attrs["callee"]):
                self.call(op, env, out)
            elif op.name in ("const", "tid"):
                env.update(zip(op.results, self.hoisted(op), strict=True))
            elif op.name not in REPORTS or self.reports:
                regions = tuple(self.block(r, env, owner) for r in op.regions)
                out.append(self.numbered(cloned(op, env, regions), owner))

    def hoisted(self, op: Op) -> tuple[Value, ...]:
        """Results of a constant or of the coordinates, made at the top, where every index finds them."""
        key = (op.name, *map(repr, op.attrs.values()))
        if key not in self.shared:
            self.head.append(cloned(op, {}, ()))
            self.shared[key] = self.head[-1].results
        return self.shared[key]

    def numbered(self, op: Op, owner: Func) -> Op:
        if op.name == "assert":
            self.asserts.append(owner.asserts[op.attrs["index"]])
            op.attrs = {"index": len(self.asserts) - 1}
        return op

    def call(self, op: Op, env: Env, out: list[Op]) -> None:
        callee: Func = op.attrs["callee"]
        if callee.replay is not None and not self.reports:
            callee = callee.replay()
        inner = dict(zip(callee.params, (env[a] for a in op.args), strict=True))
        self.ops(callee.body, inner, callee, out)
        env.update(zip(op.results, (inner[v] for v in callee.body.yields), strict=True))
