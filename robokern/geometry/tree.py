# mypy: ignore-errors
"""Memory of a bounding volume hierarchy, as kernels see it.

A *reference* is one int32: >= 0 names a node, < 0 a leaf, `~(first * 16 + count)`, whose primitives are
`order[first : first + count]`. A node holds the boxes of both children, so one cache line (64 bytes) decides
where to go next. Nodes lie in preorder: the left child of node i is i + 1 and the right one i + (primitives
on the left); slots that a leaf makes superfluous stay empty (`count` 0). A parent therefore always lies
before its children.
"""

from __future__ import annotations

from robokern.compiler.function import func, struct
from robokern.ir.types import int32, vec3
from robokern.runtime.array import array

MAX_DEPTH = 48
"""Levels of a tree at most; the builder keeps to it, so a traversal stack of this size never overflows."""
MAX_LEAF = 15
"""Primitives in a leaf at most."""
MAX_PRIMITIVES = 2**27 - 16
"""Primitives in a tree at most: what a leaf reference can name."""
NOTHING = -(2**31)
"""The reference that is neither node nor leaf: traversal is over."""
EMPTY_LEAF = -1
"""Reference to a leaf of no primitives: the root of an empty group."""


@struct
class BvhNode:
    """Two children; `parent` is a node or -1; `count` primitives lie below (0: unused slot)."""

    lower0: vec3
    upper0: vec3
    lower1: vec3
    upper1: vec3
    child0: int32
    child1: int32
    parent: int32
    count: int32


@struct
class Subtree:
    """A range of primitives that one work item builds and refits; `side` is 1 for a right child."""

    begin: int32
    end: int32
    slot: int32
    depth: int32
    parent: int32
    side: int32


@struct
class BvhData:
    """A forest: one tree for each group of primitives. Boxes are closed, in the caller's frame [m]."""

    lowers: array(dtype=vec3)  # (primitives,)
    uppers: array(dtype=vec3)  # (primitives,)
    grouped: array(dtype=int32)  # (primitives,) primitives, group after group
    order: array(
        dtype=int32
    )  # (primitives,) the same as the builder sorted them: the primitive at each leaf position
    nodes: array(dtype=BvhNode)  # (primitives,)
    starts: array(dtype=int32)  # (groups + 1,) first leaf position of each group
    roots: array(dtype=int32)  # (groups,) references
    root_lowers: array(dtype=vec3)  # (groups,)
    root_uppers: array(dtype=vec3)  # (groups,)
    leaf_size: int32
    # a single large tree is built and refitted in parallel: subtrees below, `top` nodes above them; else
    # empty
    subtrees: array(dtype=Subtree)
    top: array(dtype=int32)
    counts: array(dtype=int32)  # (2,) subtrees in use, top nodes in use


@func
def leaf_reference(first: int32, count: int32):
    """Reference to a leaf."""
    return ~(first * 16 + count)


@func
def leaf_first(reference: int32):
    """Leaf position of the first primitive."""
    return (~reference) >> 4


@func
def leaf_count(reference: int32):
    """Number of primitives."""
    return (~reference) & 15


@func
def half_area(lower: vec3, upper: vec3):
    """Half the surface of a box; 0 for an empty one (lower > upper)."""
    d = upper - lower
    if d[0] < 0.0:
        return 0.0
    return d[0] * d[1] + d[1] * d[2] + d[2] * d[0]
