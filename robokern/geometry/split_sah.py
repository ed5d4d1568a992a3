# mypy: ignore-errors
"""Cuts a range of primitives in two by the surface area heuristic over binned centroids.

Source: Wald, "On fast construction of SAH-based bounding volume hierarchies", IEEE Symposium on Interactive
Ray Tracing 2007.
"""

from __future__ import annotations

from robokern.compiler.builtins import zeros
from robokern.compiler.function import func, struct
from robokern.geometry.bounds import Bounds, half_area, join, nothing, primitive_bounds, range_bounds
from robokern.geometry.tree import FAR, BvhData
from robokern.ir.types import float32, int32
from robokern.runtime.array import array

BINS = 18
# of a node, in units of one primitive test; measured on a mesh: from 1 to 2, 1.1 to 1.3 times the rays
TRAVERSAL_COST = 2.0


@struct
class Split:
    """Where to cut a range: `mid` is its first position on the right, -1 where a leaf is cheaper."""

    mid: int32
    left: Bounds
    right: Bounds


@struct
class Plane:
    """A plane between bins `bin` - 1 and `bin` of `axis` (-1: none), and the boxes left and right of it."""

    cost: float32
    axis: int32
    bin: int32
    left: Bounds
    right: Bounds


@struct
class Bin:
    """Primitives whose centroid lies in one bin; `beyond`: those of this and all later bins."""

    count: int32
    bounds: Bounds
    beyond: Bounds


@struct
class Scale:
    """How a centroid coordinate along an axis becomes a bin."""

    axis: int32
    origin: float32
    bins_per_metre: float32


@func
def centroid(tree: BvhData, primitive: int32):
    """Twice the centre of a primitive's box."""
    return tree.lowers[primitive] + tree.uppers[primitive]


@func
def centroid_bounds(tree: BvhData, begin: int32, end: int32):
    """Box around the centroids of a range."""
    bounds = nothing()
    for i in range(begin, end):
        c = centroid(tree, tree.order[i])
        bounds.lower = min(bounds.lower, c)
        bounds.upper = max(bounds.upper, c)
    return bounds


@func
def scale_of(centroids: Bounds, axis: int32):
    """The scale that spreads centroids over all bins; finite for every extent above 0."""
    scale = Scale()
    scale.axis = axis
    scale.origin = centroids.lower[axis]
    scale.bins_per_metre = min(float32(BINS) / (centroids.upper[axis] - centroids.lower[axis]), 1.0e30)
    return scale


@func
def bin_of(tree: BvhData, primitive: int32, scale: Scale):
    """Bin of a primitive."""
    place = (centroid(tree, primitive)[scale.axis] - scale.origin) * scale.bins_per_metre
    return min(int32(place), BINS - 1)


@func
def fill_bins(tree: BvhData, begin: int32, end: int32, scale: Scale, bins: array(dtype=Bin)):
    """Sorts a range into bins, and adds up what lies beyond each plane."""
    for k in range(BINS):
        bins[k].count = 0
        bins[k].bounds = nothing()
    for i in range(begin, end):
        primitive = tree.order[i]
        k = bin_of(tree, primitive, scale)
        bins[k].count = bins[k].count + 1
        bins[k].bounds = join(bins[k].bounds, primitive_bounds(tree, primitive))
    beyond = nothing()
    for j in range(BINS):
        k = BINS - 1 - j
        beyond = join(beyond, bins[k].bounds)
        bins[k].beyond = beyond


@func
def cheaper_plane(best: Plane, bins: array(dtype=Bin), axis: int32, count: int32):
    """The cheapest of the planes between the bins of an axis, or `best` if that is cheaper."""
    plane = best
    left = 0
    bounds = nothing()
    for k in range(1, BINS):
        left = left + bins[k - 1].count
        bounds = join(bounds, bins[k - 1].bounds)
        beyond = bins[k].beyond
        cost = float32(left) * half_area(bounds) + float32(count - left) * half_area(beyond)
        if left > 0 and left < count and cost < plane.cost:
            plane.cost = cost
            plane.axis = axis
            plane.bin = k
            plane.left = bounds
            plane.right = beyond
    return plane


@func
def best_plane(tree: BvhData, begin: int32, end: int32, centroids: Bounds):
    """The cheapest plane of all three axes."""
    bins = zeros(shape=BINS, dtype=Bin)
    best = Plane()
    best.cost = FAR
    best.axis = -1
    # a `while`: a loop over three would be unrolled, with all that it holds
    axis = 0
    while axis < 3:
        if centroids.upper[axis] > centroids.lower[axis]:
            fill_bins(tree, begin, end, scale_of(centroids, axis), bins)
            best = cheaper_plane(best, bins, axis, end - begin)
        axis = axis + 1
    return best


@func
def partition(tree: BvhData, begin: int32, end: int32, scale: Scale, first_right: int32):
    """Brings the primitives of bins below first_right to the front; returns where the others begin."""
    i = begin
    j = end
    while i < j:
        primitive = tree.order[i]
        if bin_of(tree, primitive, scale) < first_right:
            i = i + 1
        else:
            j = j - 1
            tree.order[i] = tree.order[j]
            tree.order[j] = primitive
    return i


@func
def halve(tree: BvhData, begin: int32, end: int32):
    """Cuts a range in the middle, whatever lies where."""
    split = Split()
    split.mid = begin + (end - begin) // 2
    split.left = range_bounds(tree, begin, split.mid)
    split.right = range_bounds(tree, split.mid, end)
    return split


@func
def leaf_is_cheaper(tree: BvhData, begin: int32, end: int32, plane: Plane):
    """Whether testing all primitives of a range costs less than a node that divides them."""
    if end - begin > tree.leaf_size:
        return False
    area = half_area(range_bounds(tree, begin, end))
    return plane.axis < 0 or float32(end - begin) * area <= TRAVERSAL_COST * area + plane.cost


@func
def split_range(tree: BvhData, begin: int32, end: int32, balanced: bool):
    """Orders a range of primitives into a left and a right part, of equal size if `balanced`."""
    split = Split()
    split.mid = -1
    if end - begin < 2:
        return split
    centroids = centroid_bounds(tree, begin, end)
    plane = best_plane(tree, begin, end, centroids)
    if leaf_is_cheaper(tree, begin, end, plane):
        return split
    if plane.axis < 0 or balanced:
        return halve(tree, begin, end)
    split.mid = partition(tree, begin, end, scale_of(centroids, plane.axis), plane.bin)
    split.left = plane.left
    split.right = plane.right
    return split
