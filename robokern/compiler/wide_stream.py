"""Wide code of kernels that are one loop, left at different turns: free lanes take the next items.

    what is equal for all items
    begin:  what precedes the loop, for the next items in order; free lanes take them
    turn:   one turn of the loop, in the lanes that are in it; again while more than a few are
    finish: what follows the loop, in the lanes that left it; begin again while items are left

Few is half of the lanes, or none: lanes then work in step and hold items in order. Which is better depends
on the data (`entry_stream`). In step, every lane waits for the slowest of its group; rays that march through
a distance field take 9 turns on average, the slowest of 16 takes 32. But neighbouring elements are then
accessed as whole vectors, so such accesses are written twice (`_access`).

What lives from block to block lies in stack slots, which LLVM turns into registers.

Source: Aila & Laine, "Understanding the efficiency of ray traversal on GPUs", HPG 2009 (persistent threads
that replace terminated rays).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from robokern.compiler import entry_stream
from robokern.compiler.emit_function import Function, Operands, Row
from robokern.compiler.emit_types import registers, zero
from robokern.compiler.wide import COUNT, FIRST, LANE_TID, WideFunction, start
from robokern.compiler.wide_loop import Streamed
from robokern.compiler.wide_order import Leaf, Taking
from robokern.compiler.wide_places import array_type, indices
from robokern.ir import layout
from robokern.ir.nodes import Block, Op, Value, walk
from robokern.ir.ops import OPS

_IN_STEP, _WHOLE = "%in.step", "%whole"  # whether lanes are in step, and all of them there


@dataclass(frozen=True)
class _Slot:
    """A place on the stack for what one register holds: a `held`, or one per lane."""

    place: str
    held: str
    type: str
    wide: bool

    def load(self, f: WideFunction) -> str:
        line = f"load {self.type}, ptr {self.place}"
        return f.let_wide(line) if self.wide else f.let(line)

    def store(self, f: WideFunction, operand: str) -> None:
        f.do(f"store {self.type} {operand}, ptr {self.place}")


def _slot(f: WideFunction, held: str, wide: bool) -> _Slot:
    place, type = f.fresh("%slot"), f.vector(held) if wide else held
    empty = "zeroinitializer" if wide else zero(held)
    f.allocas += [f"  {place} = alloca {type}", f"  store {type} {empty}, ptr {place}"]
    return _Slot(place, held, type, wide)


class Stream:
    """Writes the body over the items [%from, %to) of a row, in the pieces that `entry_stream` makes."""

    def __init__(self, f: WideFunction, streamed: Streamed) -> None:
        self.f, self.streamed, self.loop = f, streamed, streamed.loop
        ops = streamed.program.body.ops
        at = ops.index(self.loop)
        self.before, self.behind = ops[:at], ops[at + 1 :]
        self.running, self.taken = _slot(f, "i1", True), _slot(f, "i1", True)
        self.next, self.first, self.least = (_slot(f, "i32", False) for _ in range(3))
        self.carried = [_slot(f, held, True) for p in self._test.params for held in registers(p.type)]
        # operands made by `begin` that later blocks use, and which values they are part of
        self.kept = {LANE_TID: _slot(f, "i32", True)}
        self.values: dict[Value, Operands] = {}
        self.done = ""  # the mask of lanes that left the loop

    @property
    def _test(self) -> Block:
        return self.loop.regions[0]

    def write(self) -> None:
        """Writes all blocks, the first into the open one."""
        f = self.f
        varying = self._hoist()
        f.lines.append(entry_stream.ask(f.lanes, f.label))
        self.next.store(f, entry_stream.FIRST)
        f.let_as(_IN_STEP, f"icmp eq i32 {entry_stream.FEW}, 0")
        f.jump("begin")
        self._begin(varying)
        f.uniformity = self.streamed.anywhere
        f.rows = {**f.rows, **{name: partial(self._access, f.rows[name]) for name in ("load", "store")}}
        self._turn()
        self._finish()
        f.open("end")
        f.lines.append(entry_stream.TRIAL)

    def _hoist(self) -> list[Op]:
        """Writes what is equal for all items; gives the rest of what precedes the loop."""
        f, rest, late = self.f, [], set[Value]()
        for op in self.before:
            is_early = not op.regions and not OPS[op.name].effect and late.isdisjoint(op.args)
            if is_early and op.name != "tid" and all(f.uniformity.is_uniform(r) for r in op.results):
                self._enter(op)
                continue
            else:
                late.update(op.results)
            rest.append(op)
        return rest

    def _enter(self, op: Op) -> None:
        f = self.f
        f.values.update(zip(op.results, f.rows[op.name](f, op), strict=True))

    # what precedes the loop

    def _begin(self, ops: Sequence[Op]) -> None:
        """Makes the next items in order and gives them to the free lanes."""
        f = self.f
        f.open("begin")
        at = len(f.lines)
        free = f.inverse(self.running.load(f))
        first = f.let_as(f"%tid.{f.uniformity.ndim - 1}", f"load i32, ptr {self.next.place}")
        left = f.let(f"sub i32 {entry_stream.END}, {first}")
        f.let_as(COUNT, f"add i32 {self._fewer(self._number_of(free), left) if _writes(ops) else left}, 0")
        f.mask = FIRST
        start(f)
        for op in ops:
            self._enter(op)
        made = {line.split(" = ", 1)[0].strip() for line in f.lines[at:] if " = " in line}
        given = list(self._used_later(ops, made))
        f.branch(f.let(f"icmp eq {f.bits} {f.mask_bits(free)}, -1"), "all", "some")
        self._give_all(given, first, left)
        self._give_some(given, first, left, free)
        f.open("given")
        self.taken.store(f, self.running.load(f))
        self.first.store(f, first)
        more = f.let(f"icmp slt i32 {self.next.load(f)}, {entry_stream.END}")
        self.least.store(f, f.let(f"select i1 {more}, i32 {entry_stream.FEW}, i32 0"))
        f.jump("turn")

    def _used_later(self, ops: Sequence[Op], made: set[str]) -> Iterator[tuple[_Slot, str]]:
        """What the loop starts with and operands that later blocks use, each with the place for it."""
        f, later = self.f, Block((), [self.loop, *self.behind])
        yield from zip(self.carried, (o for a in self.loop.args for o in f.values[a]), strict=True)
        used = {a for op in walk(later) for a in op.args} | {
            y for op in walk(later) for r in op.regions for y in r.yields
        }
        for value in (r for op in ops for r in op.results if r in used):
            self.values[value] = f.values[value]
            for held, operand in zip(registers(value.type), f.values[value], strict=True):
                if operand in made and operand not in self.kept:
                    self.kept[operand] = _slot(f, held, f.is_wide(operand))
                    yield self.kept[operand], operand

    def _give_all(self, given: Sequence[tuple[_Slot, str]], first: str, left: str) -> None:
        """Where all lanes are free, they hold the items in order."""
        f = self.f
        f.open("all")
        for slot, operand in (*given, (self.kept[LANE_TID], LANE_TID), (self.running, FIRST)):
            slot.store(f, f.shaped(slot.held, operand, slot.wide))
        # the number does not wait for the loop before, as that of free lanes does
        self.next.store(f, f.let(f"add i32 {first}, {self._fewer(str(f.lanes), left)}"))
        f.jump("given")

    def _give_some(self, given: Sequence[tuple[_Slot, str]], first: str, left: str, free: str) -> None:
        """Each free lane takes the item of its rank, others keep what they have."""
        f, tid = self.f, self.kept[LANE_TID]
        f.open("some")
        taking = self._taking(free, left)
        number = f.let_wide(f"add {f.vector('i32')} {f.spread('i32', first)}, {taking.ranks}")
        tid.store(f, f.blend("i32", taking.lanes, number, tid.load(f)))
        self.running.store(f, f.let_wide(f"or {f.vector('i1')} {self.running.load(f)}, {taking.lanes}"))
        moved = iter(taking.moved(f, [Leaf(s.held, o, s.load(f)) for s, o in given if s.wide]))
        for slot, operand in given:
            slot.store(f, next(moved) if slot.wide else operand)
        self.next.store(f, f.let(f"add i32 {first}, {self._fewer(self._number_of(free), left)}"))
        f.jump("given")

    def _fewer(self, lanes: str, left: str) -> str:
        """How many items are taken."""
        return self.f.intrinsic("umin.i32", "i32", f"i32 {lanes}", f"i32 {left}")

    def _taking(self, free: str, left: str) -> Taking:
        """Ranks the free lanes; those for which there are items take them."""
        f, vector = self.f, self.f.vector("i32")
        lower = f"<{', '.join(f'i32 {(1 << k) - 1}' for k in range(f.lanes))}>"
        before = f.let_wide(f"and {vector} {f.spread('i32', self._bits_of(free))}, {lower}")
        symbol = f"@llvm.ctpop.v{f.lanes}i32"
        f.module.declare(f"declare {vector} {symbol}({vector})")
        ranks = f.let_wide(f"call {vector} {symbol}({vector} {before})")
        # not `tid < %to`: the sum may wrap in lanes without an item
        has_one = f.let_wide(f"icmp ult {vector} {ranks}, {f.spread('i32', left)}")
        return Taking(f.both(free, has_one), ranks)

    def _number_of(self, mask: str) -> str:
        """How many lanes a mask has."""
        return self.f.intrinsic("ctpop.i32", "i32", f"i32 {self._bits_of(mask)}")

    def _bits_of(self, mask: str) -> str:
        f = self.f
        bits = f.mask_bits(mask)
        return bits if f.lanes == 32 else f.let(f"zext {f.bits} {bits} to i32")

    def _bring(self) -> None:
        """Loads what `begin` stored, into the open block."""
        f = self.f
        loaded = {operand: slot.load(f) for operand, slot in self.kept.items()}
        for value, operands in self.values.items():
            f.values[value] = tuple(loaded.get(o, o) for o in operands)
        f.coordinate = loaded[LANE_TID]
        f.known_in_lane_0(f.coordinate, self.first.load(f))

    # the loop

    def _turn(self) -> None:
        """One turn; a lane that leaves keeps what it had."""
        f, (test, body) = self.f, self.loop.regions
        f.open("turn")
        f.mask = self.running.load(f)
        self._bring()
        old = [slot.load(f) for slot in self.carried]
        f.values.update(zip(test.params, _grouped(test.params, old), strict=True))
        (going,), *values = f.block(test)
        now = self._store_blended([o for v in values for o in v], old)
        live = f.both(f.mask, going)
        self.running.store(f, live)
        number = self._number_of(live)
        f.branch(f.any(live), "inside", "finish")
        f.open("inside")
        f.mask = live
        f.values.update(zip(body.params, _grouped(body.params, now), strict=True))
        self._store_blended([o for v in f.block(body) for o in v], now)
        f.branch(f.let(f"icmp ugt i32 {number}, {self.least.load(f)}"), "turn", "finish")

    def _store_blended(self, new: Sequence[str], old: Sequence[str]) -> list[str]:
        f = self.f
        assert f.mask is not None
        blended = []
        for slot, a, b in zip(self.carried, new, old, strict=True):
            blended.append(f.kept(slot.held, f.mask, a, b))
            slot.store(f, blended[-1])
        return blended

    # what follows the loop

    def _finish(self) -> None:
        """In the lanes that left the loop: there are some, or nothing would have led here."""
        f = self.f
        f.open("finish")
        running = self.running.load(f)
        f.mask = self.done = f.both(self.taken.load(f), f.inverse(running))
        self.taken.store(f, running)
        every = f.let(f"icmp eq {f.bits} {f.mask_bits(f.mask)}, -1")
        f.let_as(_WHOLE, f"and i1 {every}, {_IN_STEP}")
        self._bring()
        results = [slot.load(f) for slot in self.carried]
        f.values.update(zip(self.loop.results, _grouped(self.loop.results, results), strict=True))
        for op in self.behind:
            self._enter(op)
        f.branch(f.let(f"icmp slt i32 {self.next.load(f)}, {entry_stream.END}"), "begin", "end")

    # memory

    def _access(self, row: Row, f: Function, op: Op) -> Sequence[Operands]:
        """Writes an access twice where it gains by items in order: for these, and for any."""
        assert isinstance(f, WideFunction)
        whole, mask = f.mask == self.done, f.mask
        if not self._gains(op, whole):
            return row(f, op)
        in_order, anywhere, end = f.fresh("ordered"), f.fresh("anywhere"), f.fresh("access")
        f.branch(_WHOLE if whole else _IN_STEP, in_order, anywhere)
        f.open(in_order)
        f.uniformity, f.mask = self.streamed.in_order, None if whole else mask
        first, one = row(f, op), f.label
        f.jump(end)
        f.open(anywhere)
        f.uniformity, f.mask = self.streamed.anywhere, mask
        second, other = row(f, op), f.label
        f.jump(end)
        f.open(end)
        return [
            tuple(
                f.phi(held, True, (a, one), (b, other))
                for held, a, b in zip(registers(r.type), x, y, strict=True)
            )
            for r, x, y in zip(op.results, first, second, strict=True)
        ]

    def _gains(self, op: Op, whole: bool) -> bool:
        """Whether lanes with neighbouring items access neighbouring elements in another way than others."""
        array, u = op.args[0], self.streamed.in_order
        strides = [u.of(index)[0] for index in indices(op)]
        plain = len(layout.leaves(array_type(array).dtype)) == 1
        return u.is_uniform(array) and strides[-1] == 1 and not any(strides[:-1]) and (plain or whole)


def _writes(ops: Sequence[Op]) -> bool:
    """Whether it matters that they are run once for an item."""
    return any(OPS[op.name].effect and op.name not in ("load", "if") for op in walk(Block((), list(ops))))


def _grouped(like: Sequence[Value], leaves: Sequence[str]) -> list[Operands]:
    taken = iter(leaves)
    return [tuple(next(taken) for _ in registers(v.type)) for v in like]
