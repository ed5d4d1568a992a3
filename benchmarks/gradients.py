"""Forward and backward of one kernel, robokern beside Warp: `python benchmarks/gradients.py`.

Prints milliseconds and the ratio of forward plus backward to forward alone; then the time to record a launch.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

import robokern as rk
from robokern.runtime.tape import Tape

try:
    import warp as wp
except ImportError:
    wp = None

COUNT, REPEATS = 1_000_000, 7


@rk.kernel
def springs(
    x: rk.array(dtype=rk.vec3), v: rk.array(dtype=rk.vec3), k: rk.array(dtype=float),
    x1: rk.array(dtype=rk.vec3), v1: rk.array(dtype=rk.vec3), dt: float,
):  # fmt: skip
    i = rk.tid()
    p = x[i]
    d = p - rk.vec3(1.0, 0.0, 0.5)
    size = rk.length(d)
    f = d * (-k[i] * (size - 0.7) / size) - v[i] * 0.1
    if p[2] < 0.0:
        f = f + rk.vec3(0.0, 0.0, -100.0 * p[2])
    w = v[i] + f * dt
    v1[i] = w
    x1[i] = p + w * dt


def best(run: Callable[[], None]) -> float:
    """The shortest of several runs [s]."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def data(count: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(0)
    return tuple(rng.normal(size=s).astype(np.float32) for s in ((count, 3), (count, 3), (count,)))


def ours(count: int) -> tuple[float, float, float]:
    """Forward, forward plus backward, and recording of a launch [s]."""
    x, v, k = (
        rk.array(a, dtype=t, requires_grad=True)
        for a, t in zip(data(count), (rk.vec3, rk.vec3, rk.float32), strict=True)
    )
    x1, v1 = rk.zeros(count, dtype=rk.vec3), rk.zeros(count, dtype=rk.vec3)
    seeds = {a: np.ones((count, 3), np.float32) for a in (x1, v1)}

    def forward() -> None:
        rk.launch(springs, count, [x, v, k, x1, v1, 0.01], device="cpu")

    def record() -> None:
        with Tape():
            forward()

    def both() -> None:
        with Tape() as tape:
            forward()
        tape.backward(grads=seeds)

    forward()
    both()
    return best(forward), best(both), best(record)


def theirs(count: int) -> tuple[float, float]:
    """The same with Warp."""

    @wp.kernel
    def springs(
        x: wp.array(dtype=wp.vec3), v: wp.array(dtype=wp.vec3), k: wp.array(dtype=float),
        x1: wp.array(dtype=wp.vec3), v1: wp.array(dtype=wp.vec3), dt: float,
    ):  # fmt: skip
        i = wp.tid()
        p = x[i]
        d = p - wp.vec3(1.0, 0.0, 0.5)
        size = wp.length(d)
        f = d * (-k[i] * (size - 0.7) / size) - v[i] * 0.1
        if p[2] < 0.0:
            f = f + wp.vec3(0.0, 0.0, -100.0 * p[2])
        w = v[i] + f * dt
        v1[i] = w
        x1[i] = p + w * dt

    with wp.ScopedDevice("cpu"):
        x, v, k = (
            wp.array(a, dtype=t, requires_grad=True)
            for a, t in zip(data(count), (wp.vec3, wp.vec3, wp.float32), strict=True)
        )
        x1, v1 = (wp.zeros(count, dtype=wp.vec3, requires_grad=True) for _ in range(2))
        seeds = {a: wp.array(np.ones((count, 3), np.float32), dtype=wp.vec3) for a in (x1, v1)}

        def forward() -> None:
            wp.launch(springs, count, inputs=[x, v, k, x1, v1, 0.01])

        def both() -> None:
            tape = wp.Tape()
            with tape:
                forward()
            tape.backward(grads=seeds)
            tape.zero()

        forward()
        both()
        return best(forward), best(both)


def main() -> None:
    """Prints the table."""
    forward, both, _ = ours(COUNT)
    print(f"{COUNT} items        forward [ms]  with backward [ms]  ratio")
    print(f"robokern             {forward * 1e3:10.2f} {both * 1e3:18.2f} {both / forward:9.2f}")
    if wp is not None:
        wp.config.quiet = True
        other, other_both = theirs(COUNT)
        print(
            f"warp {wp.__version__:15} {other * 1e3:10.2f} {other_both * 1e3:18.2f} {other_both / other:9.2f}"
        )
        print(f"with backward, robokern is {other_both / both:.2f}x as fast")
    small, _, recorded = ours(16)
    added = (recorded - small) * 1e6
    print(f"recording a launch adds {added:.1f} us to {small * 1e6:.1f} us")


if __name__ == "__main__":
    main()
