"""Mesh queries against brute force in float64, Embree and trimesh."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

import robokern as rk
from robokern.geometry.mesh import Mesh
from robokern.geometry.mesh_query import (
    mesh_eval_face_normal,
    mesh_eval_position,
    mesh_get_index,
    mesh_get_point,
    mesh_query_point_no_sign,
    mesh_query_point_sign_normal,
    mesh_query_ray,
)

FAR = 1000.0


@rk.kernel
def cast(
    mesh: rk.uint64,
    origins: rk.array(dtype=rk.vec3),
    directions: rk.array(dtype=rk.vec3),
    max_t: float,
    ranges: rk.array(dtype=float),
    faces: rk.array(dtype=int),
    signs: rk.array(dtype=float),
    points: rk.array(dtype=rk.vec3),
    normals: rk.array(dtype=rk.vec3),
):
    """Everything that a ray query answers; -1 where nothing is hit."""
    i = rk.tid()
    hit = mesh_query_ray(mesh, origins[i], directions[i], max_t)
    faces[i] = hit.face
    ranges[i] = -1.0
    if hit.result:
        ranges[i] = hit.t
        signs[i] = hit.sign
        normals[i] = hit.normal
        points[i] = mesh_eval_position(mesh, hit.face, hit.u, hit.v)


@rk.kernel
def locate(
    mesh: rk.uint64,
    queries: rk.array(dtype=rk.vec3),
    max_distance: float,
    distances: rk.array(dtype=float),
    points: rk.array(dtype=rk.vec3),
    on_face: rk.array(dtype=rk.vec3),
):
    """Signed distance and nearest point, also by its barycentric coordinates; max_distance where none is."""
    i = rk.tid()
    unsigned = mesh_query_point_no_sign(mesh, queries[i], max_distance)
    found = mesh_query_point_sign_normal(mesh, queries[i], max_distance)
    distances[i] = max_distance
    if found.result and unsigned.distance == found.distance:
        distances[i] = found.distance * found.sign
        points[i] = found.point
        on_face[i] = mesh_eval_position(mesh, found.face, found.u, found.v)


@rk.kernel
def read_corners(
    mesh: rk.uint64,
    points: rk.array2d(dtype=rk.vec3),
    indices: rk.array2d(dtype=int),
    normals: rk.array(dtype=rk.vec3),
):
    """What the mesh holds."""
    face, k = rk.tid()
    points[face, k] = mesh_get_point(mesh, 3 * face + k)
    indices[face, k] = mesh_get_index(mesh, 3 * face + k)
    if k == 0:
        normals[face] = mesh_eval_face_normal(mesh, face)


def mesh_of(source: trimesh.Trimesh, device: str = "") -> Mesh:
    """On `device`; else on the default one, but built by compiled code for the interpreter."""
    default = rk.get_device()
    device = device or ("cpu" if default.is_cpu else default.alias)
    return Mesh(source.vertices.astype(np.float32), source.faces.astype(np.int32), device=device)


def cast_rays(
    mesh: Mesh, origins: np.ndarray, directions: np.ndarray, device: str = "cpu", max_t: float = FAR
) -> dict:
    count = len(origins)
    out = {
        "ranges": rk.zeros(count, float),
        "faces": rk.zeros(count, int),
        "signs": rk.zeros(count, float),
        "points": rk.zeros(count, rk.vec3),
        "normals": rk.zeros(count, rk.vec3),
    }
    inputs = [mesh.id, rk.array(origins, rk.vec3), rk.array(directions, rk.vec3), max_t]
    rk.launch(cast, count, inputs, list(out.values()), device=device)
    return {name: array.numpy() for name, array in out.items()}


def find_points(
    mesh: Mesh, queries: np.ndarray, max_distance: float, device: str = "cpu"
) -> tuple[np.ndarray, ...]:
    out = [rk.zeros(len(queries), t) for t in (float, rk.vec3, rk.vec3)]
    rk.launch(locate, len(queries), [mesh.id, rk.array(queries, rk.vec3), max_distance], out, device=device)
    return tuple(a.numpy() for a in out)


def unit(v: np.ndarray) -> np.ndarray:
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def rays_at(rng: np.random.Generator, count: int, radius: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """Rays from a sphere around the origin to points of the unit cube."""
    origins = radius * unit(rng.standard_normal((count, 3)))
    directions = unit(rng.uniform(-1.0, 1.0, (count, 3)) - origins)
    return origins.astype(np.float32), directions.astype(np.float32)


def brute_force(
    source: trimesh.Trimesh, origins: np.ndarray, directions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Range of each ray (-1: no hit), and how far from an edge of any face it passes (barycentric), in
    float64.

    Source: Moeller & Trumbore 1997.
    """
    a, b, c = source.triangles.astype(np.float32).astype(float).transpose(1, 0, 2)
    ranges, margins = np.empty(len(origins)), np.empty(len(origins))
    for i, (o, d) in enumerate(zip(origins.astype(float), directions.astype(float), strict=True)):
        p = np.cross(d, c - a)
        det = np.einsum("ij,ij->i", b - a, p)
        with np.errstate(divide="ignore", invalid="ignore"):
            u = np.einsum("ij,ij->i", o - a, p) / det
            q = np.cross(o - a, b - a)
            v = q @ d / det
            t = np.einsum("ij,ij->i", c - a, q) / det
        inside = np.minimum(np.minimum(u, v), 1.0 - u - v)
        hits = np.where((inside >= 0.0) & (t >= 0.0), t, np.inf)
        ranges[i] = hits.min() if np.isfinite(hits.min()) else -1.0
        margins[i] = np.nanmin(np.abs(np.where(np.nan_to_num(t, nan=-1.0) >= 0.0, inside, np.inf)))
    return ranges, margins


