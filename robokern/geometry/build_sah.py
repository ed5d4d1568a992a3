# mypy: ignore-errors
"""Top-down builder that minimises the surface area heuristic over binned centroids.

Source: Wald, "On fast construction of SAH-based bounding volume hierarchies", IEEE Symposium on Interactive
Ray Tracing 2007. Ours differs in that every slot follows from the range of primitives alone (see tree.py), so
that work items need no shared counter, and in that a range which could outgrow MAX_DEPTH is halved.
"""

from __future__ import annotations

from robokern.compiler.builtins import from_handle, tid, zeros
from robokern.compiler.function import func, kernel, struct
from robokern.geometry.tree import (
    EMPTY_LEAF,
    MAX_DEPTH,
    BvhData,
    Subtree,
    half_area,
    leaf_reference,
)
from robokern.ir.types import float32, int32, uint64, vec3

BINS = 18
SUBTREES = 64
"""A tree of more than SERIAL primitives is split until no range holds more than 1 in SUBTREES of them."""
SERIAL = 4096
SUBTREE_CAPACITY = SUBTREES * MAX_DEPTH + 1  # fewer than SUBTREES ranges of one depth can be larger than that
TRAVERSAL_COST = 1.0  # of a node, in units of one primitive test
FAR = 3.0e38  # an empty box is lower = FAR, upper = -FAR


@struct
class Split:
    """Where to cut a range: `mid` is its first position on the right, -1 where a leaf is cheaper."""

    mid: int32
    lower0: vec3
    upper0: vec3
    lower1: vec3
    upper1: vec3


@struct
class Plane:
    """Best plane so far: between bins `bin` - 1 and `bin` of `axis` (-1: none)."""

    cost: float32
    axis: int32
    bin: int32
    lower0: vec3
    upper0: vec3
    lower1: vec3
    upper1: vec3


@func
def centroid(tree: BvhData, primitive: int32):
    """Twice the centre of a primitive's box."""
    return tree.lowers[primitive] + tree.uppers[primitive]


@func
def bin_of(value: float32, origin: float32, scale: float32):
    """Bin of a centroid coordinate."""
    return min(int32((value - origin) * scale), BINS - 1)


@func
def bin_scale(extent: float32):
    """Bins per unit of length; finite for every positive extent."""
    return min(float32(BINS) / extent, 1.0e30)


@func
def best_plane(tree: BvhData, begin: int32, end: int32, lower: vec3, upper: vec3):
    """The cheapest of the (BINS - 1) * 3 planes; lower and upper bound the centroids."""
    best = Plane()
    best.cost = FAR
    best.axis = -1
    counts = zeros(shape=BINS, dtype=int32)
    lowers = zeros(shape=BINS, dtype=vec3)
    uppers = zeros(shape=BINS, dtype=vec3)
    # what lies right of each plane
    right_lowers = zeros(shape=BINS, dtype=vec3)
    right_uppers = zeros(shape=BINS, dtype=vec3)
    axis = 0
    while axis < 3:
        extent = upper[axis] - lower[axis]
        if extent > 0.0:
            scale = bin_scale(extent)
            for k in range(BINS):
                counts[k] = 0
                lowers[k] = vec3(FAR, FAR, FAR)
                uppers[k] = vec3(-FAR, -FAR, -FAR)
            for i in range(begin, end):
                primitive = tree.order[i]
                k = bin_of(centroid(tree, primitive)[axis], lower[axis], scale)
                counts[k] = counts[k] + 1
                lowers[k] = min(lowers[k], tree.lowers[primitive])
                uppers[k] = max(uppers[k], tree.uppers[primitive])
            box_lower = vec3(FAR, FAR, FAR)
            box_upper = vec3(-FAR, -FAR, -FAR)
            for j in range(1, BINS):
                k = BINS - j
                box_lower = min(box_lower, lowers[k])
                box_upper = max(box_upper, uppers[k])
                right_lowers[k] = box_lower
                right_uppers[k] = box_upper
            box_lower = vec3(FAR, FAR, FAR)
            box_upper = vec3(-FAR, -FAR, -FAR)
            left = 0
            for k in range(1, BINS):
                left = left + counts[k - 1]
                box_lower = min(box_lower, lowers[k - 1])
                box_upper = max(box_upper, uppers[k - 1])
                right = end - begin - left
                if left > 0 and right > 0:
                    cost = float32(left) * half_area(box_lower, box_upper) + float32(right) * half_area(
                        right_lowers[k], right_uppers[k]
                    )
                    if cost < best.cost:
                        best.cost = cost
                        best.axis = axis
                        best.bin = k
                        best.lower0 = box_lower
                        best.upper0 = box_upper
                        best.lower1 = right_lowers[k]
                        best.upper1 = right_uppers[k]
        axis = axis + 1
    return best


