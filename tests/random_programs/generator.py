"""Draws well-typed kernels as Python source text.

Every program terminates (loops are short or carry a fuel counter), stays inside its arrays (indices are
masked to a power of two), and gives the same result whatever the order of items: an item writes its own row
of the outputs, and what items share they combine with commutative integer atomics only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import robokern as rk
from robokern.ir.types import ArrayType, Struct, bool_, int32
from tests.random_programs.expressions import (
    CELLS,
    FLOATS,
    INNER,
    INTEGERS,
    OPERATORS,
    PAIR,
    SHARED,
    SLOTS,
    STRUCTS,
    TYPES,
    VECTORS,
    Callee,
    Expressions,
    Variable,
    spelled,
    tag,
)

ITEMS = [11, 1, 37]  # lengths of the grid: with and without a remainder for any number of lanes


@dataclass
class Program:
    """A kernel's source, and the arguments to launch it with."""

    source: str
    params: list[tuple[str, Any]]
    seed: int
    items: int

    def __repr__(self) -> str:
        return f"Program(seed={self.seed}, items={self.items}, source='''\n{self.source}''')"


class Generator(Expressions):
    """Draws one program."""

    # the program

    def program(self) -> Program:
        seed, items = self.choose(1 << 16), self.pick(ITEMS)
        funcs = [self.function() for _ in range(self.choose(3))]
        body = self.kernel_body()
        params = [f"    {name}: {_annotation(t)}," for name, t in self.used.items()]
        head = ["import robokern as rk", "", *_STRUCT_LINES]
        kernel = ["@rk.kernel", "def k(", *params, "):", "    i = rk.tid()", *body]
        lines = [*head, *(line for f in funcs for line in f), *kernel]
        return Program("\n".join(lines) + "\n", list(self.used.items()), seed, items)

    def kernel_body(self) -> list[str]:
        self.in_kernel, self.returns, self.size = True, "return", 0
        self.scope, self.lines = [Variable("i", int32, fixed=True)], []
        for _ in range(1 + self.choose(3)):
            self.define(1)
        self.alias(1)
        self.block(1, 8)
        for number, variable in enumerate([v for v in self.scope if not v.fixed]):
            self.store(1, variable.type, str(number % SLOTS), variable.name)
        return self.lines

    def function(self) -> list[str]:
        types = [self.pick(TYPES) for _ in range(1 + self.choose(3))]
        inout = self.chance(4)
        results = [self.pick(TYPES) for _ in range(1 + self.chance(4))]
        callee = Callee(self.fresh("f"), types, inout, results)
        self.in_kernel, self.size = False, 0
        self.scope = [Variable(f"p{k}", t) for k, t in enumerate(types)]
        self.lines = []
        self.returns = "result"
        self.results = results
        self.block(1, 2)
        self.lines.append(f"    return {self.result()}")
        hints = [f"p{k}: {spelled(t)}" for k, t in enumerate(types)]
        if inout:
            hints[0] = f"p0: rk.inout({spelled(types[0])})"
        decorator = "@rk.func(contract=False)" if self.chance(4) else "@rk.func"
        self.callees.append(callee)
        return [decorator, f"def {callee.name}({', '.join(hints)}):", *self.lines, "", ""]

    def result(self) -> str:
        return ", ".join(self.expression(t, 2) for t in self.results)

    # statements

    def line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def block(self, depth: int, most: int) -> None:
        """One to `most` statements; names defined inside are gone afterwards."""
        outer = list(self.scope)
        for _ in range(1 + self.choose(most)):
            self.statement(depth)
        if depth > 1:
            self.scope = outer

    def statement(self, depth: int) -> None:
        self.size += 1
        kinds: list[Callable[[int], None]] = [
            self.assign,
            self.define,
            self.update,
            self.part,
            self.part,
            self.alias,
        ]
        if self.in_kernel:
            kinds += [self.write, self.combine]
        if depth < 4 and self.size < 14:
            kinds += [self.branch, self.merge, self.private]
        if depth < 4 and self.size < 14 and self.loops < (2 if self.in_kernel else 1):
            kinds += [self.count_loop, self.while_loop]
        if self.callees:
            kinds.append(self.unpack)
        kinds.append(self.swap)
        if depth > 1:
            kinds += [self.leave] * (3 if self.loops else 1)
        self.pick(kinds)(depth)

    def define(self, depth: int) -> None:
        type_, name = self.pick(TYPES), self.fresh("v")
        self.line(depth, f"{name} = {self.expression(type_, 3)}")
        self.scope.append(Variable(name, type_))

    def alias(self, depth: int) -> None:
        """A second name for a composite or struct, then a change to one: they are values, the other stays."""
        first = self.assignable([*VECTORS, *STRUCTS])
        if first is None:
            return self.define(depth)
        second = Variable(self.fresh("v"), first.type)
        self.line(depth, f"{second.name} = {first.name}")
        self.scope.append(second)
        self.part(depth, self.pick([first, second]))

    def assign(self, depth: int) -> None:
        variable = self.assignable()
        if variable is None:
            return self.define(depth)
        self.line(depth, f"{variable.name} = {self.expression(variable.type, 3)}")

    def update(self, depth: int) -> None:
        variable = self.assignable([*INTEGERS, *FLOATS])
        if variable is None:
            return self.define(depth)
        operator = self.pick(OPERATORS[variable.type.kind])
        self.line(depth, f"{variable.name} {operator}= {self.operand(variable.type, 2)}")

    def part(self, depth: int, variable: Variable | None = None) -> None:
        variable = variable or self.assignable([*VECTORS, *STRUCTS])
        if variable is None:
            return self.define(depth)
        place, type_ = self.pick(self.places(variable))
        self.line(depth, f"{place} = {self.expression(type_, 2)}")

    def places(self, variable: Variable) -> list[tuple[str, Any]]:
        """Parts of a composite or struct variable."""
        name, type_ = variable.name, variable.type
        if type_ == INNER:
            return [(f"{name}.{n}", t) for n, t in INNER.fields]
        if type_ == PAIR:
            vector = [(f"{name}.v[{self.index(3)}]", rk.float32), (f"{name}.v.y", rk.float32)]
            inner = [(f"{name}.inner.{n}", t) for n, t in INNER.fields]
            return [*((f"{name}.{n}", t) for n, t in PAIR.fields), *vector, *inner]
        if type_ == rk.mat22:
            return [
                (f"{name}[{self.index(2)}, {self.index(2)}]", rk.float32),
                (f"{name}[{self.choose(2)}, {self.choose(2)}]", rk.float32),
                (f"{name}[{self.index(2)}]", rk.vec2),
            ]
        length = type_.shape[0]
        names = [(f"{name}.{c}", type_.dtype) for c in "xyzw"[:length]]
        return [
            *names,
            (f"{name}[{self.choose(length)}]", type_.dtype),
            (f"{name}[{self.index(4)}]", type_.dtype),
        ]

    def store(self, depth: int, type_: Any, slot: str, value: str) -> None:
        out = self.parameter(f"out_{tag(type_)}", ArrayType(type_, 2))
        self.line(depth, f"{out}[i, {slot}] = {value}")

    def write(self, depth: int) -> None:
        type_ = self.pick(TYPES)
        self.pick([self.write_element, self.write_row, self.write_part])(depth, type_)

    def write_element(self, depth: int, type_: Any) -> None:
        self.store(depth, type_, self.index(SLOTS), self.expression(type_, 3))

    def write_row(self, depth: int, type_: Any) -> None:
        """Through a view of the item's row."""
        out, row = self.parameter(f"out_{tag(type_)}", ArrayType(type_, 2)), self.fresh("row")
        self.line(depth, f"{row} = {out}[i]")
        self.line(depth, f"{row}[{self.index(SLOTS)}] = {self.expression(type_, 2)}")

    def write_part(self, depth: int, _: Any) -> None:
        """A component or field of an element."""
        type_ = self.pick([*VECTORS, *STRUCTS])
        out = self.parameter(f"out_{tag(type_)}", ArrayType(type_, 2))
        element = Variable(f"{out}[i, {self.index(SLOTS)}]", type_)
        fields = [(f"{element.name}.{n}", t) for n, t in getattr(type_, "fields", ())]
        place, part = self.pick(fields or self.places(element))
        if part in (*INTEGERS, *FLOATS[:2]) and self.chance(2):
            self.line(depth, f"{place} += {self.operand(part, 2)}")
        else:
            self.line(depth, f"{place} = {self.expression(part, 2)}")

    def combine(self, depth: int) -> None:
        """Combines into a shared array, or into the item's own row."""
        if self.chance(2):
            type_ = self.pick([*FLOATS[:2], *SHARED, rk.vec3])
            out = self.parameter(f"out_{tag(type_)}", ArrayType(type_, 2))
            self.line(depth, f"{out}[i, {self.index(SLOTS)}] += {self.operand(type_, 2)}")
            return
        type_, name = self.pick(SHARED), self.pick(["add", "sub", "min", "max", "and", "or", "xor"])
        group = "add" if name in ("add", "sub") else name  # only one kind per array commutes with itself
        shared = self.parameter(f"shared_{group}_{tag(type_)}", ArrayType(type_, 1))
        self.line(depth, f"rk.atomic_{name}({shared}, {self.index(CELLS)}, {self.expression(type_, 2)})")

    def branch(self, depth: int) -> None:
        self.line(depth, f"if {self.expression(bool_, 2)}:")
        self.block(depth + 1, 3)
        if self.chance(3):
            self.line(depth, f"elif {self.expression(bool_, 2)}:")
            self.block(depth + 1, 2)
        if self.chance(2):
            self.line(depth, "else:")
            self.block(depth + 1, 3)

    def merge(self, depth: int) -> None:
        """A name that both branches define."""
        type_, name = self.pick(TYPES), self.fresh("v")
        self.line(depth, f"if {self.expression(bool_, 2)}:")
        self.line(depth + 1, f"{name} = {self.expression(type_, 2)}")
        self.line(depth, "else:")
        self.line(depth + 1, f"{name} = {self.expression(type_, 2)}")
        self.scope.append(Variable(name, type_))

    def count_loop(self, depth: int) -> None:
        name = self.fresh("j")
        limit = self.expression(int32, 1)
        bounds = self.pick(
            [
                "3",
                f"({limit}) & 3",
                f"-2, ({limit}) & 7, 3",
                f"({limit}) & 7, -1, -2",
                f"5, 1, ({limit}) & 3",
                f"rk.uint8(250), rk.uint8({limit}), rk.uint8(4)",
            ]
        )
        self.line(depth, f"for {name} in range({bounds}):")
        type_ = rk.uint8 if "uint8(250)" in bounds else int32
        self.loop_body(depth, Variable(f"{spelled(type_)}({name})", type_, fixed=True))

    def while_loop(self, depth: int) -> None:
        fuel = self.fresh("w")
        self.line(depth, f"{fuel} = rk.int32(0)")
        self.line(depth, f"while {fuel} < {1 + self.choose(5)} and {self.expression(bool_, 2)}:")
        self.line(depth + 1, f"{fuel} += 1")
        self.loop_body(depth, Variable(fuel, int32, fixed=True))

    def loop_body(self, depth: int, counter: Variable) -> None:
        outer = list(self.scope)
        self.scope.append(counter)
        self.counters.append(counter)
        self.loops += 1
        self.update(depth + 1)
        self.block(depth + 1, 3)
        self.update(depth + 1)
        self.counters.pop()
        self.loops -= 1
        self.scope = outer

    def leave(self, depth: int) -> None:
        """`break`, `continue` or `return`, guarded, so that what follows lives."""
        ways = [self.returns if self.in_kernel else f"return {self.result()}"]
        if self.loops:
            ways = ["break", "continue", *ways]
        way = self.pick(ways)
        condition = self.expression(bool_, 2)
        if self.counters and self.chance(2):
            condition = f"{self.counters[-1].name} {self.pick(['>', '==', '<'])} {self.choose(5)}"
        self.line(depth, f"if {condition}:")
        self.line(depth + 1, str(way))

    def private(self, depth: int) -> None:
        """A private array: written, then read at another place."""
        type_, name, value = self.pick(TYPES), self.fresh("a"), self.fresh("v")
        self.line(depth, f"{name} = rk.local(4, {spelled(type_)})")
        self.line(depth, f"{name}[{self.index(4)}] = {self.expression(type_, 2)}")
        self.line(depth, f"{name}[{self.index(4)}] = {self.expression(type_, 2)}")
        self.line(depth, f"{value} = {name}[{self.index(4)}]")
        self.scope.append(Variable(value, type_))

    def unpack(self, depth: int) -> None:
        callee = self.pick(self.callees)
        call = self.call(callee)
        if call is None:
            return self.define(depth)
        names = [self.fresh("v") for _ in callee.results]
        self.line(depth, f"{', '.join(names)} = {call}")
        self.scope += [Variable(n, t) for n, t in zip(names, callee.results, strict=True)]

    def swap(self, depth: int) -> None:
        first = self.assignable()
        others = [v for v in self.scope if first and not v.fixed and v.type == first.type and v is not first]
        if first is None or not others:
            return self.define(depth)
        second = self.pick(others)
        self.line(depth, f"{first.name}, {second.name} = {second.name}, {first.name}")


def _annotation(type_: Any) -> str:
    if not isinstance(type_, ArrayType):
        return spelled(type_)
    digits = "" if type_.ndim == 1 else f"{type_.ndim}d"
    return f"rk.array{digits}(dtype={spelled(type_.dtype)})"


def _struct_lines(type_: Struct) -> list[str]:
    return ["@rk.struct", f"class {type_}:", *(f"    {n}: {spelled(t)}" for n, t in type_.fields), "", ""]


_STRUCT_LINES = ["Short = rk.vector(2, rk.bfloat16)", "", "", *_struct_lines(INNER), *_struct_lines(PAIR)]
