"""Reads YAML into plain values that remember where each was written.

A YAML file becomes a `Document`: dicts, lists and scalars, and beside them the place of every key and
value. Plain scalars follow the core schema of YAML 1.2.2 (section 10.3.2), not the 1.1 rules of stock
loaders: `1e-3` is a number, `no` is text; `010` and a key given twice are refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import yaml

from robokern.errors import ConfigError

_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_YAML_1_1_BOOL = {"y", "n", "yes", "no", "on", "off"}  # quoted on the way out: others still read 1.1
_INT = re.compile(r"[-+]?[0-9]{1,4000}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BASED = {"0x": re.compile(r"0x[0-9a-fA-F]+"), "0o": re.compile(r"0o[0-7]+")}
_SPECIAL = re.compile(r"(?P<sign>[-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

KeyPath = tuple[str | int, ...]
"""Keys and indices from the top of a document to a value."""


@dataclass(frozen=True)
class Place:
    """Where something was written; an override from the command line has no line."""

    file: str
    line: int | None = None
    column: int | None = None

    @property
    def folder(self) -> FilePath:
        """Where relative paths start: the file's folder; for an override, the current directory."""
        return FilePath() if self.line is None else FilePath(self.file).parent

    def error(self, path: KeyPath, message: str) -> ConfigError:
        """A `ConfigError` here, about the value at `path`."""
        where = dotted(path)
        return ConfigError(f"{where}: {message}" if where else message, self.file, self.line, self.column)


