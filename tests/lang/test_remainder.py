"""`%` of floats against C's fmod: equal bits."""

import numpy as np
import pytest

import robokern as rk


@pytest.mark.parametrize("scalar", [rk.float32, rk.float64], ids=str)
@pytest.mark.parametrize("device", ["ref", "cpu"])
def test_remainder_is_fmod(scalar, device):
    @rk.kernel
    def remain(x: rk.array(dtype=scalar), y: rk.array(dtype=scalar), out: rk.array(dtype=scalar)):
        i = rk.tid()
        out[i] = x[i] % y[i]

    generator = np.random.default_rng(3)
    bits = np.dtype(f"u{scalar.size}")
    x, y = (generator.integers(0, np.iinfo(bits).max, 2000, bits).view(scalar.name) for _ in range(2))
    near = generator.uniform(-100, 100, (2, 2000)).astype(scalar.name)
    edges = np.array([0.0, -0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, np.finfo(scalar.name).max, 3e-45])
    pairs = np.stack(np.meshgrid(edges, edges)).reshape(2, -1).astype(scalar.name)
    x, y = (np.concatenate([a, near[k], pairs[k]]) for k, a in enumerate((x, y)))
    out = rk.zeros(len(x), dtype=scalar, device=device)
    rk.launch(
        remain,
        dim=len(x),
        inputs=[rk.array(a, dtype=scalar, device=device) for a in (x, y)] + [out],
        device=device,
    )
    with np.errstate(invalid="ignore"):
        want = np.fmod(x, y)
    got = out.numpy()
    number = ~np.isnan(want)
    np.testing.assert_array_equal(np.isnan(got), ~number)
    np.testing.assert_array_equal(got[number].view(bits), want[number].view(bits))
