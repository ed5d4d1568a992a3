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
from robokern.geometry.tree import BvhData, leaf_count, leaf_first
from robokern.ir.types import Inout, int32, uint64, vec3


@struct
class BvhQuery:
    """Where a walk stands; `node` < 0: no further node. Positions of up to two leaves wait for their test."""

    bvh: uint64
    is_ray: bool
    first: vec3  # lower corner, or the ray's origin
    second: vec3  # upper corner, or the inverse of the ray's direction
    max_t: float
    node: int32
    position: int32
    stop: int32
    next_position: int32
    next_stop: int32


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
    root = from_handle(bvh, BvhData).roots[group]
    if root >= 0:
        query.node = root
    else:
        query.position = leaf_first(root)
        query.stop = query.position + leaf_count(root)
    return query


@func
def bvh_query_aabb(bvh: uint64, lower: vec3, upper: vec3, group: int32 = 0):
    """A walk over the boxes of a group that share a point with a box.

    Args:
        bvh: `Bvh.id`.
        lower, upper: corners of the box [m].
        group: which group.

    Returns:
        BvhQuery for `bvh_query_next`
    """
    return start_query(bvh, False, lower, upper, 0.0, group)


@func
def bvh_query_ray(bvh: uint64, origin: vec3, direction: vec3, group: int32 = 0, max_t: float = MISS):
    """A walk over the boxes of a group that a ray meets within max_t, in no order of t.

    Returns:
        BvhQuery for `bvh_query_next`
    """
    return start_query(bvh, True, origin, inverse_direction(direction), max_t, group)


@func
def meets(query: BvhQuery, lower: vec3, upper: vec3):
    """Whether the query's ray or box meets a box."""
    if query.is_ray:
        return box_entry(lower, upper, query.first, query.second, query.max_t) < MISS
    return boxes_overlap(lower, upper, query.first, query.second)


@func
def climb(tree: BvhData, query: BvhQuery, start: int32):
    """The next node in depth-first order after everything below a node; -1 at the end."""
    child = start
    node = tree.nodes[start].parent
    found = -1
    while node >= 0 and found < 0:
        right = tree.nodes[node].child1
        if right >= 0 and right != child and meets(query, tree.nodes[node].lower1, tree.nodes[node].upper1):
            found = right
        child = node
        node = tree.nodes[node].parent
    return found


@func
def visit(tree: BvhData, query: BvhQuery):
    """The query after looking at its node: leaves that it meets wait, and the walk is one node further."""
    after = query
    at = query.node
    node = tree.nodes[at]
    meets0 = meets(query, node.lower0, node.upper0)
    meets1 = meets(query, node.lower1, node.upper1)
    if meets0 and node.child0 < 0:
        after.position = leaf_first(node.child0)
        after.stop = after.position + leaf_count(node.child0)
    if meets1 and node.child1 < 0:
        after.next_position = leaf_first(node.child1)
        after.next_stop = after.next_position + leaf_count(node.child1)
    if meets0 and node.child0 >= 0:
        after.node = node.child0
    elif meets1 and node.child1 >= 0:
        after.node = node.child1
    else:
        after.node = climb(tree, query, at)
    return after


@func
def bvh_query_next(query: Inout(BvhQuery), index: Inout(int32)):
    """Puts the next box's number into `index`; False when there is none left."""
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
        elif query.next_position < query.next_stop:
            query.position = query.next_position
            query.stop = query.next_stop
            query.next_position = query.next_stop
        elif query.node >= 0:
            query = visit(tree, query)
        else:
            busy = False
    return found
