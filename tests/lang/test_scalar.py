"""Small scalar functions on every type they take, and the mathematics in float16."""

import numpy as np
import pytest

import robokern as rk

FLOATS = [
    0.0,
    -0.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    0.49999997,
    1e-40,
    -3.7,
    8388609.0,
    np.inf,
    -np.inf,
    np.nan,
    3.0,
]
scalars = pytest.mark.parametrize(
    "scalar", [rk.float16, rk.float32, rk.float64, rk.int32, rk.int64, rk.uint8], ids=str
)
floats = pytest.mark.parametrize("scalar", [rk.float32, rk.float64], ids=str)


def values(scalar):
    data = FLOATS if scalar.kind == "f" else [0, 1, 5, 100] if scalar.kind == "u" else [0, 1, -1, 7, -100]
    with np.errstate(over="ignore"):
        return np.array(data, scalar.name)


@scalars
def test_sign_step_nonzero(evaluate, scalar):
    x = values(scalar)
    np.testing.assert_array_equal(evaluate(rk.sign, scalar, (scalar, x)), np.where(x < 0, -1, 1))
    np.testing.assert_array_equal(evaluate(rk.step, scalar, (scalar, x)), np.where(x < 0, 1, 0))
    np.testing.assert_array_equal(evaluate(rk.nonzero, scalar, (scalar, x)), np.where(x == 0, 0, 1))


@scalars
def test_clamp(evaluate, scalar):
    x = values(scalar)
    x = x[~np.isnan(x.astype(float))]
    low, high = np.full_like(x, 1), np.full_like(x, 3)
    np.testing.assert_array_equal(
        evaluate(rk.clamp, scalar, (scalar, x), (scalar, low), (scalar, high)), np.clip(x, 1, 3)
    )


@floats
def test_classification(evaluate, scalar):
    x = values(scalar)
    for func, reference in ((rk.isnan, np.isnan), (rk.isinf, np.isinf), (rk.isfinite, np.isfinite)):
        np.testing.assert_array_equal(evaluate(func, bool, (scalar, x)), reference(x))


@floats
def test_round_takes_halves_away_from_zero(evaluate, scalar):
    x = values(scalar)
    want = np.copysign(np.floor(np.abs(x.astype(np.longdouble)) + 0.5), x)
    np.testing.assert_array_equal(evaluate(rk.round, scalar, (scalar, x)), want)


@floats
def test_fraction_and_copysign(evaluate, scalar):
    x = values(scalar)
    finite = x[np.isfinite(x)]
    np.testing.assert_array_equal(evaluate(rk.frac, scalar, (scalar, finite)), finite - np.trunc(finite))
    found = evaluate(rk.copysign, scalar, (scalar, x), (scalar, x[::-1].copy()))
    np.testing.assert_array_equal(np.signbit(found), np.signbit(x[::-1]))
    np.testing.assert_array_equal(np.abs(found), np.abs(x))


@floats
def test_angles_and_interpolation(evaluate, generator, scalar):
    tolerance = 4 * np.finfo(scalar.name).eps
    x, y, t = (generator.uniform(-5, 5, 100).astype(scalar.name) for _ in range(3))
    np.testing.assert_allclose(evaluate(rk.radians, scalar, (scalar, x)), np.radians(x), rtol=tolerance)
    np.testing.assert_allclose(evaluate(rk.degrees, scalar, (scalar, x)), np.degrees(x), rtol=tolerance)
    found = evaluate(rk.lerp, scalar, (scalar, x), (scalar, y), (scalar, t))
    np.testing.assert_allclose(found, x * (1 - t) + y * t, atol=60 * tolerance)
    ends = np.full_like(x, -1), np.full_like(x, 3)
    found = evaluate(rk.smoothstep, scalar, (scalar, ends[0]), (scalar, ends[1]), (scalar, x))
    u = np.clip((x + 1) / 4, 0, 1)
    np.testing.assert_allclose(found, u * u * (3 - 2 * u), rtol=4 * tolerance, atol=tolerance)


@pytest.mark.parametrize("scalar", [rk.uint8, rk.int16, rk.uint32, rk.int32, rk.uint64, rk.int64], ids=str)
def test_bit_count(evaluate, generator, scalar):
    info = np.iinfo(scalar.name)
    ends = np.array([info.min, info.max], scalar.name)
    x = np.concatenate([generator.integers(info.min, info.max, 200, dtype=scalar.name, endpoint=True), ends])
    want = [int(v).bit_count() if v >= 0 else (int(v) + 2**scalar.bits).bit_count() for v in x]
    np.testing.assert_array_equal(evaluate(rk.bit_count, rk.int32, (scalar, x)), want)


HALF = [
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "exp",
    "log",
    "log2",
    "log10",
    "cbrt",
    "sinh",
    "cosh",
    "tanh",
]


@pytest.mark.parametrize("name", HALF)
def test_every_float16(evaluate, name):
    x = np.arange(65536, dtype=np.uint16).view(np.float16)
    reference = getattr(np, {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}.get(name, name))
    given = np.clip(x.astype(float), -1, 1) if name in ("asin", "acos") else x.astype(float)
    found = evaluate(getattr(rk, name), rk.float16, (rk.float16, x))
    with np.errstate(all="ignore"):
        want = reference(given).astype(np.float16)
        away = np.abs(found.view(np.int16).astype(int) - want.view(np.int16))
    number = ~np.isnan(want)
    np.testing.assert_array_equal(np.isnan(found), ~number)
    assert away[number].max() <= 1 and np.mean(away[number] > 0) < 1e-3


def test_float16_of_two_arguments(evaluate, generator):
    x, y = (generator.uniform(0.1, 3, 500).astype(np.float16) for _ in range(2))
    for func, reference in ((rk.atan2, np.arctan2), (rk.pow, np.power)):
        found = evaluate(func, rk.float16, (rk.float16, x), (rk.float16, y))
        np.testing.assert_allclose(found, reference(x.astype(float), y.astype(float)), rtol=2**-10)
