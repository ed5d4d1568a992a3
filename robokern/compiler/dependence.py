"""How long a program's results keep each other waiting: its longest chain of dependent operations, in cycles.

As on recent x86 processors, rounded, and without what memory takes. For programs without loops.
"""

from __future__ import annotations

from robokern.ir.nodes import Block, Func, Value

_CYCLES = {
    **dict.fromkeys(("add", "sub", "mul", "fma", "min", "max", "cast", "floor", "ceil", "trunc", "rint"), 4),
    **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne"), 3),
    **dict.fromkeys(("select", "abs", "and", "or", "xor", "shl", "shr"), 1),
    "div": 13,
    "sqrt": 20,
}

_Ready = dict[Value, int]  # cycles after the start at which a value is there


def longest_chain(program: Func) -> int:
    """Cycles from the first operation to the last, however many run at once."""
    return _last(program.body, {})


def _last(block: Block, ready: _Ready) -> int:
    last = 0
    for op in block.ops:
        end = max((ready.get(a, 0) for a in op.args), default=0) + _CYCLES.get(op.name, 0)
        last = max(last, end, *(_last(region, ready) for region in op.regions))
        for k, result in enumerate(op.results):
            ready[result] = max([end, *(ready.get(region.yields[k], 0) for region in op.regions)])
    return last
