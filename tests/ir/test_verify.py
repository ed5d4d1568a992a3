"""Every rule of the IR, broken once."""

import pytest

from robokern.ir.nodes import Block, Func, Op, Value
from robokern.ir.types import ArrayType, bool_, float32, int32, vec3
from robokern.ir.verify import VerifyError, verify


def func(*ops, params=(), yields=()):
    return Func("f", params, tuple("p" for _ in params), Block((), list(ops), yields))


def op(name, args=(), results=(), regions=(), **attrs):
    return Op(name, tuple(args), tuple(results), attrs, tuple(regions), None)


def const(value=1, type=int32):
    result = Value(type)
    return op("const", results=[result], value=value, type=type), result


def broken(func, message):
    with pytest.raises(VerifyError, match=message):
        verify(func)


def test_a_well_formed_func():
    first, a = const()
    total = Value(int32)
    verify(func(first, op("add", [a, a], [total]), yields=(total,)))


def test_unknown_primitive():
    broken(func(op("frobnicate")), "no such primitive")


def test_use_before_definition():
    first, a = const()
    broken(func(op("neg", [a], [Value(int32)]), first), "not visible")


def test_yield_of_an_unknown_value():
    broken(func(yields=(Value(int32),)), "yields a int32 that is not visible")


def test_assigned_twice():
    first, a = const()
    again = op("const", results=[a], value=2, type=int32)
    broken(func(first, again), "assigned twice")


def test_arguments_that_do_not_type():
    first, a = const()
    second, b = const(1.0, float32)
    broken(func(first, second, op("add", [a, b], [Value(int32)])), "int32 and float32 differ")


def test_wrong_result_type():
    first, a = const()
    broken(func(first, op("neg", [a], [Value(float32)])), "results should be")


def test_too_few_arguments():
    broken(func(op("neg", [], [Value(int32)])), "neg takes 1 arguments, got 0")


def test_too_many_arguments():
    first, a = const()
    broken(func(first, op("add", [a, a, a], [Value(int32)])), "add takes 2 arguments, got 3")


def test_missing_attribute():
    broken(func(op("const", [], [Value(int32)], value=1)), "lacks the attribute 'type'")


def test_array_load_with_too_few_indices():
    array = Value(ArrayType(float32, 2))
    first, i = const()
    load = op("load", [array, i], [Value(float32)], type=float32, offset=0)
    broken(func(first, load, params=(array,)), "takes 2 indices, got 1")


def test_part_that_does_not_exist():
    v = Value(vec3)
    broken(
        func(op("extract", [v], [Value(float32)], type=float32, offset=3), params=(v,)), "no such component"
    )


def test_missing_region():
    first, a = const(True, bool_)
    broken(func(first, op("if", [a], [], types=())), "needs 2 regions")


def test_region_yields_other_types():
    first, a = const(True, bool_)
    second, b = const(1.0, float32)
    regions = (Block((), [second], (b,)), Block((), [], ()))
    broken(
        func(first, op("if", [a], [Value(float32)], regions, types=(float32,))), "region yields other types"
    )


def test_region_parameters_differ():
    first, a = const()
    body = Block((Value(float32),), [], ())
    broken(func(first, op("for", [a, a, a], [], (body,))), "region parameters differ")


def test_value_of_a_region_is_not_visible_outside():
    first, a = const(True, bool_)
    inner, b = const()
    branch = op("if", [a], [], (Block((), [inner], ()), Block((), [], ())), types=())
    broken(func(first, branch, op("neg", [b], [Value(int32)])), "not visible")


def test_value_of_one_branch_is_not_visible_in_the_other():
    first, a = const(True, bool_)
    inner, b = const()
    other = Block((), [op("neg", [b], [Value(int32)])], ())
    broken(func(first, op("if", [a], [], (Block((), [inner], ()), other), types=())), "not visible")


def test_callee_is_checked_too():
    callee = func(op("frobnicate"))
    broken(func(op("call", [], [], callee=callee)), "no such primitive")
