"""The printed Func is complete: whatever changes the meaning changes the text, for it is the cache key."""

import math
import struct

import numpy as np
import pytest

from robokern.compiler.builder import Builder
from robokern.ir.nodes import Func, Loc, Value
from robokern.ir.text import show
from robokern.ir.types import ArrayType, Struct, Vector, float16, float32, float64, int32, int64, uint64


def text_of(build, params=(), **more):
    values = tuple(Value(t) for t in params)
    builder = Builder()
    builder.body.yields = tuple(build(builder, *values) or ())
    return show(Func("f", values, tuple(f"p{i}" for i in range(len(params))), builder.body, **more))


def constant(value, type):
    return text_of(lambda b: [b.const(value, type)])


@pytest.mark.parametrize("type", [float16, float32, float64], ids=str)
def test_constants_to_the_last_bit(type):
    one = np.dtype(type.name).type(1)
    assert constant(one, type) != constant(np.nextafter(one, one + 1), type)
    assert constant(0.0, type) != constant(-0.0, type)
    assert constant(math.inf, type) != constant(-math.inf, type)
    assert constant(math.nan, type) == constant(math.nan, type)


def test_constants_are_their_bits():
    assert f"0x{struct.unpack('<Q', struct.pack('<d', 0.1))[0]:016x}" in constant(0.1, float64)
    assert constant(2**64 - 1, uint64) != constant(2**64 - 2, uint64)
    assert constant(1, int32) != constant(1, int64)


def test_same_program_same_text():
    def build(b, x):
        return [b.op("add", x, b.const(1.5, float32))]

    assert text_of(build, [float32]) == text_of(build, [float32])


def test_location_and_name_of_parameters_do_not_count():
    values = (Value(float32),)
    texts = []
    for name, line in (("a", 1), ("b", 99)):
        builder = Builder()
        builder.loc = Loc("x.py", line, 1)
        builder.body.yields = (builder.op("neg", values[0]),)
        texts.append(show(Func("f", values, (name,), builder.body, Loc("x.py", line, 1))))
    assert texts[0] == texts[1]


def test_contraction_and_grid_count():
    plain = text_of(lambda b: [])
    assert len({plain, text_of(lambda b: [], contract=False), text_of(lambda b: [], tid_ndim=1)}) == 3


def test_order_of_operands_and_operations():
    first = text_of(lambda b, x, y: [b.op("sub", x, y)], [float32, float32])
    second = text_of(lambda b, x, y: [b.op("sub", y, x)], [float32, float32])
    third = text_of(lambda b, x, y: [b.op("mul", x, y)], [float32, float32])
    assert len({first, second, third}) == 3


def extract(offset, whole):
    return text_of(lambda b, v: [b.extract(v, offset, float32)], [whole])


def test_attributes_count():
    assert extract(0, Vector(3, float32)) != extract(1, Vector(3, float32))
    names = ("add", "min")
    atomics = [
        text_of(
            lambda b, a, i, name=name: [b.op("atomic", a, i, i, op=name, offset=0)], [ArrayType(int32), int32]
        )
        for name in names
    ]
    assert atomics[0] != atomics[1]


def test_struct_fields_count_wherever_the_struct_stands():
    """Two structs of one name differ in a field: as parameter, in an array, in another struct."""
    one, two = (Struct("S", (("a", float32), ("b", t))) for t in (float32, int32))
    for around in (lambda s: s, ArrayType, lambda s: Struct("Outer", (("s", s),)), lambda s: ArrayType(s, 3)):
        assert text_of(lambda b, x: [], [around(one)]) != text_of(lambda b, x: [], [around(two)])


def test_struct_in_an_array_in_a_struct_in_an_array():
    one, two = (Struct("S", (("a", t),)) for t in (float32, int32))
    nested = [ArrayType(Struct("Outer", (("rows", ArrayType(s, 2)),))) for s in (one, two)]
    assert text_of(lambda b, x: [], [nested[0]]) != text_of(lambda b, x: [], [nested[1]])


def test_body_of_a_callee_counts():
    texts = []
    for value in (1.0, 1.0000001):
        callee = Builder()
        callee.body.yields = (callee.const(value, float32),)
        inner = Func("g", (), (), callee.body)
        texts.append(text_of(lambda b, inner=inner: b.ops("call", callee=inner)))
    assert texts[0] != texts[1]


def test_regions_are_printed():
    def build(b, n, limit):
        counter, total = Value(int32), Value(int32)
        with b.region((counter, total)) as region:
            region.yields = (b.op("add", total, b.const(limit, int32)),)
        return b.ops("for", n, n, n, n, regions=(region,))

    texts = {text_of(lambda b, n, k=k: build(b, n, k), [int32]) for k in (1, 2)}
    assert len(texts) == 2


def test_messages_that_items_report_count():
    texts = {
        text_of(lambda b, x, word=word: b.ops("print", x, message=(word, None)), [int32])
        for word in ("a", "b")
    }
    assert len(texts) == 2
