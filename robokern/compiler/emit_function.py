"""LLVM text of one function while it is being written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from robokern.compiler.emit_types import literal, register, registers
from robokern.ir.layout import ALONE_AT
from robokern.ir.nodes import Block, Func, Op, Value, used_values
from robokern.ir.types import Scalar, Type

if TYPE_CHECKING:
    from robokern.compiler.emit import Module

_SUFFIX = {"half": "f16", "float": "f32", "double": "f64", "ptr": "p0"}

Operands = tuple[str, ...]  # the leaves of a value: LLVM names or literals


class Function:
    """The instructions written so far, the open basic block, and the operands that hold each IR value.

    Stack memory is reserved in the entry block, so that a loop does not grow the stack. A function that may
    return an array of its own is `framed`: its caller reserves that memory and passes it as `%frame`.
    """

    longest_chain = 36  # leaves that a run-time index searches with selects; longer composites go by memory

    def __init__(self, module: Module, func: Func, rows: Mapping[str, Row], framed: bool) -> None:
        self.module = module
        self.func = func
        self.rows = rows
        self.values: dict[Value, Operands] = {}
        self.own: set[Value] = set()  # arrays that only this item can reach
        self.shared = True  # whether the atomic being written is in memory that others reach
        self.lines: list[str] = []
        self.allocas: list[str] = []
        self.label = "start"
        self.framed = framed
        self.frame_size = 0
        self._count = 0
        self._intrinsics: set[str] = set()  # declared ones
        self._asks_alone = False

    @cached_property
    def used(self) -> set[Value]:
        """Values that something uses."""
        return used_values(self.func.body)

    def fresh(self, prefix: str = "%v") -> str:
        """A name not used before in this function."""
        self._count += 1
        return f"{prefix}{self._count}"

    def do(self, instruction: str) -> None:
        """Writes an instruction without result."""
        self.lines.append("  " + instruction)

    def let(self, instruction: str) -> str:
        """Writes an instruction and names its result."""
        name = self.fresh()
        self.lines.append(f"  {name} = {instruction}")
        return name

    def let_as(self, name: str, instruction: str) -> str:
        """Writes an instruction whose result has this name."""
        self.lines.append(f"  {name} = {instruction}")
        return name

    @property
    def bit(self) -> str:
        """LLVM type of a condition."""
        return self.widened("i1")

    def held(self, scalar: Scalar) -> str:
        """LLVM type in which a scalar is held."""
        return self.widened(register(scalar))

    def widened(self, held: str) -> str:
        """The type that stands for the register type `held` in the rule being applied."""
        return held

    def suffix(self, held: str) -> str:
        """How an intrinsic over such operands is marked: `f32`."""
        return _SUFFIX.get(held, held)

    def number(self, scalar: Scalar, value: Any) -> str:
        """A literal of a scalar type."""
        return literal(value, scalar)

    def lanewise(self, rule: Callable[..., str], types: Sequence[str], operands: Sequence[str]) -> str:
        """The result of a rule for scalar operands of the register types `types`."""
        return rule(*operands)

    def intrinsic(self, name: str, result: str, *arguments: str) -> str:
        """Calls `llvm.name`; each argument is `type operand`."""
        if name not in self._intrinsics:
            self._intrinsics.add(name)
            types = (a.split("> ")[0] + ">" if a[0] == "<" else a.split(" ", 1)[0] for a in arguments)
            self.module.declare(f"declare {result} @llvm.{name}({', '.join(types)})")
        return self.let(f"call {result} @llvm.{name}({', '.join(arguments)})")

    def reserve(self, size: int, align: int) -> str:
        """Bytes on the stack, once per call of the function; of the caller if results may point there."""
        name = self.fresh("%stack")
        if self.framed:
            start = -(-self.frame_size // align) * align
            self.frame_size = start + size
            self.allocas.append(f"  {name} = getelementptr inbounds i8, ptr %frame, i64 {start}")
            return name
        self.allocas.append(f"  {name} = alloca [{size} x i8], align {align}")
        return name

    @property
    def alone(self) -> str:
        """Whether one thread runs all items, as an operand; empty where the target cannot tell."""
        if self.module.target.is_text:
            return ""
        if not self._asks_alone:
            self._asks_alone = True
            self.allocas += [
                f"  %alone.at = getelementptr i8, ptr %status, i64 {ALONE_AT}",
                "  %alone.number = load i64, ptr %alone.at",
                "  %alone = icmp ne i64 %alone.number, 0",
            ]
        return "%alone"

    def open(self, label: str) -> None:
        """Starts a basic block."""
        self.lines.append(f"{label}:")
        self.label = label

    def branch(self, condition: str, yes: str, no: str) -> None:
        """Ends the block."""
        self.do(f"br i1 {condition}, label %{yes}, label %{no}")

    def jump(self, label: str) -> None:
        """Ends the block."""
        self.do(f"br label %{label}")

    def phis(self, types: Iterable[Type], *incoming: tuple[str, Sequence[Operands]]) -> list[Operands]:
        """Joins values that come from several blocks: one phi per leaf; `incoming` is (label, values)."""
        joined = []
        for index, type in enumerate(types):
            sources = [(label, values[index]) for label, values in incoming]
            joined.append(tuple(self._phi(held, sources, k) for k, held in enumerate(registers(type))))
        return joined

    def _phi(self, held: str, sources: list[tuple[str, Operands]], leaf: int) -> str:
        first = sources[0][1][leaf]
        if all(operands[leaf] == first for _, operands in sources):
            return first
        pairs = ", ".join(f"[ {operands[leaf]}, %{label} ]" for label, operands in sources)
        return self.let(f"phi {held} {pairs}")

    def block(self, block: Block) -> list[Operands]:
        """Writes the block's operations; gives what it yields."""
        for op in block.ops:
            self.values.update(zip(op.results, self.rows[op.name](self, op), strict=True))
        return [self.values[v] for v in block.yields]

    def arguments(self, op: Op) -> list[Operands]:
        """Operands of each argument."""
        return [self.values[a] for a in op.args]


Row = Callable[[Function, Op], Sequence[Operands]]


def typed(types: Iterable[str], operands: Iterable[str]) -> str:
    """`type operand, type operand, ...`"""
    return ", ".join(f"{t} {o}" for t, o in zip(types, operands, strict=True))
