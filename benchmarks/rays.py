"""Rays per second on a mesh of 81,920 triangles: robokern and Warp on the CPU, and Embree for scale.

    python benchmarks/rays.py [--rays 1000000] [--repeats 7]

The three take turns, so that whatever else the machine does meets all of them; each ratio is one of medians.
Warp's CPU back end runs on one thread, Embree is called as `embreex` does: one ray at a time on one thread,
with its results copied out. Needs the extra `bench`.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import trimesh
import warp as wp
from embreex import rtcore_scene
from embreex.mesh_construction import TriangleMesh

import robokern as rk
from robokern.geometry.mesh_query import mesh_query_ray

FAR = 1.0e6


@rk.kernel
def cast(
    mesh: rk.uint64,
    origins: rk.array(dtype=rk.vec3),
    directions: rk.array(dtype=rk.vec3),
    ranges: rk.array(dtype=float),
):
    """Range of each ray, -1 where nothing is hit."""
    i = rk.tid()
    hit = mesh_query_ray(mesh, origins[i], directions[i], FAR)
    ranges[i] = -1.0
    if hit.result:
        ranges[i] = hit.t


@wp.kernel
def warp_cast(
    mesh: wp.uint64,
    origins: wp.array(dtype=wp.vec3),
    directions: wp.array(dtype=wp.vec3),
    ranges: wp.array(dtype=float),
):
    i = wp.tid()
    hit = wp.mesh_query_ray(mesh, origins[i], directions[i], FAR)
    ranges[i] = -1.0
    if hit.result:
        ranges[i] = hit.t


def bumpy_ball() -> tuple[np.ndarray, np.ndarray]:
    """Points and faces of a ball about 1 m in radius with bumps of 0.15 m."""
    ball = trimesh.creation.icosphere(6)
    x, y, z = ball.vertices.T
    radius = 1.0 + 0.15 * np.sin(9.0 * x) * np.sin(7.0 * y + 1.0) * np.sin(8.0 * z + 2.0)
    return (ball.vertices * radius[:, None]).astype(np.float32), ball.faces.astype(np.int32)


def unit(v: np.ndarray) -> np.ndarray:
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def random_rays(count: int) -> tuple[np.ndarray, np.ndarray]:
    """From all around to anywhere in the unit cube: no two neighbours are alike."""
    rng = np.random.default_rng(0)
    origins = 3.0 * unit(rng.standard_normal((count, 3)))
    directions = unit(rng.uniform(-1.0, 1.0, (count, 3)) - origins)
    return origins.astype(np.float32), directions.astype(np.float32)


def coherent_rays(count: int) -> tuple[np.ndarray, np.ndarray]:
    """A pinhole camera's, row by row."""
    side = int(count**0.5)
    x, y = np.meshgrid(np.linspace(-0.45, 0.45, side), np.linspace(-0.45, 0.45, side))
    directions = unit(np.stack([x, y, -np.ones_like(x)], axis=-1).reshape(-1, 3))
    return np.tile(np.float32([0.0, 0.0, 3.0]), (side * side, 1)), directions.astype(np.float32)


class Contest:
    """The same rays on the same mesh for each engine."""

    def __init__(
        self, points: np.ndarray, faces: np.ndarray, origins: np.ndarray, directions: np.ndarray
    ) -> None:
        self.count = len(origins)
        self.mesh = rk.Mesh(points, faces)
        self.ours = [rk.array(origins, rk.vec3), rk.array(directions, rk.vec3), rk.zeros(self.count, float)]
        self.warp_mesh = wp.Mesh(
            wp.array(points, dtype=wp.vec3, device="cpu"), wp.array(faces.ravel(), dtype=int, device="cpu")
        )
        self.theirs = [wp.array(a, dtype=wp.vec3, device="cpu") for a in (origins, directions)]
        self.theirs.append(wp.zeros(self.count, dtype=float, device="cpu"))
        self.embree = rtcore_scene.EmbreeScene()
        TriangleMesh(self.embree, points, faces)
        self.rays = origins, directions

    def run_robokern(self) -> np.ndarray:
        rk.launch(cast, self.count, [self.mesh.id, *self.ours])
        return self.ours[2].numpy()

    def run_warp(self) -> np.ndarray:
        wp.launch(warp_cast, self.count, [self.warp_mesh.id, *self.theirs], device="cpu")
        return self.theirs[2].numpy()

    def run_embree(self) -> np.ndarray:
        found = self.embree.run(*self.rays, query="DISTANCE")
        return np.where(found < 1.0e30, found, -1.0)


def median_times(runs: dict[str, Callable[[], np.ndarray]], repeats: int) -> dict[str, float]:
    """Median seconds of each, taking turns; a first turn warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(repeats + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def assert_agree(runs: dict[str, Callable[[], np.ndarray]]) -> None:
    """A fast wrong answer is no answer."""
    results = {name: run().copy() for name, run in runs.items()}
    for name, ranges in results.items():
        differ = ~np.isclose(ranges, results["robokern"], rtol=1e-4)
        if differ.mean() > 1e-4:
            raise SystemExit(f"{name} and robokern differ on {differ.sum()} of {len(ranges)} rays")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rays", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    wp.config.quiet = True
    points, faces = bumpy_ball()
    print(f"{len(faces)} triangles, {options.rays} rays, median of {options.repeats}, in million rays/s")
    print(f"{'':10} {'robokern':>10} {'warp':>10} {'embree':>10} {'x warp':>8} {'x embree':>9}")
    for name, make in (("random", random_rays), ("coherent", coherent_rays)):
        contest = Contest(points, faces, *make(options.rays))
        runs = {"robokern": contest.run_robokern, "warp": contest.run_warp, "embree": contest.run_embree}
        assert_agree(runs)
        seconds = median_times(runs, options.repeats)
        rates = "".join(f" {contest.count / seconds[r] / 1e6:10.2f}" for r in runs)
        ratios = [seconds[r] / seconds["robokern"] for r in ("warp", "embree")]
        print(f"{name:10}{rates} {ratios[0]:8.2f} {ratios[1]:9.2f}")


if __name__ == "__main__":
    main()
