"""Sine, cosine, tangent and their inverses in float32 and float64, right for every argument.

Arguments up to 1e5 (float32) and 1e7 (float64) are reduced by three-part constants (Cody & Waite 1980), each
step an fma; larger ones in integers, with as many bits of 1/pi as they need (Payne & Hanek 1983). The rest is
one odd polynomial (`tools/minimax_jobs.py`), so that the usual path has no branch but the one that skips the
large arguments.
"""

# ruff: noqa: F811, RUF059 - overloads share a name; defaults are constants
from __future__ import annotations

from robokern.compiler.builtins import bitcast, fma, sqrt, where
from robokern.compiler.function import func
from robokern.ir.types import float32, float64, int32, int64, uint32, uint64
from robokern.lang.scalar import copysign


@func
def _large_turns(bits: uint32):
    """x / pi modulo 2, times 2^63, of |x| >= 2^16 with these bits; error below 4 units."""
    mantissa = uint64((bits & 0x7FFFFF) | 0x800000)
    place = ((bits >> 23) & 255) - 143
    first = place < 64
    # bits of 1 / pi from position 56 on
    a = where(first, uint64(0x00517CC1B727220A), uint64(0x94FE13ABE8FA9A6E))
    b = where(first, uint64(0x94FE13ABE8FA9A6E), uint64(0xE06DB14ACC9E21C8))
    c = where(first, uint64(0xE06DB14ACC9E21C8), uint64(0x20FF28B1D5EF5DE2))
    shift = uint64(place & 63)
    high = (a << shift) | ((b >> 1) >> (63 - shift))
    low = (b << shift) | ((c >> 1) >> (63 - shift))
    return mantissa * high + ((mantissa * (low >> 32)) >> 32)


@func(cold=True)
def _large_quadrant(bits: uint32):
    """`_quadrant` of the float32 with these bits, however large."""
    x = bitcast(bits, float32)
    turns = _large_turns(bits)
    r = float32(float64(bitcast(turns << 2, int64)) * 8.515303950216386e-20) + (x - x)
    quarters = uint32((turns + 0x2000000000000000) >> 62)
    return where(x < 0.0, -r, r), where(x < 0.0, 4 - quarters, quarters)


@func
def _quadrant(x: float32):
    """(r, n) with x = r + n pi/2, |r| <= pi/4 (1 + 2^-9), n modulo 4; r is NaN if x is not finite."""
    t = fma(x, 0.63661975, 12582912.0)
    n = t - 12582912.0
    r = fma(n, 1.7151245e-15, fma(n, 4.371139e-08, fma(n, -1.5707964, x)))
    quarters = bitcast(t, uint32)
    if not (abs(x) < 1.0e5):
        r, quarters = _large_quadrant(bitcast(x, uint32))
    return r, quarters


@func
def _sine_of(r: float32, quarters: uint32):
    """sin(r + quarters pi/2)."""
    s = r * r
    odd = fma(r * s, fma(fma(s, -0.00019518296, 0.008332189), s, -0.16666655), r)
    even = fma(fma(fma(fma(s, 2.443258e-05, -0.0013887311), s, 0.041666646), s, -0.5), s, 1.0)
    y = where((quarters & 1) != 0, even, odd)
    return bitcast(bitcast(y, uint32) ^ ((quarters & 2) << 30), float32)


@func
def sin(x: float32) -> float32:
    """Sine of an angle [rad]; NaN for infinities.

    Error: 1.6 ulp (float32), 1 ulp (float64).
    """
    r, quarters = _quadrant(x)
    return where(x == 0.0, x, _sine_of(r, quarters))


@func
def cos(x: float32) -> float32:
    """Cosine of an angle [rad]; NaN for infinities.

    Error: 1.6 ulp (float32), 1 ulp (float64).
    """
    r, quarters = _quadrant(x)
    return _sine_of(r, quarters + 1)


@func
def tan(x: float32) -> float32:
    """Tangent of an angle [rad]; NaN for infinities.

    Error: 2.6 ulp (float32), 1 ulp (float64).
    """
    r, quarters = _quadrant(x)
    s = r * r
    p = fma(fma(fma(s, 0.0043717376, 9.989972e-05), s, 0.010826395), s, 0.021286499)
    p = fma(fma(fma(p, s, 0.054058883), s, 0.13332675), s, 0.3333335)
    y = fma(r * s, p, r)
    return where((quarters & 1) != 0, -1.0 / y, where(x == 0.0, x, y))


