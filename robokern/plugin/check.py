"""Checks a part of a document against a pydantic model; every mistake becomes one located sentence.

configs/yard.yaml:15:5: plugins.front_depth: unknown key 'fov'; did you mean 'fov_deg'? (keys: body, fov_deg)
configs/yard.yaml:16:16: plugins.front_depth.max_range: expected a number greater than 0 [m]; got -5
"""

from __future__ import annotations

import json
import os
import types
import typing
from collections.abc import Collection, Iterator
from pathlib import Path as FilePath
from typing import Any, TypeVar, Union

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from robokern.errors import ConfigError
from robokern.plugin.config import Document, KeyPath, describe
from robokern.plugin.mistakes import raise_all, unknown

Model = TypeVar("Model", bound=BaseModel)

_KINDS = {
    "float": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "string": "text",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "dict": "a mapping",
    "model": "a mapping",
    "path": "a path",
    "none": "nothing",
}
_BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "of at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "of at most"),
    "multiple_of": ("multiple_of", "that is a multiple of"),
}
_OWN_WORDS = ("value_error", "assertion_error")  # raised by a validator, whose text is complete
_TRUTH = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def check(model: type[Model], document: Document, path: KeyPath = (), *, omit: Collection[str] = ()) -> Model:
    """The value at `path`, a mapping, as an instance of `model`; keys in `omit` are not its business.

    Raises:
        ConfigError: one mistake; `ConfigErrors` for several.
    """
    raise_all(_find_files(model, document, path))
    value = document.get(path)
    if isinstance(value, dict):
        value = {key: inner for key, inner in value.items() if key not in omit}
    try:
        # JSON mode: strict, yet a list is fine where a tuple is meant
        return model.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        raise_all(_sentences(model, document, path, error))
        raise


def _find_files(model: type[BaseModel], document: Document, base: KeyPath) -> Iterator[ConfigError]:
    """Makes every value that a `Path` field was given absolute; yields a mistake where nothing is there."""
    for path, place in list(document.values.items()):
        value = document.get(path)
        if path[: len(base)] != base or not isinstance(value, str):
            continue
        if FilePath not in _members(_walk(model, path[len(base) :])):
            continue
        found = (place.folder / value).absolute()
        if found.exists():
            document.get(path[:-1])[path[-1]] = os.path.normpath(found)
        else:
            yield place.error(path, f"no such file {value!r}; looked for {os.path.normpath(found)}")


def _sentences(
    model: type[BaseModel], document: Document, path: KeyPath, error: ValidationError
) -> list[ConfigError]:
    groups: dict[KeyPath, list[Any]] = {}
    for item in error.errors(include_url=False):
        groups.setdefault(_written(document, path, item), []).append(item)
    return [_sentence(model, document, path, place, items) for place, items in groups.items()]


def _written(document: Document, path: KeyPath, item: Any) -> KeyPath:
    """The part of an error's location that is in the document; pydantic appends names of union members."""
    full: KeyPath = (*path, *item["loc"])
    if item["type"] in ("missing", *_OWN_WORDS):
        return full
    while len(full) > len(path) and not document.has(full):
        full = full[:-1]
    return full


def _sentence(
    model: type[BaseModel], document: Document, base: KeyPath, path: KeyPath, items: list[Any]
) -> ConfigError:
    item = items[0]
    if item["type"] == "extra_forbidden":
        keys = _keys(model, path[len(base) : -1])
        return document.key_place(path).error(path[:-1], unknown("key", str(path[-1]), keys))
    info = _field(model, path[len(base) :])
    if item["type"] == "missing":
        return _missing(document, path, info)
    if item["type"] in _OWN_WORDS:
        message = str(item["ctx"]["error"])
        section = document.has(path) and isinstance(document.get(path), dict)
        return document.error(path, message) if section else document.place(path).error(path, message)
    value = document.get(path) if document.has(path) else item["input"]
    expected = " or ".join(dict.fromkeys(_expected(i, info) for i in items))
    message = f"expected {expected}{_unit(info)}; got {describe(value)}{_way_out(items, value)}"
    return document.place(path).error(path, message)


