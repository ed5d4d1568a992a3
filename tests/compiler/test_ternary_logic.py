"""LLVM's mistake with masked VPTERNLOG (llvm/llvm-project issue 157929) is seen and gone round."""

import numpy as np
import pytest

import robokern as rk
from robokern.compiler.ternary_logic import merges_ternary_logic


@pytest.mark.parametrize("code", ["62f36d2925c0b8", "62f3e543251c24e4"])
def test_merging_is_seen(code):
    assert merges_ternary_logic(b"\x90\n" + bytes.fromhex(code))


@pytest.mark.parametrize("code", ["62f36d2825c0b8", "62f36dc925c0ff", "62f36d2926c0b8", "c4e36d25c0b8"])
def test_other_instructions_are_not(code):
    """No mask; zeroing; another opcode; VEX."""
    assert not merges_ternary_logic(bytes.fromhex(code))


@pytest.mark.parametrize("lanes", [1, 8, 16, "auto"])
def test_selected_bits_under_a_condition(lanes):
    @rk.kernel(cpu_lanes=lanes)
    def chosen(x: rk.array(dtype=rk.uint32), y: rk.array(dtype=rk.uint32), out: rk.array(dtype=rk.uint32)):
        i = rk.tid()
        a = x[i] * rk.uint32(2)
        picked = (a & rk.uint32(0x80000000)) | (y[i] & rk.uint32(0x7FFFFFFF))
        out[i] = rk.where(y[i] > rk.uint32(1 << 31), picked, a) + rk.uint32(1)

    rng = np.random.default_rng(5)
    x, y = rng.integers(0, 1 << 32, (2, 1000), dtype=np.uint32)
    out = rk.zeros(1000, dtype=rk.uint32)
    rk.launch(chosen, dim=1000, inputs=[rk.array(x), rk.array(y), out])
    a = x * np.uint32(2)
    picked = (a & np.uint32(1 << 31)) | (y & np.uint32(0x7FFFFFFF))
    np.testing.assert_array_equal(out.numpy(), np.where(y > 1 << 31, picked, a) + np.uint32(1))
