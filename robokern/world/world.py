"""What stays fixed while worlds are simulated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from hashlib import blake2s

import numpy as np
from numpy.typing import NDArray

from robokern.errors import ConfigError, HostError
from robokern.geometry.scene import Scene
from robokern.ir.types import bool_
from robokern.runtime.array import Array
from robokern.runtime.device import DeviceLike
from robokern.world.geom import IDENTITY, Geom
from robokern.world.param import Param
from robokern.world.scenery import Scenery


@dataclass(eq=False)
class World:
    """The bodies, geometry and parameters of `num_worlds` copies of one model.

    Attributes:
        host: type of the host that made it.
        num_worlds: how many copies.
        timestep: [s].
        gravity: [m/s^2], world axes.
        bodies: names; index 0 is the static `world`.
        joints: names.
        geoms: records, the same in all worlds.
        params: what randomizers may write, by name: `body_mass` [kg], `body_inertia` [kg m^2] about the
            principal axes, `geom_friction` (sliding) [1].
        capabilities: what the host honours: `wrench`, `disable_contact`, `write:<param>`.
        fixed_bodies: bodies that cannot move, and where they are (world_from_body, 7 numbers).
        device: where the arrays lie.
        seed: of all draws.
        first_world: number of world 0 in draws and recorded motions; not 0 in a shard of a larger run.
        contact_disabled: geoms whose contacts the host leaves to plugins.
        touched: parameters written since the host last copied them.
        running: the first step was made.
    """

    host: str
    num_worlds: int
    timestep: float
    gravity: tuple[float, float, float]
    bodies: tuple[str, ...]
    joints: tuple[str, ...] = ()
    geoms: tuple[Geom, ...] = ()
    params: Mapping[str, Param] = field(default_factory=dict)
    capabilities: frozenset[str] = frozenset()
    fixed_bodies: Mapping[int, Sequence[float]] = field(default_factory=lambda: {0: IDENTITY})
    device: DeviceLike = None
    seed: int = 0
    first_world: int = 0
    contact_disabled: set[int] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    running: bool = False

    @cached_property
    def scene(self) -> Scene:
        """Every visible geom on its body, for sensors; the loop moves it with the bodies.

        Raises:
            GeometryError: a visible geom is of a kind that a scene does not have.
        """
        return self._scenery.scene(index for index, geom in enumerate(self.geoms) if geom.visible)

    @cached_property
    def terrain(self) -> Scene:
        """Every colliding geom that cannot move, for contacts; hits count as body 0.

        Raises:
            GeometryError: a colliding geom is of a kind that a scene does not have.
        """
        fixed = (i for i, geom in enumerate(self.geoms) if geom.collides and geom.body in self.fixed_bodies)
        return self._scenery.fixed(fixed, self.fixed_bodies)

    @cached_property
    def _scenery(self) -> Scenery:
        return Scenery(self.geoms, self.num_worlds, self.device)

    def select(self, kind: str, patterns: str | Sequence[str]) -> list[int]:
        """Indices, rising, of the `body`, `geom` or `joint` names that a regular expression matches in full.

        Raises:
            ConfigError: a pattern is not a regular expression or matches nothing.
        """
        names = self.names(kind)
        each = [patterns] if isinstance(patterns, str) else patterns
        return sorted({index for pattern in each for index in _matches(kind, pattern, names)})

    def names(self, kind: str) -> tuple[str, ...]:
        """All names of `body`, `geom` or `joint`.

        Raises:
            ValueError: another kind.
        """
        if kind == "body":
            return self.bodies
        if kind == "joint":
            return self.joints
        if kind == "geom":
            return tuple(geom.name for geom in self.geoms)
        raise ValueError(f"select {kind!r}: expected 'body', 'geom' or 'joint'")

    def geoms_of(self, bodies: Iterable[int]) -> list[int]:
        """Indices of the geoms that these bodies carry."""
        wanted = set(bodies)
        return [index for index, geom in enumerate(self.geoms) if geom.body in wanted]

    def require(self, capability: str) -> None:
        """Refuses what the host cannot honour.

        Raises:
            ConfigError: the host lacks the capability.
        """
        if capability not in self.capabilities:
            offered = ", ".join(sorted(self.capabilities)) or "nothing"
            raise ConfigError(
                f"host {self.host!r} cannot honour {capability!r}; it offers: {offered}; choose another host"
            )

    def disable_host_contact(self, geoms: Iterable[int]) -> None:
        """Leaves the contacts of these geoms to plugins; called in `setup`.

        Raises:
            ConfigError: the host cannot switch contacts off.
            HostError: the simulation has begun.
        """
        self.require("disable_contact")
        if self.running:
            raise HostError("contacts can be switched off before the first step only; do it in setup")
        self.contact_disabled.update(geoms)

    def touch(self, name: str) -> None:
        """Tells the host that the value of a parameter was written; it is copied before the next step.

        Raises:
            ConfigError: the host cannot write that parameter.
        """
        self.require(f"write:{name}")
        self.touched.add(name)

    def rng_key(self, plugin: str, purpose: str) -> int:
        """32-bit key of one purpose's draws; the same in every run, whatever other plugins there are."""
        return int.from_bytes(blake2s(f"{plugin}\0{purpose}".encode(), digest_size=4).digest(), "little")

    def mask(self, worlds: NDArray[np.bool_]) -> Array:
        """`worlds` (num_worlds,) as a device array."""
        mask: Array = Array(worlds, dtype=bool_, device=self.device)
        return mask


def _matches(kind: str, pattern: str, names: Sequence[str]) -> list[int]:
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise ConfigError(f"{kind} {pattern!r} is not a regular expression: {error}") from None
    found = [index for index, name in enumerate(names) if expression.fullmatch(name)]
    if not found:
        near = get_close_matches(pattern, names, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigError(f"no {kind} matches {pattern!r}; {hint}choose from: {', '.join(names)}")
    return found
