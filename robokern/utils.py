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


def __getattr__(name: str) -> Any:
    if name.startswith("graph_coloring") or name == "GraphColoringAlgorithm":
        raise UnsupportedError(f"rk.utils.{name} is not supported (colouring of graphs): colour on the host")
    if name == "AllocatorRmm":
        raise UnsupportedError(f"rk.utils.{name} is not supported (a choice of how memory is had)")
    if name == "create_warp_function":
        raise UnsupportedError(f"rk.utils.{name} is not supported: write an @rk.func")
    raise AttributeError(f"module 'robokern.utils' has no attribute {name!r}")
