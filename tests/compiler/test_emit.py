"""Every primitive, compiled: against expected values, and against the interpreter bit for bit."""

from __future__ import annotations

import ctypes
import math
from fractions import Fraction

import numpy as np
import pytest

from robokern.compiler.emit import EMIT, assertions
from robokern.compiler.target import cpu
from robokern.ir import interpret, layout
from robokern.ir.nodes import Assert, Loc, Value
from robokern.ir.ops import OPS
from robokern.ir.types import (
    BY_NAME,
    ArrayType,
    Matrix,
    Scalar,
    Struct,
    Vector,
    bfloat16,
    bool_,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint32,
    uint64,
    vec3,
)
from tests.compiler.machine import Machine, each, function, kernel, leaves, run_each, same_bits

FLOATS = (float16, float32, float64)
INTEGERS = tuple(s for s in BY_NAME.values() if s.kind in "iu")
NUMPY = tuple(s for s in BY_NAME.values() if s != bfloat16)  # that one: test_bfloat16.py
SIGNED = tuple(s for s in INTEGERS if s.kind == "i")


def test_table_has_a_row_per_primitive() -> None:
    assert set(EMIT) == set(OPS)


def special(scalar: Scalar) -> np.ndarray:
    """Values at which arithmetic goes wrong, and some ordinary ones."""
    dtype = np.dtype(scalar.name)
    if scalar.kind == "f":
        info = np.finfo(dtype)
        odd = [
            0.0,
            -0.0,
            1,
            -1,
            0.5,
            -0.5,
            1.5,
            2.5,
            -2.5,
            3,
            7.25,
            -0.1,
            100.7,
            math.inf,
            -math.inf,
            math.nan,
        ]
        return np.array(
            [*odd, info.max, info.min, info.tiny, info.smallest_subnormal, -info.tiny, info.eps], dtype
        )
    info = np.iinfo(dtype)
    return np.array([0, 1, 2, 3, 5, 7, 8, 31, 100, info.max, info.max - 1, info.min, info.min + 1], dtype)


def pairs(scalar: Scalar) -> tuple[np.ndarray, np.ndarray]:
    values = special(scalar)
    if scalar.kind == "i":
        values = np.r_[values, -values[1:8]]
    a, b = np.meshgrid(values, values)
    return a.ravel().copy(), b.ravel().copy()


def apply(name: str, *inputs: np.ndarray, to: Scalar | None = None, **attrs: object) -> np.ndarray:
    types = [BY_NAME[a.dtype.name] for a in inputs]
    return run_each(lambda b, *v: b.op(name, *v, **attrs), *inputs, types=types, to=to or types[0])


# arithmetic


@pytest.mark.parametrize("scalar", FLOATS, ids=str)
@pytest.mark.parametrize("name", ["add", "sub", "mul", "div"])
def test_float_arithmetic_is_ieee(name: str, scalar: Scalar) -> None:
    a, b = pairs(scalar)
    ufunc = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}[name]
    with np.errstate(all="ignore"):
        same_bits(apply(name, a, b), ufunc(a, b))


@pytest.mark.parametrize("scalar", INTEGERS, ids=str)
@pytest.mark.parametrize("name", ["add", "sub", "mul"])
def test_integer_arithmetic_wraps(name: str, scalar: Scalar) -> None:
    a, b = pairs(scalar)
    ufunc = {"add": np.add, "sub": np.subtract, "mul": np.multiply}[name]
    with np.errstate(all="ignore"):
        same_bits(apply(name, a, b), ufunc(a, b))


@pytest.mark.parametrize("scalar", INTEGERS, ids=str)
def test_division_truncates_and_survives_its_bad_cases(scalar: Scalar) -> None:
    a, b = pairs(scalar)
    quotient, remainder = apply("idiv", a, b), apply("mod", a, b)
    bits = scalar.bits
    for x, y, q, r in zip(a.tolist(), b.tolist(), quotient.tolist(), remainder.tolist(), strict=True):
        exact = 0 if y == 0 else math.trunc(Fraction(x, y))
        wrapped = np.array([exact & ((1 << bits) - 1)], f"u{bits // 8}").view(scalar.name)[0]
        assert q == wrapped, (x, y)
        assert r == (0 if y == 0 else x - exact * y), (x, y)


