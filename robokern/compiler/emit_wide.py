"""The LLVM module of a kernel that runs several items at once."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from robokern.compiler import (
    cold,
    emit_arithmetic,
    emit_composite,
    entry_stream,
    wide_atomics,
    wide_call,
    wide_control,
    wide_memory,
    wide_roots,
)
from robokern.compiler.emit import Module, bind_parameters
from robokern.compiler.emit_function import Row
from robokern.compiler.entry_cpu import by_row_length
from robokern.compiler.target import Body, Target
from robokern.compiler.uniformity import Uniformity
from robokern.compiler.wide import COUNT, FIRST, WideFunction, start
from robokern.compiler.wide_loop import Streamed
from robokern.compiler.wide_memory import moves_rows
from robokern.compiler.wide_stream import Stream
from robokern.compiler.width import Width, waits_for_memory
from robokern.ir.nodes import Func, called

ROWS: dict[str, Row] = {
    **emit_arithmetic.ROWS,
    **emit_composite.ROWS,
    **wide_memory.ROWS,
    **wide_atomics.ROWS,
    **wide_control.ROWS,
    **wide_call.ROWS,
    "sqrt": wide_roots.root,
}

# what is added to the name of the body, of the one for full groups only, and of the one over a row
WIDE, FULL, ROW = ".wide", ".full", ".row"
SHORTEST = 16  # items in a row worth lanes: rows of 8 took twice as long as in scalar code, rows of 30 half


class WideModule(Module):
    """A kernel with all but cold calls in place, for a group of items: as many as lanes, at the end fewer.

    Where it moves whole rows of memory, or waits for it, it is written once more for full groups only: with a
    branch at each access a rigid body's step took a fifth longer; under the mask of the group a copy took a
    third longer where memory is fast.
    Where the width is the compiler's choice and the grid has rows, scalar code is there too, for rows so
    short that most lanes would have nothing to do.
    """

    tag = "w"

    def __init__(self, func: Func, width: Width, target: Target) -> None:
        assert width.program is not None and width.uniformity is not None
        super().__init__(width.program, target)
        self.width, self.uniformity = width, width.uniformity
        self.narrow = Module(func, target) if self.ndim > 1 and not func.lanes else None
        if self.narrow:
            self.narrow.share(self)

    def bodies(self) -> list[str]:
        for func in called(self.func):
            for declaration in wide_call.declarations(func, self.signature(func), self.width.lanes):
                self.declare(declaration)
        narrow = self.narrow.bodies() if self.narrow else []
        return [*(self._streamed(s) if (s := self.width.streamed) else self._groups()), *narrow]

    def _groups(self) -> list[str]:
        """The body of a group of items."""
        full = [self._wide(FULL, None)] if self._twice else []
        return [*full, self._wide(WIDE, FIRST)]

    def symbol(self, func: Func, number: int) -> str:
        return super().symbol(func, number) if func is self.func else cold.symbol(func)

    def body(self) -> Body:
        body, lanes = super().body(), self.width.lanes
        if self.width.streamed:
            return replace(body, symbol=body.symbol + ROW, lanes=lanes, streamed=True)
        full = body.symbol + FULL if self._twice else ""
        return replace(body, symbol=body.symbol + WIDE, lanes=lanes, full=full)

    @cached_property
    def _twice(self) -> bool:
        return moves_rows(self.func, self.uniformity) or waits_for_memory(self.func)

    def entry(self) -> str:
        if not self.narrow:
            return super().entry()
        wide, narrow = (
            self.target.entry(replace(body, entry=name, linkage="internal "))
            for body, name in ((self.body(), "@entry.wide"), (self.narrow.body(), "@entry.narrow"))
        )
        least = min(self.width.lanes, SHORTEST)
        return "\n".join([wide, narrow, by_row_length(self.ndim, least, self.target.attributes)])

    def _streamed(self, streamed: Streamed) -> list[str]:
        """The body over the items of a row, whose lanes may take some as they get free."""
        for declaration in entry_stream.DECLARATIONS:
            self.declare(declaration)
        f = self._function(streamed.in_order, None, True)
        params = bind_parameters(f, self.func)
        if self.target.contiguous:
            self.assume_contiguous(f)
        Stream(f, streamed).write()
        context = self.context.replace(f"i32 %tid.{self.ndim - 1}", "i32 %from")
        head = ", ".join([context, *params, "i32 %to", "ptr %trials"])
        first = f"define internal void {self.body().symbol}({head}) {self.target.inline} {{"
        return ["\n".join([first, "start:", *f.allocas, *f.lines, "}"])]

    def _function(self, uniformity: Uniformity, mask: str | None, sole: bool) -> WideFunction:
        f = WideFunction(self, self.func, ROWS, self.width.lanes, uniformity, mask, sole)
        if self.target.has_avx512 and self.width.lanes % wide_roots.ESTIMATED == 0:
            f.awaited_roots = wide_roots.awaited_roots(self.func, uniformity)
        return f

    def _wide(self, suffix: str, mask: str | None) -> str:
        f = self._function(self.uniformity, mask, not self._twice)
        params = bind_parameters(f, self.func)
        if self.target.contiguous:
            self.assume_contiguous(f)
        start(f)
        f.block(self.func.body)
        f.do("ret void")
        symbol = self.signature(self.func).symbol + suffix
        head = ", ".join([self.context, *params, *([f"i32 {COUNT}"] if mask else [])])
        attributes = f"noinline {self.target.attributes}" if mask and self._twice else self.target.inline
        lines = [f"define internal void {symbol}({head}) {attributes} {{", "start:"]
        return "\n".join([*lines, *f.allocas, *f.lines, "}"])