def test_rays_against_brute_force(rock: trimesh.Trimesh, device: str, rng: np.random.Generator) -> None:
    count = 1500 if device == "cpu" else 60
    origins, directions = rays_at(rng, count)
    got = cast_rays(mesh_of(rock), origins, directions, device)
    expected, margins = brute_force(rock, origins, directions)
    clear = margins > 1e-4
    assert clear.mean() > 0.99 and (expected > 0).sum() > 0.5 * count
    assert np.array_equal(got["ranges"][clear] > 0, expected[clear] > 0)
    hit = clear & (expected > 0)
    assert np.allclose(got["ranges"][hit], expected[hit], rtol=1e-5)
    # from outside a closed mesh the front is met first
    assert (got["signs"][hit] > 0).all()
    assert np.allclose(got["normals"][hit], rock.face_normals[got["faces"][hit]], atol=2e-4)
    at = origins[hit] + directions[hit] * expected[hit, None]
    assert np.allclose(got["points"][hit], at, atol=1e-5)


def embree(source: trimesh.Trimesh, origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Ranges by Embree; -1 where it finds no hit."""
    engine = pytest.importorskip("embreex.rtcore_scene", reason="Embree is in the test extra")
    from embreex import mesh_construction

    scene = engine.EmbreeScene()
    mesh_construction.TriangleMesh(scene, source.vertices.astype(np.float32), source.faces.astype(np.int32))
    found = scene.run(origins, directions, output=True)
    return np.where(found["primID"] >= 0, found["tfar"], -1.0)


def test_rays_against_embree(large_rock: trimesh.Trimesh, rng: np.random.Generator) -> None:
    assert len(large_rock.faces) >= 100_000
    origins, directions = rays_at(rng, 200_000)
    got = cast_rays(mesh_of(large_rock), origins, directions)["ranges"]
    expected = embree(large_rock, origins, directions)
    assert (expected > 0).mean() > 0.5
    differ = ((got > 0) != (expected > 0)) | (np.abs(got - expected) > 1e-5 * np.abs(expected))
    assert differ.sum() <= 20  # 1e-4 of the rays
    # float64 settles each: either we are right, or the ray passes an edge closer than float32 can tell
    exact, margins = brute_force(large_rock, origins[differ], directions[differ])
    right = np.isclose(got[differ], exact, rtol=1e-5)
    assert (right | (margins < 1e-2)).all()


def test_no_ray_slips_between_faces(rock: trimesh.Trimesh, rng: np.random.Generator) -> None:
    # from inside, at edges' middles and at corners exactly, every ray must hit
    vertices = rock.vertices.astype(np.float32)
    ends = vertices[rock.edges_unique]
    share = rng.uniform(0.0, 1.0, (len(ends), 1)).astype(np.float32)
    targets = np.concatenate([vertices, ends.mean(axis=1), ends[:, 0] * share + ends[:, 1] * (1 - share)])
    for origin in rng.uniform(-0.2, 0.2, (20, 3)).astype(np.float32):
        got = cast_rays(mesh_of(rock), np.tile(origin, (len(targets), 1)), targets - origin)
        assert (got["ranges"] > 0).all()
        assert (got["signs"] < 0).all()


def test_max_t_and_direction_length(rock: trimesh.Trimesh, device: str) -> None:
    origins = np.float32([[3.0, 0.1, 0.2]] * 3)
    directions = np.float32([[-1, 0, 0], [-2, 0, 0], [-1, 0, 0]])
    mesh = mesh_of(rock)
    long = cast_rays(mesh, origins, directions, device)["ranges"]
    assert long[0] == pytest.approx(2.0 * long[1], rel=1e-6)
    assert (cast_rays(mesh, origins, directions, device, max_t=1.2)["ranges"][[0, 2]] == -1).all()
    assert (cast_rays(mesh, origins, directions, device, max_t=float(long[0]) * 1.000001)["ranges"] > 0).all()


def test_single_triangle(device: str) -> None:
    mesh = Mesh(np.eye(3), [0, 1, 2], device=device)
    origins = np.float32([[1, 1, 1], [-1, -1, -1], [2, 2, -2]])
    directions = np.float32([[-1, -1, -1], [1, 1, 1], [0, 0, 1]])
    got = cast_rays(mesh, origins, directions, device)
    assert np.allclose(got["ranges"], [2 / 3, 4 / 3, -1])
    assert got["signs"].tolist() == [1.0, -1.0, 0.0]
    assert np.allclose(got["normals"][:2], 3**-0.5)


def test_degenerate_faces_are_never_hit(device: str) -> None:
    points = np.float32([[0, 0, 0], [1, 0, 0], [2, 0, 0], [0, 1, 0]])
    mesh = Mesh(points, [0, 1, 2, 0, 0, 0, 0, 2, 3], device=device)
    got = cast_rays(mesh, np.float32([[0.5, 0.25, 1], [1, 0, 1]]), np.float32([[0, 0, -1]] * 2), device)
    assert got["faces"].tolist() == [2, 2]
    distances, _, _ = find_points(mesh, np.float32([[1, -1, 0], [-1, 0, 0]]), 5.0, device)
    assert np.allclose(np.abs(distances), 1.0)


def nearest_of_all(source: trimesh.Trimesh, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nearest point and its distance, by trimesh's float64 triangle test on every face."""
    pairs = np.repeat(queries.astype(float), len(source.faces), axis=0)
    triangles = np.tile(source.triangles, (len(queries), 1, 1))
    points = trimesh.triangles.closest_point(triangles, pairs)
    distances = np.linalg.norm(points - pairs, axis=1).reshape(len(queries), -1)
    best = distances.argmin(axis=1)
    rows = np.arange(len(queries))
    return points.reshape(len(queries), -1, 3)[rows, best], distances[rows, best]


def test_nearest_points_against_trimesh(rock: trimesh.Trimesh, device: str, rng: np.random.Generator) -> None:
    count = 500 if device == "cpu" else 20
    queries = rng.uniform(-1.6, 1.6, (count, 3)).astype(np.float32)
    distances, points, on_face = find_points(mesh_of(rock), queries, 10.0, device)
    closest, expected = nearest_of_all(rock, queries)
    assert np.allclose(np.abs(distances), expected, atol=2e-6)
    # two faces may be equally near: then the points differ, not the distances
    same = np.linalg.norm(points - closest, axis=1) < 1e-4
    assert same.mean() > 0.99
    assert np.allclose(points, on_face, atol=1e-5)
    assert np.array_equal(distances < 0, rock.contains(queries))
    assert (distances < 0).any() and (distances > 0).any()


def test_sign_near_edges_and_corners(rng: np.random.Generator) -> None:
    # a thin wedge: at its edges the nearest face's own normal gives the wrong sign, the pseudonormal the
    # right one
    points = np.float32([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0.1, 0.1, 0.02]])
    wedge = trimesh.Trimesh(points, [[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]], process=False)
    assert wedge.is_watertight and wedge.volume > 0
    queries = np.concatenate([points[i] + 0.05 * rng.standard_normal((300, 3)) for i in range(4)]).astype(
        np.float32
    )
    distances, _, _ = find_points(mesh_of(wedge), queries, 10.0)
    clear = np.abs(distances) > 1e-4
    assert clear.mean() > 0.9
    assert np.array_equal((distances < 0)[clear], wedge.contains(queries)[clear])


