"""The meaning of a Func, in NumPy: device "ref", against which compiled code is compared bit for bit.

All items of the grid advance together, one primitive at a time (see `lanes`); memory is the process's own.
Where items race, the order is fixed: within one operation a higher item comes after a lower one.

    run(kernel, dim, arguments)      launches
    call(func, *values)              calls a func with host values
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from robokern.errors import KernelAssertionError
from robokern.ir import layout
from robokern.ir.bfloat16 import Bfloat16, rounded
from robokern.ir.composite import Composite, StructValue
from robokern.ir.evaluate import PURE, Arguments, PureRule, dtype_of
from robokern.ir.lanes import Failure, Frame, Index, Leaf, Leaves, Results, Run
from robokern.ir.memory import MEMORY
from robokern.ir.nodes import Block, Func, Op
from robokern.ir.types import COMPOSITES, ArrayType, Scalar, Struct, Type, bfloat16

Rule = Callable[[Frame, Op, Arguments], Sequence[Leaves]]

LANES = 16384  # items that advance together: enough to amortise Python, few enough to stay in cache


def run(func: Func, dim: tuple[int, ...], args: Sequence[Sequence[Any]]) -> None:
    """Launches a kernel over the grid `dim`.

    Args:
        func: a kernel.
        dim: up to four lengths.
        args: for each parameter its scalars, one per `layout.leaves(type)`.

    Raises:
        KernelIndexError: an array index is out of range.
        KernelAssertionError: an assertion failed; every item has run.
    """
    bound = [_uniform(p.type, leaves) for p, leaves in zip(func.params, args, strict=True)]
    total = int(np.prod(dim, dtype=np.int64))
    state = Run(func, dim)
    with np.errstate(all="ignore"):
        for start in range(0, total, LANES):
            state.begin(start, min(LANES, total - start))
            frame = Frame(state, func, np.arange(start, start + state.items, dtype=np.intp))
            frame.bind(func.params, bound)
            run_block(frame, func.body)
    finish(state)


def call(func: Func, *values: Any) -> tuple[Any, ...]:
    """The results of a func for host values (NumPy scalars, `Composite`, `StructValue`), as host values.

    Raises:
        KernelIndexError: an array index is out of range.
        KernelAssertionError: an assertion failed.
    """
    state = Run(func, (1,))
    state.begin(0, 1)
    frame = Frame(state, func, np.zeros(1, np.intp))
    bound = [_uniform(p.type, host_leaves(p.type, v)) for p, v in zip(func.params, values, strict=True)]
    frame.bind(func.params, bound)
    with np.errstate(all="ignore"):
        results = run_block(frame, func.body)
    finish(state)
    typed = zip(func.results, results, strict=True)
    return tuple(host_value(type, [leaf[0] for leaf in leaves]) for type, leaves in typed)


def finish(state: Run) -> None:
    """Prints what the items printed, in item order, and raises the failed assertion of the lowest item."""
    for _, text in sorted(state.printed, key=lambda entry: entry[0]):
        print(text, end="")
    if state.failures:
        first = min(state.failures, key=lambda failure: failure.item)
        place = tuple(int(c[0]) for c in state.coordinates(np.array([first.item])))
        raise KernelAssertionError(
            f"{first.loc}: {first.message}; in kernel {state.kernel.name!r}, item {place} of grid {state.dim}"
        )


def _uniform(type: Type, leaves: Sequence[Any]) -> Leaves:
    scalars = layout.leaves(type)
    given = [(np.asarray([x]), s) for x, s in zip(leaves, scalars, strict=True)]
    return [rounded(x) if s == bfloat16 else x.astype(dtype_of(s)) for x, s in given]


# host values


def host_leaves(type: Type, value: Any) -> list[Any]:
    """The scalars of a host value, in order; an array is anything with `ptr`, `shape` and `strides`."""
    if isinstance(type, Scalar):
        return [value]
    if isinstance(type, COMPOSITES):
        return list(np.asarray(value).ravel())
    if isinstance(type, ArrayType):
        if value is None:
            return [0] * (1 + 2 * type.ndim)
        return [value.ptr, *value.shape[: type.ndim], *value.strides[: type.ndim]]
    assert isinstance(type, Struct)
    get = getattr if isinstance(value, StructValue) else lambda record, name: record[name]
    return [leaf for name, field in type.fields for leaf in host_leaves(field, get(value, name))]


def host_value(type: Type, leaves: Sequence[Any]) -> Any:
    """The host value that consists of these scalars; an array is given as its leaves."""
    if isinstance(type, Scalar):
        return Bfloat16(leaves[0]) if type == bfloat16 else leaves[0]
    if isinstance(type, COMPOSITES):
        return Composite(type, np.array(leaves, type.dtype.numpy).reshape(type.shape))
    if isinstance(type, ArrayType):
        return tuple(leaves)
    assert isinstance(type, Struct)
    values = {}
    for name, field in type.fields:
        start, _ = layout.field_leaf(type, name)
        values[name] = host_value(field, leaves[start : start + len(layout.leaves(field))])
    return StructValue(type, values)


# blocks and control flow


def run_block(frame: Frame, block: Block, params: Sequence[Leaves] = ()) -> list[Leaves]:
    """Executes a block's operations in all lanes of the frame; gives what it yields."""
    frame.bind(block.params, params)
    for op in block.ops:
        frame.bind(op.results, EVALUATE[op.name](frame, op, [frame.get(a) for a in op.args]))
    return [frame.get(v) for v in block.yields]


