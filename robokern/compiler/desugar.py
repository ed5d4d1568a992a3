"""Rewrites `break`, `continue` and early `return` into flags and guards: only `if` and `while` remain.

    for i in range(n):                $stop0, $next0 = n, 0
        if x[i] > limit:              $break0 = False
            break              ->     while not $break0 and $next0 < $stop0:
        total += x[i]                     i = $next0; $next0 += 1
                                          if x[i] > limit: $break0 = True
                                          else: total += x[i]

An `if` whose one branch always leaves takes the rest of the block into its other branch, so a plain guard
clause costs no flag. Names that begin with `$` are the compiler's own.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any, TypeVar

Node = TypeVar("Node", bound=ast.AST)

RETURNED, RESULT = "$returned", "$result"


@dataclass
class _Loop:
    broke: str
    continued: str
    used: set[str] = field(default_factory=set)


def desugar(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements of a function without break, continue and early return; `$result` holds the results."""
    rewriter = _Rewriter()
    new = rewriter.block(body, None)
    if RETURNED in rewriter.tested:
        new = [_assign(RETURNED, ast.Constant(False), body[0]), *new]
    new = [s for s in new if not _untested(s, rewriter.tested)]
    for statement in new:
        _drop_untested(statement, rewriter.tested)
    return new


def falls_through(body: list[ast.stmt]) -> bool:
    """Whether a function that returns a value somewhere can reach its end without."""
    returns = [n for s in body for n in ast.walk(s) if isinstance(n, ast.Return) and n.value is not None]
    return bool(returns) and not _always_leaves(body) and not _endless(body[-1])


def _endless(node: ast.stmt) -> bool:
    forever = isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and bool(node.test.value)
    return forever and not any(isinstance(n, ast.Break) for n in ast.walk(node))


class _Rewriter:
    def __init__(self) -> None:
        self.loops = 0
        self.tested: set[str] = set()

    def block(self, statements: list[ast.stmt], loop: _Loop | None) -> list[ast.stmt]:
        new: list[ast.stmt] = []
        for index, statement in enumerate(statements):
            rest = statements[index + 1 :]
            if (
                isinstance(statement, ast.If)
                and rest
                and (merged := self.guard_clause(statement, rest, loop))
            ):
                return [*new, *merged]
            replaced = self.statement(statement, loop)
            new.extend(replaced)
            flags = _flags_set(replaced)
            if _always_leaves([statement]):
                return new
            if flags and rest:
                return [*new, self.guard(flags, self.block(rest, loop), statement)]
        return new

    def guard_clause(self, node: ast.If, rest: list[ast.stmt], loop: _Loop | None) -> list[ast.stmt] | None:
        if _always_leaves(node.body):
            return self.statement(_copy(ast.If(node.test, node.body, [*node.orelse, *rest]), node), loop)
        if node.orelse and _always_leaves(node.orelse):
            return self.statement(_copy(ast.If(node.test, [*node.body, *rest], node.orelse), node), loop)
        return None

    def guard(self, flags: set[str], body: list[ast.stmt], at: ast.stmt) -> ast.stmt:
        self.tested |= flags
        return _copy(ast.If(_none_of(flags, at), body, []), at)

    def statement(self, node: ast.stmt, loop: _Loop | None) -> list[ast.stmt]:
        if isinstance(node, ast.Return):
            value = [] if node.value is None else [_assign(RESULT, node.value, node)]
            return [*value, _assign(RETURNED, ast.Constant(True), node)]
        if isinstance(node, ast.Break) and loop:
            return [_assign(loop.broke, ast.Constant(True), node)]
        if isinstance(node, ast.Continue) and loop:
            return [_assign(loop.continued, ast.Constant(True), node)]
        if isinstance(node, ast.If):
            return [
                _copy(ast.If(node.test, self.block(node.body, loop), self.block(node.orelse, loop)), node)
            ]
        if isinstance(node, (ast.For, ast.While)):
            return self.loop(node)
        return [node]

    def loop(self, node: ast.For | ast.While) -> list[ast.stmt]:
        number, self.loops = self.loops, self.loops + 1
        loop = _Loop(f"$break{number}", f"$continue{number}")
        body = self.block(node.body, loop)
        flags = _flags_set(body)
        if loop.continued in flags:
            body = [_assign(loop.continued, ast.Constant(False), node), *body]
        leaving = flags - {loop.continued}
        before = [_assign(loop.broke, ast.Constant(False), node)] if loop.broke in flags else []
        if not leaving:
            return [_with_body(node, body)]
        self.tested |= leaving
        if isinstance(node, ast.For):
            return [*before, *_counted(node, body, leaving, number)]
        test = _copy(ast.BoolOp(ast.And(), [_none_of(leaving, node), node.test]), node)
        return [*before, _copy(ast.While(test, body, node.orelse), node)]