@pytest.mark.parametrize("scalar", [*INTEGERS, *FLOATS], ids=str)
def test_min_max_take_the_second_where_unordered(scalar: Scalar) -> None:
    a, b = pairs(scalar)
    same_bits(apply("min", a, b), np.where(a < b, a, b))
    same_bits(apply("max", a, b), np.where(a > b, a, b))


@pytest.mark.parametrize("scalar", [*INTEGERS, *FLOATS], ids=str)
def test_negate_and_absolute(scalar: Scalar) -> None:
    a = special(scalar)
    with np.errstate(all="ignore"):
        same_bits(apply("neg", a), np.negative(a))
        same_bits(apply("abs", a), np.absolute(a))
    if scalar.kind == "f":
        assert np.signbit(apply("neg", np.zeros(1, a.dtype)))[0]


@pytest.mark.parametrize("scalar", FLOATS, ids=str)
def test_roundings_and_root(scalar: Scalar) -> None:
    a = special(scalar)
    for name, ufunc in {
        "floor": np.floor,
        "ceil": np.ceil,
        "trunc": np.trunc,
        "rint": np.rint,
        "sqrt": np.sqrt,
    }.items():
        with np.errstate(all="ignore"):
            same_bits(apply(name, a), ufunc(a))


def _fma_inputs(scalar: Scalar) -> list[np.ndarray]:
    """Sums that nearly cancel, where rounding the product first shows."""
    draw = np.random.default_rng(1)
    a, b, c = (draw.normal(size=4000).astype(scalar.name) for _ in range(3))
    near = -(a.astype(float) * b.astype(float)) * (1 + draw.normal(size=4000) * 1e-3)
    return [a, b, np.where(np.arange(4000) % 2, c, near.astype(scalar.name))]


def _assert_rounded_once(a: np.ndarray, b: np.ndarray, c: np.ndarray, got: np.ndarray) -> None:
    for x, y, z, r in zip(a, b, c, got, strict=True):
        exact = Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))
        error = abs(Fraction(float(r)) - exact)
        for other in (np.nextafter(r, r.dtype.type(-np.inf)), np.nextafter(r, r.dtype.type(np.inf))):
            assert error <= abs(Fraction(float(other)) - exact)


@pytest.mark.parametrize("scalar", FLOATS, ids=str)
def test_fma_rounds_once(scalar: Scalar) -> None:
    inputs = _fma_inputs(scalar)
    _assert_rounded_once(*inputs, apply("fma", *inputs))


@pytest.mark.skipif(not cpu().triple.startswith("x86_64"), reason="names x86 processors")
@pytest.mark.parametrize("processor", ["x86-64", "x86-64-v3"])
@pytest.mark.parametrize("scalar", [float32, float64], ids=str)
def test_other_processors_give_the_same_bits(scalar: Scalar, processor: str) -> None:
    """x86-64 has neither fused multiply-add nor rounding instructions."""
    inputs = _fma_inputs(scalar)
    func = each(lambda b, *v: b.op("rint", b.op("mul", b.op("fma", *v), v[0])), *[scalar] * 3, to=scalar)
    here, there = np.zeros_like(inputs[0]), np.zeros_like(inputs[0])
    Machine(func).launch(here.shape, [*inputs, here])
    Machine(func, cpu(name=processor)).launch(here.shape, [*inputs, there])
    same_bits(here, there)
    fused = each(lambda b, *v: b.op("fma", *v), *[scalar] * 3, to=scalar)
    Machine(fused, cpu(name=processor)).launch(here.shape, [*inputs, there])
    _assert_rounded_once(*inputs, there)


def test_half_rounds_after_each_operation() -> None:
    a = np.array([2048, 0.1, 65504, 1e-4], np.float16)
    b = np.array([1, 0.2, 16, 1e-4], np.float16)
    func = each(lambda k, x, y: k.op("sub", k.op("add", x, y), x), float16, float16, to=float16)
    out = np.zeros(4, np.float16)
    Machine(func).launch((4,), [a, b, out])
    with np.errstate(all="ignore"):
        same_bits(out, (a + b).astype(np.float16) - a)


# bits and comparisons


