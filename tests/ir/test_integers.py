"""Integer primitives against Python's unbounded integers, over all pairs of telling values."""

import itertools

import numpy as np
import pytest

from robokern.ir.types import BY_NAME, bool_

INTEGERS = [BY_NAME[f"{kind}{bits}"] for kind in ("int", "uint") for bits in (8, 16, 32, 64)]


def telling_values(scalar):
    limits = np.iinfo(scalar.name)
    values = {
        limits.min,
        limits.min + 1,
        limits.max,
        limits.max - 1,
        limits.max // 2,
        0,
        1,
        2,
        3,
        7,
        8,
        13,
        63,
    }
    if scalar.kind == "i":
        values |= {-1, -2, -3, -7, -13, limits.min // 2}
    return sorted(values)


def wrap(value, scalar):
    value &= (1 << scalar.bits) - 1
    return value - (1 << scalar.bits) if scalar.kind == "i" and value >> (scalar.bits - 1) else value


def quotient(a, b):
    if b == 0:
        return 0
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def remainder(a, b):
    return 0 if b == 0 else a - b * quotient(a, b)


BINARY = {
    "add": lambda a, b, n: a + b,
    "sub": lambda a, b, n: a - b,
    "mul": lambda a, b, n: a * b,
    "idiv": lambda a, b, n: quotient(a, b),
    "mod": lambda a, b, n: remainder(a, b),
    "min": lambda a, b, n: min(a, b),
    "max": lambda a, b, n: max(a, b),
    "and": lambda a, b, n: a & b,
    "or": lambda a, b, n: a | b,
    "xor": lambda a, b, n: a ^ b,
    "shl": lambda a, b, n: a << (b % n),
    "shr": lambda a, b, n: a >> (b % n),
}
UNARY = {"neg": lambda a: -a, "abs": abs, "not": lambda a: ~a}
COMPARE = {
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
}


def pairs(scalar):
    return [list(column) for column in zip(*itertools.product(telling_values(scalar), repeat=2), strict=True)]


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("scalar", INTEGERS, ids=str)
def test_binary(ir, name, scalar):
    a, b = pairs(scalar)
    want = [wrap(BINARY[name](x, y, scalar.bits), scalar) for x, y in zip(a, b, strict=True)]
    assert ir.apply(name, scalar, (scalar, a), (scalar, b)).tolist() == want


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("scalar", INTEGERS, ids=str)
def test_unary(ir, name, scalar):
    a = telling_values(scalar)
    assert ir.apply(name, scalar, (scalar, a)).tolist() == [wrap(UNARY[name](x), scalar) for x in a]


@pytest.mark.parametrize("name", COMPARE)
@pytest.mark.parametrize("scalar", INTEGERS, ids=str)
def test_compare(ir, name, scalar):
    a, b = pairs(scalar)
    want = [COMPARE[name](x, y) for x, y in zip(a, b, strict=True)]
    assert ir.apply(name, bool_, (scalar, a), (scalar, b)).tolist() == want


@pytest.mark.parametrize("target", INTEGERS, ids=str)
@pytest.mark.parametrize("source", INTEGERS, ids=str)
def test_cast_wraps(ir, source, target):
    a = telling_values(source)
    assert ir.apply("cast", target, (source, a), type=target).tolist() == [wrap(x, target) for x in a]


@pytest.mark.parametrize("name", ["and", "or", "xor"])
def test_bool(ir, name):
    a, b = [False, False, True, True], [False, True, False, True]
    want = [BINARY[name](x, y, 1) for x, y in zip(a, b, strict=True)]
    assert ir.apply(name, bool_, (bool_, a), (bool_, b)).tolist() == want


def test_not_of_bool_is_logical(ir):
    assert ir.apply("not", bool_, (bool_, [False, True])).tolist() == [True, False]
