"""Draws well-typed kernels as Python source text.

Every program terminates (loops are short or carry a fuel counter), stays inside its arrays (indices are
masked to a power of two), and gives the same result whatever the order of items: an item writes its own row
of the outputs, and what items share they combine with commutative integer atomics only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import robokern as rk
from robokern.ir.types import BY_NAME, COMPOSITES, ArrayType, Scalar, Struct, Type, bool_, int32

INPUTS, SLOTS, CELLS = 8, 4, 4  # lengths of inputs, an output row, shared arrays
ITEMS = [11, 1, 37]  # lengths of the grid: with and without a remainder for any number of lanes

INTEGERS = [BY_NAME[n] for n in ("int32", "int64", "uint32", "uint8", "int16", "uint64", "int8", "uint16")]
FLOATS = [BY_NAME[n] for n in ("float32", "float64", "float16")]
SCALARS: list[Scalar] = [FLOATS[0], INTEGERS[0], bool_, FLOATS[1], *INTEGERS[1:], FLOATS[2]]
VECTORS: list[Any] = [rk.vec3, rk.vec2d, rk.mat22, rk.quat, rk.vec4i, rk.vec2ub]
INNER = Struct("Inner", (("a", rk.float32), ("b", bool_), ("c", rk.uint8)))
PAIR = Struct("Pair", (("n", int32), ("v", rk.vec3), ("inner", INNER), ("x", rk.float64)))
STRUCTS = [PAIR, INNER]
TYPES: list[Any] = [*SCALARS, *VECTORS, *STRUCTS]
SHARED = [BY_NAME[n] for n in ("int32", "uint32", "int64", "uint64")]


def spelled(type_: Type) -> str:
    """How a program writes a type."""
    return "bool" if type_ == bool_ else str(type_) if isinstance(type_, Struct) else f"rk.{type_}"


def tag(type_: Type) -> str:
    """A type in the name of a parameter."""
    return str(type_)


@dataclass
class Variable:
    """A name in scope; `counter` ones are not assigned to."""

    name: str
    type: Any
    fixed: bool = False


@dataclass
class Callee:
    """A generated func."""

    name: str
    params: list[Any]
    inout: bool
    results: list[Any]


@dataclass
class Program:
    """A kernel's source, and the arguments to launch it with."""

    source: str
    params: list[tuple[str, Any]]
    seed: int
    items: int

    def __repr__(self) -> str:
        return f"Program(seed={self.seed}, items={self.items}, source='''\n{self.source}''')"


