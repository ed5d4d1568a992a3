"""The LLVM module of a kernel that runs several items at once."""

from __future__ import annotations

from dataclasses import replace

from robokern.compiler import emit_arithmetic, emit_composite, wide_control, wide_memory
from robokern.compiler.emit import Module, bind_parameters
from robokern.compiler.emit_function import Row
from robokern.compiler.entry_cpu import by_row_length
from robokern.compiler.target import Body, Target
from robokern.compiler.wide import WideFunction, start
from robokern.compiler.width import Width
from robokern.ir.nodes import Func

ROWS: dict[str, Row] = {
    **emit_arithmetic.ROWS,
    **emit_composite.ROWS,
    **wide_memory.ROWS,
    **wide_control.ROWS,
}

WIDE, MASKED = ".wide", ".some"  # what is added to the name of the body for all lanes, and for fewer items
SHORTEST = 16  # items in a row worth lanes: rows of 8 took twice as long as in scalar code, rows of 30 half


class WideModule(Module):
    """A kernel without calls, written twice: for all lanes, and for the first few of them.

    Where the width is the compiler's choice and the grid has rows, scalar code is there too, for rows so
    short that most lanes would have nothing to do.
    """

    def __init__(self, func: Func, width: Width, target: Target) -> None:
        assert width.program is not None and width.uniformity is not None
        super().__init__(width.program, target)
        self.width, self.uniformity = width, width.uniformity
        self.narrow = Module(func, target) if self.ndim > 1 and not func.lanes else None
        if self.narrow:
            self.narrow.share(self)

    def bodies(self) -> list[str]:
        wide = [self._wide(WIDE, masked=False), self._wide(MASKED, masked=True)]
        return [*wide, *(self.narrow.bodies() if self.narrow else ())]

    def body(self) -> Body:
        body = super().body()
        symbol = body.symbol
        return replace(body, symbol=symbol + WIDE, lanes=self.width.lanes, masked=symbol + MASKED)

    def entry(self) -> str:
        if not self.narrow:
            return super().entry()
        wide, narrow = (
            self.target.entry(replace(body, entry=name, linkage="internal "))
            for body, name in ((self.body(), "@entry.wide"), (self.narrow.body(), "@entry.narrow"))
        )
        least = min(self.width.lanes, SHORTEST)
        return "\n".join([wide, narrow, by_row_length(self.ndim, least, self.target.attributes)])

    def _wide(self, suffix: str, masked: bool) -> str:
        lanes, signature = self.width.lanes, self.signature(self.func)
        f = WideFunction(self, self.func, ROWS, lanes, self.uniformity, "%mask" if masked else None)
        params = bind_parameters(f, self.func)
        if masked:
            count = f.spread("i32", "%count")
            f.do(f"%mask = icmp slt {f.vector('i32')} {f.numbered('i32')}, {count}")
        if self.target.contiguous:
            self.assume_contiguous(f)
        start(f)
        f.block(self.func.body)
        f.do("ret void")
        head = ", ".join(x for x in (self.context, *params, "i32 %count" * masked) if x)
        attributes = f"noinline {self.target.attributes}" if masked else self.target.inline
        lines = [f"define internal void {signature.symbol}{suffix}({head}) {attributes} {{", "start:"]
        return "\n".join([*lines, *f.allocas, *f.lines, "}"])
