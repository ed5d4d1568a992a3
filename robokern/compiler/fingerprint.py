"""What a kernel's meaning depends on, hashed without the front end: text, funcs and constants.

A superset: every name that occurs in a function's code is looked up in its scope, in the modules and classes
named there. So an equal fingerprint means an equal program; a different one may be a false alarm.
"""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Iterator
from enum import Enum
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from robokern.compiler.function import Function, Overload
from robokern.ir.composite import Composite, StructValue
from robokern.ir.types import Type

_PLAIN = (bool, int, float, str, np.generic, Composite, StructValue, Type, Enum)


def fingerprint(overload: Overload) -> str:
    """64 hexadecimal digits that change when the program of a kernel may have changed."""
    parts: dict[int, tuple[str, ...]] = {}
    _visit(overload, parts)
    return hashlib.sha256(repr(sorted(parts.values())).encode()).hexdigest()


def _visit(overload: Overload, parts: dict[int, tuple[str, ...]]) -> None:
    if id(overload) in parts:
        return
    constants: set[tuple[str, str]] = set()
    parts[id(overload)] = ()  # a name may lead back here
    for name, x in _named(overload):
        if isinstance(x, Function):
            for other in x.overloads:
                _visit(other, parts)
        elif isinstance(x, _PLAIN):
            constants.add((name, _exact(x)))
    kinds = {name: str(pattern) for name, pattern in overload.params}
    parts[id(overload)] = text_of(overload.python.__code__), repr(kinds), repr(sorted(constants))


def _exact(x: Any) -> str:
    """A text that tells values apart to the last bit."""
    if isinstance(x, Composite):
        return f"{x.type}:{x.data.tobytes().hex()}"
    return f"{type(x).__name__}:{x!r}"


def _named(overload: Overload) -> Iterator[tuple[str, Any]]:
    """What the names in a function's code may stand for."""
    names = {n for code in _codes(overload.python.__code__) for n in (*code.co_names, *code.co_freevars)}
    scopes: list[Any] = [{**overload.python.__globals__, **overload.captured}]
    seen: set[int] = set()
    yield from ((f"default {n}", x) for n, x in overload.defaults.items())
    while scopes:
        scope = scopes.pop()
        for name in names & scope.keys():
            x = scope[name]
            yield name, x
            if isinstance(x, (ModuleType, type)) and id(x) not in seen:
                seen.add(id(x))
                scopes.append(vars(x))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def text_of(code: CodeType) -> str:
    """The lines of a function in its file."""
    lines = [line for c in _codes(code) for _, _, line in c.co_lines() if line]
    return "".join(linecache.getlines(code.co_filename)[code.co_firstlineno - 1 : max(lines, default=0)])
