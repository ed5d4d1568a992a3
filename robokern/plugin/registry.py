"""Finds plugins by name and imports one only when it is used.

Three places are searched: the built-in folder, the entry-point group `robokern.plugins` of installed
packages (entry-point name = plugin name, value = the package that is the plugin folder), and the
`plugin_paths` of a run file (plugin folders, or folders of plugin folders).
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
import types
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robokern.errors import ConfigError, RobokernError
from robokern.plugin.manifest import FILE, Manifest, read_manifest
from robokern.plugin.mistakes import unknown

if TYPE_CHECKING:
    from robokern.plugin.plugin import Plugin
    from robokern.world.world import World

GROUP = "robokern.plugins"
BUILT_IN = "robokern_plugins"


@dataclass(frozen=True)
class Found:
    """A plugin folder that has not been imported.

    Attributes:
        folder: where its `plugin.yaml` is.
        package: name under which its modules are imported.
    """

    folder: Path
    package: str

    @cached_property
    def manifest(self) -> Manifest:
        """Its `plugin.yaml`, checked."""
        return read_manifest(self.folder)

    def module(self, name: str) -> types.ModuleType:
        """One of its Python files, imported: `registry.find("lidar").module("kernels")`."""
        return importlib.import_module(f"{self.package}.{name}")

    def load(self) -> type[Plugin]:
        """Its class.

        Raises:
            ConfigError: it cannot be imported, or the class and the manifest disagree.
        """
        manifest = self.manifest
        try:
            module = self.module(manifest.module)
        except RobokernError:
            raise
        except Exception as error:
            raise manifest.error("entry", _import_failure(self.folder, manifest.module, error)) from error
        found = _class(manifest, module)
        _agree(manifest, found)
        return found


class Registry:
    """The plugins that a run can use.

    Args:
        paths: plugin folders, or folders of plugin folders, beside the built-in and installed ones.

    Raises:
        ConfigError: two plugins have one name.
    """

    def __init__(self, paths: Sequence[Path] = ()) -> None:
        self._found: dict[str, Found] = {}
        for found in _search(paths):
            other = self._found.setdefault(found.folder.name, found)
            if other.folder.resolve() != found.folder.resolve():
                both = f"{other.folder} and {found.folder}"
                raise ConfigError(f"two plugins are named {found.folder.name!r}: {both}; rename one")

    @property
    def names(self) -> list[str]:
        """Names of all plugins, sorted."""
        return sorted(self._found)

    def __iter__(self) -> Iterator[Found]:
        return (self._found[name] for name in self.names)

    def find(self, name: str) -> Found:
        """The plugin called `name`.

        Raises:
            ConfigError: there is none; the nearest name is shown.
        """
        if name not in self._found:
            raise ConfigError(unknown("plugin", name, self.names))
        return self._found[name]

    def load(self, name: str) -> type[Plugin]:
        """The class of the plugin called `name`; raises as `find` and `Found.load`."""
        return self.find(name).load()


def built_in_folder() -> Path:
    """Where the built-in plugins are: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "_plugins"
    return installed if installed.is_dir() else package.parent / "plugins"


def check_outputs(manifest: Manifest, plugin: Plugin, world: World) -> None:
    """Compares what a plugin allocated in `setup` with what its manifest declares.

    Raises:
        ConfigError: a name, number of dimensions, length or dtype differs.
    """
    declared, allocated = set(manifest.outputs), set(plugin.outputs)
    if declared != allocated:
        raise manifest.error("outputs", f"declares {_names(declared)}; setup() allocated {_names(allocated)}")
    lengths: dict[str | int, int] = {"worlds": world.num_worlds}
    for name, output in manifest.outputs.items():
        array = plugin.outputs[name]
        if output.dtype != str(array.dtype):
            raise _disagreement(manifest, name, "dtype", output.dtype, str(array.dtype))
        said = [lengths.get(n, n) for n in output.shape]
        if not _fits(said, array.shape):
            raise _disagreement(manifest, name, "shape", _shape(said), _shape(array.shape))
        lengths.update(zip(output.shape, array.shape, strict=True))


