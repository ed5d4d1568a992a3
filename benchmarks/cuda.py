"""What a GPU costs and gives: cold first launch, cost of a launch, memory bandwidth, n-body, mesh rays.

    python benchmarks/cuda.py [result.json]

Times are medians of wall-clock times that end with a synchronization, after a warm-up.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import robokern as rk

DEVICE = "cuda:0"


@rk.kernel
def add(a: rk.array(dtype=float), b: rk.array(dtype=float), c: rk.array(dtype=float)):
    i = rk.tid()
    c[i] = a[i] + b[i]


@rk.kernel
def scale(a: rk.array(dtype=float), b: rk.array(dtype=float)):
    i = rk.tid()
    b[i] = 2.0 * a[i]


@rk.kernel
def attract(x: rk.array(dtype=rk.vec3), force: rk.array(dtype=rk.vec3), softening: float):
    i = rk.tid()
    p = x[i]
    total = rk.vec3(0.0)
    for j in range(x.shape[0]):
        d = x[j] - p
        r2 = rk.dot(d, d) + softening
        total += d * (1.0 / (r2 * rk.sqrt(r2)))
    force[i] = total


@rk.kernel
def cast(
    mesh: rk.uint64, origins: rk.array(dtype=rk.vec3), directions: rk.array(dtype=rk.vec3),
    distance: rk.array(dtype=float),
):  # fmt: skip
    i = rk.tid()
    hit = rk.mesh_query_ray(mesh, origins[i], directions[i], 1.0e6)
    distance[i] = rk.where(hit.result, hit.t, -1.0)


def seconds(run: Callable[[], Any], repeats: int = 20) -> float:
    """Median time of a call, waited for."""
    for _ in range(3):
        run()
    rk.synchronize(DEVICE)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        rk.synchronize(DEVICE)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def host_microseconds(run: Callable[[], Any], calls: int = 2000) -> float:
    """Time of a call that nobody waits for, the best of five rows of calls."""
    rows = []
    for _ in range(5):
        rk.synchronize(DEVICE)
        start = time.perf_counter()
        for _ in range(calls):
            run()
        rows.append((time.perf_counter() - start) / calls * 1e6)
        rk.synchronize(DEVICE)
    return min(rows)


def launching() -> dict[str, float]:
    """The first launch of a process that has compiled nothing, and later ones."""
    a = rk.zeros(256, device=DEVICE)
    b = rk.zeros(256, device=DEVICE)
    start = time.perf_counter()
    rk.launch(scale, dim=256, inputs=[a, b], device=DEVICE)
    rk.synchronize(DEVICE)
    first = time.perf_counter() - start
    recorded = rk.launch(scale, dim=256, inputs=[a, b], device=DEVICE, record_cmd=True)
    assert recorded is not None
    return {
        "first_launch_s": first,
        "launch_us": host_microseconds(lambda: rk.launch(scale, dim=256, inputs=[a, b], device=DEVICE)),
        "recorded_launch_us": host_microseconds(recorded.launch),
    }


def adding(count: int = 1 << 28) -> dict[str, float]:
    """c = a + b over 268 M float32."""
    a, b = rk.full(count, 1.0, device=DEVICE), rk.full(count, 2.0, device=DEVICE)
    c = rk.zeros(count, device=DEVICE)
    time_s = seconds(lambda: rk.launch(add, dim=count, inputs=[a, b, c], device=DEVICE))
    assert c[count - 1] == 3.0
    return {"add_ms": time_s * 1e3, "add_gb_per_s": 12 * count / time_s / 1e9}


def attracting(count: int = 65536) -> dict[str, float]:
    """All pairs of 65,536 bodies."""
    x = rk.array(
        np.random.default_rng(1).normal(size=(count, 3)).astype(np.float32), dtype=rk.vec3, device=DEVICE
    )
    force = rk.zeros(count, dtype=rk.vec3, device=DEVICE)
    time_s = seconds(lambda: rk.launch(attract, dim=count, inputs=[x, force, 0.01], device=DEVICE), 5)
    return {"n_body_ms": time_s * 1e3, "n_body_pairs_per_ns": count**2 / time_s / 1e9}


def casting(count: int = 1 << 22) -> dict[str, float]:
    """4.2 M rays at a bumpy ball of 327,680 triangles: from random points, and from a camera."""
    mesh = bumpy_ball()
    generator = np.random.default_rng(2)
    directions = generator.normal(size=(count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    side = int(count**0.5)
    u, v = np.meshgrid(np.linspace(-0.6, 0.6, side), np.linspace(-0.6, 0.6, side))
    camera = np.stack([u.ravel(), v.ravel(), np.full(u.size, -1.0)], axis=1)
    camera /= np.linalg.norm(camera, axis=1, keepdims=True)
    figures = {}
    for name, origin, rays in (
        ("random", directions * 2.0, -directions + generator.normal(size=(count, 3)) * 0.3),
        ("coherent", np.tile([0.0, 0.0, 2.5], (side * side, 1)), camera),
    ):
        origins, ways = (rk.array(x.astype(np.float32), dtype=rk.vec3, device=DEVICE) for x in (origin, rays))
        distance = rk.zeros(len(rays), device=DEVICE)
        inputs = [mesh.id, origins, ways, distance]
        time_s = seconds(partial(rk.launch, cast, len(rays), inputs, device=DEVICE), 10)
        figures[f"rays_{name}_mray_per_s"] = len(rays) / time_s / 1e6
        figures[f"rays_{name}_hit_share"] = float(np.mean(distance.numpy() >= 0.0))
    return figures


def bumpy_ball() -> rk.Mesh:
    """A sphere of 327,680 triangles whose radius waves."""
    import trimesh

    ball = trimesh.creation.icosphere(7)
    x, y, z = ball.vertices.T
    radius = 1.0 + 0.15 * np.sin(9.0 * x) * np.sin(7.0 * y + 1.0) * np.sin(8.0 * z + 2.0)
    vertices = (ball.vertices * radius[:, None]).astype(np.float32)
    points = rk.array(vertices, dtype=rk.vec3, device=DEVICE)
    return rk.Mesh(points, rk.array(ball.faces.astype(np.int32).ravel(), dtype=int, device=DEVICE))


def main() -> None:
    """Prints the figures, and writes them where asked."""
    figures: dict[str, Any] = {"card": rk.get_device(DEVICE).name}
    for part in (launching, adding, attracting, casting):
        try:
            figures |= part()
        except Exception as error:
            figures[part.__name__] = f"failed: {type(error).__name__}: {error}"
        print(json.dumps(figures, indent=1), flush=True)
    if len(sys.argv) > 1:
        with open(sys.argv[1], "w") as file:
            json.dump(figures, file, indent=1)


if __name__ == "__main__":
    main()
