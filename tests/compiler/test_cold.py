"""Cold functions as object code of their own."""

import numpy as np
import pytest

import robokern as rk
from robokern.compiler import build, image
from robokern.compiler.frontend import lower
from robokern.compiler.function import Kernel
from robokern.compiler.parts import joined, parted
from robokern.compiler.target import cpu

floats = rk.array(dtype=float)


@rk.kernel
def sines(x: floats, y: floats):
    i = rk.tid()
    y[i] = rk.sin(x[i])


@rk.kernel
def cosines(x: floats, y: floats):
    i = rk.tid()
    y[i] = rk.cos(x[i]) + rk.sin(2.0 * x[i])


@rk.kernel
def doubled(x: floats, y: floats):
    i = rk.tid()
    y[i] = 2.0 * x[i]


@pytest.fixture
def unlinked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "linked", lambda *unused: None)


def parts(kernel: Kernel) -> list[bytes]:
    return parted(build.compile(lower(kernel, tuple(t for _, t in kernel.params)), cpu()))


@pytest.mark.parametrize("given", [[b"one"], [b"one", b""], [b"", b"two" * 1000, b"three"]])
def test_parts_come_back(given: list[bytes]) -> None:
    assert parted(joined(given)) == given


def test_kernels_share_what_they_call_seldom(unlinked: None) -> None:
    (_, first), (_, second) = parts(sines), parts(cosines)
    assert first == second
    assert len(parts(doubled)) == 1


@pytest.mark.parametrize("kernel", [sines, cosines])
def test_a_cold_function_is_found(kernel: Kernel) -> None:
    x = np.linspace(-1e8, 1e8, 1003, dtype=np.float32)
    wide, scalar = np.zeros_like(x), np.zeros_like(x)
    rk.launch(kernel, len(x), [x, wide], device="cpu")
    rk.launch(kernel, len(x), [x, scalar], device="ref")
    np.testing.assert_array_equal(wide, scalar)