@func
def partition(
    tree: BvhData, begin: int32, end: int32, axis: int32, first_right: int32, origin: float32, scale: float32
):
    """Brings the primitives of bins below first_right to the front; returns where the others begin."""
    i = begin
    j = end
    while i < j:
        primitive = tree.order[i]
        if bin_of(centroid(tree, primitive)[axis], origin, scale) < first_right:
            i = i + 1
        else:
            j = j - 1
            tree.order[i] = tree.order[j]
            tree.order[j] = primitive
    return i


@func
def range_lower(tree: BvhData, begin: int32, end: int32):
    """Lower corner of the box around leaf positions begin..end."""
    lower = vec3(FAR, FAR, FAR)
    for i in range(begin, end):
        lower = min(lower, tree.lowers[tree.order[i]])
    return lower


@func
def range_upper(tree: BvhData, begin: int32, end: int32):
    """Upper corner of the box around leaf positions begin..end."""
    upper = vec3(-FAR, -FAR, -FAR)
    for i in range(begin, end):
        upper = max(upper, tree.uppers[tree.order[i]])
    return upper


@func
def halve(tree: BvhData, begin: int32, end: int32):
    """Cuts a range in the middle, whatever lies where."""
    split = Split()
    split.mid = begin + (end - begin) // 2
    split.lower0 = range_lower(tree, begin, split.mid)
    split.upper0 = range_upper(tree, begin, split.mid)
    split.lower1 = range_lower(tree, split.mid, end)
    split.upper1 = range_upper(tree, split.mid, end)
    return split


@func
def split_range(tree: BvhData, begin: int32, end: int32, depth: int32):
    """Orders a range of primitives into a left and a right part."""
    split = Split()
    split.mid = -1
    count = end - begin
    if count < 2:
        return split
    lower = vec3(FAR, FAR, FAR)
    upper = vec3(-FAR, -FAR, -FAR)
    for i in range(begin, end):
        c = centroid(tree, tree.order[i])
        lower = min(lower, c)
        upper = max(upper, c)
    plane = best_plane(tree, begin, end, lower, upper)
    if count <= tree.leaf_size:
        area = half_area(range_lower(tree, begin, end), range_upper(tree, begin, end))
        if plane.axis < 0 or float32(count) * area <= TRAVERSAL_COST * area + plane.cost:
            return split
    levels_left = MAX_DEPTH - depth
    if plane.axis < 0 or count > (1 << min(levels_left - 1, 30)):
        return halve(tree, begin, end)
    axis = plane.axis
    scale = bin_scale(upper[axis] - lower[axis])
    split.mid = partition(tree, begin, end, axis, plane.bin, lower[axis], scale)
    split.lower0 = plane.lower0
    split.upper0 = plane.upper0
    split.lower1 = plane.lower1
    split.upper1 = plane.upper1
    return split


@func
def link(tree: BvhData, parent: int32, side: int32, group: int32, reference: int32):
    """Tells the parent, or the group where there is none, what its child became."""
    if parent < 0:
        tree.roots[group] = reference
    else:
        if side == 0:
            tree.nodes[parent].child0 = reference
        else:
            tree.nodes[parent].child1 = reference


