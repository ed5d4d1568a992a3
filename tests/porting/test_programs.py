"""Whole programs under both imports: what they make must agree."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import numpy as np
import pytest

import robokern as rk
from tests.porting import programs_host, programs_kernels, programs_more

pytestmark = pytest.mark.slow

PROGRAMS = [
    f
    for module in (programs_host, programs_kernels, programs_more)
    for f in vars(module).values()
    if isinstance(f, FunctionType)
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_same_results(program: Any) -> None:
    warp = pytest.importorskip("warp", reason="warp-lang is not installed: pip install robokern[bench]")
    warp.config.quiet = True
    warp.config.enable_backward = True
    ours, theirs = (_arrays(program(library)) for library in (rk, warp))
    assert len(ours) == len(theirs) > 0
    for number, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        np.testing.assert_allclose(mine, other, rtol=2e-6, err_msg=f"result {number}")


def _arrays(made: Any) -> list[np.ndarray]:
    return [np.asarray(x, np.float64) for x in (made if isinstance(made, tuple) else (made,))]
