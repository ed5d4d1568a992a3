"""Derivatives of ray queries, against the plane equation in float64 (complex steps) and differences."""

import numpy as np
import pytest

import robokern as rk
from robokern.plugin.registry import Registry
from robokern.runtime.tape import Tape

COUNT = 300


@rk.kernel
def cast(
    mesh: rk.uint64,
    origin: rk.array(dtype=rk.vec3),
    direction: rk.array(dtype=rk.vec3),
    t: rk.array(dtype=float),
    uv: rk.array(dtype=rk.vec2),
    face: rk.array(dtype=int),
):
    i = rk.tid()
    hit = rk.mesh_query_ray(mesh, origin[i], direction[i], 50.0)
    face[i] = hit.face
    t[i] = hit.t
    if hit.result:
        uv[i] = rk.vec2(hit.u, hit.v)


@rk.kernel
def cast_by_points(
    mesh: rk.uint64,
    points: rk.array(dtype=rk.vec3),
    indices: rk.array(dtype=int),
    origin: rk.array(dtype=rk.vec3),
    direction: rk.array(dtype=rk.vec3),
    t: rk.array(dtype=float),
    uv: rk.array(dtype=rk.vec2),
    normal: rk.array(dtype=rk.vec3),
):
    i = rk.tid()
    hit = rk.mesh_query_ray(mesh, origin[i], direction[i], 50.0)
    t[i] = hit.t
    if hit.result:
        hit = rk.mesh_eval_ray(points, indices, hit.face, origin[i], direction[i])
        t[i] = hit.t
        uv[i] = rk.vec2(hit.u, hit.v)
        normal[i] = hit.normal


def soup(seed):
    """Points, faces, origins and directions; faces are large and met at no flat angle."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(60, 3)).astype(np.float32)
    indices = np.array([rng.choice(60, 3, replace=False) for _ in range(40)], np.int32)
    origin = (rng.normal(size=(COUNT, 3)) * 2.0).astype(np.float32)
    direction = (points[rng.integers(0, 60, COUNT)] * 0.5 - origin).astype(np.float32)
    return points, indices, origin, direction


def on_faces(xp, points, indices, face, origin, direction):
    """t, u, v and normal of rays on given faces by Cramer's rule, for an array module."""
    a, b, c = (points[indices[face, k]] for k in range(3))
    n = cross(xp, b - a, c - a)
    t = ((a - origin) * n).sum(-1) / (direction * n).sum(-1)
    p = origin + t[:, None] * direction
    square = (n * n).sum(-1)
    u = (cross(xp, c - b, p - b) * n).sum(-1) / square
    v = (cross(xp, a - c, p - c) * n).sum(-1) / square
    return t, xp.stack([u, v], -1), n / xp.sqrt(square)[:, None]


def cross(xp, a, b):
    return xp.stack([a[..., i] * b[..., j] - a[..., j] * b[..., i] for i, j in ((1, 2), (2, 0), (0, 1))], -1)


def exact_gradients(points, indices, face, origin, direction, weights):
    """Derivatives of the weighted sum by points, origins and directions: complex steps, in float64."""

    def each(*given):
        """Every ray's part of the sum."""
        found = on_faces(np, given[0], indices, face, *given[1:])
        return sum((f * w).reshape(len(face), -1).sum(-1) for f, w in zip(found, weights, strict=True))

    given = [np.asarray(x, complex) for x in (points, origin, direction)]
    slopes = [np.zeros(x.shape) for x in given]
    for place in np.ndindex(points.shape):
        given[0][place] += 1e-30j
        slopes[0][place] = each(*given).imag.sum() * 1e30
        given[0][place] -= 1e-30j
    for number, axis in np.ndindex(2, 3):
        given[1 + number][:, axis] += 1e-30j
        slopes[1 + number][:, axis] = each(*given).imag * 1e30
        given[1 + number][:, axis] -= 1e-30j
    return slopes


def rays(points, indices, origin, direction, device):
    mesh = rk.Mesh(
        rk.array(points, dtype=rk.vec3, device=device), rk.array(indices.ravel(), dtype=int, device=device)
    )
    o = rk.array(origin, dtype=rk.vec3, requires_grad=True)
    d = rk.array(direction, dtype=rk.vec3, requires_grad=True)
    return mesh, o, d, rk.zeros(COUNT), rk.zeros(COUNT, dtype=rk.vec2)


def compiled(device):
    """Where a test that also runs in the interpreter makes its many plain launches."""
    return "cpu" if device == "ref" else device


def close(found, expected):
    """To float32, in proportion to the row: slopes grow without bound at flat angles."""
    size = np.abs(expected).max(-1, keepdims=True)
    assert (np.abs(found - expected) <= 2e-5 * size + 1e-6).all(), np.abs(found - expected).max()


