"""A run file, checked and resolved: which host, which plugins, with which settings."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import field_validator

from robokern.errors import ConfigError, PluginError, RobokernError
from robokern.plugin.check import check
from robokern.plugin.config import Document, KeyPath, describe, dump, read
from robokern.plugin.host_settings import model_of
from robokern.plugin.manifest import Manifest
from robokern.plugin.mistakes import raise_all, unknown
from robokern.plugin.plugin import Plugin
from robokern.plugin.registry import Registry, check_outputs
from robokern.plugin.settings import PluginConfig, field

if TYPE_CHECKING:
    from robokern.world.world import World

Hosts = Mapping[str, Callable[[], type[Any]]]

_DEVICE = re.compile(r"auto|cpu|ref|cuda(:\d+)?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Top(PluginConfig):
    """The top of a run file; what is in `host` and in each plugin is checked by their own models."""

    seed: int = field(0, ge=0, lt=2**32, help="of every random draw")
    device: str = field("cpu", help="auto, cpu, ref or cuda:N")
    capture: Literal["auto", "on", "off"] = field(
        "auto",
        help="capture what a step launches, and replay it; auto: on GPUs, where plugins allow it",
    )
    duration: float = field(unit="s", gt=0, help="simulated time")
    output: str = field("out", min_length=1, help="folder to write to, relative to the current directory")
    host: dict[str, Any] = field(help="`type` and settings of the simulator")
    plugins: dict[str, dict[str, Any]] = field({}, help="instance name -> `type` and settings")
    plugin_paths: list[Path] = field([], help="folders of plugins beside the built-in and installed ones")

    @field_validator("device")
    @classmethod
    def _device(cls, value: str) -> str:
        if not _DEVICE.fullmatch(value):
            raise ValueError(f"expected auto, cpu, ref or cuda:N; got {describe(value)}")
        return value


@dataclass(frozen=True)
class HostSection:
    """`type` and settings of the simulator; `settings.open(seed, device)` makes the Host."""

    type: str
    settings: Any


@dataclass(frozen=True)
class RunFile:
    """What a run file says, every default filled in.

    Attributes:
        seed: of every random draw.
        device: `auto`, `cpu`, `ref` or `cuda:N`.
        capture: `auto`, `on` or `off`: whether steps are captured and replayed.
        duration: simulated time [s].
        output: folder to write to.
        host: the simulator's section.
        plugins: instance name -> plugin that is not set up, in the file's order.
        manifests: instance name -> what its plugin says about itself.
    """

    seed: int
    device: str
    capture: Literal["auto", "on", "off"]
    duration: float
    output: Path
    host: HostSection
    plugins: dict[str, Plugin]
    manifests: dict[str, Manifest]
    document: Document
    resolved: dict[str, Any]

    def setup(self, plugin: Plugin, world: World) -> None:
        """Sets a plugin up and checks what it allocated against its manifest.

        Raises:
            ConfigError: a setting does not fit the world, the host cannot give what the plugin needs, or
                the manifest is wrong.
            PluginError: anything else that `setup` raised.
        """
        manifest = self.manifests[plugin.name]
        raise_all(self._unmet(plugin.name, manifest, world))
        try:
            plugin.setup(world)
        except ConfigError as error:
            raise self.locate(plugin.name, error) from error
        except RobokernError:
            raise
        except Exception as error:
            raise PluginError(plugin.name, "setup", 0, error) from error
        check_outputs(manifest, plugin, world)
        plugin.remember_state()

    def locate(self, name: str, error: ConfigError) -> ConfigError:
        """Gives an error without a place that of the setting it is about.

        That is the setting its text begins with (`rate_hz: ...`), or else the one whose value it quotes.
        """
        if error.file is not None:
            return error
        section: KeyPath = ("plugins", name)
        named = self.document.error(section, error.message)
        quoted = self._quoted(section, error.message)
        if named.message.endswith(error.message) and quoted:
            return self.document.place(quoted).error(quoted, error.message)
        return named

    def _quoted(self, section: KeyPath, message: str) -> KeyPath | None:
        """The text below `section` that a message quotes first."""
        inside = [path for path in self.document.values if path[: len(section)] == section]
        texts = {path: value for path in inside if isinstance(value := self.document.get(path), str)}
        places = {message.find(repr(text)): path for path, text in texts.items()}
        places.pop(-1, None)
        return places[min(places)] if places else None

    def to_yaml(self) -> str:
        """The resolved file: every default written out, every path absolute."""
        return dump(self.resolved)

    def _unmet(self, name: str, manifest: Manifest, world: World) -> Iterator[ConfigError]:
        path: KeyPath = ("plugins", name, "type")
        # every World has a scene
        for need in manifest.needs:
            if need not in world.capabilities and need != "scene":
                offers = ", ".join(sorted(world.capabilities)) or "nothing beyond the scene"
                message = f"{manifest.name} needs {need!r}; host {self.host.type} offers {offers}"
                yield self.document.place(path).error(path, message)


def load(path: str | PathLike[str], overrides: Sequence[str] = (), *, hosts: Hosts) -> RunFile:
    """Reads and checks a run file; imports the plugins it uses and nothing of the simulator.

    Args:
        path: the YAML file.
        overrides: `plugins.roof_lidar.max_range=20`, as after `--set`.
        hosts: host type -> function that gives the dataclass of its settings.

    Raises:
        ConfigError: the file is wrong; `ConfigErrors` when several things are.
    """
    document = read(path)
    for override in overrides:
        document.override(override)
    return _Resolver(document, hosts).resolve()


class _Resolver:
    """Checks section after section and collects the mistakes of all."""

    def __init__(self, document: Document, hosts: Hosts) -> None:
        self.document = document
        self.hosts = hosts
        self.mistakes: list[ConfigError] = []

    def resolve(self) -> RunFile:
        top = self.attempt(lambda: check(Top, self.document))
        host = self.attempt(self.host)
        registry = self.attempt(self.registry)
        plugins = (
            {name: self.attempt(self.plugin(name, registry)) for name in self.names()} if registry else {}
        )
        raise_all(self.mistakes)
        return _run_file(self.document, top, host, plugins)

    def attempt(self, part: Callable[[], Any]) -> Any:
        try:
            return part()
        except ConfigError as error:
            self.mistakes.append(error)
            return None

    def registry(self) -> Registry:
        try:
            return Registry(self.paths())
        except ConfigError as error:
            if error.file is not None or not self.document.has(("plugin_paths",)):
                raise
            raise self.document.place(("plugin_paths",)).error(("plugin_paths",), error.message) from None

    def paths(self) -> list[Path]:
        """`plugin_paths`, which the check of the top made absolute where they exist."""
        paths = self.document.value.get("plugin_paths")
        return (
            [Path(p) for p in paths if isinstance(p, str) and os.path.isabs(p)]
            if isinstance(paths, list)
            else []
        )

    def host(self) -> tuple[HostSection, PluginConfig] | None:
        name = self.type(("host",), "host", self.hosts)
        if name is None:
            return None
        settings = self.hosts[name]()
        model = check(model_of(settings), self.document, ("host",), omit=("type",))
        return HostSection(
            name, settings(**{key: getattr(model, key) for key in type(model).model_fields})
        ), model

    def names(self) -> Iterator[str]:
        plugins = self.document.value.get("plugins")
        for name in plugins if isinstance(plugins, dict) else ():
            path: KeyPath = ("plugins", name)
            if _NAME.fullmatch(name):
                yield name
            else:
                text = f"expected a name of letters, digits and _; got {name!r}"
                self.mistakes.append(self.document.key_place(path).error(("plugins",), text))

    def plugin(self, name: str, registry: Registry) -> Callable[[], tuple[Plugin, Manifest] | None]:
        def make() -> tuple[Plugin, Manifest] | None:
            path: KeyPath = ("plugins", name)
            kind = self.type(path, "plugin", registry.names)
            if kind is None:
                return None
            found = registry.find(kind)
            made = found.load()
            return made(name, check(made.Config, self.document, path, omit=("type",))), found.manifest

        return make

    def type(self, section: KeyPath, kind: str, choices: Any) -> str | None:
        """The section's `type`; None where the check of the top has already complained."""
        value = self.document.get(section) if self.document.has(section) else None
        if not isinstance(value, dict):
            return None
        path: KeyPath = (*section, "type")
        if "type" not in value:
            listed = ", ".join(sorted(choices))
            raise self.document.key_place(section).error(section, f"missing key 'type' ({kind}s: {listed})")
        name = value["type"]
        if not isinstance(name, str) or name not in choices:
            raise self.document.place(path).error(path, unknown(kind, str(name), choices))
        return name


def _run_file(document: Document, top: Top, host: Any, plugins: dict[str, Any]) -> RunFile:
    section, model = host
    made = {name: plugin for name, (plugin, _) in plugins.items()}
    resolved = top.model_dump(mode="json")
    resolved["host"] = {"type": section.type, **model.model_dump(mode="json")}
    resolved["plugins"] = {
        name: {"type": manifest.name, **plugin.config.model_dump(mode="json")}
        for name, (plugin, manifest) in plugins.items()
    }
    return RunFile(
        seed=top.seed,
        device=top.device,
        capture=top.capture,
        duration=top.duration,
        output=Path(top.output),
        host=section,
        plugins=made,
        manifests={name: manifest for name, (_, manifest) in plugins.items()},
        document=document,
        resolved=resolved,
    )
