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
        lambda r: (mp.expm1(r) - r) / r**2,
        range(terms),
        -0.34660,
        0.34661,
        lambda r: r**2 / mp.expm1(r),
        bits,
    )


def logarithm(terms: int, bits: int) -> Job:
    """g(f) with log(1 + f) = f - f^2 / 2 + f^3 g(f), 1 + f in [2/3, 4/3]."""
    low, high = -0.333334, 0.333334
    return Job(
        lambda f: (mp.log1p(f) - f + f**2 / 2) / f**3,
        range(terms),
        low,
        high,
        lambda f: f**3 / mp.log1p(f),
        bits,
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
    return Job(
        lambda f: (mp.mpf(2) ** f - 1) / f, range(terms), -0.5001, 0.5, lambda f: f / mp.mpf(2) ** f, bits
    )


def error_function(terms: int, bits: int, high: float) -> Job:
    """g(s) with erf(x) = x + x g(s), s = x^2, |x| <= high."""
    return Job(
        lambda s: mp.erf(mp.sqrt(s)) / mp.sqrt(s) - 1,
        range(terms),
        TINY,
        high * high,
        lambda s: mp.sqrt(s) / mp.erf(mp.sqrt(s)),
        bits,
    )


def error_function_tail(terms: int, bits: int, low: float, high: float) -> Job:
    """g(x) with erf(x) = 1 - exp(-g(x)); the error of g counts as much as it moves erf."""
    return Job(lambda x: -mp.log(mp.erfc(x)), range(terms), low, high, lambda x: mp.erfc(x), bits)


def scaled_complement(terms: int, bits: int, centre: float, high: float) -> Job:
    """g(t) = (1 + 2 x) exp(x^2) erfc(x), t = (x - centre) / (x + centre), 0 <= x <= high (Shepherd &
    Laframboise 1981).
    """

    def value(t: mp.mpf) -> mp.mpf:
        x = centre * (1 + t) / (1 - t)
        return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)

    return Job(value, range(terms), -1, (high - centre) / (high + centre), lambda t: 1 / value(t), bits)


def inverse_of_complement(c: mp.mpf) -> mp.mpf:
    """x with erfc(x) = c <= 1."""
    guess = mp.erfinv(1 - c) if c > 1e-12 else mp.sqrt(-mp.log(c * mp.sqrt(-mp.pi * mp.log(c))))
    return mp.findroot(lambda x: mp.log(mp.erfc(x)) - mp.log(c), guess)


def complement_of(w: mp.mpf) -> mp.mpf:
    """c with w = -log(c (2 - c))."""
    return -mp.expm1(mp.log1p(-mp.exp(-w)) / 2)


def inverse_error_centre(terms: int, bits: int, high: float) -> Job:
    """g(w - high / 2) = erfinv(x) / x - 3 / 2, w = -log(1 - x^2) <= high (Giles 2010)."""

    def value(v: mp.mpf) -> mp.mpf:
        x = mp.sqrt(-mp.expm1(-(v + high / 2)))
        return mp.erfinv(x) / x

    return Job(
        lambda v: value(v) - 1.5, range(terms), -high / 2 + TINY, high / 2, lambda v: 1 / value(v), bits
    )


def inverse_error_tail(terms: int, bits: int, low: float, high: float, centre: float) -> Job:
    """g(1 / s - centre) = erfcinv(c) / s - 1, s = sqrt(w), w = -log(c (2 - c)) from low to high."""

    def value(v: mp.mpf) -> mp.mpf:
        u = v + centre
        return inverse_of_complement(complement_of(1 / u**2)) * u

    interval = float(high**-0.5 - centre), float(low**-0.5 - centre)
    return Job(lambda v: value(v) - 1, range(terms), *interval, lambda v: 1 / value(v), bits)


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
    "erf32": error_function(7, 24, 0.95),
    "erf_tail32": error_function_tail(8, 24, 0.95, 3.95),
    "erfc32": scaled_complement(11, 24, 2.0, 10.1),
    "erfinv32": inverse_error_centre(11, 24, 5.0),
    "erfinv_tail32": inverse_error_tail(10, 24, 5.0, 104.0, 0.27),
    "erf64": error_function(13, 53, 0.95),
    "erf_tail64": error_function_tail(20, 53, 0.95, 5.95),
    "erfc64": scaled_complement(22, 53, 4.0, 27.5),
    "erfinv_start64": inverse_error_centre(9, 53, 5.0),
    "erfinv_start_tail64": inverse_error_tail(13, 53, 5.0, 746.0, 0.24),
}

if __name__ == "__main__":
    main(JOBS, sys.argv[1:])
