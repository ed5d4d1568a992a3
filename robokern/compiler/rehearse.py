"""The first compilation of a process, done while there is nothing else to do.

It loads the modules that compile, reads in the parts of LLVM that run, and hashes the compiler's sources:
most of what a first kernel would wait for.
"""

from __future__ import annotations

from robokern.compiler import build, frontend
from robokern.compiler.builder import Builder
from robokern.compiler.target import Target
from robokern.ir.nodes import Func, Value
from robokern.ir.types import ArrayType, float32, int32


def rehearse(target: Target) -> None:
    """Compiles a small kernel and forgets it."""
    assert frontend  # a first kernel is lowered from Python
    func = _doubling()
    build.key(func, target)
    build.compile(func, target)


def _doubling() -> Func:
    """A loop that reads, computes and writes: `for k in range(n): a[i] += a[i]`."""
    a, n = Value(ArrayType(float32, 1)), Value(int32)
    b = Builder()
    i = b.op("tid", ndim=1)
    with b.region((Value(int32),)) as turn:
        x = b.op("load", a, i, offset=0, type=float32)
        b.ops("store", a, i, b.op("add", x, x), offset=0)
    b.ops("for", b.const(0, int32), n, b.const(1, int32), regions=(turn,))
    return Func("doubling", (a, n), ("a", "n"), b.body, tid_ndim=1)
