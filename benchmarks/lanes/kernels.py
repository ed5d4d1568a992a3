"""The kernels, written once: robokern and Warp read the same source."""

# ruff: noqa: UP018, RUF046  (Warp takes a variable that a loop changes for a constant without the cast)

from typing import Any


def kernels(rk: Any, body: Any) -> dict[str, Any]:
    """Written once: both read the same source. `body` is the struct of a rigid body."""
    scalars, vectors = rk.array(dtype=float), rk.array(dtype=rk.vec3)

    @rk.kernel
    def chain(x: scalars, y: scalars):
        i = rk.tid()
        s = x[i]
        for _k in range(64):
            s = rk.sin(s) + rk.exp(-s * s)
        y[i] = s

    @rk.kernel
    def nbody(p: vectors, m: scalars, a: vectors):
        i = rk.tid()
        q = p[i]
        total = rk.vec3(0.0, 0.0, 0.0)
        for j in range(p.shape[0]):
            d = p[j] - q
            inverse = 1.0 / rk.sqrt(rk.dot(d, d) + 1.0e-3)
            total = total + d * (m[j] * inverse * inverse * inverse)
        a[i] = total

    @rk.kernel
    def mandelbrot(out: rk.array2d(dtype=int), n: int):
        i, j = rk.tid()
        cx = -2.0 + 3.0 * float(j) / float(n)
        cy = -1.5 + 3.0 * float(i) / float(n)
        x = float(0.0)
        y = float(0.0)
        k = int(0)
        while k < 256 and x * x + y * y < 4.0:
            t = x * x - y * y + cx
            y = 2.0 * x * y + cy
            x = t
            k += 1
        out[i, j] = k

    @rk.kernel
    def rigid(
        bodies: rk.array(dtype=body),
        inertia: rk.array(dtype=rk.mat33),
        inverse: rk.array(dtype=rk.mat33),
        out: rk.array(dtype=body),
        dt: float,
    ):
        i = rk.tid()
        b = bodies[i]
        w = rk.quat_rotate_inv(b.q, b.w)
        w = w - inverse[i] * rk.cross(w, inertia[i] * w) * dt
        turned = rk.quat_rotate(b.q, w)
        b.v = b.v + rk.vec3(0.0, 0.0, -9.81) * dt
        b.p = b.p + b.v * dt
        b.q = rk.normalize(b.q + rk.quat(turned[0], turned[1], turned[2], 0.0) * b.q * (0.5 * dt))
        b.w = turned
        out[i] = b

    @rk.kernel
    def triangles(o: vectors, d: vectors, corners: vectors, best: scalars, count: int):
        i = rk.tid()
        origin = o[i]
        direction = d[i]
        least = float(1.0e30)
        for k in range(count):
            a = corners[3 * k]
            e = corners[3 * k + 1] - a
            f = corners[3 * k + 2] - a
            p = rk.cross(direction, f)
            det = rk.dot(e, p)
            if rk.abs(det) > 1.0e-8:
                inv = 1.0 / det
                s = origin - a
                u = rk.dot(s, p) * inv
                if u >= 0.0 and u <= 1.0:
                    q = rk.cross(s, e)
                    v = rk.dot(direction, q) * inv
                    if v >= 0.0 and u + v <= 1.0:
                        t = rk.dot(f, q) * inv
                        if t > 0.0 and t < least:
                            least = t
        best[i] = least

    @rk.kernel
    def march(o: vectors, d: vectors, out: scalars):
        i = rk.tid()
        origin = o[i]
        direction = d[i]
        t = float(0.0)
        for _k in range(96):
            p = origin + direction * t
            x = rk.abs(p[0]) - 0.7
            y = rk.abs(p[1]) - 0.5
            z = rk.abs(p[2]) - 0.4
            g = rk.vec3(rk.max(x, 0.0), rk.max(y, 0.0), rk.max(z, 0.0))
            h = rk.sqrt(rk.dot(g, g)) + rk.min(rk.max(x, rk.max(y, z)), 0.0)
            if h < 1.0e-4:
                break
            t = t + h
            if t > 20.0:
                break
        out[i] = t

    @rk.kernel
    def density(x: vectors, first: rk.array(dtype=int), out: scalars, cells: int, radius: float):
        i = rk.tid()
        p = x[i]
        cx = int(p[0] / radius)
        cy = int(p[1] / radius)
        cz = int(p[2] / radius)
        total = float(0.0)
        for row in range(9):
            cell = ((cz + row // 3 - 1) * cells + cy + row % 3 - 1) * cells + cx
            for j in range(first[cell - 1], first[cell + 2]):
                d = x[j] - p
                w = radius * radius - rk.dot(d, d)
                if w > 0.0:
                    total = total + w * w * w
        out[i] = total

    @rk.kernel
    def segments(p: vectors, ends: vectors, least: scalars, count: int):
        i = rk.tid()
        q = p[i]
        best = float(1.0e30)
        for k in range(count):
            a = ends[2 * k]
            along = ends[2 * k + 1] - a
            t = rk.clamp(rk.dot(q - a, along) / rk.dot(along, along), 0.0, 1.0)
            d = q - (a + along * t)
            best = rk.min(best, rk.dot(d, d))
        least[i] = rk.sqrt(best)

    @rk.kernel
    def springs(x: vectors, pairs: rk.array2d(dtype=int), rest: scalars, f: vectors):
        i = rk.tid()
        a = pairs[i, 0]
        b = pairs[i, 1]
        d = x[b] - x[a]
        size = rk.length(d)
        pull = d * (100.0 * (size - rest[i]) / size)
        rk.atomic_add(f, a, pull)
        rk.atomic_sub(f, b, pull)

    @rk.kernel
    def integrate(x: vectors, v: vectors, f: vectors, x1: vectors, v1: vectors, dt: float):
        i = rk.tid()
        w = v[i] + (f[i] + rk.vec3(0.0, 0.0, -9.81)) * dt
        v1[i] = w
        x1[i] = x[i] + w * dt

    return {
        "chain": chain,
        "nbody": nbody,
        "mandelbrot": mandelbrot,
        "rigid": rigid,
        "density": density,
        "triangles": triangles,
        "segments": segments,
        "march": march,
        "springs": springs,
        "integrate": integrate,
    }
