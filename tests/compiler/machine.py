"""Builds kernels by hand, compiles them and runs them in this process, without frontend and launches."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from robokern.compiler import build
from robokern.compiler.builder import Builder
from robokern.compiler.target import Target, cpu
from robokern.ir import interpret, layout
from robokern.ir.nodes import Func, Loc, Value
from robokern.ir.types import ArrayType, Type
from robokern.ir.verify import verify
from robokern.runtime import driver_cpu

_ENTRY = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p)


class Machine:
    """A compiled kernel in memory."""

    def __init__(self, func: Func, target: Target | None = None) -> None:
        verify(func)
        self.types = tuple(p.type for p in func.params)
        self.program = driver_cpu.Program(build.compile(func, target or cpu()))
        self.entry = _ENTRY(self.program.entry)

    def launch(
        self,
        dim: Sequence[int],
        args: Sequence[Any],
        begin: int = 0,
        end: int | None = None,
        alone: bool = False,
    ) -> tuple[int, int]:
        """Runs items [begin, end); gives the status record: (number of the failed assert or 0, item).

        Args:
            alone: additions of floats need not be atomic.
        """
        status = np.zeros(layout.STATUS_SIZE // 8, np.int64)
        status[layout.ALONE_AT // 8] = alone
        record = self.record(dim, args, status)
        self.entry(begin, int(np.prod(dim)) if end is None else end, record.ctypes.data)
        return int(status[0]), int(status[1])

    def record(self, dim: Sequence[int], args: Sequence[Any], status: np.ndarray) -> np.ndarray:
        """The launch record, 8-byte aligned."""
        *offsets, size = layout.argument_offsets(self.types)
        record = np.zeros(size // 8, np.int64)
        record[: len(dim)] = dim
        record[4] = status.ctypes.data
        raw = record.view(np.uint8)
        for start, type, arg in zip(offsets, self.types, args, strict=True):
            for at, scalar, leaf in zip(
                layout.leaf_offsets(type), layout.leaves(type), leaves(type, arg), strict=True
            ):
                data = np.array([leaf]).astype(scalar.name).view(np.uint8)
                raw[start + at : start + at + data.size] = data
        return record


def leaves(type: Type, value: Any) -> list[Any]:
    """The scalars of an argument; a NumPy array's trailing axes may be the components of an element."""
    if isinstance(type, ArrayType):
        return [np.uint64(value.ctypes.data), *value.shape[: type.ndim], *value.strides[: type.ndim]]
    return interpret.host_leaves(type, value)


def kernel(
    params: Sequence[Type],
    body: Callable[..., None],
    ndim: int = 1,
    results: Sequence[Value] = (),
    **options: Any,
) -> Func:
    """A kernel whose body is written by `body(builder, tid, *params)`; `tid` is a list of coordinates."""
    b = Builder()
    values = tuple(Value(t) for t in params)
    coordinates = list(b.ops("tid", ndim=ndim)) if ndim else []
    body(b, coordinates, *values)
    b.body.yields = tuple(results)
    names = tuple(f"p{i}" for i in range(len(values)))
    return Func("k", values, names, b.body, Loc("test.py", 1, 1), tid_ndim=ndim, **options)


def function(name: str, params: Sequence[Type], body: Callable[..., Any], **options: Any) -> Func:
    """A func; `body(builder, *params)` returns its result or results."""
    b = Builder()
    values = tuple(Value(t) for t in params)
    results = body(b, *values)
    b.body.yields = results if isinstance(results, tuple) else (results,)
    return Func(name, values, tuple(f"p{i}" for i in range(len(values))), b.body, **options)


def each(compute: Callable[..., Value], *types: Type, to: Type) -> Func:
    """The kernel `out[i] = compute(builder, in0[i], in1[i], ...)`."""

    def body(b: Builder, tid: list[Value], *arrays: Value) -> None:
        *inputs, out = arrays
        values = [b.op("load", a, tid[0], type=t, offset=0) for a, t in zip(inputs, types, strict=True)]
        b.ops("store", out, tid[0], compute(b, *values), offset=0)

    return kernel([ArrayType(t) for t in (*types, to)], body)


def run_each(
    compute: Callable[..., Value], *inputs: np.ndarray, types: Sequence[Type], to: Type
) -> np.ndarray:
    """Results of `each`, compiled; the interpreter must give the same bits."""
    func = each(compute, *types, to=to)
    compiled, interpreted = (np.zeros(len(inputs[0]), layout.numpy_dtype(to)) for _ in range(2))
    Machine(func).launch((len(inputs[0]),), [*inputs, compiled])
    arrays = (*inputs, interpreted)
    interpret.run(
        func, (len(inputs[0]),), [leaves(p.type, a) for p, a in zip(func.params, arrays, strict=True)]
    )
    same_bits(compiled, interpreted)
    return compiled


def same_bits(a: np.ndarray, b: np.ndarray) -> None:
    """Equal to the last bit, except that any NaN equals any other."""
    assert a.dtype == b.dtype and a.shape == b.shape
    if a.dtype.kind == "f":
        np.testing.assert_array_equal(np.isnan(a), np.isnan(b))
        a, b = (
            np.nan_to_num(a, nan=0.0, posinf=np.inf, neginf=-np.inf),
            np.nan_to_num(b, nan=0.0, posinf=np.inf, neginf=-np.inf),
        )
        a, b = a.view(f"u{a.dtype.itemsize}"), b.view(f"u{b.dtype.itemsize}")
    np.testing.assert_array_equal(a, b)
