# mypy: ignore-errors
"""What depth-first walks over a tree share: tests of four children at once, and the stack of what waits."""

from __future__ import annotations

from robokern.compiler.function import func
from robokern.geometry.box import MISS, ROUNDING
from robokern.geometry.tree import BvhNode
from robokern.ir.types import float32, int32, vec3, vec4, vec4i
from robokern.runtime.array import array


@func
def pick(near: float32, far: float32):
    """Entry of a ray that leaves a box at `far`, MISS if it never enters."""
    return near if near <= far else MISS


@func
def child_entries(node: BvhNode, origin: vec3, inverse: vec3, max_t: float32):
    """Ray parameter where a ray enters each child's box (0 inside), MISS where it does not within max_t.

    Source: Ize, "Robust BVH ray traversal", Journal of Computer Graphics Techniques 2(2), 2013.
    """
    x0 = (node.lower_x - vec4(origin[0])) * inverse[0]
    x1 = (node.upper_x - vec4(origin[0])) * inverse[0]
    y0 = (node.lower_y - vec4(origin[1])) * inverse[1]
    y1 = (node.upper_y - vec4(origin[1])) * inverse[1]
    z0 = (node.lower_z - vec4(origin[2])) * inverse[2]
    z1 = (node.upper_z - vec4(origin[2])) * inverse[2]
    near = max(max(min(x0, x1), min(y0, y1)), max(min(z0, z1), vec4(0.0)))
    far = min(min(max(x0, x1), max(y0, y1)), max(z0, z1)) * ROUNDING
    far = min(far, vec4(max_t))
    return vec4(pick(near[0], far[0]), pick(near[1], far[1]), pick(near[2], far[2]), pick(near[3], far[3]))


@func
def child_distances(node: BvhNode, point: vec3, limit: float32):
    """Squared distance from a point to each child's box, MISS where it is above limit."""
    x = max(max(node.lower_x - vec4(point[0]), vec4(point[0]) - node.upper_x), vec4(0.0))
    y = max(max(node.lower_y - vec4(point[1]), vec4(point[1]) - node.upper_y), vec4(0.0))
    z = max(max(node.lower_z - vec4(point[2]), vec4(point[2]) - node.upper_z), vec4(0.0))
    d = vec4(0.0)
    for k in range(4):
        d[k] = pick(x[k] * x[k] + y[k] * y[k] + z[k] * z[k], limit)
    return d


@func
def farther_first(key_a: float32, child_a: int32, key_b: float32, child_b: int32):
    """Two children with the farther one in front."""
    swap = key_a < key_b
    return (
        key_b if swap else key_a,
        child_b if swap else child_a,
        key_a if swap else key_b,
        child_a if swap else child_b,
    )


@func
def push(waiting: array(dtype=int32), keys: array(dtype=float32), size: int32, child: int32, key: float32):
    """The stack's size after a child was put on it, unless its key is MISS."""
    waiting[size] = child
    keys[size] = key
    return size + 1 if key < MISS else size


@func
def push_children(
    waiting: array(dtype=int32), keys: array(dtype=float32), size: int32, child: vec4i, key: vec4
):
    """The stack's size after children were put on it, the nearest on top, without those of key MISS."""
    k0, c0, k1, c1 = farther_first(key[0], child[0], key[1], child[1])
    k2, c2, k3, c3 = farther_first(key[2], child[2], key[3], child[3])
    k0, c0, k2, c2 = farther_first(k0, c0, k2, c2)
    k1, c1, k3, c3 = farther_first(k1, c1, k3, c3)
    k1, c1, k2, c2 = farther_first(k1, c1, k2, c2)
    top = push(waiting, keys, size, c0, k0)
    top = push(waiting, keys, top, c1, k1)
    top = push(waiting, keys, top, c2, k2)
    return push(waiting, keys, top, c3, k3)
