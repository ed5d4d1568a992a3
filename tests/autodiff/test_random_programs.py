"""Random differentiable kernels: reverse against forward mode and central differences; cpu against "ref".

`python -m tests.random_programs.nightly --kind gradients --programs 5000` tries other ones, on all cores.
"""

from __future__ import annotations

import numpy as np
import pytest

import robokern as rk
from robokern.runtime import cache
from tests.autodiff import programs
from tests.autodiff.agreement import case, check

SEEDS = range(200)


@pytest.fixture(autouse=True, scope="module")
def cache_of_its_own(tmp_path_factory):
    """Kernels that nobody launches again stay out of the user's cache.

    They run scalar, as wide code of a program run once is slow to make; the last test compares it.
    """
    own = cache.ObjectCache(tmp_path_factory.mktemp("cache"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "object_cache", lambda: own)
        patch.setattr(rk.config, "cpu_lanes", 1)
        yield


@pytest.mark.slow
def test_reverse_mode_agrees_with_forward_mode_and_central_differences():
    wrong, unchecked, refused = [], [], []
    for seed in SEEDS:
        try:
            reason = check(seed)
        except Exception as error:
            wrong.append(f"seed {seed}: {type(error).__name__}: {error}\n{programs.program(seed)}")
            continue
        if reason:
            (refused if reason.startswith("refused") else unchecked).append((seed, reason))
    print(f"{len(SEEDS)} programs, {len(unchecked)} at a kink or too steep, {len(refused)} refused")
    assert not wrong, f"{len(wrong)} wrong; the first:\n" + min(wrong, key=len)
    assert len(unchecked) <= len(SEEDS) // 20
    assert not refused, refused[:3]


@pytest.mark.parametrize("seed", range(12))
def test_interpreter_scalar_and_wide_code_give_equal_bits(seed, monkeypatch):
    drawn = case(seed)
    expected, scalar = drawn.reverse("ref"), drawn.reverse("cpu")
    monkeypatch.setattr(rk.config, "cpu_lanes", 8)
    for a, b, c in zip(expected, scalar, case(seed).reverse("cpu"), strict=True):
        np.testing.assert_array_equal(b, a)
        np.testing.assert_array_equal(c, a)
