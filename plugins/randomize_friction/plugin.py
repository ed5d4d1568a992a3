"""Randomizes sliding friction."""

from __future__ import annotations

from typing import Any

import robokern as rk

from .kernels import randomize


class Config(rk.RandomizerConfig):
    """Settings of randomize_friction: those of every randomizer, and which geoms."""

    bodies: str = rk.field(".*", help="bodies whose geoms are chosen (regular expression, whole name)")
    geoms: str = rk.field(".*", help="geoms chosen among them (regular expression, whole name)")


class RandomizeFriction(rk.Randomizer):
    """Draws the sliding friction coefficient of the chosen geoms."""

    Config = Config

    def setup(self, world: Any) -> None:
        self.begin(world)
        self.world = world
        chosen = self._chosen()
        self.chosen = rk.array(chosen, dtype=int, device=world.device)
        self.outputs["friction"] = rk.zeros((world.num_worlds, len(chosen)), dtype=float, device=world.device)

    def randomize(self, frame: Any, mask: Any) -> None:
        param = self.world.params["geom_friction"]
        friction = self.outputs["friction"]
        rk.launch(
            randomize,
            dim=friction.shape,
            inputs=[mask, self.chosen, self.draw, self.count, param.default],
            outputs=[param.value, friction],
            device=self.world.device,
        )
        self.drawn(mask)
        self.world.touch("geom_friction")

    def _chosen(self) -> list[int]:
        """Indices of the geoms.

        Raises:
            ConfigError: no geom fits both selectors.
        """
        bodies = set(self.world.select("body", self.config.bodies))
        named = self.world.select("geom", self.config.geoms)
        found = [geom for geom in named if self.world.geoms[geom].body in bodies]
        if not found:
            raise rk.ConfigError(f"no geom matches {self.config.geoms!r} on bodies {self.config.bodies!r}")
        return found
