"""Prints a Func, complete with callees and with constants to the last bit; its hash is the cache key."""

from __future__ import annotations

from functools import cache

import numpy as np

from robokern.ir.bfloat16 import bits as bfloat16_bits
from robokern.ir.hashing import sha256
from robokern.ir.nodes import Block, Func, Op, Value, called, callees, remembered
from robokern.ir.types import Scalar, Struct, Type, bfloat16


def show(func: Func) -> str:
    """The function and everything it calls, callees first; source locations left out."""
    functions = [*callees(func), func]
    names = {id(f): f"{f.name}.{i}" for i, f in enumerate(functions)}
    return "\n".join(_Printer(names).function(f) for f in functions)


def digest(func: Func) -> str:
    """64 hexadecimal digits, equal for two functions that do the same by the same names, callees included."""
    names = {id(f): f"{f.name}@{remembered(f, 'digest', digest)}" for f in called(func)}
    text = _Printer({**names, id(func): func.name}).function(func)
    return sha256(text.encode()).hexdigest()


@cache
def show_type(type: Type) -> str:
    """A type to the last detail (a struct with its fields)."""
    if isinstance(type, Struct):
        fields = ", ".join(f"{n}: {show_type(t)}" for n, t in type.fields)
        return f"{type.name}{{{fields}}}"
    if hasattr(type, "dtype") and isinstance(type.dtype, Struct):
        return f"{type.__class__.__name__}[{show_type(type.dtype)}, {getattr(type, 'ndim', '')}]"
    return str(type)


class _Printer:
    def __init__(self, functions: dict[int, str]) -> None:
        self.functions = functions
        self.names: dict[int, str] = {}
        self.lines: list[str] = []

    def function(self, func: Func) -> str:
        params = ", ".join(f"{self.define(p)}: {show_type(p.type)}" for p in func.params)
        kind = "func" if func.tid_ndim is None else f"kernel<{func.tid_ndim}>"
        notes = ("" if func.contract else " no-contract") + (" fast-math" if func.fast_math else "")
        notes += (f" lanes={func.lanes}" if func.lanes else "") + (" cold" if func.cold else "")
        self.lines.append(f"{kind} {self.functions[id(func)]}({params}){notes}")
        self.block(func.body, 1)
        return "\n".join(self.lines)

    def define(self, value: Value) -> str:
        return self.names.setdefault(id(value), f"%{len(self.names)}")

    def block(self, block: Block, depth: int) -> None:
        for op in block.ops:
            self.op(op, depth)
        self.lines.append("  " * depth + "yield " + ", ".join(self.names[id(v)] for v in block.yields))

    def op(self, op: Op, depth: int) -> None:
        args = ", ".join([self.names[id(a)] for a in op.args])
        attrs = "".join([f" {k}={self.attribute(op, k)}" for k in op.attrs])
        for index, region in enumerate(op.regions):
            params = ", ".join(f"{self.define(p)}: {show_type(p.type)}" for p in region.params)
            if index == 0:
                self.lines.append("  " * depth + f"{op.name} {args}{attrs}")
            self.lines.append("  " * depth + f"region({params})")
            self.block(region, depth + 1)
        results = ", ".join([f"{self.define(r)}: {show_type(r.type)}" for r in op.results])
        head = f"{results} = " if results else ""
        tail = "end" if op.regions else f"{op.name} {args}{attrs}"
        self.lines.append("  " * depth + head + tail)

    def attribute(self, op: Op, key: str) -> str:
        value = op.attrs[key]
        if key == "callee":
            return self.functions[id(value)]
        if key == "value":
            return exact(value, op.results[0].type)
        if isinstance(value, Type):
            return show_type(value)
        if isinstance(value, tuple):
            return "(" + ", ".join(show_type(v) if isinstance(v, Type) else repr(v) for v in value) + ")"
        return repr(value)


def exact(value: object, type: Type) -> str:
    """A scalar constant without loss: floats as their bits."""
    assert isinstance(type, Scalar)
    if type.kind != "f":
        return str(int(value))  # type: ignore[call-overload]
    bits = bfloat16_bits(value) if type == bfloat16 else np.asarray(value, type.numpy).view(f"u{type.size}")
    return f"0x{int(bits):0{2 * type.size}x}"
