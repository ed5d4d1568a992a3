"""`robokern run FILE`: run a simulation with its plugins."""

from __future__ import annotations

import argparse

from robokern.sim.run import run_file
from robokern.view.pictures import draw


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("file", metavar="FILE", help="a run file (YAML)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change one value of the file"
    )
    parser.add_argument("--device", metavar="DEVICE", help="cpu, ref, cuda:N or auto; in place of the file's")


def main(options: argparse.Namespace) -> int:
    """Runs a file.

    Raises:
        RobokernError: the file is wrong, or the run failed.
    """
    run_file(options.file, options.set, options.device, draw)
    return 0
