"""Draws draws.png: `python plugins/randomize_friction/picture.py` in the repository root."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import zarr
from matplotlib.figure import Figure

from robokern.sim.run import run_file

FOLDER = Path(__file__).parent


def main() -> None:
    with TemporaryDirectory() as output:
        result = run_file(FOLDER / "example.yaml", [f"output={output}", "duration=2.0"])
        group = zarr.open_group(str(result.recording), mode="r")["slippery_feet"]
        time, friction = group["time"][:], group["friction"][:]
    figure = Figure(figsize=(7.0, 3.0), layout="constrained")
    axes = figure.add_subplot()
    for world in range(friction.shape[1]):
        axes.step(time, friction[:, world, 0], where="post", label=f"world {world}")
    axes.set_xlabel("time [s]")
    axes.set_ylabel("friction of one foot [1]")
    axes.legend(loc="upper right", ncols=4, fontsize=8)
    figure.savefig(FOLDER / "draws.png", dpi=110)


if __name__ == "__main__":
    main()
