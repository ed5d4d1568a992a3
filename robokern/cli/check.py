"""`robokern check FILE`: everything that can be wrong before the first step."""

from __future__ import annotations

import argparse

from robokern.adapters import HOSTS
from robokern.plugin.run_file import RunFile, load


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("file", metavar="FILE", help="a run file (YAML)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change one value of the file"
    )
    parser.add_argument("--no-host", action="store_true", help="leave the simulator out: check the text only")


def main(options: argparse.Namespace) -> int:
    """Checks a file, then opens its host and sets every plugin up, so that missing bodies are found too.

    Raises:
        RobokernError: what is wrong.
    """
    run = load(options.file, options.set, hosts=HOSTS)
    worlds = "" if options.no_host else f" with {_set_up(run)} worlds"
    plugins = ", ".join(f"{name} ({run.manifests[name].name})" for name in run.plugins) or "no plugins"
    print(f"{options.file}: ok: host {run.host.type}{worlds}; {plugins}")
    return 0


def _set_up(run: RunFile) -> int:
    host = run.host.settings.open(run.seed, run.device)
    opened = []
    try:
        for plugin in run.plugins.values():
            opened.append(plugin)
            run.setup(plugin, host.world)
        worlds: int = host.world.num_worlds
        return worlds
    finally:
        for plugin in reversed(opened):
            plugin.close()
        host.close()
