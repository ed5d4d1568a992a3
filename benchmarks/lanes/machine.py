"""What the machine could do at most, and how long kernels take to compile."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

import robokern as rk
from benchmarks.side_by_side import seconds
from robokern.compiler import build, target
from robokern.compiler.frontend import lower

_LINKS, _LATENCY = 4_000_000, 4  # fused multiply-adds one after the other; cycles of each
_UNITS = 2  # that a core has for fused multiply-adds


@rk.kernel
def _dependent(out: rk.array(dtype=float), links: int):
    s = out[0]
    for _k in range(links):
        s = rk.fma(s, 0.999, 0.001)
    out[0] = s


@dataclass(frozen=True)
class Peak:
    """Of some threads together.

    Args:
        clock: [Hz], of one core that computes.
        flops: float32 operations per second: fused multiply-adds in every lane of every unit.
        bytes: read and written per second by a copy of 8 MB, which second-level caches do not hold.
    """

    clock: float
    flops: float
    bytes: float

    def share(self, flops: float, bytes: float) -> float:
        """The larger part of what there is."""
        return max(flops / self.flops, bytes / self.bytes)

    def __str__(self) -> str:
        flops, clock = f"{self.flops / 1e9:,.0f} GFLOP/s", f"{self.clock / 1e9:.2f} GHz"
        return f"peak: {flops} at {clock}, {self.bytes / 1e9:.1f} GB/s"


def peak(threads: int) -> Peak:
    """Measures the clock and the copying speed on one thread; `threads` have as many times that."""
    out = rk.zeros(1, dtype=float, device="cpu")
    launched = rk.launch(_dependent, 1, [out, _LINKS], device="cpu", record_cmd=True)
    assert launched is not None
    clock = _LINKS * _LATENCY / min(seconds(launched.launch, clock=time.thread_time) for _ in range(5))
    a = np.ones(1 << 21, np.float32)
    b = np.zeros_like(a)
    copied = min(seconds(lambda: np.copyto(b, a), clock=time.thread_time) for _ in range(5))
    lanes = target.cpu(contiguous=True).vector_bits // 32
    return Peak(clock, threads * 2.0 * _UNITS * lanes * clock, threads * 2 * a.nbytes / copied)


def compile_seconds(kernel: Any) -> tuple[float, float]:
    """From the lowered program to object code: wide code, and scalar."""
    return _compiled(kernel), _compiled(rk.kernel(cpu_lanes=1)(kernel.overload.python))


def _compiled(kernel: Any) -> float:
    func = lower(kernel, tuple(type_ for _, type_ in kernel.params))
    place = target.cpu(contiguous=True)
    return min(seconds(lambda: build.compile(func, place), clock=time.thread_time) for _ in range(3))
