"""Finds the syntax tree of a Python function: each file is parsed once."""

from __future__ import annotations

import ast
import linecache
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from robokern.errors import KernelError
from robokern.ir.hashing import sha256
from robokern.ir.nodes import Loc


@dataclass(frozen=True)
class Source:
    """A function's syntax tree, and where it stands.

    `line_shift` is what must be added to the tree's line numbers (0 when the whole file was parsed).
    """

    node: ast.FunctionDef
    file: str
    line_shift: int = 0
    column_shift: int = 0
    lines: tuple[str, ...] = ()

    def loc(self, node: Any) -> Loc:
        """The place of a node of this tree in the user's file."""
        node = node if hasattr(node, "lineno") else self.node
        end = node.end_col_offset if node.end_lineno == node.lineno else node.col_offset + 1
        line, column = node.lineno + self.line_shift, node.col_offset + 1 + self.column_shift
        return Loc(self.file, line, column, max(end - node.col_offset, 1))

    def line(self, number: int) -> str:
        """The text of a line of the file."""
        if self.lines:
            return self.lines[number - 1 - self.line_shift]
        return linecache.getline(self.file, number).rstrip("\n")

    def error(self, node: Any, message: str, hint: str | None = None) -> KernelError:
        """A located error at `node`."""
        loc = self.loc(node)
        return KernelError(message, loc.file, loc.line, loc.column, self.line(loc.line), loc.width, hint)


_files: dict[str, tuple[int, dict[int, ast.FunctionDef]]] = {}


def source_of(function: Callable[..., Any]) -> Source:
    """The source of a Python function.

    Raises:
        KernelError: Python keeps no source for it (typed at a prompt without history, built by `exec`).
    """
    code = function.__code__
    found = _index(code.co_filename).get(code.co_firstlineno)
    if found is not None and found.name == function.__name__:
        return Source(found, code.co_filename)
    return _parse_alone(function)


def _index(file: str) -> dict[int, ast.FunctionDef]:
    linecache.checkcache(file)  # a reloaded module has other text than the one before
    text = "".join(linecache.getlines(file))
    stamp = hash(text)
    if file not in _files or _files[file][0] != stamp:
        try:
            tree: Any = ast.parse(text)
        except SyntaxError:
            tree = ast.Module([], [])
        _files[file] = stamp, {_first_line(d): d for d in _definitions(tree)}
    return _files[file][1]


def _definitions(node: Any) -> Iterator[ast.FunctionDef]:
    for name in ("body", "orelse", "finalbody"):
        for child in getattr(node, name, ()):
            if isinstance(child, ast.FunctionDef):
                yield child
            yield from _definitions(child)


def _first_line(node: ast.FunctionDef) -> int:
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])


def _parse_alone(function: Callable[..., Any]) -> Source:
    import inspect  # slow to import, and seldom needed

    code = function.__code__
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        raise KernelError(
            f"no source text for {function.__qualname__}; define it in a file, notebook or rk.from_source()",
            code.co_filename,
            code.co_firstlineno,
        ) from None
    text = textwrap.dedent("".join(lines))
    shift = len(lines[0]) - len(lines[0].lstrip())
    (node,) = ast.parse(text).body
    assert isinstance(node, ast.FunctionDef)
    return Source(node, code.co_filename, first - 1, shift, tuple(x.rstrip("\n") for x in lines))


def lambda_source(function: Callable[..., Any]) -> str | None:
    """A lambda as text, or None where Python keeps no source for it."""
    code = function.__code__
    text = "".join(linecache.getlines(code.co_filename))
    spans = [(line, start, stop) for line, _, start, stop in code.co_positions() if line and start != stop]
    try:
        lambdas = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Lambda)]
    except SyntaxError:
        return None
    fitting = [
        n for n in lambdas if spans and all(_within(n.body, line, start or 0) for line, start, _ in spans)
    ]
    inner = [n for n in fitting if not any(m is not n and m in ast.walk(n.body) for m in fitting)]
    return ast.unparse(inner[0]) if inner else None


def _within(node: ast.expr, line: int, column: int) -> bool:
    start, end = (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)
    return start <= (line, column) < end


def from_source(text: str, name: str = "kernels", scope: dict[str, Any] | None = None) -> dict[str, Any]:
    """Runs Python text that defines kernels, funcs and structs, and keeps it for compiling and for messages.

    Args:
        text: Python source; decorators are looked up as usual, so it begins with its imports.
        name: what error messages call it.
        scope: names known to the text.

    Returns:
        Everything the text defines, by name.
    """
    file = f"<{name}-{sha256(text.encode()).hexdigest()[:12]}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    known = {"__name__": name, **(scope or {})}
    exec(compile(text, file, "exec", dont_inherit=True), known)  # not the annotations of this file
    return {n: x for n, x in known.items() if n not in (scope or {}) and not n.startswith("__")}
