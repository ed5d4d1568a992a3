"""How structured control flow, calls and what an item reports become basic blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from robokern.compiler.emit_arithmetic import compare, convert
from robokern.compiler.emit_function import Function, Operands, Row, typed
from robokern.compiler.emit_types import register, registers
from robokern.ir import layout
from robokern.ir.nodes import Op
from robokern.ir.types import BY_NAME, Scalar, Type, scalar_of

FRAME_ALIGN = 16


def _if(f: Function, op: Op) -> list[Operands]:
    ((condition,),) = f.arguments(op)
    yes, no, end = f.fresh("then"), f.fresh("else"), f.fresh("endif")
    f.branch(condition, yes, no)
    incoming = []
    for label, region in zip((yes, no), op.regions, strict=True):
        f.open(label)
        values = f.block(region)
        incoming.append((f.label, values))
        f.jump(end)
    f.open(end)
    return f.phis((r.type for r in op.results), *incoming)


class _Loop:
    """The head of a loop: a phi per carried leaf, completed when the next turn's values are known."""

    def __init__(self, f: Function, types: Iterable[Type], initial: Sequence[Operands]) -> None:
        self.f, self.head, self.before, self.at = f, f.fresh("loop"), f.label, len(f.lines) + 2
        self.types = [registers(t) for t in types]
        self.initial = initial
        self.names = [tuple(f.fresh() for _ in held) for held in self.types]
        f.jump(self.head)
        f.open(self.head)
        f.lines += [""] * sum(map(len, self.types))

    def turn(self, values: Sequence[Operands], tag: str = "") -> None:
        """Ends the block by going back to the head with new values; `tag`: metadata of that way."""
        lines = [
            f"  {name} = phi {held} [ {first}, %{self.before} ], [ {new}, %{self.f.label} ]"
            for group in zip(self.types, self.names, self.initial, values, strict=True)
            for held, name, first, new in zip(*group, strict=True)
        ]
        self.f.lines[self.at : self.at + len(lines)] = lines
        self.f.do(f"br label %{self.head}{tag}")


def _while(f: Function, op: Op) -> list[Operands]:
    test, body = op.regions
    loop = _Loop(f, (p.type for p in test.params), f.arguments(op))
    f.values.update(zip(test.params, loop.names, strict=True))
    (go_on,), *values = f.block(test)
    inside, end = f.fresh("body"), f.fresh("end")
    f.branch(go_on, inside, end)
    f.open(inside)
    f.values.update(zip(body.params, values, strict=True))
    loop.turn(f.block(body))
    f.open(end)
    return values


def _for(f: Function, op: Op) -> list[Operands]:
    (start,), (stop,), (step,), *initial = f.arguments(op)
    (region,) = op.regions
    scalar = scalar_of(region.params[0].type)
    unit = step == "1" or (step == "-1" and scalar.kind == "i")
    first, limit = (start, stop) if unit else ("0", turns(f, scalar, start, stop, step))
    loop = _Loop(f, (p.type for p in region.params), [(first,), *initial])
    (turn,), *carried = loop.names
    inside, end = f.fresh("body"), f.fresh("end")
    relation = "ne" if not unit else "lt" if step == "1" else "gt"
    f.branch(compare(f, scalar, relation, turn, limit), inside, end)
    f.open(inside)
    counter = turn if unit else counter_at(f, scalar, start, step, turn)
    f.values.update(zip(region.params, [(counter,), *carried], strict=True))
    values = f.block(region)
    wrap = "" if not unit else "nsw " if scalar.kind == "i" else "nuw "
    following = f.let(f"add {wrap}{register(scalar)} {turn}, {step if unit else 1}")
    loop.turn([(following,), *values], f.module.loop_tag(op))
    f.open(end)
    return carried


def counter_at(f: Function, t: Scalar, start: str, step: str, turn: str) -> str:
    """The counter of a `for` in a turn."""
    return f.let(f"add {f.held(t)} {start}, {f.let(f'mul {f.held(t)} {turn}, {step}')}")


def turns(f: Function, t: Scalar, start: str, stop: str, step: str) -> str:
    """How often `for` runs, known beforehand so that no counter wraps; 0 for step 0."""
    known = _known(t, step)
    if known:
        low, high = (start, stop) if known > 0 else (stop, start)
        return _turns_up(f, t, low, high, abs(known))
    held, none, one = f.held(t), f.number(t, 0), f.number(t, 1)
    upwards = compare(f, t, "gt", step, none)
    rising = f.let(f"and {f.bit} {upwards}, {compare(f, t, 'lt', start, stop)}")
    downwards = compare(f, t, "lt", step, none)
    falling = f.let(f"and {f.bit} {downwards}, {compare(f, t, 'gt', start, stop)}")
    enters = f.let(f"or {f.bit} {rising}, {falling}")
    up, down = f.let(f"sub {held} {stop}, {start}"), f.let(f"sub {held} {start}, {stop}")
    distance = f.let(f"select {f.bit} {rising}, {held} {up}, {held} {down}")
    size = f.let(f"select {f.bit} {rising}, {held} {step}, {held} {f.let(f'sub {held} {none}, {step}')}")
    size = f.let(f"select {f.bit} {enters}, {held} {size}, {held} {one}")
    whole = f.let(f"udiv {held} {f.let(f'sub {held} {distance}, {one}')}, {size}")
    count = f.let(f"add {held} {whole}, {one}")
    return f.let(f"select {f.bit} {enters}, {held} {count}, {held} {none}")