@func
def _asin_tail(z: float32):
    """g(z) with asin(s) = s + s z g(z), z = s^2 <= 1/4; 2^-27.6 relative."""
    p = fma(fma(z, 0.04215489, 0.02418678), z, 0.04546874)
    return fma(fma(p, z, 0.074953124), z, 0.16666752)


@func
def asin(x: float32) -> float32:
    """Arc sine [rad], in [-pi/2, pi/2]; beyond 1 and -1 as there.

    Error: 2 ulp (float32), 0.8 ulp (float64).
    """
    a = abs(x)
    outer = a > 0.5
    # asin(a) = pi/2 - 2 asin(sqrt((1 - a) / 2))
    z = where(a > 1.0, 0.0, where(outer, 0.5 - 0.5 * a, a * a))
    s = where(outer, sqrt(z), a)
    y = fma(s * z, _asin_tail(z), s)
    y = where(outer, fma(-2.0, y, 1.5707964) - 4.371139e-08, y)
    return copysign(y, x)


@func
def acos(x: float32) -> float32:
    """Arc cosine [rad], in [0, pi]; beyond 1 and -1 as there.

    Error: 1.2 ulp (float32), 0.8 ulp (float64).
    """
    a = abs(x)
    outer = a > 0.5
    z = where(a > 1.0, 0.0, where(outer, 0.5 - 0.5 * a, a * a))
    s = where(outer, sqrt(z), a)
    tail = s * z * _asin_tail(z)
    right = 2.0 * (s + tail)
    # pi/2 - x with its rounding error
    middle = 1.5707964 - x
    middle = middle + (((1.5707964 - middle) - x) - (copysign(tail, x) + 4.371139e-08))
    left = 3.1415927 - (right + 8.742278e-08)
    return where(outer, where(x < 0.0, left, right), middle)


@func
def _atan_tail(z: float32):
    """g(z) with atan(t) = t + t z g(z), z = t^2 <= 1; 2^-28.5 relative."""
    p = fma(fma(fma(z, -0.0017878577, 0.010888809), z, -0.03112975), z, 0.05790925)
    p = fma(fma(fma(p, z, -0.084006205), z, 0.10951215), z, -0.14264056)
    return fma(fma(p, z, 0.19998531), z, -0.333333)


@func
def atan(x: float32) -> float32:
    """Arc tangent [rad], in [-pi/2, pi/2].

    Error: 1.4 ulp (float32), 1.1 ulp (float64).
    """
    a = abs(x)
    steep = a > 1.0
    t = where(steep, 1.0 / a, a)
    z = t * t
    y = fma(t * z, _atan_tail(z), t)
    y = where(steep, 1.5707964 - (y + 4.371139e-08), y)
    return copysign(y, x)


@func
def atan2(y: float32, x: float32) -> float32:
    """Angle [rad] of the point (x, y) from the x axis, in [-pi, pi], with the signs of zeros as in IEEE 754.

    Error: 1.5 ulp (float32), 1.9 ulp (float64), where the result is a normal number.
    """
    ax = abs(x)
    ay = abs(y)
    steep = ay > ax
    top = where(steep, ax, ay)
    bottom = where(steep, ay, ax)
    # equal infinities count as 45 degrees, equal zeros as 0
    ratio = where(top == bottom, where(top == 0.0, 0.0, 1.0), top / bottom)
    z = ratio * ratio
    p = fma(ratio * z, _atan_tail(z), ratio)
    left = bitcast(x, int32) < 0
    p = where(steep != left, -p, p)
    base = where(steep, 1.5707964, where(left, 3.1415927, 0.0))
    p = base + (p - where(steep, 4.371139e-08, where(left, 8.742278e-08, 0.0)))
    return where(x != x, x, where(y != y, y, copysign(p, y)))


