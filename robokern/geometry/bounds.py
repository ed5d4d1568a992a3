# mypy: ignore-errors
"""Box around things, as builder and refit handle it."""

from __future__ import annotations

from robokern.compiler.function import func, struct
from robokern.geometry.tree import FAR, BvhData
from robokern.ir.types import int32, vec3


@struct
class Bounds:
    """Corners of a box; empty where lower > upper."""

    lower: vec3
    upper: vec3


@func
def nothing():
    """The empty box."""
    bounds = Bounds()
    bounds.lower = vec3(FAR)
    bounds.upper = vec3(-FAR)
    return bounds


@func
def join(a: Bounds, b: Bounds):
    """The box around both."""
    both = Bounds()
    both.lower = min(a.lower, b.lower)
    both.upper = max(a.upper, b.upper)
    return both


@func
def half_area(bounds: Bounds):
    """Half the surface of a box; 0 for an empty one."""
    d = bounds.upper - bounds.lower
    if d[0] < 0.0:
        return 0.0
    return d[0] * d[1] + d[1] * d[2] + d[2] * d[0]


@func
def primitive_bounds(tree: BvhData, primitive: int32):
    """Box of a primitive."""
    bounds = Bounds()
    bounds.lower = tree.lowers[primitive]
    bounds.upper = tree.uppers[primitive]
    return bounds


@func
def range_bounds(tree: BvhData, begin: int32, end: int32):
    """Box around the primitives at leaf positions begin..end."""
    bounds = nothing()
    for i in range(begin, end):
        bounds = join(bounds, primitive_bounds(tree, tree.order[i]))
    return bounds
