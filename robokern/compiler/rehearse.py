"""The first compilation of a process, done while there is nothing else to do.

It loads the modules that compile, reads in the parts of LLVM that any kernel needs, and hashes the compiler's
sources: most of what a first kernel would wait for.
"""

from __future__ import annotations

from robokern.compiler import build, emit, frontend, pipeline
from robokern.compiler.builder import Builder
from robokern.compiler.target import Target
from robokern.ir.nodes import Func, Value
from robokern.ir.types import ArrayType, float32

# a first kernel is lowered, written as LLVM IR and optimised
assert frontend and emit and pipeline


def rehearse(target: Target) -> None:
    """Compiles a small kernel and forgets it: no more than a first one does in any case."""
    func = _doubling()
    build.key(func, target)
    build.compile(func, target)


def _doubling() -> Func:
    """`a[i] += a[i]`"""
    a, b = Value(ArrayType(float32, 1)), Builder()
    i = b.op("tid", ndim=1)
    x = b.op("load", a, i, offset=0, type=float32)
    b.ops("store", a, i, b.op("add", x, x), offset=0)
    return Func("doubling", (a,), ("a",), b.body, tid_ndim=1)