def _missing(document: Document, path: KeyPath, info: FieldInfo | None) -> ConfigError:
    outer, name = path[:-1], path[-1]
    if isinstance(name, int):
        got = len(document.get(outer))
        return document.place(outer).error(outer, f"expected at least {name + 1} values; got {got}")
    meaning = f" ({info.description})" if info and info.description else ""
    return document.key_place(outer).error(outer, f"missing key {name!r}{meaning}")


def _expected(item: Any, info: FieldInfo | None) -> str:
    kind, context = item["type"], item.get("ctx", {})
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"{_number_kind(info)} {words} {context[key]:g}"
    if kind in ("literal_error", "enum"):
        choices = [c.strip("'") for c in context["expected"].replace(" or ", ", ").split(", ")]
        return f"one of {', '.join(choices)}" if len(choices) > 1 else choices[0]
    if kind in ("too_long", "too_short"):
        word = "at most" if kind == "too_long" else "at least"
        return f"{word} {context.get('max_length', context.get('min_length'))} values"
    if kind == "string_pattern_mismatch":
        return f"text that matches {context['pattern']}"
    if kind == "finite_number":
        return "a finite number"
    if kind in ("int_from_float", "int_fractional"):
        return "a whole number"
    message = str(item["msg"])
    return _KINDS.get(kind.rsplit("_", 1)[0], message[:1].lower() + message[1:])


def _number_kind(info: FieldInfo | None) -> str:
    return "a whole number" if info is not None and info.annotation is int else "a number"


def _unit(info: FieldInfo | None) -> str:
    unit = unit_of(info) if info is not None else None
    return f" [{unit}]" if unit else ""


def unit_of(info: FieldInfo) -> str | None:
    """The unit given to `field`, or None."""
    extra = info.json_schema_extra
    return str(extra["unit"]) if isinstance(extra, dict) and "unit" in extra else None


def _way_out(items: list[Any], value: Any) -> str:
    kinds = {item["type"].rsplit("_", 1)[0] for item in items}
    if isinstance(value, str):
        if "bool" in kinds and value.lower() in _TRUTH:
            return f"; write {_TRUTH[value.lower()]}"
        number = _as_number(value)
        if number and kinds & {"float", "int", "int_from"}:
            return f"; write {number} without quotes"
    if "string" in kinds and isinstance(value, (int, float)):
        return f"; write '{describe(value)}' in quotes"
    return ""


def _as_number(text: str) -> str | None:
    try:
        float(text)
    except ValueError:
        return None
    return text.replace("_", "").strip()


def _keys(model: type[BaseModel], path: KeyPath) -> list[str]:
    inner = next(_models(_walk(model, path)), None)
    return list(inner.model_fields) if inner else []


def _field(model: type[BaseModel], path: KeyPath) -> FieldInfo | None:
    """The field nearest to the end of `path`: an element of a list has its list's unit."""
    for end in range(len(path), 0, -1):
        name = path[end - 1]
        for outer in _models(_walk(model, path[: end - 1])):
            if name in outer.model_fields:
                return outer.model_fields[str(name)]
    return None


def _walk(annotation: Any, path: KeyPath) -> Any:
    """The annotation of the value at `path` below a value of type `annotation`."""
    for step in path:
        annotation = _step(annotation, step)
    return annotation


def _step(annotation: Any, step: str | int) -> Any:
    for model in _models(annotation):
        if step in model.model_fields:
            return model.model_fields[str(step)].annotation
    for member in _members(annotation):
        args = [a for a in typing.get_args(member) if a is not Ellipsis]
        if args and typing.get_origin(member) in (list, dict, tuple, set, frozenset):
            within = isinstance(step, int) and step < len(args)
            return args[int(step)] if within and typing.get_origin(member) is tuple else args[-1]
    return None


def _members(annotation: Any) -> Iterator[Any]:
    if typing.get_origin(annotation) in (Union, types.UnionType):
        for member in typing.get_args(annotation):
            yield from _members(member)
    elif typing.get_origin(annotation) is typing.Annotated:
        yield from _members(typing.get_args(annotation)[0])
    else:
        yield annotation


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    for member in _members(annotation):
        if isinstance(member, type) and issubclass(member, BaseModel):
            yield member
