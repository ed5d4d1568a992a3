"""Derivatives written by hand: `@func_grad(f)` and `@func_replay(f)`.

    @rk.func
    def safe_root(x: float):
        return rk.sqrt(x)

    @rk.func_grad(safe_root)
    def _(x: float, adj_result: float):                  # f's parameters, then an adjoint per result
        if x > 0.0:
            rk.adjoint[x] += adj_result / (2.0 * rk.sqrt(x))

Instead of adding to `adjoint[x]` the function may return an adjoint for each parameter that carries floats.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from typing import Any

from robokern.compiler.adjoint_inline import carries_float
from robokern.compiler.builtins import adjoint
from robokern.compiler.contract import contract
from robokern.compiler.function import Overload
from robokern.compiler.lowering import Lowering
from robokern.compiler.simplify import simplify
from robokern.ir.nodes import Func
from robokern.ir.types import Inout, Type, matches

Lower = Callable[[Overload, tuple[Type, ...], dict[str, Any]], Func]


def fitting(written: list[Overload], types: tuple[Type, ...], statics: dict[str, Any]) -> Overload | None:
    """The last of the overloads that takes arguments of these types."""
    for overload in reversed(written):
        patterns = [getattr(p, "inner", p) for n, p in overload.params if n not in statics]
        if len(patterns) == len(types) and all(map(matches, patterns, types)):
            return overload
    return None


def gradient_of(
    overload: Overload, func: Func, statics: dict[str, Any], lower_returning: Lower, lower_adding: Lower
) -> Callable[[], Func] | None:
    """What lowers the derivative written for a func, None if none was."""
    if not overload.gradients:
        return None
    types = (*(p.type for p in func.params), *(t for t in func.results if carries_float(t)))
    written = fitting(overload.gradients, types, statics)
    if written is None:
        return None
    wanted = tuple(p.type for p in func.params if carries_float(p.type))

    @cache
    def make() -> Func:
        made = (lower_adding if adds_to_adjoints(written) else lower_returning)(written, types, statics)
        if made.results != wanted:
            lo = written.source
            got, expected = (", ".join(map(str, t)) or "nothing" for t in (made.results, wanted))
            raise lo.error(lo.node, f"the derivative of {overload.name}() gives {got}, expected {expected}")
        return simplify(contract(made))

    return make


def replay_of(overload: Overload, types: tuple[Type, ...], statics: dict[str, Any], lower: Lower) -> Any:
    """What lowers the function that stands for a func in derivatives, None for itself."""
    written = fitting(overload.replays, types, statics)
    return None if written is None else cache(lambda: simplify(contract(lower(written, types, statics))))


def adds_to_adjoints(written: Overload) -> bool:
    """Whether a derivative adds to `adjoint[x]`; afterwards its syntax tree has a variable for each."""
    rewriter = _Rewriter(written)
    rewriter.visit(written.source.node)
    return rewriter.found or bool(getattr(written.source.node, "_adds", False))


def variable(name: str) -> str:
    """The variable that `adjoint[name]` is in the rewritten syntax tree."""
    return f"$adjoint_{name}"


def float_parameters(lo: Lowering, count: int) -> list[str]:
    """Names of the func's own parameters that carry floats: all of the derivative's but the last `count`."""
    names = [n for n, p in lo.overload.params if not isinstance(p, Inout)][: len(lo.overload.params) - count]
    return [n for n in names if hasattr(lo.env.get(n), "type") and carries_float(lo.env[n].type)]


class _Rewriter(ast.NodeTransformer):
    def __init__(self, written: Overload) -> None:
        self.written, self.found = written, False

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        if not self._is_adjoint(node.value):
            return self.generic_visit(node)
        names = [n for n, _ in self.written.params]
        if not isinstance(node.slice, ast.Name) or node.slice.id not in names:
            raise self.written.source.error(
                node, "adjoint[...] takes the name of a parameter", ", ".join(names)
            )
        self.found = True
        self.written.source.node._adds = True  # type: ignore[attr-defined]
        return ast.copy_location(ast.Name(variable(node.slice.id), node.ctx), node)

    def _is_adjoint(self, node: ast.expr) -> bool:
        if not isinstance(node, (ast.Name, ast.Attribute)):
            return False
        try:
            return self.written.evaluate(ast.unparse(node)) is adjoint
        except Exception:
            return False
