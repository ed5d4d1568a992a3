"""Calls in wide code: of cold functions of numbers. Everything else has been put in place.

A function beside the scalar one runs it lane by lane; both are object code of their own (`cold`). Three
reductions of large angles, in vectors and in place, were a third of what a quaternion kernel took to compile.
"""

from __future__ import annotations

from collections.abc import Sequence

from robokern.compiler import emit_control
from robokern.compiler.emit import Signature
from robokern.compiler.emit_function import Function, Operands, Row
from robokern.compiler.emit_types import memory, registers
from robokern.compiler.wide import WideFunction
from robokern.ir.nodes import Func, Op


def _call(f: Function, op: Op) -> list[Operands]:
    assert isinstance(f, WideFunction)
    given = [leaf for a in op.args for leaf in zip(registers(a.type), f.values[a], strict=True)]
    if not any(f.is_wide(operand) for _, operand in given):
        return list(emit_control.ROWS["call"](f, op))
    callee = f.module.signature(op.attrs["callee"])
    passed = [f"{f.vector(memory(held))} {_widened(f, held, operand)}" for held, operand in given]
    passed.append(f"{f.bits} {f.mask_bits(f.active)}")
    returns = _returns(callee, f.lanes)
    made = f.let_wide(f"call {returns} {callee.symbol}{SUFFIX}({', '.join(passed)})")
    leaves = iter([_leaf(f, held, returns, made, k) for k, held in enumerate(callee.results)])
    return [tuple(next(leaves) for _ in registers(r.type)) for r in op.results]


SUFFIX = ".lanes"


def _widened(f: WideFunction, held: str, operand: str) -> str:
    """A leaf as it is passed: conditions as bytes."""
    operand = f.spread(held, operand)
    if held != "i1":
        return operand
    return f.let_wide(f"zext {f.vector(held)} {operand} to {f.vector(memory(held))}")


def _leaf(f: WideFunction, held: str, returns: str, made: str, number: int) -> str:
    leaf = f.let_wide(f"extractvalue {returns} {made}, {number}")
    return f.let_wide(f"trunc {f.vector(memory(held))} {leaf} to {f.vector(held)}") if held == "i1" else leaf


def _returns(callee: Signature, lanes: int) -> str:
    return f"{{ {', '.join(f'<{lanes} x {memory(held)}>' for held in callee.results)} }}"


def declarations(func: Func, callee: Signature, lanes: int) -> list[str]:
    """Makes known a cold function that is elsewhere, and what calls it for the lanes of a mask."""
    given = [held for p in func.params for held in registers(p.type)]
    vectors = [f"<{lanes} x {memory(held)}>" for held in given]
    return [
        f"declare {callee.returns} {callee.symbol}({', '.join(given)}) cold nounwind",
        f"declare {_returns(callee, lanes)} {callee.symbol}{SUFFIX}({', '.join([*vectors, f'i{lanes}'])}) "
        "cold nounwind",
    ]


def by_lanes(func: Func, callee: Signature, lanes: int, attributes: str) -> str:
    """The function that calls a scalar one for each lane of a mask; results are zero in other lanes."""
    given = [held for p in func.params for held in registers(p.type)]
    bits, returns = f"i{lanes}", _returns(callee, lanes)
    vectors = [f"<{lanes} x {memory(held)}>" for held in given]
    found = [f"<{lanes} x {memory(held)}>" for held in callee.results]
    head = ", ".join([*(f"{t} %p{k}" for k, t in enumerate(vectors)), f"{bits} %bits"])
    symbol = f"{callee.symbol}{SUFFIX}({head})"
    lines = [
        f"define {returns} {symbol} noinline cold {attributes} {{",
        "start:",
        *(line for k, t in enumerate(vectors) for line in _slot(f"%a{k}", t, f"%p{k}")),
        *(line for k, t in enumerate(found) for line in _slot(f"%r{k}", t, "zeroinitializer")),
        "  br label %lanes",
        *_loop(given, callee, bits),
        "done:",
        *(f"  %w{k} = load {t}, ptr %r{k}" for k, t in enumerate(found)),
        *_joined(returns, found),
        "}",
    ]
    return "\n".join(lines)


def _slot(name: str, type: str, content: str) -> list[str]:
    return [f"  {name} = alloca {type}", f"  store {type} {content}, ptr {name}"]


def _loop(given: Sequence[str], callee: Signature, bits: str) -> list[str]:
    """One turn for each bit of the mask, which has one at least."""
    return [
        "lanes:",
        f"  %left = phi {bits} [ %bits, %start ], [ %less, %lanes ]",
        f"  %lane = call {bits} @llvm.cttz.{bits}({bits} %left, i1 true)",
        f"  %at = {'add i64 %lane, 0' if bits == 'i64' else f'zext {bits} %lane to i64'}",
        *(line for k, held in enumerate(given) for line in _read(k, held)),
        f"  %made = call {callee.returns} {callee.symbol}({_arguments(given)})",
        *(line for k, held in enumerate(callee.results) for line in _write(k, held, callee.returns)),
        f"  %before = sub {bits} %left, 1",
        f"  %less = and {bits} %left, %before",
        f"  %last = icmp eq {bits} %less, 0",
        "  br i1 %last, label %done, label %lanes",
    ]


def _arguments(given: Sequence[str]) -> str:
    return ", ".join(f"{held} %x{k}" for k, held in enumerate(given))


def _read(number: int, held: str) -> list[str]:
    """The argument %x of the lane."""
    stored, name = memory(held), "b" if held == "i1" else "x"
    lines = [
        f"  %from{number} = getelementptr {stored}, ptr %a{number}, i64 %at",
        f"  %{name}{number} = load {stored}, ptr %from{number}",
    ]
    return [*lines, f"  %x{number} = trunc {stored} %b{number} to i1"] if held == "i1" else lines


def _write(number: int, held: str, returns: str) -> list[str]:
    stored, name = memory(held), "c" if held == "i1" else "y"
    lines = [f"  %{name}{number} = extractvalue {returns} %made, {number}"]
    if held == "i1":
        lines.append(f"  %y{number} = zext i1 %c{number} to {stored}")
    return [
        *lines,
        f"  %to{number} = getelementptr {stored}, ptr %r{number}, i64 %at",
        f"  store {stored} %y{number}, ptr %to{number}",
    ]


def _joined(returns: str, types: Sequence[str]) -> list[str]:
    """Returns the results."""
    lines, whole = [], "poison"
    for k, type in enumerate(types):
        lines.append(f"  %j{k} = insertvalue {returns} {whole}, {type} %w{k}, {k}")
        whole = f"%j{k}"
    return [*lines, f"  ret {returns} {whole}"]


ROWS: dict[str, Row] = {"call": _call}
