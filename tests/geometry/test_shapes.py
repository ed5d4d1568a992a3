"""Shapes against closed forms: rays end on the surface, normals are gradients of the distance."""

from __future__ import annotations

import numpy as np
import pytest

import robokern as rk
from robokern.geometry.scene import Instance, Scene
from robokern.geometry.scene_query import scene_closest_point, scene_query_ray
from robokern.geometry.shape import Box, Capsule, Cylinder, HeightField, Plane, Sphere


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
    distances: rk.array(dtype=float),
    points: rk.array(dtype=rk.vec3),
    normals: rk.array(dtype=rk.vec3),
):
    """Signed distance, nearest point and normal."""
    i = rk.tid()
    found = scene_closest_point(scene, 0, queries[i], 100.0)
    distances[i] = found.distance
    points[i] = found.point
    normals[i] = found.normal


def cast_rays(
    scene: Scene, origins: np.ndarray, directions: np.ndarray, device: str
) -> tuple[np.ndarray, np.ndarray]:
    out = [rk.zeros(len(origins), float), rk.zeros(len(origins), rk.vec3)]
    inputs = [scene.id, rk.array(origins, rk.vec3), rk.array(directions, rk.vec3)]
    rk.launch(cast, len(origins), inputs, out, device=device)
    return out[0].numpy(), out[1].numpy()


def find_points(scene: Scene, queries: np.ndarray, device: str) -> tuple[np.ndarray, ...]:
    out = [rk.zeros(len(queries), t) for t in (float, rk.vec3, rk.vec3)]
    rk.launch(locate, len(queries), [scene.id, rk.array(queries, rk.vec3)], out, device=device)
    return tuple(a.numpy() for a in out)


def box_distance(p: np.ndarray) -> np.ndarray:
    q = np.abs(p) - [0.5, 0.3, 0.4]
    return np.linalg.norm(np.maximum(q, 0.0), axis=1) + np.minimum(q.max(axis=1), 0.0)


def capsule_distance(p: np.ndarray) -> np.ndarray:
    z = np.clip(p[:, 2], -0.6, 0.6)
    return np.linalg.norm(p - np.stack([0 * z, 0 * z, z], axis=1), axis=1) - 0.3


def cylinder_distance(p: np.ndarray) -> np.ndarray:
    q = np.stack([np.hypot(p[:, 0], p[:, 1]) - 0.4, np.abs(p[:, 2]) - 0.6], axis=1)
    return np.linalg.norm(np.maximum(q, 0.0), axis=1) + np.minimum(q.max(axis=1), 0.0)


REACH = 6.0

# each solid and its signed distance in float64, from the literature's closed forms
SOLIDS = {
    "sphere": (Sphere(0.7), lambda p: np.linalg.norm(p, axis=1) - 0.7),
    "box": (Box(0.5, 0.3, 0.4), box_distance),
    "capsule": (Capsule(0.3, 0.6), capsule_distance),
    "cylinder": (Cylinder(0.4, 0.6), cylinder_distance),
    "plane": (Plane(), lambda p: p[:, 2]),
}


def gradient(distance, points: np.ndarray) -> np.ndarray:
    steps = 1e-6 * np.eye(3)
    return np.stack([(distance(points + s) - distance(points - s)) / 2e-6 for s in steps], axis=1)


def unit(v: np.ndarray) -> np.ndarray:
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def count_on(device: str) -> int:
    return 2000 if device == "cpu" else 40


@pytest.mark.parametrize("name", SOLIDS)
def test_distance_point_and_normal(name: str, device: str, rng: np.random.Generator) -> None:
    shape, distance = SOLIDS[name]
    scene = Scene(1, [shape], [Instance(0)])
    queries = rng.uniform(-1.2, 1.2, (count_on(device), 3)).astype(np.float32)
    got, points, normals = find_points(scene, queries, device)
    exact = queries.astype(float)
    assert np.allclose(got, distance(exact), atol=5e-7)
    assert np.allclose(distance(points.astype(float)), 0.0, atol=5e-7)
    assert np.allclose(queries - points, normals * got[:, None], atol=1e-6)
    # where the gradient has a jump (inside, half way between two faces) either side will do
    slope = gradient(distance, exact)
    smooth = np.abs(np.linalg.norm(slope, axis=1) - 1.0) < 1e-6
    assert smooth.mean() > 0.97
    assert np.allclose(normals[smooth], slope[smooth], atol=2e-5)


