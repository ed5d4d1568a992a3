"""What a plugin says about itself in `plugin.yaml`, read without importing any of its code.

name: lidar
role: sensor                    # sensor, contact, randomizer
entry: plugin:Lidar             # file plugin.py of the folder, class Lidar
summary: Rotating or solid-state lidar.
outputs:
  ranges: {shape: [worlds, channels, columns], dtype: float32, unit: m}
needs: [scene, wrench]          # what the host must offer
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robokern.errors import ConfigError
from robokern.ir.types import BY_NAME, NAMED
from robokern.plugin.config import Document, KeyPath, describe, read
from robokern.plugin.mistakes import raise_all, unknown

FILE = "plugin.yaml"
ROLES = ("sensor", "contact", "randomizer")
DTYPES = tuple(dict.fromkeys([*BY_NAME, *(str(type) for type in NAMED.values())]))

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ENTRY = re.compile(r"(?P<module>[A-Za-z_]\w*):(?P<name>[A-Za-z_]\w*)")


@dataclass(frozen=True)
class Output:
    """An array that a plugin fills and the loop records.

    Attributes:
        shape: lengths, or names of lengths known after `setup`; the first is usually `worlds`.
        dtype: name in the kernel language.
        unit: SI unit, "1" for none.
    """

    shape: tuple[str | int, ...]
    dtype: str
    unit: str

    @property
    def dimensions(self) -> str:
        """The shape as text, `[worlds, 3]`."""
        return f"[{', '.join(map(str, self.shape))}]"


@dataclass(frozen=True)
class Manifest:
    """A checked `plugin.yaml`.

    Attributes:
        name: what `type:` in a run file says; also the folder's name.
        role: one of `ROLES`.
        module: file of the folder that holds the class, without `.py`.
        class_name: the plugin's class there.
        summary: one line for `robokern list`.
        outputs: by name.
        needs: capabilities the host must offer.
        document: the text, for errors found later.
    """

    name: str
    role: str
    module: str
    class_name: str
    summary: str
    outputs: dict[str, Output]
    needs: tuple[str, ...]
    document: Document

    @property
    def folder(self) -> Path:
        """The plugin's folder."""
        return Path(self.document.file).parent

    def error(self, key: str, message: str) -> ConfigError:
        """An error at the value of `key`, or at the top where that key is left out."""
        return self.document.place((key,)).error((key,), message)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a plugin folder.

    Raises:
        ConfigError: the file is missing, is not YAML, or says something that a manifest cannot say.
    """
    document = read(folder / FILE)
    raise_all(_mistakes(document, folder.name))
    value = document.value
    module, class_name = value["entry"].split(":")
    outputs = {
        name: Output(tuple(o["shape"]), o["dtype"], o.get("unit", "1"))
        for name, o in (value.get("outputs") or {}).items()
    }
    needs = tuple(value.get("needs") or ())
    return Manifest(
        value["name"], value["role"], module, class_name, value["summary"], outputs, needs, document
    )


def _mistakes(document: Document, folder: str) -> Iterator[ConfigError]:
    value = document.value
    required = ("name", "role", "entry", "summary")
    yield from _keys(document, (), required, ("outputs", "needs"))
    for key in required:
        if key in value and not isinstance(value[key], str):
            yield _wrong(document, (key,), "text")
        elif key in value:
            yield from _text(document, key, value[key], folder)
    yield from _outputs(document)
    yield from _list(document, ("needs",), lambda need: isinstance(need, str), "names of capabilities")


def _keys(
    document: Document, path: KeyPath, required: Iterable[str], optional: Iterable[str]
) -> Iterator[ConfigError]:
    known = (*required, *optional)
    given = document.get(path)
    for key in given:
        if key not in known:
            yield document.key_place((*path, key)).error(path, unknown("key", key, known))
    for key in required:
        if key not in given:
            yield document.key_place(path).error(path, f"missing key {key!r}")


def _text(document: Document, key: str, text: str, folder: str) -> Iterator[ConfigError]:
    place = document.place((key,))
    if key == "name" and text != folder:
        yield place.error((key,), f"expected the folder's name {folder!r}; got {text!r}")
    if key == "role" and text not in ROLES:
        yield place.error((key,), unknown("role", text, ROLES))
    if key == "entry" and not _ENTRY.fullmatch(text):
        yield place.error((key,), f"expected MODULE:CLASS, such as plugin:Lidar; got {text!r}")
    if key == "summary" and (not text.strip() or "\n" in text):
        yield place.error((key,), "expected one line that says what the plugin does")


def _outputs(document: Document) -> Iterator[ConfigError]:
    outputs = document.value.get("outputs")
    if outputs is None:
        return
    if not isinstance(outputs, dict):
        yield _wrong(document, ("outputs",), "a mapping of name to {shape, dtype, unit}")
        return
    for name, output in outputs.items():
        path: KeyPath = ("outputs", name)
        if not _NAME.fullmatch(name):
            yield document.key_place(path).error(path, "an output's name is letters, digits and _")
        if isinstance(output, dict):
            yield from _output(document, path, output)
        else:
            yield _wrong(document, path, "{shape: [...], dtype: ..., unit: ...}")


def _output(document: Document, path: KeyPath, output: dict[str, Any]) -> Iterator[ConfigError]:
    yield from _keys(document, path, ("shape", "dtype"), ("unit",))
    yield from _list(document, (*path, "shape"), _is_length, "names or positive lengths")
    dtype = output.get("dtype")
    if "dtype" in output and dtype not in DTYPES:
        yield document.place((*path, "dtype")).error((*path, "dtype"), unknown("dtype", str(dtype), DTYPES))
    if not isinstance(output.get("unit", "1"), str):
        yield _wrong(document, (*path, "unit"), "text such as m or '1'")


def _is_length(value: Any) -> bool:
    if isinstance(value, str):
        return _NAME.fullmatch(value) is not None
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _list(document: Document, path: KeyPath, fits: Callable[[Any], bool], of: str) -> Iterator[ConfigError]:
    if not document.has(path) or document.get(path) is None:
        return
    items = document.get(path)
    if not isinstance(items, list):
        yield _wrong(document, path, f"a list of {of}")
        return
    for i, item in enumerate(items):
        if not fits(item):
            yield _wrong(document, (*path, i), of)


def _wrong(document: Document, path: KeyPath, expected: str) -> ConfigError:
    got = describe(document.get(path))
    return document.place(path).error(path, f"expected {expected}; got {got}")
