"""A settings model as rows for people: key, type, unit, default, range, meaning."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Union

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from robokern.plugin.check import unit_of

_WORDS = {
    float: "number",
    int: "whole number",
    bool: "true | false",
    str: "text",
    Path: "path",
    type(None): "null",
}
_SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<=", "multiple_of": "multiple of", "pattern": "matches"}


@dataclass(frozen=True)
class Setting:
    """One key of a plugin's or host's section, every part as text."""

    key: str
    type: str
    unit: str
    default: str
    range: str
    help: str


def describe_settings(model: type[BaseModel]) -> Iterator[Setting]:
    """The settings of a model, in order; keys of nested models are dotted."""
    for name, info in model.model_fields.items():
        unit = unit_of(info)
        yield Setting(
            name,
            type_text(info.annotation),
            f"[{unit}]" if unit else "",
            "required" if info.is_required() else value_text(info.get_default(call_default_factory=True)),
            _range(info),
            info.description or "",
        )
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            for inner in describe_settings(info.annotation):
                yield Setting(**{**vars(inner), "key": f"{name}.{inner.key}"})


def type_text(annotation: Any) -> str:
    """A type as it is written in YAML: `number`, `[number, number]`, `base | yaw | world`."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return type_text(inner[0])
    if origin in (Union, types.UnionType):
        return " | ".join(type_text(member) for member in inner)
    if origin is Literal:
        return " | ".join(str(choice) for choice in inner)
    if origin is tuple and Ellipsis not in inner:
        return f"[{', '.join(map(type_text, inner))}]"
    if origin in (list, set, frozenset, tuple):
        return f"[{type_text(inner[0])}, ...]"
    if origin is dict:
        return f"{{{type_text(inner[0])}: {type_text(inner[1])}}}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "mapping"
    return _WORDS.get(annotation, getattr(annotation, "__name__", str(annotation)))


def value_text(value: Any) -> str:
    """A default as it is written in YAML."""
    if isinstance(value, BaseModel):
        return ""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(value_text, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _range(info: FieldInfo) -> str:
    bounds = [
        (sign, getattr(m, name)) for m in info.metadata for name, sign in _SIGNS.items() if hasattr(m, name)
    ]
    return ", ".join(f"{sign} {value_text(bound)}" for sign, bound in bounds if bound is not None)
