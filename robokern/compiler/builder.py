"""Builds blocks of ops, types inferred as they are added."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from robokern.ir.nodes import Block, Loc, Op, Value
from robokern.ir.ops import infer
from robokern.ir.types import Scalar, Type


class Builder:
    """Appends ops to the innermost open block."""

    def __init__(self) -> None:
        self.body = Block()
        self.block = self.body
        self.loc: Loc | None = None

    def ops(
        self, name: str, *args: Value, regions: tuple[Block, ...] = (), **attrs: Any
    ) -> tuple[Value, ...]:
        """Appends one op; gives all its results.

        Raises:
            TypeError: the primitive does not take these arguments.
        """
        types = infer(name, tuple([a.type for a in args]), attrs)
        results = tuple([Value(t) for t in types])
        self.block.ops.append(Op(name, args, results, attrs, regions, self.loc))
        return results

    def op(self, name: str, *args: Value, **attrs: Any) -> Value:
        """Appends an op with one result."""
        (result,) = self.ops(name, *args, **attrs)
        return result

    def const(self, value: Any, type: Type) -> Value:
        """A constant scalar."""
        assert isinstance(type, Scalar), type
        return self.op("const", value=type(value).item(), type=type)

    def extract(self, whole: Value, offset: int, type: Type) -> Value:
        """The part of `whole` that starts at leaf `offset`."""
        return self.op("extract", whole, offset=offset, type=type)

    def insert(self, whole: Value, part: Value, offset: int) -> Value:
        """`whole` with the leaves from `offset` replaced by `part`."""
        return self.op("insert", whole, part, offset=offset)

    @contextmanager
    def region(self, params: tuple[Value, ...] = ()) -> Iterator[Block]:
        """Opens a new block; the caller sets its `yields` and hands it to an op."""
        outer, block = self.block, Block(params)
        self.block = block
        try:
            yield block
        finally:
            self.block = outer
