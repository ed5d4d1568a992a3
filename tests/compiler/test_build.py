"""Object code: keys, what the code looks like, what it costs."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import robokern as rk
from robokern.compiler import build
from robokern.compiler.builder import Builder
from robokern.compiler.contract import contract
from robokern.compiler.frontend import lower
from robokern.compiler.target import cpu
from robokern.ir.nodes import Func, Value, called, walk
from robokern.ir.text import digest
from robokern.ir.types import ArrayType, float32, int32
from tests.compiler.machine import Machine, each, function, kernel


def add_kernel(name: str = "add") -> Func:
    return replace(each(lambda b, x, y: b.op("add", x, y), float32, float32, to=float32), name=name)


def scale_kernel(factor: float) -> Func:
    return each(lambda b, x: b.op("mul", x, b.const(factor, float32)), float32, to=float32)


def test_keys_tell_programs_and_targets_apart() -> None:
    target = cpu()
    keys = [
        build.key(add_kernel(), target),
        build.key(scale_kernel(1.0), target),
        build.key(scale_kernel(float(np.nextafter(np.float32(1), np.float32(2)))), target),
        build.key(add_kernel(), cpu(contiguous=False)),
        build.key(add_kernel(), replace(target, cpu="x86-64")),
        build.key(add_kernel(), replace(target, features="+sse2")),
    ]
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch("[0-9a-f]{64}", k) for k in keys)


def test_a_key_is_the_same_in_every_process() -> None:
    code = "from tests.compiler.test_build import *; print(build.key(add_kernel(), cpu()), end='')"
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert runs == [build.key(add_kernel(), cpu())] * 2


def test_importing_the_compiler_does_not_import_llvmlite() -> None:
    code = "import sys, robokern.compiler.build, robokern.compiler.target; print('llvmlite' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def test_targets_are_remembered() -> None:
    assert cpu() is cpu() and cpu() == cpu(contiguous=True)
    assert cpu(contiguous=False) is not cpu()


vectors = pytest.mark.skipif(not cpu().triple.startswith("x86_64"), reason="reads x86 assembly")


def hot_loop(func: Func, contiguous: bool = True) -> str:
    return build.assembly(func, cpu(contiguous=contiguous))


@vectors
def test_a_sum_of_arrays_vectorises_without_alias_checks() -> None:
    text = build.llvm(add_kernel(), cpu())
    assert re.search(r"fadd <\d+ x float>", text)
    assert "vector.memcheck" not in text
    assert re.search(r"vaddps.*%[yz]mm", hot_loop(add_kernel())) or "+avx" not in cpu().features


@vectors
def test_a_polynomial_in_a_function_with_a_branch_vectorises() -> None:
    def polynomial(b: Builder, x: Value) -> Value:
        turns = b.op("rint", b.op("mul", x, b.const(0.3183, float32)))
        rest = b.op("sub", x, b.op("mul", turns, b.const(3.1416, float32)))
        y = b.const(0.1, float32)
        for k in range(8):
            y = b.op("add", b.op("mul", y, rest), b.const(1 / (k + 2), float32))
        odd = b.op("and", b.op("cast", turns, type=int32), b.const(1, int32))
        with b.region() as then:
            then.yields = (b.op("neg", y),)
        with b.region() as other:
            other.yields = (y,)
        (result,) = b.ops("if", b.op("ne", odd, b.const(0, int32)), regions=(then, other), types=(float32,))
        return result

    callee = function("polynomial", [float32], polynomial)
    func = contract(each(lambda b, x: b.op("call", x, callee=callee), float32, to=float32))
    assert re.search(r"call <\d+ x float> @llvm.fma", build.llvm(func, cpu()))
    assert re.search(r"fptosi <\d+ x float>", build.llvm(func, cpu()))


@vectors
def test_the_last_dimension_of_a_grid_vectorises() -> None:
    def body(b: Builder, tid: list[Value], x: Value, out: Value) -> None:
        value = b.op("load", x, *tid, type=float32, offset=0)
        b.ops("store", out, *tid, b.op("sqrt", value), offset=0)

    func = kernel([ArrayType(float32, 3)] * 2, body, ndim=3)
    assert re.search(r"@llvm.sqrt.v\d+f32", build.llvm(func, cpu()))


def test_small_local_arrays_leave_no_memory_behind() -> None:
    def compute(b: Builder, x: Value) -> Value:
        pair = b.op("local", shape=(2,), type=ArrayType(float32))
        for k in range(2):
            b.ops("store", pair, b.const(k, int32), b.op("mul", x, b.const(k + 1, float32)), offset=0)
        first, second = (b.op("load", pair, b.const(k, int32), type=float32, offset=0) for k in (0, 1))
        return b.op("sub", second, first)

    func = each(compute, float32, to=float32)
    assert "alloca" in build.llvm(func, cpu(), optimised=False)
    assert "alloca" not in build.llvm(func, cpu())
    out = np.zeros(3, np.float32)
    Machine(func).launch((3,), [np.array([1, 2, 3], np.float32), out])
    np.testing.assert_array_equal(out, [1, 2, 3])


def test_another_processor_can_be_asked_for() -> None:
    if not cpu().triple.startswith("x86_64"):
        pytest.skip("names x86 processors")
    assert "%zmm" not in build.assembly(add_kernel(), cpu(name="x86-64-v2"))
    assert "%ymm" not in build.assembly(add_kernel(), cpu(name="x86-64-v2"))


def test_an_impossible_name_is_no_symbol() -> None:
    build.compile(add_kernel('a name; with "everything"\n'), cpu())


def test_the_key_knows_what_is_called() -> None:
    @rk.func
    def scaled(x: float, by: float):
        return x * by

    def calling(by: float) -> Func:
        @rk.kernel
        def scaling(x: rk.array(dtype=float)):
            x[0] = scaled(x[1], by)

        return lower(scaling, tuple(type for _, type in scaling.params))

    first, same, other = (calling(by) for by in (2.0, 2.0, 3.0))
    assert digest(first) == digest(same) != digest(other)
    assert called(first) == called(same)  # what is done to a func is done once

    (callee,) = called(first)
    changed = replace(callee, body=replace(callee.body, yields=(callee.params[0],)))
    (op,) = [op for op in walk(first.body) if op.name == "call"]
    ops = [replace(op, attrs={"callee": changed}) if o is op else o for o in first.body.ops]
    assert digest(replace(first, body=replace(first.body, ops=ops))) != digest(first)
