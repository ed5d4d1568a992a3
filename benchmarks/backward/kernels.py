"""Straight-line physics kernels, one text for robokern and for Warp: `load("robokern")`, `load("warp")`."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path
from types import ModuleType

TEXT = '''
@wp.kernel
def particle(
    x: wp.array(dtype=wp.vec3), v: wp.array(dtype=wp.vec3), k: wp.array(dtype=float),
    x1: wp.array(dtype=wp.vec3), v1: wp.array(dtype=wp.vec3), dt: float,
):
    """A spring to a fixed point, air drag and a penalty floor; one step."""
    i = wp.tid()
    p = x[i]
    d = p - wp.vec3(1.0, 0.0, 0.5)
    size = wp.length(d)
    f = d * (-k[i] * (size - 0.7) / size) - v[i] * 0.1
    if p[2] < 0.0:
        f = f + wp.vec3(0.0, 0.0, -100.0 * p[2])
    w = v[i] + f * dt
    v1[i] = w
    x1[i] = p + w * dt


@wp.kernel
def rigid_body(
    x: wp.array(dtype=wp.vec3), q: wp.array(dtype=wp.quat), v: wp.array(dtype=wp.vec3),
    w: wp.array(dtype=wp.vec3), torque: wp.array(dtype=wp.vec3),
    x1: wp.array(dtype=wp.vec3), q1: wp.array(dtype=wp.quat), v1: wp.array(dtype=wp.vec3),
    w1: wp.array(dtype=wp.vec3), dt: float,
):
    """One step of a free body with principal inertia (1, 2, 3) and a gyroscopic torque."""
    i = wp.tid()
    inertia = wp.vec3(1.0, 2.0, 3.0)
    turn = wp.normalize(q[i])
    spin = wp.quat_rotate_inv(turn, w[i])
    turning = wp.quat_rotate_inv(turn, torque[i]) - wp.cross(spin, wp.cw_mul(inertia, spin))
    spin = spin + wp.cw_div(turning, inertia) * dt
    w2 = wp.quat_rotate(turn, spin)
    v2 = v[i] + wp.vec3(0.0, 0.0, -9.81) * dt
    w1[i] = w2
    v1[i] = v2
    x1[i] = x[i] + v2 * dt
    q1[i] = wp.normalize(turn + wp.quat(w2[0], w2[1], w2[2], 0.0) * turn * (0.5 * dt))


@wp.kernel
def arm(angles: wp.array(dtype=wp.vec4), target: wp.array(dtype=wp.vec3), error: wp.array(dtype=float)):
    """Distance of an arm's hand from a target: four joints, transforms multiplied along the chain."""
    i = wp.tid()
    a = angles[i]
    up = wp.vec3(0.0, 0.0, 0.4)
    z = wp.vec3(0.0, 0.0, 1.0)
    y = wp.vec3(0.0, 1.0, 0.0)
    hand = wp.transform(up, wp.quat_from_axis_angle(z, a[0]))
    hand = wp.transform_multiply(hand, wp.transform(up, wp.quat_from_axis_angle(y, a[1])))
    hand = wp.transform_multiply(hand, wp.transform(up, wp.quat_from_axis_angle(y, a[2])))
    hand = wp.transform_multiply(hand, wp.transform(up, wp.quat_from_axis_angle(z, a[3])))
    error[i] = wp.length(wp.transform_point(hand, up) - target[i])


@wp.kernel
def contact(
    centre: wp.array(dtype=wp.vec3), v: wp.array(dtype=wp.vec3), w: wp.array(dtype=wp.vec3),
    stiffness: wp.array(dtype=float), force: wp.array(dtype=wp.vec3), torque: wp.array(dtype=wp.vec3),
):
    """A ball of radius 0.1 m on a wavy floor: normal force, regularised Coulomb friction, torque."""
    i = wp.tid()
    c = centre[i]
    floor = 0.1 * wp.sin(3.0 * c[0]) * wp.cos(2.0 * c[1])
    along_x = -0.3 * wp.cos(3.0 * c[0]) * wp.cos(2.0 * c[1])
    along_y = 0.2 * wp.sin(3.0 * c[0]) * wp.sin(2.0 * c[1])
    n = wp.normalize(wp.vec3(along_x, along_y, 1.0))
    depth = 0.1 - (c[2] - floor) * n[2]
    f = wp.vec3(0.0, 0.0, 0.0)
    t = wp.vec3(0.0, 0.0, 0.0)
    if depth > 0.0:
        r = n * (-0.1)
        u = v[i] + wp.cross(w[i], r)
        un = wp.dot(u, n)
        slip = u - n * un
        size = stiffness[i] * depth * wp.max(1.0 - 0.3 * un, 0.0)
        f = n * size - slip * (0.5 * size / wp.sqrt(wp.dot(slip, slip) + 0.0001))
        t = wp.cross(r, f)
    force[i] = f
    torque[i] = t


@wp.kernel
def tiny(x: wp.array(dtype=float), y: wp.array(dtype=float)):
    i = wp.tid()
    y[i] = x[i] * x[i]
'''


def load(library: str, text: str = TEXT) -> ModuleType:
    """The kernels of a text as that library's; the file stays, where both look up their source."""
    folder = Path(tempfile.mkdtemp())
    file = folder / f"{library}_kernels.py"
    file.write_text(f"import {library} as wp\n{text}")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module
