"""Closest points of edges and touching triangles against brute force."""

import numpy as np
from scipy.optimize import lsq_linear

import robokern as rk

COUNT = 400


def test_closest_points_of_edges(evaluate, generator):
    p1, q1, p2, q2 = (generator.normal(size=(COUNT, 3)) for _ in range(4))
    q2[:40] = p2[:40] + (q1 - p1)[:40] * generator.uniform(-2, 2, (40, 1))  # parallel
    q1[40:60] = p1[40:60]  # a point
    q2[50:80] = p2[50:80]

    @rk.func
    def by_edges(a: rk.matrix((2, 3), rk.float64), b: rk.matrix((2, 3), rk.float64)):
        return rk.closest_point_edge_edge(a[0], a[1], b[0], b[1], rk.float64(1e-12))

    pair = rk.matrix((2, 3), rk.float64)
    first, second = np.stack([p1, q1], axis=1), np.stack([p2, q2], axis=1)
    found = evaluate(by_edges, rk.vec3d, (pair, first), (pair, second))
    s, t, distance = found.T[:, :, None]
    assert found[:, :2].min() >= 0 and found[:, :2].max() <= 1
    points = p1 + s * (q1 - p1) - p2 - t * (q2 - p2)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), distance[:, 0], atol=1e-12)
    for i in range(COUNT):
        system = np.stack([q1[i] - p1[i], p2[i] - q2[i]], axis=1)
        best = lsq_linear(system, p2[i] - p1[i], bounds=(0, 1), method="bvls")
        assert distance[i, 0] <= np.sqrt(2 * best.cost) + 1e-9


def triangles(evaluate, v, u):
    tri = rk.matrix((3, 3), rk.float64)

    @rk.func
    def touch(a: tri, b: tri):
        return rk.intersect_tri_tri(a[0], a[1], a[2], b[0], b[1], b[2])

    return evaluate(touch, rk.int32, (tri, v), (tri, u))


def edge_hits_triangle(p, q, t):
    """Whether segments pq meet triangles t, in general position."""
    volume = lambda a, b, c, d: np.einsum("ni,ni->n", np.cross(b - a, c - a), d - a) > 0  # noqa: E731
    a, b, c = t[:, 0], t[:, 1], t[:, 2]
    sides = volume(a, b, c, p) != volume(a, b, c, q)
    x, y, z = volume(p, q, a, b), volume(p, q, b, c), volume(p, q, c, a)
    return sides & (x == y) & (y == z)


def test_triangles_in_general_position(evaluate, generator):
    v, u = (generator.normal(size=(20 * COUNT, 3, 3)) for _ in range(2))
    want = np.zeros(len(v), bool)
    for i in range(3):
        j = (i + 1) % 3
        want |= edge_hits_triangle(v[:, i], v[:, j], u) | edge_hits_triangle(u[:, i], u[:, j], v)
    assert 0.1 < want.mean() < 0.9
    np.testing.assert_array_equal(triangles(evaluate, v, u).astype(bool), want)


def test_triangles_that_share_a_corner_or_an_edge_touch(evaluate, generator):
    v = np.round(generator.normal(size=(COUNT, 3, 3)) * 16) / 16
    u = np.round(generator.normal(size=(COUNT, 3, 3)) * 16) / 16
    u[:, 1] = v[:, 2]
    u[: COUNT // 2, 0] = v[: COUNT // 2, 0]
    np.testing.assert_array_equal(triangles(evaluate, v, u), 1)


def test_triangles_in_one_plane(evaluate, generator):
    flat = np.round(generator.normal(size=(2, COUNT, 3, 3)) * 8) / 8
    for axis in range(3):
        v, u = flat.copy()
        v[..., axis] = u[..., axis] = 0.5
        keep = [k for k in range(3) if k != axis]
        found = triangles(evaluate, v, u)
        for i in range(0, COUNT, 8):
            assert found[i] == plane_triangles_overlap(v[i][:, keep], u[i][:, keep]), (v[i], u[i])


def plane_triangles_overlap(a, b):
    """Separating axes: two convex polygons are apart exactly if an edge's normal separates them."""
    for shape in (a, b):
        for i in range(3):
            edge = shape[(i + 1) % 3] - shape[i]
            normal = np.array([-edge[1], edge[0]])
            p, q = a @ normal, b @ normal
            if p.max() < q.min() or q.max() < p.min():
                return 0
    return 1
