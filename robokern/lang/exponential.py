"""Exponential, logarithms, powers and cube root in float32 and float64.

Exponent and mantissa are split with integer operations, so subnormal arguments and results need no branch;
the rest is a polynomial (`tools/minimax_jobs.py`). Logarithms in float64 use log(1 + f) = 2 atanh(f / (2 +
f)) (Tang 1990); powers carry the logarithm as an unevaluated sum of two numbers (Dekker 1971).
"""

# ruff: noqa: F811 - overloads share a name; defaults are constants
from __future__ import annotations

from robokern.compiler.builtins import bitcast, floor, fma, where
from robokern.compiler.function import func, operator
from robokern.ir.types import float32, float64, int32, int64
from robokern.lang.scalar import copysign

_INFINITY = float("inf")
_NAN = float("nan")


@func
def _scaled(p: float32, b: int32):
    """p 2^k, rounded once; b is the bits of k + 1.5 2^23, |k| <= 160."""
    half = b >> 1
    first = bitcast((half << 23) + 0x3F800000, float32)
    second = bitcast(((b - half) << 23) + 0x3F800000, float32)
    return p * first * second


@func
def _scaled(p: float64, b: int64):
    half = b >> 1
    first = bitcast((half << 52) + 0x3FF0000000000000, float64)
    second = bitcast(((b - half) << 52) + 0x3FF0000000000000, float64)
    return p * first * second


@func
def exp(x: float32) -> float32:
    """e to the power x.

    Error: 1.1 ulp, subnormal results included.
    """
    x = where(x > 89.0, 89.0, x)
    x = where(x < -104.0, -104.0, x)
    t = fma(x, 1.442695, 12582912.0)
    n = t - 12582912.0
    r = fma(n, 1.9046542e-09, fma(n, -0.6931472, x))
    q = fma(fma(fma(fma(r, 0.0013821404, 0.008368669), r, 0.04166826), r, 0.16666521), r, 0.49999994)
    return _scaled(fma(r * r, q, r) + 1.0, bitcast(t, int32))


@func
def exp(x: float64) -> float64:
    x = where(x > 710.0, 710.0, x)
    x = where(x < -746.0, -746.0, x)
    t = fma(x, 1.4426950408889634, 6755399441055744.0)
    n = t - 6755399441055744.0
    r = fma(n, -2.3190468138462996e-17, fma(n, -0.6931471805599453, x))
    q = fma(fma(r, 2.501027182625271e-08, 2.7630436626567497e-07), r, 2.755755313931524e-06)
    q = fma(q, r, 2.4801492503239697e-05)
    q = fma(fma(fma(q, r, 0.00019841269545199867), r, 0.0013888888944296924), r, 0.00833333333347575)
    q = fma(fma(fma(q, r, 0.04166666666652709), r, 0.16666666666666444), r, 0.5000000000000011)
    return _scaled(fma(r * r, q, r) + 1.0, bitcast(t, int64))


@func
def _split(x: float32):
    """(k, f) with x = 2^k (1 + f), f in [-1/3, 1/3), for x > 0 finite; f is exact."""
    tiny = x < 1.1754944e-38
    b = bitcast(where(tiny, x * 8388608.0, x), int32)
    k = (b - 0x3F2AAAAB) >> 23
    f = bitcast(b - (k << 23), float32) - 1.0
    return float32(k) - where(tiny, 23.0, 0.0), f


@func
def _split(x: float64):
    tiny = x < 2.2250738585072014e-308
    b = bitcast(where(tiny, x * 4503599627370496.0, x), int64)
    k = (b - 0x3FE5555555555555) >> 52
    f = bitcast(b - (k << 52), float64) - float64(1.0)
    return float64(k) - where(tiny, float64(52.0), float64(0.0)), f


@func
def _log_tail(f: float32):
    """log(1 + f) - f, |f| <= 1/3."""
    s = f * f
    q = fma(fma(fma(f, -0.1288793, 0.1398657), f, -0.121855326), f, 0.14005336)
    q = fma(fma(fma(fma(q, f, -0.16680355), f, 0.20010446), f, -0.24999802), f, 0.33333215)
    return fma(s, -0.5, f * s * q)


@func
def _log_tail(f: float64):
    s = f / (2.0 + f)
    z = s * s
    q = fma(fma(z, 0.1383947502695156, 0.13174107993461448), z, 0.15391083125615596)
    q = fma(q, z, 0.18181666696432444)
    q = fma(fma(fma(q, z, 0.22222224284277256), z, 0.28571428555915646), z, 0.4000000000005645)
    q = fma(q, z, 0.666666666666666)
    h = 0.5 * f * f
    return fma(s, fma(z, q, h), -h)


@func
def _log_result(x: float32, y: float32):
    """y, or what a logarithm is at 0, infinity, NaN and below 0."""
    return where(x < _INFINITY, where(x > 0.0, y, where(x == 0.0, float32(-_INFINITY), float32(_NAN))), x)


