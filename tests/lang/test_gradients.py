"""Derivatives written by hand against central differences, in float64; none is missing."""

import ast
import inspect
import textwrap

import numpy as np
import pytest

import robokern as rk
from robokern.lang.gradients import GRADIENTS

COUNT = 200
# away from singularities, where differences are inaccurate
RANGES = {
    "asin": (-0.7, 0.7), "acos": (-0.7, 0.7), "log": (0.1, 5), "log2": (0.1, 5), "log10": (0.1, 5),
    "erfinv": (-0.7, 0.7), "erfcinv": (0.3, 1.7), "tan": (-1.2, 1.2), "cbrt": (0.2, 4), "pow": (0.2, 3),
    "_inverse_root": (0.2, 3),
}  # fmt: skip


def differences(evaluate, func, columns, k):
    """Central differences of fourth order in argument k."""
    h = 1e-3
    total = 0
    for step, weight in ((1, 8), (-1, -8), (2, -1), (-2, 1)):
        moved = [c + step * h * (i == k) for i, c in enumerate(columns)]
        total = total + weight * evaluate(func, rk.float64, *((rk.float64, c) for c in moved))
    return total / (12 * h)


def adjoint_of(gradient, count, k):
    if count == 1:

        @rk.func
        def one(x: rk.float64):
            return gradient(x, rk.float64(3.0))

        return one

    @rk.func
    def two(x: rk.float64, y: rk.float64):
        return gradient(x, y, rk.float64(3.0))[k]

    return two


@pytest.mark.parametrize("func", GRADIENTS, ids=lambda f: f.name)
def test_against_central_differences(evaluate, generator, func):
    count = len(func.overloads[0].params)
    low, high = RANGES.get(func.name, (-2, 2))
    columns = [generator.uniform(low, high, COUNT) for _ in range(count)]
    if func.name in ("atan2", "copysign"):
        columns = [np.where(np.abs(c) < 0.1, c + 0.5, c) for c in columns]
    for k in range(count):
        found = evaluate(
            adjoint_of(GRADIENTS[func], count, k), rk.float64, *((rk.float64, c) for c in columns)
        )
        want = 3 * differences(evaluate, func, columns, k)
        np.testing.assert_allclose(found, want, rtol=1e-8, atol=1e-8)


def test_at_the_edges(evaluate):
    zero = np.zeros(2)
    atan2 = GRADIENTS[rk.atan2]
    np.testing.assert_array_equal(evaluate(adjoint_of(atan2, 2, 0), rk.float64, *[(rk.float64, zero)] * 2), 0)
    # 0 ** 2: both derivatives are 0; 0 ** 0 is 1 whatever x is
    power = GRADIENTS[rk.pow]
    for exponent in (2.0, 0.0):
        columns = (rk.float64, zero), (rk.float64, zero + exponent)
        for k in (0, 1):
            np.testing.assert_array_equal(evaluate(adjoint_of(power, 2, k), rk.float64, *columns), 0)


def reaches_bits(function, seen):
    """Whether a func's result goes through the bits of a float, itself or in what it calls."""
    for overload in function.overloads:
        if overload.python in seen:
            continue
        seen.add(overload.python)
        names = {
            n.id
            for n in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(overload.python))))
            if isinstance(n, ast.Name)
        }
        if "bitcast" in names:
            return True
        used = [overload.python.__globals__.get(n) for n in names]
        if any(isinstance(f, rk.Function) and f not in GRADIENTS and reaches_bits(f, seen) for f in used):
            return True
    return False


def test_every_function_that_goes_through_bits_has_one():
    from robokern import lang

    public = [getattr(lang, name) for name in lang.__all__]
    missing = [f.name for f in public if f not in GRADIENTS and reaches_bits(f, set())]
    assert missing == []
