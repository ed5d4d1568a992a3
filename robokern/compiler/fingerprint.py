"""What a kernel's program depends on, hashed without the front end: text, funcs and constants.

Every name that a function's code looks up outside itself is followed, through modules and classes, to
constants, whose exact value counts, and to funcs, which are visited in turn. Functions of this package count
as a whole, with the contents of its files. Where a name leads to something else, or the text holds what the
code does not show (`static(...)`, annotated assignments), there is no fingerprint.
"""

from __future__ import annotations

import dis
import linecache
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, TypeVar

import numpy as np

from robokern.compiler.builtins import PYTHON, Builtin
from robokern.compiler.function import BY_HAND, STATIC, Function, Gradient, Kernel, Overload
from robokern.ir.composite import Composite, StructValue
from robokern.ir.hashing import sha256
from robokern.ir.types import Type

_PLAIN = (bool, int, float, str, type(None), np.generic, Type, Enum, TypeVar)
_OUTSIDE = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_CLASSDEREF"})
_MEMBER = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_ANNOTATED = re.compile(r"^\s*(?!else\b|try\b|finally\b|lambda\b)[\w.]+\s*:\s*[\w\"'\[(]", re.MULTILINE)
_PACKAGE = Path(__file__).parent.parent
_COUNTED = ("compiler", "ir", "lang", "geometry")  # folders whose funcs count as a whole
_COUNTED_MODULES = tuple(f"robokern.{folder}." for folder in _COUNTED)


class _Unknown(Exception):
    """Something whose meaning in a kernel cannot be told from here."""


def fingerprint(kernel: Kernel, placed: bool = False) -> str | None:
    """64 hexadecimal digits that change whenever the program of a kernel changes; None where that is unknown.

    Args:
        kernel: the kernel.
        placed: whether files and line numbers count too; for use on this machine.
    """
    visit = _Visit(placed)
    try:
        visit.overload(kernel.overload)
        visit.by_hand()
    except (_Unknown, NameError, AttributeError, TypeError):
        return None
    parts = (stamp() if placed else version(), repr(kernel.options.key()), *sorted(visit.parts.values()))
    return sha256("\0".join(parts).encode()).hexdigest()


@cache
def version() -> str:
    """Hash of the files of this package that shape a program."""
    files = sorted(f for folder in _COUNTED for f in (_PACKAGE / folder).glob("*.py"))
    return sha256(b"\0".join(f.read_bytes() for f in files)).hexdigest()


@cache
def stamp() -> str:
    """The same from what the file system knows of the files, which takes a tenth of the time."""
    files = sorted(
        (entry.path, entry.stat())
        for folder in _COUNTED
        for entry in os.scandir(_PACKAGE / folder)
        if entry.name.endswith(".py")
    )
    known = [(path, status.st_size, status.st_mtime_ns) for path, status in files]
    return sha256(repr(known).encode()).hexdigest()


@dataclass
class _Visit:
    """A walk over a kernel and what it names."""

    placed: bool
    parts: dict[int, str] = field(default_factory=dict)

    def overload(self, overload: Overload) -> None:
        if id(overload) in self.parts:
            return
        self.parts[id(overload)] = ""  # a name may lead back here
        code = overload.python.__code__
        text = _text_of(code)
        place = (code.co_filename, code.co_firstlineno) if self.placed else ()
        kinds = [(n, "static" if p is STATIC else repr(p)) for n, p in overload.params]
        named = [(path, self.exact(x)) for path, x in _named(overload)]
        defaults = [(n, self.exact(x)) for n, x in overload.defaults.items()]
        whole = (
            text,
            place,
            kinds,
            repr(overload.returns),
            overload.contract,
            overload.cold,
            sorted(set(named)),
            defaults,
        )
        self.parts[id(overload)] = repr(whole)

    def by_hand(self) -> None:
        """Derivatives that others wrote for funcs of this package: their callers are not visited."""
        for function in BY_HAND:
            if not all(_is_counted(o.python.__module__) for o in function.overloads):
                continue
            known = len(self.parts)
            self.function(function)
            if len(self.parts) > known:
                self.parts[id(function)] = f"derivative of {function.name}"

    def exact(self, x: Any) -> str:
        """A text that tells meanings apart, constants to the last bit."""
        if isinstance(x, Composite):
            return f"{x.type!r}:{x.data.tobytes().hex()}"
        if isinstance(x, StructValue):
            type_ = x._type  # type: ignore[attr-defined]
            return repr((type_, [self.exact(getattr(x, n)) for n, _ in type_.fields]))
        if isinstance(x, tuple):
            return repr([self.exact(item) for item in x])
        if isinstance(x, _PLAIN):
            return (
                f"{type(x).__name__}:{x!r}:{x.value!r}"
                if isinstance(x, Enum)
                else f"{type(x).__name__}:{x!r}"
            )
        if isinstance(x, Function):
            return self.function(x)
        if isinstance(x, Gradient):
            return f"gradient of {self.exact(x.function)}"
        return _by_name(x)

    def function(self, function: Function) -> str:
        """A func: its name where it counts with the package, else each of its overloads."""
        for overload in function.overloads:
            if not _is_counted(overload.python.__module__):
                self.overload(overload)
            # a derivative by hand counts where the kernel asks for it with `grad`
            for written in (*overload.gradients, *overload.replays):
                if not _is_counted(written.python.__module__):
                    self.overload(written)
        return f"func {function.name}"


