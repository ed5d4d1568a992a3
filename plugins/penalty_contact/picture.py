"""Draws laws.png: `python plugins/penalty_contact/picture.py` in the repository root."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from robokern.adapters.mujoco import Settings
from robokern.plugin.registry import Registry
from robokern.sim.loop import Loop

FOLDER = Path(__file__).parent
STIFFNESS = 1.0e4  # [N/m]; the ball weighs 1 kg and arrives at 1 m/s
BALL = """
<mujoco>
  <option timestep="2e-5" gravity="0 0 0"/>
  <worldbody>
    <geom name="ground" type="plane" size="0 0 1"/>
    <body name="ball" pos="0 0 0.1"><freejoint/><geom name="ball" type="sphere" size="0.1" mass="1"/></body>
  </worldbody>
  <keyframe><key name="start" qpos="0 0 0.1 1 0 0 0" qvel="0 0 -1 0 0 0"/></keyframe>
</mujoco>
"""


def rebound(**settings: float) -> float:
    """Speed after the impact over speed before it, in MuJoCo."""
    with TemporaryDirectory() as folder:
        model = Path(folder) / "ball.xml"
        model.write_text(BALL, encoding="utf-8")
        host = Settings(model=model).open(device="cpu")
    made: Any = Registry().load("penalty_contact")
    config = made.Config(bodies=["ball"], stiffness=STIFFNESS, **settings)
    with Loop(host, [made("ball", config)]) as loop:
        loop.setup(0)
        loop.run(loop.clock.steps_in(0.045))
        return float(host.frame.body_linear_velocity.numpy()[0, 1, 2])


def draw_rebound(axes: Axes) -> None:
    restitution = Registry().find("penalty_contact").module("restitution")
    ratio = np.linspace(0.0, 0.85, 100)
    at = np.linspace(0.0, 0.8, 9)
    damping = 2.0 * at * np.sqrt(STIFFNESS)
    for label, law, measured in (
        ("zeta: exp(-pi zeta / sqrt(1 - zeta²))", restitution.linear, [rebound(zeta=z) for z in at]),
        ("damping = 2 zeta sqrt(k m)", restitution.without_pull, [rebound(damping=c) for c in damping]),
    ):
        (line,) = axes.plot(ratio, [law(z) for z in ratio], label=label)
        axes.plot(at, measured, "o", color=line.get_color(), markersize=4)
    axes.set_xlabel("zeta [1]")
    axes.set_ylabel("rebound, speed after / before [1]")
    axes.legend(fontsize=8)


def draw_friction(axes: Axes) -> None:
    slip = np.linspace(-4.0, 4.0, 200)
    axes.plot(slip, np.tanh(slip))
    axes.set_xlabel("sliding speed / slip_velocity [1]")
    axes.set_ylabel("friction / (mu f_n) [1]")
    axes.grid(alpha=0.3)


def main() -> None:
    figure = Figure(figsize=(9.0, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    draw_rebound(left)
    draw_friction(right)
    figure.savefig(FOLDER / "laws.png", dpi=110)


if __name__ == "__main__":
    main()
