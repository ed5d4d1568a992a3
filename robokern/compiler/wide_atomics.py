"""How wide code does atomics: lane by lane, lower lanes first.

Where all lanes add to one place and nobody asks for the old value, their sum is added once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from robokern.compiler.emit_atomic import Combine, atomic_rule, atomically
from robokern.compiler.emit_function import Function, Operands, Row
from robokern.compiler.emit_memory import places
from robokern.compiler.emit_types import memory_size, register
from robokern.compiler.wide import WideFunction
from robokern.compiler.wide_control import lowest
from robokern.compiler.wide_places import Place, element, leaf_place, moved, times
from robokern.ir.nodes import Op
from robokern.ir.types import Scalar, scalar_of


def _atomic(f: Function, op: Op) -> list[Operands]:
    assert isinstance(f, WideFunction)
    name, value = op.attrs["op"], op.args[-1]
    count = 2 if name == "cas" else 1
    place = element(f, op.args[0], op.args[1:-count])
    scalar, parts = scalar_of(value.type), places(op, value.type)
    used = op.results[0] in f.used
    operands = list(zip(*(f.values[v] for v in op.args[-count:]), strict=True))
    together = None if used or place.stride or f.is_wide(place.address) else _together(scalar, name)
    if together is None or place.private:
        return [tuple(_lane_by_lane(f, scalar, name, place, parts, operands, used))]
    for (held, at), leaves in zip(parts, operands, strict=True):
        together(f, scalar, name, leaf_place(f, place, held, at).address, leaves[0])
    return [("zeroinitializer",) * len(parts)]


_OfLane = Callable[[str], str]  # the number of a lane, as an i64 operand -> what it holds


def _spilled(f: WideFunction, held: str, operand: str) -> _OfLane:
    """Reads what a lane holds, from the stack."""
    if not f.is_wide(operand):
        return lambda lane: operand
    slot = f.reserve(memory_size(held) * f.lanes, 64)
    f.do(f"store {f.vector(held)} {operand}, ptr {slot}, align 64")
    return lambda lane: f.let(f"load {held}, ptr {f.let(f'getelementptr {held}, ptr {slot}, i64 {lane}')}")


def _spilled_pointers(f: WideFunction, place: Place) -> _OfLane:
    if not place.stride:
        return _spilled(f, "ptr", place.address)
    return lambda lane: moved(f, place.address, times(f, lane, str(place.stride)))


def _places_of_leaves(f: WideFunction, place: Place, parts: Sequence[tuple[str, int]]) -> list[_OfLane]:
    if place.private:
        return [_spilled_pointers(f, leaf_place(f, place, held, at)) for held, at in parts]
    element = _spilled_pointers(f, place)
    return [lambda lane, at=at: moved(f, element(lane), str(at)) for _, at in parts]  # type: ignore[misc]


def _lane_by_lane(
    f: WideFunction,
    t: Scalar,
    name: str,
    place: Place,
    parts: Sequence[tuple[str, int]],
    operands: Sequence[Operands],
    used: bool,
) -> list[str]:
    """One lane after the other; for each leaf, what each active lane found."""
    held, bits = register(t), f.mask_bits(f.active)
    pointers = _places_of_leaves(f, place, parts)
    given = [[_spilled(f, held, o) for o in leaves] for leaves in operands]
    found = [f.reserve(t.size * f.lanes, 64) for _ in parts] if used else []
    for slot in found:
        f.do(f"store {f.vector(held)} zeroinitializer, ptr {slot}, align 64")

    def of_lane(lane: str, combine: Combine) -> None:
        for k, pointer in enumerate(pointers):
            old = combine(f, t, name, pointer(lane), *(o(lane) for o in given[k]))
            if used:
                f.do(f"store {held} {old}, ptr {f.let(f'getelementptr {held}, ptr {found[k]}, i64 {lane}')}")

    def write(combine: Combine) -> list[str]:
        _for_lanes(f, bits, lambda lane: of_lane(lane, combine))
        return []

    atomically(f, t, name, write)
    read = [f.let_wide(f"load {f.vector(held)}, ptr {slot}, align 64") for slot in found]
    return read or ["zeroinitializer"] * len(parts)


def _for_lanes(f: WideFunction, bits: str, body: Callable[[str], None]) -> None:
    """Runs the body for each lane in the bits of a mask that has one, lower lanes first."""
    head, done, before = f.fresh("lanes"), f.fresh("done"), f.label
    left, less = f.fresh(), f.fresh()
    f.jump(head)
    f.open(head)
    at = len(f.lines)
    f.lines.append("")
    body(lowest(f, left))
    f.do(f"{less} = and {f.bits} {left}, {f.let(f'sub {f.bits} {left}, 1')}")
    f.lines[at] = f"  {left} = phi {f.bits} [ {bits}, %{before} ], [ {less}, %{f.label} ]"
    f.branch(f.let(f"icmp eq {f.bits} {less}, 0"), done, head)
    f.open(done)


_IDENTITY = {"add": 0, "or": 0, "xor": 0, "and": -1}
Together = Callable[[WideFunction, Scalar, str, str, str], None]


def _together(t: Scalar, name: str) -> Together | None:
    """How all lanes combine into one place at once, with the bits of one by one; None: they do not."""
    if t.kind in "iu" and name in _IDENTITY:
        return _reduce
    return _add_floats if t.kind == "f" and name == "add" and t.bits > 16 else None


def _contributions(f: WideFunction, t: Scalar, operand: str, identity: str) -> str:
    """The operand, and the identity in lanes that take no part."""
    held = register(t)
    operand = f.spread(held, operand)
    return operand if f.mask is None else f.blend(held, f.mask, operand, identity)


def _reduce(f: WideFunction, t: Scalar, name: str, place: str, operand: str) -> None:
    held = register(t)
    given = _contributions(f, t, operand, str(_IDENTITY[name]))
    total = f.intrinsic(f"vector.reduce.{name}.v{f.lanes}{held}", held, f"{f.vector(held)} {given}")
    atomic_rule(name)(f, t, name, place, total)


def _add_floats(f: WideFunction, t: Scalar, name: str, place: str, operand: str) -> None:
    """Adds lane after lane to what is there, in registers; minus zero changes no sum."""
    held, bits = register(t), f"i{t.bits}"
    given = _contributions(f, t, operand, "-0.0")
    again, done, before = f.fresh("retry"), f.fresh("done"), f.label
    first = f.let(f"load atomic {bits}, ptr {place} monotonic, align {t.size}")
    f.jump(again)
    f.open(again)
    old, seen = f.fresh(), f.fresh()
    f.do(f"{old} = phi {bits} [ {first}, %{before} ], [ {seen}, %{again} ]")
    number = f.let(f"bitcast {bits} {old} to {held}")
    name = f"vector.reduce.fadd.v{f.lanes}f{t.bits}"
    total = f.intrinsic(name, held, f"{held} {number}", f"{f.vector(held)} {given}")
    new = f.let(f"bitcast {held} {total} to {bits}")
    pair = f.let(f"cmpxchg ptr {place}, {bits} {old}, {bits} {new} monotonic monotonic")
    f.do(f"{seen} = extractvalue {{ {bits}, i1 }} {pair}, 0")
    f.branch(f.let(f"extractvalue {{ {bits}, i1 }} {pair}, 1"), done, again)
    f.open(done)


ROWS: dict[str, Row] = {"atomic": _atomic}
