"""From geom records to the scenes that plugins query."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from robokern.errors import GeometryError
from robokern.geometry.mesh import Mesh
from robokern.geometry.scene import Instance, Scene
from robokern.geometry.shape import Box, Capsule, Cylinder, HeightField, Plane, Sphere
from robokern.runtime.device import DeviceLike
from robokern.world.geom import SIZES, Geom
from robokern.world.pose import compose

PRIMITIVES: Mapping[str, Any] = {
    "plane": Plane,
    "sphere": Sphere,
    "box": Box,
    "capsule": Capsule,
    "cylinder": Cylinder,
}


class Scenery:
    """The shapes of a world's geoms, each built once however many geoms and scenes use it.

    Args:
        geoms: of the world.
        num_worlds: copies of the world.
        device: where the arrays lie.
    """

    def __init__(self, geoms: Sequence[Geom], num_worlds: int, device: DeviceLike) -> None:
        self._geoms = geoms
        self._num_worlds = num_worlds
        self._device = device
        self._built: dict[Hashable, Any] = {}

    def scene(self, geoms: Iterable[int]) -> Scene:
        """A scene of these geoms on their bodies.

        Raises:
            GeometryError: a geom is of a kind that a scene does not have, or is malformed.
        """
        chosen = [self._geoms[index] for index in geoms]
        return self._place(chosen, [Instance(at, g.body, g.body_from_geom) for at, g in enumerate(chosen)])

    def fixed(self, geoms: Iterable[int], world_from_body: Mapping[int, Sequence[float]]) -> Scene:
        """A scene of these geoms on bodies that stand still, seen as parts of the static world.

        Raises:
            GeometryError: as `scene`.
        """
        chosen = [self._geoms[index] for index in geoms]
        poses = [compose(world_from_body[geom.body], geom.body_from_geom) for geom in chosen]
        return self._place(chosen, [Instance(at, 0, pose) for at, pose in enumerate(poses)])

    def _place(self, geoms: Sequence[Geom], instances: Sequence[Instance]) -> Scene:
        return Scene(self._num_worlds, [self._shape(geom) for geom in geoms], instances, self._device)

    def _shape(self, geom: Geom) -> Any:
        # geoms of one mesh share its arrays
        key = (geom.kind, geom.size, id(geom.vertices), id(geom.heights))
        if key not in self._built:
            self._built[key] = self._build(geom)
        return self._built[key]

    def _build(self, geom: Geom) -> Any:
        if geom.kind not in SIZES:
            raise GeometryError(
                f"geom {geom.name!r} is of kind {geom.kind!r}, which a scene does not have; expected one of "
                f"{', '.join(SIZES)}; replace it, or hide it from sensors with an alpha of 0"
            )
        try:
            return self._built_from_record(geom)
        except GeometryError as error:
            raise GeometryError(f"geom {geom.name!r}: {error}") from None

    def _built_from_record(self, geom: Geom) -> Any:
        if geom.kind == "mesh":
            assert geom.faces is not None
            return Mesh(geom.vertices, np.ravel(geom.faces), self._device)
        if geom.kind == "height_field":
            half_x, half_y, base = geom.size
            return HeightField(geom.heights, half_x, half_y, base, self._device)
        return PRIMITIVES[geom.kind](*geom.size)
