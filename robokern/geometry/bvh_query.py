# mypy: ignore-errors
"""Walks over a Bvh that yield one box after another, called inside kernels with `bvh.id`.

    query = rk.bvh_query_aabb(bvh, lower, upper)
    index = int(0)
    while rk.bvh_query_next(query, index):
        ...

A query keeps no stack: from the parent links the walk finds its way back, so that a query is a plain struct.
Source of the idea: Hapala et al., "Efficient stack-less BVH traversal for ray tracing", Spring Conference on
Computer Graphics 2011.
"""

from __future__ import annotations

from robokern.compiler.builtins import from_handle
from robokern.compiler.function import func, struct
from robokern.geometry.box import MISS, box_entry, boxes_overlap, inverse_direction
from robokern.geometry.tree import BvhData, child_lower, child_upper, leaf_count, leaf_first
from robokern.ir.types import Inout, int32, uint64, vec3


@struct
class BvhQuery:
    """Where a walk stands: before child `side` of `node` (-1: at the end), in a leaf before `position`."""

    bvh: uint64
    is_ray: bool
    first: vec3  # lower corner, or the ray's origin
    second: vec3  # upper corner, or the inverse of the ray's direction
    max_t: float
    node: int32
    side: int32
    position: int32
    stop: int32


@func
def start_query(bvh: uint64, is_ray: bool, first: vec3, second: vec3, max_t: float, group: int32):
    """A walk that stands before the root."""
    query = BvhQuery()
    query.bvh = bvh
    query.is_ray = is_ray
    query.first = first
    query.second = second
    query.max_t = max_t
    query.node = -1
    return enter(query, from_handle(bvh, BvhData).roots[group])


@func
def enter(query: BvhQuery, reference: int32):
    """The walk at the start of a node or leaf."""
    inside = query
    if reference >= 0:
        inside.node = reference
        inside.side = 0
    else:
        inside.position = leaf_first(reference)
        inside.stop = inside.position + leaf_count(reference)
    return inside


@func
def bvh_query_aabb(id: uint64, low: vec3, high: vec3, group: int32 = 0):
    """A walk over the boxes of a group that share a point with a box.

    Args:
        id: `Bvh.id`.
        low, high: corners of the box [m].
        group: which group.

    Returns:
        BvhQuery for `bvh_query_next`
    """
    return start_query(id, False, low, high, 0.0, group)


@func
def bvh_query_ray(id: uint64, start: vec3, dir: vec3, group: int32 = 0, max_t: float = MISS):
    """A walk over the boxes of a group that a ray meets within max_t, in no order of t.

    Returns:
        BvhQuery for `bvh_query_next`
    """
    return start_query(id, True, start, inverse_direction(dir), max_t, group)


@func
def meets(query: BvhQuery, lower: vec3, upper: vec3):
    """Whether the query's ray or box meets a box."""
    if query.is_ray:
        return box_entry(lower, upper, query.first, query.second, query.max_t) < MISS
    return boxes_overlap(lower, upper, query.first, query.second)


@func
def step(tree: BvhData, query: BvhQuery):
    """The walk one child further: into it where the query meets it, back up after the last one."""
    after = query
    k = query.side
    if k >= tree.nodes[query.node].width:
        after.node = tree.nodes[query.node].parent
        after.side = tree.nodes[query.node].side + 1
    else:
        node = tree.nodes[query.node]
        after.side = k + 1
        if meets(query, child_lower(node, k), child_upper(node, k)):
            after = enter(after, node.child[k])
    return after


@func
def bvh_query_next(query: Inout(BvhQuery), index: Inout(int32), max_dist: float = MISS):
    """Puts the next box's number into `index`; False when there is none left.

    `max_dist` leaves out from now on what a ray meets beyond: of use once a hit is known.
    """
    query.max_t = min(query.max_t, max_dist)
    tree = from_handle(query.bvh, BvhData)
    found = False
    busy = True
    while busy:
        if query.position < query.stop:
            primitive = tree.order[query.position]
            query.position = query.position + 1
            if meets(query, tree.lowers[primitive], tree.uppers[primitive]):
                index = primitive  # noqa: F841 (the caller gets it)
                found = True
                busy = False
        elif query.node >= 0:
            query = step(tree, query)
        else:
            busy = False
    return found
