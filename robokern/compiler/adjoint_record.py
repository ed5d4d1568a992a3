"""What a derivative cannot compute again is written down by the forward launch.

That are the results of atomics, which depend on the order of items, and reads of an element that the kernel
overwrites before the derivative could read it again. Outside of loops an array over the grid takes them, one
per item. In a loop they go to a *log*, rows by items, each item filling its own column from the top, and the
number of rows it wrote (or would have, had there been room) to an array over the grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from robokern.compiler.builder import Builder
from robokern.ir.nodes import Block, Func, Op, Value
from robokern.ir.types import ArrayType, int32, int64


@dataclass(frozen=True)
class Record:
    """Where one op's results are kept.

    Attributes:
        op: the op.
        array: over the grid, or the log.
        place: indices of the result that the op has now, as values of the op's function.
        count: for a log, how many rows each item wrote.
    """

    op: Op
    array: Value
    place: tuple[Value, ...]
    count: Value | None = None


@dataclass
class Recorder:
    """Gives ops of one function their records, and puts into the function what finds their places.

    Args:
        func: the function, changed in place.
        ndim: dimensions of the grid.
        writes: whether the function fills the records (the forward launch) or only follows along.
    """

    func: Func
    ndim: int
    writes: bool
    records: list[Record] = field(default_factory=list)

    def run(self, ops: Sequence[Op], looped: Sequence[bool]) -> list[Record]:
        """Records of the ops; `looped` are those that may run many times."""
        self.top, self.end = Builder(), Builder()
        self.item = self.top.ops("tid", ndim=self.ndim)
        self.zero, self.one = self.top.const(0, int32), self.top.const(1, int32)
        for op, often in zip(ops, looped, strict=True):
            self.records.append(self._log(op) if often else self._single(op))
        self.func.body.ops[:0] = self.top.body.ops
        self.func.body.ops += self.end.body.ops
        return self.records

    def _single(self, op: Op) -> Record:
        array = Value(ArrayType(op.results[0].type, self.ndim))
        if self.writes:
            after = Builder()
            after.ops("store", array, *self.item, op.results[0], offset=0)
            _put(self.func.body, op, [], after.body.ops)
        return Record(op, array, self.item)

    def _log(self, op: Op) -> Record:
        log = Value(ArrayType(op.results[0].type, 2))
        count = Value(ArrayType(int32, self.ndim))
        cursor = self.top.op("local", shape=(1,), type=ArrayType(int32, 1))
        column = self._number(count)
        before, after = Builder(), Builder()
        row = before.op("load", cursor, self.zero, offset=0, type=int32)
        if self.writes:
            self._write(after, op, log, row, column)
            rows = self.end.op("load", cursor, self.zero, offset=0, type=int32)
            self.end.ops("store", count, *self.item, rows, offset=0)
        after.ops("store", cursor, self.zero, after.op("add", row, self.one), offset=0)
        _put(self.func.body, op, before.body.ops, after.body.ops)
        return Record(op, log, (row, column), count)

    def _write(self, after: Builder, op: Op, log: Value, row: Value, column: Value) -> None:
        fits = after.op("lt", row, after.op("shape", log, dim=0))
        with after.region() as inside:
            after.ops("store", log, row, column, op.results[0], offset=0)
        after.ops("if", fits, regions=(inside, Block()), types=())

    def _number(self, count: Value) -> Value:
        """The item's place among all of the grid, as if that had one dimension."""
        b = self.top
        number = b.op("cast", self.item[0], type=int64)
        for dim, coordinate in enumerate(self.item[1:], 1):
            length = b.op("cast", b.op("shape", count, dim=dim), type=int64)
            number = b.op("add", b.op("mul", number, length), b.op("cast", coordinate, type=int64))
        return number


def _put(block: Block, op: Op, before: list[Op], after: list[Op]) -> bool:
    """Puts ops around one, in the block that holds it."""
    for place, candidate in enumerate(block.ops):
        if candidate is op:
            block.ops[place : place + 1] = [*before, op, *after]
            return True
        if any(_put(region, op, before, after) for region in candidate.regions):
            return True
    return False
