"""Random numbers: a small state that each draw advances, a counter-based key for draws that must not depend
on order.

    state = rand_init(seed, tid())                  # or rand_key(seed, key, world, step, i)
    x = randf(state)                                # advances the variable `state`

Draws permute the state with PCG RXS-M-XS 32 (O'Neill 2014; Jarzynski & Olano 2020). `rand_key` takes the
state from Philox4x32-10 (Salmon et al. 2011), so that it depends on nothing but its five numbers.
"""

# ruff: noqa: F811 - overloads share a name; defaults are constants
from __future__ import annotations

from typing import Any

from robokern.compiler.builtins import floor, sqrt
from robokern.compiler.function import func
from robokern.ir.types import ArrayType, float32, inout, int32, uint32, uint64, vec2, vec3, vector
from robokern.lang.exponential import cbrt, exp, log
from robokern.lang.search import lower_bound
from robokern.lang.trigonometry import cos, sin

_TWO_PI = 6.283185307179586
_words2 = vector(2, uint32)
_words4 = vector(4, uint32)


@func
def _permuted(state: uint32) -> uint32:
    b = state * uint32(747796405) + uint32(2891336453)
    c = ((b >> ((b >> 28) + 4)) ^ b) * uint32(277803737)
    return (c >> 22) ^ c


@func
def rand_init(seed: Any) -> uint32:
    """A state for a seed; `rand_init(seed, offset)` for one of many items."""
    return _permuted(uint32(seed))


@func
def rand_init(seed: Any, offset: Any) -> uint32:
    return _permuted(uint32(seed) + _permuted(uint32(offset)))


@func
def _philox_round(c: _words4, k: _words2) -> _words4:
    p = uint64(c[0]) * uint64(3528531795)
    q = uint64(c[2]) * uint64(3449720151)
    return _words4(uint32(q >> 32) ^ c[1] ^ k[0], uint32(q), uint32(p >> 32) ^ c[3] ^ k[1], uint32(p))


@func
def philox4x32(counter: _words4, key: _words2) -> _words4:
    """Four random words of a counter under a key: Philox4x32-10."""
    c = counter
    k = key
    for _ in range(10):
        c = _philox_round(c, k)
        k = _words2(k[0] + uint32(2654435769), k[1] + uint32(3144134277))
    return c


@func
def rand_key(seed: Any, key: Any, world: Any, step: Any, i: Any) -> uint32:
    """A state for item i of a world at a step, for one purpose (`key`) of one run (`seed`); all are taken
    modulo 2^32.
    """
    counter = _words4(uint32(i), uint32(world), uint32(step), uint32(0))
    return philox4x32(counter, _words2(uint32(seed), uint32(key)))[0]


@func
def randu(state: inout(uint32)) -> uint32:
    """Uniform in [0, 2^32); `randu(state, low, high)` in [low, high)."""
    state = _permuted(state)
    return state


@func
def randu(state: inout(uint32), low: uint32, high: uint32) -> uint32:
    state = _permuted(state)
    return state % (high - low) + low


@func
def randi(state: inout(uint32)) -> int32:
    """Uniform in [-2^31, 2^31); `randi(state, low, high)` in [low, high)."""
    state = _permuted(state)
    return int32(state)


@func
def randi(state: inout(uint32), low: int32, high: int32) -> int32:
    state = _permuted(state)
    return int32(state % (uint32(high) - uint32(low)) + uint32(low))


@func
def randf(state: inout(uint32)) -> float32:
    """Uniform in [0, 1), a multiple of 2^-24; `randf(state, low, high)` in [low, high)."""
    state = _permuted(state)
    return float32(int32(state >> 8)) * 5.9604644775390625e-08


# two roundings, as the definition says
@func(contract=False)
def randf(state: inout(uint32), low: float32, high: float32) -> float32:
    return randf(state) * (high - low) + low


@func
def randn(state: inout(uint32)) -> float32:
    """Normal with mean 0 and variance 1 (Box & Muller 1958); takes two draws."""
    radius = sqrt(-2.0 * log(1.0 - randf(state)))
    return radius * cos(_TWO_PI * randf(state))


