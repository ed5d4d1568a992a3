"""The emitter's second way to write a kernel: W items at once, one in each lane of a vector register.

A uniform leaf is held as in scalar code, others as `<W x type>`; a scalar is spread when it meets a vector.
The rows are those of scalar code (`Function.lanewise` applies them to vectors) but for what lanes do
differently: control flow (`wide_control`), memory (`wide_memory`) and the item's coordinates.

Where lanes part, code runs under a mask, and code that no lane wants is skipped. Lanes that the mask excludes
compute along without effect: their values are defined but mean nothing.

Source: Pharr & Mark, "ispc: A SPMD compiler for high-performance CPU programming", InPar 2012.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from robokern.compiler.emit_function import Function, Operands, Row
from robokern.compiler.emit_types import literal, memory_size, register, zero
from robokern.ir.nodes import Func, Op, Value
from robokern.ir.types import Scalar

if TYPE_CHECKING:
    from robokern.compiler.emit import Module
    from robokern.compiler.uniformity import Uniformity

# items of the group, which lanes they fill, and whether these are all
COUNT, FIRST, FULL = "%count", "%first", "%full"
LANE_TID = "%lane.tid"  # the place of each lane's item in the last dimension

_BITS = {"i1": "i1", "half": "f16", "float": "f32", "double": "f64", "ptr": "p0"}


class WideFunction(Function):
    """LLVM text of a kernel for `lanes` items.

    Args:
        mask: operand that says which lanes are active at the start, `FIRST`; None: all.
        sole: there is no other body for full groups, so accesses that gain by it are written for both.
    """

    longest_chain = 1 << 30  # composites stay in registers

    def __init__(
        self,
        module: Module,
        func: Func,
        rows: Mapping[str, Row],
        lanes: int,
        uniformity: Uniformity,
        mask: str | None,
        sole: bool,
    ) -> None:
        super().__init__(module, func, rows, framed=False)
        self.lanes, self.uniformity, self.mask, self.sole = lanes, uniformity, mask, sole
        self.tail = mask == FIRST and not sole  # only for the items left over by full groups
        self.awaited_roots: frozenset[Op] = frozenset()  # square roots not left to the divider (`wide_roots`)
        self.coordinate = LANE_TID
        self._slots: dict[str, str] = {}  # where `spilled` puts vectors of a type
        self._width = 1
        self._widened: dict[str, str] = {}  # vector types
        self._vectors = {FIRST, LANE_TID}
        self._spread: dict[tuple[str, str], str] = {}
        # what follows from the coordinate alone, and how its value in lane 0 is computed; those of this block
        self._firsts: dict[str, Callable[[], str]] = {}
        self._found: dict[str, str] = {}

    # types and operands

    def widened(self, held: str) -> str:
        if self._width == 1:
            return held
        return self._widened.get(held) or self._widened.setdefault(held, self.vector(held))

    def vector(self, held: str) -> str:
        """The type of one `held` per lane."""
        return f"<{self.lanes} x {held}>"

    def suffix(self, held: str) -> str:
        own = _BITS.get(held, held)
        return own if self._width == 1 else f"v{self.lanes}{own}"

    def number(self, scalar: Scalar, value: Any) -> str:
        text = literal(value, scalar)
        return text if self._width == 1 else f"splat ({register(scalar)} {text})"

    def is_wide(self, operand: str) -> bool:
        """Whether an operand holds one value per lane."""
        return operand in self._vectors or operand[0] in "s<z"  # splat, a list, zeroinitializer

    def let(self, instruction: str) -> str:
        self._count += 1  # as `super().let`, in half the time
        name = f"%v{self._count}"
        self.lines.append(f"  {name} = {instruction}")
        if self._width > 1:
            self._vectors.add(name)
        return name

    def let_wide(self, instruction: str) -> str:
        """Writes an instruction whose result has one value per lane."""
        name = super().let(instruction)
        self._vectors.add(name)
        return name

    def lanewise(self, rule: Callable[..., str], types: Sequence[str], operands: Sequence[str]) -> str:
        wide = [o for o in operands if o in self._vectors or o[0] in "s<z"]  # `is_wide`, in half the time
        if not wide:
            return rule(*operands)
        spread = operands
        if len(wide) < len(operands):
            spread = [self.spread(t, o) for t, o in zip(types, operands, strict=True)]
        before, self._width = self._width, self.lanes
        made = rule(*spread)
        self._width = before
        # a rule that changes nothing gives back what it was given
        if wide[0] in self._firsts and made not in spread and self._firsts.keys() >= set(wide):
            self._firsts[made] = partial(self._of_first, rule, types, operands)
        return made

    def _of_first(self, rule: Callable[..., str], types: Sequence[str], operands: Sequence[str]) -> str:
        """A lanewise result in lane 0, computed for that one alone."""
        return rule(*(self.first(t, o) for t, o in zip(types, operands, strict=True)))

    def spread(self, held: str, operand: str) -> str:
        """The operand with one value per lane."""
        if self.is_wide(operand):
            return operand
        if not operand.startswith("%"):
            return f"splat ({held} {operand})"
        if (held, operand) not in self._spread:
            vector = self.vector(held)
            first = self.let_wide(f"insertelement {vector} poison, {held} {operand}, i64 0")
            shuffle = f"shufflevector {vector} {first}, {vector} poison, <{self.lanes} x i32> zeroinitializer"
            self._spread[held, operand] = self.let_wide(shuffle)
        return self._spread[held, operand]

    def joined(self, held: str, pieces: Sequence[str], width: int) -> str:
        """Vectors of this width one after the other in one; their number is a power of two."""
        while len(pieces) > 1:
            every = ", ".join(f"i32 {k}" for k in range(2 * width))
            piece = f"<{width} x {held}>"
            pieces = [
                self.let_wide(f"shufflevector {piece} {a}, {piece} {b}, <{2 * width} x i32> <{every}>")
                for a, b in zip(pieces[::2], pieces[1::2], strict=True)
            ]
            width *= 2
        return pieces[0]

    def shaped(self, held: str, operand: str, wide: bool) -> str:
        """The operand as it is held where it is wide, or not."""
        return self.spread(held, operand) if wide else operand

    def first(self, held: str, operand: str) -> str:
        """What lane 0 holds."""
        if operand not in self._firsts or not self.is_wide(operand):
            return self.element(held, operand, "0")
        if operand not in self._found:
            before, self._width = self._width, 1
            self._found[operand] = self._firsts[operand]()
            self._width = before
        return self._found[operand]

    def known_in_lane_0(self, operand: str, value: str) -> None:
        """Tells what lane 0 of a vector holds, everywhere."""
        self._firsts[operand] = lambda: value

    def element(self, held: str, operand: str, lane: str) -> str:
        """What a lane holds; `lane` is an i64 operand."""
        if not self.is_wide(operand):
            return operand
        return self.let(f"extractelement {self.vector(held)} {operand}, i64 {lane}")

    def spilled(self, held: str, operand: str) -> list[str]:
        """What each lane holds: stored and loaded, which takes half as long as extracting one by one."""
        size = memory_size(held)
        if held not in self._slots:
            self._slots[held] = self.reserve(size * self.lanes, 64)
        slot = self._slots[held]
        # volatile, or LLVM makes it extractions
        self.do(f"store volatile {self.vector(held)} {operand}, ptr {slot}, align 64")
        places = [self.let(f"getelementptr i8, ptr {slot}, i64 {k * size}") for k in range(self.lanes)]
        return [self.let(f"load {held}, ptr {place}, align {size}") for place in places]

    def open(self, label: str) -> None:
        super().open(label)
        self._spread.clear()
        self._found.clear()

    def numbered(self, held: str, step: int = 1) -> str:
        """The constant 0, step, 2 step, ... over the lanes."""
        return f"<{', '.join(f'{held} {k * step}' for k in range(self.lanes))}>"

    # masks

    @property
    def bits(self) -> str:
        """LLVM type of a mask as a number."""
        return f"i{self.lanes}"

    @property
    def active(self) -> str:
        """The mask as an operand."""
        return self.mask or "splat (i1 true)"

    def both(self, mask: str | None, condition: str) -> str:
        """Lanes of the mask in which the condition holds."""
        condition = self.spread("i1", condition)
        if mask is None:
            return condition
        return self.let_wide(f"and {self.vector('i1')} {mask}, {condition}")

    def inverse(self, condition: str) -> str:
        """Lanes in which the condition does not hold."""
        return self.let_wide(f"xor {self.vector('i1')} {condition}, splat (i1 true)")

    def mask_bits(self, mask: str) -> str:
        """A mask as a number, lane 0 the lowest bit."""
        return self.let(f"bitcast {self.vector('i1')} {mask} to {self.bits}")

    def any(self, mask: str) -> str:
        """Whether the mask has a lane."""
        return self.let(f"icmp ne {self.bits} {self.mask_bits(mask)}, 0")

    def blend(self, held: str, mask: str, new: str, old: str) -> str:
        """New values in the lanes of the mask, old ones in the others."""
        if new == old:
            return old
        vector, new, old = self.vector(held), self.spread(held, new), self.spread(held, old)
        return self.let_wide(f"select {self.vector('i1')} {mask}, {vector} {new}, {vector} {old}")

    def kept(self, held: str, mask: str, new: str, old: str) -> str:
        """The same for what a loop carries.

        As a `select`, `k + 1` under a mask becomes `k - mask`, the mask turned into a vector: a loop with
        gathers took 2.3 times as long as with an addition under the mask.
        """
        if new == old or not held.startswith("i") or held == "i1" or not self.module.target.masks:
            return self.blend(held, mask, new, old)
        vector, new, old = self.vector(held), self.spread(held, new), self.spread(held, old)
        symbol = f"@llvm.vp.merge.v{self.lanes}{held}"
        bits = self.vector("i1")
        self.module.declare(f"declare {vector} {symbol}({bits}, {vector}, {vector}, i32)")
        return self.let_wide(
            f"call {vector} {symbol}({bits} {mask}, {vector} {new}, {vector} {old}, i32 {self.lanes})"
        )

    def varies(self, value: Value) -> tuple[bool, ...]:
        """For each leaf, whether the analysis says that it differs between lanes."""
        return tuple(stride != 0 for stride in self.uniformity.of(value))

    def phi(self, held: str, wide: bool, *incoming: tuple[str, str]) -> str:
        """Joins (operand, label) pairs, each already held as `wide` says."""
        pairs = ", ".join(f"[ {operand}, %{label} ]" for operand, label in incoming)
        line = f"phi {self.vector(held) if wide else held} {pairs}"
        return self.let_wide(line) if wide else self.let(line)

    def nothing(self, held: str, wide: bool) -> str:
        """What stands for a value nobody computed."""
        return "zeroinitializer" if wide else zero(held)

    def name(self, wide: bool) -> str:
        """A name for a result written later."""
        name = self.fresh()
        if wide:
            self._vectors.add(name)
        return name


def tid(f: Function, op: Op) -> list[Operands]:
    """Coordinates: the last one differs between lanes."""
    assert isinstance(f, WideFunction)
    last = f.uniformity.ndim - 1
    return [((f.coordinate,) if k == last else (f"%tid.{k}",)) for k in range(len(op.results))]


def start(f: WideFunction) -> None:
    """Writes which lanes have an item, and their coordinates if there are some."""
    numbers = f.numbered("i32")
    if f.mask:
        f.do(f"{FIRST} = icmp slt {f.vector('i32')} {numbers}, {f.spread('i32', COUNT)}")
        f.do(f"{FULL} = icmp sge i32 {COUNT}, {f.lanes}")
    if f.uniformity.ndim:
        first = f"%tid.{f.uniformity.ndim - 1}"
        base = f.spread("i32", first)
        f.known_in_lane_0(LANE_TID, first)
        f.do(f"{LANE_TID} = add {f.vector('i32')} {base}, {numbers}")
