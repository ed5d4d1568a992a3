"""Arrays: strides, views, components, raw addresses, private arrays, struct members, bounds, atomics."""

import numpy as np
import pytest

from robokern.errors import KernelIndexError, RobokernError
from robokern.ir import layout
from robokern.ir.types import (
    ArrayType,
    Matrix,
    Struct,
    bool_,
    float32,
    float64,
    int32,
    int64,
    uint8,
    uint64,
    vec3,
)

INTS, FLOATS = ArrayType(int32), ArrayType(float32)


def copy_rows(ir, source, target, shape):
    """target[i, j] = source[i, j] with both as strided arrays."""

    def kernel(b, a, c):
        i, j = b.ops("tid", ndim=2)
        b.ops("store", c, i, j, b.op("load", a, i, j, type=int32, offset=0), offset=0)

    ir.launch([ArrayType(int32, 2)] * 2, kernel, shape, source, target)


def test_strides_of_any_sign_and_order(ir):
    whole = np.arange(60, dtype=np.int32).reshape(6, 10)
    for source in (whole[1::2, ::3], whole.T[::-2], whole[::-1, ::-1]):
        target = np.zeros_like(source)
        copy_rows(ir, source, target, source.shape)
        assert (target == source).all()
    target = np.zeros((6, 20), np.int32)
    copy_rows(ir, whole, target[:, ::2], whole.shape)
    assert (target[:, ::2] == whole).all() and not target[:, 1::2].any()


def test_view_drops_leading_dimensions(ir):
    source = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
    target = np.zeros((2, 4), np.int32)

    def kernel(b, a, c):
        i, k = b.ops("tid", ndim=2)
        row = b.op("view", a, i, b.const(1, int32))
        b.ops("store", c, i, k, b.op("load", row, k, type=int32, offset=0), offset=0)

    ir.launch([ArrayType(int32, 3), ArrayType(int32, 2)], kernel, (2, 4), source, target)
    assert (target == source[:, 1]).all()


def test_components_are_one_dimension_more(ir):
    source = np.arange(24, dtype=np.float32).reshape(4, 2, 3)[::2]
    target = np.zeros((2, 6), np.float32)

    def kernel(b, a, c):
        i, k = b.ops("tid", ndim=2)
        flat = b.op("components", a)
        b.ops("store", c, i, k, b.op("load", flat, i, k, type=float32, offset=0), offset=0)

    ir.launch([ArrayType(Matrix(2, 3, float32)), ArrayType(float32, 2)], kernel, (2, 6), source, target)
    assert (target == source.reshape(2, 6)).all()


def test_shape_and_address(ir):
    source = np.zeros((5, 7), np.float32)
    shape, address = np.zeros(2, np.int32), np.zeros(1, np.uint64)

    def kernel(b, a, s, p):
        zero, one = b.const(0, int32), b.const(1, int32)
        b.ops("store", s, zero, b.op("shape", a, dim=0), offset=0)
        b.ops("store", s, one, b.op("shape", a, dim=1), offset=0)
        b.ops("store", p, zero, b.op("address", a), offset=0)

    types = [ArrayType(float32, 2), INTS, ArrayType(uint64)]
    ir.launch(types, kernel, 1, source, shape, address)
    assert shape.tolist() == [5, 7]
    assert int(address[0]) == source.ctypes.data


def test_array_over_raw_memory(ir):
    source = np.arange(12, dtype=np.float32)
    target = np.zeros((2, 2, 3), np.float32)

    def kernel(b, handle, c):
        i, j = b.ops("tid", ndim=2)
        two = b.const(2, int32)
        a = b.op("array_at", handle, two, two, type=ArrayType(vec3, 2))
        b.ops("store", c, i, j, b.op("load", a, i, j, type=vec3, offset=0), offset=0)

    ir.launch([uint64, ArrayType(vec3, 2)], kernel, (2, 2), source.ctypes.data, target)
    assert (target.ravel() == source).all()


BODY = Struct(
    "Body", (("fixed", bool_), ("mass", float64), ("inner", Struct("In", (("v", vec3), ("k", uint8)))))
)


def test_struct_members_by_offset(ir):
    records = np.zeros(3, layout.numpy_dtype(BODY))
    records["mass"] = [1.0, 2.0, 4.0]
    records["fixed"] = [True, False, True]
    records["inner"]["v"] = np.arange(9).reshape(3, 3)

    def kernel(b, a):
        i = ir.tid(b)
        start, inner = layout.field_leaf(BODY, "inner")
        middle = b.op("load", a, i, type=float32, offset=start + 1)
        mass = b.op("load", a, i, type=float64, offset=1)
        b.ops("store", a, i, b.op("add", mass, b.op("cast", middle, type=float64)), offset=1)
        b.ops("store", a, i, b.op("not", b.op("load", a, i, type=bool_, offset=0)), offset=0)
        b.ops("store", a, i, b.const(9, uint8), offset=start + 3)
        whole = b.op("load", a, i, type=inner, offset=start)
        swapped = b.insert(whole, b.extract(whole, 2, float32), 0)
        b.ops("store", a, i, swapped, offset=start)

    ir.launch([ArrayType(BODY)], kernel, 3, records)
    assert records["mass"].tolist() == [2.0, 6.0, 11.0]
    assert records["fixed"].tolist() == [False, True, False]
    assert records["inner"]["k"].tolist() == [9, 9, 9]
    assert records["inner"]["v"].tolist() == [[2, 1, 2], [5, 4, 5], [8, 7, 8]]


