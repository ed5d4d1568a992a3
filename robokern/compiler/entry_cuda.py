"""The entry point of a kernel on an NVIDIA GPU: one thread per item, the launch record passed by value.

The record lies in the driver's constant bank, where all threads read it at the price of one. Items are
numbered with 64 bits, the last dimension of the grid fastest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from robokern.compiler.launch_record import arguments, field
from robokern.ir import layout

if TYPE_CHECKING:
    from robokern.compiler.target import Body

# on the way back of a loop: LLVM then writes four turns in a row, so that their reads are under way at once
UNROLLED = ", !llvm.loop !0"
METADATA = """!0 = distinct !{!0, !1}
!1 = !{!"llvm.loop.unroll.count", i32 4}
"""
BLOCK = 256  # threads of a block: a thread may then use every register that the hardware can address
_REGISTERS = {"ctaid": "block", "tid": "thread"}


def entry(body: Body) -> str:
    """The text of the entry point, the declarations it needs included."""
    given, loads = arguments(body.parameters)
    size = layout.argument_offsets(body.parameters)[-1]
    declarations = [f"declare i32 @llvm.nvvm.read.ptx.sreg.{name}.x()" for name in _REGISTERS]
    head = f"define ptx_kernel void @entry(ptr byval([{size} x i8]) align 8 %launch) {body.attributes} {{"
    lines = [
        "start:",
        *_item(),
        "  %some = icmp slt i64 %item, %items",
        "  br i1 %some, label %run, label %done",
        "run:",
        *loads,
        *_coordinates(body.ndim),
        f"  call void {body.symbol}({', '.join([body.context, *given])})",
        "  br label %done",
        "done:",
        "  ret void",
        "}",
    ]
    return "\n".join([*declarations, head, *lines])


def _item() -> list[str]:
    """%item, this thread's, and %items, how many there are."""
    lines = []
    for register, name in _REGISTERS.items():
        lines += [
            f"  %{name}.short = call i32 @llvm.nvvm.read.ptx.sreg.{register}.x()",
            f"  %{name} = zext i32 %{name}.short to i64",
        ]
    lines += [f"  %before = mul nuw nsw i64 %block, {BLOCK}", "  %item = add nuw nsw i64 %before, %thread"]
    for k in range(4):
        lines += field("i64", f"%dim.{k}", 8 * k)
    return [
        *lines,
        "  %items.01 = mul nsw i64 %dim.0, %dim.1",
        "  %items.23 = mul nsw i64 %dim.2, %dim.3",
        "  %items = mul nsw i64 %items.01, %items.23",
    ]


def _coordinates(ndim: int) -> list[str]:
    """%tid.k from %item. LLVM takes the 32-bit division wherever both numbers fit."""
    lines, rest = [], "%item"
    for k in range(ndim - 1, 0, -1):
        lines += [
            f"  %rest.{k} = udiv i64 {rest}, %dim.{k}",
            f"  %whole.{k} = mul i64 %rest.{k}, %dim.{k}",
            f"  %place.{k} = sub i64 {rest}, %whole.{k}",
            f"  %tid.{k} = trunc i64 %place.{k} to i32",
        ]
        rest = f"%rest.{k}"
    return [*lines, f"  %tid.0 = trunc i64 {rest} to i32"] if ndim else lines
