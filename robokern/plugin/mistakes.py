"""Mistakes in the user's text: collecting them, and naming what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from robokern.errors import ConfigError


class ConfigErrors(ConfigError):
    """Several mistakes found in one go; `str()` has one line for each, in the file's order."""

    def __init__(self, errors: Sequence[ConfigError]) -> None:
        super().__init__(f"{len(errors)} mistakes")
        self.errors = list(errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


def raise_all(errors: Iterable[ConfigError]) -> None:
    """Raises what was collected, if anything: one error as itself, several as `ConfigErrors`."""
    flat = [e for error in errors for e in (error.errors if isinstance(error, ConfigErrors) else [error])]
    flat.sort(key=lambda e: (e.line or 0, e.column or 0))
    if len(flat) == 1:
        raise flat[0]
    if flat:
        raise ConfigErrors(flat)


def unknown(kind: str, name: str, choices: Iterable[str], plural: str | None = None) -> str:
    """`unknown key 'fov'; did you mean 'fov_deg'? (keys: body, fov_deg)`."""
    names = sorted(choices)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5) or [n for n in names if n.startswith(name)]
    guess = f"; did you mean {near[0]!r}?" if near else ""
    listed = ", ".join(names) or "none"
    return f"unknown {kind} {name!r}{guess} ({plural or kind + 's'}: {listed})"
