"""Twenty small launches, one by one, recorded, and as one replayed graph; beside Warp where it is installed.

    python benchmarks/graphs.py [result.json]

Times are host microseconds for all twenty, medians of rounds in which both libraries take turns; on a GPU a
round ends with a synchronization, so what the GPU does is in them.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import robokern as rk

LAUNCHES, ITEMS, CALLS, ROUNDS = 20, 256, 50, 15


@rk.kernel
def add(a: rk.array(dtype=float), b: rk.array(dtype=float)):
    i = rk.tid()
    b[i] = a[i] + b[i]


def ours(device: str) -> dict[str, Callable[[], Any]]:
    """The three ways in robokern."""
    a, b = rk.ones(ITEMS, device=device), rk.zeros(ITEMS, device=device)
    recorded = rk.launch(add, dim=ITEMS, inputs=[a, b], device=device, record_cmd=True)
    assert recorded is not None

    def launches() -> None:
        for _ in range(LAUNCHES):
            rk.launch(add, dim=ITEMS, inputs=[a, b], device=device)

    def replays() -> None:
        for _ in range(LAUNCHES):
            recorded.launch()

    launches()
    with rk.ScopedCapture(device) as capture:
        launches()
    graph = capture.graph
    assert graph is not None
    return {
        "launches": launches,
        "recorded": replays,
        "graph": lambda: rk.capture_launch(graph),
        "wait": lambda: rk.synchronize(device),
    }


def theirs(device: str) -> dict[str, Callable[[], Any]]:
    """The three ways in Warp."""
    import warp as wp

    wp.config.quiet = True

    @wp.kernel
    def add_too(a: wp.array(dtype=float), b: wp.array(dtype=float)):
        i = wp.tid()
        b[i] = a[i] + b[i]

    a, b = wp.ones(ITEMS, dtype=float, device=device), wp.zeros(ITEMS, dtype=float, device=device)
    recorded = wp.launch(add_too, dim=ITEMS, inputs=[a, b], device=device, record_cmd=True)

    def launches() -> None:
        for _ in range(LAUNCHES):
            wp.launch(add_too, dim=ITEMS, inputs=[a, b], device=device)

    def replays() -> None:
        for _ in range(LAUNCHES):
            recorded.launch()

    launches()
    with wp.ScopedCapture(device) as capture:
        launches()
    return {
        "launches": launches,
        "recorded": replays,
        "graph": lambda: wp.capture_launch(capture.graph),
        "wait": lambda: wp.synchronize_device(device),
    }


def microseconds(run: Callable[[], Any], wait: Callable[[], Any]) -> float:
    """Time of one call, waited for after all."""
    wait()
    start = time.perf_counter()
    for _ in range(CALLS):
        run()
    wait()
    return (time.perf_counter() - start) / CALLS * 1e6


def measure(device: str) -> dict[str, float]:
    """Medians by way and library."""
    makers = {"robokern": ours} | ({"warp": theirs} if importlib.util.find_spec("warp") else {})
    libraries = {name: make(device) for name, make in makers.items()}
    times: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, ways in libraries.items():
            for way in ("launches", "recorded", "graph"):
                times.setdefault(f"{way}_{name}_us", []).append(microseconds(ways[way], ways["wait"]))
    return {name: round(statistics.median(found), 2) for name, found in times.items()}


def main() -> None:
    """Prints the figures, and writes them where asked."""
    devices = ["cpu", *(str(d) for d in rk.get_cuda_devices()[:1])]
    figures = {device: measure(device) for device in devices}
    print(json.dumps(figures, indent=1))
    if len(sys.argv) > 1:
        with open(sys.argv[1], "w") as file:
            json.dump(figures, file, indent=1)


if __name__ == "__main__":
    main()
