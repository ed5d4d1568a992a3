"""Writes the assets of the quickstart scene: ground.hf, slab.stl and boulder.stl.

    python scenes/quickstart/terrain.py [folder]

Lengths are metres, z is up. The ground is a sum of value-noise octaves, flat where the robot starts and
rising to hills at the rim; the rocks are geodesic spheres displaced along their radius by the same kind of
noise, little enough to stay nearly convex (MuJoCo collides with a mesh's convex hull, a sensor sees its
triangles).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CELLS = 160  # samples along each side of the height field
HALF_WIDTH = 6.0  # [m]
START_RADIUS = 0.6  # flat ground around the origin [m]


def value_noise(points: Floats, seed: int) -> Floats:
    """Smooth noise in [-1, 1] at `points` (n, 3): random values one unit apart, blended by quintics."""
    lattice = np.random.default_rng(seed).uniform(-1.0, 1.0, (32, 32, 32))
    corner = np.floor(points).astype(int)
    t = points - corner
    t = t**3 * (t * (t * 6.0 - 15.0) + 10.0)
    total = np.zeros(len(points))
    for offset in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(np.array(offset) == 1, t, 1.0 - t), axis=1)
        index = (corner + offset) % 32
        total += weight * lattice[index[:, 0], index[:, 1], index[:, 2]]
    return total


def octaves(points: Floats, seed: int, count: int) -> Floats:
    """Sum of `count` octaves of value noise, each twice as fine and half as strong as the one before."""
    return np.asarray(sum(0.5**k * value_noise(points * 2.0**k, seed + k) for k in range(count)))


def ground(cells: int = CELLS) -> Floats:
    """Heights (cells, cells) [m] over a square of 2 HALF_WIDTH; rows run along y, columns along x."""
    axis = np.linspace(-HALF_WIDTH, HALF_WIDTH, cells)
    x, y = np.meshgrid(axis, axis)
    radius = np.hypot(x, y)
    points = np.stack([x, y, np.zeros_like(x)], axis=-1).reshape(-1, 3)
    rough = 0.06 * octaves(points * 1.1, seed=1, count=3).reshape(x.shape)
    rise = np.clip((radius - 3.2) / 2.8, 0.0, None) ** 2
    away_from_start = np.clip((radius - START_RADIUS) / 0.8, 0.0, 1.0)
    hills = rise * (0.7 + 0.3 * value_noise(points * 0.7, seed=9).reshape(x.shape))
    return away_from_start * rough + hills


def geodesic_sphere(frequency: int) -> tuple[Floats, Ints]:
    """Unit sphere of 20 frequency^2 triangles: an icosahedron's faces, subdivided and projected outwards."""
    golden = (1.0 + 5.0**0.5) / 2.0
    corners = np.array(
        [(-1, golden, 0), (1, golden, 0), (-1, -golden, 0), (1, -golden, 0),
         (0, -1, golden), (0, 1, golden), (0, -1, -golden), (0, 1, -golden),
         (golden, 0, -1), (golden, 0, 1), (-golden, 0, -1), (-golden, 0, 1)]
    )  # fmt: skip
    faces = [(0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4),
             (11, 10, 2), (10, 7, 6), (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8),
             (3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1)]  # fmt: skip
    triangles = np.concatenate([subdivided(corners[list(face)], frequency) for face in faces])
    points, index = np.unique(np.round(triangles.reshape(-1, 3), 9), axis=0, return_inverse=True)
    return points / np.linalg.norm(points, axis=1, keepdims=True), index.reshape(-1, 3)


def subdivided(triangle: Floats, n: int) -> Floats:
    """`triangle` (3, 3) cut into n^2 equal ones, (n^2, 3, 3), with its orientation."""
    a, b, c = triangle

    def at(i: int, j: int) -> Floats:
        return np.asarray(a + (b - a) * (i / n) + (c - a) * (j / n))

    upright = [(at(i, j), at(i + 1, j), at(i, j + 1)) for i in range(n) for j in range(n - i)]
    inverted = [(at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)) for i in range(n) for j in range(n - i - 1)]
    return np.array(upright + inverted)


def rock(
    frequency: int, radii: tuple[float, float, float], roughness: float, seed: int
) -> tuple[Floats, Ints]:
    """An ellipsoid of the given radii [m] whose surface is displaced by `roughness` times its radius."""
    points, faces = geodesic_sphere(frequency)
    displaced = points * (1.0 + roughness * octaves(points * 1.7 + 8.0, seed, 3))[:, None]
    return displaced * np.array(radii), faces


def write_stl(path: Path, points: Floats, faces: Ints) -> None:
    """Binary STL: an 80-byte header, a count, then 50 bytes a triangle (normal, three corners, attribute)."""
    corners = points[faces].astype("<f4")
    records = np.zeros(
        len(faces), np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    )
    records["normal"] = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    records["normal"] /= np.linalg.norm(records["normal"], axis=1, keepdims=True)
    records["corners"] = corners
    header = b"robokern quickstart rock".ljust(80, b" ") + np.uint32(len(faces)).astype("<u4").tobytes()
    path.write_bytes(header + records.tobytes())


def write_height_field(path: Path, heights: Floats) -> None:
    """MuJoCo's binary height field: two int32 (rows, columns), then float32 heights row by row."""
    path.write_bytes(np.array(heights.shape, "<i4").tobytes() + heights.astype("<f4").tobytes())


def main(folder: Path) -> None:
    heights = ground()
    write_height_field(folder / "ground.hf", heights)
    write_stl(folder / "slab.stl", *rock(16, (0.9, 1.1, 0.16), roughness=0.05, seed=20))
    write_stl(folder / "boulder.stl", *rock(12, (0.45, 0.38, 0.4), roughness=0.22, seed=30))
    print(
        f"ground heights span {np.ptp(heights):.4f} m from {heights.min():.4f} m: "
        "the z of hfield size and of the geom's pos"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "assets")
