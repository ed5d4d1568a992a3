"""What a program is: functions of structured, typed SSA.

    Func    parameters and a body
    Block   parameters, operations in order, and the values it yields
    Op      one primitive of `ops.py`: arguments, attributes, regions (blocks it owns), results
    Value   one result or parameter; assigned once

There is no goto and no variable slot: `if`, `for` and `while` are operations that own blocks and return
what those yield. A value is visible in the block that made it, after its op, and in the blocks inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from robokern.ir.types import Type


@dataclass(frozen=True, slots=True)
class Loc:
    """A place in the user's source: 1-based line and column, and the width of the expression."""

    file: str
    line: int
    column: int
    width: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(eq=False, slots=True)
class Value:
    """Something computed once."""

    type: Type


@dataclass(eq=False, slots=True)
class Block:
    """A sequence of operations.

    `params` are bound by the op that owns the block: carried values of a loop, after the counter in a `for`.
    """

    params: tuple[Value, ...] = ()
    ops: list[Op] = field(default_factory=list)
    yields: tuple[Value, ...] = ()


@dataclass(eq=False, slots=True)
class Op:
    """One primitive applied."""

    name: str
    args: tuple[Value, ...]
    results: tuple[Value, ...]
    attrs: dict[str, Any]
    regions: tuple[Block, ...]
    loc: Loc | None


@dataclass(eq=False, slots=True)
class Assert:
    """What a failed `assert` op reports; its number is the index in `Func.asserts`."""

    message: str
    loc: Loc


@dataclass(eq=False, slots=True)
class Func:
    """A function, or a kernel when `tid_ndim` is not None (then the number of its grid's dimensions; 0: any).

    `body.yields` are the results. `contract` says whether the compiler may fuse `a * b + c`, `fast_math`
    whether a target may reorder and approximate float arithmetic; `lanes` is how many items the CPU shall
    run at once (0: the compiler chooses).
    `gradient` gives its reverse derivative where that was written by hand: a function of the parameters and
    of the results' adjoints, which returns the adjoints of the parameters that carry floats; `replay` gives
    the function that stands for it where a derivative computes it again.
    A `cold` function is called seldom: its code is written once and need not be fast.
    `memo` holds what was found out about a function that others call: nobody changes it any more.
    """

    name: str
    params: tuple[Value, ...]
    names: tuple[str, ...]
    body: Block
    loc: Loc | None = None
    tid_ndim: int | None = None
    contract: bool = True
    asserts: list[Assert] = field(default_factory=list)
    gradient: Callable[[], Func] | None = None
    replay: Callable[[], Func] | None = None
    fast_math: bool = False
    lanes: int = 0
    cold: bool = False
    memo: dict[Any, Any] = field(init=False, default_factory=dict, repr=False)

    @property
    def results(self) -> tuple[Type, ...]:
        """Types of what it returns."""
        return tuple(v.type for v in self.body.yields)


def walk(block: Block) -> Iterator[Op]:
    """Every op in the block and in the regions inside, outer before inner."""
    for op in block.ops:
        yield op
        if op.regions:
            for region in op.regions:
                yield from walk(region)


def used_values(block: Block) -> set[Value]:
    """Values that something in the block uses, or that it yields."""
    used = set(block.yields)
    for op in walk(block):
        used.update(op.args)
        for region in op.regions:
            used.update(region.yields)
    return used


def callees(func: Func) -> list[Func]:
    """Every function it calls, directly or not, callees before callers, each once."""
    found: dict[Func, None] = {}
    for callee in called(func):
        found.update(dict.fromkeys(remembered(callee, "with callees", _with_callees)))
    return list(found)


def called(func: Func) -> list[Func]:
    """The functions that its own body calls, each once."""
    return list(dict.fromkeys(op.attrs["callee"] for op in walk(func.body) if op.name == "call"))


def _with_callees(func: Func) -> list[Func]:
    return [*callees(func), func]


def remembered(callee: Func, what: str, find: Callable[[Func], Any]) -> Any:
    """What `find` gives for a function that others call, found once."""
    if what not in callee.memo:
        callee.memo[what] = find(callee)
    return callee.memo[what]
