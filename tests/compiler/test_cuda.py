"""PTX of every primitive and of the language's tests, without a GPU: it is written, and ptxas takes it."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from robokern.compiler import build
from robokern.compiler.builder import Builder
from robokern.compiler.emit import EMIT
from robokern.compiler.frontend import lower
from robokern.compiler.function import Kernel
from robokern.compiler.target import cuda
from robokern.compiler.width import choose
from robokern.ir.nodes import Func, Value, callees, walk
from robokern.ir.types import BY_NAME, ArrayType, Scalar, Type, float16, float32, float64, int32, vec3
from tests.compiler import test_indexing, test_language, test_surface

MODULES = (test_language, test_indexing, test_surface)
KERNELS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": kernel
    for module in MODULES
    for name, kernel in vars(module).items()
    if isinstance(kernel, Kernel) and not kernel.is_generic
}
PTXAS = shutil.which("ptxas") or shutil.which("ptxas", path="/usr/local/cuda/bin")
needs_ptxas = pytest.mark.skipif(PTXAS is None, reason="ptxas (CUDA toolkit) is not installed")


@cache
def program(name: str) -> Func:
    kernel = KERNELS[name]
    return lower(kernel, tuple(t for _, t in kernel.params))


def assembles(ptx: str, folder: Path) -> None:
    """Has NVIDIA's assembler translate it, as the driver would."""
    source = folder / "kernel.ptx"
    source.write_text(ptx)
    assert PTXAS is not None
    command = [PTXAS, "-arch=sm_90", str(source), "-o", str(folder / "kernel.cubin")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def elementwise(name: str, scalar: Scalar, count: int) -> Func:
    """out[i] = primitive(in0[i], ...)"""
    result: Type = BY_NAME["bool"] if name in ("lt", "le", "gt", "ge", "eq", "ne") else scalar
    params = tuple(Value(ArrayType(scalar, 1)) for _ in range(count))
    out = Value(ArrayType(result, 1))
    b = Builder()
    i = b.op("tid", ndim=1)
    loaded = [b.op("load", p, i, type=scalar, offset=0) for p in params]
    b.ops("store", out, i, b.op(name, *loaded), offset=0)
    return Func(name, (*params, out), tuple("abcd"[: count + 1]), b.body, tid_ndim=1)


ARITHMETIC = {
    "add": 2, "sub": 2, "mul": 2, "neg": 1, "abs": 1, "min": 2, "max": 2,
    "lt": 2, "le": 2, "gt": 2, "ge": 2, "eq": 2, "ne": 2,
}  # fmt: skip
FLOATING = {"div": 2, "fma": 3, "sqrt": 1, "floor": 1, "ceil": 1, "trunc": 1, "rint": 1}
WHOLE = {"idiv": 2, "mod": 2, "and": 2, "or": 2, "xor": 2, "not": 1, "shl": 2, "shr": 2}
NUMBERS = [s for s in BY_NAME.values() if s.kind != "b"]
CASES = [
    (name, scalar, count)
    for names, scalars in (
        (ARITHMETIC, NUMBERS),
        (FLOATING, [s for s in NUMBERS if s.kind == "f"]),
        (WHOLE, [s for s in NUMBERS if s.kind != "f"]),
    )
    for (name, count), scalar in itertools.product(names.items(), scalars)
]


@needs_ptxas
@pytest.mark.parametrize("scalar", NUMBERS, ids=str)
def test_arithmetic_of_every_type_assembles(scalar: Scalar, tmp_path: Path) -> None:
    for name, type, count in CASES:
        if type == scalar:
            assembles(build.compile(elementwise(name, type, count), cuda()).decode(), tmp_path)


@needs_ptxas
@pytest.mark.parametrize("contiguous", [True, False])
def test_kernels_of_the_language_assemble(contiguous: bool, tmp_path: Path) -> None:
    for func in (bits_of_components(), *map(program, KERNELS)):
        assembles(build.compile(func, cuda(contiguous=contiguous)).decode(), tmp_path)


def bits_of_components() -> Func:
    """out[i, 1] = bits of in[i].y, through an array of the components."""
    vectors, out = Value(ArrayType(vec3, 1)), Value(ArrayType(int32, 2))
    b = Builder()
    i, one = b.op("tid", ndim=1), b.const(1, int32)
    y = b.op("load", b.op("components", vectors), i, one, type=float32, offset=0)
    b.ops("store", out, i, one, b.op("bitcast", y, type=int32), offset=0)
    return Func("bits", (vectors, out), ("vectors", "out"), b.body, tid_ndim=1)


def test_every_primitive_is_written() -> None:
    used = {name for name, _, _ in CASES}
    for func in (bits_of_components(), *map(program, KERNELS)):
        assert ".entry entry" in build.compile(func, cuda()).decode()
        used |= {op.name for f in (func, *callees(func)) for op in walk(f.body)}
    assert used >= set(EMIT)


@pytest.mark.parametrize(
    ("name", "count", "expected"),
    [
        ("add", 2, "add.rn.f32"), ("mul", 2, "mul.rn.f32"), ("sub", 2, "sub.rn.f32"),
        ("fma", 3, "fma.rn.f32"), ("div", 2, "div.rn.f32"),
        ("sqrt", 1, "sqrt.rn.f32"), ("rint", 1, "cvt.rni.f32.f32"),
    ],
)  # fmt: skip
def test_arithmetic_is_rounded_as_the_standard_says(name: str, count: int, expected: str) -> None:
    ptx = build.compile(elementwise(name, float32, count), cuda()).decode()
    assert expected in ptx
    assert ".ftz" not in ptx and ".approx" not in ptx


def test_a_product_and_a_sum_are_not_fused() -> None:
    values = tuple(Value(ArrayType(float32, 1)) for _ in range(2))
    b = Builder()
    i = b.op("tid", ndim=1)
    x, y = (b.op("load", v, i, type=float32, offset=0) for v in values)
    b.ops("store", values[0], i, b.op("add", b.op("mul", x, y), y), offset=0)
    ptx = build.compile(Func("f", values, ("x", "y"), b.body, tid_ndim=1), cuda()).decode()
    # without .rn ptxas would be free to fuse them
    assert "mul.rn.f32" in ptx and "add.rn.f32" in ptx and "fma" not in ptx


def addition(place: Callable[[Builder, Value], Value]) -> str:
    """PTX of a kernel that adds to an element and does not ask for what was there."""
    x, y = (Value(ArrayType(float32, 1)) for _ in range(2))
    b = Builder()
    i = b.op("tid", ndim=1)
    b.ops("atomic", y, place(b, i), b.op("load", x, i, type=float32, offset=0), op="add", offset=0)
    return build.compile(Func("f", (x, y), ("x", "y"), b.body, tid_ndim=1), cuda()).decode()


def test_what_all_items_add_to_is_summed_over_the_warp() -> None:
    together, apart = addition(lambda b, i: b.const(0, int32)), addition(lambda b, i: i)
    assert "shfl.sync.bfly" in together and "match.all.sync" in together
    assert "shfl" not in apart and "match" not in apart
    for ptx in (together, apart):
        assert "atom.global.add.f32" in ptx


def summed(waits: bool) -> str:
    """PTX of a kernel that sums an array, and adds the sum so far atomically if it `waits`."""
    x, y, n = Value(ArrayType(float32, 1)), Value(ArrayType(float32, 1)), Value(int32)
    k, total, b = Value(int32), Value(float32), Builder()
    i = b.op("tid", ndim=1)
    with b.region((k, total)) as turn:
        more = b.op("add", total, b.op("load", x, k, type=float32, offset=0))
        if waits:
            b.ops("atomic", y, i, more, op="add", offset=0)
        turn.yields = (more,)
    (found,) = b.ops("for", b.const(0, int32), n, b.const(1, int32), b.const(0, float32), regions=(turn,))
    b.ops("store", y, i, found, offset=0)
    return build.compile(Func("f", (x, y, n), ("x", "y", "n"), b.body, tid_ndim=1), cuda()).decode()


def test_short_loops_read_ahead(capfd: pytest.CaptureFixture[str]) -> None:
    """Four turns in a row and one alone for the rest; LLVM says nothing of the loop that stays as it is."""
    assert summed(waits=False).count("ld.global") == 5
    assert summed(waits=True).count("ld.global") == 1
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("steps", [1, 300])
def test_loops_of_long_functions_stay_as_they_are(steps: int) -> None:
    """What a short kernel calls counts too."""
    x, k, total, b = Value(float32), Value(int32), Value(float32), Builder()
    with b.region((k, total)) as turn:
        turn.yields = (b.op("mul", total, x),)
    (y,) = b.ops("for", b.const(0, int32), b.const(9, int32), b.const(1, int32), x, regions=(turn,))
    for _ in range(steps):
        y = b.op("sqrt", y)
    b.body.yields = (y,)
    callee, a, c = Func("g", (x,), ("x",), b.body), Value(ArrayType(float32, 1)), Builder()
    i = c.op("tid", ndim=1)
    c.ops("store", a, i, c.op("call", c.op("load", a, i, type=float32, offset=0), callee=callee), offset=0)
    text = build.llvm(Func("f", (a,), ("a",), c.body, tid_ndim=1), cuda(), optimised=False)
    assert (", !llvm.loop" in text) is (steps == 1)


def test_items_are_numbered_with_64_bits() -> None:
    ptx = build.compile(elementwise("neg", int32, 1), cuda()).decode()
    assert re.search(r"mul\.wide\.u32|mad\.wide\.u32", ptx)


def test_the_record_is_read_from_the_parameter_space() -> None:
    ptx = build.compile(elementwise("neg", float64, 1), cuda()).decode()
    assert "ld.param" in ptx and "ld.global" in ptx and "st.global" in ptx
    assert not re.search(r"\bld\.b?\d+|\bst\.b?\d+", ptx)  # nothing through the generic address space


def test_a_thread_runs_one_item() -> None:
    for name in KERNELS:
        assert choose(program(name), cuda()).lanes == 1


def test_key_tells_architectures_apart() -> None:
    func = elementwise("neg", float16, 1)
    keys = {build.key(func, cuda(arch, c)) for arch in ("sm_80", "sm_90") for c in (True, False)}
    assert len(keys) == 4
