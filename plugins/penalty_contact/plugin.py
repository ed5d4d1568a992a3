"""Penalty contact between spheres and the terrain."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

import robokern as rk

from .kernels import push_bodies
from .restitution import matched


class Config(rk.PluginConfig):
    """Settings of penalty_contact."""

    bodies: list[str] = rk.field(
        min_length=1, help="bodies whose spheres and capsule ends touch the terrain (regular expressions)"
    )
    stiffness: float = rk.field(20000.0, unit="N/m", gt=0, help="of the spring, per sphere")
    damping: float | None = rk.field(None, unit="N s/m", ge=0, help="of the damper, per sphere; or give zeta")
    zeta: float | None = rk.field(
        None, unit="1", ge=0, le=0.9, help="damping ratio: rebound is exp(-zeta pi / sqrt(1 - zeta^2))"
    )
    sphere_mass: float | None = rk.field(
        None, unit="kg", gt=0, help="mass on one sphere, for zeta; default: body mass / spheres"
    )
    friction: float | None = rk.field(
        None, unit="1", ge=0, help="Coulomb coefficient; default: that of the sphere's geom, as randomized"
    )
    slip_velocity: float = rk.field(
        0.01, unit="m/s", gt=0, help="sliding below it meets less than full friction, tanh(v / slip_velocity)"
    )


@dataclass(frozen=True)
class Sphere:
    """A contact sphere.

    Attributes:
        body: index of its body.
        geom: index of the geom it comes from.
        center: in the body frame [m].
        radius: [m].
    """

    body: int
    geom: int
    center: NDArray[np.float64]
    radius: float


class PenaltyContact(rk.Contact):
    """Pushes spheres out of the static geometry, and brakes their sliding."""

    Config = Config

    def setup(self, world: Any) -> None:
        self.world = world
        spheres = self._spheres(world)
        world.disable_host_contact({sphere.geom for sphere in spheres})
        self.attributes = {"spheres": [world.geoms[sphere.geom].name for sphere in spheres]}
        self.arrays = self._arrays(world, spheres)
        shape = (world.num_worlds, len(spheres))
        self.outputs["force"] = rk.zeros(shape, dtype=rk.vec3, device=world.device)
        self.outputs["penetration"] = rk.zeros(shape, dtype=float, device=world.device)

    def before_step(self, frame: Any) -> None:
        config: Config = self.config
        spheres = self.arrays
        rk.launch(
            push_bodies,
            dim=(self.world.num_worlds, spheres["bodies"].shape[0]),
            inputs=[
                self.world.terrain.id,
                frame.body_pose,
                frame.body_com,
                frame.body_linear_velocity,
                frame.body_angular_velocity,
                self.world.params["geom_friction"].value,
                *(spheres[key] for key in ("bodies", "first", "geom", "center", "radius")),
                config.stiffness,
                spheres["damping"],
                -1.0 if config.friction is None else config.friction,
                config.slip_velocity,
            ],
            outputs=[
                frame.body_force,
                frame.body_torque,
                self.outputs["force"],
                self.outputs["penetration"],
            ],
            device=self.world.device,
        )

    def _spheres(self, world: Any) -> list[Sphere]:
        """Spheres of the chosen bodies, those of one body in a row.

        Raises:
            ConfigError: there is none.
        """
        bodies = world.select("body", self.config.bodies)
        found = [sphere for body in bodies for sphere in spheres_of(world, body)]
        if not found:
            names = ", ".join(world.bodies[body] for body in bodies)
            raise rk.ConfigError(f"bodies: no sphere or capsule that collides on {names}; give them one")
        return found

    def _arrays(self, world: Any, spheres: list[Sphere]) -> dict[str, Any]:
        counts = [(body, len(list(group))) for body, group in groupby(spheres, key=lambda s: s.body)]
        first = np.cumsum([0, *(count for _, count in counts)])
        data: dict[str, tuple[Any, Any]] = {
            "bodies": ([body for body, _ in counts], int),
            "first": (first.astype(np.int32), int),
            "geom": ([sphere.geom for sphere in spheres], int),
            "center": (np.array([sphere.center for sphere in spheres], dtype=np.float32), rk.vec3),
            "radius": ([sphere.radius for sphere in spheres], float),
            "damping": (self._damping(world, spheres, dict(counts)), float),
        }
        device = world.device
        return {key: rk.array(values, dtype=kind, device=device) for key, (values, kind) in data.items()}

    def _damping(self, world: Any, spheres: list[Sphere], count: dict[int, int]) -> list[float]:
        """Coefficient of each sphere [N s/m].

        Raises:
            ConfigError: not exactly one of `damping` and `zeta` is given.
        """
        config: Config = self.config
        if (config.damping is None) == (config.zeta is None):
            raise rk.ConfigError("damping, zeta: expected one of the two, got both or none; keep one")
        if config.damping is not None:
            return [config.damping] * len(spheres)
        assert config.zeta is not None
        body_mass = world.params["body_mass"].default.numpy()[0]
        masses = [config.sphere_mass or float(body_mass[s.body]) / count[s.body] for s in spheres]
        ratio = matched(config.zeta)
        return [2.0 * ratio * math.sqrt(config.stiffness * mass) for mass in masses]


def spheres_of(world: Any, body: int) -> list[Sphere]:
    """The colliding spheres of a body, and both ends of its colliding capsules."""
    found = []
    for index in world.geoms_of([body]):
        geom = world.geoms[index]
        if geom.collides and geom.kind in ("sphere", "capsule"):
            half_length = geom.size[1] if geom.kind == "capsule" else 0.0
            ends = (-1.0, 1.0) if half_length > 0.0 else (0.0,)
            axis = half_length * z_axis(geom.body_from_geom[3:])
            middle = np.asarray(geom.body_from_geom[:3])
            found += [Sphere(body, index, middle + end * axis, geom.size[0]) for end in ends]
    return found


def z_axis(q: tuple[float, ...]) -> NDArray[np.float64]:
    """Where the rotation q (xyzw) turns the z axis."""
    x, y, z, w = q
    return np.array([2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y)])
