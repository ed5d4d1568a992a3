"""Fusing products into sums: which ones, and with which bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from robokern.compiler.builder import Builder
from robokern.compiler.contract import contract
from robokern.ir.nodes import Func, Value, callees, walk
from robokern.ir.types import ArrayType, Type, float32, int32, vec3
from robokern.ir.verify import verify
from tests.compiler.machine import Machine, each, function, kernel, same_bits

Compute = Callable[..., Value]


def names(func: Func) -> list[str]:
    return [op.name for f in [*callees(func), func] for op in walk(f.body)]


def fused(compute: Compute, type: Type = float32, **options: bool) -> list[str]:
    """Names of the operations left of a func of three parameters."""
    func = contract(function("f", [type] * 3, compute, **options))
    verify(func)
    return names(func)


def mul_add(b: Builder, x: Value, y: Value, z: Value) -> Value:
    return b.op("add", b.op("mul", x, y), z)


def add_mul(b: Builder, x: Value, y: Value, z: Value) -> Value:
    return b.op("add", z, b.op("mul", x, y))


def mul_sub(b: Builder, x: Value, y: Value, z: Value) -> Value:
    return b.op("sub", b.op("mul", x, y), z)


def sub_mul(b: Builder, x: Value, y: Value, z: Value) -> Value:
    return b.op("sub", z, b.op("mul", x, y))


FORMS = {
    mul_add: lambda x, y, z: x * y + z,
    add_mul: lambda x, y, z: z + x * y,
    mul_sub: lambda x, y, z: x * y - z,
    sub_mul: lambda x, y, z: z - x * y,
}


@pytest.mark.parametrize("form", FORMS, ids=lambda f: f.__name__)
def test_each_form_rounds_once(form: Compute) -> None:
    draw = np.random.default_rng(3)
    x, y = (draw.normal(size=1000).astype(np.float32) for _ in range(2))
    z = (x * y * (1 + draw.normal(size=1000) * 1e-3)).astype(np.float32)
    exact = FORMS[form](*(a.astype(np.float64) for a in (x, y, z)))  # the product is exact in float64
    out = np.zeros_like(x)
    func = contract(each(form, float32, float32, float32, to=float32))
    verify(func)
    Machine(func).launch((1000,), [x, y, z, out])
    # float64 holds product and sum: all exponents are close, so the sum needs less than 53 bits
    same_bits(out, exact.astype(np.float32))


def test_signs_of_zero_survive() -> None:
    zero, one = np.zeros(1, np.float32), np.ones(1, np.float32)
    for form, expected in FORMS.items():
        for x in (zero, -zero):
            for z in (zero, -zero):
                out = np.zeros(1, np.float32)
                Machine(contract(each(form, float32, float32, float32, to=float32))).launch(
                    (1,), [x, one, z, out]
                )
                same_bits(out, expected(x, one, z))


def test_forms() -> None:
    assert fused(mul_add) == fused(add_mul) == ["fma"]
    assert fused(mul_sub) == fused(sub_mul) == ["neg", "fma"]
    assert fused(mul_add, vec3) == ["fma"]


def test_integers_and_uncontracted_functions_stay() -> None:
    assert fused(mul_add, int32) == ["mul", "add"]
    assert fused(mul_add, contract=False) == ["mul", "add"]


def test_a_product_used_twice_stays() -> None:
    def twice(b: Builder, x: Value, y: Value, z: Value) -> Value:
        product = b.op("mul", x, y)
        return b.op("max", b.op("add", product, z), product)

    def doubled(b: Builder, x: Value, y: Value, z: Value) -> Value:
        product = b.op("mul", x, y)
        return b.op("add", product, product)

    def returned(b: Builder, x: Value, y: Value, z: Value) -> tuple[Value, Value]:
        product = b.op("mul", x, y)
        return b.op("add", product, z), product

    assert fused(twice) == ["mul", "add", "max"]
    assert fused(doubled) == ["mul", "add"]
    assert fused(returned) == ["mul", "add"]


@pytest.mark.parametrize("swap", [False, True])
def test_of_two_products_the_left_is_fused(swap: bool) -> None:
    def two(b: Builder, x: Value, y: Value, z: Value) -> Value:
        products = [b.op("mul", x, y), b.op("mul", y, z)]
        return b.op("add", *(products[::-1] if swap else products))

    func = contract(function("f", [float32] * 3, two))
    fma = func.body.ops[-1]
    x, y, z = func.params
    assert [op.name for op in func.body.ops] == ["mul", "fma"]
    assert fma.args[:2] == ((y, z) if swap else (x, y))


def test_a_product_of_another_block_stays() -> None:
    def across(b: Builder, x: Value, y: Value, z: Value) -> Value:
        product = b.op("mul", x, y)
        with b.region() as then:
            then.yields = (b.op("add", product, z),)
        with b.region() as other:
            other.yields = (b.op("add", b.op("mul", y, z), x),)
        (result,) = b.ops("if", b.op("lt", x, y), regions=(then, other), types=(float32,))
        return result

    assert fused(across) == ["mul", "lt", "if", "add", "fma"]


def test_a_chain_becomes_a_chain() -> None:
    def polynomial(b: Builder, x: Value, y: Value, z: Value) -> Value:
        return b.op("add", b.op("mul", b.op("add", b.op("mul", x, y), z), y), x)

    assert fused(polynomial) == ["fma", "fma"]


def test_callees_follow_their_own_setting_and_the_original_stays() -> None:
    loose = function("loose", [float32] * 3, mul_add)
    strict = function("strict", [float32] * 3, mul_add, contract=False)

    def body(b: Builder, tid: list[Value], out: Value) -> None:
        three = [b.const(k, float32) for k in (1, 2, 3)]
        for callee in (loose, strict, loose):
            b.ops("store", out, tid[0], b.op("call", *three, callee=callee), offset=0)

    func = kernel([ArrayType(float32)], body)
    before = names(func)
    result = contract(func)
    verify(result)
    assert [[op.name for op in walk(f.body)] for f in callees(result)] == [["fma"], ["mul", "add"]]
    assert names(func) == before
    assert contract(result) is not result and names(contract(result)) == names(result)
