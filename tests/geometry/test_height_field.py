"""Height fields against the closed triangle mesh that bounds the same solid."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

import robokern as rk
from robokern.geometry.mesh import Mesh
from robokern.geometry.scene import Instance, Scene
from robokern.geometry.scene_query import scene_closest_point, scene_query_ray
from robokern.geometry.shape import HeightField

ROWS, COLUMNS, HALF_X, HALF_Y, BASE = 9, 13, 2.0, 1.5, 0.3


@rk.kernel
def cast(
    scene: rk.uint64,
    origins: rk.array(dtype=rk.vec3),
    directions: rk.array(dtype=rk.vec3),
    ranges: rk.array(dtype=float),
    normals: rk.array(dtype=rk.vec3),
):
    """Range (-1: no hit) and normal."""
    i = rk.tid()
    hit = scene_query_ray(scene, 0, origins[i], directions[i], 100.0)
    ranges[i] = -1.0
    if hit.hit:
        ranges[i] = hit.t
        normals[i] = hit.normal


@rk.kernel
def locate(
    scene: rk.uint64,
    queries: rk.array(dtype=rk.vec3),
    max_distance: float,
    distances: rk.array(dtype=float),
    points: rk.array(dtype=rk.vec3),
    normals: rk.array(dtype=rk.vec3),
):
    """Signed distance, nearest point and normal."""
    i = rk.tid()
    found = scene_closest_point(scene, 0, queries[i], max_distance)
    distances[i] = found.distance
    points[i] = found.point
    normals[i] = found.normal


def heights_of(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(0.0, 0.6, (ROWS, COLUMNS)).astype(np.float32)


def solid(heights: np.ndarray) -> trimesh.Trimesh:
    """The field's surface: top triangles, four walls, bottom."""
    x, y = np.meshgrid(np.linspace(-HALF_X, HALF_X, COLUMNS), np.linspace(-HALF_Y, HALF_Y, ROWS))
    top = np.stack([x, y, heights], axis=-1).reshape(-1, 3)
    bottom = np.stack([x, y, np.full_like(x, -BASE)], axis=-1).reshape(-1, 3)
    grid = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    a, b, c, d = (g.ravel() for g in (grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]))
    upper = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    rim = np.concatenate([grid[0, :-1], grid[:-1, -1], grid[-1, :0:-1], grid[:0:-1, 0]])
    after, under = np.roll(rim, -1), len(top)
    walls = np.concatenate(
        [np.stack([rim + under, after + under, after], axis=1), np.stack([rim + under, after, rim], axis=1)]
    )
    faces = np.concatenate([upper, upper[:, ::-1] + under, walls])
    mesh = trimesh.Trimesh(np.concatenate([top, bottom]).astype(np.float32), faces, process=False)
    assert mesh.is_watertight and mesh.volume > 0
    return mesh


def scenes(rng: np.random.Generator) -> tuple[Scene, Scene, trimesh.Trimesh]:
    heights = heights_of(rng)
    bounds = solid(heights)
    mesh = Mesh(bounds.vertices.astype(np.float32), bounds.faces.astype(np.int32))
    field = HeightField(heights, HALF_X, HALF_Y, BASE)
    return Scene(1, [field], [Instance(0)]), Scene(1, [mesh], [Instance(0)]), bounds


def cast_rays(
    scene: Scene, origins: np.ndarray, directions: np.ndarray, device: str
) -> tuple[np.ndarray, np.ndarray]:
    out = [rk.zeros(len(origins), float), rk.zeros(len(origins), rk.vec3)]
    inputs = [scene.id, rk.array(origins, rk.vec3), rk.array(directions, rk.vec3)]
    rk.launch(cast, len(origins), inputs, out, device=device)
    return out[0].numpy(), out[1].numpy()


def find_points(
    scene: Scene, queries: np.ndarray, max_distance: float, device: str
) -> tuple[np.ndarray, ...]:
    out = [rk.zeros(len(queries), t) for t in (float, rk.vec3, rk.vec3)]
    rk.launch(locate, len(queries), [scene.id, rk.array(queries, rk.vec3), max_distance], out, device=device)
    return tuple(a.numpy() for a in out)


def test_rays_against_mesh(device: str, rng: np.random.Generator) -> None:
    field, mesh, _ = scenes(rng)
    count = 100_000 if device == "cpu" else 80
    # from outside and inside the solid, through top, walls and bottom
    origins = rng.uniform([-3, -2.5, -1], [3, 2.5, 1.5], (count, 3)).astype(np.float32)
    directions = (rng.uniform([-2, -1.5, -0.3], [2, 1.5, 0.5], (count, 3)) - origins).astype(np.float32)
    ranges, normals = cast_rays(field, origins, directions, device)
    expected, expected_normals = cast_rays(mesh, origins, directions, device)
    differ = ((ranges < 0) != (expected < 0)) | (np.abs(ranges - expected) > 1e-5)
    # rays along an edge of the solid may pass by on either side
    assert differ.sum() <= count // 10_000
    facing = np.einsum("ij,ij->i", normals, expected_normals)
    assert (facing[~differ & (ranges > 0)] > 0.999).mean() > 0.999
    assert (ranges > 0).mean() > 0.7