@dataclass
class Document:
    """A value tree with places.

    Attributes:
        file: name for messages.
        value: dicts, lists, text, numbers, truth values and None.
        keys: path -> place of the key that leads there.
        values: path -> place of the value.
    """

    file: str
    value: Any = None
    keys: dict[KeyPath, Place] = field(default_factory=dict)
    values: dict[KeyPath, Place] = field(default_factory=dict)

    def place(self, path: KeyPath) -> Place:
        """Place of the value at `path`, or of the nearest thing around it that was written."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.values:
                return self.values[path[:end]]
        return Place(self.file)

    def key_place(self, path: KeyPath) -> Place:
        """Place of the key that leads to `path`, or as `place`."""
        return self.keys.get(path) or self.place(path)

    def get(self, path: KeyPath) -> Any:
        """The value at `path`.

        Raises:
            KeyError, IndexError, TypeError: nothing is there.
        """
        value = self.value
        for step in path:
            value = value[step]
        return value

    def has(self, path: KeyPath) -> bool:
        """Whether something is written at `path`."""
        return path in self.values

    def error(self, section: KeyPath, message: str) -> ConfigError:
        """An error about a section, at the key its text begins with (`rate_hz: ...`) where there is one."""
        key, colon, rest = message.partition(": ")
        path = (*section, key)
        if colon and self.has(path):
            return self.place(path).error(path, rest)
        return self.key_place(section).error(section, message)

    def override(self, text: str) -> None:
        """Applies `a.b.c=value`; the value is read as YAML.

        Raises:
            ConfigError: no `=`, an empty key, or a path through something that is not a mapping.
        """
        place = Place(f"--set {text}")
        dots, equals, raw = text.partition("=")
        path: KeyPath = tuple(dots.strip().split("."))
        if not equals or not all(path):
            raise place.error((), "expected KEY.KEY=VALUE, such as plugins.roof_lidar.max_range=20")
        self._forget(path)
        _put(self.value, path, _read_override(self, raw, path, place), place)
        self.keys[path] = place
        for end in range(1, len(path)):
            self.values.setdefault(path[:end], place)

    def _forget(self, path: KeyPath) -> None:
        for places in (self.keys, self.values):
            for known in [p for p in places if p[: len(path)] == path]:
                del places[known]


def dotted(path: KeyPath) -> str:
    """`('plugins', 'lidar', 'offset', 2)` as `plugins.lidar.offset[2]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def read(path: str | os.PathLike[str]) -> Document:
    """Reads a YAML file whose top is a mapping.

    Raises:
        ConfigError: no such file, not UTF-8, not YAML, or a scalar whose meaning is not certain.
    """
    file = os.fspath(path)
    try:
        with open(file, encoding="utf-8") as stream:
            text = stream.read()
    except OSError as error:
        raise ConfigError(f"cannot read it: {_reason(error)}", file) from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}", file
        ) from None
    return parse(text, file)


def parse(text: str, file: str) -> Document:
    """Reads YAML text; `file` names it in messages. Raises as `read`."""
    start = Place(file, 1, 1)
    node = _compose(text, start)
    document = Document(file)
    if node is None:
        raise ConfigError("the file is empty; expected `key: value` lines", file)
    document.value = _Reader(document, start).read(node, ())
    if not isinstance(document.value, dict):
        got = describe(document.value)
        raise document.place(()).error((), f"expected `key: value` lines at the top; got {got}")
    return document


def dump(value: Any) -> str:
    """Plain values as YAML text that `parse` reads back as they were."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return text


def describe(value: Any) -> str:
    """A value as messages show it: `text 'abc'`, `-5`, `a mapping`."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"text {value!r}"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return repr(value)


def _reason(error: OSError) -> str:
    return "no such file" if isinstance(error, FileNotFoundError) else (error.strerror or str(error)).lower()


def _compose(text: str, place: Place) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        message = ": ".join(part for part in (error.context, error.problem) if part)
        raise _at(error.problem_mark or error.context_mark, place).error((), f"not YAML: {message}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"not YAML: {str(error).splitlines()[0]}", place.file) from None


def _at(mark: yaml.Mark | None, start: Place) -> Place:
    """Where a mark is in a text that begins at `start`; an override is one place."""
    if mark is None or start.line is None:
        return start
    return Place(start.file, mark.line + 1, mark.column + 1)


class _Reader:
    """Turns nodes into values and writes their places into a document."""

    def __init__(self, document: Document, start: Place) -> None:
        self.document = document
        self.start = start
        self.open: list[yaml.Node] = []

    def read(self, node: yaml.Node, path: KeyPath) -> Any:
        place = self.place(node)
        self.document.values[path] = place
        if any(node is outer for outer in self.open):
            raise place.error(path, "an alias that contains itself")
        self.open.append(node)
        try:
            return self.content(node, path, place)
        finally:
            self.open.pop()

    def content(self, node: yaml.Node, path: KeyPath, place: Place) -> Any:
        if isinstance(node, yaml.MappingNode):
            return dict(self.items(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, i)) for i, item in enumerate(node.value)]
        return _scalar(node, path, place)

    def items(self, node: yaml.MappingNode, path: KeyPath) -> Iterator[tuple[str, Any]]:
        seen: dict[str, Place] = {}
        for key_node, value_node in node.value:
            place = self.place(key_node)
            key = self.key(key_node, path, place)
            if key in seen:
                lines = f"first on line {seen[key].line}, again on line {place.line}"
                raise place.error((*path, key), f"given twice: {lines}; keep one")
            seen[key] = self.document.keys[(*path, key)] = place
            yield key, self.read(value_node, (*path, key))

    def key(self, node: yaml.Node, path: KeyPath, place: Place) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise place.error(path, "a key must be text")
        if node.value == "<<" and not node.style:
            raise place.error(path, "merge keys (<<) are not part of YAML 1.2; write the keys out")
        return str(node.value)

    def place(self, node: yaml.Node) -> Place:
        return _at(node.start_mark, self.start)


def _scalar(node: Any, path: KeyPath, place: Place) -> Any:
    text = str(node.value)
    if node.tag not in (None, "tag:yaml.org,2002:str", "!"):
        raise place.error(path, f"tags are not supported; remove {node.tag!r}")
    if node.style:
        return text
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    number = _number(text)
    if number is None and _INT.fullmatch(text):
        raise place.error(path, _leading_zero(text))
    return text if number is None else number


def _number(text: str) -> int | float | None:
    """The number a plain scalar is; None if it is none, or one with a leading zero."""
    for prefix, pattern in _BASED.items():
        if pattern.fullmatch(text):
            return int(text[2:], 16 if prefix == "0x" else 8)
    if _INT.fullmatch(text):
        digits = text.lstrip("+-")
        return None if len(digits) > 1 and digits[0] == "0" else int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    special = _SPECIAL.fullmatch(text)
    if special is None:
        return None
    return float(text.replace(".", "", 1))


def _leading_zero(text: str) -> str:
    sign, digits = ("-", text[1:]) if text[0] == "-" else ("", text.lstrip("+"))
    decimal = digits.lstrip("0") or "0"
    octal = f", 0o{decimal} for octal" if re.fullmatch("[0-7]+", decimal) else ""
    number = f"write {sign}{decimal} for the number"
    return f"{text!r} has a leading zero; {number}{octal}, {text!r} in quotes for text"


def _read_override(document: Document, raw: str, path: KeyPath, place: Place) -> Any:
    node = _compose(raw, place)
    if node is None:
        document.values[path] = place
        return None
    return _Reader(document, place).read(node, path)


def _put(tree: dict[str, Any], path: KeyPath, value: Any, place: Place) -> None:
    for depth, step in enumerate(path[:-1], 1):
        inner = tree.get(str(step))
        if inner is None:
            inner = tree[str(step)] = {}
        if not isinstance(inner, dict):
            outer = f"{dotted(path[:depth])} is {describe(inner)}, not a mapping"
            raise place.error(path, f"cannot be set: {outer}")
        tree = inner
    tree[str(path[-1])] = value


class _Dumper(yaml.BaseDumper):
    """Writes what `parse` reads back alike; every scalar is text to it, plain or in quotes."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: Any, text: str) -> Any:
    number = _number(text) is not None or _INT.fullmatch(text)
    plain = not number and text not in _NULL and text not in _BOOL and text.lower() not in _YAML_1_1_BOOL
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else "'")


def _represent_plain(dumper: Any, value: Any) -> Any:
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text)


def _represent_float(dumper: Any, number: float) -> Any:
    text = repr(number).replace("inf", ".inf").replace("nan", ".nan")
    if "e" in text and "." not in text:
        text = text.replace("e", ".0e")
    return dumper.represent_scalar("tag:yaml.org,2002:str", text)


def _represent_list(dumper: Any, items: list[Any]) -> Any:
    flat = not any(isinstance(item, (dict, list)) for item in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=flat)


def _represent_dict(dumper: Any, items: dict[str, Any]) -> Any:
    return dumper.represent_mapping("tag:yaml.org,2002:map", items.items(), flow_style=not items)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(dict, _represent_dict)
_Dumper.add_representer(float, _represent_float)
for _type in (int, bool, type(None)):
    _Dumper.add_representer(_type, _represent_plain)