def steep(points, indices, face, origin, direction):
    """Rays that meet their face at more than 10 degrees, and nothing smaller than float32 can resolve."""
    a, b, c = (points[indices[face, k]] for k in range(3))
    n = np.cross(b - a, c - a)
    sine = np.abs((n * direction).sum(-1)) / np.linalg.norm(n, axis=-1) / np.linalg.norm(direction, axis=-1)
    return (sine > 0.17) & (np.linalg.norm(n, axis=-1) > 0.3)


@pytest.mark.parametrize("seed", range(3))
def test_distance_and_barycentrics_by_the_ray(seed, device):
    points, indices, origin, direction = soup(seed)
    mesh, o, d, t, uv = rays(points, indices, origin, direction, device)
    face, rng = rk.zeros(COUNT, dtype=int), np.random.default_rng(seed + 9)
    wt, wuv = (rng.normal(size=s).astype(np.float32) for s in (COUNT, (COUNT, 2)))
    with Tape() as tape:
        rk.launch(cast, COUNT, [mesh.id, o, d, t, uv, face], device=device)
    tape.backward(grads={t: wt, uv: wuv})
    faces = face.numpy()
    hit = faces >= 0
    assert hit.sum() > COUNT // 3
    assert not o.grad.numpy()[~hit].any() and not d.grad.numpy()[~hit].any()
    clear = hit.copy()
    clear[hit] = steep(points, indices, faces[hit], origin[hit], direction[hit])
    weights = [wt[clear], wuv[clear], np.zeros((clear.sum(), 3))]
    _, by_o, by_d = exact_gradients(points, indices, faces[clear], origin[clear], direction[clear], weights)
    close(o.grad.numpy()[clear], by_o)
    close(d.grad.numpy()[clear], by_d)


def test_distance_barycentrics_and_normal_by_the_points(device):
    points, indices, origin, direction = soup(7)
    mesh, o, d, t, uv = rays(points, indices, origin, direction, device)
    face = rk.zeros(COUNT, dtype=int)
    rk.launch(cast, COUNT, [mesh.id, o, d, t, uv, face], device=device)
    faces, before = face.numpy(), t.numpy().copy()
    clear = faces >= 0
    clear[clear] = steep(points, indices, faces[clear], origin[clear], direction[clear])
    rng = np.random.default_rng(2)
    weights = [rng.normal(size=s).astype(np.float32) for s in (COUNT, (COUNT, 2), (COUNT, 3))]
    for w in weights:
        w[~clear] = 0.0
    corners, normal = rk.array(points, dtype=rk.vec3, requires_grad=True), rk.zeros(COUNT, dtype=rk.vec3)
    with Tape() as tape:
        rk.launch(
            cast_by_points,
            COUNT,
            [mesh.id, corners, rk.array(indices.ravel(), dtype=int), o, d, t, uv, normal],
            device=device,
        )
    np.testing.assert_array_equal(t.numpy(), before)  # recomputed from the points: the query's bits
    tape.backward(grads=dict(zip((t, uv, normal), weights, strict=True)))
    kept = [w[clear] for w in weights]
    by_points, by_o, _ = exact_gradients(points, indices, faces[clear], origin[clear], direction[clear], kept)
    scale = np.abs(by_points).max()
    np.testing.assert_allclose(corners.grad.numpy(), by_points, rtol=1e-4, atol=1e-5 * scale)
    close(o.grad.numpy()[clear], by_o)


@rk.kernel
def look(
    scene: rk.uint64,
    origin: rk.array(dtype=rk.vec3),
    direction: rk.array(dtype=rk.vec3),
    t: rk.array(dtype=float),
    normal: rk.array(dtype=rk.vec3),
    shape: rk.array(dtype=int),
):
    i = rk.tid()
    hit = rk.scene_query_ray(scene, i % 2, origin[i], direction[i], 50.0)
    t[i] = hit.t
    normal[i] = hit.normal
    shape[i] = hit.shape


def room(device):
    """Two worlds with every kind of shape, turned and moved; the worlds' bodies stand elsewhere."""
    rng = np.random.default_rng(4)
    points, indices, _, _ = soup(5)
    mesh = rk.Mesh(
        rk.array(points, dtype=rk.vec3, device=device), rk.array(indices.ravel(), dtype=int, device=device)
    )
    x, y = np.meshgrid(np.linspace(-2, 2, 9), np.linspace(-2, 2, 9))
    field = rk.HeightField(0.3 * np.sin(x) * np.cos(y) + 0.5, 2.0, 2.0, 0.5, device=device)
    shapes = [
        rk.Plane(), rk.Sphere(0.8), rk.Box(0.5, 0.7, 0.4), rk.Capsule(0.4, 0.6), rk.Cylinder(0.5, 0.6),
        mesh, field,
    ]  # fmt: skip
    instances, places = [rk.Instance(shape=0, body=0)], rng.normal(size=(6, 3)) * 3.0 + [0, 0, 3]
    for number in range(1, 7):
        turn = rng.normal(size=4)
        turn /= np.linalg.norm(turn)
        pose = rk.transform(*places[number - 1], *turn)
        instances.append(rk.Instance(shape=number, body=number % 3, body_from_shape=pose))
    scene = rk.Scene(2, shapes, instances, device=device)
    poses = np.zeros((2, 3, 7), np.float32)
    poses[..., 6] = 1.0
    poses[..., :3] = rng.normal(size=(2, 3, 3))
    scene.update(rk.array(poses, dtype=rk.transform, device=device))
    return scene, places