@func
def _words(place: uint32):
    """256 bits of 1 / pi from bit 34 + place on, place < 1024."""
    i = place >> 6
    # words i to i + 3 of 19, halving the choice by one bit of i at a time
    upper = (i & 8) != 0
    w0 = where(upper, uint64(0x5D768909D338E04D), uint64(0x0000000145F306DC))
    w1 = where(upper, uint64(0x68BEFC827323AC73), uint64(0x9C882A53F84EAFA3))
    w2 = where(upper, uint64(0x06A673E93908BF17), uint64(0xEA69BB81B6C52B32))
    w3 = where(upper, uint64(0x7BF250763FF12FFF), uint64(0x78872083FCA2C757))
    w4 = where(upper, uint64(0xBC0B301FDE5E2316), uint64(0xBD778AC36E48DC74))
    w5 = where(upper, uint64(0xB414DA3EDA6CFD9E), uint64(0x849BA5C00C925DD4))
    w6 = where(upper, uint64(0x4F96136E9E8C7ECD), uint64(0x13A32439FC3BD639))
    w7 = where(upper, uint64(0x3CBFD45AEA4F758F), uint64(0x62534E7DD1046BEA))
    w8 = where(upper, uint64(0xD7CBE2F67A0E73EF), uint64(0x5D768909D338E04D))
    w9 = where(upper, uint64(0x14A525D4D7F6BF62), uint64(0x68BEFC827323AC73))
    w10 = where(upper, uint64(0x3F1ABA10AC06608D), uint64(0x06A673E93908BF17))
    upper = (i & 4) != 0
    w0 = where(upper, w4, w0)
    w1 = where(upper, w5, w1)
    w2 = where(upper, w6, w2)
    w3 = where(upper, w7, w3)
    w4 = where(upper, w8, w4)
    w5 = where(upper, w9, w5)
    w6 = where(upper, w10, w6)
    upper = (i & 2) != 0
    w0 = where(upper, w2, w0)
    w1 = where(upper, w3, w1)
    w2 = where(upper, w4, w2)
    w3 = where(upper, w5, w3)
    w4 = where(upper, w6, w4)
    upper = (i & 1) != 0
    w0 = where(upper, w1, w0)
    w1 = where(upper, w2, w1)
    w2 = where(upper, w3, w2)
    w3 = where(upper, w4, w3)
    shift = uint64(place & 63)
    back = 63 - shift
    return (
        (w0 << shift) | ((w1 >> 1) >> back),
        (w1 << shift) | ((w2 >> 1) >> back),
        (w2 << shift) | ((w3 >> 1) >> back),
    )


@func
def _product(a: uint64, b: uint64):
    """High and low half of the 128-bit product."""
    a0, a1 = a & 0xFFFFFFFF, a >> 32
    b0, b1 = b & 0xFFFFFFFF, b >> 32
    middle = a1 * b0 + ((a0 * b0) >> 32)
    other = a0 * b1 + (middle & 0xFFFFFFFF)
    return a1 * b1 + (middle >> 32) + (other >> 32), a * b


@func
def _large_turns(bits: uint64):
    """x / pi modulo 2, times 2^127, of |x| >= 2^23 with these bits, as two words; error below 4 units."""
    mantissa = (bits & 0xFFFFFFFFFFFFF) | 0x10000000000000
    a, b, c = _words(uint32((bits >> 52) & 2047) - 1046)
    high, low = _product(mantissa, b)
    carried, unused = _product(mantissa, c)
    total = low + carried
    return mantissa * a + high + where(total < low, uint64(1), uint64(0)), total


@func
def _angle(high: uint64, low: uint64, scale: float64, scale_tail: float64):
    """Signed 128-bit fraction times scale + scale_tail, as a rounded value and the rest."""
    whole = bitcast(high, int64) >> 1
    f = float64(whole)
    # the low word, with the bit that the shift above dropped
    g = float64(whole - int64(f)) + float64((low >> 1) | (high << 63)) * 5.421010862427522e-20
    r = f * scale
    return r, fma(f, scale, -r) + fma(f, scale_tail, g * scale)


@func(cold=True)
def _large_quadrant(bits: uint64):
    """`_quadrant` of the float64 with these bits, however large."""
    x = bitcast(bits, float64)
    high, low = _large_turns(bits)
    r, e = _angle((high << 2) | (low >> 62), low << 2, 1.7030607900432772e-19, 6.638823600814898e-36)
    quarters = (high + 0x2000000000000000) >> 62
    r = where(x < 0.0, -r, r) + (x - x)
    return r, where(x < 0.0, -e, e), where(x < 0.0, 4 - quarters, quarters)


