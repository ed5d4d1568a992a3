# mypy: ignore-errors
"""Top-down builder that minimises the surface area heuristic over binned centroids.

Sources: Wald, "On fast construction of SAH-based bounding volume hierarchies", IEEE Symposium on Interactive
Ray Tracing 2007; four children to a node, by splitting the largest of them further: Wald, Benthin & Boulos,
"Getting rid of packets", the same symposium, 2008. Ours differs in that every slot follows from the range of
primitives alone (tree.py), so that work items need no shared counter, and in that ranges which could outgrow
MAX_DEPTH are halved.
"""

from __future__ import annotations

from robokern.compiler.builtins import from_handle, tid, zeros
from robokern.compiler.function import func, kernel, struct
from robokern.geometry.tree import (
    EMPTY_LEAF,
    FAR,
    MAX_DEPTH,
    STACK,
    WIDTH,
    BvhData,
    BvhNode,
    Subtree,
    half_area,
    leaf_reference,
)
from robokern.ir.types import float32, int32, uint64, vec3, vec4, vec4i

BINS = 18
SUBTREES = 64
"""A tree of more than SERIAL primitives is split until no range holds more than 1 in SUBTREES of them."""
SERIAL = 4096
# of one depth, fewer than SUBTREES ranges are larger than that, and each is split into WIDTH
SUBTREE_CAPACITY = WIDTH * SUBTREES * MAX_DEPTH
TRAVERSAL_COST = (
    2.0  # of a node, in units of one primitive test; measured: from 1 to 2, 1.1 to 1.3x more rays
)


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
def split_range(tree: BvhData, begin: int32, end: int32, balanced: bool):
    """Orders a range of primitives into a left and a right part, of equal size if `balanced`."""
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
    if plane.axis < 0 or balanced:
        return halve(tree, begin, end)
    axis = plane.axis
    scale = bin_scale(upper[axis] - lower[axis])
    split.mid = partition(tree, begin, end, axis, plane.bin, lower[axis], scale)
    split.lower0 = plane.lower0
    split.upper0 = plane.upper0
    split.lower1 = plane.lower1
    split.upper1 = plane.upper1
    return split


@struct
class Family:
    """The children of a node to be: their ranges and boxes. `weight` says which to split next, 0: none."""

    width: int32
    begin: vec4i
    end: vec4i
    weight: vec4
    node: BvhNode


@func
def set_member(family: Family, k: int32, begin: int32, end: int32, lower: vec3, upper: vec3, balanced: bool):
    """The family with child k replaced."""
    changed = family
    changed.begin[k] = begin
    changed.end[k] = end
    # the largest is split next; of equals, and of those of no size, the fullest
    fullness = float32(end - begin)
    changed.weight[k] = (half_area(lower, upper) + 1.0e-30) * (1.0 + 1.0e-6 * fullness)
    if balanced:
        changed.weight[k] = fullness
    if end - begin < 2:
        changed.weight[k] = 0.0
    changed.node.lower_x[k] = lower[0]
    changed.node.lower_y[k] = lower[1]
    changed.node.lower_z[k] = lower[2]
    changed.node.upper_x[k] = upper[0]
    changed.node.upper_y[k] = upper[1]
    changed.node.upper_z[k] = upper[2]
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
def raise_family(tree: BvhData, begin: int32, end: int32, balanced: bool):
    """Splits a range into up to four; a width of 1 means that a leaf is cheaper."""
    nowhere = vec3(FAR, FAR, FAR)
    family = Family()
    for k in range(WIDTH):
        family = set_member(family, k, 0, 0, nowhere, nowhere, balanced)
        family.node.child[k] = EMPTY_LEAF
    family = set_member(family, 0, begin, end, nowhere, nowhere, balanced)
    family.weight[0] = 1.0
    family.width = 1
    k = 0
    while k >= 0 and family.width < WIDTH:
        split = split_range(tree, family.begin[k], family.end[k], balanced)
        if split.mid < 0:
            family.weight[k] = 0.0
        else:
            stop = family.end[k]
            family = set_member(family, family.width, split.mid, stop, split.lower1, split.upper1, balanced)
            family = set_member(family, k, family.begin[k], split.mid, split.lower0, split.upper0, balanced)
            family.width = family.width + 1
        k = heaviest(family)
    return family


@func
def link(tree: BvhData, parent: int32, side: int32, group: int32, reference: int32):
    """Tells the parent, or the group where there is none, what its child became."""
    if parent < 0:
        tree.roots[group] = reference
    else:
        tree.nodes[parent].child[side] = reference


@func
def must_balance(count: int32, depth: int32):
    """Whether a node over `count` primitives must halve, for its children to fit the levels below."""
    return count > (1 << min(2 * (MAX_DEPTH - depth - 1), 30))


@func
def build_range(tree: BvhData, start: Subtree, group: int32, limit: int32):
    """Builds the tree over a range, depth first; leaves ranges of up to `limit` primitives as Subtrees."""
    begins = zeros(shape=STACK, dtype=int32)
    ends = zeros(shape=STACK, dtype=int32)
    slots = zeros(shape=STACK, dtype=int32)
    depths = zeros(shape=STACK, dtype=int32)
    parents = zeros(shape=STACK, dtype=int32)
    sides = zeros(shape=STACK, dtype=int32)
    begins[0] = start.begin
    ends[0] = start.end
    slots[0] = start.slot
    depths[0] = start.depth
    parents[0] = start.parent
    sides[0] = start.side
    size = 1
    while size > 0:
        size = size - 1
        todo = Subtree()
        todo.begin = begins[size]
        todo.end = ends[size]
        todo.slot = slots[size]
        todo.depth = depths[size]
        todo.parent = parents[size]
        todo.side = sides[size]
        count = todo.end - todo.begin
        if limit > 0 and count <= limit:
            tree.subtrees[tree.counts[0]] = todo
            tree.counts[0] = tree.counts[0] + 1
        else:
            family = raise_family(tree, todo.begin, todo.end, must_balance(count, todo.depth))
            if family.width == 1:
                link(tree, todo.parent, todo.side, group, leaf_reference(todo.begin, count))
            else:
                if limit > 0:
                    tree.top[tree.counts[1]] = todo.slot
                    tree.counts[1] = tree.counts[1] + 1
                link(tree, todo.parent, todo.side, group, todo.slot)
                family.node.parent = todo.parent
                family.node.side = todo.side
                family.node.width = family.width
                family.node.count = count
                tree.nodes[todo.slot] = family.node
                slot = todo.slot + 1
                for k in range(family.width):
                    begins[size] = family.begin[k]
                    ends[size] = family.end[k]
                    slots[size] = slot
                    depths[size] = todo.depth + 1
                    parents[size] = todo.slot
                    sides[size] = k
                    size = size + 1
                    slot = slot + family.end[k] - family.begin[k] - 1


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
        tree.nodes[i].width = 0
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
