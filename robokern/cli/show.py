"""`robokern show NAME`: the settings of a plugin or host with types, units, defaults and ranges."""

from __future__ import annotations

import argparse
import inspect
from pathlib import Path

from robokern.adapters import HOSTS
from robokern.cli.table import table
from robokern.errors import ConfigError
from robokern.plugin.describe_settings import describe_settings
from robokern.plugin.host_settings import model_of
from robokern.plugin.mistakes import unknown
from robokern.plugin.registry import Found, Registry
from robokern.plugin.settings import PluginConfig


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("name", metavar="NAME", help="a plugin or a host type")
    parser.add_argument("--path", action="append", default=[], type=Path, help="one more folder of plugins")


def main(options: argparse.Namespace) -> int:
    """Prints one plugin or host.

    Raises:
        ConfigError: no such plugin or host, or it cannot be imported.
    """
    registry = Registry(options.path)
    if options.name in registry.names:
        print(_plugin(registry.find(options.name)))
    elif options.name in HOSTS:
        print(_host(options.name))
    else:
        raise ConfigError(unknown("plugin or host", options.name, [*registry.names, *HOSTS], "there are"))
    return 0


def _plugin(found: Found) -> str:
    manifest = found.manifest
    outputs = [(name, o.dtype, o.dimensions, f"[{o.unit}]") for name, o in manifest.outputs.items()]
    parts = [
        f"{manifest.name}: {manifest.role}",
        manifest.summary,
        "",
        "settings",
        _settings(found.load().Config),
    ]
    if outputs:
        parts += ["", "outputs", table(outputs, "  ")]
    if manifest.needs:
        parts += ["", f"needs {', '.join(manifest.needs)}"]
    readme = found.folder / "README.md"
    return "\n".join([*parts, *(["", f"more in {readme}"] if readme.exists() else [])])


def _host(name: str) -> str:
    settings = HOSTS[name]()
    return "\n".join(
        [f"{name}: host", inspect.getdoc(settings) or "", "", "settings", _settings(model_of(settings))]
    )


def _settings(config: type[PluginConfig]) -> str:
    return table(
        [(s.key, s.type, s.unit, s.default, s.range, s.help) for s in describe_settings(config)], "  "
    )
