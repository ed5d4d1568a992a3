"""Values over many items at once: what the interpreter computes with.

A value is its leaves (`layout.leaves`), each a one-dimensional NumPy array over the *lanes*, the items that
are active. A leaf of length 1 is uniform: equal in all lanes. A `Frame` holds the values of a function for
some lanes; where control flow diverges, a narrower frame holds the lanes that take a path, so that inactive
lanes cost nothing and cannot fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from robokern.ir.nodes import Func, Loc, Op, Value

Leaf = npt.NDArray[Any]
Leaves = list[Leaf]
Index = npt.NDArray[np.intp]
CallPath = tuple[Op, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed assertion."""

    item: int
    message: str
    loc: Loc | None


@dataclass(slots=True)
class Run:
    """One launch: the kernel, its grid, and what the items report.

    `buffers` holds the memory of each `local` op, so that it lives as long as the items that see it.
    """

    kernel: Func
    dim: tuple[int, ...]
    first_item: int = 0
    items: int = 0
    failures: list[Failure] = field(default_factory=list)
    printed: list[tuple[int, str]] = field(default_factory=list)
    buffers: dict[tuple[CallPath, Op], npt.NDArray[np.uint8]] = field(default_factory=dict)

    def begin(self, first_item: int, items: int) -> None:
        """Goes on to the next items; memory private to the earlier ones is given back."""
        self.first_item, self.items = first_item, items
        self.buffers.clear()

    def coordinates(self, items: Index) -> tuple[Index, ...]:
        """Place of each item in the grid, last dimension fastest."""
        return np.unravel_index(items, self.dim)


class Frame:
    """Values of one function activation in some lanes.

    Args:
        run: the launch.
        func: the function being executed.
        items: item number of each lane, ascending.
        path: the calls that lead here.
        parent: frame with more lanes in which outer values are found; `index` are this frame's lanes in it.
    """

    __slots__ = ("func", "index", "items", "parent", "path", "run", "values")

    def __init__(
        self,
        run: Run,
        func: Func,
        items: Index,
        path: CallPath = (),
        parent: Frame | None = None,
        index: Index | None = None,
    ) -> None:
        self.run, self.func, self.items, self.path = run, func, items, path
        self.parent, self.index = parent, index
        self.values: dict[Value, Leaves] = {}

    def get(self, value: Value) -> Leaves:
        """The value in this frame's lanes."""
        found = self.values.get(value)
        if found is None:
            assert self.parent is not None and self.index is not None, "value is not visible"
            found = [take(leaf, self.index) for leaf in self.parent.get(value)]
            self.values[value] = found
        return found

    def bind(self, values: Sequence[Value], bound: Sequence[Leaves]) -> None:
        """Gives block parameters or results their value."""
        self.values.update(zip(values, bound, strict=True))

    def narrow(self, index: Index) -> Frame:
        """The frame of the lanes at `index`."""
        return Frame(self.run, self.func, self.items[index], self.path, self, index)

    def spread(self, leaf: Leaf) -> Leaf:
        """The leaf with one entry per lane, uniform or not."""
        return np.broadcast_to(leaf, self.items.shape)


def take(leaf: Leaf, index: Index) -> Leaf:
    """A leaf in fewer lanes; uniform ones stay as they are."""
    return leaf if leaf.size == 1 else leaf[index]


class Results:
    """Collects carried values that lanes leave a construct with, part by part."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.values: list[Leaves] | None = None

    def put(self, index: Index, part: Sequence[Leaves]) -> None:
        """Sets the lanes at `index`."""
        if self.values is None:
            self.values = [[np.zeros(self.lanes, leaf.dtype) for leaf in leaves] for leaves in part]
        for whole, leaves in zip(self.values, part, strict=True):
            for target, leaf in zip(whole, leaves, strict=True):
                target[index] = leaf
