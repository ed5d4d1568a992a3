"""From geom records to a `Scene`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from robokern.errors import GeometryError
from robokern.runtime.device import DeviceLike
from robokern.world.geom import SIZES, Geom


def build_scene(geoms: Sequence[Geom], bodies: int, num_worlds: int, device: DeviceLike) -> Any:
    """A `Scene` with an instance of every visible geom in every world.

    Raises:
        GeometryError: a visible geom is of a kind that a scene does not have.
    """
    visible = [geom for geom in geoms if geom.visible]
    for geom in visible:
        _refuse_unknown(geom)
    raise NotImplementedError


def _refuse_unknown(geom: Geom) -> None:
    if geom.kind not in SIZES:
        raise GeometryError(
            f"geom {geom.name!r} is of kind {geom.kind!r}, which sensors cannot see; expected one of "
            f"{', '.join(SIZES)}; replace it, or hide it from sensors with an alpha of 0"
        )
