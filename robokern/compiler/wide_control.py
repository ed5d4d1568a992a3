"""How wide code branches, loops and reports: one path where lanes agree, masks where they part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from robokern.compiler import emit_control
from robokern.compiler.emit_arithmetic import compare
from robokern.compiler.emit_control import counter_at, turns
from robokern.compiler.emit_function import Function, Operands, Row
from robokern.compiler.emit_types import register, registers
from robokern.compiler.wide import WideFunction, tid
from robokern.ir.nodes import Block, Op, Value
from robokern.ir.ops import OPS
from robokern.ir.types import scalar_of

CHEAP = 24  # weight up to which both sides of a branch are computed rather than asked for
_WEIGHTS = {"div": 8, "sqrt": 8, "idiv": 40, "mod": 40}


def _if(f: Function, op: Op) -> list[Operands]:
    assert isinstance(f, WideFunction)
    ((condition,),) = f.arguments(op)
    if not f.is_wide(condition):
        return _uniform_if(f, op, condition)
    outer, sides = f.mask, []
    cheap = all(is_cheap(region) for region in op.regions)
    for number, region in enumerate(op.regions):
        if cheap or all(inner.name == "const" for inner in region.ops):
            sides.append(f.block(region))
        else:
            sides.append(_side(f, region, f.both(outer, f.inverse(condition) if number else condition)))
        f.mask = outer
    return [
        tuple(f.blend(held, condition, a, b) for held, a, b in zip(registers(r.type), yes, no, strict=True))
        for r, yes, no in zip(op.results, *sides, strict=True)
    ]


def is_cheap(region: Block) -> bool:
    """Whether both sides of such a branch are computed rather than asked for."""
    if any(OPS[op.name].effect for op in region.ops):
        return False
    return sum(_WEIGHTS.get(op.name, 1) * len(registers(op.results[0].type)) for op in region.ops) <= CHEAP


def _side(f: WideFunction, region: Block, mask: str) -> list[Operands]:
    """Runs the region in the lanes of the mask, if there are any; zeros otherwise."""
    inside, after, before = f.fresh("side"), f.fresh("after"), f.label
    f.branch(f.any(mask), inside, after)
    f.open(inside)
    f.mask = mask
    values = f.block(region)
    end = f.label
    f.jump(after)
    f.open(after)
    made = {r for op in region.ops for r in op.results}
    joined = []
    for value, operands in zip(region.yields, values, strict=True):
        if value in made:
            operands = tuple(_or_nothing(f, *leaf, end, before) for leaf in _leaves(value, operands))
        joined.append(operands)
    return joined


def _leaves(value: Value, operands: Operands) -> list[tuple[str, str]]:
    return list(zip(registers(value.type), operands, strict=True))


def _or_nothing(f: WideFunction, held: str, operand: str, end: str, before: str) -> str:
    wide = f.is_wide(operand)
    return f.phi(held, wide, (operand, end), (f.nothing(held, wide), before))


def _uniform_if(f: WideFunction, op: Op, condition: str) -> list[Operands]:
    yes, no, end = f.fresh("then"), f.fresh("else"), f.fresh("endif")
    f.branch(condition, yes, no)
    incoming = []
    for label, region in zip((yes, no), op.regions, strict=True):
        f.open(label)
        values = f.block(region)
        shaped = [_shaped(f, r, v) for r, v in zip(op.results, values, strict=True)]
        incoming.append((f.label, shaped))
        f.jump(end)
    f.open(end)
    (first, a), (second, b) = incoming
    return [
        tuple(
            x if x == y else f.phi(held, wide, (x, first), (y, second))
            for held, wide, x, y in zip(registers(r.type), f.varies(r), p, q, strict=True)
        )
        for r, p, q in zip(op.results, a, b, strict=True)
    ]


def _shaped(f: WideFunction, like: Value, operands: Operands) -> Operands:
    """Operands held as the analysis says of the value they become."""
    return tuple(
        f.shaped(held, operand, wide)
        for held, operand, wide in zip(registers(like.type), operands, f.varies(like), strict=True)
    )


@dataclass
class _Phi:
    """One leaf that a loop carries; what it becomes is known at the end of a turn."""

    held: str
    wide: bool
    initial: str
    name: str
    following: str = ""


class _Loop:
    """The head of a loop, written with room for its phis."""

    def __init__(self, f: WideFunction, leaves: Sequence[tuple[str, bool, str]]) -> None:
        self.f, self.head = f, f.fresh("loop")
        self.phis = [_Phi(h, w, f.shaped(h, operand, w), f.name(w)) for h, w, operand in leaves]
        self.before = f.label
        f.jump(self.head)
        f.open(self.head)
        self.at = len(f.lines)
        f.lines += [""] * len(self.phis)

    def turn(self) -> None:
        """Ends the block by going back to the head."""
        f = self.f
        for number, phi in enumerate(self.phis):
            type = f.vector(phi.held) if phi.wide else phi.held
            pairs = f"[ {phi.initial}, %{self.before} ], [ {phi.following}, %{f.label} ]"
            f.lines[self.at + number] = f"  {phi.name} = phi {type} {pairs}"
        f.jump(self.head)


def _carried(
    f: WideFunction, params: Sequence[Value], initial: Sequence[Operands]
) -> list[tuple[str, bool, str]]:
    return [
        leaf
        for param, operands in zip(params, initial, strict=True)
        for leaf in zip(registers(param.type), f.varies(param), operands, strict=True)
    ]


def _grouped(params: Sequence[Value], leaves: Sequence[str]) -> list[Operands]:
    """Leaves put together to one tuple per value."""
    taken = iter(leaves)
    return [tuple(next(taken) for _ in registers(p.type)) for p in params]


Test = Callable[[list[Operands]], tuple[str, list[Operands]]]  # carried -> (go on, carried)
Body = Callable[[list[Operands]], list[Operands]]


def _uniform_loop(
    f: WideFunction, params: Sequence[Value], initial: Sequence[Operands], test: Test, body: Body
) -> list[Operands]:
    loop = _Loop(f, _carried(f, params, initial))
    going, values = test(_grouped(params, [phi.name for phi in loop.phis]))
    inside, end = f.fresh("body"), f.fresh("end")
    f.branch(going, inside, end)
    f.open(inside)
    leaves = [o for operands in body(values) for o in operands]
    for phi, leaf in zip(loop.phis, leaves, strict=True):
        phi.following = f.shaped(phi.held, leaf, phi.wide)
    loop.turn()
    f.open(end)
    return values


def _divergent_loop(
    f: WideFunction,
    results: Sequence[Value | None],
    params: Sequence[Value],
    initial: Sequence[Operands],
    test: Test,
    body: Body,
) -> list[Operands]:
    """Runs while any lane is live. A lane that leaves keeps what it had: by blending a leaf that varies, in
    a second leaf where the first stays in step."""
    outer = f.mask
    leaves = _carried(f, params, initial)
    needed = [
        r is not None and r in f.used and varies
        for p, r in zip(params, results, strict=True)
        for varies in (f.varies(r) if r is not None else (False,) * len(registers(p.type)))
    ]
    left = [k for k, (leaf, need) in enumerate(zip(leaves, needed, strict=True)) if need and not leaf[1]]
    extra = [(leaves[k][0], True, "zeroinitializer") for k in left]
    loop = _Loop(f, [("i1", True, f.active), *leaves, *extra])
    live, *phis = loop.phis
    f.mask = live.name
    going, values = test(_grouped(params, [phi.name for phi in phis[: len(leaves)]]))
    held = [o for operands in values for o in operands]
    for k, phi in enumerate(phis[: len(leaves)]):
        if phi.wide:
            held[k] = f.kept(phi.held, live.name, held[k], phi.name)
    kept = {
        k: f.kept(phi.held, live.name, held[k], phi.name)
        for k, phi in zip(left, phis[len(leaves) :], strict=True)
    }
    live.following = f.both(live.name, going)
    inside, end = f.fresh("body"), f.fresh("end")
    f.branch(f.any(live.following), inside, end)
    f.open(inside)
    f.mask = live.following
    new = [o for operands in body(_grouped(params, held)) for o in operands]
    for k, phi in enumerate(phis[: len(leaves)]):
        phi.following = f.kept(phi.held, live.following, new[k], held[k]) if phi.wide else new[k]
    for k, phi in zip(left, phis[len(leaves) :], strict=True):
        phi.following = kept[k]
    loop.turn()
    f.open(end)
    f.mask = outer
    return _grouped(params, [kept.get(k, operand) for k, operand in enumerate(held)])


def _while(f: Function, op: Op) -> list[Operands]:
    assert isinstance(f, WideFunction)
    first, second = op.regions

    def test(carried: list[Operands]) -> tuple[str, list[Operands]]:
        f.values.update(zip(first.params, carried, strict=True))
        (going,), *values = f.block(first)
        return going, values

    def body(carried: list[Operands]) -> list[Operands]:
        f.values.update(zip(second.params, carried, strict=True))
        return f.block(second)

    if op in f.uniformity.divergent:
        return _divergent_loop(f, op.results, first.params, f.arguments(op), test, body)
    return _uniform_loop(f, first.params, f.arguments(op), test, body)


def _for(f: Function, op: Op) -> list[Operands]:
    """Counts turns, or the counter itself where the step is 1 and lanes start together."""
    assert isinstance(f, WideFunction)
    (start,), (stop,), (step,), *initial = f.arguments(op)
    (region,) = op.regions
    scalar = scalar_of(region.params[0].type)
    held = register(scalar)
    direct = step == "1" and not f.is_wide(start)
    if direct:
        first, limit = start, stop
    else:
        first, limit = "0", f.lanewise(partial(turns, f, scalar), (held,) * 3, (start, stop, step))
    turn = Value(region.params[0].type)
    f.uniformity.declare_uniform(turn)
    params = (turn, *region.params[1:])

    def test(carried: list[Operands]) -> tuple[str, list[Operands]]:
        relation = partial(compare, f, scalar, "lt" if direct else "ne")
        return f.lanewise(relation, (held, held), (carried[0][0], limit)), carried

    def body(carried: list[Operands]) -> list[Operands]:
        (now,), *rest = carried
        counter = now
        if not direct:
            counter = f.lanewise(partial(counter_at, f, scalar), (held,) * 3, (start, step, now))
        f.values.update(zip(region.params, [(counter,), *rest], strict=True))
        values = f.block(region)
        return [(f.let(f"add {held} {now}, 1"),), *values]

    start_values = [(first,), *initial]
    if op in f.uniformity.divergent:
        return _divergent_loop(f, [None, *op.results], params, start_values, test, body)[1:]
    return _uniform_loop(f, params, start_values, test, body)[1:]


def _assert(f: Function, op: Op) -> list[Operands]:
    """The lowest lane that fails reports."""
    assert isinstance(f, WideFunction)
    ((held,),) = f.arguments(op)
    number = op.attrs["index"] + 1
    failing = f.both(f.mask, f.inverse(f.spread("i1", held)))
    bits = f.mask_bits(failing)
    failed, first, end = f.fresh("failed"), f.fresh("first"), f.fresh("asserted")
    f.branch(f.let(f"icmp eq {f.bits} {bits}, 0"), end, failed)
    f.open(failed)
    pair = f.let(f"cmpxchg ptr %status, i64 0, i64 {number} monotonic monotonic")
    f.branch(f.let(f"extractvalue {{ i64, i1 }} {pair}, 1"), first, end)
    f.open(first)
    lane = lowest(f, bits)
    place = f.let("getelementptr i8, ptr %status, i64 8")
    f.do(f"store i64 {f.let(f'add i64 %item, {lane}')}, ptr {place}, align 8")
    f.jump(end)
    f.open(end)
    return []


def lowest(f: WideFunction, bits: str) -> str:
    """The lowest lane of a mask that has one, as i64."""
    lane = f.intrinsic(f"cttz.{f.bits}", f.bits, f"{f.bits} {bits}", "i1 true")
    return lane if f.bits == "i64" else f.let(f"zext {f.bits} {lane} to i64")


def highest(f: WideFunction, bits: str) -> str:
    """The highest lane of a mask that has one, as i64."""
    zeros = f.intrinsic(f"ctlz.{f.bits}", f.bits, f"{f.bits} {bits}", "i1 true")
    lane = f.let(f"sub {f.bits} {f.lanes - 1}, {zeros}")
    return lane if f.bits == "i64" else f.let(f"zext {f.bits} {lane} to i64")


ROWS: dict[str, Row] = {
    **{name: row for name, row in emit_control.ROWS.items() if name not in ("call", "print")},
    "if": _if,
    "for": _for,
    "while": _while,
    "tid": tid,
    "assert": _assert,
}
