"""The error function, its complement and their inverses in float32 and float64.

Near zero erf is an odd polynomial, further out 1 - exp(-g(x)); erfc is exp(-x^2) times a polynomial in (x -
c) / (x + c) (Shepherd & Laframboise 1981). The inverses are polynomials in w = -log(1 - x^2) (Giles 2010), in
float64 sharpened by Halley's step. Coefficients: `tools/minimax_jobs.py`.
"""

# ruff: noqa: F811 - overloads share a name; defaults are constants
from __future__ import annotations

from robokern.compiler.builtins import fma, sqrt, where
from robokern.compiler.function import func
from robokern.ir.types import float32, float64
from robokern.lang.exponential import exp, log
from robokern.lang.scalar import copysign

_INFINITY = float("inf")
_NAN = float("nan")


@func
def _near(a: float32):
    """erf(a), 0 <= a <= 0.95."""
    s = a * a
    q = fma(fma(fma(s, 8.002737e-05, -0.00080507953), s, 0.00519246), s, -0.02685574)
    q = fma(fma(fma(q, s, 0.11283626), s, -0.3761263), s, 0.12837917)
    return fma(a, q, a)


@func
def erf(x: float32) -> float32:
    """Error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.

    Error: 1.1 ulp (float32 and float64).
    """
    a = abs(x)
    near = _near(a)
    b = where(a > 3.95, 3.95, a)
    q = fma(fma(fma(b, 2.150231e-05, -0.00043917992), b, 0.0041939733), b, -0.02517993)
    q = fma(fma(fma(q, b, 0.10837397), b, 0.63326126), b, 1.1295575)
    q = fma(q, b, -0.0001835791)
    return copysign(where(a < 0.95, near, 1.0 - exp(-q)), x)


@func
def _near(a: float64):
    s = a * a
    q = fma(fma(s, 3.571430850874849e-10, -2.7595949511624434e-09), s, 1.8531860580864955e-08)
    q = fma(q, s, -1.6881620389482198e-07)
    q = fma(fma(fma(q, s, 1.6507273593188638e-06), s, -1.4928259859423434e-05), s, 0.0001205543359311557)
    q = fma(fma(fma(q, s, -0.0008548329579245022), s, 0.005223977666659364), s, -0.026866170649061608)
    q = fma(fma(fma(q, s, 0.11283791670974555), s, -0.3761263890318413), s, 0.1283791670955126)
    return fma(a, q, a)


@func
def erf(x: float64) -> float64:
    a = abs(x)
    near = _near(a)
    b = where(a > 5.95, 5.95, a)
    q = fma(fma(b, 1.9282508257250217e-13, -9.580411875105782e-12), b, 2.24265708981909e-10)
    q = fma(q, b, -3.2880749234991194e-09)
    q = fma(fma(fma(q, b, 3.383434235728775e-08), b, -2.5919123403133896e-07), b, 1.5268404668636356e-06)
    q = fma(fma(fma(q, b, -7.015943723101074e-06), b, 2.5029169108602156e-05), b, -6.670509932484936e-05)
    q = fma(fma(fma(q, b, 0.0001148545778332109), b, -2.888599536637157e-05), b, -0.0005430228716374501)
    q = fma(fma(fma(q, b, 0.0016648657300108829), b, -0.00019372876735737203), b, -0.01913363224889855)
    q = fma(fma(fma(q, b, 0.1027735095224207), b, 0.6366198295766592), b, 1.1283791044896891)
    q = fma(q, b, 9.383455820867539e-09)
    return copysign(where(a < 0.95, near, 1.0 - exp(-q)), x)


@func
def _complement(a: float32):
    """erfc(a), a >= 0."""
    t = (a - 2.0) / (a + 2.0)
    q = fma(fma(fma(t, 2.7754675e-05, -0.00036868683), t, -0.0012640645), t, 0.0012744457)
    q = fma(fma(fma(q, t, 0.008648876), t, -0.008043324), t, -0.054208845)
    q = fma(fma(fma(q, t, 0.16405265), t, -0.16603085), t, -0.092763856)
    q = fma(q, t, 1.2769784)
    s = a * a
    e = exp(-s)
    # a^2 and its rounding error
    return fma(e, -fma(a, a, -s), e) * (q / fma(2.0, a, 1.0))


@func
def _complement(a: float64):
    t = (a - 4.0) / (a + 4.0)
    q = fma(fma(t, -8.420921063132846e-09, -8.135515065900068e-09), t, 1.0159930971497972e-07)
    q = fma(q, t, 5.549333893916537e-08)
    q = fma(fma(fma(q, t, -8.202163338566638e-07), t, 3.134490967967394e-07), t, 5.709231545371362e-06)
    q = fma(fma(fma(q, t, -1.1234056976216115e-05), t, -2.4400339995850193e-05), t, 0.00015062630880348545)
    q = fma(fma(fma(q, t, -0.00019925600217048867), t, -0.000757774423817317), t, 0.005031969788324959)
    q = fma(fma(fma(q, t, -0.016197733884631957), t, 0.037167515564876956), t, -0.06633036582770485)
    q = fma(fma(fma(q, t, 0.09373283499633814), t, -0.10103906603558616), t, 0.06809705425475579)
    q = fma(fma(fma(q, t, 0.015379652102606473), t, -0.13962111684056303), t, 1.2329951186255526)
    s = a * a
    e = exp(-s)
    return fma(e, -fma(a, a, -s), e) * (q / fma(2.0, a, 1.0))


