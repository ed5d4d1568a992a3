"""Reverse of loops: exact for any number of turns, in memory that does not grow with it.

The values that a turn starts with, as far as its reverse needs them, are kept at 64 to 256 checkpoints in
memory private to the item; between checkpoints turns are computed again. Placement is binomial: with `f` free
slots, `C(f + r, f)` turns are reversed with each turn computed again at most `r` times. So 64 slots serve 64
turns without recomputation, 47 905 with three, 11 million with five; 256 slots 2.9 million with three. A loop
whose reverse needs nothing but the turn's number keeps nothing.

    t = turns - 1 ... 0:
        state = newest checkpoint                      (its turn is <= t)
        while turn of state < t:
            advance the state; keep it if a slot is free
        reverse turn t from the state
        drop the checkpoint of turn t

Source: Griewank & Walther, "Algorithm 799: Revolve", ACM TOMS 26(1), 2000.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product

from robokern.compiler.adjoint_activity import refuse
from robokern.compiler.adjoint_rules import Adjoints, Env, Leaf
from robokern.compiler.adjoint_sweep import Sweep, substitute
from robokern.compiler.builder import Builder
from robokern.compiler.prune import live_in
from robokern.ir import layout
from robokern.ir.nodes import Block, Op, Value, walk
from robokern.ir.types import ArrayType, int64

_Act = Callable[[tuple[Value, ...]], None]

SLOTS = 64
MOST_SLOTS = 256  # where that leaves room for the kernel's other loops
SLOT_BYTES = 8192  # of all slots of a loop: they lie on the stack


def reverse_loop(s: Sweep, op: Op, env: Env, adj: Adjoints) -> None:
    """Writes the reverse of a `for` or `while` that was replayed as `env[op]`."""
    g = s.take(adj, op.results)
    if s.is_reversible(op):
        _Reverse(s, op, env, adj, g).write()


@dataclass
class _Reverse:
    s: Sweep
    op: Op
    env: Env
    adj: Adjoints
    g: list[Leaf]
    turn: Value = field(default_factory=lambda: Value(int64))
    states: list[Value] = field(default_factory=list)  # what turn `turn` starts with

    @property
    def b(self) -> Builder:
        return self.s.b

    @property
    def is_for(self) -> bool:
        return self.op.name == "for"

    @property
    def carried(self) -> tuple[Value, ...]:
        """The carried values as the first region names them."""
        params = self.op.regions[0].params
        return params[1:] if self.is_for else params

    @property
    def initial(self) -> tuple[Value, ...]:
        return self.op.args[3:] if self.is_for else self.op.args

    def write(self) -> None:
        self._check_condition()
        self.states = [Value(p.type) for p in self.carried]
        self.inputs = [
            (j, k, Value(scalar))
            for j, p in enumerate(self.carried)
            if p in self.s.active
            for k, scalar in enumerate(layout.leaves(p.type))
            if scalar.kind == "f"
        ]
        block, outgoing, rest = self._turn()
        live = live_in(block, [*outgoing, *(x for _, _, x in rest)])
        needed = self._closure({j for j, v in enumerate(self.states) if v in live})
        arrays = self._private_arrays()
        self.replayed: Op = self.env[self.op]
        if needed or arrays:
            store = _Checkpoints(self, sorted(needed), arrays)
            turns = self._instrument(store)
            self._loop(turns, block, outgoing, rest, store)
        else:
            turns = self._count() if self.is_for else self._instrument(None)
            self._loop(turns, block, outgoing, rest, None)

    def _check_condition(self) -> None:
        if self.is_for:
            return
        test = self.op.regions[0]
        for param, value in zip(test.params, test.yields[1:], strict=True):
            if value is not param and value in self.s.active:
                raise refuse(
                    "the condition of a loop changes a variable", self.op.loc, "change it in the body"
                )

    # one turn

    def counter(self, turn: Value) -> Value:
        """What a `for` counts at a turn."""
        start, _, step = (self.env[a] for a in self.op.args[:3])
        number = self.b.op("cast", turn, type=start.type)
        return self.b.op("add", start, self.b.op("mul", number, step))

    def replay_turn(self, turn: Value, states: list[Value]) -> tuple[Env, list[Value]]:
        """Writes a turn again; gives its values and the carried ones after it."""
        here = dict(self.env)
        here.update(zip(self.carried, states, strict=True))
        self.s.again += 1
        if self.is_for:
            here[self.op.regions[0].params[0]] = self.counter(turn)
            self.s.replay(self.op.regions[0], here)
        else:
            test, body = self.op.regions
            self.s.replay(test, here)
            here.update((p, here[v]) for p, v in zip(body.params, test.yields[1:], strict=True))
            self.s.replay(body, here)
        self.s.again -= 1
        return here, [here[v] for v in self.op.regions[-1].yields]

    def _turn(self) -> tuple[Block, list[Value], list[tuple[Value, int, Value]]]:
        """The reverse of a turn: code, adjoints of what it starts with, contributions to outer values."""
        part: Adjoints = {}
        with self.b.region() as block:
            here, _ = self.replay_turn(self.turn, self.states)
            body = self.op.regions[-1]
            incoming = {(j, k): x for j, k, x in self.inputs}
            for j, value in enumerate(body.yields):
                for k in range(len(layout.leaves(value.type))):
                    self.s.accumulate(part, value, k, incoming.get((j, k)))
            self.s.again += 1
            self.s.reverse(body, here, part)
            if not self.is_for:
                self._through_condition(here, part)
            self.s.again -= 1
            found = {p: part.pop(p, [None] * len(layout.leaves(p.type))) for p in self.carried}
            outgoing = [self.s.filled(block, found[self.carried[j]][k], x.type) for j, k, x in self.inputs]
        rest = [
            (value, k, x)
            for value, leaves in part.items()
            if value in self.env
            for k, x in enumerate(leaves)
            if x is not None
        ]
        return block, outgoing, rest

    def _through_condition(self, here: Env, part: Adjoints) -> None:
        test, body = self.op.regions
        for param, value in zip(body.params, test.yields[1:], strict=True):
            for k, x in enumerate(part.pop(param, [])):
                self.s.accumulate(part, value, k, x)
        self.s.reverse(test, here, part)

    # what has to be kept

    def _closure(self, needed: set[int]) -> set[int]:
        """Carried values needed to compute the needed ones of the next turn."""
        while True:
            with self.b.region() as block:
                _, after = self.replay_turn(self.turn, self.states)
            live = live_in(block, [after[j] for j in sorted(needed)])
            more = {j for j, v in enumerate(self.states) if v in live} | needed
            if more == needed:
                return needed
            needed = more

    def _private_arrays(self) -> list[tuple[Value, Op]]:
        """Private arrays from outside whose content a turn may read."""
        facts = self.s.facts
        found = []
        for root in dict.fromkeys(a.root for a in facts.in_loop.get(self.op, [])):
            made = facts.locals.get(root)
            if made is None or made.results[0] not in self.env:
                continue
            read = any(not a.writes for a in facts.in_loop[self.op] if a.root == root)
            if read and any(a.writes for a in facts.touching(root)):
                found.append((self.env[made.results[0]], made))
        return found

    def _count(self) -> Value:
        """Turns of a `for`, from its bounds."""
        b = self.b
        start, stop, step = (b.op("cast", self.env[a], type=int64) for a in self.op.args[:3])
        zero, one = self.s.constant(0), self.s.constant(1)
        up = b.op("gt", step, zero)
        span = b.op("select", up, b.op("sub", stop, start), b.op("sub", start, stop))
        size = b.op("select", up, step, b.op("neg", step))
        turns = b.op("idiv", b.op("sub", b.op("add", span, size), one), size)
        return b.op("select", b.op("gt", span, zero), turns, zero)

    def _instrument(self, store: _Checkpoints | None) -> Value:
        """Makes the replayed loop count its turns and keep the first states."""
        new, zero, one = self.replayed, self.s.constant(0), self.s.constant(1)
        turn, total = Value(int64), Value(int64)
        first, last = new.regions[0], new.regions[-1]
        new.args, new.results = (*new.args, zero), (*new.results, total)
        first.params = (*first.params, turn)
        if not self.is_for:
            inner = Value(int64)
            first.yields, last.params = (*first.yields, turn), (*last.params, inner)
        with self.b.region() as after:
            following = self.b.op("add", turn if self.is_for else inner, one)
        last.ops += after.ops
        last.yields = (*last.yields, following)
        if store is not None:
            with self.b.region() as before:
                values = first.params[1:-1] if self.is_for else first.params[:-1]
                fits = self.b.op("lt", turn, self.s.constant(store.slots))
                with _when(self.b, fits):
                    store.keep(turn, turn, list(values))
            first.ops[:0] = before.ops
        return total

    # the loop backwards

    def _loop(
        self,
        turns: Value,
        block: Block,
        outgoing: list[Value],
        rest: list[tuple[Value, int, Value]],
        store: _Checkpoints | None,
    ) -> None:
        b = self.b
        minus = self.s.constant(-1)
        sums = [Value(x.type) for _, _, x in rest]
        with b.region() as whole:
            params = [self.turn, *(x for _, _, x in self.inputs), *sums]
            yields: list[Value] = []
            if store is not None:
                params.append(Value(int64))
                states, kept = store.restore(params[-1], self.turn)
                by = {self.states[j]: v for j, v in states.items()}
                substitute(block, lambda v: by.get(v, v))
                outgoing = [by.get(v, v) for v in outgoing]
                rest = [(v, k, by.get(x, x)) for v, k, x in rest]
                yields.append(kept)
            whole.ops += block.ops
            added = [b.op("add", old, x) for old, (_, _, x) in zip(sums, rest, strict=True)]
            whole.yields = (*outgoing, *added, *yields)
        whole.params = tuple(params)
        initial = [self._seed(j, k, x) for j, k, x in self.inputs]
        initial += [self._known(v, k, x) for v, k, x in rest]
        if store is not None:
            slots = self.s.constant(store.slots)
            initial.append(b.op("select", b.op("le", turns, slots), turns, self.s.constant(1)))
        last = b.op("add", turns, minus)
        results = list(b.ops("for", last, minus, minus, *initial, regions=(whole,)))
        self._hand_on(results, rest)

    def _seed(self, j: int, k: int, x: Value) -> Value:
        at = sum(len(layout.leaves(p.type)) for p in self.carried[:j]) + k
        g = self.g[at]
        return self.b.op("zero", type=x.type) if g is None else g

    def _known(self, value: Value, k: int, x: Value) -> Value:
        old = self.adj.get(value, [None] * (k + 1))[k]
        return self.b.op("zero", type=x.type) if old is None else old

    def _hand_on(self, results: list[Value], rest: list[tuple[Value, int, Value]]) -> None:
        count = len(self.inputs)
        for (value, k, _), total in zip(rest, results[count:], strict=False):
            self.adj.setdefault(value, [None] * len(layout.leaves(value.type)))[k] = total
        for (j, k, _), x in zip(self.inputs, results, strict=False):
            self.s.accumulate(self.adj, self.initial[j], k, x)


@contextmanager
def _when(b: Builder, condition: Value) -> Iterator[None]:
    """Operations with effect only, under a condition."""
    with b.region() as yes:
        yield
    b.ops("if", condition, regions=(yes, Block()), types=())


class _Checkpoints:
    """The kept states of one loop: slots in private memory, used as a stack.

    Args:
        reverse: the loop.
        needed: numbers of the carried values that are kept.
        arrays: private arrays whose content is kept, with the op that made each in the original function.
    """

    def __init__(self, reverse: _Reverse, needed: list[int], arrays: list[tuple[Value, Op]]) -> None:
        self.reverse, self.needed, self.arrays = reverse, needed, arrays
        s, types = reverse.s, [reverse.states[j].type for j in needed]
        self.slots = self._slots(types)
        self.turns = s.add_local(ArrayType(int64, 1), (self.slots,))
        self.values = [s.add_local(ArrayType(t, 1), (self.slots,)) for t in types]
        self.contents = [self._content(op) for _, op in arrays]

    def _slots(self, types: list) -> int:  # type: ignore[type-arg]
        size = 8 + sum(layout.size_of(t) for t in types)
        for _, op in self.arrays:
            count = 1
            for length in op.attrs["shape"]:
                count *= length
            size += count * layout.size_of(op.attrs["type"].dtype)
        loops = sum(op.name in ("for", "while") for op in walk(self.reverse.s.facts.func.body))
        return max(4, min(SLOTS, SLOT_BYTES // size), min(MOST_SLOTS, SLOT_BYTES // loops // size))

    def _content(self, op: Op) -> Value:
        type = op.attrs["type"]
        if type.ndim == 4:
            raise refuse("a private array of 4 dimensions in a loop", op.loc, "use 3 dimensions")
        return self.reverse.s.add_local(
            ArrayType(type.dtype, type.ndim + 1), (self.slots, *op.attrs["shape"])
        )

    def keep(self, slot: Value, turn: Value, states: list[Value]) -> None:
        """Writes a state (all carried values; the needed ones are kept) to a slot."""
        b = self.reverse.b
        b.ops("store", self.turns, slot, turn, offset=0)
        for j, array in zip(self.needed, self.values, strict=True):
            b.ops("store", array, slot, states[j], offset=0)
        for (array, op), content in zip(self.arrays, self.contents, strict=True):
            _each(b, op, self._saving(slot, array, content, op))

    def _saving(self, slot: Value, array: Value, content: Value, op: Op) -> _Act:
        return lambda at: _move(self.reverse.b, op, (array, at), (content, (slot, *at)))

    def _loading(self, slot: Value, array: Value, content: Value, op: Op) -> _Act:
        return lambda at: _move(self.reverse.b, op, (content, (slot, *at)), (array, at))

    def _load(self, slot: Value) -> tuple[Value, list[Value]]:
        b = self.reverse.b
        turn = b.op("load", self.turns, slot, offset=0, type=int64)
        values = []
        for array in self.values:
            assert isinstance(array.type, ArrayType)
            values.append(b.op("load", array, slot, offset=0, type=array.type.dtype))
        for (array, op), content in zip(self.arrays, self.contents, strict=True):
            _each(b, op, self._loading(slot, array, content, op))
        return turn, values

    def restore(self, depth: Value, target: Value) -> tuple[dict[int, Value], Value]:
        """The state at turn `target`, by carried number, and the depth of the stack without it."""
        b, s = self.reverse.b, self.reverse.s
        one, slots = s.constant(1), s.constant(self.slots)
        at, values = self._load(b.op("sub", depth, one))
        types = [int64, int64, *(v.type for v in values)]
        tests, turns = tuple(Value(t) for t in types), tuple(Value(t) for t in types)
        with b.region(tests) as test:
            test.yields = (b.op("lt", tests[0], target), *tests)
        with b.region(turns) as body:
            turn, used, *now = turns
            stride = self._stride(b.op("sub", target, turn), b.op("sub", slots, used))
            now = self._advance(turn, stride, now)
            turn = b.op("add", turn, stride)
            room = b.op("and", b.op("lt", used, slots), b.op("lt", turn, target))
            with _when(b, room):
                full = [*self.reverse.states]
                for j, v in zip(self.needed, now, strict=True):
                    full[j] = v
                self.keep(used, turn, full)
            used = b.op("select", room, b.op("add", used, one), used)
            body.yields = (turn, used, *now)
        _, used, *found = b.ops("while", at, depth, *values, regions=(test, body))
        top = b.op("sub", used, one)
        newest = b.op("load", self.turns, top, offset=0, type=int64)
        depth = b.op("select", b.op("eq", newest, target), top, used)
        return dict(zip(self.needed, found, strict=True)), depth

    def _advance(self, turn: Value, count: Value, now: list[Value]) -> list[Value]:
        """The state `count` turns later."""
        b, reverse = self.reverse.b, self.reverse
        number, params = Value(int64), [Value(v.type) for v in now]
        with b.region((number, *params)) as body:
            full = [
                params[self.needed.index(j)] if j in self.needed else b.op("zero", type=v.type)
                for j, v in enumerate(reverse.states)
            ]
            _, after = reverse.replay_turn(b.op("add", turn, number), full)
            body.yields = tuple(after[j] for j in self.needed)
        zero, one = reverse.s.constant(0), reverse.s.constant(1)
        return list(b.ops("for", zero, count, one, *now, regions=(body,)))

    def _stride(self, distance: Value, free: Value) -> Value:
        """Turns to the next checkpoint: C(f + r - 1, f) for the least r with C(f + r, f) > distance."""
        b, s = self.reverse.b, self.reverse.s
        zero, one = s.constant(0), s.constant(1)
        usable = b.op("max", free, one)
        tests, turns = tuple(Value(int64) for _ in range(3)), tuple(Value(int64) for _ in range(3))
        with b.region(tests) as test:
            test.yields = (b.op("le", tests[2], distance), *tests)
        with b.region(turns) as body:
            repeats = b.op("add", turns[0], one)
            more = b.op("idiv", b.op("mul", turns[2], b.op("add", usable, repeats)), repeats)
            body.yields = (repeats, turns[2], more)
        _, stride, _ = b.ops("while", one, one, b.op("add", usable, one), regions=(test, body))
        return b.op("select", b.op("eq", free, zero), distance, b.op("min", stride, distance))


def _each(b: Builder, op: Op, act: Callable[[tuple[Value, ...]], None]) -> None:
    """Acts on every element of a private array: one loop per dimension, or written out when there are few."""
    shape = op.attrs["shape"]
    count = 1
    for length in shape:
        count *= length
    if count <= 8:
        for place in product(*map(range, shape)):
            act(tuple(b.const(i, int64) for i in place))
        return
    _nest(b, list(shape), (), act)


def _nest(
    b: Builder, shape: list[int], at: tuple[Value, ...], act: Callable[[tuple[Value, ...]], None]
) -> None:
    if not shape:
        act(at)
        return
    place = Value(int64)
    with b.region((place,)) as body:
        _nest(b, shape[1:], (*at, place), act)
    b.ops("for", b.const(0, int64), b.const(shape[0], int64), b.const(1, int64), regions=(body,))


def _move(
    b: Builder, op: Op, source: tuple[Value, tuple[Value, ...]], target: tuple[Value, tuple[Value, ...]]
) -> None:
    dtype = op.attrs["type"].dtype
    value = b.op("load", source[0], *source[1], offset=0, type=dtype)
    b.ops("store", target[0], *target[1], value, offset=0)