@pytest.mark.parametrize("scalar", [bool_, *INTEGERS], ids=str)
def test_bitwise(scalar: Scalar) -> None:
    a, b = pairs(scalar) if scalar != bool_ else (np.array([0, 0, 1, 1], bool), np.array([0, 1, 0, 1], bool))
    for name, ufunc in {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}.items():
        same_bits(apply(name, a, b), ufunc(a, b))
    same_bits(apply("not", a), np.invert(a))


@pytest.mark.parametrize("scalar", INTEGERS, ids=str)
def test_shift_counts_are_masked(scalar: Scalar) -> None:
    a, b = pairs(scalar)
    count = b & (scalar.bits - 1)
    same_bits(apply("shl", a, b), np.left_shift(a, count))
    same_bits(apply("shr", a, b), np.right_shift(a, count))


@pytest.mark.parametrize("scalar", [*INTEGERS, *FLOATS], ids=str)
def test_comparisons(scalar: Scalar) -> None:
    a, b = pairs(scalar)
    relations = {"lt": a < b, "le": a <= b, "gt": a > b, "ge": a >= b, "eq": a == b, "ne": a != b}
    for name, expected in relations.items():
        same_bits(apply(name, a, b, to=bool_), expected)


# conversions


@pytest.mark.parametrize("target", NUMPY, ids=str)
@pytest.mark.parametrize("source", NUMPY, ids=str)
def test_casts(source: Scalar, target: Scalar) -> None:
    a = np.array([False, True]) if source == bool_ else special(source)
    got = apply("cast", a, to=target, type=target)
    same_bits(got, np.array([_converted(x, source, target) for x in a.tolist()], dtype=target.name))


def _converted(x: float, source: Scalar, target: Scalar) -> object:
    if target.kind == "b":
        return x != 0
    if target.kind == "f":
        with np.errstate(all="ignore"):
            return np.array(x).astype(target.name)
    if source.kind != "f":
        return np.array(int(x) & ((1 << target.bits) - 1), f"u{target.size}").view(target.name)
    info = np.iinfo(target.name)
    if math.isnan(x):
        return 0
    return info.max if x > info.max else info.min if x < info.min else math.trunc(x)


def test_double_to_half_rounds_once() -> None:
    a = np.array(
        [1 + 2**-11 + 2**-40, 1 + 2**-11, 1 + 2**-11 - 2**-40, 2**-25 + 2**-60, 65519.999999999], np.float64
    )
    same_bits(apply("cast", a, to=float16, type=float16), a.astype(np.float16))


def test_bitcast() -> None:
    a = special(float32)
    same_bits(apply("bitcast", a, to=uint32, type=uint32), a.view(np.uint32))
    b = special(int64)
    same_bits(apply("bitcast", b, to=float64, type=float64).view(np.int64), b)


@pytest.mark.parametrize("scalar", NUMPY, ids=str)
def test_constants_are_exact(scalar: Scalar) -> None:
    for value in [True] if scalar == bool_ else special(scalar).tolist():
        out = run_each(
            lambda b, x, v=value: b.const(v, scalar), np.zeros(1, np.int32), types=[int32], to=scalar
        )
        same_bits(out, np.array([value], scalar.name))


# composites

S = Struct("S", (("flag", bool_), ("v", vec3), ("n", int64), ("data", ArrayType(float32, 2))))


def test_composites_are_taken_apart_and_put_together() -> None:
    a = np.arange(18, dtype=np.float32).reshape(6, 3)

    def compute(b, v):  # type: ignore[no-untyped-def]
        x, z = b.extract(v, 0, float32), b.extract(v, 2, float32)
        return b.insert(b.op("make", z, b.op("splat", x, type=Vector(2, float32)), type=vec3), z, 1)

    got = run_each(compute, a, types=[vec3], to=vec3)
    np.testing.assert_array_equal(got, a[:, [2, 2, 0]])


