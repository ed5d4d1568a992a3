"""What a launch must know of a kernel's derivative, apart from the programs."""

from __future__ import annotations

from dataclasses import dataclass

from robokern.ir.types import ArrayType, Type


@dataclass(frozen=True)
class Effects:
    """Numbers of the array parameters that a kernel reads and writes, and that active ones flow to."""

    reads: frozenset[int]
    writes: frozenset[int]
    active: frozenset[int]


@dataclass(frozen=True)
class Layout:
    """The parameters of an adjoint kernel, behind the kernel's own, and what becomes of these.

    Attributes:
        shadows: the parameters that have an adjoint array, in the order of those.
        values: the parameters by value that have an array of shares over the grid, in the order of those.
        finals: the parameters that are passed once more as they are after the launch, in the order of those.
        saved: types of the arrays that the forward launch fills, over the grid.
        logs: element types of the logs it fills: each an array rows x items and an int32 array over the grid.
        reads: parameters whose elements the adjoint kernel reads.
        copies: those of them that it overwrites: it needs a copy.
    """

    shadows: tuple[int, ...] = ()
    values: tuple[int, ...] = ()
    finals: tuple[int, ...] = ()
    saved: tuple[ArrayType, ...] = ()
    logs: tuple[Type, ...] = ()
    reads: frozenset[int] = frozenset()
    copies: frozenset[int] = frozenset()
