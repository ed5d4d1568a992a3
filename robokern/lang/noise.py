"""Gradient noise in one to four dimensions (Perlin 1985, 2002): smooth, zero at integer points, one feature
per unit.

`noise` and `pnoise` give the field; `curlnoise` a divergence-free velocity made from it (Bridson, Houriham &
Nordenstam 2007). `state` selects the field and is not advanced.
"""

# ruff: noqa: F811, RUF059, B008 - overloads share a name; defaults are constants
from __future__ import annotations

from robokern.compiler.builtins import floor, static, where
from robokern.compiler.function import func
from robokern.ir.types import float32, int32, uint32, vec2, vec3, vec4, vector
from robokern.lang.patterns import any_vector
from robokern.lang.vector import dot

_SQRT_HALF = 0.7071067811865476
vector1 = vector(1, float32)


@func
def _hashed(state: uint32, key: uint32) -> uint32:
    """Mixes a lattice coordinate into a hash (PCG RXS-M-XS, as in `random`)."""
    b = (state + key) * uint32(747796405) + uint32(2891336453)
    c = ((b >> ((b >> 28) + 4)) ^ b) * uint32(277803737)
    return (c >> 22) ^ c


@func
def _wrapped(cell: int32, period: int32) -> int32:
    """The cell number modulo the period, which is 0 where the field does not repeat."""
    rest = cell % period
    return where(period > 0, where(rest < 0, rest + period, rest), cell)


@func
def _signed(h: uint32, bit: uint32, x: float32) -> float32:
    return where(((h >> bit) & 1) != 0, -x, x)


@func
def _gradient(h: uint32, n: vector1):
    """A lattice point's direction: a slope in [-2, 2) in one dimension."""
    return vector1(float32(int32(h >> 8)) * 2.3841858e-07 - 2.0)


@func
def _gradient(h: uint32, n: vec2):
    """One of 8 unit vectors, 45 degrees apart."""
    a = _signed(h, uint32(0), 1.0)
    b = _signed(h, uint32(1), 1.0)
    axis = where((h & 4) != 0, vec2(a, 0.0), vec2(0.0, a))
    return where((h & 8) != 0, axis, vec2(a, b) * _SQRT_HALF)


@func
def _gradient(h: uint32, n: vec3):
    """One of the 12 directions to the edges of a cube."""
    a = _signed(h, uint32(0), 1.0)
    b = _signed(h, uint32(1), 1.0)
    edge = (h >> 2) % uint32(3)
    return where(edge == 0, vec3(a, b, 0.0), where(edge == 1, vec3(a, 0.0, b), vec3(0.0, a, b)))


@func
def _gradient(h: uint32, n: vec4):
    """One of 32 directions: three of the four components are 1 or -1."""
    v = vec4(
        _signed(h, uint32(0), 1.0),
        _signed(h, uint32(1), 1.0),
        _signed(h, uint32(2), 1.0),
        _signed(h, uint32(3), 1.0),
    )
    for k in range(4):
        v[k] = where(((h >> 4) & 3) == uint32(k), 0.0, v[k])
    return v


@func
def _perlin(state: uint32, x: any_vector, period: any_vector):
    """(value, gradient) of the field at x: a sum over the cell's corners of weight, slope and offset."""
    size = len(x)
    cell = static(vector(size, int32))()
    at = x
    rise = x
    for d in range(size):
        low = floor(x[d])
        cell[d] = int32(low)
        t = x[d] - low
        at[d] = t
        # 6 t^5 - 15 t^4 + 10 t^3 and its derivative
        rise[d] = t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
    value = 0.0
    slope = type(x)()
    for corner in range(static(2**size)):
        h = state
        offset = at
        weights = type(x)()
        rates = type(x)()
        for d in range(size):
            upper = static((corner >> d) & 1)
            h = _hashed(h, uint32(_wrapped(cell[d] + upper, period[d])))
            offset[d] = at[d] - float32(upper)
            weights[d] = where(upper == 1, rise[d], 1.0 - rise[d])
            rate = 30.0 * at[d] * at[d] * (at[d] * (at[d] - 2.0) + 1.0)
            rates[d] = where(upper == 1, rate, -rate)
        g = _gradient(h, x)
        height = dot(g, offset)
        weight = weights[0]
        for d in range(1, size):
            weight = weight * weights[d]
        value = value + weight * height
        slope = slope + weight * g
        for d in range(size):
            others = rates[d]
            for e in range(size):
                if static(e != d):
                    others = others * weights[e]
            slope[d] = slope[d] + others * height
    return value, slope


