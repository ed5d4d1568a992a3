"""Blocks of memory that take part in a tape, found by address: views and slices need no rule of their own."""

from __future__ import annotations

import bisect
import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from robokern.errors import AdjointError
from robokern.runtime.array import Array, wrap
from robokern.runtime.hostvalue import Ndarray

try:
    from numpy.lib.array_utils import byte_bounds
except ImportError:  # NumPy before 2.0
    from numpy import byte_bounds  # type: ignore[no-redef,attr-defined]

if TYPE_CHECKING:
    from robokern.runtime.tape_entries import Entry, Use


@dataclass(eq=False)
class Block:
    """A block of memory that arrays of the tape lie in.

    `readers` are the recorded launches whose derivative will read it as it is now.
    """

    low: int
    high: int
    owner: Any
    active: bool = False
    shadow: Ndarray | None = None
    own: tuple[int, Ndarray] | None = None  # address of the array whose grad is the shadow, and that grad
    readers: list[tuple[Entry, Use, Array]] = field(default_factory=list)

    def shadow_of(self, array: Array) -> Array:
        """The adjoints of an array in this block."""
        data = array._numpy
        if self.own is not None:
            base, memory = self.own
        else:
            if self.shadow is None:
                self.shadow = np.zeros(self.high - self.low, np.uint8)
            base, memory = self.low, self.shadow
        offset = int(data.__array_interface__["data"][0]) - base
        view: Ndarray = np.ndarray(data.shape, data.dtype, memory.data, offset, data.strides)
        return wrap(view, array.dtype, array.device)

    def bytes(self) -> Ndarray:
        """Its memory."""
        size = self.high - self.low
        data: Ndarray = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(self.low))
        return data


class Blocks:
    """The blocks of a tape."""

    def __init__(self) -> None:
        self._blocks: dict[tuple[int, int], Block] = {}
        self._bounds: list[tuple[int, int]] = []
        # by the array's id, which it keeps alive
        self._placed: dict[int, tuple[Block, int, int, Array]] = {}

    def __iter__(self) -> Iterator[Block]:
        return iter(self._blocks.values())

    def storage(self, array: Array) -> Block:
        """The memory block that an array lies in."""
        found = self._placed.get(id(array))
        return found[0] if found is not None else self._find(array)[0]

    def span(self, array: Array) -> tuple[int, int]:
        """Addresses of an array's first byte and of the one after its last."""
        found = self._placed.get(id(array)) or self._find(array)
        return found[1], found[2]

    def _find(self, array: Array) -> tuple[Block, int, int, Array]:
        owner: Any = array._numpy
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        low, high = byte_bounds(owner)
        storage = self._blocks.get((low, high)) or self._place(low, high, owner)
        placed = self._placed[id(array)] = (storage, *byte_bounds(array._numpy), array)
        return placed

    def _place(self, low: int, high: int, owner: Any) -> Block:
        """A block for memory not seen yet, or the known one that contains it."""
        at = bisect.bisect_right(self._bounds, (low, high))
        for near in self._bounds[max(at - 1, 0) : at + 1]:
            if near[0] <= low and high <= near[1]:
                return self._blocks[near]
            if low < near[1] and near[0] < high and low < high:
                raise AdjointError(
                    "tape: two arrays overlap in memory of another library; wrap the whole, then slice it"
                )
        made = self._blocks[low, high] = Block(low, high, owner)
        self._bounds.insert(at, (low, high))
        return made
