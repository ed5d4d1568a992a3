"""float64 functions against mpmath, two-argument functions, and the special cases that IEEE 754 fixes."""

from collections.abc import Callable

import mpmath as mp
import numpy as np
import pytest

import robokern as rk

COUNT = 1200
PRECISION = 1300  # bits: enough to reduce 1e308 modulo pi


def logarithmic(generator, low, high):
    return 10 ** generator.uniform(low, high, COUNT) * generator.choice([-1, 1], COUNT)


def arguments(generator, low, high, linear):
    """Spread over the exponents from 10^low to 10^high, and evenly over [-linear, linear]."""
    edges = [0.0, -0.0, 5e-324, 2.2250738585072014e-308, 1.0, -1.0, 0.5, 2.0]
    return np.concatenate(
        [logarithmic(generator, low, high), generator.uniform(-linear, linear, COUNT), edges]
    )


def ulps(y, x, function, precision=PRECISION):
    """Largest distance from the exact values in float64 units in the last place, and where."""
    worst, where = 0.0, ""
    for value, args in zip(y, zip(*x, strict=True), strict=True):
        with mp.workprec(precision):
            exact = function(*(mp.mpf(float(a)) for a in args))
            if isinstance(exact, mp.mpc):
                exact = mp.nan
            rounded = float(exact)
            if np.isnan(rounded) or np.isinf(rounded):
                error = 0.0 if value == rounded or (np.isnan(value) and np.isnan(rounded)) else np.inf
            else:
                spacing = (
                    float(np.spacing(np.nextafter(abs(rounded), 0)))
                    if abs(rounded) > abs(exact)
                    else np.spacing(abs(rounded))
                )
                error = float(abs(mp.mpf(float(value)) - exact) / float(spacing))
        if not error <= worst:
            worst, where = (
                error,
                f"{error:.3f} ulp at {[float(a) for a in args]}: {value!r}, exact {rounded!r}",
            )
    return worst, where


def log_or_special(base: float | None) -> Callable[[mp.mpf], mp.mpf]:
    def function(x: mp.mpf) -> mp.mpf:
        if x <= 0:
            return mp.nan if x < 0 else -mp.inf
        return mp.log(x) if base is None else mp.log(x, base)

    return function


def cube_root(x: mp.mpf) -> mp.mpf:
    return mp.sign(x) * mp.cbrt(abs(x))


def within_one(x: mp.mpf) -> mp.mpf:
    return max(mp.mpf(-1), min(mp.mpf(1), x))


def inverse_complement(c: mp.mpf) -> mp.mpf:
    if c > 1:
        return -inverse_complement(2 - c) if c < 2 else -mp.inf
    if c in (0, 1):
        return mp.inf if c == 0 else mp.mpf(0)
    guess = mp.erfinv(1 - c) if c > 1e-12 else mp.sqrt(-mp.log(c * mp.sqrt(-mp.pi * mp.log(c))))
    return mp.findroot(lambda x: mp.log(mp.erfc(x)) - mp.log(c), guess)