@pytest.mark.parametrize("columns", [3, 20])
@pytest.mark.parametrize("index", [int8, uint8, int32, int64, uint64], ids=str)
def test_pick_and_put_with_an_index_known_at_run_time(index: Scalar, columns: int) -> None:
    matrix, row = Matrix(3, columns, float32), Vector(columns, float32)
    last = np.iinfo(index.name).max
    which = np.array([0, 1, 2, 3, last, np.iinfo(index.name).min], index.name)
    whole = np.arange(6 * 3 * columns, dtype=np.float32).reshape(6, 3, columns) + 1
    picked = run_each(
        lambda b, m, k: b.op("pick", m, k, type=row), whole, which, types=[matrix, index], to=row
    )
    put = run_each(
        lambda b, m, k: b.op("put", m, k, b.op("zero", type=row)),
        whole,
        which,
        types=[matrix, index],
        to=matrix,
    )
    for n, k in enumerate(which.tolist()):
        expected = whole[n].copy()
        np.testing.assert_array_equal(picked[n], expected[k] if 0 <= k < 3 else np.zeros(columns))
        if 0 <= k < 3:
            expected[k] = 0
        np.testing.assert_array_equal(put[n], expected)


def test_select_works_leaf_by_leaf() -> None:
    condition = np.array([True, False, True])
    a, b = np.ones((3, 3), np.float32), np.arange(9, dtype=np.float32).reshape(3, 3)
    got = run_each(
        lambda k, c, x, y: k.op("select", c, x, y), condition, a, b, types=[bool_, vec3, vec3], to=vec3
    )
    np.testing.assert_array_equal(got, np.where(condition[:, None], a, b))


# memory


def test_struct_with_an_array_inside_by_handle() -> None:
    table = np.arange(12, dtype=np.float32).reshape(3, 4)[:, ::2]
    record = np.zeros(1, layout.numpy_dtype(S))
    record["flag"], record["v"], record["n"] = True, [1, 2, 3], 1 << 40
    record["data"] = (table.ctypes.data, table.shape, table.strides)
    element = ArrayType(S)

    def body(b, tid, handle, out):  # type: ignore[no-untyped-def]
        array = b.op("array_at", handle, b.const(1, int32), type=element)
        s = b.op("load", array, b.const(0, int32), type=S, offset=0)
        data = b.extract(s, layout.field_leaf(S, "data")[0], ArrayType(float32, 2))
        value = b.op("load", data, b.const(2, int32), tid[0], type=float32, offset=0)
        chosen = b.op("select", b.extract(s, 0, bool_), value, b.const(-1, float32))
        large = b.op("cast", b.extract(s, 4, int64), type=float32)
        b.ops("store", out, tid[0], b.op("add", chosen, large), offset=0)

    out = np.zeros(2, np.float32)
    Machine(kernel([uint64, ArrayType(float32)], body)).launch((2,), [record.ctypes.data, out])
    np.testing.assert_array_equal(out, np.float32(1 << 40) + table[2])


def test_struct_arguments_and_parts_of_elements() -> None:
    pair = Struct("Pair", (("a", int16), ("b", vec3)))

    def body(b, tid, p, out):  # type: ignore[no-untyped-def]
        b.ops("store", out, tid[0], b.extract(p, 2, float32), offset=3)
        b.ops("store", out, tid[0], b.extract(p, 0, int16), offset=0)

    out = np.zeros(3, layout.numpy_dtype(pair))
    argument = np.array((7, [1.5, 2.5, 3.5]), layout.numpy_dtype(pair))
    Machine(kernel([pair, ArrayType(pair)], body)).launch((3,), [argument, out])
    np.testing.assert_array_equal(out["a"], 7)
    np.testing.assert_array_equal(out["b"], [[0, 0, 2.5]] * 3)


def _strided(b, tid, x, out):  # type: ignore[no-untyped-def]
    row = b.op("view", x, tid[0])
    parts = b.op("components", row)
    value = b.op("load", parts, tid[1], b.const(2, int64), type=float32, offset=0)
    b.ops("store", out, *tid, value, offset=0)


@pytest.mark.parametrize("contiguous", [True, False])
def test_views_and_components_follow_the_strides(contiguous: bool) -> None:
    x = np.arange(5 * 8 * 3, dtype=np.float32).reshape(5, 8, 3)
    func = kernel([ArrayType(vec3, 2), ArrayType(float32, 2)], _strided, ndim=2)
    if not contiguous:
        x = x[::-2, ::3]
    out = np.zeros(x.shape[:2], np.float32)
    Machine(func, cpu(contiguous=contiguous)).launch(x.shape[:2], [x, out])
    np.testing.assert_array_equal(out, x[:, :, 2])