def _by_name(x: Any) -> str:
    """Builtins, and functions and classes that have a meaning in kernels."""
    if isinstance(x, Builtin) and x.name != "static":
        return f"builtin {x.name}"
    if isinstance(x, (type, ModuleType)) or (callable(x) and x in PYTHON):
        module = getattr(x, "__module__", "")
        return f"{type(x).__name__} {module}.{getattr(x, '__qualname__', x.__name__)}"
    raise _Unknown


def _is_counted(module: str) -> bool:
    return module.startswith(_COUNTED_MODULES)


def _named(overload: Overload) -> Iterator[tuple[str, Any]]:
    """What the code of a function looks up outside of it: the path as written, and what that is."""
    import builtins

    scope = {**vars(builtins), **overload.python.__globals__, **overload.captured}
    for path in {p for code in _codes(overload.python.__code__) for p in _paths(code)}:
        if path[0] in scope:
            yield ".".join(path), _followed(scope[path[0]], path[1:])


def _followed(x: Any, members: tuple[str, ...]) -> Any:
    """The module's or class's member that a path ends at; what lies behind a value is up to the text."""
    for name in members:
        if isinstance(x, Type) or not has_members(x):
            break
        x = getattr(x, name)
    return x


_OF_THE_LANGUAGE = (
    Composite, StructValue, Overload, Function, Kernel, Gradient, np.generic, np.ndarray, bool, int, float,
    str, tuple, list, dict, set, type(None),
)  # fmt: skip


def has_members(x: Any) -> bool:
    """Whether a kernel may name its attributes: modules, classes, enumerations and objects of other code."""
    if isinstance(x, (ModuleType, type, Enum)):
        return True
    return not isinstance(x, _OF_THE_LANGUAGE) and not hasattr(x, "__array_interface__")


def _paths(code: CodeType) -> Iterator[tuple[str, ...]]:
    """Chains of names, as in `rk.types.vec3`, that begin outside of the function."""
    path: tuple[str, ...] = ()
    for name, is_member in looked_up(code):
        if is_member and path:
            path = (*path, name)
            continue
        if path:
            yield path
        path = (name,) if name and not is_member else ()
    if path:
        yield path


def looked_up(code: CodeType) -> Iterator[tuple[str, bool]]:
    """Names that instructions look up, in order, and whether as a member of what the instruction before left.

    An empty name stands for any other instruction. `dis` tells the same, twenty times slower; where Python
    is newer than what this was written for, it is asked.
    """
    if sys.version_info >= (3, 14):
        yield from _disassembled(code)
        return
    extended, text = 0, code.co_code
    for at in range(0, len(text), 2):
        operation, argument = text[at], text[at + 1] | extended
        extended = argument << 8 if operation == _EXTENDED else 0
        if operation in _SHIFTS:
            number = argument >> _SHIFTS[operation]
            names = operation not in _CELLS
            found = code.co_names[number] if names else code._varname_from_oparg(number)  # type: ignore[attr-defined]
            yield found, operation in _MEMBERS
        elif operation not in (_CACHE, _EXTENDED):
            yield "", False


def _disassembled(code: CodeType) -> Iterator[tuple[str, bool]]:
    for step in dis.get_instructions(code):
        if step.opname in _MEMBER or step.opname in _OUTSIDE:
            yield str(step.argval), step.opname in _MEMBER
        elif step.opname not in ("CACHE", "EXTENDED_ARG"):
            yield "", False


# how far an instruction's argument is shifted beside the number of a name
_MARKED = {"LOAD_GLOBAL": 1, "LOAD_ATTR": int(sys.version_info >= (3, 12))}
_SHIFTS = {dis.opmap[n]: _MARKED.get(n, 0) for n in _OUTSIDE | _MEMBER if n in dis.opmap}
_CELLS = {dis.opmap[n] for n in ("LOAD_DEREF", "LOAD_CLASSDEREF") if n in dis.opmap}
_MEMBERS = {dis.opmap[n] for n in _MEMBER if n in dis.opmap}
_EXTENDED, _CACHE = dis.opmap["EXTENDED_ARG"], dis.opmap["CACHE"]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _text_of(code: CodeType) -> str:
    """The lines of a function in its file."""
    numbers = sorted({line for c in _codes(code) for _, _, line in c.co_lines() if line})
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename)[code.co_firstlineno - 1 : numbers[-1]]
    if not lines or _ANNOTATED.search("".join(lines[_body(numbers) - code.co_firstlineno :])):
        raise _Unknown
    return "".join(lines)


def _body(numbers: list[int]) -> int:
    """The first line behind the signature."""
    return numbers[1] if len(numbers) > 1 else numbers[0] + 1