def _search(paths: Sequence[Path]) -> Iterator[Found]:
    yield from _plugin_folders(built_in_folder(), BUILT_IN)
    yield from _installed()
    for path in paths:
        holder = path.parent if (path / FILE).is_file() else path
        package = f"{BUILT_IN}_{zlib.crc32(str(holder.resolve()).encode()):08x}"
        found = [f for f in _plugin_folders(holder, package) if holder == path or f.folder == path]
        if not found:
            raise ConfigError(f"no plugin in {path}: neither it nor a folder in it has a {FILE}")
        yield from found


def _plugin_folders(holder: Path, package: str) -> Iterator[Found]:
    """The plugin folders in `holder`, which becomes a namespace package under the name `package`."""
    if package not in sys.modules:
        namespace = types.ModuleType(package)
        namespace.__path__ = [str(holder.resolve())]
        sys.modules[package] = namespace
    for file in sorted(holder.glob(f"*/{FILE}")):
        yield Found(file.parent, f"{package}.{file.parent.name}")


def _installed() -> Iterator[Found]:
    for point in metadata.entry_points(group=GROUP):
        folder = _package_folder(point.value)
        if folder is None or not (folder / FILE).is_file():
            raise ConfigError(
                f"entry point {point.name} = {point.value} of {GROUP}: no {FILE} in that package"
            )
        yield Found(folder, point.value)


def _package_folder(package: str) -> Path | None:
    """A package's folder, found without importing it."""
    top, *inner = package.split(".")
    spec = importlib.util.find_spec(top)
    for location in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(location).joinpath(*inner)
        if folder.is_dir():
            return folder
    return None


def _class(manifest: Manifest, module: types.ModuleType) -> type[Plugin]:
    from robokern.plugin.plugin import Plugin

    plugins = [
        n for n, v in vars(module).items() if _is_plugin(v, Plugin) and v.__module__ == module.__name__
    ]
    found: Any = getattr(module, manifest.class_name, None)
    if not _is_plugin(found, Plugin):
        message = unknown("class", manifest.class_name, plugins, f"plugin classes in {manifest.module}.py")
        raise manifest.error("entry", message)
    chosen: type[Plugin] = found
    return chosen


def _is_plugin(value: Any, base: type[Plugin]) -> bool:
    return isinstance(value, type) and issubclass(value, base)


def _agree(manifest: Manifest, found: type[Plugin]) -> None:
    from robokern.plugin.settings import PluginConfig

    if found.role != manifest.role:
        actual = f"a {found.role}" if found.role else "a bare Plugin"
        raise manifest.error("role", f"the manifest says {manifest.role}, class {found.__name__} is {actual}")
    config = getattr(found, "Config", None)
    if not (isinstance(config, type) and issubclass(config, PluginConfig)):
        raise manifest.error("entry", f"class {found.__name__} has no Config that is a rk.PluginConfig")


def _import_failure(folder: Path, module: str, error: Exception) -> str:
    if isinstance(error, SyntaxError):
        at = f"{error.filename}:{error.lineno}"
    else:
        trace = traceback.extract_tb(error.__traceback__)
        frames = [frame for frame in trace if Path(frame.filename).is_relative_to(folder.resolve())]
        at = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else f"{folder / module}.py"
    return f"cannot import {module}.py: {type(error).__name__}: {error} (at {at})"


def _disagreement(manifest: Manifest, output: str, what: str, said: str, got: str) -> ConfigError:
    path = ("outputs", output, what)
    return manifest.document.place(path).error(path, f"the manifest says {said}, setup() allocated {got}")


def _fits(said: Sequence[str | int], shape: Sequence[int]) -> bool:
    """Whether lengths agree; a name that has no length yet takes any."""
    return len(said) == len(shape) and all(
        isinstance(n, str) or n == m for n, m in zip(said, shape, strict=True)
    )


def _names(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _shape(lengths: Sequence[str | int]) -> str:
    return f"[{', '.join(map(str, lengths))}]"