# function: exact, range of arguments, bound that the docstring states
FUNCTIONS = {
    "sin": (mp.sin, (-308, 308, 20), 1.0),
    "cos": (mp.cos, (-308, 308, 20), 1.0),
    "tan": (mp.tan, (-308, 308, 20), 1.0),
    "asin": (lambda x: mp.asin(within_one(x)), (-30, 0, 1.01), 0.8),
    "acos": (lambda x: mp.acos(within_one(x)), (-30, 0, 1.01), 0.8),
    "atan": (mp.atan, (-30, 30, 5), 1.1),
    "exp": (mp.exp, (-20, 2.84, 740), 1.1),
    "log": (log_or_special(None), (-308, 308, 2), 1.0),
    "log2": (log_or_special(2), (-308, 308, 2), 1.2),
    "log10": (log_or_special(10), (-308, 308, 2), 1.4),
    "cbrt": (cube_root, (-308, 308, 20), 0.6),
    "sinh": (mp.sinh, (-20, 2.84, 20), 2.0),
    "cosh": (mp.cosh, (-20, 2.84, 20), 1.5),
    "tanh": (mp.tanh, (-20, 2.84, 20), 2.0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_argument(evaluate, generator, name):
    exact, spread, bound = FUNCTIONS[name]
    x = arguments(generator, *spread)
    y = evaluate(getattr(rk, name), rk.float64, (rk.float64, x))
    error, where = ulps(y, (x,), exact)
    assert error <= bound, where


@pytest.mark.parametrize(
    ("name", "exact", "low", "high", "bound"),
    [
        ("erf", mp.erf, -7, 7, 1.1),
        ("erfc", mp.erfc, -7, 26.5, 3.0),
        ("erfinv", mp.erfinv, -1, 1, 2.2),
        ("erfcinv", inverse_complement, 0, 2, 2.2),
    ],
)
def test_error_functions(evaluate, generator, name, exact, low, high, bound):
    x = np.concatenate([generator.uniform(low, high, 300), 10 ** generator.uniform(-300, 0, 60)])
    if name == "erfinv":
        x = np.concatenate([x, 1 - 10 ** generator.uniform(-15, 0, 60)])
    y = evaluate(getattr(rk, name), rk.float64, (rk.float64, x))
    error, where = ulps(y, (x,), exact, precision=300)
    assert error <= bound, where


def test_atan2(evaluate, generator):
    y, x = logarithmic(generator, -150, 150), logarithmic(generator, -150, 150)
    x[: COUNT // 2] = y[: COUNT // 2] * generator.uniform(-3, 3, COUNT // 2)
    found = evaluate(rk.atan2, rk.float64, (rk.float64, y), (rk.float64, x))
    error, where = ulps(found, (y, x), mp.atan2)
    assert error <= 1.9, where


def test_pow(evaluate, generator):
    x = np.concatenate([np.abs(logarithmic(generator, -300, 300)), generator.uniform(0, 3, COUNT)])
    y = np.concatenate(
        [generator.uniform(-708, 708, COUNT) / np.log(x[:COUNT]), generator.uniform(-500, 500, COUNT)]
    )
    found = evaluate(rk.pow, rk.float64, (rk.float64, x), (rk.float64, y))
    error, where = ulps(found, (x, y), mp.power)
    assert error <= 1.0, where


def test_float32_atan2_and_pow(evaluate, generator):
    y, x = (logarithmic(generator, -30, 30).astype(np.float32) for _ in range(2))
    x[: COUNT // 2] = y[: COUNT // 2] * generator.uniform(-3, 3, COUNT // 2)
    exact = np.arctan2(y.astype(float), x.astype(float))
    found = evaluate(rk.atan2, rk.float32, (rk.float32, y), (rk.float32, x))
    assert np.max(np.abs(found - exact) / np.spacing(np.abs(exact).astype(np.float32))) <= 1.5
    x = np.abs(logarithmic(generator, -38, 38)).astype(np.float32)
    y = (generator.uniform(-87, 87, COUNT) / np.log(x)).astype(np.float32)
    exact = np.power(x.astype(float), y.astype(float))
    found = evaluate(rk.pow, rk.float32, (rk.float32, x), (rk.float32, y))
    assert np.max(np.abs(found - exact) / np.spacing(exact.astype(np.float32))) <= 1.0


SPECIAL = [
    0.0,
    -0.0,
    1,
    -1,
    np.inf,
    -np.inf,
    np.nan,
    2,
    -2,
    3,
    -3,
    0.5,
    -0.5,
    2.5,
    5e-324,
    1e30,
    -1e30,
    4503599627370497.0,
]


@pytest.mark.parametrize("scalar", [rk.float32, rk.float64], ids=str)
@pytest.mark.parametrize(("name", "reference"), [("atan2", np.arctan2), ("pow", np.power)])
def test_special_cases(evaluate, scalar, name, reference):
    x, y = (g.ravel().astype(scalar.name) for g in np.meshgrid(SPECIAL, SPECIAL))
    found = evaluate(getattr(rk, name), scalar, (scalar, x), (scalar, y))
    with np.errstate(all="ignore"):
        want = reference(x, y)
    np.testing.assert_allclose(found, want, rtol=2e-7)
    number = ~np.isnan(want)
    np.testing.assert_array_equal(np.signbit(found)[number], np.signbit(want)[number])


def test_the_power_operator(evaluate, generator):
    x = generator.uniform(0.1, 5, 100)

    @rk.func
    def cube(a: rk.float64):
        return a**3.0

    np.testing.assert_allclose(evaluate(cube, rk.float64, (rk.float64, x)), x**3, rtol=3e-16)
