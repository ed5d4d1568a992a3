"""Binary search in sorted arrays."""

# ruff: noqa: F811 - overloads share a name; defaults are constants
from __future__ import annotations

from typing import Any

from robokern.compiler.function import func
from robokern.ir.types import ArrayType, int32


@func
def lower_bound(array: ArrayType(Any), value: Any) -> int32:
    """Index of the first element >= value of a sorted array; of the last element if there is none.

    `lower_bound(array, begin, end, value)` searches [begin, end).
    """
    return lower_bound(array, int32(0), len(array), value)


@func
def lower_bound(array: ArrayType(Any), begin: int32, end: int32, value: Any) -> int32:
    end = end - 1
    while begin < end:
        middle = begin + (end - begin) // 2
        if array[middle] < value:
            begin = middle + 1
        else:
            end = middle
    return begin
