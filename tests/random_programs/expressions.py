"""Draws well-typed expressions as Python source text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import robokern as rk
from robokern.ir.types import BY_NAME, COMPOSITES, ArrayType, Scalar, Struct, Type, bool_, int32

INPUTS, SLOTS, CELLS = 8, 4, 4  # lengths of inputs, an output row, shared arrays

INTEGERS = [BY_NAME[n] for n in ("int32", "int64", "uint32", "uint8", "int16", "uint64", "int8", "uint16")]
FLOATS = [BY_NAME[n] for n in ("float32", "float64", "float16", "bfloat16")]
SCALARS: list[Scalar] = [FLOATS[0], INTEGERS[0], bool_, FLOATS[1], *INTEGERS[1:], *FLOATS[2:]]
SHORT = rk.vector(2, rk.bfloat16)
VECTORS: list[Any] = [rk.vec3, rk.vec2d, rk.mat22, rk.quat, rk.vec4i, rk.vec2ub, SHORT]
INNER = Struct("Inner", (("a", rk.float32), ("b", bool_), ("c", rk.uint8), ("d", rk.bfloat16)))
PAIR = Struct("Pair", (("n", int32), ("v", rk.vec3), ("inner", INNER), ("x", rk.float64)))
STRUCTS = [PAIR, INNER]
TYPES: list[Any] = [*SCALARS, *VECTORS, *STRUCTS]
SHARED = [BY_NAME[n] for n in ("int32", "uint32", "int64", "uint64")]


def spelled(type_: Type) -> str:
    """How a program writes a type."""
    if type_ in (bool_, SHORT) or isinstance(type_, Struct):
        return tag(type_)
    return f"rk.{type_}"


def tag(type_: Type) -> str:
    """A type in the name of a parameter."""
    return "Short" if type_ == SHORT else str(type_)


@dataclass
class Variable:
    """A name in scope; a `fixed` one is not assigned to."""

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
class Expressions:
    """Draws expressions of a type from the names in scope.

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

    def assignable(self, types: list[Any] | None = None) -> Variable | None:
        found = [v for v in self.scope if not v.fixed and (types is None or v.type in types)]
        return self.pick(found) if found else None

    def index(self, length: int) -> str:
        """An index below `length` rounded up to a power of two, of some integer type."""
        mask = 1 if length == 2 else length if length == 7 else 3
        return f"{self.expression(self.pick(INTEGERS), 1)} & {mask}"

    def call(self, callee: Callee, depth: int = 2) -> str | None:
        """A call; None where no variable fits its inout parameter."""
        args = [self.expression(t, depth) for t in callee.params]
        if callee.inout:
            first = self.assignable([callee.params[0]])
            if first is None:
                return None
            args[0] = first.name
        return f"{callee.name}({', '.join(args)})"

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
            return f"({sub()} {self.pick(OPERATORS[type_.kind])} {self.operand(type_, depth)})"

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


OPERATORS = {
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
    **{t: [(f"rk.{name}({{}})", [t]) for name in _OF_ONE_FLOAT] for t in FLOATS[1:]},
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