def test_sign_where_points_are_repeated(rock: trimesh.Trimesh, rng: np.random.Generator) -> None:
    # every face with corners of its own, as in an STL file
    loose = Mesh(rock.triangles.reshape(-1, 3).astype(np.float32), np.arange(3 * len(rock.faces)))
    queries = rng.uniform(-1.3, 1.3, (500, 3)).astype(np.float32)
    assert np.array_equal(find_points(loose, queries, 10.0)[0], find_points(mesh_of(rock), queries, 10.0)[0])


def test_max_distance(device: str) -> None:
    mesh = Mesh(np.eye(3), [0, 1, 2], device=device)
    distances, _, _ = find_points(mesh, np.float32([[1, 1, 1], [3, 3, 3]]), 1.5, device)
    assert np.allclose(distances, [2 / 3**0.5, 1.5])


def test_refit_and_rebuild_follow_points(rock: trimesh.Trimesh, rng: np.random.Generator) -> None:
    mesh = mesh_of(rock)
    moved = rock.copy()
    moved.vertices = (rock.vertices * [0.5, 1.5, 1.0] + [0.3, 0.0, -0.2]).astype(np.float32)
    origins, directions = rays_at(rng, 2000)
    queries = rng.uniform(-1.5, 1.5, (500, 3)).astype(np.float32)
    fresh = mesh_of(moved)
    for follow in (mesh.refit, mesh.rebuild):
        mesh.points.assign(rock.vertices.astype(np.float32))
        mesh.rebuild()
        mesh.points.assign(moved.vertices.astype(np.float32))
        follow()
        assert np.array_equal(
            cast_rays(mesh, origins, directions)["ranges"], cast_rays(fresh, origins, directions)["ranges"]
        )
        assert np.array_equal(find_points(mesh, queries, 5.0)[0], find_points(fresh, queries, 5.0)[0])


