"""Dead code of whole functions: what remains gives the same, and what nobody uses is gone."""

from __future__ import annotations

from collections.abc import Callable

import robokern as rk
from robokern.compiler.adjoint import adjoint
from robokern.compiler.builder import Builder
from robokern.compiler.frontend import lower
from robokern.compiler.prune import prune
from robokern.ir.nodes import Func, Op, Value, walk
from robokern.ir.types import ArrayType, float32, int32
from robokern.ir.verify import verify
from tests.compiler.machine import function


def pruned(body: Callable[[Builder, Value, Value], Value]) -> Func:
    """Of a function of a number and an array, which is still well formed."""
    made = prune(function("f", [float32, ArrayType(float32)], body))
    verify(made)
    return made


def only(func: Func, name: str) -> Op:
    (found,) = (op for op in walk(func.body) if op.name == name)
    return found


def counted(b: Builder, carried: list[Value], turn: Callable[..., list[Value]]) -> tuple[Value, ...]:
    """Four turns of a `for`."""
    i, inside = Value(int32), [Value(v.type) for v in carried]
    with b.region((i, *inside)) as region:
        region.yields = tuple(turn(i, *inside))
    start, stop, step = (b.const(n, int32) for n in (0, 4, 1))
    return b.ops("for", start, stop, step, *carried, regions=(region,))


def test_a_sum_that_only_its_next_turn_reads_goes() -> None:
    def body(b: Builder, x: Value, array: Value) -> Value:
        turn = lambda i, kept, lost: [b.op("mul", kept, x), b.op("add", lost, kept)]  # noqa: E731
        return counted(b, [x, x], turn)[0]

    loop = only(pruned(body), "for")
    assert (len(loop.results), len(loop.args), len(loop.regions[0].params)) == (1, 4, 2)
    assert [op.name for op in loop.regions[0].ops] == ["mul"]


def test_what_another_carried_value_needs_stays() -> None:
    def body(b: Builder, x: Value, array: Value) -> Value:
        turn = lambda i, kept, needed: [b.op("mul", kept, needed), b.op("add", needed, x)]  # noqa: E731
        return counted(b, [x, x], turn)[0]

    assert len(only(pruned(body), "for").results) == 2


def test_a_branch_hands_on_what_is_used() -> None:
    def body(b: Builder, x: Value, array: Value) -> Value:
        with b.region() as then:
            then.yields = (b.op("sqrt", x), x)
        with b.region() as other:
            other.yields = (x, b.op("neg", x))
        types = (float32, float32)
        return b.ops("if", b.op("lt", x, x), regions=(then, other), types=types)[1]

    branch = only(pruned(body), "if")
    assert branch.attrs["types"] == (float32,)
    assert [[op.name for op in region.ops] for region in branch.regions] == [[], ["neg"]]


def test_a_loop_with_effect_stays_without_its_results() -> None:
    def body(b: Builder, x: Value, array: Value) -> Value:
        def turn(i: Value, total: Value) -> list[Value]:
            b.ops("store", array, i, x, offset=0)
            return [b.op("add", total, x)]

        counted(b, [x], turn)
        return x

    loop = only(pruned(body), "for")
    assert (loop.results, len(loop.args)) == ((), 3)
    assert [op.name for op in loop.regions[0].ops] == ["store"]


def test_a_while_keeps_what_its_condition_reads() -> None:
    def body(b: Builder, x: Value, array: Value) -> Value:
        tests, turns = [[Value(float32) for _ in range(3)] for _ in range(2)]
        with b.region(tuple(tests)) as test:
            test.yields = (b.op("lt", tests[0], x), *tests)
        with b.region(tuple(turns)) as after:
            after.yields = (b.op("add", turns[0], x), b.op("mul", turns[1], x), b.op("sqrt", turns[2]))
        return b.ops("while", x, x, x, regions=(test, after))[1]

    loop = only(pruned(body), "while")
    assert (len(loop.results), len(loop.args), len(loop.regions[0].yields)) == (2, 2, 3)
    assert [op.name for op in loop.regions[1].ops] == ["add", "mul"]


@rk.kernel
def near(x: rk.array(dtype=float), first: rk.array(dtype=int), y: rk.array(dtype=float)):
    i = rk.tid()
    total = float(0.0)
    for j in range(first[i], first[i + 1]):
        d = x[j] - x[i]
        if d > 0.0:
            total += d * d
    y[i] = total


def test_a_sum_under_a_condition_is_reversed_without_keeping_it() -> None:
    """The derivative by what is added needs no total, so it has no checkpoints and runs no loop forwards."""
    func = lower(near, tuple(type for _, type in near.params))
    made = adjoint(func, frozenset({0, 2}), 1).func
    assert made is not None
    names = [op.name for op in walk(made.body)]
    assert (names.count("local"), names.count("while"), names.count("for")) == (0, 0, 1)