def _known(t: Scalar, operand: str) -> int | None:
    """The value of an operand that is a literal, in all lanes if there are several."""
    found = re.fullmatch(r"(?:splat \(i\d+ )?(-?\d+)\)?", operand)
    if found is None:
        return None
    return int(found[1]) % (1 << t.bits) if t.kind == "u" else int(found[1])


def _turns_up(f: Function, t: Scalar, low: str, high: str, size: int) -> str:
    """How often a step of `size` leads on from `low` before `high`; a division by a literal at most."""
    held, one = f.held(t), f.number(t, 1)
    enters = compare(f, t, "lt", low, high)
    count = f.let(f"sub {held} {high}, {low}")
    if size > 1:
        whole = f.let(f"udiv {held} {f.let(f'sub {held} {count}, {one}')}, {f.number(t, size)}")
        count = f.let(f"add {held} {whole}, {one}")
    return f.let(f"select {f.bit} {enters}, {held} {count}, {held} {f.number(t, 0)}")


def _call(f: Function, op: Op) -> list[Operands]:
    callee = f.module.signature(op.attrs["callee"])
    given = typed((t for a in op.args for t in registers(a.type)), (o for a in op.args for o in f.values[a]))
    frame = f"ptr {f.reserve(callee.frame_size, FRAME_ALIGN)}" if callee.framed else ""
    arguments = ", ".join(x for x in (callee.context, frame, given) if x)
    if not callee.results:
        f.do(f"call void {callee.symbol}({arguments})")
        return [() for _ in op.results]
    made = f.let(f"call {callee.returns} {callee.symbol}({arguments})")
    leaves = [f.let(f"extractvalue {callee.returns} {made}, {k}") for k in range(len(callee.results))]
    taken = iter(leaves)
    return [tuple(next(taken) for _ in registers(r.type)) for r in op.results]


def _tid(f: Function, op: Op) -> list[Operands]:
    return [(f"%tid.{k}",) for k in range(len(op.results))]


def _assert(f: Function, op: Op) -> list[Operands]:
    ((held,),) = f.arguments(op)
    number = f.module.assertion_number(f.func, op.attrs["index"])
    failed, first, end = f.fresh("failed"), f.fresh("first"), f.fresh("asserted")
    f.branch(held, end, failed)
    f.open(failed)
    pair = f.let(f"cmpxchg ptr %status, i64 0, i64 {number} monotonic monotonic")
    f.branch(f.let(f"extractvalue {{ i64, i1 }} {pair}, 1"), first, end)
    f.open(first)
    place = f.let("getelementptr i8, ptr %status, i64 8")
    f.do(f"store i64 %item, ptr {place}, align 8")
    f.jump(end)
    f.open(end)
    return []


_FORMATS = {"f": "%g", "i": "%lld", "u": "%llu", "b": "%s"}


_INTEGER_SPEC = re.compile(r"%([-+ #0]*\d*(?:\.\d+)?)([diuxXoc])")


def _print(f: Function, op: Op) -> list[Operands]:
    """`message` is the printed words in order, with None where the next argument goes; or a C format."""
    message = op.attrs["message"]
    if isinstance(message, str):
        text = _INTEGER_SPEC.sub(r"%\1ll\2", message)
    else:
        values = iter(op.args)
        words = (_format(next(values).type) if x is None else x.replace("%", "%%") for x in message)
        text = " ".join(words) + "\n"
    arguments = [_printable(f, leaf, scalar_of(a.type)) for a in op.args for leaf in f.values[a]]
    f.module.target.print(f, text, arguments)
    return []


def _format(type: Type) -> str:
    each = [_FORMATS[leaf.kind] for leaf in layout.leaves(type)]
    return each[0] if isinstance(type, Scalar) else f"[{' '.join(each)}]"


def _printable(f: Function, operand: str, scalar: Scalar) -> str:
    if scalar.kind == "b":
        yes, no = f.module.text("True"), f.module.text("False")
        return f"ptr {f.let(f'select i1 {operand}, ptr {yes}, ptr {no}')}"
    wide = BY_NAME[{"f": "float64", "i": "int64", "u": "uint64"}[scalar.kind]]
    return f"{register(wide)} {convert(f, operand, scalar, wide)}"


ROWS: dict[str, Row] = {
    "if": _if,
    "for": _for,
    "while": _while,
    "call": _call,
    "tid": _tid,
    "assert": _assert,
    "print": _print,
}
