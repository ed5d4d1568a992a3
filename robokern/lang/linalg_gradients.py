"""Derivatives of factorisations by their formulas, not through the rotations that find them.

A rotation that has nothing left to turn divides rounding by rounding; its derivative would be noise. Where
eigenvalues or singular values are equal but for rounding, the vectors that belong to them have no derivative:
it is NaN if it is asked for. The values keep theirs (their sum, the sum of their squares).

Source: Giles 2008, An extended collection of matrix derivative results for forward and reverse mode.
"""

from __future__ import annotations

from typing import Any

from robokern.compiler.builtins import where
from robokern.compiler.function import func, func_grad
from robokern.ir.types import bfloat16, float16, float32, float64
from robokern.lang.linalg import eig3, svd2, svd3
from robokern.lang.matrix import transpose
from robokern.lang.patterns import any_vector, matrix22, matrix33

_NAN = float("nan")


@func
def _rounding(x: float16) -> float16:
    return float16(0.0009765625)


@func
def _rounding(x: bfloat16) -> bfloat16:
    return bfloat16(0.0078125)


@func
def _rounding(x: float32) -> float32:
    return 1.1920929e-07


@func
def _rounding(x: float64) -> float64:
    return float64(2.220446049250313e-16)


@func
def _least_gap(values: any_vector):
    """The smallest difference of these values that means something."""
    largest = abs(values[0])
    for i in range(1, len(values)):
        largest = max(largest, abs(values[i]))
    return values.dtype(16.0) * _rounding(values[0]) * largest


@func
def _over(x: Any, gap: Any, least: Any, asked: bool):
    """x / gap; where the gap is nothing but rounding 0, or NaN if vectors were asked for."""
    missing = where(asked, type(x)(_NAN), type(x)(0))
    return where(abs(gap) > least, x / where(abs(gap) > least, gap, type(gap)(1)), missing)


@func
def _eig3(m: matrix33, adj_q: matrix33, adj_d: any_vector):
    q, d = eig3(m)
    turned = transpose(q) @ adj_q
    zero = m.dtype(0)
    least = _least_gap(d)
    middle = type(m)()
    for i in range(3):
        middle[i, i] = adj_d[i]
        for j in range(i + 1, 3):
            x = turned[i, j]
            y = turned[j, i]
            both = m.dtype(0.5) * _over(x - y, d[j] - d[i], least, x != zero or y != zero)
            middle[i, j] = both
            middle[j, i] = both
    return q @ middle @ transpose(q)


@func
def _svd(u: Any, sigma: any_vector, v: Any, adj_u: Any, adj_s: any_vector, adj_v: Any):
    """The adjoint of m = u diag(sigma) v^T.

    With dP = u^T dm v the sum of the turns of u and v is (dP_ij + dP_ji) / (sigma_j - sigma_i), their
    difference (dP_ij - dP_ji) / (sigma_j + sigma_i).
    """
    of_u = transpose(u) @ adj_u
    of_v = transpose(v) @ adj_v
    half = sigma.dtype(0.5)
    least = _least_gap(sigma)
    middle = type(u)()
    for i in range(len(sigma)):
        middle[i, i] = adj_s[i]
        for j in range(i + 1, len(sigma)):
            a = of_u[i, j] - of_u[j, i]
            b = of_v[i, j] - of_v[j, i]
            size = abs(of_u[i, j]) + abs(of_u[j, i]) + abs(of_v[i, j]) + abs(of_v[j, i])
            asked = size != sigma.dtype(0)
            together = half * _over(a + b, sigma[j] - sigma[i], least, asked)
            apart = half * _over(a - b, sigma[j] + sigma[i], least, asked)
            middle[i, j] = together + apart
            middle[j, i] = together - apart
    return u @ middle @ transpose(v)


@func
def _svd3(m: matrix33, adj_u: matrix33, adj_s: any_vector, adj_v: matrix33):
    u, sigma, v = svd3(m)
    return _svd(u, sigma, v, adj_u, adj_s, adj_v)


@func
def _svd2(m: matrix22, adj_u: matrix22, adj_s: any_vector, adj_v: matrix22):
    u, sigma, v = svd2(m)
    return _svd(u, sigma, v, adj_u, adj_s, adj_v)


for _function, _gradient in ((eig3, _eig3), (svd3, _svd3), (svd2, _svd2)):
    func_grad(_function)(_gradient)