@func
def _log_result(x: float64, y: float64):
    return where(x < _INFINITY, where(x > 0.0, y, where(x == 0.0, float64(-_INFINITY), float64(_NAN))), x)


@func
def log(x: float32) -> float32:
    """Natural logarithm; -inf at 0, NaN below.

    Error: 1 ulp, subnormal arguments included.
    """
    k, f = _split(x)
    y = fma(k, 0.6931472, f + fma(k, -1.9046542e-09, _log_tail(f)))
    return _log_result(x, y)


@func
def log(x: float64) -> float64:
    k, f = _split(x)
    y = fma(k, 0.6931471805599453, f + fma(k, 2.3190468138462996e-17, _log_tail(f)))
    return _log_result(x, y)


@func
def log2(x: float32) -> float32:
    """Logarithm to base 2, exact for powers of two; -inf at 0, NaN below.

    Error: 1.2 ulp, subnormal arguments included.
    """
    k, f = _split(x)
    u = f * 1.442695
    rest = fma(f, 1.442695, -u) + fma(_log_tail(f), 1.442695, f * 1.925963e-08)
    y = k + u
    return _log_result(x, y + ((k - y) + u + rest))


@func
def log2(x: float64) -> float64:
    k, f = _split(x)
    u = f * 1.4426950408889634
    rest = fma(f, 1.4426950408889634, -u) + fma(_log_tail(f), 1.4426950408889634, f * 2.0355273740931033e-17)
    y = k + u
    return _log_result(x, y + ((k - y) + u + rest))


@func
def log10(x: float32) -> float32:
    """Logarithm to base 10; -inf at 0, NaN below.

    Error: 1.4 ulp, subnormal arguments included.
    """
    k, f = _split(x)
    u = f * 0.4342945
    rest = fma(f, 0.4342945, -u) + fma(_log_tail(f), 0.4342945, f * -1.010305e-08)
    t = k * 0.30103
    rest = rest + fma(k, -1.4320989e-08, fma(k, 0.30103, -t))
    y = t + u
    return _log_result(x, y + ((t - y) + u + rest))


@func
def log10(x: float64) -> float64:
    k, f = _split(x)
    u = f * 0.4342944819032518
    rest = fma(f, 0.4342944819032518, -u) + fma(_log_tail(f), 0.4342944819032518, f * 1.098319650216765e-17)
    t = k * 0.3010299956639812
    rest = rest + fma(k, -2.8037281277851704e-18, fma(k, 0.3010299956639812, -t))
    y = t + u
    return _log_result(x, y + ((t - y) + u + rest))


@func
def _log2_pair(x: float32):
    """log2(x), x > 0, as a sum of two numbers; 2^-34 relative."""
    k, f = _split(x)
    d = 2.0 + f
    dl = f - (d - 2.0)
    inverse = 1.0 / d
    s = f * inverse
    sl = inverse * (fma(-s, d, f) - s * dl)
    z = s * s
    zl = fma(s, s, -z) + 2.0 * s * sl
    p = z * fma(fma(fma(z, 0.19917521, 0.22155733), z, 0.28572464), z, 0.39999995)
    # log((1 + s) / (1 - s)) = 2 s + s z (2/3 + p)
    c = 0.6666667 + p
    cl = ((0.6666667 - c) + p) - 1.9868216e-08
    t = s * z
    tl = fma(s, z, -t) + fma(s, zl, sl * z)
    u = t * c
    ul = fma(t, c, -u) + fma(t, cl, tl * c)
    h = 2.0 * s + u
    hl = (2.0 * s - h) + u + (ul + 2.0 * sl)
    a = h * 1.442695
    al = fma(h, 1.442695, -a) + fma(h, 1.925963e-08, hl * 1.442695)
    y = k + a
    return y, (k - y) + a + al


@func
def _log2_pair(x: float64):
    k, f = _split(x)
    d = 2.0 + f
    dl = f - (d - 2.0)
    inverse = 1.0 / d
    s = f * inverse
    sl = inverse * (fma(-s, d, f) - s * dl)
    z = s * s
    zl = fma(s, s, -z) + 2.0 * s * sl
    q = fma(fma(z, 0.1257097445591159, 0.11592434439923069), z, 0.13341139376648325)
    q = fma(q, z, 0.15384406824874178)
    q = fma(fma(fma(q, z, 0.18181821522829295), z, 0.22222222191276902), z, 0.2857142857157722)
    q = fma(q, z, 0.39999999999999725)
    p = z * q
    c = 0.6666666666666666 + p
    cl = ((0.6666666666666666 - c) + p) + 3.700743415417188e-17
    t = s * z
    tl = fma(s, z, -t) + fma(s, zl, sl * z)
    u = t * c
    ul = fma(t, c, -u) + fma(t, cl, tl * c)
    h = 2.0 * s + u
    hl = (2.0 * s - h) + u + (ul + 2.0 * sl)
    a = h * 1.4426950408889634
    al = fma(h, 1.4426950408889634, -a) + fma(h, 2.0355273740931033e-17, hl * 1.4426950408889634)
    y = k + a
    return y, (k - y) + a + al