@func
def _quadrant(x: float64):
    """(r, e, n) with x = r + e + n pi/2, |r| <= pi/4, e below an ulp of r, n modulo 4; r is NaN if x is not
    finite.
    """
    t = fma(x, 0.6366197723675814, 6755399441055744.0)
    n = t - 6755399441055744.0
    first = fma(n, -1.5707963267948966, x)
    second = n * 6.123233995736766e-17
    r = first - second
    e = ((first - r) - second) - fma(n, 6.123233995736766e-17, -second)
    e = fma(n, 1.4973849048591698e-33, e)
    quarters = bitcast(t, uint64)
    if not (abs(x) < 1.0e7):
        r, e, quarters = _large_quadrant(bitcast(x, uint64))
    return r, e, quarters


@func
def _sine_of(r: float64, e: float64, quarters: uint64):
    """sin(r + e + quarters pi/2)."""
    s = r * r
    p = fma(fma(s, 1.5895922342615498e-10, -2.5050741874632673e-08), s, 2.755731357900893e-06)
    p = fma(p, s, -0.0001984126982944868)
    p = fma(fma(p, s, 0.008333333333321908), s, -0.1666666666666663)
    odd = r + fma(r * s, p, e * fma(s, -0.5, 1.0))
    p = fma(fma(s, -1.1358771505413345e-11, 2.0875705814347962e-09), s, -2.755731421989931e-07)
    p = fma(p, s, 2.4801587289010434e-05)
    p = fma(fma(p, s, -0.001388888888887335), s, 0.041666666666666595)
    # 1 - s / 2 with its rounding error
    main = fma(s, -0.5, 1.0)
    even = main + fma(s * s, p, fma(s, -0.5, 1.0 - main) - r * e)
    y = where((quarters & 1) != 0, even, odd)
    return bitcast(bitcast(y, uint64) ^ ((quarters & 2) << 62), float64)


@func
def sin(x: float64) -> float64:
    r, e, quarters = _quadrant(x)
    return where(x == 0.0, x, _sine_of(r, e, quarters))


@func
def cos(x: float64) -> float64:
    r, e, quarters = _quadrant(x)
    return _sine_of(r, e, quarters + 1)


@func
def tan(x: float64) -> float64:
    r, e, quarters = _quadrant(x)
    s = r * r
    p = fma(fma(s, 2.0850207543082846e-05, -4.482221131448246e-05), s, 8.935137734087611e-05)
    p = fma(p, s, -2.6275824463692038e-05)
    p = fma(fma(fma(p, s, 0.00013644675181237988), s, 0.00022241840666130372), s, 0.0005950514963025358)
    p = fma(fma(fma(p, s, 0.0014547611581753016), s, 0.0035922885468240347), s, 0.008863219223908383)
    p = fma(fma(fma(p, s, 0.021869489604702048), s, 0.05396825392685359), s, 0.13333333333414193)
    p = fma(p, s, 0.3333333333333278)
    # tan(r + e) = y + tail
    tail = fma(r * s, p, e * (1.0 + s))
    y = r + tail
    tail = tail - (y - r)
    # -1 / (y + tail), corrected once
    q = -1.0 / y
    q = fma(q, fma(q, y, 1.0) + q * tail, q)
    return where((quarters & 1) != 0, q, where(x == 0.0, x, y))


@func
def _asin_tail(z: float64):
    """g(z) with asin(s) = s + s z g(z), z = s^2 <= 1/4; 2^-55.9 relative."""
    p = fma(fma(z, 0.03191143092459606, -0.01622314629402866), z, 0.01952762407443362)
    p = fma(p, z, 0.006528190725861603)
    p = fma(fma(fma(p, z, 0.012169165085025703), z, 0.013885242199307929), z, 0.01735970411129015)
    p = fma(fma(fma(p, z, 0.02237175809139418), z, 0.03038195913535218), z, 0.04464285682837337)
    return fma(fma(p, z, 0.07500000000336889), z, 0.1666666666666541)