def test_array_inside_a_struct(ir):
    holder = Struct("Holder", (("scale", float32), ("data", FLOATS)))
    data, out = np.arange(4, dtype=np.float32), np.zeros(4, np.float32)
    record = np.zeros(1, layout.numpy_dtype(holder))
    record["scale"] = 3
    record["data"]["data"], record["data"]["shape"], record["data"]["strides"] = data.ctypes.data, 4, 4

    def kernel(b, a, c):
        i = ir.tid(b)
        whole = b.op("load", a, b.const(0, int32), type=holder, offset=0)
        x = b.op("load", b.extract(whole, 1, FLOATS), i, type=float32, offset=0)
        b.ops("store", c, i, b.op("mul", x, b.extract(whole, 0, float32)), offset=0)

    ir.launch([ArrayType(holder), FLOATS], kernel, 4, record, out)
    assert out.tolist() == [0, 3, 6, 9]


def test_local_arrays_are_private_and_cleared_on_each_turn(ir):
    """Each item counts in its own array; every turn of the loop starts with zeros."""
    out = np.zeros((50, 3), np.int32)

    def kernel(b, c):
        i = ir.tid(b)
        three = b.const(3, int32)

        def turn(k, carried):
            own = b.op("local", type=INTS, shape=(3,))
            slot = b.op("mod", b.op("add", i, k), three)
            b.ops("store", own, slot, b.op("add", i, b.const(1, int32)), offset=0)
            total = carried
            for place in range(3):
                found = b.op("load", own, b.const(place, int32), type=int32, offset=0)
                b.ops("store", c, i, b.const(place, int32), found, offset=0)
                total = b.op("add", total, found)
            return [total]

        (total,) = ir.loop(b, b.const(0, int32), b.op("add", b.op("mod", i, three), three), [i], turn)
        b.ops("assert", b.op("gt", total, i), index=0)

    ir.launch([ArrayType(int32, 2)], kernel, 50, out)
    for i in range(50):
        want = [0, 0, 0]
        want[(i + i % 3 + 2) % 3] = i + 1
        assert out[i].tolist() == want


def test_local_arrays_of_two_calls_are_different(ir):
    def fill(b, value):
        own = b.op("local", type=INTS, shape=(2,))
        b.ops("store", own, b.const(0, int32), value, offset=0)
        return [own]

    filled = ir.build_func([int32], fill)
    out = np.zeros(4, np.int32)

    def kernel(b, c):
        i = ir.tid(b)
        (first,) = b.ops("call", i, callee=filled)
        (second,) = b.ops("call", b.const(7, int32), callee=filled)
        zero = b.const(0, int32)
        a, d = (b.op("load", x, zero, type=int32, offset=0) for x in (first, second))
        b.ops("store", c, i, b.op("sub", a, d), offset=0)

    ir.launch([INTS], kernel, 4, out)
    assert out.tolist() == [-7, -6, -5, -4]


@pytest.mark.parametrize("index", [-1, 4, 2**31 - 1])
@pytest.mark.parametrize("name", ["load", "store", "atomic", "view"])
def test_index_out_of_range_says_where(ir, name, index):
    data = np.zeros((4, 4), np.int32)

    def kernel(b, a):
        i = ir.tid(b)
        wrong = b.op("select", b.op("eq", i, b.const(2, int32)), b.const(index, int32), i)
        more = {"load": {"type": int32, "offset": 0}, "store": {"offset": 0}, "view": {}}
        attrs = more.get(name, {"op": "add", "offset": 0})
        args = [wrong] if name == "view" else [i, wrong]
        b.ops(name, a, *args, *([i] if name in ("store", "atomic") else []), **attrs)

    with pytest.raises(KernelIndexError) as caught:
        ir.launch([ArrayType(int32, 2)], kernel, 4, data)
    shown = f"({index},)" if name == "view" else f"(2, {index})"
    for part in (f"{name} in kernel 'k'", f"index {shown}", "shape (4, 4)", "item (2,) of grid (4,)"):
        assert part in str(caught.value)