@pytest.mark.parametrize("axis", [0, 1])
def test_rays_along_grid_lines(axis: int, device: str, rng: np.random.Generator) -> None:
    field, mesh, _ = scenes(rng)
    x = np.linspace(-HALF_X, HALF_X, COLUMNS)[1:-1]
    y = np.linspace(-HALF_Y, HALF_Y, ROWS)[1:-1]
    along = x if axis else y
    origins = np.zeros((len(along), 3), np.float32)
    origins[:, 1 - axis] = along
    origins[:, axis], origins[:, 2] = -3.0, 0.45
    directions = np.zeros_like(origins)
    directions[:, axis] = 1.0
    got, _ = cast_rays(field, origins, directions, device)
    expected, _ = cast_rays(mesh, origins, directions, device)
    assert np.allclose(got, expected, atol=1e-5)
    assert (got > 0).any()


def test_vertical_rays_over_grid_points(device: str, rng: np.random.Generator) -> None:
    heights = heights_of(rng)
    scene = Scene(1, [HeightField(heights, HALF_X, HALF_Y, BASE)], [Instance(0)])
    x, y = np.meshgrid(np.linspace(-HALF_X, HALF_X, COLUMNS), np.linspace(-HALF_Y, HALF_Y, ROWS))
    origins = np.stack([x, y, np.full_like(x, 2.0)], axis=-1)[1:-1, 1:-1].reshape(-1, 3).astype(np.float32)
    ranges, _ = cast_rays(scene, origins, np.tile(np.float32([0, 0, -1]), (len(origins), 1)), device)
    assert np.allclose(ranges, 2.0 - heights[1:-1, 1:-1].ravel(), atol=1e-6)


def test_flat_field_is_a_box(device: str) -> None:
    scene = Scene(1, [HeightField(np.full((3, 3), 0.5), 1.0, 1.0, 0.25)], [Instance(0)])
    origins = np.float32([[0.1, 0.2, 2], [0.1, 0.2, -2], [-3, 0.1, 0.1], [0.3, 3, -0.2], [0, 0, 0]])
    directions = np.float32([[0, 0, -1], [0, 0, 1], [1, 0, 0], [0, -1, 0], [0, 0, 1]])
    ranges, normals = cast_rays(scene, origins, directions, device)
    assert np.allclose(ranges, [1.5, 1.75, 2.0, 2.0, 0.5])
    assert np.allclose(normals, [[0, 0, 1], [0, 0, -1], [-1, 0, 0], [0, 1, 0], [0, 0, 1]])


def test_nearest_points_against_mesh(device: str, rng: np.random.Generator) -> None:
    field, mesh, bounds = scenes(rng)
    count = 3000 if device == "cpu" else 15
    queries = rng.uniform([-2.4, -1.9, -0.6], [2.4, 1.9, 1.0], (count, 3)).astype(np.float32)
    distances, points, normals = find_points(field, queries, 3.0, device)
    expected, _, _ = find_points(mesh, queries, 3.0, device)
    assert np.allclose(distances, expected, atol=2e-6)
    assert np.array_equal(distances < 0, bounds.contains(queries))
    assert np.allclose(np.linalg.norm(queries - points, axis=1), np.abs(distances), atol=2e-6)
    clear = np.abs(distances) > 1e-3
    assert np.allclose((queries - points)[clear], (normals * distances[:, None])[clear], atol=2e-6)
    assert (distances < 0).any()


def test_normal_of_a_point_on_the_surface_is_the_face_normal(device: str) -> None:
    slope = np.tile(np.float32([0.0, 0.5, 1.0]), (3, 1))  # rises by 0.5 per metre along x
    scene = Scene(1, [HeightField(slope, 1.0, 1.0, 1.0)], [Instance(0)])
    x = np.linspace(-0.8, 0.7, 16).astype(np.float32)
    queries = np.stack([x, 0 * x + 0.123, 0.5 * (x + 1.0)], axis=1)
    _, _, normals = find_points(scene, queries, 1.0, device)
    assert np.allclose(normals, np.float32([-0.5, 0, 1]) / 1.25**0.5, atol=1e-5)


def test_max_distance(device: str) -> None:
    scene = Scene(1, [HeightField(np.zeros((5, 5)), 1.0, 1.0, 0.5)], [Instance(0)])
    queries = np.float32([[0, 0, 0.2], [0, 0, 0.4], [1.2, 0, -0.1], [0, 0, -0.45]])
    assert np.allclose(find_points(scene, queries, 0.3, device)[0], [0.2, 0.3, 0.2, -0.05])
