"""What a derivative has to follow: where arrays come from, which values are active, who touches which array.

A value is *active* if it carries floats and depends on an element of an active array. A *root* is an array
that a function is given or makes; different roots are taken to be different memory, which the caller checks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import lru_cache

from robokern.compiler.adjoint_inline import carries_float
from robokern.compiler.inline import inlined
from robokern.errors import AdjointError
from robokern.ir.nodes import Block, Func, Loc, Op, Value
from robokern.ir.types import ArrayType, Struct

Root = tuple[Hashable, ...]  # ("param", number, leaf), ("local", op number) or RAW

RAW: Root = ("raw",)
SEVERAL: Root = ("several",)  # chosen at run time
# derivative zero
FLAT = frozenset(["floor", "ceil", "trunc", "rint", "lt", "le", "gt", "ge", "eq", "ne", "zero", "const"])


Affine = tuple[int | None, int, int]  # coordinate c, a, b of a * c + b; None: b alone


def _sum(x: Affine, y: Affine) -> Affine | None:
    if x[0] is None or y[0] is None or x[0] == y[0]:
        return x[0] if y[0] is None else y[0], x[1] + y[1], x[2] + y[2]
    return None


def _product(x: Affine, y: Affine) -> Affine | None:
    if x[0] is not None and y[0] is not None:
        return None
    factor, other = (x[2], y) if x[0] is None else (y[2], x)
    return other[0], other[1] * factor, other[2] * factor


def _tells(coordinate: int, forms: set[Affine]) -> bool:
    """Whether indices of these forms, one per access, are equal for no two values of the coordinate."""
    factors, offsets = {a for _, a, _ in forms}, [b for _, _, b in forms]
    if {c for c, _, _ in forms} != {coordinate} or len(factors) != 1 or 0 in factors:
        return False
    (a,) = factors
    return len({b % abs(a) for b in offsets}) == len(set(offsets))


_INDEX_RULES: dict[str, Callable[..., Affine | None]] = {
    "add": _sum,
    "sub": lambda x, y: _sum(x, (y[0], -y[1], -y[2])),
    "mul": _product,
    "cast": lambda x: x,
}
_OF_INDICES = frozenset({"tid", "const", *_INDEX_RULES})
_OF_ARRAYS = frozenset({"local", "view", "slice", "front", "components", "extract"})


@dataclass(frozen=True)
class Origin:
    """Where an array or a struct of arrays comes from; `indices` of views on the way, None if unknown."""

    root: Root
    indices: tuple[Value, ...] | None = ()


@dataclass
class Access:
    """One load, store or atomic, or a call that reads."""

    op: Op
    root: Root
    indices: tuple[Value, ...] | None
    loops: tuple[Op, ...]

    @property
    def writes(self) -> bool:
        """Whether it changes memory."""
        return self.op.name not in ("load", "call")


@dataclass
class Analysis:
    """A kernel's dependences, given which of its roots are differentiable to begin with."""

    func: Func
    roots: set[Root]  # active ones; grows to what active values are written to
    active: set[Value] = field(default_factory=set)
    origins: dict[Value, Origin] = field(default_factory=dict)
    accesses: list[Access] = field(default_factory=list)
    by_root: dict[Root, list[Access]] = field(default_factory=dict)
    uses: set[Value] = field(default_factory=set)
    affine: dict[Value, Affine] = field(default_factory=dict)
    in_loop: dict[Op, list[Access]] = field(default_factory=dict)
    locals: dict[Root, Op] = field(default_factory=dict)
    _bits: set[Value] = field(default_factory=set)
    _changed: bool = True  # something was found out that code before it depends on

    def traced(self) -> Analysis:
        """Follows origins of arrays only: who touches what."""
        for number, param in enumerate(self.func.params):
            if isinstance(param.type, (ArrayType, Struct)):
                self.origins[param] = Origin(("param", number, 0))
        self._trace(self.func.body, ())
        return self

    def run(self) -> Analysis:
        """Follows origins, then activity until nothing new is found."""
        self.traced()
        while self._changed:
            self._changed = False
            self._block(self.func.body)
        return self

    def touching(self, root: Root) -> list[Access]:
        """All accesses of an array."""
        return self.by_root.get(root, [])

    def is_mixed(self, root: Root) -> bool:
        """Whether an array is both read and written."""
        kinds = {a.writes for a in self.touching(root)}
        reads = any(a.op.name == "atomic" and self.is_used(a.op) for a in self.touching(root))
        return len(kinds) == 2 or reads

    def is_ordered(self, root: Root) -> bool:
        """Whether what an item reads there may depend on the order of items: on others' atomics."""
        return any(
            a.op.name == "atomic" and (self.is_used(a.op) or a.op.attrs["op"] in ("min", "max"))
            for a in self.touching(root)
        )

    def in_struct(self, root: Root) -> bool:
        """Whether an array is a field of a parameter."""
        return root[0] == "param" and isinstance(self.func.params[int(str(root[1]))].type, Struct)

    def name_of(self, root: Root) -> str:
        """What messages call an array."""
        if root[0] != "param":
            return "a private array" if root[0] == "local" else "an array behind a handle"
        return f"array {self.func.names[int(str(root[1]))]!r}"

    def is_used(self, op: Op) -> bool:
        """Whether some result of the op is used."""
        return any(r in self.uses for r in op.results)

    def is_private(self, root: Root) -> bool:
        """Whether no two items touch the same element, because indices tell each item's coordinates.

        A coordinate is told by a dimension where every access has the index `a * coordinate + b`, with one a
        for all and different remainders b mod a where the b differ: x[3 * i], x[3 * i + 1], x[3 * i + 2].
        """
        if root[0] == "local":
            return True
        places = [access.indices for access in self.touching(root)]
        if not places:
            return True
        if any(p is None or len(p) != len(places[0] or ()) for p in places):
            return False
        ndim = self.func.tid_ndim or 0
        dimensions = [
            {self.affine.get(i, (None, 0, 0)) for i in column}
            for column in zip(*(p for p in places if p is not None), strict=True)
        ]
        return ndim > 0 and all(any(_tells(c, forms) for forms in dimensions) for c in range(ndim))

    # where arrays come from

    def _trace(self, block: Block, loops: tuple[Op, ...]) -> None:
        for op in block.ops:
            self.uses.update(op.args)
            if op.name in _OF_ARRAYS:
                self._origin(op)
            elif op.name in ("load", "store", "atomic"):
                self._access(op, loops)
            elif op.name in _OF_INDICES:
                self._follow_index(op)
            elif op.name == "call":
                self._call(op, loops)
            elif op.regions:
                self._trace_regions(op, loops)
        self.uses.update(block.yields)

    def _trace_regions(self, op: Op, loops: tuple[Op, ...]) -> None:
        inner = (*loops, op) if op.name in ("for", "while") else loops
        for region in op.regions:
            self._bind_arrays(op, region)
            self._trace(region, inner)
            self.uses.update(region.yields)
        self._merge_arrays(op)

    def _follow_index(self, op: Op) -> None:
        """Integers that are a coordinate times a constant, plus a constant."""
        if op.name == "tid":
            self.affine.update({r: (k, 1, 0) for k, r in enumerate(op.results)})
        elif op.name == "const" and isinstance(op.attrs["value"], int):
            self.affine[op.results[0]] = (None, 0, op.attrs["value"])
        elif op.name in _INDEX_RULES and op.args[0] in self.affine and op.args[-1] in self.affine:
            found = _INDEX_RULES[op.name](*(self.affine[a] for a in op.args))
            if found is not None:
                self.affine[op.results[0]] = found

    def _origin(self, op: Op) -> None:
        if op.name == "local":
            self.origins[op.results[0]] = Origin(("local", id(op)))
            self.locals["local", id(op)] = op
        elif op.name == "view":
            base = self.origins.get(op.args[0], Origin(RAW))
            known = None if base.indices is None else (*base.indices, *op.args[1:])
            self.origins[op.results[0]] = Origin(base.root, known)
        elif op.name in ("slice", "front", "components"):
            base = self.origins.get(op.args[0], Origin(RAW))
            keeps = op.name == "components"
            self.origins[op.results[0]] = Origin(base.root, base.indices if keeps else None)
        elif op.name == "extract" and op.args[0] in self.origins:
            root = self.origins[op.args[0]].root
            if root is SEVERAL:
                self.origins[op.results[0]] = Origin(SEVERAL)
            elif root is not RAW and isinstance(op.results[0].type, (ArrayType, Struct)):
                self.origins[op.results[0]] = Origin(
                    ("param", root[1], int(str(root[2])) + op.attrs["offset"])
                )

    def _bind_arrays(self, op: Op, region: Block) -> None:
        """Arrays that a loop carries: the one each turn starts with must be the one before the loop."""
        if op.name not in ("for", "while"):
            return
        first = 3 if op.name == "for" else 0
        for param, arg in zip(region.params[1 if first else 0 :], op.args[first:], strict=True):
            if arg in self.origins:
                self.origins[param] = Origin(self.origins[arg].root, None)

    def _merge_arrays(self, op: Op) -> None:
        for number, result in enumerate(op.results):
            if not _holds_array(result):
                continue
            shift = 1 if op.name == "while" else 0
            yields = [r.yields[number + (shift if k == 0 else 0)] for k, r in enumerate(op.regions)]
            if op.name != "if":
                yields.append(op.args[number + (3 if op.name == "for" else 0)])
            found = {self.origins.get(y, Origin(RAW)).root for y in yields}
            self.origins[result] = Origin(found.pop() if len(found) == 1 else SEVERAL, None)

    def _access(self, op: Op, loops: tuple[Op, ...]) -> None:
        origin = self.origins.get(op.args[0], Origin(RAW))
        if origin.root is SEVERAL:
            raise refuse(
                "one of several arrays is chosen at run time", op.loc, "index each in a branch of its own"
            )
        values = 0 if op.name == "load" else 2 if op.attrs.get("op") == "cas" else 1
        given = op.args[1 : len(op.args) - values]
        known = None if origin.indices is None else (*origin.indices, *given)
        self._add(Access(op, origin.root, known, loops))

    def _call(self, op: Op, loops: tuple[Op, ...]) -> None:
        """A func with a derivative by hand may read arrays."""
        if not any(_holds_array(a) for a in op.args):
            return
        reads, written = arrays_of(op.attrs["callee"])
        if written is not None:
            raise refuse(
                f"{op.attrs['callee'].name}() has a derivative by hand and writes to an array (line "
                f"{written.line})",
                op.loc,
                "return the value and write it in the kernel",
            )
        for root in reads:
            base = self.origins.get(op.args[int(str(root[1]))], Origin(RAW)).root
            leaf = 0 if base[0] != "param" else int(str(base[2])) + int(str(root[2]))
            self._add(Access(op, ("param", base[1], leaf) if base[0] == "param" else base, None, loops))

    def _add(self, access: Access) -> None:
        self.accesses.append(access)
        self.by_root.setdefault(access.root, []).append(access)
        for loop in access.loops:
            self.in_loop.setdefault(loop, []).append(access)

    # activity

    def _mark(self, value: Value) -> None:
        if value not in self.active and carries_float(value.type):
            self.active.add(value)

    def _block(self, block: Block) -> None:
        for op in block.ops:
            rule = _ACTIVITY.get(op.name, Analysis._plain)
            rule(self, op)

    def _plain(self, op: Op) -> None:
        if self._bits or op.name == "bitcast":
            self._follow_bits(op)
        if op.name not in FLAT and (not self.active.isdisjoint(op.args) or self._reads_active(op)):
            for result in op.results:
                self._mark(result)

    def _reads_active(self, op: Op) -> bool:
        """Whether it calls a func, one with a derivative by hand, that reads an active array."""
        return op.name == "call" and any(a.root in self.roots for a in self.accesses if a.op is op)

    def _follow_bits(self, op: Op) -> None:
        """A float taken apart as an integer has no derivative that could be followed back into a float."""
        from_float = op.name == "bitcast" and op.args[0] in self.active
        through = any(a in self._bits for a in op.args) and op.name not in ("cast", *FLAT)
        if not (from_float or through):
            return
        for result in op.results:
            if carries_float(result.type):
                raise refuse(
                    "a float is made from the bits of another",
                    op.loc,
                    "give the func a derivative: @rk.func_grad",
                )
            self._bits.add(result)

    def _load(self, op: Op) -> None:
        if self.origins.get(op.args[0], Origin(RAW)).root in self.roots:
            self._mark(op.results[0])

    def _write(self, op: Op) -> None:
        origin = self.origins.get(op.args[0], Origin(RAW))
        if op.args[-1] in self.active:
            if origin.root is RAW:
                raise refuse(
                    "a value is written to memory behind a handle", op.loc, "pass the array as a parameter"
                )
            if origin.root not in self.roots:
                self.roots.add(origin.root)
                self._changed = True
        if op.name == "atomic" and origin.root in self.roots:
            self._mark(op.results[0])

    def _if(self, op: Op) -> None:
        for region in op.regions:
            self._block(region)
            self._pass(region.yields, op.results)

    def _loop(self, op: Op) -> None:
        carried = op.args[3:] if op.name == "for" else op.args
        for region in op.regions:
            self._pass(carried, region.params[-len(carried) :] if carried else ())
            self._block(region)
            carried = region.yields[1:] if op.name == "while" and region is op.regions[0] else region.yields
        found = len(self.active) + len(self._bits)
        self._pass(carried, op.regions[0].params[-len(carried) :] if carried else ())
        self._changed |= len(self.active) + len(self._bits) > found
        last = op.regions[0].yields[1:] if op.name == "while" else op.regions[0].yields
        self._pass(last, op.results)
        self._pass(op.args[3:] if op.name == "for" else op.args, op.results)

    def _pass(self, sources: tuple[Value, ...], targets: tuple[Value, ...]) -> None:
        for source, target in zip(sources, targets, strict=True):
            if source in self.active:
                self._mark(target)
            if source in self._bits:
                self._bits.add(target)


