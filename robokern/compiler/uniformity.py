"""Which values are equal in all lanes, which grow by a constant from lane to lane, and which vary.

A lane is an item of the grid; neighbouring lanes are neighbours along the grid's last dimension. Each leaf of
a value has a *stride*: 0 if it is uniform, n if it is `base + n * lane`, None if it varies. Control flow that
depends on a varying condition diverges, and what it merges varies.

A loop that lanes leave at different turns is in step while it runs: a counter of it can be uniform inside
and still vary behind the loop.

Source: Karrenberg & Hack, "Whole-function vectorization", CGO 2011; here on structured control flow.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from copy import copy

from robokern.compiler.emit_types import registers
from robokern.ir import layout
from robokern.ir.nodes import Block, Func, Op, Value, walk
from robokern.ir.types import ArrayType, Scalar, Type

Stride = int | None
Strides = tuple[Stride, ...]

UNIFORM: Stride = 0
VARYING: Stride = None

_LONGEST_STRIDE = 64  # so that a 32-bit index that wraps in some lane is out of range in every lane


class Uniformity:
    """The strides of all values of a kernel whose only calls are those of functions of numbers.

    Args:
        ndim: coordinates that an item has.
        streamed: the loop that a lane enters when it gets free (`wide_stream`): lanes are not in step there.

    Attributes:
        divergent: the `if`, `for` and `while` operations that lanes take differently.
        private: arrays that come from `local`, each lane with its own.
        obstacle: why wide code cannot be written, or None.
    """

    def __init__(self, func: Func, ndim: int, streamed: Op | None = None) -> None:
        self.ndim = ndim
        self.streamed = streamed
        self._strides: dict[Value, Strides] = {}
        self._constants: dict[Value, int] = {}
        self.divergent: set[Op] = set()
        self.private: set[Value] = set()
        self.obstacle: str | None = None
        for param in func.params:
            self._strides[param] = (UNIFORM,) * len(registers(param.type))
        self._block(func.body)

    def of(self, value: Value) -> Strides:
        """The stride of each leaf."""
        return self._strides[value]

    def scattered(self) -> Uniformity:
        """The same for lanes that are no neighbours: nothing grows by a constant from one to the next."""
        other = copy(self)
        other._strides = {
            value: tuple([_level([s]) for s in strides]) for value, strides in self._strides.items()
        }
        return other

    def declare_uniform(self, value: Value) -> None:
        """Enters a scalar that the emitter makes itself."""
        self._strides[value] = (UNIFORM,)

    def constant(self, value: Value) -> int | None:
        """The number that a value is, if that is known."""
        return self._constants.get(value)

    def is_uniform(self, value: Value) -> bool:
        """Whether all its leaves are."""
        return not any(s != UNIFORM for s in self._strides[value])

    def _block(self, block: Block) -> None:
        for op in block.ops:
            strides = _RULES.get(op.name, Uniformity._plain)(self, op)
            if len(strides) == 1:
                self._strides[op.results[0]] = strides[0]
            else:
                self._strides.update(zip(op.results, strides, strict=True))

    def _plain(self, op: Op) -> list[Strides]:
        """Component by component where the leaves correspond, else uniform if everything is."""
        given = [self._strides[a] for a in op.args]
        counts = [len(registers(r.type)) for r in op.results]
        if counts != [1] and given and counts == [len(given[0])] and all(len(g) == counts[0] for g in given):
            return [tuple(_level(leaf) for leaf in zip(*given, strict=True))]
        varies = (VARYING,) in given or not all(map(self.is_uniform, op.args))
        everything = VARYING if varies else UNIFORM
        return [(everything,) * count for count in counts]

    def _call(self, op: Op) -> list[Strides]:
        same = all(self.is_uniform(a) for a in op.args)
        return [(UNIFORM if same else VARYING,) * len(registers(r.type)) for r in op.results]

    def _keep_private(self, op: Op) -> None:
        if op.args[0] in self.private:
            self.private.update(op.results)

    def _obstruct(self, reason: str) -> None:
        self.obstacle = self.obstacle or reason

    def _escapes(self, values: Sequence[Value], where: str) -> None:
        if any(v in self.private for v in values):
            self._obstruct(f"a private array is {where}")


def _level(strides: Sequence[Stride]) -> Stride:
    """Of what is computed from such leaves."""
    return UNIFORM if all(s == UNIFORM for s in strides) else VARYING


def join(a: Strides, b: Strides) -> Strides:
    """What holds whichever of two values it is."""
    return tuple(x if x == y else VARYING for x, y in zip(a, b, strict=True))


# numbers


def _tid(u: Uniformity, op: Op) -> list[Strides]:
    return [(1,) if k == u.ndim - 1 else (UNIFORM,) for k in range(len(op.results))]


def _const(u: Uniformity, op: Op) -> list[Strides]:
    if isinstance(op.attrs["value"], int):
        u._constants[op.results[0]] = int(op.attrs["value"])
    return [(UNIFORM,)]


def _is_index(type: Type) -> bool:
    """Signed and at least 32 bits: `base + n * lane` is then right for every index in range."""
    return isinstance(type, Scalar) and type.kind == "i" and type.bits >= 32


def _linear(combine: Callable[..., int]) -> Callable[[Uniformity, Op], list[Strides]]:
    def rule(u: Uniformity, op: Op) -> list[Strides]:
        if not _is_index(op.results[0].type):
            return u._plain(op)
        strides = [u.of(a)[0] for a in op.args]
        stride = None if None in strides else _short(combine(*strides))
        # lanes that cancel (`i - i`) are still computed lane by lane
        cancelled = stride == UNIFORM and any(x != UNIFORM for x in strides)
        return [(VARYING if cancelled else stride,)]

    return rule


def _short(stride: int) -> Stride:
    return stride if abs(stride) <= _LONGEST_STRIDE else VARYING


def _mul(u: Uniformity, op: Op) -> list[Strides]:
    if not _is_index(op.results[0].type) or all(u.of(a)[0] == UNIFORM for a in op.args):
        return u._plain(op)
    for factor, other in (op.args, op.args[::-1]):
        stride = u.of(other)[0]
        if factor in u._constants and stride is not None:
            scaled = _short(u._constants[factor] * stride)
            return [(VARYING if scaled == UNIFORM else scaled,)]
    return [(VARYING,)]


def _cast(u: Uniformity, op: Op) -> list[Strides]:
    source, target = op.args[0].type, op.results[0].type
    if _is_index(source) and _is_index(target) and source.bits <= target.bits:  # type: ignore[attr-defined]
        return [u.of(op.args[0])]
    return u._plain(op)


# composites


def _make(u: Uniformity, op: Op) -> list[Strides]:
    u._escapes(op.args, "kept in a struct")
    return [tuple(s for a in op.args for s in u.of(a))]


def _extract(u: Uniformity, op: Op) -> list[Strides]:
    start = op.attrs["offset"]
    return [u.of(op.args[0])[start : start + len(registers(op.results[0].type))]]


def _insert(u: Uniformity, op: Op) -> list[Strides]:
    u._escapes(op.args, "kept in a struct")
    whole, part = (u.of(a) for a in op.args)
    start = op.attrs["offset"]
    return [(*whole[:start], *part, *whole[start + len(part) :])]


def _splat(u: Uniformity, op: Op) -> list[Strides]:
    return [u.of(op.args[0]) * len(registers(op.results[0].type))]


def _select(u: Uniformity, op: Op) -> list[Strides]:
    u._escapes(op.args, "chosen by a condition")
    (condition,), yes, no = (u.of(a) for a in op.args)
    return [join(yes, no) if condition == UNIFORM else _apart(op.args[1], op.args[2], yes)]


def _apart(a: Value, b: Value, strides: Strides) -> Strides:
    """What a varying condition chooses."""
    return strides if a is b else (VARYING,) * len(strides)


# memory


def _load(u: Uniformity, op: Op) -> list[Strides]:
    same = all(u.is_uniform(a) for a in op.args) and op.args[0] not in u.private
    return [(UNIFORM if same else VARYING,) * len(registers(op.results[0].type))]


def _atomic(u: Uniformity, op: Op) -> list[Strides]:
    return [(VARYING,) * len(registers(op.results[0].type))]


def _view(u: Uniformity, op: Op) -> list[Strides]:
    array, given = op.args[0], len(op.args) - 1
    assert isinstance(array.type, ArrayType)
    ndim, strides = array.type.ndim, u.of(array)
    u._keep_private(op)
    same = strides[0] == UNIFORM and all(u.is_uniform(a) for a in op.args[1:])
    same = same and all(s == UNIFORM for s in strides[1 + ndim : 1 + ndim + given])
    return [(UNIFORM if same else VARYING, *strides[1 + given : 1 + ndim], *strides[1 + ndim + given :])]


def _slice(u: Uniformity, op: Op) -> list[Strides]:
    u._keep_private(op)
    if not all(u.is_uniform(a) for a in op.args):
        u._obstruct("an array is sliced at places that differ between lanes")
    return [u.of(op.args[0])]


def _front(u: Uniformity, op: Op) -> list[Strides]:
    u._keep_private(op)
    array = op.args[0]
    assert isinstance(array.type, ArrayType)
    return [layout.front(array.type.ndim, op.attrs["dim"], u.of(array))]


def _components(u: Uniformity, op: Op) -> list[Strides]:
    u._keep_private(op)
    array = op.args[0]
    assert isinstance(array.type, ArrayType)
    head, strides = u.of(array)[: 1 + array.type.ndim], u.of(array)[1 + array.type.ndim :]
    return [(*head, UNIFORM, *strides, UNIFORM)]


def _array_at(u: Uniformity, op: Op) -> list[Strides]:
    if not all(u.is_uniform(a) for a in op.args[1:]):
        u._obstruct("an array at an address has a shape that differs between lanes")
    return [(u.of(op.args[0])[0], *(UNIFORM,) * (2 * op.results[0].type.ndim))]  # type: ignore[attr-defined]


def _local(u: Uniformity, op: Op) -> list[Strides]:
    u.private.add(op.results[0])
    return [(UNIFORM,) * len(registers(op.results[0].type))]


def _shape(u: Uniformity, op: Op) -> list[Strides]:
    return [(u.of(op.args[0])[1 + int(op.attrs["dim"])],)]


def _address(u: Uniformity, op: Op) -> list[Strides]:
    u._escapes(op.args, "known by its address")
    return [u.of(op.args[0])[:1]]


def _nothing(u: Uniformity, op: Op) -> list[Strides]:
    return []


def _print(u: Uniformity, op: Op) -> list[Strides]:
    u._obstruct("it prints, item by item")
    return []


# control flow


def _if(u: Uniformity, op: Op) -> list[Strides]:
    for region in op.regions:
        u._block(region)
        u._escapes(region.yields, "chosen by a branch")
    pairs = list(zip(op.regions[0].yields, op.regions[1].yields, strict=True))
    if u.is_uniform(op.args[0]):
        return [join(u.of(a), u.of(b)) for a, b in pairs]
    u.divergent.add(op)
    return [_apart(a, b, u.of(a)) for a, b in pairs]


def _carry(u: Uniformity, params: Sequence[Value], values: Sequence[Value]) -> bool:
    """Joins what a loop carries into its parameters; whether they changed."""
    changed = False
    for param, value in zip(params, values, strict=True):
        new = u.of(value)
        joined = join(u._strides[param], new) if param in u._strides else new
        changed |= u._strides.get(param) != joined
        u._strides[param] = joined
    return changed


def _blend(u: Uniformity, params: Sequence[Value]) -> None:
    """In a loop that lanes leave one by one, what is not uniform is blended, so it varies."""
    for param in params:
        u._strides[param] = tuple(_level([s]) for s in u._strides[param])


def _part(u: Uniformity, op: Op, params: Sequence[Value]) -> None:
    """In a loop that lanes enter one by one, nothing that it carries is in step."""
    if op is u.streamed:
        for param in params:
            u._strides[param] = (VARYING,) * len(u._strides[param])


def _left_with(u: Uniformity, params: Sequence[Value], *ends: Sequence[Value]) -> list[Strides]:
    """Results of a divergent loop: uniform only what the loop never changes."""
    kept = [all(end[k] is p for end in ends) for k, p in enumerate(params)]
    return [u.of(p) if same else (VARYING,) * len(u.of(p)) for p, same in zip(params, kept, strict=True)]


def _while(u: Uniformity, op: Op) -> list[Strides]:
    test, body = op.regions
    if op is u.streamed:
        u.divergent.add(op)
    if any(
        inner.name == "atomic" and inner.attrs["op"] in ("cas", "exch")
        for r in op.regions
        for inner in walk(r)
    ):
        u._obstruct("a loop with atomic_cas or atomic_exch may wait for an item that another lane runs")
    u._escapes(op.args, "carried by a loop")
    _carry(u, test.params, op.args)
    while True:
        _part(u, op, test.params)
        u._block(test)
        if not u.is_uniform(test.yields[0]):
            u.divergent.add(op)
            _blend(u, test.params)
            u._block(test)
        for param, value in zip(body.params, test.yields[1:], strict=True):
            u._strides[param] = u.of(value)
        if op in u.divergent:
            _blend(u, body.params)
        _part(u, op, body.params)
        u._block(body)
        if not _carry(u, test.params, body.yields):
            break
    u._escapes(body.yields, "carried by a loop")
    if op not in u.divergent:
        return [u.of(v) for v in test.yields[1:]]
    if op is u.streamed:
        return [(VARYING,) * len(u.of(v)) for v in test.yields[1:]]
    same = [body.params[k] if v is test.params[k] else v for k, v in enumerate(test.yields[1:])]
    return _left_with(u, body.params, same, body.yields)


def _for(u: Uniformity, op: Op) -> list[Strides]:
    (region,) = op.regions
    start, _, step = op.args[:3]
    u._escapes(op.args[3:], "carried by a loop")
    uniform = all(u.is_uniform(a) for a in op.args[:3])
    counter, carried = region.params[0], region.params[1:]
    is_linear = u.is_uniform(step) and _is_index(counter.type)
    u._strides[counter] = u.of(start) if is_linear else (UNIFORM if uniform else VARYING,)
    if not uniform:
        u.divergent.add(op)
    _carry(u, carried, op.args[3:])
    while True:
        if not uniform:
            _blend(u, carried)
        u._block(region)
        if not _carry(u, carried, region.yields):
            break
    u._escapes(region.yields, "carried by a loop")
    return [u.of(p) for p in carried] if uniform else _left_with(u, carried, region.yields)


_RULES: dict[str, Callable[[Uniformity, Op], list[Strides]]] = {
    "tid": _tid,
    "const": _const,
    "add": _linear(operator.add),
    "sub": _linear(operator.sub),
    "neg": _linear(operator.neg),
    "mul": _mul,
    "cast": _cast,
    "make": _make,
    "extract": _extract,
    "insert": _insert,
    "splat": _splat,
    "select": _select,
    "load": _load,
    "store": _nothing,
    "atomic": _atomic,
    "view": _view,
    "slice": _slice,
    "front": _front,
    "components": _components,
    "array_at": _array_at,
    "local": _local,
    "shape": _shape,
    "address": _address,
    "assert": _nothing,
    "print": _print,
    "call": Uniformity._call,
    "if": _if,
    "for": _for,
    "while": _while,
}
