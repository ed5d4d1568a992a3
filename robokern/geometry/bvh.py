"""Bounding volume hierarchy over boxes."""

from __future__ import annotations

from typing import Any

import numpy as np

from robokern.errors import GeometryError
from robokern.geometry.build_sah import SERIAL, SUBTREE_CAPACITY, build_groups, build_subtrees
from robokern.geometry.checks import check_constructor, positions, whole_numbers
from robokern.geometry.refit import refit_groups, refit_subtrees, refit_top
from robokern.geometry.tree import MAX_LEAF, MAX_PRIMITIVES, BvhData, BvhNode, Subtree
from robokern.ir.types import int32, vec3
from robokern.runtime.array import Array
from robokern.runtime.creation import empty, zeros
from robokern.runtime.device import Device, DeviceLike, get_device
from robokern.runtime.launch import launch

LEAF = 4


class Bvh:
    """Trees over axis-aligned boxes, one for each group, for `bvh_query_ray` and `bvh_query_aabb` in kernels.

    Args:
        lowers, uppers: (n,) vec3, corners of the boxes [m]. Arrays are kept, not copied: after writing to
            them call `refit` (boxes moved a little) or `rebuild` (moved a lot).
        groups: (n,) int, the group of each box, from 0; None: one group.
        num_groups: number of groups; None: as many as `groups` names.
        leaf_size: boxes in a leaf at most.
        device: None: the device of `lowers`, or the default device.
        constructor: Warp's choice of a builder; taken without effect, trees are always built by area (SAH).

    Raises:
        GeometryError: shapes or types are wrong, a box is not finite or has lower > upper, a
            group is negative.

    Attributes:
        id: uint64 handle for kernels, valid as long as the object lives.
    """

    def __init__(
        self,
        lowers: Any,
        uppers: Any,
        groups: Any = None,
        num_groups: int | None = None,
        leaf_size: int = LEAF,
        device: DeviceLike = None,
        constructor: str | None = None,
    ) -> None:
        check_constructor(constructor)
        self.device = _device_of(lowers, device)
        self.lowers = positions("Bvh lowers", lowers, self.device)
        self.uppers = positions("Bvh uppers", uppers, self.device)
        _check_boxes(self.lowers, self.uppers)
        if not 1 <= leaf_size <= MAX_LEAF:
            raise GeometryError(f"Bvh leaf_size: expected 1 to {MAX_LEAF}, got {leaf_size}")
        self.leaf_size = leaf_size
        numbers = _group_numbers(groups, len(self.lowers), self.device)
        self.num_groups = _group_count(numbers, num_groups)
        self._large = self.num_groups == 1 and len(self.lowers) > SERIAL
        self.data = self._allocate(numbers)
        self._record: Array = Array([self.data], BvhData, device=self.device)
        self.id = np.uint64(self._record.ptr)
        self.rebuild()

    def _allocate(self, groups: np.ndarray[Any, Any]) -> Any:
        count, device = len(self.lowers), self.device
        subtrees = SUBTREE_CAPACITY if self._large else 0
        starts = np.concatenate([[0], np.cumsum(np.bincount(groups, minlength=self.num_groups))])
        return BvhData(
            lowers=self.lowers,
            uppers=self.uppers,
            grouped=Array(np.argsort(groups, kind="stable").astype(np.int32), int32, device=device),
            order=empty(count, int32, device),
            nodes=zeros(count, BvhNode, device),
            starts=Array(starts.astype(np.int32), int32, device=device),
            roots=empty(self.num_groups, int32, device),
            root_lowers=empty(self.num_groups, vec3, device),
            root_uppers=empty(self.num_groups, vec3, device),
            leaf_size=self.leaf_size,
            subtrees=empty(subtrees, Subtree, device),
            top=empty(subtrees, int32, device),
            counts=zeros(2 if self._large else 0, int32, device),
        )

    def rebuild(self) -> None:
        """Builds the trees anew over the boxes as they are now; only launches."""
        launch(build_groups, self.num_groups, [self.id], device=self.device)
        if self._large:
            launch(build_subtrees, SUBTREE_CAPACITY, [self.id], device=self.device)

    def refit(self) -> None:
        """Fits the nodes to the boxes as they are now, keeping the trees' shape; only launches."""
        if self._large:
            launch(refit_subtrees, SUBTREE_CAPACITY, [self.id], device=self.device)
            launch(refit_top, 1, [self.id], device=self.device)
        else:
            launch(refit_groups, self.num_groups, [self.id], device=self.device)


def _device_of(value: Any, device: DeviceLike) -> Device:
    return value.device if device is None and isinstance(value, Array) else get_device(device)


def _check_boxes(lowers: Array, uppers: Array) -> None:
    if len(lowers) != len(uppers):
        raise GeometryError(f"Bvh: expected as many uppers as lowers ({len(lowers)}), got {len(uppers)}")
    if len(lowers) > MAX_PRIMITIVES:
        raise GeometryError(f"Bvh: expected at most {MAX_PRIMITIVES} boxes, got {len(lowers)}")
    upside_down = (lowers.numpy() > uppers.numpy()).any(axis=-1)
    if upside_down.any():
        first = int(np.argmax(upside_down))
        lower, upper = lowers.numpy()[first].tolist(), uppers.numpy()[first].tolist()
        raise GeometryError(f"Bvh: expected lower <= upper, got {lower} and {upper} at box {first}")


def _group_numbers(groups: Any, count: int, device: Device) -> np.ndarray[Any, Any]:
    if groups is None:
        return np.zeros(count, np.int32)
    numbers = whole_numbers("Bvh groups", groups, device).numpy()
    if numbers.shape != (count,):
        raise GeometryError(f"Bvh groups: expected one number for each of {count} boxes, got {numbers.size}")
    if numbers.size and numbers.min() < 0:
        raise GeometryError(f"Bvh groups: expected numbers from 0 up, got {numbers.min()}")
    return numbers


def _group_count(numbers: np.ndarray[Any, Any], given: int | None) -> int:
    named = int(numbers.max()) + 1 if numbers.size else 1
    if given is None:
        return named
    if given < named:
        raise GeometryError(
            f"Bvh num_groups: expected at least {named}, for `groups` names group {named - 1}, got {given}"
        )
    return given