@func
def poisson(state: inout(uint32), lam: float32) -> uint32:
    """Poisson-distributed count; takes a varying number of draws.

    Multiplication of uniforms below a mean of 10 (Knuth 1969), else transformed rejection PTRS (Hoermann
    1993).
    """
    count = uint32(0)
    if lam < 10.0:
        limit = exp(-lam)
        product = randf(state)
        while product > limit:
            count += uint32(1)
            product = product * randf(state)
    else:
        spread = 0.931 + 2.53 * sqrt(lam)
        offset = -0.059 + 0.02483 * spread
        inverse_alpha = 1.1239 + 1.1328 / (spread - 3.4)
        searching = True
        while searching:
            u = randf(state) - 0.5
            v = 1.0 - randf(state)
            s = 0.5 - abs(u)
            k = floor((2.0 * offset / s + spread) * u + lam + 0.43)
            if s >= 0.013 or v <= s:
                accepted = log(v * inverse_alpha / (offset / (s * s) + spread)) <= k * log(
                    lam
                ) - lam - _log_factorial(k)
                if k >= 0.0 and accepted:
                    count = uint32(k)
                    searching = False
    return count


@func
def _log_factorial(k: float32) -> float32:
    """log(k!) by Stirling's series on k + 8, for k >= 0; 1e-7 relative."""
    product = 1.0
    for i in range(1, 8):
        product = product * (k + float32(i))
    x = k + 8.0
    series = (x - 0.5) * log(x) - x + 0.9189385 + (0.08333333 - 0.0027777778 / (x * x)) / x
    return series - log(product)


@func
def sample_cdf(state: inout(uint32), cdf: ArrayType(float32)) -> int32:
    """Index drawn from a cumulative distribution (non-decreasing, last entry 1)."""
    return lower_bound(cdf, randf(state))


@func
def sample_triangle(state: inout(uint32)) -> vec2:
    """Barycentric coordinates (u, v) of a point uniform in a triangle."""
    root = sqrt(randf(state))
    return vec2(1.0 - root, root * randf(state))


@func
def sample_unit_ring(state: inout(uint32)) -> vec2:
    """Uniform on the unit circle."""
    angle = randf(state, 0.0, _TWO_PI)
    return vec2(cos(angle), sin(angle))


@func
def sample_unit_disk(state: inout(uint32)) -> vec2:
    """Uniform inside the unit circle."""
    radius = sqrt(randf(state))
    return radius * sample_unit_ring(state)


@func
def _on_sphere(state: inout(uint32), z: float32) -> vec3:
    """A point of the unit sphere at height z."""
    radius = sqrt(max(1.0 - z * z, 0.0))
    ring = sample_unit_ring(state)
    return vec3(radius * ring.x, radius * ring.y, z)


@func
def sample_unit_sphere_surface(state: inout(uint32)) -> vec3:
    """Uniform on the unit sphere."""
    z = 1.0 - 2.0 * randf(state)
    return _on_sphere(state, z)


@func
def sample_unit_sphere(state: inout(uint32)) -> vec3:
    """Uniform inside the unit ball."""
    radius = cbrt(randf(state))
    return radius * sample_unit_sphere_surface(state)


@func
def sample_unit_hemisphere_surface(state: inout(uint32)) -> vec3:
    """Uniform on the half of the unit sphere with z >= 0."""
    z = randf(state)
    return _on_sphere(state, z)


@func
def sample_unit_hemisphere(state: inout(uint32)) -> vec3:
    """Uniform inside the half of the unit ball with z >= 0."""
    radius = cbrt(randf(state))
    return radius * sample_unit_hemisphere_surface(state)


@func
def sample_unit_square(state: inout(uint32)) -> vec2:
    """Uniform in [-0.5, 0.5)^2."""
    x = randf(state) - 0.5
    return vec2(x, randf(state) - 0.5)


@func
def sample_unit_cube(state: inout(uint32)) -> vec3:
    """Uniform in [-0.5, 0.5)^3."""
    x = randf(state) - 0.5
    y = randf(state) - 0.5
    return vec3(x, y, randf(state) - 0.5)
