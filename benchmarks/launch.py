"""What it costs to start and to launch, beside warp-lang on the CPU.

    python -m benchmarks.launch

Launch: a compiled kernel on one item with 2 and with 8 array arguments. Add: c = a + b on 16 Mi float32.
Start: a fresh process that imports the package, defines a trivial kernel and launches it, with an empty cache
and with a filled one; "first launch" leaves out the import.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.side_by_side import Comparison, compare, print_table

ADD_SIZE = 1 << 24
CACHES = {"robokern": "ROBOKERN_CACHE_DIR", "warp": "WARP_CACHE_PATH"}


def robokern_side() -> SimpleNamespace:
    """The kernels in robokern, and how to make arrays and launch."""
    import robokern as rk

    @rk.kernel
    def two(a: rk.array(dtype=float), b: rk.array(dtype=float)):
        i = rk.tid()
        b[i] = a[i] + 1.0

    @rk.kernel
    def add(a: rk.array(dtype=float), b: rk.array(dtype=float), c: rk.array(dtype=float)):
        i = rk.tid()
        c[i] = a[i] + b[i]

    @rk.kernel
    def eight(
        a: rk.array(dtype=float),
        b: rk.array(dtype=float),
        c: rk.array(dtype=float),
        d: rk.array(dtype=float),
        e: rk.array(dtype=float),
        f: rk.array(dtype=float),
        g: rk.array(dtype=float),
        h: rk.array(dtype=float),
    ):
        i = rk.tid()
        h[i] = a[i] + b[i] + c[i] + d[i] + e[i] + f[i] + g[i]

    return SimpleNamespace(two=two, add=add, eight=eight, launch=rk.launch, full=rk.full)


def warp_side() -> SimpleNamespace:
    """The same in Warp."""
    import warp as wp

    wp.config.quiet = True
    wp.init()

    @wp.kernel
    def two(a: wp.array(dtype=float), b: wp.array(dtype=float)):
        i = wp.tid()
        b[i] = a[i] + 1.0

    @wp.kernel
    def add(a: wp.array(dtype=float), b: wp.array(dtype=float), c: wp.array(dtype=float)):
        i = wp.tid()
        c[i] = a[i] + b[i]

    @wp.kernel
    def eight(
        a: wp.array(dtype=float),
        b: wp.array(dtype=float),
        c: wp.array(dtype=float),
        d: wp.array(dtype=float),
        e: wp.array(dtype=float),
        f: wp.array(dtype=float),
        g: wp.array(dtype=float),
        h: wp.array(dtype=float),
    ):
        i = wp.tid()
        h[i] = a[i] + b[i] + c[i] + d[i] + e[i] + f[i] + g[i]

    return SimpleNamespace(two=two, add=add, eight=eight, launch=wp.launch, full=wp.full)


SIDES = {"robokern": robokern_side, "warp": warp_side}


def arrays(side: Any, count: int, size: int) -> list[Any]:
    """`count` arrays of `size` float32, all 1."""
    return [side.full(size, 1.0, dtype=float, device="cpu") for _ in range(count)]


def launch_cost(sides: dict[str, Any], name: str, count: int) -> Comparison:
    """Seconds per launch of the kernel `name` on one item."""
    works = []
    for side in sides.values():
        kernel, given = getattr(side, name), arrays(side, count, 1)
        works.append(
            lambda s=side, k=kernel, g=given: s.launch(k, dim=1, inputs=g[:-1], outputs=g[-1:], device="cpu")
        )
    return compare(f"launch, {count} arrays", *works, rounds=25, repeats=1000)


def add_cost(sides: dict[str, Any]) -> Comparison:
    """Seconds to add 16 Mi float32."""
    works = []
    for side in sides.values():
        given = arrays(side, 3, ADD_SIZE)
        works.append(lambda s=side, g=given: s.launch(s.add, dim=ADD_SIZE, inputs=g, device="cpu"))
    result = compare("add, 16 Mi float32", *works, rounds=15)
    return result


def start(name: str) -> None:
    """In a fresh process: prints the seconds from defining a kernel to the end of its first launch."""
    __import__(name)
    began = time.perf_counter()
    side = SIDES[name]()
    given = arrays(side, 2, 10)
    side.launch(side.two, dim=10, inputs=given, device="cpu")
    taken = time.perf_counter() - began
    assert given[1].numpy().tolist() == [2.0] * 10
    print(f"first launch {taken}")


def run_start(name: str, folder: str) -> tuple[float, float]:
    """Seconds of a whole fresh process, and of its first launch, with its kernel cache in `folder`."""
    environment = {**os.environ, CACHES[name]: folder}
    command = [sys.executable, "-m", "benchmarks.launch", name]
    began = time.perf_counter()
    done = subprocess.run(
        command, env=environment, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True
    )
    whole = time.perf_counter() - began
    return whole, float(done.stdout.rsplit("first launch ", 1)[1])


def start_cost(rounds: int = 5) -> list[Comparison]:
    """Fresh processes with empty and with filled caches."""
    names = [
        "cold start, process",
        "cold start, first launch",
        "cached start, process",
        "cached start, first launch",
    ]
    results = [Comparison(n) for n in names]
    for _ in range(rounds):
        for name in SIDES:
            with tempfile.TemporaryDirectory() as folder:
                times = [*run_start(name, folder), *run_start(name, folder)]
            for result, taken in zip(results, times, strict=True):
                (result.ours if name == "robokern" else result.peer).append(taken)
    return results


def main() -> None:
    """Measures and prints."""
    sides = {name: make() for name, make in SIDES.items()}
    costs = [launch_cost(sides, "two", 2), launch_cost(sides, "eight", 8), add_cost(sides)]
    print_table("Starting and launching on the CPU", "warp", [*costs, *start_cost()])


if __name__ == "__main__":
    main() if len(sys.argv) == 1 else start(sys.argv[1])
