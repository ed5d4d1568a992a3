"""Checks that a Func is well formed: every rule that later passes rely on."""

from __future__ import annotations

from collections.abc import Callable

from robokern.ir.nodes import Block, Func, Op, Value, callees
from robokern.ir.ops import OPS, infer
from robokern.ir.types import Type, bool_


class VerifyError(AssertionError):
    """A Func breaks a rule of the IR: a bug in a pass, never the user's fault."""


def verify(func: Func) -> None:
    """Raises VerifyError at the first broken rule, here or in a callee."""
    for f in [*callees(func), func]:
        _Verifier(f).run()


class _Verifier:
    def __init__(self, func: Func) -> None:
        self.func = func
        self.made: set[int] = set()

    def run(self) -> None:
        for param in self.func.params:
            self.make(param)
        self.block(self.func.body, set())

    def fail(self, op: Op | None, message: str) -> None:
        where = f"{op.name} at {op.loc}" if op is not None else "block"
        raise VerifyError(f"{self.func.name}: {where}: {message}")

    def make(self, value: Value) -> None:
        if id(value) in self.made:
            self.fail(None, f"a {value.type} value is assigned twice")
        self.made.add(id(value))

    def block(self, block: Block, outer: set[int]) -> None:
        visible = outer | {id(p) for p in (*self.func.params, *block.params)}
        for param in block.params:
            self.make(param)
        for op in block.ops:
            self.op(op, visible)
        for value in block.yields:
            if id(value) not in visible:
                self.fail(None, f"yields a {value.type} that is not visible")

    def op(self, op: Op, visible: set[int]) -> None:
        if op.name not in OPS:
            self.fail(op, "no such primitive")
        for arg in op.args:
            if id(arg) not in visible:
                self.fail(op, f"uses a {arg.type} that is not visible")
        try:
            types = infer(op.name, tuple(a.type for a in op.args), op.attrs)
        except TypeError as error:
            self.fail(op, str(error))
        except KeyError as error:
            self.fail(op, f"lacks the attribute {error}")
        if types != tuple(r.type for r in op.results):
            self.fail(op, f"results should be {types}")
        self.regions(op, visible)
        for result in op.results:
            self.make(result)
            visible.add(id(result))

    def regions(self, op: Op, visible: set[int]) -> None:
        expected = _REGIONS[op.name](op) if op.name in _REGIONS else []
        if len(expected) != len(op.regions):
            self.fail(op, f"needs {len(expected)} regions")
        for region, (params, yields) in zip(op.regions, expected, strict=True):
            if tuple(p.type for p in region.params) != params:
                self.fail(op, "region parameters differ from what the op binds")
            if tuple(v.type for v in region.yields) != yields:
                self.fail(op, "region yields other types than the op returns")
            self.block(region, visible)


def _results(op: Op) -> tuple[Type, ...]:
    return tuple(r.type for r in op.results)


Bound = tuple[tuple[Type, ...], tuple[Type, ...]]  # parameter types, yielded types
_REGIONS: dict[str, Callable[[Op], list[Bound]]] = {
    "if": lambda op: [((), _results(op)), ((), _results(op))],
    "for": lambda op: [((op.args[0].type, *_results(op)), _results(op))],
    "while": lambda op: [(_results(op), (bool_, *_results(op))), (_results(op), _results(op))],
}
