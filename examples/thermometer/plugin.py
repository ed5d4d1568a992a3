"""The smallest useful plugin: a thermometer on a body."""

from __future__ import annotations

from typing import Any

import robokern as rk

from .kernels import measure


class Config(rk.PluginConfig):
    """Settings of thermometer."""

    body: str = rk.field(help="body that carries it (regular expression that matches one)")
    ground: float = rk.field(293.15, unit="K", gt=0, help="temperature at z = 0")
    lapse_rate: float = rk.field(
        0.0065, unit="K/m", help="fall per metre of height (ICAO standard atmosphere)"
    )
    rate_hz: float = rk.field(10.0, unit="Hz", gt=0, help="measurements per simulated second")


class Thermometer(rk.Sensor):
    """Measures air temperature where its body is."""

    Config = Config

    def setup(self, world: Any) -> None:
        (self.body,) = world.select("body", self.config.body)
        self.outputs["temperature"] = rk.zeros(world.num_worlds, dtype=float, device=world.device)

    def after_step(self, frame: Any) -> None:
        temperature = self.outputs["temperature"]
        rk.launch(
            measure,
            dim=len(temperature),
            inputs=[frame.body_pose, self.body, self.config.ground, self.config.lapse_rate],
            outputs=[temperature],
            device=temperature.device,
        )