@lru_cache(64)
def arrays_of(callee: Func) -> tuple[tuple[Root, ...], Loc | None]:
    """Arrays of its parameters that a function reads, and where it writes to something not its own."""
    facts = Analysis(inlined(callee), set()).traced()
    written = [a.op.loc or Loc("?", 0, 0) for a in facts.accesses if a.writes and a.root[0] != "local"]
    reads = dict.fromkeys(a.root for a in facts.accesses if not a.writes and a.root[0] == "param")
    return tuple(reads), written[0] if written else None


_ACTIVITY = {
    "load": Analysis._load,
    "store": Analysis._write,
    "atomic": Analysis._write,
    "if": Analysis._if,
    "for": Analysis._loop,
    "while": Analysis._loop,
}


def _holds_array(value: Value) -> bool:
    return isinstance(value.type, ArrayType) or (
        isinstance(value.type, Struct) and any(isinstance(t, ArrayType) for _, t in value.type.fields)
    )


def refuse(what: str, loc: Loc | None, hint: str | None = None) -> AdjointError:
    """The error for code that has no exact derivative here."""
    if loc is None:
        return AdjointError(f"cannot be differentiated: {what}", hint=hint)
    return AdjointError(
        f"cannot be differentiated: {what}", loc.file, loc.line, loc.column, _line(loc), loc.width, hint
    )


def _line(loc: Loc) -> str | None:
    import linecache

    return linecache.getline(loc.file, loc.line) or None
