"""Every function of the library that takes floats: the same bits on the GPU as on the CPU.

Every 256th of all float32 bit patterns, every float16, and float64 over all exponents, for one argument;
random bit patterns and ordinary numbers for two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import robokern as rk
from tests.lang.conftest import _kernel, same_bits

GPUS = [str(device) for device in rk.get_devices() if device.is_cuda]
pytestmark = pytest.mark.skipif(not GPUS, reason="this machine has no CUDA device")

ONE = (
    "sin", "cos", "tan", "asin", "acos", "atan", "exp", "log", "log2", "log10", "cbrt", "sinh", "cosh",
    "tanh", "erf", "erfc", "erfinv", "erfcinv", "sqrt", "floor", "ceil", "trunc", "rint", "round", "frac",
    "abs", "sign", "degrees", "radians",
)  # fmt: skip
TWO = ("pow", "atan2", "min", "max", "mod", "div")
SCALARS = {"float16": rk.float16, "float32": rk.float32, "float64": rk.float64}


@rk.func
def div(a: Any, b: Any):
    return a / b


@rk.func
def mod(a: Any, b: Any):
    return a % b


def arguments(scalar: Any, seed: int) -> np.ndarray:
    """Bit patterns over the whole type, then numbers of ordinary size."""
    generator = np.random.default_rng(seed)
    if scalar.bits == 16:
        return np.tile(np.arange(1 << 16, dtype=np.uint16), 4).view(np.float16)
    if scalar.bits == 32:
        every = np.arange(seed, 1 << 32, 256, dtype=np.uint64).astype(np.uint32).view(np.float32)
        return np.concatenate([every, generator.uniform(-20, 20, 1 << 20).astype(np.float32)])
    every = generator.integers(0, 1 << 63, 1 << 21, np.uint64, endpoint=False) << np.uint64(1)
    return np.concatenate([every.view(np.float64), generator.uniform(-20, 20, 1 << 20)])


def evaluate(function: Callable[..., Any], scalar: Any, columns: list[np.ndarray], device: str) -> np.ndarray:
    kernel = _kernel(function, scalar, [scalar] * len(columns))
    inputs = [rk.array(column, dtype=scalar, device=device) for column in columns]
    out = rk.zeros(len(columns[0]), dtype=scalar, device=device)
    rk.launch(kernel, dim=len(columns[0]), inputs=[*inputs, out], device=device)
    return out.numpy()


@pytest.mark.parametrize("scalar", SCALARS)
@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_bits_of_cpu_and_gpu(name: str, scalar: str) -> None:
    type = SCALARS[scalar]
    columns = [arguments(type, seed) for seed in range(2 if name in TWO else 1)]
    if name in TWO:
        np.random.default_rng(7).shuffle(columns[1])
    function = {"div": div, "mod": mod}.get(name) or getattr(rk, name)
    made = [evaluate(function, type, columns, device) for device in ("cpu", *GPUS)]
    for on_gpu in made[1:]:
        assert same_bits(made[0], on_gpu), f"{np.sum(made[0] != on_gpu)} of {len(on_gpu)} differ"
