"""Control flow with lanes that go different ways, against plain Python per item."""

import numpy as np
import pytest

from robokern.errors import KernelAssertionError
from robokern.ir.interpret import LANES, call, run, turns
from robokern.ir.nodes import Assert, Loc
from robokern.ir.types import (
    BY_NAME,
    ArrayType,
    Struct,
    Vector,
    bool_,
    float32,
    int8,
    int32,
    int64,
    uint8,
    uint32,
)

INTS = ArrayType(int32)
N = 40


def run_on(ir, body, x):
    """Applies `body(builder, x[i]) -> result` to each element."""
    out = np.zeros_like(x)

    def kernel(b, source, target):
        i = ir.tid(b)
        b.ops("store", target, i, body(b, b.op("load", source, i, type=int32, offset=0)), offset=0)

    ir.launch([INTS, INTS], kernel, len(x), x, out)
    return out


def test_if_merges_what_lanes_computed(ir):
    def body(b, x):
        odd = b.op("eq", b.op("and", x, b.const(1, int32)), b.const(1, int32))
        (y,) = ir.branch(b, odd, lambda: [b.op("add", x, b.const(100, int32))], lambda: [b.op("neg", x)])
        return y

    x = np.arange(N, dtype=np.int32)
    assert run_on(ir, body, x).tolist() == [v + 100 if v % 2 else -v for v in range(N)]


@pytest.mark.parametrize("taken", [True, False])
def test_if_with_one_condition_for_all(ir, taken):
    def body(b, x):
        (y,) = ir.branch(b, b.const(taken, bool_), lambda: [x], lambda: [b.op("neg", x)])
        return y

    x = np.arange(1, N, dtype=np.int32)
    assert (run_on(ir, body, x) == (x if taken else -x)).all()


def test_branch_not_taken_cannot_fault(ir):
    """Only lanes that take the branch load: the others' index is out of range."""
    x = np.arange(N, dtype=np.int32)
    out = np.full(N, -1, np.int32)

    def kernel(b, source, target):
        i = ir.tid(b)
        shifted = b.op("add", i, b.const(10, int32))
        inside = b.op("lt", shifted, b.const(N, int32))

        def then():
            b.ops("store", target, i, b.op("load", source, shifted, type=int32, offset=0), offset=0)

        ir.branch(b, inside, then, lambda: None)

    ir.launch([INTS, INTS], kernel, N, x, out)
    assert out.tolist() == [*range(10, N), *[-1] * 10]


def test_nested_loops_with_divergent_counts(ir):
    """Sum over j < x of the sum over k < j of (k ^ x)."""

    def body(b, x):
        zero = b.const(0, int32)

        def inner(j, total):
            return ir.loop(b, zero, j, [total], lambda k, t: [b.op("add", t, b.op("xor", k, x))])

        (total,) = ir.loop(b, zero, x, [zero], inner)
        return total

    x = np.array([7, 0, 3, 12, 1, 5, -4, 9], np.int32)
    want = [sum(k ^ int(v) for j in range(int(v)) for k in range(j)) for v in x]
    assert run_on(ir, body, x).tolist() == want


def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def test_while_with_divergent_exits_and_an_inner_if(ir):
    def body(b, x):
        one, two, three = (b.const(v, int32) for v in (1, 2, 3))

        def turn(n, steps):
            even = b.op("eq", b.op("mod", n, two), b.const(0, int32))
            (following,) = ir.branch(
                b,
                even,
                lambda: [b.op("idiv", n, two)],
                lambda: [b.op("add", b.op("mul", n, three), one)],
            )
            return following, b.op("add", steps, one)

        _, steps = ir.repeat(b, [x, b.const(0, int32)], lambda n, s: b.op("ne", n, one), turn)
        return steps

    x = np.arange(1, 60, dtype=np.int32)
    assert run_on(ir, body, x).tolist() == [collatz(int(n)) for n in x]


def test_while_result_is_what_the_test_yields(ir):
    """The test region may itself change the carried values; they count also when it ends the loop."""

    def body(b, x):
        from robokern.ir.nodes import Value

        with b.region((Value(int32),)) as first:
            up = b.op("add", first.params[0], b.const(1, int32))
            first.yields = (b.op("lt", up, b.const(5, int32)), up)
        with b.region((Value(int32),)) as second:
            second.yields = second.params
        (result,) = b.ops("while", x, regions=(first, second))
        return result

    x = np.arange(10, dtype=np.int32)
    assert run_on(ir, body, x).tolist() == [5, 5, 5, 5, 5, 6, 7, 8, 9, 10]


def test_loop_in_a_branch_sees_outer_values(ir):
    def body(b, x):
        scaled = b.op("mul", x, b.const(3, int32))
        small = b.op("lt", x, b.const(5, int32))

        def then():
            return ir.loop(b, b.const(0, int32), x, [scaled], lambda k, t: [b.op("add", t, scaled)])

        (y,) = ir.branch(b, small, then, lambda: [scaled])
        return y

    x = np.arange(10, dtype=np.int32)
    assert run_on(ir, body, x).tolist() == [3 * v * (v + 1) if v < 5 else 3 * v for v in range(10)]


