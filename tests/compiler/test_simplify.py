"""Simplification: less work, the same bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import robokern as rk
from robokern.compiler.builder import Builder
from robokern.compiler.simplify import simplify
from robokern.ir import interpret
from robokern.ir.nodes import Func, Value, callees, walk
from robokern.ir.types import ArrayType, Scalar, bool_, float32, int8, int32, vec3
from robokern.ir.verify import verify
from tests.compiler.machine import function


def names(func: Func) -> list[str]:
    verify(func)
    return [op.name for f in [*callees(func), func] for op in walk(f.body)]


def test_unused_work_goes_and_effects_stay() -> None:
    def body(b: Builder, x: Value, array: Value) -> Value:
        zero = b.const(0, int32)
        b.op("sqrt", b.op("load", array, zero, type=float32, offset=0))
        b.op("local", shape=(4,), type=ArrayType(float32))
        b.ops("store", array, zero, x, offset=0)
        b.op("atomic", array, zero, x, op="add", offset=0)
        return x

    func = function("f", [float32, ArrayType(float32)], body)
    assert names(simplify(func)) == ["const", "store", "atomic"]


def test_equal_work_is_done_once() -> None:
    def body(b: Builder, x: Value, array: Value) -> Value:
        first = b.op("mul", x, b.const(2, float32))
        with b.region() as then:
            then.yields = (b.op("mul", x, b.const(2, float32)),)
        with b.region() as other:
            other.yields = (b.op("mul", b.const(2, float32), x),)
        (chosen,) = b.ops("if", b.op("lt", x, first), regions=(then, other), types=(float32,))
        loads = [b.op("load", array, b.const(0, int32), type=float32, offset=0) for _ in range(2)]
        return b.op("add", chosen, b.op("add", *loads))

    func = function("f", [float32, ArrayType(float32)], body)
    assert names(simplify(func)) == ["const", "mul", "lt", "if", "mul", "const", "load", "add", "add"]


def loads_around(write: Callable[[Builder, Value, Value], object]) -> int:
    """Loads left of two at one place, with something between them."""

    def body(b: Builder, x: Value, array: Value) -> Value:
        zero = b.const(0, int32)
        first = b.op("load", array, zero, type=float32, offset=0)
        write(b, x, array)
        return b.op("sub", first, b.op("load", array, zero, type=float32, offset=0))

    func = function("f", [float32, ArrayType(float32)], body)
    return names(simplify(func)).count("load")


def store(b: Builder, x: Value, array: Value) -> None:
    b.ops("store", array, b.const(1, int32), x, offset=0)


def branch(b: Builder, x: Value, array: Value) -> None:
    with b.region() as then:
        store(b, x, array)
    with b.region() as other:
        pass
    b.ops("if", b.op("lt", x, x), regions=(then, other), types=())


def call(b: Builder, x: Value, array: Value) -> None:
    def body(c: Builder, y: Value, inside: Value) -> Value:
        store(c, y, inside)
        return y

    callee = function("writes", [float32, ArrayType(float32)], body)
    b.ops("call", x, array, callee=callee)


def test_loads_are_merged_unless_something_is_written_between() -> None:
    assert loads_around(lambda b, x, array: b.op("sqrt", x)) == 1
    for write in (store, branch, call):
        assert loads_around(write) == 2


@rk.kernel
def running(a: rk.array(dtype=float), out: rk.array(dtype=float)):
    i = rk.tid()
    total = a[i]
    for k in range(20):
        total = total * 0.5 + a[i]
        if k % 3 == 0:
            a[i] = total + a[i]
        else:
            out[i] = a[i]


@pytest.mark.parametrize("place", ("ref", "cpu"))
def test_a_loop_that_writes_reads_anew_each_turn(place: str) -> None:
    a, out = np.arange(5, dtype=np.float32), np.zeros(5, np.float32)
    x, total = a.copy(), a.copy()
    rk.launch(running, 5, [a, out], device=place)
    for k in range(20):
        total = total * np.float32(0.5) + x
        if k % 3 == 0:
            x = total + x
    np.testing.assert_allclose(a, x, rtol=1e-6)


def test_work_of_one_branch_is_not_reused_in_the_other() -> None:
    def body(b: Builder, x: Value) -> Value:
        with b.region() as then:
            then.yields = (b.op("sqrt", x),)
        with b.region() as other:
            other.yields = (b.op("sqrt", x),)
        (chosen,) = b.ops("if", b.op("lt", x, x), regions=(then, other), types=(float32,))
        return b.op("add", chosen, b.op("sqrt", x))

    assert names(simplify(function("f", [float32], body))).count("sqrt") == 3


@pytest.mark.parametrize("condition", [True, False])
def test_a_known_condition_chooses_its_branch(condition: bool) -> None:
    def body(b: Builder, x: Value) -> Value:
        with b.region() as then:
            then.yields = (b.op("neg", x),)
        with b.region() as other:
            other.yields = (b.op("abs", x),)
        (chosen,) = b.ops("if", b.const(condition, bool_), regions=(then, other), types=(float32,))
        return chosen

    assert names(simplify(function("f", [float32], body))) == ["neg" if condition else "abs"]


def test_parts_of_what_was_just_made_are_found() -> None:
    def body(b: Builder, x: Value, y: Value) -> Value:
        v = b.op("make", x, y, x, type=vec3)
        return b.extract(v, 1, float32)

    func = simplify(function("f", [float32, float32], body))
    assert names(func) == [] and func.body.yields == (func.params[1],)


@pytest.mark.parametrize(
    ("name", "values", "scalar"),
    [
        ("add", (0.1, 0.2), float32),
        ("div", (1.0, -0.0), float32),
        ("idiv", (-128, -1), int8),
        ("mod", (7, 0), int32),
        ("sqrt", (-1.0,), float32),
        ("lt", (1, 2), int32),
    ],
)
def test_constants_are_folded_to_what_the_interpreter_gives(
    name: str, values: tuple[float, ...], scalar: Scalar
) -> None:
    func = function("f", [], lambda b: b.op(name, *(b.const(v, scalar) for v in values)))
    folded = simplify(func)
    assert names(folded) == ["const"]
    np.testing.assert_array_equal(interpret.call(folded)[0], interpret.call(func)[0])


def test_constants_of_equal_value_and_other_meaning_stay_apart() -> None:
    def body(b: Builder) -> tuple[Value, ...]:
        return b.const(0.0, float32), b.const(-0.0, float32), b.const(0, int32), b.const(False, bool_)

    func = simplify(function("f", [], body))
    assert names(func) == ["const"] * 4
    assert str(interpret.call(func)[1]) == "-0.0"


def test_callees_are_simplified_and_the_original_stays() -> None:
    def wasteful(b: Builder, x: Value) -> Value:
        b.op("sqrt", x)
        return b.op("neg", x)

    callee = function("callee", [float32], wasteful)
    func = function("f", [float32], lambda b, x: b.op("call", x, callee=callee))
    assert names(simplify(func)) == ["neg", "call"]
    assert names(func) == ["sqrt", "neg", "call"]


@pytest.mark.parametrize(("bits", "real"), [(rk.uint16, rk.bfloat16), (rk.uint32, rk.float32)])
def test_the_bits_of_a_nan_are_kept(bits, real):
    pattern = {2: 0xFFFE, 4: 0xFFC12345}[bits.size]

    @rk.kernel
    def moved(out: rk.array(dtype=bits)):
        out[0] = rk.bitcast(rk.bitcast(bits(pattern), real), bits)

    out = rk.zeros(1, dtype=bits)
    rk.launch(moved, dim=1, inputs=[out])
    assert out.list() == [pattern]
