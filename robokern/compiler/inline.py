"""A kernel without calls: every callee's body in the place of its call, all values new.

Wide code needs it: what is uniform in a callee depends on the call.
"""

from __future__ import annotations

from dataclasses import replace

from robokern.ir.nodes import Assert, Block, Func, Op, Value, callees, walk

Env = dict[Value, Value]


def inlined(func: Func) -> Func:
    """The function with every call replaced; asserts are numbered as `emit.assertions` lists them."""
    return _Inliner(func).run()


def inlined_size(func: Func) -> int:
    """Operations that `inlined` would give."""
    sizes: dict[Func, int] = {}
    for f in [*callees(func), func]:
        sizes[f] = sum(sizes[op.attrs["callee"]] if op.name == "call" else 1 for op in walk(f.body))
    return sizes[func]


class _Inliner:
    def __init__(self, func: Func) -> None:
        self.func = func
        self.asserts: list[Assert] = []
        self.first_assert: dict[Func, int] = {}
        for f in (func, *callees(func)):
            self.first_assert[f] = len(self.asserts)
            self.asserts += f.asserts

    def run(self) -> Func:
        params = tuple(Value(p.type) for p in self.func.params)
        body = self.block(self.func.body, dict(zip(self.func.params, params, strict=True)), self.func)
        return replace(self.func, params=params, body=body, asserts=self.asserts)

    def block(self, block: Block, env: Env, owner: Func) -> Block:
        params = tuple(Value(p.type) for p in block.params)
        env.update(zip(block.params, params, strict=True))
        ops: list[Op] = []
        self.ops(block, env, owner, ops)
        return Block(params, ops, tuple(env[v] for v in block.yields))

    def ops(self, block: Block, env: Env, owner: Func, out: list[Op]) -> None:
        for op in block.ops:
            if op.name == "call":
                self.call(op, env, out)
            else:
                out.append(self.copy(op, env, owner))

    def copy(self, op: Op, env: Env, owner: Func) -> Op:
        regions = tuple(self.block(region, env, owner) for region in op.regions)
        results = tuple(Value(r.type) for r in op.results)
        env.update(zip(op.results, results, strict=True))
        attrs = op.attrs
        if op.name == "assert":
            attrs = {**attrs, "index": attrs["index"] + self.first_assert[owner]}
        return Op(op.name, tuple(env[a] for a in op.args), results, attrs, regions, op.loc)

    def call(self, op: Op, env: Env, out: list[Op]) -> None:
        callee: Func = op.attrs["callee"]
        inner = dict(zip(callee.params, (env[a] for a in op.args), strict=True))
        self.ops(callee.body, inner, callee, out)
        env.update(zip(op.results, (inner[v] for v in callee.body.yields), strict=True))
