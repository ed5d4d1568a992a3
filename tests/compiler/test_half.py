"""float16 on processors that cannot convert it: the bits of those that can."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import robokern as rk
from robokern.compiler import build
from robokern.compiler.frontend import lower
from robokern.compiler.target import cpu
from robokern.ir.nodes import Func
from tests.compiler.machine import Machine

halves, floats, doubles = rk.array(dtype=rk.float16), rk.array(dtype=float), rk.array(dtype=rk.float64)
pytestmark = pytest.mark.skipif(not cpu().triple.startswith("x86_64"), reason="for processors of x86-64")


@rk.kernel
def widened(x: halves, y: floats, z: doubles):
    i = rk.tid()
    y[i] = float(x[i])
    z[i] = rk.float64(x[i])


@rk.kernel
def narrowed(x: floats, z: doubles, y: halves, w: halves):
    i = rk.tid()
    y[i] = rk.float16(x[i])
    w[i] = rk.float16(z[i])


@rk.kernel
def computed(x: halves, y: halves):
    i = rk.tid()
    y[i] = x[i] * x[i] + rk.sin(x[i])


def machines(kernel: rk.Kernel, lanes: int) -> list[Machine]:
    """For a processor before F16C, and this one."""
    func: Func = replace(lower(kernel, tuple(t for _, t in kernel.params)), lanes=lanes)
    return [Machine(func, cpu(name="x86-64-v2")), Machine(func)]


def everything() -> np.ndarray:
    """All float16, NaN last."""
    return np.arange(1 << 16, dtype=np.uint16).view(np.float16)


def numbers() -> np.ndarray:
    """float32 of every exponent, and around each float16 and the middle between two."""
    draw = np.random.default_rng(0).integers(0, 1 << 32, 100_000, dtype=np.uint64)
    near = np.uint32([0, 0xFFF, 0x1000, 0x1001])  # of 13 bits that go
    middles = (everything().astype(np.float32).view(np.uint32)[:, None] + near).ravel()
    edges = [0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800001, 0xFFFFFFFF]
    return np.concatenate([draw, middles, edges]).astype(np.uint32).view(np.float32)


def test_the_code_has_what_it_calls() -> None:
    func = lower(widened, tuple(t for _, t in widened.params))
    assert "__extendhfsf2" in build.assembly(func, cpu(name="x86-64-v2"))
    assert "__extendhfsf2" not in build.assembly(func, cpu(name="x86-64-v3"))


@pytest.mark.parametrize("lanes", [1, 8])
def test_every_half_is_widened(lanes: int) -> None:
    x = everything()
    found = []
    for machine in machines(widened, lanes):
        y, z = np.zeros(len(x), np.float32), np.zeros(len(x))
        assert machine.launch((len(x),), (x, y, z)) == (0, 0)
        found.append((y, z))
    for own, other in zip(*found, strict=True):
        np.testing.assert_array_equal(own.view(f"u{own.itemsize}"), other.view(f"u{own.itemsize}"))
    np.testing.assert_array_equal(found[0][0], x.astype(np.float32))


@pytest.mark.parametrize("lanes", [1, 8])
def test_numbers_are_narrowed_to_the_nearest(lanes: int) -> None:
    x = numbers()
    with np.errstate(invalid="ignore"):
        z = x.astype(np.float64)
    found = []
    for machine in machines(narrowed, lanes):
        y, w = np.zeros(len(x), np.float16), np.zeros(len(x), np.float16)
        assert machine.launch((len(x),), (x, z, y, w)) == (0, 0)
        found.append((y, w))
    for own, other in zip(*found, strict=True):
        np.testing.assert_array_equal(own.view(np.uint16), other.view(np.uint16))
    with np.errstate(over="ignore", under="ignore"):
        np.testing.assert_array_equal(found[0][0], x.astype(np.float16))


@pytest.mark.parametrize("lanes", [1, 8])
def test_arithmetic_has_the_same_bits(lanes: int) -> None:
    x = everything()
    x = x[np.isfinite(x)]
    found = []
    for machine in machines(computed, lanes):
        y = np.zeros_like(x)
        assert machine.launch((len(x),), (x, y)) == (0, 0)
        found.append(y.view(np.uint16))
    np.testing.assert_array_equal(*found)
