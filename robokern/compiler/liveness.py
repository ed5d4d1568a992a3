"""Which variables may still be read after each statement of a function without `break` and early `return`."""

from __future__ import annotations

import ast
from collections.abc import Sequence

Names = frozenset[str]


class Liveness:
    """Backwards over the statements; loops until nothing changes.

    Attributes:
        after: by identity of a statement, the variables that may be read after it before they are assigned.
    """

    def __init__(self, statements: Sequence[ast.stmt]) -> None:
        self.after: dict[int, Names] = {}
        self._read: dict[int, Names] = {}
        self._block(statements, frozenset())

    def is_live(self, name: str, node: ast.AST) -> bool:
        """Whether a variable may be read after a statement; of anything else nothing is known."""
        found = self.after.get(id(node))
        return found is None or name in found

    def _block(self, statements: Sequence[ast.stmt], live: Names) -> Names:
        for node in reversed(statements):
            self.after[id(node)] = live
            live = self._before(node, live)
        return live

    def _reads(self, node: ast.AST) -> Names:
        """The variables that a statement or expression reads; loops ask again."""
        if id(node) not in self._read:
            names = (n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
            self._read[id(node)] = frozenset(n.id for n in names)
        return self._read[id(node)]

    def _before(self, node: ast.stmt, live: Names) -> Names:
        """What is live before a statement."""
        if isinstance(node, ast.If):
            return self._reads(node.test) | self._block(node.body, live) | self._block(node.orelse, live)
        if isinstance(node, ast.While):
            return self._loop(node, live | self._reads(node.test), frozenset())
        if isinstance(node, ast.For):
            return self._loop(node, live, _written(node.target)) | self._reads(node.iter)
        if isinstance(node, ast.Assign):
            written = frozenset[str]().union(*map(_written, node.targets))
            return (live - written) | self._reads(node)
        if isinstance(node, ast.AugAssign):
            return live | self._reads(node) | _written(node.target)
        return live | self._reads(node)

    def _loop(self, node: ast.While | ast.For, live: Names, counter: Names) -> Names:
        while True:
            found = live | (self._block(node.body, live) - counter)
            if found == live:
                return found
            live = found


def _written(target: ast.expr) -> Names:
    """The variables that an assignment to `target` replaces."""
    if isinstance(target, ast.Name):
        return frozenset((target.id,))
    if isinstance(target, ast.Tuple):
        return frozenset[str]().union(*map(_written, target.elts))
    return frozenset()