@func
def _exp2_pair(h: float32, tail: float32):
    """2^(h + tail)."""
    tail = where(abs(h) < 1000.0, tail, 0.0)
    h = where(h > 150.0, 150.0, h)
    h = where(h < -160.0, -160.0, h)
    t = h + 12582912.0
    f = (h - (t - 12582912.0)) + tail
    q = fma(fma(fma(f, 1.43219895e-05, 0.00015452199), f, 0.0013337965), f, 0.009618087)
    q = fma(fma(fma(q, f, 0.05550405), f, 0.2402265), f, 0.6931472)
    return _scaled(fma(f, q, 1.0), bitcast(t, int32))


@func
def _exp2_pair(h: float64, tail: float64):
    tail = where(abs(h) < 10000.0, tail, 0.0)
    h = where(h > 1050.0, 1050.0, h)
    h = where(h < -1100.0, -1100.0, h)
    t = h + 6755399441055744.0
    f = (h - (t - 6755399441055744.0)) + tail
    q = fma(fma(f, 4.4386227118389324e-10, 7.073234506183762e-09), f, 1.0178161576560334e-07)
    q = fma(q, f, 1.3215438827280931e-06)
    q = fma(fma(fma(q, f, 1.525273363060021e-05), f, 0.00015403530449053634), f, 0.0013333558146549195)
    q = fma(fma(fma(q, f, 0.009618129107601592), f, 0.055504108664821715), f, 0.24022650695910108)
    q = fma(q, f, 0.6931471805599453)
    return _scaled(fma(f, q, 1.0), bitcast(t, int64))


@operator("pow")
@func
def pow(x: float32, y: float32) -> float32:
    """x to the power y, with the special cases of IEEE 754 pow (pow(x, 0) = pow(1, y) = 1).

    Error: 1 ulp.
    """
    a = abs(x)
    h, tail = _log2_pair(a)
    h = where(a == 0.0, float32(-_INFINITY), where(a < _INFINITY, h, a))
    p = y * h
    size = _exp2_pair(p, fma(y, h, -p) + y * tail)
    whole = floor(y) == y
    odd = whole & (floor(0.5 * y) != 0.5 * y)
    value = where(odd, copysign(size, x), size)
    value = where((x < 0.0) & (abs(x) < _INFINITY) & (not whole), float32(_NAN), value)
    return where((y == 0.0) | (x == 1.0) | ((x == -1.0) & (abs(y) == _INFINITY)), 1.0, value)


@operator("pow")
@func
def pow(x: float64, y: float64) -> float64:
    a = abs(x)
    h, tail = _log2_pair(a)
    h = where(a == 0.0, float64(-_INFINITY), where(a < _INFINITY, h, a))
    p = y * h
    size = _exp2_pair(p, fma(y, h, -p) + y * tail)
    whole = floor(y) == y
    odd = whole & (floor(0.5 * y) != 0.5 * y)
    value = where(odd, copysign(size, x), size)
    value = where((x < 0.0) & (abs(x) < _INFINITY) & (not whole), float64(_NAN), value)
    return where((y == 0.0) | (x == 1.0) | ((x == -1.0) & (abs(y) == _INFINITY)), float64(1.0), value)


@func
def cbrt(x: float32) -> float32:
    """Cube root, of negative numbers too.

    Error: 0.6 ulp, subnormal arguments included.
    """
    a = abs(x)
    up = a < 1.0e-20
    down = a > 1.0e20
    a = where(up, a * 281474976710656.0, where(down, a * 3.5527136788005009e-15, a))
    y = bitcast(bitcast(a, int32) // 3 + 709958130, float32)
    # one step of Halley, then one of Newton with an exact residual
    c = y * y * y
    y = y * (c + (a + a)) / (c + c + a)
    s = y * y
    residual = fma(s, y, -a) + fma(y, y, -s) * y
    y = y - residual / (3.0 * s)
    y = where(up, y * 1.52587890625e-05, where(down, y * 65536.0, y))
    return where((a > 0.0) & (a < _INFINITY), copysign(y, x), x)


@func
def cbrt(x: float64) -> float64:
    a = abs(x)
    up = a < 1.0e-200
    down = a > 1.0e200
    a = where(up, a * 6.546781215792284e150, where(down, a * 1.5274681817498023e-151, a))
    # a third of the exponent, from the upper half of the bits
    y = bitcast(int64(int32(bitcast(a, int64) >> 32) // 3 + 715094163) << 32, float64)
    c = y * y * y
    y = y * (c + (a + a)) / (c + c + a)
    c = y * y * y
    y = y * (c + (a + a)) / (c + c + a)
    s = y * y
    residual = fma(s, y, -a) + fma(y, y, -s) * y
    y = y - residual / (3.0 * s)
    y = where(up, y * 5.345529420184391e-51, where(down, y * 1.8707220957835557e50, y))
    return where((a > 0.0) & (a < _INFINITY), copysign(y, x), x)
