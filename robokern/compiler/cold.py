"""Cold functions that wide code calls: object code of their own, the same for all kernels.

A function is named after its digest, so that the kernels of a process share what is compiled once: in place,
the reduction of large angles was a tenth of what a quaternion kernel took.
"""

from __future__ import annotations

from robokern.compiler.emit import Module
from robokern.compiler.target import Target
from robokern.compiler.wide_call import by_lanes
from robokern.ir.nodes import Func, remembered
from robokern.ir.text import digest


def symbol(func: Func) -> str:
    """The LLVM name of a cold function for one item."""
    return f"@cold.{remembered(func, 'digest', digest)}"


def text(func: Func, lanes: int, target: Target) -> str:
    """The LLVM module of a cold function: for one item, and for the lanes of a mask."""
    return _Cold(func, lanes, target).text_of_all()


class _Cold(Module):
    context = ""  # functions of numbers know no item

    def __init__(self, func: Func, lanes: int, target: Target) -> None:
        self.lanes = lanes
        super().__init__(func, target)

    def symbol(self, func: Func, number: int) -> str:
        return symbol(func) if func is self.func else super().symbol(func, number)

    def linkage(self, func: Func) -> str:
        return "" if func is self.func else super().linkage(func)

    def bodies(self) -> list[str]:
        bits = f"i{self.lanes}"
        self.declare(f"declare {bits} @llvm.cttz.{bits}({bits}, i1)")
        for_lanes = by_lanes(self.func, self.signature(self.func), self.lanes, self.target.attributes)
        return [*super().bodies(), for_lanes]

    def entry(self) -> str:
        return ""