def _call(frame: Frame, op: Op, args: Arguments) -> Sequence[Leaves]:
    callee: Func = op.attrs["callee"]
    inner = Frame(frame.run, callee, frame.items, (*frame.path, op))
    inner.bind(callee.params, args)
    return run_block(inner, callee.body)


def _if(frame: Frame, op: Op, args: Arguments) -> Sequence[Leaves]:
    condition = args[0][0]
    if condition.all() or not condition.any():
        return run_block(frame, op.regions[0 if condition[0] else 1])
    results = Results(frame.items.size)
    for region, lanes in zip(op.regions, (condition, ~condition), strict=True):
        index = np.flatnonzero(lanes)
        results.put(index, run_block(frame.narrow(index), region))
    return results.values or []


class _Loop:
    """The lanes still in a loop, and their carried values."""

    def __init__(self, outer: Frame, carried: Sequence[Leaves]) -> None:
        self.outer = self.frame = outer
        self.carried = carried
        self.index: Index = np.arange(outer.items.size)
        self.left = Results(outer.items.size)

    def keep(self, going: Leaf) -> bool:
        """Lets the lanes where `going` is false leave with their carried values; says whether any remain."""
        if going.all():
            return True
        staying = np.flatnonzero(going)
        if staying.size == 0:
            return False
        leaving = np.flatnonzero(~going)
        self.left.put(self.index[leaving], _in_lanes(self.carried, leaving, going.size))
        self.carried = _in_lanes(self.carried, staying, going.size)
        self.index = self.index[staying]
        self.frame = self.outer.narrow(self.index)
        return True

    def results(self) -> Sequence[Leaves]:
        """The carried values with which each lane left."""
        if self.frame is self.outer:
            return self.carried
        self.left.put(self.index, self.carried)
        return self.left.values or []


def _in_lanes(values: Sequence[Leaves], index: Index, lanes: int) -> list[Leaves]:
    return [[leaf[index] if leaf.size == lanes else leaf for leaf in leaves] for leaves in values]


def _while(frame: Frame, op: Op, args: Arguments) -> Sequence[Leaves]:
    test, body = op.regions
    loop = _Loop(frame, args)
    while True:
        (going,), *loop.carried = run_block(loop.frame, test, loop.carried)
        if not loop.keep(going):
            return loop.results()
        loop.carried = run_block(loop.frame, body, loop.carried)


