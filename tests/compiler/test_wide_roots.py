"""Refined square roots in wide loops: the bits of the instruction, for every mantissa and every estimate."""

from __future__ import annotations

import numpy as np
import pytest

import robokern as rk
from robokern.compiler import build
from robokern.compiler.frontend import lower
from robokern.compiler.function import Kernel
from robokern.compiler.target import cpu

floats, ints = rk.array(dtype=float), rk.array(dtype=int)
MANTISSAS = 1 << 23
ONE = 0x3F800000  # bits of 1.0
SCALE = np.ones(2, np.float32)


@rk.kernel
def rooted(wrong: ints, scale: floats, first: int):
    """Counts items whose root, squared exactly, is not the nearest; bits first + i are the number."""
    i = rk.tid()
    x = rk.bitcast(first + i, float)
    y = float(0.0)
    z = float(0.0)
    for k in range(scale.shape[0]):
        y = rk.sqrt(x * scale[k])
        z = z + 1.0 / y
    wide = rk.float64(x)
    nearest = rk.float32(rk.sqrt(wide))
    if rk.bitcast(y, int) != rk.bitcast(nearest, int) or z < 0.0:
        rk.atomic_add(wrong, 0, 1)


@rk.kernel
def refined(wrong: ints, first: int):
    """The refinement from estimates that are off by up to 2^-14, as far as the instruction may be."""
    i = rk.tid()
    x = rk.bitcast(first + i, float)
    exact = rk.sqrt(x)
    for k in range(9):
        y = (1.0 / exact) * (1.0 + float(k - 4) * 1.5258789e-05)
        g = x * y
        h = 0.5 * y
        e = rk.fma(-g, h, 0.5)
        g = rk.fma(g, e, g)
        h = rk.fma(h, e, h)
        g = rk.fma(rk.fma(-g, g, x), h, g)
        if g != exact:
            rk.atomic_add(wrong, 0, 1)


@rk.kernel
def roots(x: floats, y: floats, scale: floats):
    i = rk.tid()
    for k in range(scale.shape[0]):
        y[i] = rk.sqrt(x[i] * scale[k]) / scale[0]


def code(kernel: Kernel) -> str:
    return build.assembly(lower(kernel, tuple(t for _, t in kernel.params)), cpu())


def of_width(lanes: int) -> Kernel:
    @rk.kernel(cpu_lanes=lanes)
    def roots_of_width(x: floats, y: floats, scale: floats):
        i = rk.tid()
        for k in range(scale.shape[0]):
            y[i] = rk.sqrt(x[i] * scale[k]) / scale[0]

    return roots_of_width


@pytest.mark.parametrize("lanes", [8, 16, 32, 64])
def test_every_width(lanes: int) -> None:
    kernel = of_width(lanes)
    assert ("vrsqrt14ps" in code(kernel)) == (cpu().has_avx512 and lanes >= 16)
    x = np.random.default_rng(lanes).uniform(0.0, 1e6, 1001).astype(np.float32)
    y = np.zeros_like(x)
    rk.launch(kernel, len(x), [x, y, SCALE], device="cpu")
    np.testing.assert_array_equal(y, np.sqrt(x))


@pytest.mark.skipif(not cpu().has_avx512, reason="only AVX-512 refines")
def test_what_waits_for_the_divider_is_refined() -> None:
    assert "vrsqrt14ps" in code(rooted) and "vrsqrt14ps" in code(roots)
    assert "vrsqrt14ps" not in code(refined)  # its root is outside of the loop


@pytest.mark.parametrize("exponent", (0, 1))
def test_every_mantissa(exponent: int) -> None:
    """Roots of float64 have twice the digits and two more, so rounding them again is rounding once."""
    wrong = np.zeros(1, np.int32)
    rk.launch(rooted, MANTISSAS, [wrong, SCALE, ONE + exponent * MANTISSAS], device="cpu")
    assert wrong[0] == 0


@pytest.mark.parametrize("exponent", (0, 1))
def test_every_estimate_leads_there(exponent: int) -> None:
    wrong = np.zeros(1, np.int32)
    rk.launch(refined, MANTISSAS, [wrong, ONE + exponent * MANTISSAS], device="cpu")
    assert wrong[0] == 0


def test_all_exponents_and_what_is_no_number() -> None:
    draw = np.random.default_rng(0)
    bits = draw.integers(0, 1 << 32, 100_000, dtype=np.uint64).astype(np.uint32)
    edges = np.uint32(
        [0, 1, 0x80000000, 0x7F800000, 0xFF800000, 0x7FC00000, 0x12800000, 0x127FFFFF, 0x7E7FFFFF]
    )
    x = np.concatenate([edges, edges[:1].repeat(40), bits & 0x7FFFFFFF, bits]).view(np.float32)
    y = np.zeros_like(x)
    rk.launch(roots, len(x), [x, y, SCALE], device="cpu")
    with np.errstate(invalid="ignore"):
        expected = np.sqrt(x)
    same = (y.view(np.int32) == expected.view(np.int32)) | (np.isnan(y) & np.isnan(expected))
    assert same.all()