INTEGERS = [int8, uint8, int32, uint32, int64]


@pytest.mark.parametrize("scalar", [BY_NAME[n] for n in ("int8", "uint8", "int64", "uint64")], ids=str)
def test_for_counts_as_range_does(scalar):
    limits = np.iinfo(scalar.name)
    edges = sorted({limits.min, limits.min + 1, 0, 1, 7, limits.max - 1, limits.max})
    steps = [s for s in (1, 2, 3, 100, -1, -2, -100, limits.max, limits.min) if limits.min <= s]
    cases = [(a, b, s) for a in edges for b in edges for s in steps]
    with np.errstate(all="ignore"):
        got = turns(*(np.array(column, scalar.name) for column in zip(*cases, strict=True)))
    for (a, b, s), count in zip(cases, got, strict=True):
        values = range(a, b, s) if s else range(0)
        want = (values[-1] - a) // s + 1 if values else 0  # len() of a huge range overflows
        assert int(count) == want, (a, b, s)


def test_for_near_the_end_of_its_type_does_not_wrap(ir):
    out = np.zeros(8, np.uint8)

    def kernel(b, target):
        def turn(counter, place):
            b.ops("store", target, place, counter, offset=0)
            return [b.op("add", place, b.const(1, int32))]

        start, stop, step = (b.const(v, uint8) for v in (100, 255, 50))
        ir.loop(b, start, stop, [b.const(0, int32)], turn, step)

    ir.launch([ArrayType(uint8)], kernel, 1, out)
    assert out.tolist() == [100, 150, 200, 250, 0, 0, 0, 0]


def test_call_runs_in_the_callers_lanes(ir):
    square = ir.build_func([int32], lambda b, x: [b.op("mul", x, x)])

    def body(b, x):
        small = b.op("lt", x, b.const(3, int32))
        (y,) = ir.branch(b, small, lambda: b.ops("call", x, callee=square), lambda: [x])
        return y

    x = np.arange(6, dtype=np.int32)
    assert run_on(ir, body, x).tolist() == [0, 1, 4, 3, 4, 5]


def test_items_of_a_grid_in_three_dimensions(ir):
    out = np.zeros((3, 4, 5, 3), np.int32)

    def kernel(b, target):
        i, j, k = b.ops("tid", ndim=3)
        value = b.op("make", i, j, k, type=Vector(3, int32))
        b.ops("store", target, i, j, k, value, offset=0)

    ir.launch([ArrayType(Vector(3, int32), 3)], kernel, (3, 4, 5), out)
    assert (out == np.moveaxis(np.indices((3, 4, 5)), 0, -1)).all()


def test_grid_larger_than_one_batch_of_lanes(ir):
    x = np.arange(2 * LANES + 7, dtype=np.int32)
    assert (run_on(ir, lambda b, v: b.op("add", v, v), x) == 2 * x).all()


def test_empty_grid_runs_nothing(ir):
    x = np.zeros(0, np.int32)
    assert run_on(ir, lambda b, v: v, x).size == 0


def assertion(ir, limit):
    def body(b):
        b.ops("assert", b.op("lt", ir.tid(b), b.const(limit, int32)), index=0)

    kernel = ir.build_func([], body, tid_ndim=1, name="checked")
    kernel.asserts.append(Assert("index too large", Loc("a.py", 12, 5)))
    return kernel


def test_assert_names_message_place_and_lowest_item(ir):
    with pytest.raises(KernelAssertionError) as caught:
        run(assertion(ir, 3), (10,), [])
    assert str(caught.value) == "a.py:12:5: index too large; in kernel 'checked', item (3,) of grid (10,)"


def test_assert_that_holds_is_silent(ir):
    run(assertion(ir, 10), (10,), [])


def test_print_in_item_order(ir, capsys):
    def kernel(b):
        i = ir.tid(b)
        odd = b.op("eq", b.op("and", i, b.const(1, int32)), b.const(1, int32))

        def show(word):
            pair = b.op("make", b.op("cast", i, type=float32), b.const(0.5, float32), type=Vector(2, float32))
            b.ops("print", i, pair, odd, message=(word, None, None, None))

        ir.branch(b, odd, lambda: show("odd"), lambda: show("even"))

    ir.launch([], kernel, 3)
    assert capsys.readouterr().out == "even 0 [0 0.5] False\nodd 1 [1 0.5] True\neven 2 [2 0.5] False\n"


def test_call_with_host_values(ir):
    pair = Struct("Pair", (("v", Vector(2, float32)), ("n", int32)))

    def body(b, p, s):
        v = b.extract(p, 0, Vector(2, float32))
        doubled = b.op("add", v, v)
        return [b.insert(p, doubled, 0), b.op("mul", s, s)]

    func = ir.build_func([pair, float32], body)
    changed, squared = call(func, pair(v=Vector(2, float32)(1.0, 2.5), n=7), np.float32(3))
    assert list(changed.v) == [2.0, 5.0]
    assert changed.n == 7
    assert squared == 9 and squared.dtype == np.float32
