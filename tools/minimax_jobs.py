"""The polynomials of `robokern/lang`, one job each.

    python tools/minimax_jobs.py              # lists the jobs
    python tools/minimax_jobs.py sin32 exp64  # prints coefficients and errors
"""

from __future__ import annotations

import sys

import mpmath as mp
from minimax import Function, Job, main

TINY = 1e-9
PI = float(mp.pi)


def odd_tail(function: Function) -> Function:
    """g(s) with f(x) = x + x s g(s), s = x^2."""
    return lambda s: (function(mp.sqrt(s)) / mp.sqrt(s) - 1) / s


def odd_weight(function: Function) -> Function:
    """Turns an error of `odd_tail` into a relative error of f."""
    return lambda s: s * mp.sqrt(s) / function(mp.sqrt(s))


def odd(function: Function, high: float, terms: int, bits: int) -> Job:
    return Job(odd_tail(function), range(terms), TINY, high * high, odd_weight(function), bits)


def cosine(terms: int, bits: int) -> Job:
    """g(s) with cos(x) = 1 - s / 2 + s^2 g(s), s = x^2, |x| <= pi/4."""
    return Job(
        lambda s: (mp.cos(mp.sqrt(s)) - 1 + s / 2) / s**2,
        range(terms),
        TINY,
        (PI / 4) ** 2,
        lambda s: s**2 / mp.cos(mp.sqrt(s)),
        bits,
    )


def exponential(terms: int, bits: int) -> Job:
    """g(r) with e^r = 1 + r + r^2 g(r), |r| <= ln(2) / 2 and a little."""
    return Job(
        lambda r: (mp.expm1(r) - r) / r**2, range(terms), -0.34660, 0.34661, lambda r: r**2 / mp.exp(r), bits
    )


def exponential_minus_one(terms: int, bits: int) -> Job:
    """g(r) with e^r - 1 = r + r^2 g(r)."""
    return Job(
        lambda r: (mp.expm1(r) - r) / r**2, range(terms), -0.34660, 0.34661, lambda r: r**2 / mp.expm1(r), bits
    )


def logarithm(terms: int, bits: int) -> Job:
    """g(f) with log(1 + f) = f - f^2 / 2 + f^3 g(f), 1 + f in [2/3, 4/3]."""
    low, high = -0.333334, 0.333334
    return Job(
        lambda f: (mp.log1p(f) - f + f**2 / 2) / f**3, range(terms), low, high, lambda f: f**3 / mp.log1p(f), bits
    )


def area_tangent(terms: int, bits: int) -> Job:
    """g(z) with log((1 + s) / (1 - s)) = 2 s + s z g(z), z = s^2 (Tang 1990)."""
    high = 0.200001  # 1 + f in [2/3, 4/3], s = f / (2 + f)
    return Job(
        lambda z: (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2) / z,
        range(terms),
        TINY,
        high * high,
        lambda z: z * mp.sqrt(z) / (2 * mp.atanh(mp.sqrt(z))),
        bits,
    )


def area_tangent_tail(terms: int, bits: int) -> Job:
    """g(z) with log((1 + s) / (1 - s)) = 2 s + s z (2/3 + z g(z)), z = s^2."""
    high = 0.200001
    return Job(
        lambda z: ((2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2) / z - mp.mpf(2) / 3) / z,
        range(terms),
        TINY,
        high * high,
        lambda z: z * z * mp.sqrt(z) / (2 * mp.atanh(mp.sqrt(z))),
        bits,
    )


def power_of_two(terms: int, bits: int) -> Job:
    """g(f) with 2^f = 1 + f g(f), |f| <= 1/2."""
    return Job(lambda f: (mp.mpf(2) ** f - 1) / f, range(terms), -0.5001, 0.5, lambda f: f / mp.mpf(2) ** f, bits)


JOBS = {
    "sin32": odd(mp.sin, PI / 4, 3, 24),
    "cos32": cosine(3, 24),
    "tan32": odd(mp.tan, PI / 4, 7, 24),
    "asin32": odd(mp.asin, 0.5, 5, 24),
    "atan32": odd(mp.atan, 1.0, 9, 24),
    "exp32": exponential(5, 24),
    "expm1_32": exponential_minus_one(6, 24),
    "log32": logarithm(8, 24),
    "exp2_32": power_of_two(7, 24),
    "atanh_tail32": area_tangent_tail(4, 24),
    "sin64": odd(mp.sin, PI / 4, 6, 53),
    "cos64": cosine(6, 53),
    "tan64": odd(mp.tan, PI / 4, 14, 53),
    "asin64": odd(mp.asin, 0.5, 12, 53),
    "atan64": odd(mp.atan, 0.41422, 11, 53),
    "exp64": exponential(10, 53),
    "expm1_64": exponential_minus_one(11, 53),
    "atanh64": area_tangent(8, 53),
    "atanh_tail64": area_tangent_tail(8, 53),
    "exp2_64": power_of_two(11, 53),
}

if __name__ == "__main__":
    main(JOBS, sys.argv[1:])
