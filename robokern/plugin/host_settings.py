"""Makes a checked model of the plain dataclass in which an adapter describes its settings."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

from pydantic import create_model

from robokern.plugin.settings import PluginConfig, field


def model_of(settings: type[Any]) -> type[PluginConfig]:
    """A pydantic model with the dataclass's fields; a field's metadata are the arguments of `field`.

    Raises:
        TypeError: not a dataclass, or metadata that `field` does not take.
    """
    if not dataclasses.is_dataclass(settings):
        raise TypeError(f"{settings!r} is not a dataclass")
    types = typing.get_type_hints(settings)
    fields: dict[str, Any] = {
        f.name: (types[f.name], field(_default(f), **f.metadata)) for f in dataclasses.fields(settings)
    }
    return create_model(settings.__name__, __base__=PluginConfig, __doc__=settings.__doc__, **fields)


def _default(described: dataclasses.Field[Any]) -> Any:
    if described.default is not dataclasses.MISSING:
        return described.default
    if described.default_factory is not dataclasses.MISSING:
        return described.default_factory()
    return ...