@func
def noise(state: uint32, x: float32) -> float32:
    """Gradient noise at x, about in [-1, 1]; x is a number or a vector of 2 to 4 components."""
    value, slope = _perlin(state, vector1(x), static(vector(1, int32))(0))
    return value


@func
def noise(state: uint32, x: any_vector) -> float32:
    size = len(x)
    value, slope = _perlin(state, x, static(vector(size, int32))(0))
    return value


@func
def pnoise(state: uint32, x: float32, px: int32) -> float32:
    """`noise` that repeats with a whole period along each axis: pnoise(state, xyz, px, py, pz)."""
    value, slope = _perlin(state, vector1(x), static(vector(1, int32))(px))
    return value


@func
def pnoise(state: uint32, xy: vec2, px: int32, py: int32) -> float32:
    value, slope = _perlin(state, xy, static(vector(2, int32))(px, py))
    return value


@func
def pnoise(state: uint32, xyz: vec3, px: int32, py: int32, pz: int32) -> float32:
    value, slope = _perlin(state, xyz, static(vector(3, int32))(px, py, pz))
    return value


@func
def pnoise(state: uint32, xyzt: vec4, px: int32, py: int32, pz: int32, pt: int32) -> float32:
    value, slope = _perlin(state, xyzt, static(vector(4, int32))(px, py, pz, pt))
    return value


@func
def _slope_of(state: uint32, x: any_vector):
    size = len(x)
    value, slope = _perlin(state, x, static(vector(size, int32))(0))
    return slope


@func
def curlnoise(
    state: uint32, xy: vec2, octaves: uint32 = uint32(1), lacunarity: float32 = 2.0, gain: float32 = 0.5
) -> vec2:
    """Divergence-free field: the curl of noise, octave k at frequency lacunarity^k with weight gain^k.

    vec2 -> vec2; vec3 -> vec3; vec4 (x, y, z, time) -> vec3.
    """
    total = vec2()
    weight = 1.0
    frequency = 1.0
    octave = uint32(0)
    while octave < octaves:
        slope = _slope_of(state + octave, xy * frequency)
        total = total + (weight * frequency) * vec2(slope.y, -slope.x)
        weight = weight * gain
        frequency = frequency * lacunarity
        octave = octave + uint32(1)
    return total


@func
def _curl(state: uint32, x: any_vector) -> vec3:
    """The curl of three independent fields."""
    a = _slope_of(_hashed(state, uint32(1)), x)
    b = _slope_of(_hashed(state, uint32(2)), x)
    c = _slope_of(_hashed(state, uint32(3)), x)
    return vec3(c[1] - b[2], a[2] - c[0], b[0] - a[1])


@func
def _summed_curl(state: uint32, x: any_vector, octaves: uint32, lacunarity: float32, gain: float32) -> vec3:
    total = vec3()
    weight = 1.0
    frequency = 1.0
    octave = uint32(0)
    while octave < octaves:
        total = total + (weight * frequency) * _curl(state + octave, x * frequency)
        weight = weight * gain
        frequency = frequency * lacunarity
        octave = octave + uint32(1)
    return total


@func
def curlnoise(
    state: uint32, xyz: vec3, octaves: uint32 = uint32(1), lacunarity: float32 = 2.0, gain: float32 = 0.5
) -> vec3:
    return _summed_curl(state, xyz, octaves, lacunarity, gain)


@func
def curlnoise(
    state: uint32, xyzt: vec4, octaves: uint32 = uint32(1), lacunarity: float32 = 2.0, gain: float32 = 0.5
) -> vec3:
    return _summed_curl(state, xyzt, octaves, lacunarity, gain)
