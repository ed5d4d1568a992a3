# mypy: ignore-errors
"""Memory of a bounding volume hierarchy, as kernels see it.

A *reference* is one int32: >= 0 names a node, < 0 a leaf, `~(first * 16 + count)`, whose primitives are
`order[first : first + count]`. A node holds the boxes of up to four children, one vector per side, so that
one pass of vector arithmetic tests all four; it fills two cache lines. The nodes over n primitives take slots
out of a run of n - 1 that starts with their root; slots that remain are empty (`width` 0). A parent lies
before its children.

Source of the layout: Dammertz, Hanika & Keller, "Shallow bounding volume hierarchies for fast SIMD ray
tracing of incoherent rays", Computer Graphics Forum 27(4), 2008.
"""

from __future__ import annotations

from robokern.compiler.function import func, struct
from robokern.ir.types import int32, vec3, vec4, vec4i
from robokern.runtime.array import array

WIDTH = 4
"""Children of a node at most."""
MAX_DEPTH = 24
"""Levels of nodes in a tree at most, which the builder keeps to."""
STACK = (WIDTH - 1) * MAX_DEPTH + 1
"""What a depth-first walk has waiting at most."""
MAX_LEAF = 15
"""Primitives in a leaf at most."""
MAX_PRIMITIVES = 2**27 - 16
"""Primitives in a tree at most: what a leaf reference can name."""
EMPTY_LEAF = -1
"""Reference to a leaf of no primitives: the root of an empty group, and a child that a node lacks."""
FAR = 3.0e38
"""Where the empty boxes of such children lie: no ray gets there [m]."""


@struct
class BvhNode:
    """Children 0 to `width` - 1; the node itself is child `side` of node `parent` (-1: a root)."""

    lower_x: vec4
    lower_y: vec4
    lower_z: vec4
    upper_x: vec4
    upper_y: vec4
    upper_z: vec4
    child: vec4i
    parent: int32
    side: int32
    width: int32
    count: int32  # primitives below


@struct
class Subtree:
    """A range of primitives that one work item builds and refits, as child `side` of node `parent`."""

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
def child_lower(node: BvhNode, k: int32):
    """Lower corner of child k."""
    return vec3(node.lower_x[k], node.lower_y[k], node.lower_z[k])


@func
def child_upper(node: BvhNode, k: int32):
    """Upper corner of child k."""
    return vec3(node.upper_x[k], node.upper_y[k], node.upper_z[k])


@func
def with_child_box(node: BvhNode, k: int32, lower: vec3, upper: vec3):
    """The node with another box for child k."""
    changed = node
    changed.lower_x[k] = lower[0]
    changed.lower_y[k] = lower[1]
    changed.lower_z[k] = lower[2]
    changed.upper_x[k] = upper[0]
    changed.upper_y[k] = upper[1]
    changed.upper_z[k] = upper[2]
    return changed
