"""The kernels for numba: `prange`, fastmath off, components spelled out for speed.

numba has no quaternions or structs of vectors, so the rigid body is a row of 13 numbers: p, q, v, w.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit, prange

f4 = np.float32


@njit(parallel=True)
def chain(x, y):
    for i in prange(x.shape[0]):
        s = x[i]
        for _k in range(64):
            s = f4(math.sin(s) + math.exp(-s * s))
        y[i] = s


@njit(parallel=True)
def nbody(p, m, a):
    for i in prange(p.shape[0]):
        qx, qy, qz = p[i, 0], p[i, 1], p[i, 2]
        ax, ay, az = f4(0), f4(0), f4(0)
        for j in range(p.shape[0]):
            dx, dy, dz = p[j, 0] - qx, p[j, 1] - qy, p[j, 2] - qz
            inverse = f4(1) / math.sqrt(dx * dx + dy * dy + dz * dz + f4(1e-3))
            s = m[j] * inverse * inverse * inverse
            ax += dx * s
            ay += dy * s
            az += dz * s
        a[i, 0], a[i, 1], a[i, 2] = ax, ay, az


@njit(parallel=True)
def mandelbrot(out, n):
    for i in prange(n):
        for j in range(n):
            cx = f4(-2) + f4(3) * f4(j) / f4(n)
            cy = f4(-1.5) + f4(3) * f4(i) / f4(n)
            x, y = f4(0), f4(0)
            k = 0
            while k < 256 and x * x + y * y < f4(4):
                t = x * x - y * y + cx
                y = f4(2) * x * y + cy
                x = t
                k += 1
            out[i, j] = k


@njit(inline="always")
def rotated(qx, qy, qz, qw, x, y, z):
    tx, ty, tz = f4(2) * (qy * z - qz * y), f4(2) * (qz * x - qx * z), f4(2) * (qx * y - qy * x)
    return x + qw * tx + qy * tz - qz * ty, y + qw * ty + qz * tx - qx * tz, z + qw * tz + qx * ty - qy * tx


@njit(inline="always")
def product(m, x, y, z):
    return (
        m[0, 0] * x + m[0, 1] * y + m[0, 2] * z,
        m[1, 0] * x + m[1, 1] * y + m[1, 2] * z,
        m[2, 0] * x + m[2, 1] * y + m[2, 2] * z,
    )


@njit(parallel=True)
def rigid(bodies, inertia, inverse, out, step):
    dt = f4(step)
    for i in prange(bodies.shape[0]):
        b, o = bodies[i], out[i]
        qx, qy, qz, qw = b[3], b[4], b[5], b[6]
        wx, wy, wz = rotated(-qx, -qy, -qz, qw, b[10], b[11], b[12])
        lx, ly, lz = product(inertia[i], wx, wy, wz)
        gx, gy, gz = product(inverse[i], wy * lz - wz * ly, wz * lx - wx * lz, wx * ly - wy * lx)
        tx, ty, tz = rotated(qx, qy, qz, qw, wx - gx * dt, wy - gy * dt, wz - gz * dt)
        vz, half = b[9] + f4(-9.81) * dt, f4(0.5) * dt
        rx = qx + (tx * qw + ty * qz - tz * qy) * half
        ry = qy + (ty * qw + tz * qx - tx * qz) * half
        rz = qz + (tz * qw + tx * qy - ty * qx) * half
        rw = qw - (tx * qx + ty * qy + tz * qz) * half
        length = f4(1) / math.sqrt(rx * rx + ry * ry + rz * rz + rw * rw)
        o[0], o[1], o[2] = b[0] + b[7] * dt, b[1] + b[8] * dt, b[2] + vz * dt
        o[3], o[4], o[5], o[6] = rx * length, ry * length, rz * length, rw * length
        o[7], o[8], o[9] = b[7], b[8], vz
        o[10], o[11], o[12] = tx, ty, tz


@njit(parallel=True)
def triangles(o, d, corners, best, count):
    for i in prange(o.shape[0]):
        ox, oy, oz, dx, dy, dz = o[i, 0], o[i, 1], o[i, 2], d[i, 0], d[i, 1], d[i, 2]
        least = f4(1e30)
        for k in range(count):
            ax, ay, az = corners[3 * k, 0], corners[3 * k, 1], corners[3 * k, 2]
            ex, ey, ez = corners[3 * k + 1, 0] - ax, corners[3 * k + 1, 1] - ay, corners[3 * k + 1, 2] - az
            fx, fy, fz = corners[3 * k + 2, 0] - ax, corners[3 * k + 2, 1] - ay, corners[3 * k + 2, 2] - az
            px, py, pz = dy * fz - dz * fy, dz * fx - dx * fz, dx * fy - dy * fx
            det = ex * px + ey * py + ez * pz
            if abs(det) > f4(1e-8):
                inv = f4(1) / det
                sx, sy, sz = ox - ax, oy - ay, oz - az
                u = (sx * px + sy * py + sz * pz) * inv
                if u >= f4(0) and u <= f4(1):
                    qx, qy, qz = sy * ez - sz * ey, sz * ex - sx * ez, sx * ey - sy * ex
                    v = (dx * qx + dy * qy + dz * qz) * inv
                    if v >= f4(0) and u + v <= f4(1):
                        t = (fx * qx + fy * qy + fz * qz) * inv
                        if t > f4(0) and t < least:
                            least = t
        best[i] = least


@njit(parallel=True)
def march(o, d, out):
    for i in prange(o.shape[0]):
        t = f4(0)
        for _k in range(96):
            x = abs(o[i, 0] + d[i, 0] * t) - f4(0.7)
            y = abs(o[i, 1] + d[i, 1] * t) - f4(0.5)
            z = abs(o[i, 2] + d[i, 2] * t) - f4(0.4)
            gx, gy, gz = max(x, f4(0)), max(y, f4(0)), max(z, f4(0))
            h = math.sqrt(gx * gx + gy * gy + gz * gz) + min(max(x, max(y, z)), f4(0))
            if h < f4(1e-4):
                break
            t = t + h
            if t > f4(20):
                break
        out[i] = t


@njit(parallel=True)
def density(x, first, out, cells, radius):
    h = f4(radius)
    for i in prange(x.shape[0]):
        px, py, pz = x[i, 0], x[i, 1], x[i, 2]
        cx, cy, cz = int(px / h), int(py / h), int(pz / h)
        total = f4(0)
        for row in range(9):
            cell = ((cz + row // 3 - 1) * cells + cy + row % 3 - 1) * cells + cx
            for j in range(first[cell - 1], first[cell + 2]):
                dx, dy, dz = x[j, 0] - px, x[j, 1] - py, x[j, 2] - pz
                w = h * h - (dx * dx + dy * dy + dz * dz)
                if w > f4(0):
                    total += w * w * w
        out[i] = total


@njit(parallel=True)
def segments(p, ends, least, count):
    for i in prange(p.shape[0]):
        px, py, pz = p[i, 0], p[i, 1], p[i, 2]
        best = f4(1e30)
        for k in range(count):
            ax, ay, az = ends[2 * k, 0], ends[2 * k, 1], ends[2 * k, 2]
            lx, ly, lz = ends[2 * k + 1, 0] - ax, ends[2 * k + 1, 1] - ay, ends[2 * k + 1, 2] - az
            ox, oy, oz = px - ax, py - ay, pz - az
            t = (ox * lx + oy * ly + oz * lz) / (lx * lx + ly * ly + lz * lz)
            t = min(max(t, f4(0)), f4(1))
            dx, dy, dz = px - (ax + lx * t), py - (ay + ly * t), pz - (az + lz * t)
            best = min(best, dx * dx + dy * dy + dz * dz)
        least[i] = math.sqrt(best)


FUNCTIONS: dict[str, Any] = {
    "density": density,
    "segments": segments,
    "chain": chain,
    "nbody": nbody,
    "mandelbrot": mandelbrot,
    "triangles": triangles,
    "march": march,
    "rigid": rigid,
}