def test_offsets_beyond_four_gigabytes() -> None:
    stride = 1 << 33
    x = np.lib.stride_tricks.as_strided(np.zeros(1, np.uint8), (3,), (stride,), writeable=False)

    def body(b, tid, array, out):  # type: ignore[no-untyped-def]
        b.ops("store", out, tid[0], b.op("address", b.op("view", array, tid[0])), offset=0)

    out = np.zeros(3, np.uint64)
    two = np.lib.stride_tricks.as_strided(x, (3, 1), (stride, 1), writeable=False)
    Machine(kernel([ArrayType(uint8, 2), ArrayType(uint64)], body), cpu(contiguous=False)).launch(
        (3,), [two, out]
    )
    np.testing.assert_array_equal(out - np.uint64(x.ctypes.data), np.arange(3, dtype=np.uint64) * stride)


def test_local_arrays_start_as_zero_each_time() -> None:
    def body(b, tid, out):  # type: ignore[no-untyped-def]
        sum_, counter = Value(int32), Value(int32)
        with b.region((counter, sum_)) as block:
            stack = b.op("local", shape=(100,), type=ArrayType(int32))
            old = b.op("load", stack, counter, type=int32, offset=0)
            b.ops("store", stack, counter, b.const(5, int32), offset=0)
            again = b.op("load", stack, counter, type=int32, offset=0)
            block.yields = (b.op("add", sum_, b.op("sub", again, old)),)
        n, zero, one = b.const(100, int32), b.const(0, int32), b.const(1, int32)
        (total,) = b.ops("for", zero, n, one, zero, regions=(block,))
        b.ops("store", out, tid[0], total, offset=0)

    out = np.zeros(4, np.int32)
    Machine(kernel([ArrayType(int32)], body)).launch((4,), [out])
    np.testing.assert_array_equal(out, 500)


def test_local_arrays_may_be_returned() -> None:
    def make(b, n):  # type: ignore[no-untyped-def]
        array = b.op("local", shape=(5,), type=ArrayType(float64))
        for k in range(300):  # too much to be inlined
            n = b.op("xor", b.op("mul", n, b.const(3, int32)), b.const(k, int32))
        b.ops("store", array, b.const(3, int32), b.op("cast", n, type=float64), offset=0)
        return array

    inner = function("inner", [int32], make)

    def both(b, n):  # type: ignore[no-untyped-def]
        b.op("local", shape=(3,), type=ArrayType(int8))
        arrays = [b.op("call", b.op("add", n, b.const(k, int32)), callee=inner) for k in (0, 1)]
        return tuple(arrays)

    outer = function("outer", [int32], both)

    def compute(b, n):  # type: ignore[no-untyped-def]
        first, second = b.ops("call", n, callee=outer)
        x, y = (b.op("load", a, b.const(3, int32), type=float64, offset=0) for a in (first, second))
        return b.op("add", b.op("mul", x, b.const(1000, float64)), y)

    out = run_each(compute, np.arange(6, dtype=np.int32), types=[int32], to=float64)
    assert len(np.unique(out)) == 6


def test_shape_of_an_array() -> None:
    def body(b, tid, x, out):  # type: ignore[no-untyped-def]
        for dim in range(3):
            b.ops("store", out, b.const(dim, int32), b.op("shape", x, dim=dim), offset=0)

    out = np.zeros(3, np.int32)
    Machine(kernel([ArrayType(int8, 3), ArrayType(int32)], body)).launch(
        (1,), [np.zeros((4, 5, 6), np.int8), out]
    )
    np.testing.assert_array_equal(out, [4, 5, 6])


# atomics