@func
def asin(x: float64) -> float64:
    a = abs(x)
    outer = a > 0.5
    z = where(a > 1.0, 0.0, where(outer, 0.5 - 0.5 * a, a * a))
    s = where(outer, sqrt(z), a)
    # the root's rounding error, which the subtraction from pi/2 does not hide
    c = where(outer, fma(-s, s, z) / (s + s), 0.0)
    c = where(z == 0.0, 0.0, c)
    tail = fma(s * z, _asin_tail(z), c)
    # pi/2 - 2 s with its rounding error
    y = 1.5707963267948966 - 2.0 * s
    rest = (1.5707963267948966 - y) - 2.0 * s
    y = where(outer, y + (rest + (6.123233995736766e-17 - 2.0 * tail)), s + tail)
    return copysign(y, x)


@func
def acos(x: float64) -> float64:
    a = abs(x)
    outer = a > 0.5
    z = where(a > 1.0, 0.0, where(outer, 0.5 - 0.5 * a, a * a))
    s = where(outer, sqrt(z), a)
    c = where(outer, fma(-s, s, z) / (s + s), 0.0)
    c = where(z == 0.0, 0.0, c)
    tail = fma(s * z, _asin_tail(z), c)
    # pi/2 - x and pi - 2 s with their rounding errors
    middle = 1.5707963267948966 - x
    rest = (1.5707963267948966 - middle) - x
    middle = middle + (rest + (6.123233995736766e-17 - copysign(tail, x)))
    right = 2.0 * (s + tail)
    left = 3.141592653589793 - 2.0 * s
    rest = (3.141592653589793 - left) - 2.0 * s
    left = left + (rest + (1.2246467991473532e-16 - 2.0 * tail))
    return where(outer, where(x < 0.0, left, right), middle)


@func
def _atan_ratio(top: float64, bottom: float64):
    """atan(top / bottom), 0 <= top <= bottom, bottom > 0, as a value and a correction."""
    # atan(t) = pi/4 + atan((t - 1) / (t + 1)) for t > tan(pi/8)
    half = top > 0.41421356237309503 * bottom
    n = where(half, top - bottom, top)
    d = where(half, top + bottom, bottom)
    t = n / d
    z = t * t
    p = fma(fma(z, -0.017908297208013565, 0.03806535717031914), z, -0.05039328146070441)
    p = fma(p, z, 0.05847892733281733)
    p = fma(fma(fma(p, z, -0.06663104279127181), z, 0.0769206021570824), z, -0.09090897757028242)
    p = fma(fma(fma(p, z, 0.11111110783441758), z, -0.14285714280197873), z, 0.19999999999953655)
    p = fma(p, z, -0.333333333333332)
    tail = fma(t * z, p, where(half, float64(3.061616997868383e-17), float64(0.0)))
    base = where(half, 0.7853981633974483, t)
    rest = where(half, t + tail, tail)
    return base, rest


@func
def atan(x: float64) -> float64:
    a = abs(x)
    steep = a > 1.0
    base, rest = _atan_ratio(where(steep, 1.0, a), where(steep, a, 1.0))
    y = where(steep, (1.5707963267948966 - base) - (rest - 6.123233995736766e-17), base + rest)
    y = where(a > 1.0e300, 1.5707963267948966, y)
    return copysign(y, x)


@func
def atan2(y: float64, x: float64) -> float64:
    ax = abs(x)
    ay = abs(y)
    steep = ay > ax
    top = where(steep, ax, ay)
    bottom = where(steep, ay, ax)
    # top + bottom must not overflow, nor top * tan(pi/8) lose bits
    scale = where(bottom < 1.0e-250, float64(1.329227995784916e36), float64(1.0))
    scale = where(bottom > 1.0e300, 0.25, scale)
    # equal infinities are 45 degrees, equal zeros 0
    same = top == bottom
    top = where(same, where(top == 0.0, top, 1.0), top * scale)
    bottom = where(same, 1.0, bottom * scale)
    top = where(bottom > 1.7e308, 0.0, top)
    bottom = where(bottom > 1.7e308, 1.0, bottom)
    base, rest = _atan_ratio(top, bottom)
    p = where(steep, (1.5707963267948966 - base) - (rest - 6.123233995736766e-17), base + rest)
    left = where(
        steep,
        (1.5707963267948966 + base) + (rest + 6.123233995736766e-17),
        (3.141592653589793 - base) - (rest - 1.2246467991473532e-16),
    )
    p = where(bitcast(x, int64) < 0, left, p)
    return where(x != x, x, where(y != y, y, copysign(p, y)))
