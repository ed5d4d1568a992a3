"""Simulators, one module each; none is imported until a run asks for its type."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def _settings(module: str) -> Callable[[], type[Any]]:
    def load() -> type[Any]:
        settings: type[Any] = import_module(f"robokern.adapters.{module}").Settings
        return settings

    return load


# host type in a run file -> gives the dataclass of its settings, whose `open(seed, device)` makes the Host
HOSTS: dict[str, Callable[[], type[Any]]] = {name: _settings(name) for name in ("mujoco", "recorded")}
