# mypy: ignore-errors
"""Top-down builder of trees with four children to a node.

Source: Wald, Benthin & Boulos, "Getting rid of packets", IEEE Symposium on Interactive Ray Tracing 2008: of a
node's parts, the one with the largest surface is split again. Ours differs in that every slot follows from
the range of primitives alone (tree.py), so that work items need no shared counter, and in that ranges which
could outgrow MAX_DEPTH are halved.
"""

from __future__ import annotations

from robokern.compiler.builtins import from_handle, tid, zeros
from robokern.compiler.function import func, kernel, struct
from robokern.geometry.bounds import Bounds, half_area, range_bounds
from robokern.geometry.split_sah import split_range
from robokern.geometry.tree import (
    EMPTY_LEAF,
    FAR,
    MAX_DEPTH,
    STACK,
    WIDTH,
    BvhData,
    BvhNode,
    Subtree,
    leaf_reference,
    with_child_box,
)
from robokern.ir.types import float32, int32, uint64, vec3, vec4, vec4i
from robokern.runtime.array import array

SERIAL = 4096
"""A tree of more primitives is built in parallel."""
SUBTREES = 64
"""Such a tree is split until no range holds more than one in so many of its primitives."""
# of one depth, fewer than SUBTREES ranges are larger than that, and each is split into WIDTH
SUBTREE_CAPACITY = WIDTH * SUBTREES * MAX_DEPTH


@struct
class Family:
    """The children of a node to be: their ranges and boxes. `weight` says which to split next, 0: none."""

    width: int32
    begin: vec4i
    end: vec4i
    weight: vec4
    node: BvhNode


@func
def weight_of(count: int32, bounds: Bounds, balanced: bool):
    """The part with the largest surface is split next; of equals, and of those of no size, the fullest."""
    if count < 2:
        return 0.0
    if balanced:
        return float32(count)
    return (half_area(bounds) + 1.0e-30) * (1.0 + 1.0e-6 * float32(count))


@func
def with_part(family: Family, k: int32, begin: int32, end: int32, bounds: Bounds, balanced: bool):
    """The family with child k replaced."""
    changed = family
    changed.begin[k] = begin
    changed.end[k] = end
    changed.weight[k] = weight_of(end - begin, bounds, balanced)
    changed.node = with_child_box(changed.node, k, bounds.lower, bounds.upper)
    return changed


@func
def heaviest(family: Family):
    """The child to split next, -1 for none."""
    best = -1
    weight = 0.0
    for k in range(WIDTH):
        if family.weight[k] > weight:
            weight = family.weight[k]
            best = k
    return best


@func
def childless(begin: int32, end: int32):
    """A family of one: the whole range."""
    family = Family()
    for k in range(WIDTH):
        family.node = with_child_box(family.node, k, vec3(FAR), vec3(FAR))
        family.node.child[k] = EMPTY_LEAF
    family.begin[0] = begin
    family.end[0] = end
    family.weight[0] = 1.0
    family.width = 1
    return family


@func
def raise_family(tree: BvhData, begin: int32, end: int32, balanced: bool):
    """Splits a range into up to four; a width of 1 means that a leaf is cheaper."""
    family = childless(begin, end)
    k = 0
    while k >= 0 and family.width < WIDTH:
        split = split_range(tree, family.begin[k], family.end[k], balanced)
        if split.mid < 0:
            family.weight[k] = 0.0
        else:
            family = with_part(family, family.width, split.mid, family.end[k], split.right, balanced)
            family = with_part(family, k, family.begin[k], split.mid, split.left, balanced)
            family.width = family.width + 1
        k = heaviest(family)
    return family


@func
def link(tree: BvhData, todo: Subtree, group: int32, reference: int32):
    """Tells the parent, or the group where there is none, what its child became."""
    if todo.parent < 0:
        tree.roots[group] = reference
    else:
        # `child[side] = ...` would write all four back, over what another work item links meanwhile
        for k in range(WIDTH):
            if k == todo.side:
                tree.nodes[todo.parent].child[k] = reference


@func
def must_balance(count: int32, depth: int32):
    """Whether a node over `count` primitives must halve, for its children to fit the levels below."""
    return count > (1 << min(2 * (MAX_DEPTH - depth - 1), 30))


@func
def push_family(waiting: array(dtype=Subtree), size: int32, todo: Subtree, family: Family):
    """Puts the children of a new node on the stack; returns its size."""
    slot = todo.slot + 1
    for k in range(family.width):
        child = Subtree()
        child.begin = family.begin[k]
        child.end = family.end[k]
        child.slot = slot
        child.depth = todo.depth + 1
        child.parent = todo.slot
        child.side = k
        waiting[size + k] = child
        slot = slot + child.end - child.begin - 1
    return size + family.width


@func
def write_node(tree: BvhData, todo: Subtree, family: Family):
    """Fills a slot; the children link themselves when their turn comes."""
    node = family.node
    node.parent = todo.parent
    node.side = todo.side
    node.width = family.width
    node.count = todo.end - todo.begin
    tree.nodes[todo.slot] = node


@func
def build_range(tree: BvhData, start: Subtree, group: int32, limit: int32):
    """Builds the tree over a range, depth first; leaves ranges of up to `limit` primitives as Subtrees."""
    waiting = zeros(shape=STACK, dtype=Subtree)
    waiting[0] = start
    size = 1
    while size > 0:
        size = size - 1
        todo = waiting[size]
        count = todo.end - todo.begin
        if count <= limit:
            tree.subtrees[tree.counts[0]] = todo
            tree.counts[0] = tree.counts[0] + 1
        else:
            family = raise_family(tree, todo.begin, todo.end, must_balance(count, todo.depth))
            if family.width == 1:
                link(tree, todo, group, leaf_reference(todo.begin, count))
            else:
                if limit > 0:
                    tree.top[tree.counts[1]] = todo.slot
                    tree.counts[1] = tree.counts[1] + 1
                link(tree, todo, group, todo.slot)
                write_node(tree, todo, family)
                size = push_family(waiting, size, todo, family)


@func
def clear_group(tree: BvhData, group: int32):
    """Primitives in the caller's order, no nodes, and the box around them all."""
    begin = tree.starts[group]
    end = tree.starts[group + 1]
    for i in range(begin, end):
        tree.order[i] = tree.grouped[i]
        tree.nodes[i].width = 0
    bounds = range_bounds(tree, begin, end)
    tree.root_lowers[group] = bounds.lower
    tree.root_uppers[group] = bounds.upper
    tree.roots[group] = EMPTY_LEAF


@kernel
def build_groups(bvh: uint64):
    """One work item per group: its whole tree, or the top of it when it is large and alone."""
    group = tid()
    tree = from_handle(bvh, BvhData)
    clear_group(tree, group)
    todo = Subtree()
    todo.begin = tree.starts[group]
    todo.end = tree.starts[group + 1]
    todo.slot = todo.begin
    todo.parent = -1
    limit = 0
    if len(tree.counts) > 0:
        tree.counts[0] = 0
        tree.counts[1] = 0
        limit = (todo.end - todo.begin) // SUBTREES
    if todo.begin < todo.end:
        build_range(tree, todo, group, limit)


@kernel
def build_subtrees(bvh: uint64):
    """One work item per subtree that `build_groups` left."""
    k = tid()
    tree = from_handle(bvh, BvhData)
    if k < tree.counts[0]:
        build_range(tree, tree.subtrees[k], 0, 0)
