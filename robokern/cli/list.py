"""`robokern list`: every plugin and its outputs, from manifests alone."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from robokern.cli.table import table
from robokern.errors import ConfigError
from robokern.plugin.manifest import Manifest
from robokern.plugin.registry import Registry


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("--path", action="append", default=[], type=Path, help="one more folder of plugins")


def main(options: argparse.Namespace) -> int:
    """Prints the plugins that can be read; a broken manifest is one line on stderr and exit code 2."""
    rows: list[tuple[str, ...]] = []
    mistakes: list[ConfigError] = []
    for found in Registry(options.path):
        try:
            rows.extend(_rows(found.manifest))
        except ConfigError as error:
            mistakes.append(error)
    print(table(rows))
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    return 2 if mistakes else 0


def _rows(manifest: Manifest) -> Iterator[tuple[str, ...]]:
    yield manifest.name, manifest.role, manifest.summary
    for name, output in manifest.outputs.items():
        yield f"{manifest.name}.{name}", output.dtype, f"{output.dimensions}  [{output.unit}]"
