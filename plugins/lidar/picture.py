"""Draws range_image.png: `python plugins/lidar/picture.py` in the repository root."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from robokern.sim.run import run_file
from robokern.view.pictures import draw

FOLDER = Path(__file__).parent


def main() -> None:
    with TemporaryDirectory() as output:
        result = run_file(FOLDER / "example.yaml", [f"output={output}", "host.worlds=1"], draw=draw)
        shutil.copy(result.folder / "roof_lidar_range_image.png", FOLDER / "range_image.png")


if __name__ == "__main__":
    main()
