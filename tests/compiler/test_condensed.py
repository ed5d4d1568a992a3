"""Programs of wide code: calls in place, nothing twice, nothing that is known already."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import robokern as rk
from robokern.compiler.builder import Builder
from robokern.compiler.condensed import condensed
from robokern.compiler.frontend import lower
from robokern.compiler.inline import stays_called
from robokern.ir.nodes import Func, Value, walk
from robokern.ir.types import ArrayType, bool_, float32, int32, vec3
from robokern.ir.verify import verify
from tests.compiler.machine import function

Body = Callable[[Builder, Value, Value], Value]


def names(func: Func) -> list[str]:
    made = condensed(func, keeps=stays_called)
    verify(made)
    return [op.name for op in walk(made.body)]


def of(body: Body) -> list[str]:
    return names(function("f", [float32, ArrayType(float32)], body))


def program(kernel: object) -> list[str]:
    return names(lower(kernel, tuple(type for _, type in kernel.params)))  # type: ignore[attr-defined, arg-type]


def test_a_sine_and_a_cosine_share_their_reduction() -> None:
    @rk.kernel
    def one(x: rk.array(dtype=float)):
        x[0] = rk.sin(x[1])

    @rk.kernel
    def both(x: rk.array(dtype=float)):
        x[0] = rk.sin(x[1]) * rk.cos(x[1])

    found = program(both)
    assert found.count("call") == program(one).count("call") == 1  # of what reduces large angles
    assert found.count("fma") == program(one).count("fma")


def test_a_call_with_constants_is_a_constant() -> None:
    @rk.kernel
    def turned(x: rk.array(dtype=float)):
        x[0] = rk.sin(0.5) + rk.atan2(1.0, 2.0)

    assert set(program(turned)) == {"const", "store"}


def test_equal_calls_are_made_once() -> None:
    @rk.func
    def slow(x: float):
        y = x
        while y > 1.0:
            y = y * 0.5
        return y

    @rk.kernel
    def twice(x: rk.array(dtype=float)):
        x[0] = slow(x[1]) + slow(x[1])

    assert program(twice).count("while") == 1


def test_a_value_made_in_a_branch_stays_there() -> None:
    def body(b: Builder, x: Value, array: Value) -> Value:
        with b.region() as then:
            then.yields = (b.op("mul", x, x),)
        with b.region() as other:
            other.yields = (x,)
        (chosen,) = b.ops("if", b.op("lt", x, x), regions=(then, other), types=(float32,))
        return b.op("add", chosen, b.op("mul", x, x))

    assert of(body).count("mul") == 2


@pytest.mark.parametrize(("value", "kept"), [(True, "sqrt"), (False, "neg")])
def test_a_branch_that_is_known_is_taken(value: bool, kept: str) -> None:
    def body(b: Builder, x: Value, array: Value) -> Value:
        with b.region() as then:
            then.yields = (b.op("sqrt", x),)
        with b.region() as other:
            other.yields = (b.op("neg", x),)
        (chosen,) = b.ops("if", b.const(value, bool_), regions=(then, other), types=(float32,))
        return chosen

    assert of(body) == [kept]


def test_a_choice_that_is_known_is_made() -> None:
    def body(b: Builder, x: Value, array: Value) -> Value:
        return b.op("select", b.op("lt", b.const(1, int32), b.const(2, int32)), x, b.op("sqrt", x))

    assert of(body) == []


def loads(write: Callable[[Builder, Value, Value], object]) -> int:
    """Loads left of two at one place, with something between them."""

    def body(b: Builder, x: Value, array: Value) -> Value:
        zero = b.const(0, int32)
        first = b.op("load", array, zero, type=float32, offset=0)
        write(b, x, array)
        return b.op("sub", first, b.op("load", array, zero, type=float32, offset=0))

    return of(body).count("load")


def test_loads_are_equal_until_something_is_written() -> None:
    assert loads(lambda b, x, array: b.op("sqrt", x)) == 1
    assert loads(lambda b, x, array: b.ops("store", array, b.const(1, int32), x, offset=0)) == 2
    assert loads(lambda b, x, array: b.op("atomic", array, b.const(1, int32), x, op="add", offset=0)) == 2


def test_a_turn_reads_what_the_turn_before_wrote() -> None:
    @rk.kernel
    def doubled(x: rk.array(dtype=float), n: int):
        y = x[0]
        for _k in range(n):
            y += x[0]
            x[0] = y

    assert program(doubled).count("load") == 2
    x = rk.array([1.0], dtype=float, device="cpu")
    rk.launch(doubled, 1, [x, 3], device="cpu")
    assert x.numpy() == np.float32(8.0)


def test_zeros_of_both_signs_stay_apart() -> None:
    def body(b: Builder, x: Value, array: Value) -> Value:
        return b.op("add", b.op("mul", x, b.const(0.0, float32)), b.op("mul", x, b.const(-0.0, float32)))

    assert of(body).count("mul") == 2


def test_parts_of_what_was_just_made_are_what_it_was_made_of() -> None:
    def body(b: Builder, x: Value, array: Value) -> Value:
        made = b.op("make", x, b.op("sqrt", x), x, type=vec3)
        same = b.op("splat", x, type=vec3)
        first, second = b.extract(made, 0, float32), b.extract(same, 2, float32)
        return b.op("sub", first, second)

    assert of(body) == ["sub"]
