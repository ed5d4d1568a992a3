"""Variables that are assigned on some paths only: elsewhere they are zero, and a warning says where.

    if n > 0:
        y = x[i]
    ...
    if n > 0:
        out[i] = y     # compiles, since programs for Warp do so

In `mode="debug"` a flag goes beside each such variable, and reading it where it was not assigned is an error.
Arrays are refused: a zero array would be read at address 0.
"""

from __future__ import annotations

import ast
import warnings
from functools import cached_property
from typing import TYPE_CHECKING, Any

from robokern.compiler.desugar import RESULT
from robokern.compiler.liveness import Liveness
from robokern.errors import KernelWarning
from robokern.ir.nodes import Assert, Value
from robokern.ir.types import ArrayType, Struct, Type, bool_

if TYPE_CHECKING:
    from robokern.compiler.lowering import Lowering


class Undefined:
    """A variable that may have no value here."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Unassigned:
    """Those variables of one function.

    Args:
        lo: the function.
        statements: its body, without early returns.
        checked: whether reading one is checked at run time.
    """

    def __init__(self, lo: Lowering, statements: list[ast.stmt], checked: bool) -> None:
        self.lo, self.statements, self.checked = lo, statements, checked
        # by identity of a value that may be such a zero: the value, and why it may be
        self.reasons: dict[int, tuple[Value, str]] = {}
        self.warned: set[str] = set()

    @cached_property
    def liveness(self) -> Liveness:
        """Which variables are read after each statement."""
        return Liveness(self.statements)

    def may_be_zero(self, name: str, node: Any, types: list[Type]) -> bool:
        """Whether a variable that has these types where a statement assigned it may be zero elsewhere."""
        return name.startswith("$") or (not any(map(_refers, types)) and self.is_needed(name, node))

    def is_needed(self, name: str, node: Any) -> bool:
        """Whether what a statement leaves in a variable may be read after it."""
        return name.startswith("$") or self.liveness.is_live(name, node)

    def note(self, name: str, values: list[Value], reason: str) -> None:
        """Remembers that values of a variable may be such zeros."""
        if not name.startswith("$"):
            self.reasons.update((id(v), (v, reason)) for v in values)

    def reason(self, values: list[Any]) -> str | None:
        """Why one of the values may be such a zero; None: none is."""
        return next((self.reasons[id(v)][1] for v in values if id(v) in self.reasons), None)

    def mark(self, env: dict[str, Any], name: str) -> None:
        """Puts a flag beside a variable that has a value in `env`, and has none elsewhere."""
        if self.checked and (name == RESULT or not name.startswith("$")):
            env.setdefault(flag(name), True)

    def read(self, node: Any, name: str, reason: str) -> None:
        """Warns of a place that reads one; in debug mode has the kernel check it."""
        if name not in self.warned:
            self.warned.add(name)
            self._warn(node, f"{name!r} may have no value here: {reason}", "assign it before")
        self._check(node, name, f"{name!r} has no value here: {reason}")

    def end(self, node: Any) -> None:
        """As `read`, for the value of a func that has a path without a return."""
        name = f"{self.lo.overload.name}()"
        self._warn(node, f"{name} does not return a value on every path", "end it with a return")
        self._check(node, RESULT, f"{name} ended without a return")

    def _warn(self, node: Any, message: str, remedy: str) -> None:
        loc = self.lo.source.loc(node)
        text = f'{message}; it is zero then: {remedy}, or have mode="debug" check it'
        warnings.warn_explicit(text, KernelWarning, loc.file, loc.line)

    def _check(self, node: Any, name: str, message: str) -> None:
        lo, known = self.lo, self.lo.env.get(flag(name))
        if known is not None:
            lo.asserts.append(Assert(message, lo.source.loc(node)))
            lo.builder.loc = lo.source.loc(node)
            lo.builder.ops("assert", lo.value(known, node, bool_), index=len(lo.asserts) - 1)


def flag(name: str) -> str:
    """What says whether a variable was assigned."""
    return f"$set {name}"


def _refers(type_: Any) -> bool:
    if isinstance(type_, Struct):
        return any(_refers(field) for _, field in type_.fields)
    return isinstance(type_, ArrayType)