@dataclass
class Generator:
    """Draws one program.

    Args:
        choose: `choose(n)` draws an integer in [0, n); 0 is the simplest choice.
        library: whether it calls functions of `robokern.lang`.
    """

    choose: Callable[[int], int]
    library: bool = False
    used: dict[str, Any] = field(default_factory=dict)
    callees: list[Callee] = field(default_factory=list)
    count: int = 0
    size: int = 0  # statements written so far
    scope: list[Variable] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    loops: int = 0
    counters: list[Variable] = field(default_factory=list)  # of the loops around, innermost last
    in_kernel: bool = False
    returns: str | None = None

    # drawing

    def pick(self, options: list[Any]) -> Any:
        return options[self.choose(len(options))]

    def chance(self, one_in: int) -> bool:
        return self.choose(one_in) == one_in - 1

    def fresh(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def parameter(self, name: str, type_: Any) -> str:
        """Asks for a kernel parameter."""
        self.used[name] = type_
        return name

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

    def assignable(self, types: list[Any] | None = None) -> Variable | None:
        found = [v for v in self.scope if not v.fixed and (types is None or v.type in types)]
        return self.pick(found) if found else None

    def assign(self, depth: int) -> None:
        variable = self.assignable()
        if variable is None:
            return self.define(depth)
        self.line(depth, f"{variable.name} = {self.expression(variable.type, 3)}")

    def update(self, depth: int) -> None:
        variable = self.assignable([*INTEGERS, *FLOATS])
        if variable is None:
            return self.define(depth)
        operator = self.pick(_OPERATORS[variable.type.kind])
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

    def index(self, length: int) -> str:
        """An index below `length` rounded up to a power of two, of some integer type."""
        mask = 1 if length == 2 else length if length == 7 else 3
        return f"{self.expression(self.pick(INTEGERS), 1)} & {mask}"

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

    def call(self, callee: Callee, depth: int = 2) -> str | None:
        """A call; None where no variable fits its inout parameter."""
        args = [self.expression(t, depth) for t in callee.params]
        if callee.inout:
            first = self.assignable([callee.params[0]])
            if first is None:
                return None
            args[0] = first.name
        return f"{callee.name}({', '.join(args)})"

    def swap(self, depth: int) -> None:
        first = self.assignable()
        others = [v for v in self.scope if first and not v.fixed and v.type == first.type and v is not first]
        if first is None or not others:
            return self.define(depth)
        second = self.pick(others)
        self.line(depth, f"{first.name}, {second.name} = {second.name}, {first.name}")

    # expressions

    def operand(self, type_: Any, depth: int) -> str:
        """The right operand of an operator: also a literal without its type."""
        if isinstance(type_, Scalar) and type_ != bool_ and self.chance(4):
            return self.number(type_)
        return f"({self.expression(type_, depth)})" if depth > 0 else self.expression(type_, 0)

    def expression(self, type_: Any, depth: int) -> str:
        ways: list[Callable[[], str]] = [lambda: self.atom(type_)]
        if depth > 0:
            ways += self.compound(type_, depth - 1)
        return str(self.pick(ways)())

    def atom(self, type_: Any) -> str:
        """A variable, a literal, or an element of an input."""
        found = [v.name for v in self.scope if v.type == type_]
        found += self.parts_in_scope(type_)
        options: list[Callable[[], str]] = [lambda: self.literal(type_)]
        if found:
            options = [lambda: str(self.pick(found))] * 4 + options
        if self.in_kernel:
            options += [lambda: self.input(type_)] * 2 + [lambda: self.parameter(f"s_{tag(type_)}", type_)]
        return self.pick(options)()

    def parts_in_scope(self, type_: Any) -> list[str]:
        parts = []
        for v in self.scope:
            if isinstance(v.type, COMPOSITES) and v.type.dtype == type_:
                parts.append(f"{v.name}[1, 0]" if v.type == rk.mat22 else f"{v.name}.y")
            elif isinstance(v.type, Struct):
                parts += [f"{v.name}.{n}" for n, t in v.type.fields if t == type_]
        return parts

    def input(self, type_: Any) -> str:
        name = self.parameter(f"in_{tag(type_)}", ArrayType(type_, 1))
        index = "i & 7" if self.chance(2) else f"{self.literal(int32)} & 7"
        return f"{name}[{index}]"

    def literal(self, type_: Any) -> str:
        if isinstance(type_, Struct):
            fields = ", ".join(f"{n}={self.literal(t)}" for n, t in type_.fields)
            return f"{type_}({fields})"
        if isinstance(type_, COMPOSITES):
            count = int(np.prod(type_.shape))
            return f"{spelled(type_)}({', '.join(self.literal(type_.dtype) for _ in range(count))})"
        if type_ == bool_:
            return str(self.pick([False, True]))
        return f"{spelled(type_)}({self.number(type_)})"

    def number(self, type_: Scalar) -> str:
        if type_.kind == "f":
            return str(self.pick([1.0, 0.0, 2.0, 0.5, -1.0, 3.0, 0.1, -2.5, 1e-3, 1000.0, 7.25]))
        limits = np.iinfo(type_.name)
        values = [1, 0, 2, 3, 5, 7, 100, int(limits.max), int(limits.min)]
        return str(self.pick([*values, -1, -3] if type_.kind == "i" else values))

    def compound(self, type_: Any, depth: int) -> list[Callable[[], str]]:
        def sub(t: Any) -> str:
            return self.expression(t, depth)

        ways: list[Callable[[], str]] = [
            lambda: f"({sub(type_)} if {sub(bool_)} else {sub(type_)})",
            lambda: f"rk.where({sub(bool_)}, {sub(type_)}, {sub(type_)})",
        ]
        ways += self.calls(type_, depth)
        if self.library and type_ in _LIBRARY:
            ways += [lambda: self.library_call(*self.pick(_LIBRARY[type_]), depth)] * 2
        if type_ == bool_:
            ways += self.conditions(depth)
        elif isinstance(type_, Scalar):
            ways += self.arithmetic(type_, depth)
        elif isinstance(type_, COMPOSITES):
            ways += self.composites(type_, depth)
        else:
            fields = type_.fields
            ways.append(lambda: f"{type_}({', '.join(f'{n}={sub(t)}' for n, t in fields)})")
        return ways

    def calls(self, type_: Any, depth: int) -> list[Callable[[], str]]:
        fitting = [c for c in self.callees if c.results == [type_]]

        def write() -> str:
            return self.call(self.pick(fitting), depth) or self.literal(type_)

        return [write] if fitting else []

    def library_call(self, pattern: str, types: list[Any], depth: int) -> str:
        return pattern.format(*(self.expression(t, depth) for t in types))

    def conditions(self, depth: int) -> list[Callable[[], str]]:
        def comparison() -> str:
            type_ = self.pick([*INTEGERS, *FLOATS])
            relation = self.pick(["<", "<=", ">", ">=", "==", "!="])
            return f"({self.expression(type_, depth)} {relation} {self.operand(type_, depth)})"

        def chained() -> str:
            type_ = self.pick([*INTEGERS, *FLOATS])
            a, b, c = (f"({self.expression(type_, depth)})" for _ in range(3))
            return f"({a} <= {b} {self.pick(['<', '!='])} {c})"

        def equal_vectors() -> str:
            type_ = self.pick(VECTORS)
            a, b = self.expression(type_, depth), self.expression(type_, depth)
            return f"({a} {self.pick(['==', '!='])} {b})"

        def sub() -> str:
            return self.expression(bool_, depth)

        def cast() -> str:
            return f"bool({self.expression(self.pick([*INTEGERS, *FLOATS]), depth)})"

        return [
            comparison,
            comparison,
            lambda: f"({sub()} and {sub()})",
            lambda: f"({sub()} or {sub()})",
            lambda: f"(not {sub()})",
            lambda: f"({sub()} {self.pick(['&', '|', '^'])} {sub()})",
            chained,
            equal_vectors,
            cast,
        ]

    def arithmetic(self, type_: Scalar, depth: int) -> list[Callable[[], str]]:
        def sub(t: Any = type_) -> str:
            return self.expression(t, depth)

        def binary() -> str:
            return f"({sub()} {self.pick(_OPERATORS[type_.kind])} {self.operand(type_, depth)})"

        def cast() -> str:
            return f"{spelled(type_)}({sub(self.pick(SCALARS))})"

        ways = [
            binary,
            binary,
            lambda: f"(-{sub()})",
            cast,
            lambda: f"abs({sub()})",
            lambda: f"min({sub()}, {self.operand(type_, depth)})",
            lambda: f"max({sub()}, {self.operand(type_, depth)})",
            lambda: self.component(type_, depth),
        ]
        if type_.kind == "f":
            rounding = ["sqrt", "floor", "ceil", "trunc", "rint"]
            ways += [
                lambda: f"rk.fma({sub()}, {sub()}, {sub()})",
                lambda: f"({sub()} * {sub()} + {sub()})",
                lambda: f"({sub()} - {sub()} * {sub()})",
                lambda: f"rk.{self.pick(rounding)}({sub()})",
                lambda: f"rk.bitcast({sub(_integer_of(type_))}, {spelled(type_)})",
            ]
        else:
            ways.append(lambda: f"(~{sub()})")
        return ways

    def component(self, type_: Scalar, depth: int) -> str:
        """A component of a composite, at a fixed or a run-time index."""
        owners = [t for t in VECTORS if t.dtype == type_]
        if not owners:
            return self.atom(type_)
        owner = self.pick(owners)
        whole = self.expression(owner, depth)
        if owner == rk.mat22:
            return f"({whole})[{self.index(2)}, {self.choose(2)}]"
        return f"({whole})[{self.pick([str(self.choose(owner.shape[0])), self.index(4)])}]"

    def composites(self, type_: Any, depth: int) -> list[Callable[[], str]]:
        count = int(np.prod(type_.shape))

        def sub(t: Any = type_) -> str:
            return self.expression(t, depth)

        ways = [
            lambda: f"{spelled(type_)}({', '.join(sub(type_.dtype) for _ in range(count))})",
            lambda: f"({sub()} {self.pick(['+', '-'])} {sub()})",
            lambda: f"(-{sub()})",
        ]
        if type_ != rk.quat:
            ways.append(lambda: f"({sub()} * {self.operand(type_.dtype, depth)})")
            ways.append(lambda: f"(({sub(type_.dtype)}) * {sub()})")
        if type_.dtype.kind == "f" and type_ != rk.quat:
            ways.append(lambda: f"({sub()} / {self.operand(type_.dtype, depth)})")
        if type_ != rk.quat:
            ways.append(lambda: f"{spelled(type_)}({sub(type_.dtype)})")
        return ways


_OPERATORS = {
    "f": ["+", "-", "*", "/"],
    "i": ["+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>"],
    "u": ["+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>"],
}


_OF_ONE_FLOAT = ["sin", "cos", "exp", "log", "tanh", "atan"]
_LIBRARY: dict[Any, list[tuple[str, list[Any]]]] = {
    rk.float32: [
        *((f"rk.{name}({{}})", [rk.float32]) for name in _OF_ONE_FLOAT),
        ("rk.dot({}, {})", [rk.vec3, rk.vec3]),
        ("rk.length({})", [rk.vec3]),
        ("rk.determinant({})", [rk.mat22]),
    ],
    rk.float64: [(f"rk.{name}({{}})", [rk.float64]) for name in _OF_ONE_FLOAT],
    rk.vec3: [
        ("rk.cross({}, {})", [rk.vec3, rk.vec3]),
        ("rk.normalize({})", [rk.vec3]),
        ("rk.quat_rotate({}, {})", [rk.quat, rk.vec3]),
    ],
    rk.mat22: [("({} @ {})", [rk.mat22, rk.mat22]), ("rk.transpose({})", [rk.mat22])],
    rk.quat: [("({} * {})", [rk.quat, rk.quat]), ("rk.normalize({})", [rk.quat])],
    bool_: [("rk.isnan({})", [rk.float32])],
}


def _integer_of(type_: Scalar) -> Scalar:
    return BY_NAME[f"uint{type_.bits}"]


def _annotation(type_: Any) -> str:
    if not isinstance(type_, ArrayType):
        return spelled(type_)
    digits = "" if type_.ndim == 1 else f"{type_.ndim}d"
    return f"rk.array{digits}(dtype={spelled(type_.dtype)})"


def _struct_lines(type_: Struct) -> list[str]:
    return ["@rk.struct", f"class {type_}:", *(f"    {n}: {spelled(t)}" for n, t in type_.fields), "", ""]


_STRUCT_LINES = [*_struct_lines(INNER), *_struct_lines(PAIR)]