def test_corners_and_normals(rock: trimesh.Trimesh, device: str) -> None:
    faces, mesh = len(rock.faces), mesh_of(rock)
    out = [rk.zeros((faces, 3), rk.vec3), rk.zeros((faces, 3), int), rk.zeros(faces, rk.vec3)]
    rk.launch(read_corners, (faces, 3), [mesh.id], out, device=device)
    assert np.array_equal(out[0].numpy(), rock.triangles.astype(np.float32))
    assert np.array_equal(out[1].numpy(), rock.faces)
    assert np.allclose(out[2].numpy(), rock.face_normals, atol=2e-4)


def test_same_bits_on_both_devices(rock: trimesh.Trimesh, rng: np.random.Generator) -> None:
    origins, directions = rays_at(rng, 40)
    queries = rng.uniform(-1.5, 1.5, (10, 3)).astype(np.float32)
    mesh = mesh_of(rock)
    for name, compiled in cast_rays(mesh, origins, directions, "cpu").items():
        assert compiled.tobytes() == cast_rays(mesh, origins, directions, "ref")[name].tobytes()
    for compiled, interpreted in zip(
        find_points(mesh, queries, 5.0, "cpu"), find_points(mesh, queries, 5.0, "ref"), strict=True
    ):
        assert compiled.tobytes() == interpreted.tobytes()


POINTS = np.eye(3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((POINTS, [0, 1, 3]), "Mesh indices: expected points 0 to 2, got 3 at face 0"),
        ((POINTS, [0, 1, 2, 0, -1, 2]), "Mesh indices: expected points 0 to 2, got -1 at face 1"),
        ((POINTS, []), "Mesh indices: expected integers, got float64 of shape (0,)"),
        ((POINTS, np.zeros(0, np.int32)), "expected three for each face, and at least one face, got 0"),
        ((POINTS, [0, 1]), "expected three for each face, and at least one face, got 2"),
        ((POINTS, [0.0, 1.0, 2.0]), "Mesh indices: expected integers, got float64"),
        ((POINTS + np.inf, [0, 1, 2]), "Mesh points: expected finite positions"),
        ((np.eye(4), [0, 1, 2]), "Mesh points: expected vec3 elements"),
        (("points", [0, 1, 2]), "Mesh points: expected vec3 elements"),
        ((POINTS, [0, 1, 2**31]), "Mesh indices: expected numbers below 2^31, got 2147483648"),
    ],
)
def test_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(rk.GeometryError) as error:
        Mesh(*arguments)
    assert message in str(error.value)