@pytest.mark.parametrize("name", SOLIDS)
def test_rays_end_where_the_distance_is_zero(name: str, device: str, rng: np.random.Generator) -> None:
    shape, distance = SOLIDS[name]
    scene = Scene(1, [shape], [Instance(0)])
    count = count_on(device)
    origins = rng.uniform(-1.5, 1.5, (count, 3)).astype(np.float32)
    directions = unit(rng.uniform(-0.4, 0.4, (count, 3)) - origins).astype(np.float32)
    directions[:6] = np.concatenate([np.eye(3), -np.eye(3)])
    ranges, normals = cast_rays(scene, origins, directions, device)
    ranges[ranges > REACH] = -1.0
    missed = 0
    for o, d, t, n in zip(origins.astype(float), directions.astype(float), ranges, normals, strict=True):
        expected = first_zero(distance, o, d, name == "plane")
        if abs(t - expected) > 2e-5:
            # shorter inside than the search's steps: no change of sign was seen
            missed += 1
            assert abs(distance((o + t * d)[None])[0]) < 1e-6
            assert distance(o + np.linspace(t, t + 2e-3, 50)[:, None] * d).min() > -2e-3
        elif t >= 0:
            slope = gradient(distance, (o + t * d)[None])[0]
            edge = abs(np.linalg.norm(slope) - 1.0) > 1e-4
            assert edge or np.allclose(n, slope, atol=1e-3)
    assert missed <= count // 500
    assert (ranges > 0).sum() > count / 4


def first_zero(distance, origin: np.ndarray, direction: np.ndarray, from_above: bool) -> float:
    """Where the distance first changes its sign along a ray, by steps and bisection; -1: nowhere."""
    steps = np.linspace(0.0, REACH, 3001)
    inside = distance(origin + steps[:, None] * direction) < 0.0
    if from_above and inside[0]:
        return -1.0
    changes = np.flatnonzero(inside[1:] != inside[:-1])
    if not changes.size:
        return -1.0
    low, high = steps[changes[0]], steps[changes[0] + 1]
    for _ in range(50):
        middle = 0.5 * (low + high)
        if (distance((origin + middle * direction)[None])[0] < 0.0) == inside[changes[0]]:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def test_plane_rectangle_and_back(device: str) -> None:
    scene = Scene(1, [Plane(1.0, 2.0)], [Instance(0)])
    origins = np.float32([[0.9, 1.9, 1], [1.1, 0, 1], [0, 2.1, 1], [0, 0, -1], [0, 0, 1]])
    directions = np.float32([[0, 0, -1], [0, 0, -1], [0, 0, -1], [0, 0, 1], [1, 0, 0]])
    ranges, _ = cast_rays(scene, origins, directions, device)
    assert ranges.tolist() == [1.0, -1.0, -1.0, -1.0, -1.0]
    # contact knows no rectangle
    assert find_points(scene, np.float32([[5, 5, 0.25], [5, 5, -0.25]]), device)[0].tolist() == [0.25, -0.25]


def test_far_small_sphere_keeps_its_precision(device: str) -> None:
    scene = Scene(1, [Sphere(0.01)], [Instance(0, 0, (50, 0, 0, 0, 0, 0, 1))])
    ranges, _ = cast_rays(scene, np.float32([[0, 0.005, 0]]), np.float32([[1, 0, 0]]), device)
    assert ranges[0] == pytest.approx(50.0 - (0.01**2 - 0.005**2) ** 0.5, rel=2e-7)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sphere(0.0), "Sphere radius: expected a finite length of more than 0 metres, got 0.0"),
        (lambda: Box(1.0, -1.0, 1.0), "Box half_y: expected a finite length of more than 0 metres, got -1.0"),
        (lambda: Capsule(0.1, float("nan")), "Capsule half_length: expected a finite length of more than 0"),
        (lambda: Cylinder(float("inf"), 1.0), "Cylinder radius: expected a finite length of more than 0"),
        (lambda: Plane(-1.0), "Plane half_x: expected a finite length of 0 or more metres, got -1.0"),
        (lambda: Sphere("big"), "Sphere radius: expected a finite length of more than 0 metres, got 'big'"),
        (
            lambda: HeightField(np.zeros(4), 1, 1, 1),
            "expected (rows, columns) of at least 2 x 2, got shape (4,)",
        ),
        (lambda: HeightField(np.zeros((1, 4)), 1, 1, 1), "at least 2 x 2, got shape (1, 4)"),
        (lambda: HeightField(np.eye(3) * np.nan, 1, 1, 1), "got nan at row 0, column 0"),
        (lambda: HeightField(np.eye(3) - 0.5, 1, 1, 0.25), "got -0.5 at row 0, column 1"),
        (lambda: HeightField("hills", 1, 1, 1), "HeightField heights: expected numbers, got str"),
    ],
)
def test_refused(make, message: str) -> None:
    with pytest.raises(rk.GeometryError) as error:
        make()
    assert message in str(error.value)
