"""The LLVM module of a kernel that runs several items at once."""

from __future__ import annotations

from dataclasses import replace

from robokern.compiler import emit_arithmetic, emit_composite, wide_control, wide_memory
from robokern.compiler.emit import Module, bind_parameters
from robokern.compiler.emit_function import Row
from robokern.compiler.target import Body, Target
from robokern.compiler.wide import WideFunction, start
from robokern.compiler.width import Width

ROWS: dict[str, Row] = {
    **emit_arithmetic.ROWS,
    **emit_composite.ROWS,
    **wide_memory.ROWS,
    **wide_control.ROWS,
}

MASKED = ".some"  # what is added to the name of the body for fewer items than lanes


class WideModule(Module):
    """A kernel without calls, written twice: for all lanes, and for the first few of them."""

    def __init__(self, width: Width, target: Target) -> None:
        assert width.program is not None and width.uniformity is not None
        super().__init__(width.program, target)
        self.width, self.uniformity = width, width.uniformity

    def bodies(self) -> list[str]:
        return [self._wide("", masked=False), self._wide(MASKED, masked=True)]

    def body(self) -> Body:
        body = super().body()
        return replace(body, lanes=self.width.lanes, masked=body.symbol + MASKED)

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