def test_distance_and_normal_of_every_shape_by_the_ray(device):
    (scene, places), rng, count = room(device), np.random.default_rng(6), 3000
    start = rng.normal(size=(count, 3)).astype(np.float32) * 6 + np.float32([0, 0, 4])
    aim = (rng.normal(size=(count, 3)) + places[rng.integers(0, 6, count)] - start).astype(np.float32)
    aim /= np.linalg.norm(aim, axis=-1, keepdims=True)

    def run(start, tape=None):
        o = rk.array(start, dtype=rk.vec3, requires_grad=True)
        d = rk.array(aim, dtype=rk.vec3, requires_grad=True)
        t, n, s = rk.zeros(count), rk.zeros(count, dtype=rk.vec3), rk.zeros(count, dtype=int)
        rk.launch(look, count, [scene.id, o, d, t, n, s], device=device if tape else compiled(device))
        return o, d, t, n, s

    wn = np.float32([0.3, -0.5, 0.8])
    with Tape() as tape:
        o, d, t, n, s = run(start, True)
    tape.backward(grads={t: np.ones(count, np.float32), n: np.tile(wn, (count, 1))})
    shape, normal = s.numpy(), n.numpy()
    level = np.abs((normal * aim).sum(-1))
    assert all((shape == k).sum() > 20 for k in range(7)), np.bincount(shape[shape >= 0])
    checked = np.zeros(7, int)
    for axis in range(3):
        step = np.zeros(3, np.float32)
        step[axis] = 4e-3
        ends = [run(start + sign * step) for sign in (1, -1)]
        same = (ends[0][4].numpy() == shape) & (ends[1][4].numpy() == shape) & (level > 0.3)
        moved = np.linalg.norm(ends[0][3].numpy() - ends[1][3].numpy(), axis=-1)
        bent = ends[0][2].numpy() + ends[1][2].numpy() - 2 * t.numpy()
        turned = np.linalg.norm(ends[0][3].numpy() + ends[1][3].numpy() - 2 * normal, axis=-1)
        same &= (moved < 0.03) & (turned < 1e-3) & (np.abs(bent) < 1e-4)  # on one smooth piece
        slope = (ends[0][2].numpy() - ends[1][2].numpy()) / 8e-3
        slope += (ends[0][3].numpy() - ends[1][3].numpy()) @ wn / 8e-3
        np.testing.assert_allclose(o.grad.numpy()[same, axis], slope[same], rtol=2e-2, atol=3e-2)
        checked += np.bincount(shape[same], minlength=8)[:7]
    assert (checked > 30).all(), checked
    assert np.abs(d.grad.numpy()).max() > 0.5


def test_a_lidars_ranges_by_its_pose(device):
    """The plugin's own kernel: the range along each ray moves with the pose as the hit surface tells."""
    kernel, scene = Registry().find("lidar").module("kernels").cast_rays, room(device)[0]
    rng = np.random.default_rng(3)
    directions = (rng.normal(size=(8, 16, 3)) * 0.5 - [0, 0, 1.5]).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    poses = np.float32([[0.2, 0.1, 5.0, 0.1, -0.2, 0.3, 0.9], [-0.4, 0.3, 4.0, 0.1, 0.1, 0.2, 0.9]])
    poses[:, 3:] /= np.linalg.norm(poses[:, 3:], axis=-1, keepdims=True)
    excluded = rk.zeros(3, dtype=int, device=device)

    def run(poses, place):
        pose = rk.array(poses, dtype=rk.transform, requires_grad=True)
        ranges, points = rk.zeros((2, 8, 16)), rk.zeros((2, 8, 16), dtype=rk.vec3)
        rays = rk.array(directions, dtype=rk.vec3)
        rk.launch(
            kernel, (2, 8, 16), [scene.id, rays, pose, -1, excluded, 50.0, 0.0, ranges, points], device=place
        )
        return pose, ranges

    for axis in range(7):
        step = np.zeros(7, np.float32)
        step[axis] = 2e-3
        far, near, here = (run(poses + k * step, compiled(device))[1].numpy() for k in (1, -1, 0))
        smooth = (np.abs(far + near - 2 * here) < 2e-4) & (here > 0)
        weights = np.where(smooth, rng.normal(size=smooth.shape), 0.0).astype(np.float32)
        with Tape() as tape:
            pose, ranges = run(poses, device)
        tape.backward(grads={ranges: weights})
        slopes = ((far - near) / 4e-3 * weights).sum((1, 2))
        assert smooth.sum() > 80
        np.testing.assert_allclose(pose.grad.numpy()[:, axis], slopes, rtol=2e-2, atol=5e-2)