@func
def write_node(tree: BvhData, slot: int32, parent: int32, count: int32, split: Split):
    """Fills a node; its children link themselves when their turn comes."""
    tree.nodes[slot].lower0 = split.lower0
    tree.nodes[slot].upper0 = split.upper0
    tree.nodes[slot].lower1 = split.lower1
    tree.nodes[slot].upper1 = split.upper1
    tree.nodes[slot].parent = parent
    tree.nodes[slot].count = count


@func
def build_range(tree: BvhData, start: Subtree, group: int32, limit: int32):
    """Builds the tree over a range, depth first; leaves ranges of up to `limit` primitives as Subtrees."""
    waiting_begin = zeros(shape=MAX_DEPTH, dtype=int32)
    waiting_end = zeros(shape=MAX_DEPTH, dtype=int32)
    waiting_slot = zeros(shape=MAX_DEPTH, dtype=int32)
    waiting_depth = zeros(shape=MAX_DEPTH, dtype=int32)
    waiting_parent = zeros(shape=MAX_DEPTH, dtype=int32)
    waiting = 0
    todo = start
    busy = True
    while busy:
        count = todo.end - todo.begin
        deeper = False
        if limit > 0 and count <= limit:
            tree.subtrees[tree.counts[0]] = todo
            tree.counts[0] = tree.counts[0] + 1
        else:
            split = split_range(tree, todo.begin, todo.end, todo.depth)
            if split.mid < 0:
                link(tree, todo.parent, todo.side, group, leaf_reference(todo.begin, count))
            else:
                if limit > 0:
                    tree.top[tree.counts[1]] = todo.slot
                    tree.counts[1] = tree.counts[1] + 1
                link(tree, todo.parent, todo.side, group, todo.slot)
                write_node(tree, todo.slot, todo.parent, count, split)
                waiting_begin[waiting] = split.mid
                waiting_end[waiting] = todo.end
                waiting_slot[waiting] = todo.slot + (split.mid - todo.begin)
                waiting_depth[waiting] = todo.depth + 1
                waiting_parent[waiting] = todo.slot
                waiting = waiting + 1
                todo.end = split.mid
                todo.parent = todo.slot
                todo.side = 0
                todo.slot = todo.slot + 1
                todo.depth = todo.depth + 1
                deeper = True
        if not deeper:
            busy = waiting > 0
            if busy:
                waiting = waiting - 1
                todo.begin = waiting_begin[waiting]
                todo.end = waiting_end[waiting]
                todo.slot = waiting_slot[waiting]
                todo.depth = waiting_depth[waiting]
                todo.parent = waiting_parent[waiting]
                todo.side = 1


@kernel
def build_groups(bvh: uint64):
    """One work item per group: its whole tree, or the top of it when it is large and alone."""
    group = tid()
    tree = from_handle(bvh, BvhData)
    todo = Subtree()
    todo.begin = tree.starts[group]
    todo.end = tree.starts[group + 1]
    todo.slot = todo.begin
    todo.parent = -1
    for i in range(todo.begin, todo.end):
        tree.order[i] = tree.grouped[i]
        tree.nodes[i].count = 0
    tree.root_lowers[group] = range_lower(tree, todo.begin, todo.end)
    tree.root_uppers[group] = range_upper(tree, todo.begin, todo.end)
    limit = 0
    if len(tree.counts) > 0:
        tree.counts[0] = 0
        tree.counts[1] = 0
        limit = (todo.end - todo.begin) // SUBTREES
    if todo.begin == todo.end:
        tree.roots[group] = EMPTY_LEAF
    else:
        build_range(tree, todo, group, limit)


@kernel
def build_subtrees(bvh: uint64):
    """One work item per subtree that `build_groups` left."""
    k = tid()
    tree = from_handle(bvh, BvhData)
    if k < tree.counts[0]:
        build_range(tree, tree.subtrees[k], 0, 0)
