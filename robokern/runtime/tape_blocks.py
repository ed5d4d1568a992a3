"""Blocks of memory that take part in a tape, found by address: views and slices need no rule of their own.

An array belongs to the block of the memory it views, whichever way the view was made. Blocks never overlap.
"""

from __future__ import annotations

import bisect
import sys
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np

from robokern.errors import AdjointError
from robokern.ir.types import uint8
from robokern.runtime import recording
from robokern.runtime.array import Array, wrap, zeros_of
from robokern.runtime.blank import unwritten
from robokern.runtime.device import Device
from robokern.runtime.hostvalue import Ndarray
from robokern.runtime.memory import address as address_of
from robokern.runtime.memory import move

try:
    from numpy.lib.array_utils import byte_bounds
except ImportError:  # NumPy before 2.0
    from numpy import byte_bounds  # type: ignore[no-redef,attr-defined]

Span = tuple[int, int]  # addresses of the first byte, and of the one after the last


class Block:
    """A block of memory that arrays of the tape lie in.

    Attributes:
        memory: the whole, as NumPy sees it.
        owner: what keeps it.
        device: which memory it is.
        active: whether it holds something differentiable.
        constant: whether a recorded step relied on `active` being False.
        written: whether a recorded step writes to it.
        readers: places in the tape of the launches whose derivative reads the block as it is now.
        shadow: its adjoints, in the time of a `backward`.
        origin: address of the block's byte that the first byte of `shadow` belongs to.
        borrowed: whether the shadow is not to be changed.
        leaf: the array whose `grad` is to be the shadow, once there has to be one.
        spent: whether nobody will ask for the shadow any more.
        parts: descriptors of the arrays that steps use, or that require a gradient or are given one; of each
            whether it is, without gaps, all that takes part.
        used: where these lie; None: there are none.
        first: place in the tape of the first step that touches it; -1: none does.
    """

    active = constant = written = borrowed = spent = False
    shadow: Array | None = None
    leaf: Array | None = None
    first = -1
    origin = 0
    used: Span | None = None
    _span: Span | None = None

    def __init__(self, owner: Any, device: Device) -> None:
        self.owner, self.device = owner, device
        self.memory: Ndarray = owner
        self.readers: list[int] = []
        self.parts: dict[bytes, bool] = {}

    @property
    def span(self) -> Span:
        """Where it is."""
        if self._span is None:
            self._span = _bounds(self.memory)
        return self._span

    def touch(self, at: int, array: Array, writes: bool) -> None:
        """Notes that the step at a place of the tape uses an array in it."""
        self.first = at if self.first < 0 else self.first
        self.written |= writes
        self.cover(array)

    def cover(self, array: Array) -> None:
        """Notes that an array in it takes part."""
        if array.descriptor in self.parts:
            return
        low, high = span = span_of(array)
        if self.used is None:
            self.used = span
        elif low < self.used[0] or self.used[1] < high:
            self.used = min(low, self.used[0]), max(high, self.used[1])
            self.parts = dict.fromkeys(self.parts, False)
        self.parts[array.descriptor] = array.is_contiguous and span == self.used

    def is_filled_by(self, array: Array) -> bool:
        """Whether all that takes part of it is this array, which does too, without gaps."""
        return self.parts.get(array.descriptor, False)

    @property
    def size(self) -> int:
        """Its bytes."""
        return int(self.memory.nbytes) if self.memory.flags.c_contiguous else self.span[1] - self.span[0]

    def shadow_of(self, array: Array) -> Array:
        """The adjoints of an array in this block."""
        data, shadow = array._numpy, self._own_shadow()
        offset = address(array) - self.origin
        view: Ndarray = np.ndarray(data.shape, data.dtype, shadow._numpy, offset, data.strides)
        return wrap(view, array.dtype, array.device)

    def shadow_descriptor(self, array: Array, change: bool = True) -> bytes:
        """What kernels read of `shadow_of`; `change`: whether they may write."""
        shadow = self._own_shadow() if change or self.shadow is None else self.shadow
        if shadow.descriptor[8:] == array.descriptor[8:] and self.is_filled_by(array):
            return shadow.descriptor
        place = address(array) - self.origin + address(shadow)
        return place.to_bytes(8, sys.byteorder) + array.descriptor[8:]

    def _own_shadow(self) -> Array:
        """The shadow, which may be changed."""
        if self.shadow is None and self.leaf is not None:
            assert self.leaf.grad is not None
            self.adopt(self.leaf.grad, address(self.leaf))
        if self.shadow is None:
            self.shadow, self.origin = zeros_of(uint8, (self.size,), self.device), self.span[0]
        if self.borrowed:
            lent = self.shadow
            self.shadow, self.borrowed = zeros_of(lent.dtype, lent.shape, self.device, zero=False), False
            move(self.shadow._numpy, self.device, lent._numpy, lent.device)
        return self.shadow

    def adopt(self, grad: Array, origin: int, borrowed: bool = False) -> None:
        """Makes a contiguous `grad` the shadow of the bytes from `origin` on; `borrowed`: until a change."""
        self.shadow, self.origin, self.borrowed = grad, origin, borrowed

    @property
    def is_blank(self) -> bool:
        """Whether all adjoints are zero, and not in memory."""
        return self.shadow is None and (self.leaf is None or self.leaf._grad is None)

    def claim(self, array: Array) -> None:
        """Makes a shadow of an array that fills a blank block, for what is about to write all of it."""
        if self.leaf is None:
            made = zeros_of(array.dtype, array.shape, self.device, zero=False)
        else:
            made = unwritten(self.leaf)
        self.adopt(made, address(array))

    def settle(self) -> None:
        """Makes the shadow that has been claimed, and written, the gradient that it is to be."""
        if self.leaf is not None and self.leaf._grad is None and self.shadow is not None:
            self.leaf._grad = self.shadow
            recording.blank.pop(self.leaf, None)

    def forget_shadow(self) -> None:
        """Drops the adjoints."""
        self.shadow = self.leaf = None
        self.borrowed = self.spent = False

    def content(self) -> Array:
        """Its bytes, shared."""
        return wrap(np.asarray(_Bytes(self)), uint8, self.device)