def test_a_null_array_has_no_elements(ir):
    def kernel(b, a):
        b.op("load", a, b.const(0, int32), type=int32, offset=0)

    func = ir.build_func([INTS], kernel, tid_ndim=1)
    from robokern.ir.interpret import run

    with pytest.raises(KernelIndexError):
        run(func, (1,), [(0, 0, 0)])


def test_unaligned_address_is_an_error(ir):
    data = np.zeros(9, np.uint8)
    unaligned = data[1:].view(np.int32)

    def kernel(b, a):
        b.op("load", a, b.const(0, int32), type=int32, offset=0)

    with pytest.raises(RobokernError, match="not aligned to 4 bytes"):
        ir.launch([INTS], kernel, 1, unaligned)


def test_highest_item_wins_a_race(ir):
    out = np.zeros(3, np.int32)

    def kernel(b, a):
        i = ir.tid(b)
        b.ops("store", a, b.op("mod", i, b.const(3, int32)), i, offset=0)

    ir.launch([INTS], kernel, 100, out)
    assert out.tolist() == [99, 97, 98]


PYTHON_ATOMIC = {
    "add": lambda old, v: old + v,
    "min": min,
    "max": max,
    "and": lambda old, v: old & v,
    "or": lambda old, v: old | v,
    "xor": lambda old, v: old ^ v,
    "exch": lambda old, v: v,
}


@pytest.mark.parametrize("name", PYTHON_ATOMIC)
@pytest.mark.parametrize("cells", [1, 3, 200])
def test_atomics_act_in_item_order(ir, name, cells):
    random = np.random.default_rng(3)
    cell, value = random.integers(0, cells, 200).astype(np.int32), random.integers(-50, 50, 200)
    memory, old = np.full(cells, 21, np.int64), np.zeros(200, np.int64)
    want_memory, want_old = [21] * cells, []
    for c, v in zip(cell, value, strict=True):
        want_old.append(want_memory[c])
        want_memory[c] = PYTHON_ATOMIC[name](want_memory[c], int(v))

    def kernel(b, m, where, what, o):
        i = ir.tid(b)
        place, x = b.op("load", where, i, type=int32, offset=0), b.op("load", what, i, type=int64, offset=0)
        b.ops("store", o, i, b.op("atomic", m, place, x, op=name, offset=0), offset=0)

    longs = ArrayType(int64)
    ir.launch([longs, INTS, longs, longs], kernel, 200, memory, cell, value, old)
    assert memory.tolist() == want_memory
    assert old.tolist() == want_old


def test_atomic_add_of_floats_rounds_in_item_order(ir):
    values = np.random.default_rng(4).standard_normal(1000).astype(np.float32) * 1e4
    total = np.zeros(1, np.float32)

    def kernel(b, t, x):
        i = ir.tid(b)
        value = b.op("load", x, i, type=float32, offset=0)
        b.ops("atomic", t, b.const(0, int32), value, op="add", offset=0)

    ir.launch([FLOATS, FLOATS], kernel, 1000, total, values)
    want = np.float32(0)
    for v in values:
        want = want + v
    assert total[0] == want


def test_atomic_on_composites_is_per_component(ir):
    total = np.zeros((2, 3), np.float32)

    def kernel(b, t):
        i = ir.tid(b)
        x = b.op("splat", b.op("cast", i, type=float32), type=vec3)
        b.ops("atomic", t, b.op("and", i, b.const(1, int32)), x, op="add", offset=0)

    ir.launch([ArrayType(vec3)], kernel, 10, total)
    assert total.tolist() == [[20.0] * 3, [25.0] * 3]


def test_compare_and_swap_compares_bits(ir):
    """-0.0 equals 0.0 in value but not in bits, so only the first exchange happens."""
    memory, old = np.array([0.0, -0.0, np.nan], np.float32), np.zeros(3, np.float32)

    def kernel(b, m, o):
        i = ir.tid(b)
        swapped = b.op("atomic", m, i, b.const(0.0, float32), b.const(5.0, float32), op="cas", offset=0)
        b.ops("store", o, i, swapped, offset=0)

    ir.launch([FLOATS, FLOATS], kernel, 3, memory, old)
    assert memory[0] == 5.0 and np.signbit(memory[1]) and np.isnan(memory[2])
    assert old[0] == 0.0 and np.isnan(old[2])


def test_one_item_wins_a_compare_and_swap(ir):
    memory, won = np.zeros(1, np.int32), np.zeros(8, np.int32)

    def kernel(b, m, w):
        i = ir.tid(b)
        one = b.op("add", i, b.const(1, int32))
        found = b.op("atomic", m, b.const(0, int32), b.const(0, int32), one, op="cas", offset=0)
        b.ops("store", w, i, found, offset=0)

    ir.launch([INTS, INTS], kernel, 8, memory, won)
    assert memory.tolist() == [1]
    assert won.tolist() == [0, 1, 1, 1, 1, 1, 1, 1]