def _accumulate(name: str, values: np.ndarray, start: object) -> tuple[np.ndarray, np.ndarray]:
    """All items combine into one element: (final element, what each item found), compiled = interpreted."""
    scalar = BY_NAME[values.dtype.name]

    def body(b, tid, x, cell, old):  # type: ignore[no-untyped-def]
        v = b.op("load", x, tid[0], type=scalar, offset=0)
        b.ops("store", old, tid[0], b.op("atomic", cell, b.const(0, int32), v, op=name, offset=0), offset=0)

    func = kernel([ArrayType(scalar)] * 3, body)
    results = []
    for launch in (Machine(func).launch, lambda dim, args: _interpret(func, dim, args)):
        cell, old = np.full(1, start, values.dtype), np.zeros_like(values)
        launch(values.shape, [values, cell, old])
        results.append((cell, old))
    for compiled, interpreted in zip(*results, strict=True):
        same_bits(compiled, interpreted)
    return results[0]


def _interpret(func, dim, args):  # type: ignore[no-untyped-def]
    interpret.run(func, dim, [leaves(p.type, a) for p, a in zip(func.params, args, strict=True)])


@pytest.mark.parametrize("scalar", [*INTEGERS, *FLOATS], ids=str)
def test_atomics_give_the_old_value(scalar: Scalar) -> None:
    values = np.array([3, 1, 4, 1, 5, 9, 2, 6], scalar.name)
    cell, old = _accumulate("add", values, 10)
    assert cell[0] == 10 + values.sum()
    np.testing.assert_array_equal(old, 10 + np.r_[0, np.cumsum(values)[:-1]])
    assert _accumulate("min", values, 4)[0][0] == 1
    assert _accumulate("max", values, 4)[0][0] == 9
    cell, old = _accumulate("exch", values, 0)
    assert cell[0] == 6 and old[-1] == 2


@pytest.mark.parametrize("scalar", INTEGERS, ids=str)
def test_atomic_bits_and_signs(scalar: Scalar) -> None:
    info = np.iinfo(scalar.name)
    values = np.array([info.max, info.min, 6], scalar.name)
    assert _accumulate("min", values, 3)[0][0] == (info.min if scalar.kind == "i" else 0)
    assert _accumulate("max", values, 3)[0][0] == info.max
    for name, ufunc in {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}.items():
        assert _accumulate(name, values, 5)[0][0] == ufunc.reduce(np.r_[np.array([5], scalar.name), values])


@pytest.mark.parametrize("scalar", FLOATS, ids=str)
def test_atomic_min_is_the_primitive_min(scalar: Scalar) -> None:
    cell, _ = _accumulate("min", np.array([1, np.nan], scalar.name), 5)
    assert np.isnan(cell[0])  # min(1, nan) is the second
    cell, _ = _accumulate("max", np.array([np.nan, 2], scalar.name), 5)
    assert cell[0] == 2


@pytest.mark.parametrize("scalar", [*INTEGERS, *FLOATS], ids=str)
def test_compare_and_swap(scalar: Scalar) -> None:
    def body(b, tid, cell, old):  # type: ignore[no-untyped-def]
        expected = b.op("cast", tid[0], type=scalar)
        new = b.op("add", expected, b.const(1, scalar))
        found = b.op("atomic", cell, b.const(0, int32), expected, new, op="cas", offset=0)
        b.ops("store", old, tid[0], found, offset=0)

    func = kernel([ArrayType(scalar)] * 2, body)
    cell, old = np.full(1, 2, scalar.name), np.zeros(5, scalar.name)
    Machine(func).launch((5,), [cell, old])
    assert cell[0] == 5
    np.testing.assert_array_equal(old, [2, 2, 2, 3, 4])


def test_atomic_add_of_a_vector_is_per_component() -> None:
    def body(b, tid, cell):  # type: ignore[no-untyped-def]
        one = b.op("make", *(b.const(k, float32) for k in (1, 2, 3)), type=vec3)
        b.op("atomic", cell, b.const(0, int32), one, op="add", offset=0)

    cell = np.zeros((1, 3), np.float32)
    Machine(kernel([ArrayType(vec3)], body)).launch((100,), [cell])
    np.testing.assert_array_equal(cell, [[100, 200, 300]])


# control flow


