"""`fast_math` reaches the code of the kernels that ask for it, and of no others."""

from __future__ import annotations

import numpy as np
import pytest

import robokern as rk
from robokern.compiler import build, target
from robokern.compiler.frontend import lower
from robokern.compiler.function import Kernel

floats = rk.array(dtype=float)


@rk.kernel(fast_math=True)
def fast(x: floats, y: floats):
    i = rk.tid()
    y[i] = (x[i] + 1.0) * 3.0 - x[i] / 7.0


@rk.kernel
def exact(x: floats, y: floats):
    i = rk.tid()
    y[i] = (x[i] + 1.0) * 3.0 - x[i] / 7.0


@pytest.mark.parametrize(("kernel", "free"), [(fast, True), (exact, False)])
def test_only_those_that_ask(kernel: Kernel, free: bool) -> None:
    text = build.llvm(lower(kernel, tuple(t for _, t in kernel.params)), target.cpu(), optimised=False)
    assert ("fadd fast" in text) is free


def test_results_stay_close(device: str) -> None:
    x = np.linspace(-5, 5, 101, dtype=np.float32)
    y = rk.zeros(101, dtype=float, device=device)
    rk.launch(fast, dim=101, inputs=[rk.array(x, dtype=float, device=device), y], device=device)
    # each operation is off by a few ulp at most
    np.testing.assert_allclose(y.numpy(), (x.astype(float) + 1) * 3 - x / 7.0, rtol=1e-5, atol=1e-5)