class _Bytes:
    """A block's memory as NumPy sees it."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.__array_interface__ = {
            "shape": (block.size,), "typestr": "|u1", "data": (block.span[0], False), "version": 3,
        }  # fmt: skip


def address(array: Array) -> int:
    """Of an array's first element."""
    return int.from_bytes(array.descriptor[:8], sys.byteorder)


class Blocks:
    """The blocks of a tape."""

    def __init__(self) -> None:
        self._by_owner: dict[int, Block] = {}
        self._apart: list[Block] = []  # memory that is `_is_whole`: nothing else can overlap it unseen
        self._by_span: dict[Span, Block] = {}
        self._spans: list[Span] = []

    def __iter__(self) -> Iterator[Block]:
        return chain(self._apart, self._by_span.values())

    def of(self, array: Array) -> Block:
        """The block that an array lies in.

        Raises:
            AdjointError: it overlaps one that was seen before, and neither contains the other.
        """
        found = self._by_owner.get(id(array._numpy.base))
        return self._find(array) if found is None else found

    def known(self, array: Array) -> Block | None:
        """The block that an array lies in, or the first that it overlaps, if there is one."""
        found = self._by_owner.get(id(array._numpy.base))
        if found is not None:
            return found
        self._place_all()
        low, high = span_of(array)
        at = bisect.bisect_left(self._spans, (low, low))
        near = self._spans[max(at - 1, 0) : at + 1]
        return next((self._by_span[s] for s in near if overlap(s, (low, high))), None)

    def _find(self, array: Array) -> Block:
        """The block of memory that was not asked for before, or not through this view of it."""
        owner: Any = array._numpy
        while type(owner.base) is np.ndarray:
            owner = owner.base
        if _is_whole(owner) and owner is array._numpy.base and not self._spans:
            block = Block(owner, array.device)
            self._apart.append(block)
        else:
            block = self._placed(owner, array.device)
        if owner is array._numpy.base:
            # views of a NumPy array know it; what else may be a base need not be one piece of memory
            self._by_owner[id(owner)] = block
            block.owner = (owner, block.owner)
        return block

    def _placed(self, owner: Ndarray, device: Device) -> Block:
        """The block of memory that other libraries may have given out under other names."""
        self._place_all()
        span = _bounds(owner)
        return self._by_span.get(span) or self._containing(span) or self._place(Block(owner, device))

    def _place_all(self) -> None:
        """Makes all blocks known by address."""
        while self._apart:
            self._place(self._apart.pop(0))

    def _place(self, block: Block) -> Block:
        self._by_span[block.span] = block
        bisect.insort(self._spans, block.span)
        return block

    def _containing(self, span: Span) -> Block | None:
        """The known block that contains this memory."""
        low, high = span
        at = bisect.bisect_right(self._spans, span)
        for near in self._spans[max(at - 1, 0) : at + 1]:
            if near[0] <= low and high <= near[1]:
                return self._by_span[near]
            if low < near[1] and near[0] < high and low < high:
                raise AdjointError(
                    "tape: two arrays overlap in memory of another library; wrap the whole, then slice it"
                )
        return None


def _is_whole(owner: Ndarray) -> bool:
    """Whether NumPy allocated this memory, or we did on a GPU."""
    return owner.base is None or getattr(owner.base, "is_whole", False)


def memory_of(data: Ndarray, device: Device) -> Array:
    """The bytes from an array's first to its last, shared."""
    return Block(data, device).content()


def span_of(array: Array) -> Span:
    """Where an array's elements are; worked out once, as nothing moves them."""
    try:
        found: Span = array._span
    except AttributeError:
        low = address(array)
        whole = low, low + int(array._numpy.nbytes)
        found = array._span = whole if array.is_contiguous else _bounds(array._numpy)
    return found


def _bounds(data: Ndarray) -> Span:
    if data.flags.c_contiguous:  # by far the quicker way
        low = address_of(data)
        return low, low + data.nbytes
    low, high = byte_bounds(data)
    return int(low), int(high)


def overlap(a: Span, b: Span) -> bool:
    """Whether two spans have a byte in common."""
    return a[0] < b[1] and b[0] < a[1]