@pytest.mark.parametrize("scalar", [int8, int32, int64, uint8, uint32], ids=str)
def test_for_counts_as_range_does(scalar: Scalar) -> None:
    info = np.iinfo(scalar.name)
    cases = [
        (0, 5, 1),
        (0, 5, 2),
        (0, 6, 2),
        (3, 3, 1),
        (5, 3, 1),
        (0, 0, 1),
        (info.max - 4, info.max, 3),
        (2, 9, 0),
    ]
    cases += [(info.max - 3, info.max, 1)]
    if scalar.kind == "i":
        cases += [
            (5, 0, -1),
            (5, 0, -2),
            (0, 5, -1),
            (info.min + 3, info.min, -2),
            (info.min + 3, info.min, -1),
        ]
        cases += [(-100, 100, 50), (100, -100, -7)]
    bounds = np.array(cases, scalar.name)
    expected = [list(range(*c)) if c[2] else [] for c in cases]
    for fixed in (False, True):
        for row, turns in zip(bounds, expected, strict=True):
            out = run_each(
                _count(scalar, row if fixed else None), *row[:, None].copy(), types=[scalar] * 3, to=int64
            )
            total = sum((k + 1) * v + 1000 for k, v in enumerate(turns))
            assert out[0] == (total + 2**63) % 2**64 - 2**63, row


def _count(scalar: Scalar, fixed: np.ndarray | None):  # type: ignore[no-untyped-def]
    """A loop whose result tells the counters it saw and their order."""

    def compute(b, *bounds):  # type: ignore[no-untyped-def]
        if fixed is not None:
            bounds = [b.const(v, scalar) for v in fixed.tolist()]
        counter, turn, total = Value(scalar), Value(int64), Value(int64)
        with b.region((counter, turn, total)) as block:
            following = b.op("add", turn, b.const(1, int64))
            term = b.op("mul", following, b.op("cast", counter, type=int64))
            block.yields = (following, b.op("add", total, b.op("add", term, b.const(1000, int64))))
        zero = b.const(0, int64)
        _, result = b.ops("for", *bounds, zero, zero, regions=(block,))
        return result

    return compute


def test_while_gives_what_its_condition_saw() -> None:
    def collatz(b, n):  # type: ignore[no-untyped-def]
        one, two, three = (b.const(k, int32) for k in (1, 2, 3))
        x, count = Value(int32), Value(int32)
        with b.region((x, count)) as test:
            test.yields = (b.op("ne", x, one), x, count)
        y, steps = Value(int32), Value(int32)
        with b.region((y, steps)) as body:
            with b.region() as even:
                even.yields = (b.op("idiv", y, two),)
            with b.region() as odd:
                odd.yields = (b.op("add", b.op("mul", three, y), one),)
            is_even = b.op("eq", b.op("mod", y, two), b.const(0, int32))
            (following,) = b.ops("if", is_even, regions=(even, odd), types=(int32,))
            body.yields = (following, b.op("add", steps, one))
        _, result = b.ops("while", n, b.const(0, int32), regions=(test, body))
        return result

    got = run_each(collatz, np.array([1, 6, 7, 27], np.int32), types=[int32], to=int32)
    np.testing.assert_array_equal(got, [0, 8, 16, 111])


def test_calls_pass_and_return_any_values() -> None:
    def swap(b, v, flag, n):  # type: ignore[no-untyped-def]
        return b.op("not", flag), b.op("neg", v), b.op("add", n, b.const(1, int64))

    callee = function("swap", [vec3, bool_, int64], swap)
    twice = function("twice", [vec3], lambda b, v: b.op("add", v, v))

    def compute(b, v):  # type: ignore[no-untyped-def]
        flag, negated, n = b.ops("call", v, b.const(False, bool_), b.const(1 << 33, int64), callee=callee)
        doubled = b.op("call", negated, callee=twice)
        scale = b.op("select", flag, b.op("cast", n, type=float32), b.const(0, float32))
        return b.op("add", doubled, b.op("splat", scale, type=vec3))

    a = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(run_each(compute, a, types=[vec3], to=vec3), -2 * a + np.float32(2**33 + 1))


def test_a_large_function_is_called_not_inlined() -> None:
    def long_chain(b, x):  # type: ignore[no-untyped-def]
        for k in range(400):
            x = b.op("xor", b.op("mul", x, b.const(2 * k + 3, int32)), b.op("shr", x, b.const(5, int32)))
        return x

    callee = function("chain", [int32], long_chain)

    def compute(b, x):  # type: ignore[no-untyped-def]
        return b.op("add", b.op("call", x, callee=callee), b.op("call", b.op("not", x), callee=callee))

    run_each(compute, np.arange(-5, 5, dtype=np.int32), types=[int32], to=int32)


