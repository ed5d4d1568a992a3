"""Random programs: compiled, simplified and interpreted, they must give the same bits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from robokern.compiler.builder import Builder
from robokern.compiler.contract import contract
from robokern.compiler.simplify import simplify
from robokern.ir import interpret, layout
from robokern.ir.nodes import Func, Value, walk
from robokern.ir.types import (
    COMPOSITES,
    SCALARS,
    ArrayType,
    Matrix,
    Scalar,
    Type,
    Vector,
    bool_,
    float64,
    int32,
    is_float,
    is_integer,
    quat,
    scalar_of,
    vec3,
)
from tests.compiler.machine import Machine, kernel, leaves, same_bits

ITEMS = 37
INPUTS: tuple[Type, ...] = (*SCALARS, vec3, Matrix(2, 3, float64), quat, Vector(4, int32))
RESULTS = 12
ANY_NUMBER = ("add", "sub", "mul", "neg", "abs", "min", "max")
ANY_FLOAT = ("div", "fma", "sqrt", "floor", "ceil", "trunc", "rint")
ANY_INTEGER = ("idiv", "mod", "and", "or", "xor", "not", "shl", "shr")
ARGUMENTS = {"neg": 1, "abs": 1, "sqrt": 1, "floor": 1, "ceil": 1, "trunc": 1, "rint": 1, "not": 1, "fma": 3}
RELATIONS = ("lt", "le", "gt", "ge", "eq", "ne")


class Author:
    """Writes a random program into a builder, using the values that are visible."""

    def __init__(self, b: Builder, draw: np.random.Generator, values: list[Value]) -> None:
        self.b, self.draw, self.values = b, draw, values

    def choose(self, options: Any) -> Any:
        options = list(options)
        return options[self.draw.integers(len(options))]

    def of(self, type: Type) -> Value:
        """A visible value of the type; later ones are likelier."""
        found = [v for v in self.values if v.type == type]
        return found[-1] if found and self.draw.random() < 0.4 else self.choose(found)

    def write(self, count: int, depth: int = 2) -> None:
        kinds = [self.arithmetic] * 8 + [
            self.compare,
            self.select,
            self.cast,
            self.cast,
            self.index,
            self.constant,
        ]
        kinds += [self.branch, self.loop] * (depth > 0)
        for _ in range(count):
            self.values += self.choose(kinds)(depth)

    def arithmetic(self, depth: int) -> list[Value]:
        type = self.choose(v.type for v in self.values if v.type != bool_)
        name = self.choose((*ANY_NUMBER, *(ANY_FLOAT if is_float(type) else ANY_INTEGER)))
        if name == "mul" and is_float(type):  # so that there is something to contract
            product = self.b.op("mul", self.of(type), self.of(type))
            return [self.b.op(self.choose(("add", "sub")), *self.shuffled(product, self.of(type)))]
        return [self.b.op(name, *(self.of(type) for _ in range(ARGUMENTS.get(name, 2))))]

    def shuffled(self, *values: Value) -> list[Value]:
        return [values[i] for i in self.draw.permutation(len(values))]

    def compare(self, depth: int) -> list[Value]:
        type = self.choose(v.type for v in self.values if isinstance(v.type, Scalar))
        return [self.b.op(self.choose(RELATIONS), self.of(type), self.of(type))]

    def select(self, depth: int) -> list[Value]:
        type = self.choose(v.type for v in self.values)
        return [self.b.op("select", self.of(bool_), self.of(type), self.of(type))]

    def cast(self, depth: int) -> list[Value]:
        source = self.choose(v for v in self.values if isinstance(v.type, Scalar))
        return [self.b.op("cast", source, type=self.choose(SCALARS))]

    def constant(self, depth: int) -> list[Value]:
        scalar = self.choose(SCALARS)
        return [
            self.b.const(bool(self.draw.integers(2)) if scalar == bool_ else self.draw.integers(5), scalar)
        ]

    def index(self, depth: int) -> list[Value]:
        whole = self.choose(v for v in self.values if isinstance(v.type, COMPOSITES))
        part = scalar_of(whole.type)
        which = self.of(
            self.choose(v.type for v in self.values if isinstance(v.type, Scalar) and is_integer(v.type))
        )
        offset = int(self.draw.integers(len(layout.leaves(whole.type))))
        new = self.of(part) if any(v.type == part for v in self.values) else self.b.extract(whole, 0, part)
        return [
            self.b.op("pick", whole, which, type=part),
            self.b.op("put", whole, which, new),
            self.b.extract(whole, offset, part),
            self.b.insert(whole, new, offset),
        ]

    def branch(self, depth: int) -> list[Value]:
        condition = self.of(bool_)
        types = tuple(v.type for v in self.draw.choice(np.array(self.values, object), 3))
        regions = tuple(self.region((), types, depth) for _ in range(2))
        return list(self.b.ops("if", condition, regions=regions, types=types))

    def loop(self, depth: int) -> list[Value]:
        carried = [*self.draw.choice(np.array(self.values, object), 2)]
        types = tuple(v.type for v in carried)
        params = (Value(int32), *(Value(t) for t in types))
        bounds = [self.b.const(v, int32) for v in (0, self.draw.integers(4), self.choose((1, 2)))]
        if self.draw.random() < 0.5:  # a trip count that differs between items
            bounds[1] = self.b.op("mod", self.of(int32), self.b.const(4, int32))
        region = self.region(params, types, depth)
        return list(self.b.ops("for", *bounds, *carried, regions=(region,)))

    def region(self, params: tuple[Value, ...], types: tuple[Type, ...], depth: int) -> Any:
        with self.b.region(params) as block:
            inner = Author(self.b, self.draw, [*self.values, *params])
            inner.write(4, depth - 1)
            block.yields = tuple(inner.of(t) for t in types)
        return block


def program(seed: int) -> Func:
    def body(b: Builder, tid: list[Value], *arrays: Value) -> None:
        inputs = [b.op("load", a, tid[0], type=t, offset=0) for a, t in zip(arrays, INPUTS, strict=False)]
        author = Author(b, np.random.default_rng(seed), inputs)
        author.write(40)
        results[:] = author.values[-RESULTS:]

    results: list[Value] = []
    inputs = [ArrayType(t) for t in INPUTS]
    func = kernel(inputs, body)
    outputs = tuple(Value(ArrayType(v.type)) for v in results)
    b = Builder()
    b.block = func.body
    for out, value in zip(outputs, results, strict=True):
        b.ops("store", out, func.body.ops[0].results[0], value, offset=0)
    params = (*func.params, *outputs)
    return contract(replace(func, params=params, names=tuple(f"p{i}" for i in range(len(params)))))


def inputs(seed: int) -> list[np.ndarray]:
    draw = np.random.default_rng(seed)
    return [_random(draw, layout.numpy_dtype(t)) for t in INPUTS]


def _random(draw: np.random.Generator, dtype: np.dtype[Any]) -> np.ndarray:
    base, shape = (dtype.subdtype[0], dtype.subdtype[1]) if dtype.subdtype else (dtype, ())
    if base.kind == "b":
        return draw.integers(2, size=(ITEMS, *shape)).astype(bool)
    if base.kind == "f":
        values = (draw.normal(size=(ITEMS, *shape)) * 10.0 ** draw.integers(-3, 4, (ITEMS, *shape))).astype(
            base
        )
        special = np.array(
            [0.0, -0.0, np.inf, -np.inf, np.nan, np.finfo(base).max, np.finfo(base).tiny], base
        )
        return np.where(draw.random(values.shape) < 0.1, draw.choice(special, values.shape), values)
    values = draw.integers(-10 if base.kind == "i" else 0, 20, (ITEMS, *shape)).astype(base)
    ends = np.array([np.iinfo(base).min, np.iinfo(base).max], base)
    return np.where(draw.random(values.shape) < 0.1, draw.choice(ends, values.shape), values)


def outputs(func: Func) -> list[np.ndarray]:
    return [np.zeros(ITEMS, layout.numpy_dtype(p.type.dtype)) for p in func.params[len(INPUTS) :]]


def interpreted(func: Func, given: list[np.ndarray]) -> list[np.ndarray]:
    out = outputs(func)
    args = [leaves(p.type, a) for p, a in zip(func.params, [*given, *out], strict=True)]
    interpret.run(func, (ITEMS,), args)
    return out


def compiled(func: Func, given: list[np.ndarray]) -> list[np.ndarray]:
    out = outputs(func)
    Machine(func).launch((ITEMS,), [*given, *out])
    return out


@pytest.mark.parametrize("seed", range(40))
def test_compiled_simplified_and_interpreted_agree(seed: int) -> None:
    func, given = program(seed), inputs(seed)
    simple = simplify(func)
    expected = interpreted(func, given)
    for found in (interpreted(simple, given), compiled(func, given), compiled(simple, given)):
        for a, b in zip(expected, found, strict=True):
            same_bits(b, a)


def test_programs_are_worth_comparing() -> None:
    """Results are mostly finite, differ between items, and the programs hold each construct."""
    texts = [op.name for seed in range(40) for op in walk(program(seed).body)]
    assert {"if", "for", "fma", "pick", "put", "cast", "select", "idiv"} <= set(texts)
    found = [
        a for seed in range(10) for a in interpreted(program(seed), inputs(seed)) if a.dtype == np.float32
    ]
    assert np.mean([np.isfinite(a).mean() for a in found]) > 0.5
    assert np.mean([len(np.unique(a)) > 3 for a in found]) > 0.5
