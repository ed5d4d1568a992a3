"""Kernels of particles, cloth and rays: one text for robokern and for Warp, for `backward.kernels.load`."""

from __future__ import annotations

TEXT = '''
@wp.kernel
def scale(a: wp.array(dtype=float), b: wp.array(dtype=float)):
    i = wp.tid()
    b[i] = 2.0 * a[i]


@wp.kernel
def add(a: wp.array(dtype=float), b: wp.array(dtype=float), c: wp.array(dtype=float)):
    i = wp.tid()
    c[i] = a[i] + b[i]


@wp.kernel
def attract(x: wp.array(dtype=wp.vec3), force: wp.array(dtype=wp.vec3), softening: float):
    """All pairs of bodies of mass 1."""
    i = wp.tid()
    p = x[i]
    total = wp.vec3(0.0, 0.0, 0.0)
    for j in range(x.shape[0]):
        d = x[j] - p
        r2 = wp.dot(d, d) + softening
        total += d * (1.0 / (r2 * wp.sqrt(r2)))
    force[i] = total


@wp.kernel
def density(
    x: wp.array(dtype=wp.vec3), first: wp.array(dtype=int), out: wp.array(dtype=float),
    cells: int, radius: float,
):
    """SPH with the poly6 kernel over particles sorted into cells of a cube, as wide as the radius."""
    i = wp.tid()
    p = x[i]
    cx = int(p[0] / radius)
    cy = int(p[1] / radius)
    cz = int(p[2] / radius)
    total = float(0.0)
    for dx in range(-1, 2):
        for dy in range(-1, 2):
            for dz in range(-1, 2):
                ax = cx + dx
                ay = cy + dy
                az = cz + dz
                if ax >= 0 and ay >= 0 and az >= 0 and ax < cells and ay < cells and az < cells:
                    cell = (ax * cells + ay) * cells + az
                    for j in range(first[cell], first[cell + 1]):
                        d = x[j] - p
                        left = radius * radius - wp.dot(d, d)
                        if left > 0.0:
                            total += left * left * left
    out[i] = total


@wp.func
def spring(x: wp.array2d(dtype=wp.vec3), i: int, j: int, di: int, dj: int, rest: float):
    """Force of the spring to a neighbour in a grid; none beyond its edge."""
    f = wp.vec3(0.0, 0.0, 0.0)
    k = i + di
    n = j + dj
    if k >= 0 and n >= 0 and k < x.shape[0] and n < x.shape[1]:
        d = x[k, n] - x[i, j]
        size = wp.length(d)
        f = d * (50.0 * (size - rest) / size)
    return f


@wp.kernel
def cloth(
    x: wp.array2d(dtype=wp.vec3), v: wp.array2d(dtype=wp.vec3),
    x1: wp.array2d(dtype=wp.vec3), v1: wp.array2d(dtype=wp.vec3), rest: float, dt: float,
):
    """One step of a sheet: stretch, shear and bend springs, gravity, drag."""
    i, j = wp.tid()
    f = wp.vec3(0.0, 0.0, -0.01) - v[i, j] * 0.02
    f = f + spring(x, i, j, 1, 0, rest) + spring(x, i, j, -1, 0, rest)
    f = f + spring(x, i, j, 0, 1, rest) + spring(x, i, j, 0, -1, rest)
    f = f + spring(x, i, j, 1, 1, 1.4142135 * rest) + spring(x, i, j, -1, -1, 1.4142135 * rest)
    f = f + spring(x, i, j, 1, -1, 1.4142135 * rest) + spring(x, i, j, -1, 1, 1.4142135 * rest)
    f = f + spring(x, i, j, 2, 0, 2.0 * rest) + spring(x, i, j, -2, 0, 2.0 * rest)
    f = f + spring(x, i, j, 0, 2, 2.0 * rest) + spring(x, i, j, 0, -2, 2.0 * rest)
    w = v[i, j] + f * dt
    v1[i, j] = w
    x1[i, j] = x[i, j] + w * dt


@wp.kernel
def cast(
    mesh: wp.uint64, origins: wp.array(dtype=wp.vec3), directions: wp.array(dtype=wp.vec3),
    distance: wp.array(dtype=float),
):
    i = wp.tid()
    hit = wp.mesh_query_ray(mesh, origins[i], directions[i], 1.0e6)
    if hit.result:
        distance[i] = hit.t
    else:
        distance[i] = -1.0
'''
