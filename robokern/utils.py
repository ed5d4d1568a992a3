"""`robokern.utils`: what Warp keeps under `warp.utils`."""

from __future__ import annotations

from typing import Any

from robokern.errors import UnsupportedError
from robokern.runtime.collective import (
    array_cast,
    array_inner,
    array_scan,
    array_sum,
    radix_sort_pairs,
    runlength_encode,
    segmented_sort_pairs,
)

__all__ = [
    "array_cast", "array_inner", "array_scan", "array_sum", "radix_sort_pairs", "runlength_encode",
    "segmented_sort_pairs",
]  # fmt: skip


_REFUSED = {
    "AllocatorRmm": ("a choice of how memory is had", "memory is pooled"),
    "GraphColoringAlgorithm": ("colouring of graphs", "colour on the host"),
    "create_warp_function": ("funcs from other code", "write an @rk.func"),
}


def __getattr__(name: str) -> Any:
    key = "GraphColoringAlgorithm" if name.startswith("graph_coloring") else name
    if key in _REFUSED:
        feature, remedy = _REFUSED[key]
        raise UnsupportedError(f"rk.utils.{name} is not supported ({feature}): {remedy}")
    raise AttributeError(f"module 'robokern.utils' has no attribute {name!r}")
