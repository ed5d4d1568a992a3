"""Wide code for other processors: compiled for ARM, compiled and run for older x86; the bits are the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from llvmlite import binding

from robokern.compiler import build
from robokern.compiler.frontend import lower
from robokern.compiler.function import Kernel
from robokern.compiler.target import Target, cpu
from robokern.compiler.width import choose
from robokern.ir.nodes import Func
from tests.compiler import test_wide as wide
from tests.compiler.machine import Machine, same_bits

ITEMS = 77
KERNELS = (wide.collatz, wide.counted, wide.tally, wide.drag, wide.follow, wide.halvings, wide.settle)
IS_X86 = cpu().triple.startswith("x86_64")
HAS_AVX2 = "+avx2" in cpu().features.split(",")


def program(kernel: Kernel, lanes: int) -> Func:
    return replace(lower(kernel, tuple(t for _, t in kernel.params)), lanes=lanes)


def arm(triple: str, name: str) -> Target:
    """A target with NEON; nothing here can run its code."""
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    bits = {"features": "", "vector_bits": 128, "masks": False, "half_fma": False, "attributes": "nounwind"}
    return replace(cpu(), triple=triple, cpu=name, **bits)


@pytest.mark.parametrize("lanes", (4, 8))
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.name)
@pytest.mark.parametrize(
    "target", (("aarch64-unknown-linux-gnu", "neoverse-n1"), ("arm64-apple-darwin", "apple-m1")), ids=str
)
def test_neon_needs_no_function_that_is_not_there(
    target: tuple[str, str], kernel: Kernel, lanes: int
) -> None:
    func, place = program(kernel, lanes), arm(*target)
    assert choose(func, place).lanes == lanes
    text = build.assembly(func, place)
    assert re.search(r"\bv\d+\.4s\b|\.4s\b", text), "no instruction on four lanes"
    called = {name.lstrip("_") for name in re.findall(r"^\s+bl\s+(\S+)", text, re.MULTILINE)}
    defined = {name.lstrip("_") for name in re.findall(r"^([\w.$]+):", text, re.MULTILINE)}
    assert called - defined <= {"memset", "bzero", "memcpy"}


def given(kernel: Kernel, draw: np.random.Generator) -> tuple[Sequence[int], list[Any]]:
    """The grid and arguments of a kernel."""
    x = draw.normal(size=ITEMS).astype(np.float32)
    x3 = (draw.normal(size=(ITEMS, 3)) * draw.uniform(0.1, 30, (ITEMS, 1))).astype(np.float32)
    ints = draw.integers(0, 9, (4, ITEMS)).astype(np.int32)
    zeros = np.zeros(ITEMS, np.float32)
    arguments: dict[str, list[Any]] = {
        "collatz": [np.zeros(ITEMS, np.int32), 60],
        "counted": [*np.zeros((2, ITEMS), np.int32), ints[0], ints[1], ints[2] + 1],
        "tally": [x, zeros[:5], zeros[5:10], np.zeros(4, np.int32), np.zeros(ITEMS, np.int32)],
        "drag": [x3, ints[3], np.zeros((9, 3), np.float32), np.zeros_like(x3)],
        "follow": [x3, np.float32([1, 2, 3]), np.zeros(ITEMS, wide.Trace.numpy_dtype()), zeros.copy(), 60],
        "settle": [
            np.exp2(x.astype(float) * 3),
            ints[0].astype(np.int8),
            (ints[1] / 4 + 0.1).astype(np.float32),
            x3,
            ints[2].astype(np.int64),
            np.zeros(ITEMS),
            np.zeros(ITEMS, np.int8),
        ],
        "halvings": [np.exp2(x[:60].reshape(3, 20) * 3), np.zeros((3, 20), np.int32)],
    }
    return ((3, 20) if kernel is wide.halvings else (ITEMS,)), arguments[kernel.name]


@pytest.mark.skipif(not IS_X86, reason="runs code for x86")
@pytest.mark.parametrize(("name", "lanes"), (("x86-64-v2", 4), ("x86-64-v2", 8), ("x86-64-v3", 8)))
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.name)
def test_older_processors_give_the_same_bits(kernel: Kernel, name: str, lanes: int) -> None:
    """Levels 2 (SSE 4, no fused multiply-add) and 3 (AVX2) of the x86-64 architecture."""
    if name == "x86-64-v3" and not HAS_AVX2:
        pytest.skip("this processor has no AVX2")
    dim, arguments = given(kernel, np.random.default_rng(3))
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    Machine(program(kernel, 1)).launch(dim, arguments)
    Machine(program(kernel, lanes), cpu(name=name)).launch(dim, copies)
    for a, b in zip(arguments, copies, strict=True):
        if isinstance(a, np.ndarray):
            same_bits(a, b)


@pytest.mark.skipif(not IS_X86, reason="asks for processors of x86")
def test_the_width_follows_the_processor() -> None:
    func = program(wide.halvings, 0)
    widths = {name: choose(func, cpu(name=name)).lanes for name in ("x86-64-v2", "x86-64-v3", "x86-64-v4")}
    assert widths == {"x86-64-v2": 8, "x86-64-v3": 16, "x86-64-v4": 16}  # two registers: its loop waits


@pytest.mark.skipif(not IS_X86, reason="asks for processors of x86")
def test_registers_on_the_stack_lie_in_one_cache_line() -> None:
    func = program(wide.drag, 32)  # more values than registers
    text = build.assembly(func, cpu(name="x86-64-v3"))
    spilled = re.findall(r"(vmov\w+)\s+%ymm\d+, -?\d*\(%rsp\)", text)
    assert re.search(r"andq\s+\$-\d+, %rsp", text) and spilled
    assert all("u" not in name.removeprefix("vmov") for name in spilled)