def turns(start: Leaf, stop: Leaf, step: Leaf) -> npt.NDArray[np.uint64]:
    """How often a `for` runs: as Python's `range` counts, none for a zero step."""
    wide = np.dtype(np.int64 if start.dtype.kind == "i" else np.uint64)
    start, stop, step = start.astype(wide), stop.astype(wide), step.astype(wide)
    rising, falling = (step > 0) & (start < stop), (step < 0) & (start > stop)
    first, last, stride = (x.astype(np.uint64) for x in (start, stop, step))
    distance = np.where(rising, last - first, first - last)  # modulo 2**64: right, for it is not negative
    size = np.where(rising, stride, np.uint64(0) - stride)
    one = np.uint64(1)
    count = (distance - one) // np.where(size == 0, one, size) + one
    return np.where(rising | falling, count, np.uint64(0))


def _for(frame: Frame, op: Op, args: Arguments) -> Sequence[Leaves]:
    (start,), (stop,), (step,) = args[:3]
    count = turns(start, stop, step)
    loop = _Loop(frame, args[3:])
    bounds: list[Leaves] = [[start, step, count]]
    turn = 0
    while True:
        going = bounds[0][2] > turn
        if not loop.keep(going):
            return loop.results()
        if going.size > 1:
            bounds = _in_lanes(bounds, np.flatnonzero(going), going.size)
        first, stride, _ = bounds[0]
        counter = first + stride * np.asarray([turn]).astype(first.dtype)
        loop.carried = run_block(loop.frame, op.regions[0], [[counter], *loop.carried])
        turn += 1


# what items report


def _tid(frame: Frame, op: Op, args: Arguments) -> Sequence[Leaves]:
    coordinates = [c.astype(np.int32) for c in frame.run.coordinates(frame.items)]
    coordinates += [np.zeros(1, np.int32)] * (op.attrs["ndim"] - len(coordinates))
    return [[c] for c in coordinates[: op.attrs["ndim"]]]


def _assert(frame: Frame, op: Op, args: Arguments) -> Sequence[Leaves]:
    failed = np.flatnonzero(~frame.spread(args[0][0]))
    if failed.size:
        report = frame.func.asserts[op.attrs["index"]]
        frame.run.failures.append(Failure(int(frame.items[failed[0]]), report.message, report.loc))
    return []


def _print(frame: Frame, op: Op, args: Arguments) -> Sequence[Leaves]:
    """`message` is the printed words in order, with None where the next argument goes; or a C format."""
    message = op.attrs["message"]
    columns = [[frame.spread(leaf) for leaf in leaves] for leaves in args]
    for lane, item in enumerate(frame.items):
        if isinstance(message, str):
            text = message % tuple(leaves[0][lane].item() for leaves in columns)
            frame.run.printed.append((int(item), text))
            continue
        values = iter([_printed([leaf[lane] for leaf in leaves]) for leaves in columns])
        words = [next(values) if word is None else word for word in message]
        frame.run.printed.append((int(item), " ".join(words) + "\n"))
    return []


def _printed(leaves: Sequence[Any]) -> str:
    """A scalar, or the components of a composite in brackets; floats as C prints them with %g."""
    words = [f"{float(x):g}" if x.dtype.kind == "f" else str(x) for x in leaves]
    return words[0] if len(words) == 1 else f"[{' '.join(words)}]"


def _pure(rule: PureRule) -> Rule:
    return lambda frame, op, args: [rule(op, args)]


EVALUATE: dict[str, Rule] = {
    **{name: _pure(rule) for name, rule in PURE.items()},
    **MEMORY,
    "tid": _tid,
    "assert": _assert,
    "print": _print,
    "call": _call,
    "if": _if,
    "for": _for,
    "while": _while,
}
