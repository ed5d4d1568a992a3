"""`robokern schema`: JSON schema of run files, for completion and checks in editors."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from robokern.adapters import HOSTS
from robokern.plugin.registry import Registry
from robokern.plugin.schema import schema


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("--path", action="append", default=[], type=Path, help="one more folder of plugins")


def main(options: argparse.Namespace) -> int:
    """Prints the schema."""
    print(json.dumps(schema(Registry(options.path), HOSTS), indent=2))
    return 0
