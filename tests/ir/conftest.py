"""Small hand-built kernels, and how to run them on NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from robokern.compiler.builder import Builder
from robokern.ir import layout
from robokern.ir.interpret import run
from robokern.ir.nodes import Func, Value
from robokern.ir.types import ArrayType, int32
from robokern.ir.verify import verify


def leaves_of(array, dimensions):
    """An array argument as its leaves."""
    return (array.ctypes.data, *array.shape[:dimensions], *array.strides[:dimensions])


def build_func(params, body, tid_ndim=None, name="f"):
    """A func whose body is `body(builder, *parameter values)`, which returns the results."""
    values = tuple(Value(t) for t in params)
    builder = Builder()
    builder.body.yields = tuple(body(builder, *values) or ())
    func = Func(name, values, tuple(f"p{i}" for i in range(len(params))), builder.body, None, tid_ndim)
    verify(func)
    return func


def launch(params, body, dim, *arguments):
    """Builds a kernel and runs it on NumPy arrays and scalars."""
    dim = (dim,) if isinstance(dim, int) else dim
    kernel = build_func(params, body, tid_ndim=len(dim), name="k")
    bound = [
        leaves_of(a, t.ndim) if isinstance(t, ArrayType) else (a,)
        for t, a in zip(params, arguments, strict=True)
    ]
    run(kernel, dim, bound)


def apply(name, result, *columns, **attrs):
    """One primitive over columns of (type, values): loads, computes, stores; gives the results' array."""
    types = [t for t, _ in columns]
    arrays = [np.ascontiguousarray(v, layout.numpy_dtype(t).base) for t, v in columns]
    count = len(arrays[0])
    element = layout.numpy_dtype(result)
    out = np.zeros((count, *element.shape), element.base)

    def body(b, *params):
        (i,) = b.ops("tid", ndim=1)
        args = [b.op("load", p, i, type=t, offset=0) for p, t in zip(params[:-1], types, strict=True)]
        b.ops("store", params[-1], i, b.op(name, *args, **attrs), offset=0)

    launch([ArrayType(t) for t in [*types, result]], body, count, *arrays, out)
    return out


def tid(b):
    """The item's number in a one-dimensional grid."""
    return b.op("tid", ndim=1)


def loop(b, start, stop, carried, turn: Callable, step=None):
    """A `for` over int32; `turn(counter, *carried)` gives the next carried values."""
    counter, params = Value(start.type), tuple(Value(v.type) for v in carried)
    with b.region((counter, *params)) as region:
        region.yields = tuple(turn(counter, *params))
    step = b.const(1, int32) if step is None else step
    return b.ops("for", start, stop, step, *carried, regions=(region,))


def branch(b, condition, then: Callable, other: Callable):
    """An `if` whose branches return what they yield."""
    regions = []
    for side in (then, other):
        with b.region() as region:
            region.yields = tuple(side() or ())
        regions.append(region)
    types = tuple(v.type for v in regions[0].yields)
    return b.ops("if", condition, regions=tuple(regions), types=types)


def repeat(b, carried, test: Callable, turn: Callable):
    """A `while`: `test(*carried)` gives the condition, `turn(*carried)` the next values."""
    with b.region(tuple(Value(v.type) for v in carried)) as first:
        first.yields = (test(*first.params), *first.params)
    with b.region(tuple(Value(v.type) for v in carried)) as second:
        second.yields = tuple(turn(*second.params))
    return b.ops("while", *carried, regions=(first, second))


@pytest.fixture
def ir():
    """The helpers of this file."""
    return SimpleNamespace(
        apply=apply,
        branch=branch,
        build_func=build_func,
        launch=launch,
        leaves_of=leaves_of,
        loop=loop,
        repeat=repeat,
        tid=tid,
    )
