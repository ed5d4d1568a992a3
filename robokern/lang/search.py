"""Binary search in sorted arrays."""

# ruff: noqa: F811 - overloads share a name; defaults are constants
from __future__ import annotations

from typing import Any

from robokern.compiler.function import func
from robokern.ir.types import ArrayType, int32


@func
def lower_bound(arr: ArrayType(Any), value: Any) -> int32:
    """Index of the first element >= value of a sorted array; of the last element if there is none.

    `lower_bound(array, begin, end, value)` searches [begin, end).
    """
    return lower_bound(arr, int32(0), len(arr), value)


@func
def lower_bound(arr: ArrayType(Any), arr_begin: int32, arr_end: int32, value: Any) -> int32:
    arr_end = arr_end - 1
    while arr_begin < arr_end:
        middle = arr_begin + (arr_end - arr_begin) // 2
        if arr[middle] < value:
            arr_begin = middle + 1
        else:
            arr_end = middle
    return arr_begin