def _counted(node: ast.For, body: list[ast.stmt], leaving: set[str], number: int) -> list[ast.stmt]:
    """A `for` over range as a `while` that the flags can end."""
    after, stop, step = f"$next{number}", f"$stop{number}", f"$step{number}"
    bounds = _copy(ast.Call(ast.Name("$range_bounds", ast.Load()), [node.iter], []), node.iter)
    names: list[ast.expr] = [ast.Name(n, ast.Store()) for n in (after, stop, step)]
    going = ast.Call(ast.Name("$in_range", ast.Load()), [_name(n) for n in (after, stop, step)], [])
    test = ast.BoolOp(ast.And(), [_none_of(leaving, node), going])
    first = _copy(ast.Assign([node.target], _name(after)), node)
    following = ast.Call(ast.Name("$after", ast.Load()), [_name(n) for n in (after, stop, step)], [])
    advance = _assign(after, following, node)
    return [
        _copy(ast.Assign([ast.Tuple(names, ast.Store())], bounds), node),
        _copy(ast.While(test, [first, advance, *body], node.orelse), node),
    ]


def _with_body(node: Any, body: list[ast.stmt]) -> ast.stmt:
    if isinstance(node, ast.For):
        return _copy(ast.For(node.target, node.iter, body, node.orelse), node)
    return _copy(ast.While(node.test, body, node.orelse), node)


def _always_leaves(statements: list[ast.stmt]) -> bool:
    if not statements:
        return False
    last = statements[-1]
    if isinstance(last, (ast.Return, ast.Break, ast.Continue)):
        return True
    return isinstance(last, ast.If) and _always_leaves(last.body) and _always_leaves(last.orelse)


def _flags_set(statements: list[ast.stmt]) -> set[str]:
    """Flags of enclosing constructs that the (already rewritten) statements may raise."""
    flags: set[str] = set()
    for node in statements:
        if isinstance(node, ast.Assign) and _is_raise(node):
            flags.add(node.targets[0].id)  # type: ignore[attr-defined]
        for name in ("body", "orelse"):
            inner = _flags_set(getattr(node, name, []))
            own = isinstance(node, (ast.While, ast.For))
            flags |= {f for f in inner if f == RETURNED} if own else inner
    return flags


def _is_raise(node: ast.Assign) -> bool:
    target, value = node.targets[0], node.value
    named = isinstance(target, ast.Name) and target.id.startswith(("$break", "$continue", RETURNED))
    return named and isinstance(value, ast.Constant) and value.value is True


def _drop_untested(node: Any, tested: set[str]) -> None:
    """Removes assignments to flags that nothing reads."""
    for name in ("body", "orelse"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            block[:] = [s for s in block if not _untested(s, tested)] or (
                [] if name == "orelse" else [_pass(node)]
            )
            for child in block:
                _drop_untested(child, tested)


def _untested(node: ast.stmt, tested: set[str]) -> bool:
    return isinstance(node, ast.Assign) and _is_raise(node) and node.targets[0].id not in tested  # type: ignore[attr-defined]


def _pass(at: ast.AST) -> ast.stmt:
    return _copy(ast.Pass(), at)


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _none_of(flags: set[str], at: ast.AST) -> ast.expr:
    names: list[ast.expr] = [_name(f) for f in sorted(flags)]
    test = names[0] if len(names) == 1 else ast.BoolOp(ast.Or(), names)
    return _copy(ast.UnaryOp(ast.Not(), test), at)


def _assign(name: str, value: ast.expr, at: ast.AST) -> ast.stmt:
    return _copy(ast.Assign([ast.Name(name, ast.Store())], value), at)


def _copy(new: Node, old: ast.AST) -> Node:
    return ast.fix_missing_locations(ast.copy_location(new, old))
