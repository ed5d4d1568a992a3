"""`mode="debug"`: every array access is checked first; one out of range is reported, not done.

The checked program has one parameter more, an int64 array of `REPORT` elements, into which the first
wrong access writes: number of the site + 1, the item's coordinates (4), the indices (5), the shape (5).
"""

from __future__ import annotations

from dataclasses import replace

from robokern.compiler.builder import Builder
from robokern.ir.nodes import Block, Func, Op, Value, callees
from robokern.ir.types import ArrayType, Type, int64

REPORT = 16
_INDEXED = {"load": 0, "store": 1, "atomic": 1, "view": 0}  # arguments behind the indices (cas: 2)


def check_bounds(func: Func) -> tuple[Func, list[Op]]:
    """The checked kernel, and the access behind each site number."""
    checker = _Checker(func.tid_ndim or 1)
    for callee in callees(func):
        checker.function(callee)
    return checker.function(func), checker.sites


class _Checker:
    def __init__(self, ndim: int) -> None:
        self.ndim = ndim
        self.sites: list[Op] = []
        self.done: dict[int, Func] = {}

    def function(self, func: Func) -> Func:
        report = Value(ArrayType(int64, 1))
        body = self.block(func.body, report)
        names, params = (*func.names, "report"), (*func.params, report)
        checked = replace(func, params=params, names=names, body=body)
        self.done[id(func)] = checked
        return checked

    def block(self, block: Block, report: Value) -> Block:
        ops: list[Op] = []
        for op in block.ops:
            ops += self.op(op, report)
        return Block(block.params, ops, block.yields)

    def op(self, op: Op, report: Value) -> list[Op]:
        if op.name == "call":
            callee = self.done[id(op.attrs["callee"])]
            return [replace(op, args=(*op.args, report), attrs={**op.attrs, "callee": callee})]
        if op.regions:
            return [replace(op, regions=tuple(self.block(r, report) for r in op.regions))]
        return self.guarded(op, report) if op.name in _INDEXED else [op]

    def guarded(self, op: Op, report: Value) -> list[Op]:
        """`if indices are inside: op; else: report, and zeros for its results`."""
        self.sites.append(op)
        build = Builder()
        build.loc = op.loc
        behind = 2 if op.attrs.get("op") == "cas" else _INDEXED[op.name]
        indices = op.args[1 : len(op.args) - behind]
        wide = [_wide(build, i) for i in indices]
        shape = [_wide(build, build.op("shape", op.args[0], dim=d)) for d in range(len(indices))]
        inside = _inside(build, wide, shape)
        with build.region() as done:
            inner = build.ops(op.name, *op.args, **op.attrs)
            done.yields = inner
        with build.region() as wrong:
            self.report(build, report, wide, shape)
            wrong.yields = tuple(build.op("zero", type=r.type) for r in op.results)
        types: tuple[Type, ...] = tuple(r.type for r in op.results)
        attrs = {"types": types}
        build.block.ops.append(Op("if", (inside,), op.results, attrs, (done, wrong), op.loc))
        return build.block.ops

    def report(self, build: Builder, report: Value, indices: list[Value], shape: list[Value]) -> None:
        zero = build.const(0, int64)
        number = build.const(len(self.sites), int64)
        before = build.op("atomic", report, zero, zero, number, op="cas", offset=0)
        with build.region() as first:
            coordinates = [_wide(build, c) for c in build.ops("tid", ndim=self.ndim)]
            for start, values in ((1, coordinates), (5, indices), (10, shape)):
                for k, value in enumerate(values):
                    build.ops("store", report, build.const(start + k, int64), value, offset=0)
        with build.region() as later:
            pass
        build.ops("if", build.op("eq", before, zero), regions=(first, later), types=())


def _wide(build: Builder, value: Value) -> Value:
    return value if value.type == int64 else build.op("cast", value, type=int64)


def _inside(build: Builder, indices: list[Value], shape: list[Value]) -> Value:
    zero = build.const(0, int64)
    tests = []
    for index, length in zip(indices, shape, strict=True):
        tests += [build.op("ge", index, zero), build.op("lt", index, length)]
    inside = tests[0]
    for test in tests[1:]:
        inside = build.op("and", inside, test)
    return inside