# the grid

SHAPES = [(11,), (4, 7), (3, 1), (1, 5), (2, 3, 4), (2, 1, 3, 2)]


@pytest.mark.parametrize("dim", SHAPES, ids=str)
def test_every_slice_of_the_grid_runs_its_own_items(dim: tuple[int, ...]) -> None:
    ndim, total = len(dim), math.prod(dim)

    def body(b, tid, out, seen):  # type: ignore[no-untyped-def]
        number = tid[0]
        for k in range(1, ndim):
            number = b.op("add", b.op("mul", number, b.const(dim[k], int32)), tid[k])
        b.ops("store", out, number, number, offset=0)
        b.op("atomic", seen, number, b.const(1, int32), op="add", offset=0)

    machine = Machine(kernel([ArrayType(int32)] * 2, body, ndim=ndim))
    for begin in range(total + 1):
        for end in range(begin, total + 1):
            out, seen = np.full(total, -1, np.int32), np.zeros(total, np.int32)
            machine.launch(dim, [out, seen], begin, end)
            expected = np.full(total, -1, np.int32)
            expected[begin:end] = np.arange(begin, end)
            np.testing.assert_array_equal(out, expected)
            np.testing.assert_array_equal(seen, expected >= 0)


def test_a_kernel_without_coordinates_runs_once_per_item() -> None:
    def body(b, tid, cell):  # type: ignore[no-untyped-def]
        b.op("atomic", cell, b.const(0, int32), b.const(1, int32), op="add", offset=0)

    cell = np.zeros(1, np.int32)
    Machine(kernel([ArrayType(int32)], body, ndim=0)).launch((3, 4), [cell])
    assert cell[0] == 12


# what items report


def test_first_failed_assert_is_reported_and_items_go_on() -> None:
    loc = Loc("test.py", 3, 5)

    def inner(b, x):  # type: ignore[no-untyped-def]
        b.ops("assert", b.op("ne", x, b.const(6, int32)), index=0)
        return (b.ops("tid", ndim=2)[1],)

    callee = function("inner", [int32], inner, asserts=[Assert("not six", loc)])

    def body(b, tid, x, out):  # type: ignore[no-untyped-def]
        value = b.op("load", x, *tid, type=int32, offset=0)
        b.ops("assert", b.op("ge", value, b.const(0, int32)), index=0)
        b.ops("assert", b.op("lt", value, b.const(100, int32)), index=1)
        b.ops("store", out, *tid, b.op("call", value, callee=callee), offset=0)

    messages = [Assert("not negative", loc), Assert("small", loc)]
    func = kernel([ArrayType(int32, 2)] * 2, body, ndim=2, asserts=messages)
    machine = Machine(func)
    for x, expected in (
        ([1, 2, 3, 4], (0, 0)),
        ([1, 100, -1, 6], (2, 1)),
        ([1, 1, -1, 6], (1, 2)),
        ([1, 1, 1, 6], (3, 3)),
    ):
        out = np.full((2, 2), -1, np.int32)
        status = machine.launch((2, 2), [np.array(x, np.int32).reshape(2, 2), out])
        assert status == expected
        np.testing.assert_array_equal(out, [[0, 1], [0, 1]])
    assert [a.message for a in assertions(func)] == ["not negative", "small", "not six"]


def test_print_writes_words_and_values(capfd: pytest.CaptureFixture[str]) -> None:
    def body(b, tid, v, flag, big):  # type: ignore[no-untyped-def]
        half = b.const(0.5, float16)
        b.ops("print", tid[0], v, flag, half, big, message=("100%", None, "at", None, None, None, None))

    func = kernel([vec3, bool_, uint64], body)
    Machine(func).launch((2,), [vec3(1.5, -2, 3e20), True, 2**64 - 1])
    ctypes.CDLL(None).fflush(None)
    tail = "at [1.5 -2 3e+20] True 0.5 18446744073709551615\n"
    assert capfd.readouterr().out == f"100% 0 {tail}100% 1 {tail}"
