"""Draws draws.png: `python plugins/randomize_mass/picture.py` in the repository root."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import zarr
from matplotlib.figure import Figure
from numpy.typing import NDArray

from robokern.sim.run import run_file

FOLDER = Path(__file__).parent
LAWS = {"uniform": "[-2.0, 2.0]", "log_uniform": "[0.2, 4.0]", "gaussian": "[1.0, 0.5]"}
MODEL = """
<mujoco>
  <worldbody><body name="base"><freejoint/><geom type="box" size="0.3 0.1 0.1" mass="8"/></body></worldbody>
</mujoco>
"""


def masses(distribution: str, limits: str, folder: Path) -> NDArray[np.float32]:
    """Mass of the trunk in 4,096 worlds [kg]."""
    (folder / "scene.xml").write_text(MODEL, encoding="utf-8")
    changes = {
        "host.model": folder / "scene.xml",
        "host.worlds": 4096,
        "host.gait": "null",
        "duration": 0.002,
        "output": folder / "out",
        "plugins.payload.distribution": distribution,
        "plugins.payload.range": limits,
        "plugins.payload.least": 0.1,
    }
    result = run_file(FOLDER / "example.yaml", [f"{key}={value}" for key, value in changes.items()])
    group: Any = zarr.open_group(str(result.recording), mode="r")
    drawn: NDArray[np.float32] = group["payload/mass"][0, :, 0]
    return drawn


def main() -> None:
    figure = Figure(figsize=(9.0, 2.8), layout="constrained")
    columns = figure.subplots(1, len(LAWS), sharey=True)
    for axes, (distribution, limits) in zip(columns, LAWS.items(), strict=True):
        with TemporaryDirectory() as folder:
            axes.hist(masses(distribution, limits, Path(folder)), bins=48)
        axes.axvline(8.0, color="black", linestyle="--", linewidth=1.0)
        axes.set_title(f"add, {distribution} {limits}", fontsize=9)
        axes.set_xlabel("mass [kg]")
    columns[0].set_ylabel("worlds")
    figure.savefig(FOLDER / "draws.png", dpi=110)


if __name__ == "__main__":
    main()
