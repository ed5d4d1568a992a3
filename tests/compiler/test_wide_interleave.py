"""Small elements side by side: every scalar in its place, none beside those of the items."""

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import robokern as rk
from robokern.compiler.build import llvm
from robokern.compiler.frontend import lower
from robokern.compiler.function import Kernel
from robokern.compiler.target import cpu
from tests.compiler.machine import Machine, same_bits
from tests.compiler.test_wide import WIDTHS, at_the_end_of_memory

TYPES = [rk.vec2, rk.vec3, rk.quat, rk.vec3d, rk.vec4d, rk.vec3h, rk.vec2i, rk.vec4i, rk.vec3ub]


def moving(dtype: Any) -> Kernel:
    """Writes elements to their own places; parts of them too."""

    @rk.kernel
    def move(x: rk.array(dtype=dtype), whole: rk.array(dtype=dtype), last: rk.array(dtype=dtype)):
        i = rk.tid()
        whole[i] = x[i]
        last[i][1] = x[i][1]

    return move


def numbers(dtype: Any, items: int) -> list[np.ndarray]:
    made = [rk.zeros(items, dtype=dtype, device="cpu").numpy().copy() for _ in range(3)]
    made[0].reshape(-1)[...] = np.arange(1, made[0].size + 1)
    return made


@pytest.mark.skipif(sys.platform != "linux", reason="asks for a page without access by mprotect")
@pytest.mark.parametrize("masks", (True, False))
@pytest.mark.parametrize("dtype", TYPES)
def test_elements_come_and_go_whole(dtype: Any, masks: bool) -> None:
    kernel = moving(dtype)
    func = lower(kernel, tuple(t for _, t in kernel.params))
    for lanes in WIDTHS:
        wide = Machine(replace(func, lanes=lanes), replace(cpu(), masks=masks and cpu().masks))
        for items in (1, lanes - 1, lanes, lanes + 1, 3 * lanes - 1):
            x, whole, last = given = [at_the_end_of_memory(a) for a in numbers(dtype, items)]
            wide.launch((items,), given)
            same_bits(whole, x)
            same_bits(last[..., 1], x[..., 1])
            assert not np.delete(last, 1, axis=-1).any()


def test_full_groups_move_whole_vectors() -> None:
    kernel = moving(rk.vec3)
    func = replace(lower(kernel, tuple(t for _, t in kernel.params)), lanes=16)
    text = llvm(func, cpu(), optimised=False)
    assert text.count("= load <16 x float>, ptr") == 2 * 3  # of the whole, and of a part
    assert text.count("store <16 x float>") == 3
    assert "masked.load.v16f32" not in text  # slow from memory
