"""Randomizes mass and, with it, inertia."""

from __future__ import annotations

from typing import Any

import robokern as rk

from .kernels import randomize


class Config(rk.RandomizerConfig):
    """Settings of randomize_mass: those of every randomizer, and which bodies."""

    bodies: str = rk.field(".*", help="bodies chosen among those with mass (regular expression, whole name)")
    least: float = rk.field(0.001, unit="kg", gt=0, help="lower draws are raised to this mass")


class RandomizeMass(rk.Randomizer):
    """Draws the mass of the chosen bodies; their inertia is scaled by the ratio of masses."""

    Config = Config

    def setup(self, world: Any) -> None:
        self.begin(world)
        self.world = world
        chosen = self._chosen()
        self.chosen = rk.array(chosen, dtype=int, device=world.device)
        self.outputs["mass"] = rk.zeros((world.num_worlds, len(chosen)), dtype=float, device=world.device)

    def randomize(self, frame: Any, mask: Any) -> None:
        body_mass, body_inertia = (self.world.params[name] for name in ("body_mass", "body_inertia"))
        mass = self.outputs["mass"]
        rk.launch(
            randomize,
            dim=mass.shape,
            inputs=[
                mask,
                self.chosen,
                self.draw,
                self.count,
                self.config.least,
                body_mass.default,
                body_inertia.default,
            ],
            outputs=[body_mass.value, body_inertia.value, mass],
            device=self.world.device,
        )
        self.drawn(mask)
        self.world.touch("body_mass")
        self.world.touch("body_inertia")

    def _chosen(self) -> list[int]:
        """Indices of the bodies with mass.

        Raises:
            ConfigError: no body with mass matches.
        """
        default = self.world.params["body_mass"].default.numpy()[0]
        found = [body for body in self.world.select("body", self.config.bodies) if default[body] > 0.0]
        if not found:
            raise rk.ConfigError(f"{self.config.bodies!r} matches only bodies without mass; choose others")
        return found
