"""Random differentiable kernels: reverse against forward mode and central differences; cpu against "ref".

`ROBOKERN_RANDOM_GRADIENTS=5000 python -m pytest tests/autodiff/test_random_programs.py` tries other ones.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import numpy as np
import pytest

import robokern as rk
from robokern.compiler.source import from_source
from robokern.errors import AdjointError
from robokern.runtime import cache
from robokern.runtime.forward import Forward
from robokern.runtime.tape import Tape

_spec = importlib.util.spec_from_file_location("random_gradients", Path(__file__).with_name("programs.py"))
programs = importlib.util.module_from_spec(_spec)
sys.modules["random_gradients"] = programs
_spec.loader.exec_module(programs)

COUNT = int(os.environ.get("ROBOKERN_RANDOM_GRADIENTS", "0"))
SEEDS = range(1_000_000, 1_000_000 + COUNT) if COUNT else range(200)
ITEMS = 3


@pytest.fixture(autouse=True, scope="module")
def cache_of_its_own(tmp_path_factory):
    """Kernels that nobody launches again stay out of the user's cache.

    They run scalar: derivatives do not depend on lanes, and wide code of a program run once is slow to make.
    """
    own = cache.ObjectCache(tmp_path_factory.mktemp("cache"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "object_cache", lambda: own)
        patch.setattr(rk.config, "cpu_lanes", 1)
        yield


def inputs(seed):
    """x, a, w; the number of turns; weights of the outputs a, w, y."""
    rng = np.random.default_rng(seed)
    values = [rng.uniform(-1, 1, (ITEMS, 4)), rng.uniform(-1, 1, ITEMS), rng.uniform(-1, 1, (ITEMS, 3))]
    weights = [rng.normal(size=ITEMS), rng.normal(size=(ITEMS, 3)), rng.normal(size=(ITEMS, 3))]
    return values, int(rng.integers(0, 6)), weights


def arrays(values):
    types = (rk.float64, rk.float64, rk.vec3d)
    made = [rk.array(v, dtype=t, requires_grad=True) for v, t in zip(values, types, strict=True)]
    return [*made, rk.zeros((ITEMS, 3), dtype=rk.float64)]


def value(kernel, values, turns, weights):
    x, a, w, y = arrays(values)
    rk.launch(kernel, ITEMS, [x, a, w, y, turns])
    return sum(float(np.sum(o.numpy() * c)) for o, c in zip((a, w, y), weights, strict=True))


def reverse(kernel, values, turns, weights, device):
    x, a, w, y = arrays(values)
    with Tape() as tape:
        rk.launch(kernel, ITEMS, [x, a, w, y, turns], device=device)
    tape.backward(grads=dict(zip((a, w, y), weights, strict=True)))
    return [g.grad.numpy().copy() for g in (x, a, w)]


def forward(kernel, values, direction, turns, weights):
    """The derivative along a direction by forward mode."""
    x, a, w, y = arrays(values)
    with Forward(dict(zip((x, a, w), direction, strict=True))) as mode:
        rk.launch(kernel, ITEMS, [x, a, w, y, turns])
    return sum(float(np.sum(mode.tangent(o).numpy() * c)) for o, c in zip((a, w, y), weights, strict=True))


def difference(kernel, values, direction, turns, weights, step):
    ends = [
        value(kernel, [v + s * step * u for v, u in zip(values, direction, strict=True)], turns, weights)
        for s in (1, -1)
    ]
    return (ends[0] - ends[1]) / (2 * step)


def check(seed):
    """None if it was checked; else why it could not be."""
    kernel = from_source(programs.program(seed))["program"]
    values, turns, weights = inputs(seed)
    try:
        found = reverse(kernel, values, turns, weights, "cpu")
    except AdjointError as error:
        return f"refused: {error.message}"
    rng = np.random.default_rng(seed + 1)
    for _ in range(2):
        direction = [rng.normal(size=v.shape) for v in values]
        slope = sum(float(np.sum(g * u)) for g, u in zip(found, direction, strict=True))
        near, far = (difference(kernel, values, direction, turns, weights, h) for h in (1e-6, 1e-5))
        ahead = forward(kernel, values, direction, turns, weights)
        scale = max(1.0, abs(near), sum(float(np.sum(np.abs(g))) for g in found))
        assert abs(slope - ahead) <= 1e-11 * scale, f"reverse {slope}, forward {ahead}"
        if abs(near - far) > 1e-6 * scale:
            return "a branch or a kink within the step"
        assert abs(slope - near) <= 1e-6 * scale, f"reverse {slope}, central difference {near}"
    return None


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
    print(f"{len(SEEDS)} programs, {len(unchecked)} at a kink, {len(refused)} refused")
    assert not wrong, f"{len(wrong)} wrong; the first:\n" + min(wrong, key=len)
    assert len(unchecked) <= len(SEEDS) // 20
    assert len(refused) <= len(SEEDS) // 10, refused[:3]


@pytest.mark.parametrize("seed", range(12))
def test_interpreter_and_cpu_give_equal_bits(seed):
    kernel = from_source(programs.program(seed))["program"]
    values, turns, weights = inputs(seed)
    try:
        ours = reverse(kernel, values, turns, weights, "cpu")
    except AdjointError:
        pytest.skip("not differentiable")
    for a, b in zip(ours, reverse(kernel, values, turns, weights, "ref"), strict=True):
        np.testing.assert_array_equal(a, b)
