"""Wide code of kernels that are one loop, left at different turns: free lanes take the next items.

    what is equal for all items
    repeat:
        once half of the lanes have left the loop, or no items are left and all have:
            finish: what follows the loop, in the lanes that left it
            begin:  what precedes it, in the free lanes, for the next items
        one turn of the loop, in the lanes that are in it

Otherwise every lane would wait for the slowest of its group: rays that march through a distance field take 9
turns on average, the slowest of 16 takes 32. What lives from block to block lies in stack slots, which LLVM
turns into registers.

Source: Aila & Laine, "Understanding the efficiency of ray traversal on GPUs", HPG 2009 (persistent threads
that replace terminated rays).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from robokern.compiler.emit_function import Operands
from robokern.compiler.emit_types import registers, zero
from robokern.compiler.uniformity import Uniformity
from robokern.compiler.wide import WideFunction
from robokern.ir.nodes import Block, Func, Op, Value, walk
from robokern.ir.ops import OPS
from robokern.ir.types import ArrayType, bool_

FEWEST = 2  # lanes / this: so many in the loop, or fewer, let free lanes take items
_LOOPS = frozenset({"for", "while"})
_ORDERED = frozenset({"atomic", "assert", "print"})


def streamed(program: Func, uniformity: Uniformity) -> tuple[Func, Op] | None:
    """The program with its loop as a `while` after which lanes may take the next item; None: in step.

    There is one loop outside of others, and nobody can tell the order of items. Not for kernels with private
    arrays: the traversal of a bounding volume hierarchy with its stack lost a tenth.
    """
    loops = [
        op for op in program.body.ops if op.regions and any(o.name in _LOOPS for o in (op, *_inside(op)))
    ]
    if len(loops) != 1 or loops[0] not in uniformity.divergent or uniformity.private:
        return None
    everything = list(walk(program.body))
    if not any(op.name == "tid" for op in everything) or any(op.name in _ORDERED for op in everything):
        return None
    if any(isinstance(a.type, ArrayType) for a in loops[0].args):
        return None
    return _with_while(program, loops[0], uniformity)


def _with_while(program: Func, loop: Op, uniformity: Uniformity) -> tuple[Func, Op] | None:
    if loop.name == "while":
        return program, loop
    if loop.name != "for" or uniformity.constant(loop.args[2]) != 1:
        return None
    turned = _as_while(loop)
    ops = [turned if op is loop else op for op in program.body.ops]
    return replace(program, body=Block(program.body.params, ops, program.body.yields)), turned


def _as_while(loop: Op) -> Op:
    """`for counter in range(start, stop)` with a carried counter."""
    start, stop, _, *initial = loop.args
    (region,) = loop.regions
    count, going, one, next = (Value(t) for t in (start.type, bool_, start.type, start.type))
    held = tuple(Value(p.type) for p in region.params[1:])
    test = [Op("lt", (count, stop), (going,), {}, (), loop.loc)]
    step = [
        Op("const", (), (one,), {"value": 1, "type": start.type}, (), loop.loc),
        Op("add", (region.params[0], one), (next,), {}, (), loop.loc),
    ]
    regions = (
        Block((count, *held), test, (going, count, *held)),
        Block(region.params, [*region.ops, *step], (next, *region.yields)),
    )
    return Op("while", (start, *initial), (Value(start.type), *loop.results), {}, regions, loop.loc)


def _inside(op: Op) -> Iterable[Op]:
    return chain.from_iterable(walk(region) for region in op.regions)


@dataclass(frozen=True)
class _Slot:
    """A place on the stack for what one register holds."""

    place: str
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
    return _Slot(place, type, wide)


class Stream:
    """Writes the body over the items [%tid of the last dimension, %to) of a row."""

    def __init__(self, f: WideFunction, program: Func, loop: Op) -> None:
        self.f, self.loop = f, loop
        at = program.body.ops.index(loop)
        self.before, self.behind = program.body.ops[:at], program.body.ops[at + 1 :]
        self.running, self.taken = _slot(f, "i1", True), _slot(f, "i1", True)
        self.tid, self.next = _slot(f, "i32", True), _slot(f, "i32", False)
        self.carried = [_slot(f, held, True) for p in self._test.params for held in registers(p.type)]
        self.kept: dict[str, _Slot] = {}  # operands made by `begin` that later blocks use
        self.values: dict[Value, Operands] = {}  # which values they are part of

    @property
    def _test(self) -> Block:
        return self.loop.regions[0]

    def write(self) -> None:
        """Writes all blocks, the first into the open one."""
        f = self.f
        varying = self._hoist()
        self.next.store(f, f"%tid.{f.uniformity.ndim - 1}")
        f.jump("head")
        self._head()
        self._begin(varying)
        self._finish()
        self._turn()
        f.open("end")
        f.do("ret void")

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

    def _head(self) -> None:
        """Whether to go on with those in the loop."""
        f = self.f
        f.open("head")
        running = f.intrinsic(f"ctpop.{f.bits}", f.bits, f"{f.bits} {f.mask_bits(self.running.load(f))}")
        left = f.let(f"icmp slt i32 {self.next.load(f)}, %to")
        few = f.let(f"select i1 {left}, {f.bits} {f.lanes // FEWEST}, {f.bits} 0")
        f.branch(f.let(f"icmp ule {f.bits} {running}, {few}"), "swap", "turn")
        f.open("swap")
        done = f.both(self.taken.load(f), f.inverse(self.running.load(f)))
        f.branch(f.any(done), "finish", "free")
        f.open("free")
        f.branch(left, "begin", "end")

    def _begin(self, ops: Sequence[Op]) -> None:
        """Free lanes take the next items and do what precedes the loop."""
        f = self.f
        f.open("begin")
        at = len(f.lines)
        running = self.running.load(f)
        take = self._take(f.inverse(running))
        f.mask = take
        for op in ops:
            self._enter(op)
        made = {line.split(" = ", 1)[0].strip() for line in f.lines[at:] if " = " in line}
        self._keep(ops, made, take)
        initial = [o for a in self.loop.args for o in f.values[a]]
        for slot, operand in zip(self.carried, initial, strict=True):
            held = slot.type.split(" x ", 1)[1][:-1]
            slot.store(f, f.blend(held, take, operand, slot.load(f)))
        started = f.let_wide(f"or {f.vector('i1')} {running}, {take}")
        self.running.store(f, started)
        self.taken.store(f, started)
        f.jump("turn")

    def _take(self, free: str) -> str:
        """Numbers the items of the free lanes; gives the lanes for which there are some."""
        f = self.f
        vector, next = f.vector("i32"), self.next.load(f)
        bits = f.mask_bits(free)
        wide = bits if f.lanes == 32 else f.let(f"zext {f.bits} {bits} to i32")
        lower = f"<{', '.join(f'i32 {(1 << k) - 1}' for k in range(f.lanes))}>"
        before = f.let_wide(f"and {vector} {f.spread('i32', wide)}, {lower}")
        declared = f"{vector} @llvm.ctpop.v{f.lanes}i32({vector}"
        f.module.declare(f"declare {declared})")
        rank = f.let_wide(f"call {declared} {before})")
        tid = f.let_wide(f"add {vector} {f.spread('i32', next)}, {rank}")
        # not `tid < %to`: the sum may wrap in lanes without an item
        left = f.let(f"sub i32 %to, {next}")
        take = f.both(free, f.let_wide(f"icmp ult {vector} {rank}, {f.spread('i32', left)}"))
        f.coordinate = f.blend("i32", take, tid, self.tid.load(f))
        self.tid.store(f, f.coordinate)
        count = f.intrinsic("ctpop.i32", "i32", f"i32 {wide}")
        taken = f.intrinsic("umin.i32", "i32", f"i32 {count}", f"i32 {left}")
        self.next.store(f, f.let(f"add i32 {next}, {taken}"))
        return take

    def _keep(self, ops: Sequence[Op], made: set[str], take: str) -> None:
        """Stores what later blocks use of what `begin` has made."""
        f = self.f
        later = Block((), [self.loop, *self.behind])
        used = {a for op in walk(later) for a in op.args} | {
            y for op in walk(later) for r in op.regions for y in r.yields
        }
        for value in (r for op in ops for r in op.results if r in used):
            for held, operand in zip(registers(value.type), f.values[value], strict=True):
                if operand in made and operand not in self.kept:
                    slot = self.kept[operand] = _slot(f, held, f.is_wide(operand))
                    slot.store(f, f.blend(held, take, operand, slot.load(f)) if slot.wide else operand)
            self.values[value] = f.values[value]

    def _bring(self) -> None:
        """Loads what `_keep` stored, into the open block."""
        f = self.f
        loaded = {operand: slot.load(f) for operand, slot in self.kept.items()}
        for value, operands in self.values.items():
            f.values[value] = tuple(loaded.get(o, o) for o in operands)
        f.coordinate = self.tid.load(f)

    def _finish(self) -> None:
        """What follows the loop, in the lanes that left it."""
        f = self.f
        f.open("finish")
        f.mask = f.both(self.taken.load(f), f.inverse(self.running.load(f)))
        self._bring()
        f.values.update(
            zip(self.loop.results, self._grouped(self.loop.results, self._load_carried()), strict=True)
        )
        for op in self.behind:
            self._enter(op)
        self.taken.store(f, self.running.load(f))
        f.jump("free")

    def _load_carried(self) -> list[str]:
        return [slot.load(self.f) for slot in self.carried]

    def _grouped(self, like: Sequence[Value], leaves: Sequence[str]) -> list[Operands]:
        taken = iter(leaves)
        return [tuple(next(taken) for _ in registers(v.type)) for v in like]

    def _turn(self) -> None:
        """One turn; a lane that leaves keeps what it had."""
        f, (test, body) = self.f, self.loop.regions
        f.open("turn")
        f.mask = self.running.load(f)
        self._bring()
        old = self._load_carried()
        f.values.update(zip(test.params, self._grouped(test.params, old), strict=True))
        (going,), *values = f.block(test)
        now = self._store_blended([o for v in values for o in v], old)
        live = f.both(f.mask, going)
        self.running.store(f, live)
        f.branch(f.any(live), "inside", "head")
        f.open("inside")
        f.mask = live
        f.values.update(zip(body.params, self._grouped(body.params, now), strict=True))
        self._store_blended([o for v in f.block(body) for o in v], now)
        f.jump("head")

    def _store_blended(self, new: Sequence[str], old: Sequence[str]) -> list[str]:
        f = self.f
        assert f.mask is not None
        blended = []
        for slot, a, b in zip(self.carried, new, old, strict=True):
            held = slot.type.split(" x ", 1)[1][:-1]
            blended.append(f.kept(held, f.mask, a, b))
            slot.store(f, blended[-1])
        return blended
