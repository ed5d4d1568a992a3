# mypy: ignore-errors
"""Bottom-up update of the boxes of a tree whose primitives moved; its shape stays.

Parents lie before their children (tree.py), so walking the slots backwards meets children first: no counters,
no atomics, and the same bits on every device.
"""

from __future__ import annotations

from robokern.compiler.builtins import from_handle, tid
from robokern.compiler.function import func, kernel
from robokern.geometry.bounds import nothing, range_bounds
from robokern.geometry.tree import BvhData, child_lower, child_upper, leaf_count, leaf_first, with_child_box
from robokern.ir.types import int32, uint64


@func
def reference_bounds(tree: BvhData, reference: int32):
    """Box around what a reference names."""
    if reference < 0:
        first = leaf_first(reference)
        return range_bounds(tree, first, first + leaf_count(reference))
    node = tree.nodes[reference]
    bounds = nothing()
    for k in range(node.width):
        bounds.lower = min(bounds.lower, child_lower(node, k))
        bounds.upper = max(bounds.upper, child_upper(node, k))
    return bounds


@func
def refit_node(tree: BvhData, slot: int32):
    """Boxes of a node's children, from theirs."""
    node = tree.nodes[slot]
    for k in range(node.width):
        bounds = reference_bounds(tree, node.child[k])
        node = with_child_box(node, k, bounds.lower, bounds.upper)
    tree.nodes[slot] = node


@func
def refit_slots(tree: BvhData, begin: int32, end: int32):
    """All nodes in use of slots begin..end, last first."""
    for i in range(begin, end):
        slot = begin + end - 1 - i
        if tree.nodes[slot].width > 0:
            refit_node(tree, slot)


@func
def refit_root(tree: BvhData, group: int32):
    """The box around a group."""
    bounds = reference_bounds(tree, tree.roots[group])
    tree.root_lowers[group] = bounds.lower
    tree.root_uppers[group] = bounds.upper


@kernel
def refit_groups(bvh: uint64):
    """One work item per group."""
    tree = from_handle(bvh, BvhData)
    group = tid()
    refit_slots(tree, tree.starts[group], tree.starts[group + 1])
    refit_root(tree, group)


@kernel
def refit_subtrees(bvh: uint64):
    """One work item per subtree of a single large tree."""
    tree = from_handle(bvh, BvhData)
    k = tid()
    if k < tree.counts[0]:
        refit_slots(
            tree,
            tree.subtrees[k].slot,
            tree.subtrees[k].slot + tree.subtrees[k].end - tree.subtrees[k].begin - 1,
        )


@kernel
def refit_top(bvh: uint64):
    """What lies above the subtrees: one work item, or nothing to do where the tree is small."""
    tree = from_handle(bvh, BvhData)
    for i in range(tree.counts[1]):
        refit_node(tree, tree.top[tree.counts[1] - 1 - i])
    refit_root(tree, 0)
