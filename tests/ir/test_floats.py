"""Float primitives against exact rational arithmetic, rounded once."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from robokern.ir.types import BY_NAME, bool_, float16, float32, float64, int32

FLOATS = [float16, float32, float64]
DIGITS = {"float16": 11, "float32": 24, "float64": 53}
LOWEST = {"float16": -24, "float32": -149, "float64": -1074}  # exponent of the smallest subnormal
HIGHEST = {"float16": 16, "float32": 128, "float64": 1024}


def round_nearest(exact: Fraction, scalar) -> float:
    """The nearest value of the type, ties to even; infinite when too large."""
    if exact == 0:
        return 0.0
    sign, size = (-1 if exact < 0 else 1), abs(exact)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if Fraction(2) ** exponent > size:
        exponent -= 1
    unit = Fraction(2) ** max(exponent - DIGITS[scalar.name] + 1, LOWEST[scalar.name])
    rounded = round(size / unit) * unit  # Python rounds a Fraction half to even
    return sign * (math.inf if rounded >= Fraction(2) ** HIGHEST[scalar.name] else float(rounded))


def telling_values(scalar):
    info = np.finfo(scalar.name)
    tiny, least = float(info.tiny), float(info.smallest_subnormal)
    near_one = [1.0, 1.0 + float(info.eps), 1.0 - float(info.epsneg), 1.5, 3.0, 1 / 3, 0.1, 1.25]
    sizes = [0.0, least, 3 * least, tiny, tiny - least, tiny * 1.5, *near_one, 7.5, 1e3, float(info.max)]
    sizes += [float(info.max) / 2, math.sqrt(tiny), math.sqrt(float(info.max))]
    values = np.array([*sizes, *(-x for x in sizes)], scalar.name)
    return values


def special_values(scalar):
    return np.array([0.0, -0.0, 1.0, -2.5, math.inf, -math.inf, math.nan], scalar.name)


def same_bits(got, want):
    """Equal to the bit, with every NaN equal to every other."""
    got, want = np.asarray(got), np.asarray(want, np.asarray(got).dtype)
    nan = np.isnan(got) & np.isnan(want)
    bits = f"u{got.dtype.itemsize}"
    np.testing.assert_array_equal(np.where(nan, 0, got.view(bits)), np.where(nan, 0, want.view(bits)))


def columns(values, count):
    return [np.array(c, values.dtype) for c in zip(*itertools.product(values, repeat=count), strict=True)]


EXACT = {
    "add": lambda a, b: Fraction(a) + Fraction(b),
    "sub": lambda a, b: Fraction(a) - Fraction(b),
    "mul": lambda a, b: Fraction(a) * Fraction(b),
    "div": lambda a, b: Fraction(a) / Fraction(b),
}


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("scalar", FLOATS, ids=str)
def test_rounds_once(ir, scalar, name):
    a, b = columns(telling_values(scalar), 2)
    if name == "div":
        a, b = a[b != 0], b[b != 0]
    got = ir.apply(name, scalar, (scalar, a), (scalar, b))
    want = [round_nearest(EXACT[name](float(x), float(y)), scalar) for x, y in zip(a, b, strict=True)]
    np.testing.assert_array_equal(got, np.array(want, scalar.name))


@pytest.mark.parametrize("scalar", FLOATS, ids=str)
def test_sign_of_zero_and_specials(ir, scalar):
    a, b = columns(special_values(scalar), 2)
    with np.errstate(all="ignore"):
        for name, reference in [("add", a + b), ("sub", a - b), ("mul", a * b), ("div", a / b)]:
            same_bits(ir.apply(name, scalar, (scalar, a), (scalar, b)), reference)


@pytest.mark.parametrize("scalar", FLOATS, ids=str)
def test_sqrt(ir, scalar):
    a = np.abs(telling_values(scalar))
    got = ir.apply("sqrt", scalar, (scalar, a))
    for x, root in zip(a, got, strict=True):
        exact = Fraction(float(x)) * 4 ** (DIGITS[scalar.name] + 1100)
        floor = math.isqrt(int(exact))  # far more digits than needed: rounding it rounds the root
        assert float(root) == round_nearest(Fraction(floor, 2 ** (DIGITS[scalar.name] + 1100)), scalar)
    assert np.isnan(ir.apply("sqrt", scalar, (scalar, [-1.0]))).all()
    same_bits(ir.apply("sqrt", scalar, (scalar, [-0.0])), [-0.0])


ROUND = {"floor": math.floor, "ceil": math.ceil, "trunc": math.trunc, "rint": round}


@pytest.mark.parametrize("name", ROUND)
@pytest.mark.parametrize("scalar", FLOATS, ids=str)
def test_round_to_integer(ir, scalar, name):
    a = np.concatenate([telling_values(scalar), np.array([0.5, 1.5, 2.5, -0.5, -1.5, -2.5], scalar.name)])
    got = ir.apply(name, scalar, (scalar, a))
    want = [math.copysign(float(ROUND[name](Fraction(float(x)))), x) for x in a]
    same_bits(got, want)


@pytest.mark.parametrize("scalar", FLOATS, ids=str)
def test_min_max_take_the_second_when_unordered(ir, scalar):
    a, b = columns(special_values(scalar), 2)
    low = [x if x < y else y for x, y in zip(a, b, strict=True)]
    high = [x if x > y else y for x, y in zip(a, b, strict=True)]
    same_bits(ir.apply("min", scalar, (scalar, a), (scalar, b)), low)
    same_bits(ir.apply("max", scalar, (scalar, a), (scalar, b)), high)


@pytest.mark.parametrize("scalar", FLOATS, ids=str)
def test_neg_and_abs_change_only_the_sign(ir, scalar):
    a = np.concatenate([special_values(scalar), telling_values(scalar)])
    same_bits(ir.apply("neg", scalar, (scalar, a)), np.copysign(a, np.where(np.signbit(a), 1, -1)))
    same_bits(ir.apply("abs", scalar, (scalar, a)), np.copysign(a, 1))


@pytest.mark.parametrize("name", ["lt", "le", "gt", "ge", "eq", "ne"])
def test_compare_with_nan_is_false_except_ne(ir, name):
    a, b = columns(special_values(float32), 2)
    reference = {"lt": a < b, "le": a <= b, "gt": a > b, "ge": a >= b, "eq": a == b, "ne": a != b}[name]
    got = ir.apply(name, bool_, (float32, a), (float32, b))
    assert got.tolist() == reference.tolist()
    unordered = np.isnan(a) | np.isnan(b)
    assert (got[unordered] == (name == "ne")).all()


INTEGERS = [BY_NAME[f"{kind}{bits}"] for kind in ("int", "uint") for bits in (8, 16, 32, 64)]


@pytest.mark.parametrize("target", INTEGERS, ids=str)
@pytest.mark.parametrize("scalar", FLOATS, ids=str)
def test_float_to_integer_saturates(ir, scalar, target):
    edges = [float(2**k) for k in (7, 8, 15, 16, 31, 32, 63, 64)]
    edges = [v for e in edges for v in (e, e - 0.5, e - 1, e + 1, -e, -e - 1, -e + 0.5)] + [
        0.99,
        -0.99,
        255.9,
    ]
    with np.errstate(over="ignore"):
        a = np.concatenate([np.array(edges, scalar.name), special_values(scalar), telling_values(scalar)])
    limits = np.iinfo(target.name)
    got = ir.apply("cast", target, (scalar, a), type=target)
    for x, y in zip(a, got, strict=True):
        if math.isnan(x):
            assert y == 0
        elif math.isinf(x):
            assert y == (limits.max if x > 0 else limits.min)
        else:
            assert int(y) == min(max(math.trunc(float(x)), limits.min), limits.max)


@pytest.mark.parametrize("target", FLOATS, ids=str)
@pytest.mark.parametrize("source", INTEGERS, ids=str)
def test_integer_to_float_rounds_once(ir, source, target):
    limits = np.iinfo(source.name)
    ties = [2**k + d for k in (11, 12, 24, 25, 31, 53, 54, 62) for d in (-1, 0, 1, 2, 3)]
    values = [
        0,
        1,
        limits.min,
        limits.max,
        65504,
        65519,
        65520,
        2**40 + 2**16 + 1,
        *ties,
        *(-t for t in ties),
    ]
    a = [v for v in values if limits.min <= v <= limits.max]
    got = ir.apply("cast", target, (source, a), type=target)
    assert got.tolist() == [round_nearest(Fraction(v), target) for v in a]


def test_float_to_float_rounds_once(ir):
    halfway = [
        2049.0,
        1 + 2.0**-11,
        1 + 2.0**-11 + 2.0**-40,
        65520.0,
        65519.999,
        2.0**-25,
        2.0**-25 + 2.0**-60,
    ]
    got = ir.apply("cast", float16, (float64, halfway), type=float16)
    assert got.tolist() == [round_nearest(Fraction(v), float16) for v in halfway]
    close = [1 + 2.0**-24, 1 + 2.0**-24 + 2.0**-50, 1e39, 2.0**-150, 2.0**-150 * 1.001]
    got = ir.apply("cast", float32, (float64, close), type=float32)
    assert got.tolist() == [round_nearest(Fraction(v), float32) for v in close]


def test_to_bool_is_not_zero(ir):
    got = ir.apply("cast", bool_, (float32, [0.0, -0.0, 1e-45, math.nan]), type=bool_)
    assert got.tolist() == [False, False, True, True]
    assert ir.apply("cast", float32, (bool_, [False, True]), type=float32).tolist() == [0.0, 1.0]


def test_bitcast_keeps_bits(ir):
    a = np.array([0.0, -0.0, 1.0, math.inf], np.float32)
    assert (ir.apply("bitcast", int32, (float32, a), type=int32) == a.view(np.int32)).all()


# fma


def exact_fma(a, b, c, scalar):
    """For finite arguments; a zero sum of non-zero terms is +0, as rounding to nearest demands."""
    exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
    if exact != 0:
        return math.copysign(round_nearest(exact, scalar), 1 if exact > 0 else -1)
    product_negative = math.copysign(1, a) != math.copysign(1, b)
    both_negative = product_negative and math.copysign(1, c) < 0
    return -0.0 if both_negative and c == 0 and (a == 0 or b == 0) else 0.0


@pytest.mark.parametrize("scalar", FLOATS, ids=str)
def test_fma_rounds_once(ir, scalar):
    a, b, c = columns(telling_values(scalar), 3)
    got = ir.apply("fma", scalar, (scalar, a), (scalar, b), (scalar, c))
    same_bits(got, [exact_fma(x, y, z, scalar) for x, y, z in zip(a, b, c, strict=True)])


@pytest.mark.parametrize("scalar", FLOATS, ids=str)
def test_fma_near_ties(ir, scalar):
    """Products that land beside the middle of two floats, where rounding twice would go wrong."""
    random = np.random.default_rng(5)
    eps = float(np.finfo(scalar.name).eps)
    a = (1 + eps * random.integers(0, 1 / eps, 4000)).astype(scalar.name)
    b = (1 + eps * random.integers(0, 8, 4000)).astype(scalar.name)
    c = (a.astype(np.float64) * random.choice([eps / 2, eps, 1 / eps, -1, -1 - eps], 4000)).astype(
        scalar.name
    )
    got = ir.apply("fma", scalar, (scalar, a), (scalar, b), (scalar, c))
    same_bits(got, [exact_fma(x, y, z, scalar) for x, y, z in zip(a, b, c, strict=True)])


@pytest.mark.parametrize("scalar", FLOATS, ids=str)
def test_fma_random_exponents(ir, scalar):
    random = np.random.default_rng(6)
    bits = random.integers(0, 2**scalar.bits, (3, 4000), dtype=np.uint64).astype(f"u{scalar.size}")
    a, b, c = bits.view(scalar.name)
    finite = np.isfinite(a) & np.isfinite(b) & np.isfinite(c)
    a, b, c = a[finite], b[finite], c[finite]
    got = ir.apply("fma", scalar, (scalar, a), (scalar, b), (scalar, c))
    same_bits(got, [exact_fma(x, y, z, scalar) for x, y, z in zip(a, b, c, strict=True)])


@pytest.mark.parametrize("scalar", FLOATS, ids=str)
def test_fma_with_infinity_and_nan(ir, scalar):
    """The product of two finite numbers never becomes infinite before the addition."""
    large = float(np.finfo(scalar.name).max)
    values = np.array([0.0, -0.0, 1.0, large, -large, math.inf, -math.inf, math.nan], scalar.name)
    a, b, c = columns(values, 3)
    got = ir.apply("fma", scalar, (scalar, a), (scalar, b), (scalar, c))
    for x, y, z, result in zip(a, b, c, got, strict=True):
        finite = math.isfinite(x) and math.isfinite(y)
        if finite and math.isfinite(z):
            want = exact_fma(x, y, z, scalar)
        else:
            want = float(z) if finite else float(x) * float(y) + float(z)
        same_bits([result], [want])
