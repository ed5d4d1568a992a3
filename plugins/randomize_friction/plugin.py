"""Randomizes sliding friction."""

from __future__ import annotations

from typing import Any

import robokern as rk

from .kernels import ABS, ADD, GAUSSIAN, LOG_UNIFORM, SCALE, UNIFORM, count_draws, randomize

OPERATIONS = {"scale": SCALE, "add": ADD, "abs": ABS}
DISTRIBUTIONS = {"uniform": UNIFORM, "log_uniform": LOG_UNIFORM, "gaussian": GAUSSIAN}


class Config(rk.RandomizerConfig):
    """Settings of randomize_friction: those of every randomizer, and which geoms."""

    bodies: str = rk.field(".*", help="bodies whose geoms are chosen (regular expression, whole name)")
    geoms: str = rk.field(".*", help="geoms chosen among them (regular expression, whole name)")


class RandomizeFriction(rk.Randomizer):
    """Draws the sliding friction coefficient of the chosen geoms."""

    Config = Config

    def setup(self, world: Any) -> None:
        self.world = world
        self.purpose = world.rng_key(self.name, "draw")
        chosen = self._chosen()
        self.chosen = rk.array(chosen, dtype=int, device=world.device)
        # not part of `state`: a world that resets must not draw the same again
        self.count = rk.zeros(world.num_worlds, dtype=int, device=world.device)
        self.outputs["friction"] = rk.zeros((world.num_worlds, len(chosen)), dtype=float, device=world.device)

    def randomize(self, frame: Any, mask: Any) -> None:
        config: Config = self.config
        param = self.world.params["geom_friction"]
        friction = self.outputs["friction"]
        rk.launch(
            randomize,
            dim=friction.shape,
            inputs=[
                mask,
                self.chosen,
                self.world.seed,
                self.purpose,
                self.count,
                DISTRIBUTIONS[config.distribution],
                *config.range,
                OPERATIONS[config.operation],
                param.default,
            ],
            outputs=[param.value, friction],
            device=self.world.device,
        )
        rk.launch(
            count_draws,
            dim=self.world.num_worlds,
            inputs=[mask],
            outputs=[self.count],
            device=self.world.device,
        )
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