@func
def erfc(x: float32) -> float32:
    """Complement 1 - erf(x), accurate where it is small.

    Error: 4 ulp (float32), 3 ulp (float64).
    """
    a = abs(x)
    c = _complement(where(a > 10.5, 10.5, a))
    c = where(a < 0.5, 1.0 - _near(a), c)
    return where(x < 0.0, 2.0 - c, c)


@func
def erfc(x: float64) -> float64:
    a = abs(x)
    c = _complement(where(a > 27.5, 27.5, a))
    c = where(a < 0.5, 1.0 - _near(a), c)
    return where(x < 0.0, 2.0 - c, c)


@func
def _inverse_centre(w: float32):
    """erfinv(x) / x, w = -log(1 - x^2) <= 5."""
    v = w - 2.5
    q = fma(fma(fma(v, 4.1213005e-10, -8.644788e-09), v, 1.6903918e-08), v, 4.6405464e-07)
    q = fma(fma(fma(q, v, -3.4289355e-06), v, -4.953095e-06), v, 0.00021827187)
    q = fma(fma(fma(q, v, -0.0012527603), v, -0.004177334), v, 0.2466403)
    q = fma(q, v, 0.0014093535)
    return 1.5 + q


@func
def _inverse_tail(w: float32):
    """erfcinv(c), w = -log(c (2 - c)) >= 5."""
    s = sqrt(w)
    v = 1.0 / s - 0.27
    q = fma(fma(fma(v, 62.583584, 4.379442), v, 1.6235995), v, -3.209991)
    q = fma(fma(fma(q, v, 0.40644577), v, -0.8121606), v, 0.48707205)
    q = fma(fma(fma(q, v, 0.11143649), v, -0.19435051), v, -0.043981656)
    return fma(s, q, s)


@func
def erfinv(x: float32) -> float32:
    """Inverse of erf; infinite at -1 and 1, NaN beyond.

    Error: 2.4 ulp (float32), 2.2 ulp (float64).
    """
    a = abs(x)
    # 1 - x^2 as a product: exact enough near 1
    w = -log((1.0 - a) * (1.0 + a))
    y = where(w < 5.0, a * _inverse_centre(where(w < 5.0, w, 5.0)), _inverse_tail(w))
    y = where(a < 1.0, y, where(a == 1.0, float32(_INFINITY), float32(_NAN)))
    return copysign(y, x)


@func
def erfcinv(x: float32) -> float32:
    """Inverse of erfc; infinite at 0 and 2, NaN beyond.

    Error: 2.9 ulp (float32), 2.2 ulp (float64).
    """
    c = where(x < 1.0, x, 2.0 - x)
    w = -log(c * (2.0 - c))
    y = where(w < 5.0, (1.0 - c) * _inverse_centre(where(w < 5.0, w, 5.0)), _inverse_tail(w))
    y = where(c > 0.0, y, where(c == 0.0, float32(_INFINITY), float32(_NAN)))
    return where(x < 1.0, y, -y)


@func
def _inverse_start(d: float64, c: float64):
    """erfcinv(c) to about seven digits, d = 1 - c in [0, 1]."""
    w = -log(c * (1.0 + d))
    v = where(w < 5.0, w, 5.0) - 2.5
    q = fma(fma(v, 2.852714977346649e-08, 3.4376299560741285e-07), v, -3.5287318325025396e-06)
    q = fma(q, v, -4.397196083081541e-06)
    q = fma(fma(fma(q, v, 0.00021860158807353091), v, -0.0012537060427835645), v, -0.004177707087296123)
    q = fma(fma(q, v, 0.2466407246427361), v, 0.0014094217161357682)
    centre = d * (1.5 + q)
    s = sqrt(w)
    v = 1.0 / where(w < 5.0, 2.25, s) - 0.24
    q = fma(fma(fma(v, -12654.647585707764, 2172.82583410078), v, 956.7495961838988), v, -34.163047357673996)
    q = fma(q, v, -52.337732882307975)
    q = fma(fma(fma(q, v, 4.323536746987381), v, -2.702149095938186), v, 0.9982947388486433)
    q = fma(fma(fma(q, v, -0.9267675937348098), v, 0.5900431191528005), v, 0.06309637455358787)
    q = fma(fma(q, v, -0.19963187611094826), v, -0.0380646874802018)
    return where(w < 5.0, centre, fma(s, q, s))


@func
def _inverse(d: float64, c: float64):
    """erfcinv(c) = erfinv(d), d = 1 - c in [0, 1]: one Halley step on the smaller of the two residuals."""
    y = _inverse_start(d, c)
    near = d < 0.5
    residual = where(near, erf(y) - d, c - _complement(y))
    slope = 1.1283791670955126 * exp(-y * y)
    u = residual / slope
    return y - u / fma(y, u, 1.0)


@func
def erfinv(x: float64) -> float64:
    a = abs(x)
    y = _inverse(a, 1.0 - a)
    y = where(a < 1.0, y, where(a == 1.0, float64(_INFINITY), float64(_NAN)))
    return copysign(y, x)


@func
def erfcinv(x: float64) -> float64:
    c = where(x < 1.0, x, 2.0 - x)
    y = _inverse(1.0 - c, c)
    y = where(c > 0.0, y, where(c == 0.0, float64(_INFINITY), float64(_NAN)))
    return where(x < 1.0, y, -y)
