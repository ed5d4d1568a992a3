"""What a plugin's settings are made of: pydantic models whose fields carry units.

Kept apart from `plugin.py` so that `import robokern` and `robokern list` do not load pydantic.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from robokern.errors import ConfigError

_BOUNDS = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern")


class PluginConfig(BaseModel):
    """Base of every plugin's `Config`: no unknown keys, no silent conversion, finite numbers, read-only.

    A field annotated `pathlib.Path` names something to read: it must exist, and a relative one is
    relative to the run file (given by `--set`: to the current directory).
    """

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        validate_default=True,
        protected_namespaces=(),
    )

    def check(self) -> None:
        """Override where settings must fit each other.

        Raises:
            ConfigError: they do not; a text that begins with a key (`rate_hz: ...`) is shown at that key.
        """

    @model_validator(mode="after")
    def _check(self) -> Self:
        try:
            self.check()
        except ConfigError as error:
            raise ValueError(error.message) from error
        return self


def field(default: Any = ..., *, unit: str | None = None, help: str = "", **bounds: Any) -> Any:
    """A setting with its unit, bounds and meaning.

    Args:
        default: value where the run file says nothing; left out, the key is required.
        unit: SI unit as text, `"m"`, `"N/m"`, `"1"`; shown in errors, `robokern show` and the JSON schema.
        help: what it means, in one line.
        bounds: `gt`, `ge`, `lt`, `le`, `multiple_of` for numbers; `min_length`, `max_length` for lists and
            text; `pattern` for text.

    Raises:
        TypeError: a bound that does not exist.
    """
    unknown = sorted(set(bounds) - set(_BOUNDS))
    if unknown:
        raise TypeError(f"field() has no bound {unknown[0]!r}; it has {', '.join(_BOUNDS)}")
    extra: dict[str, Any] | None = {"unit": unit} if unit else None
    return Field(default, description=help or None, json_schema_extra=extra, **bounds)


class RandomizerConfig(PluginConfig):
    """The settings every randomizer has, in the words of Isaac Lab's event terms."""

    mode: Literal["startup", "reset", "interval", "step"] = field(
        "reset", help="when to draw: once, in worlds that reset, at random intervals, every step"
    )
    interval_range_s: tuple[float, float] | None = field(
        None, unit="s", help="shortest and longest time between draws (mode: interval)"
    )
    operation: Literal["add", "scale", "abs"] = field(
        "scale", help="default + draw, default * draw, or the draw itself"
    )
    distribution: Literal["uniform", "log_uniform", "gaussian"] = field("uniform", help="law of the draw")
    range: tuple[float, float] = field(help="lowest and highest draw; gaussian: mean and standard deviation")

    @field_validator("interval_range_s")
    @classmethod
    def _interval(cls, value: tuple[float, float] | None, info: ValidationInfo) -> tuple[float, float] | None:
        wanted = info.data.get("mode") == "interval"
        if wanted and value is None:
            raise ValueError("mode interval needs it, such as [1.0, 4.0]")
        if value is not None and not 0 < value[0] <= value[1]:
            raise ValueError(f"expected 0 < shortest <= longest; got {list(value)}")
        return value

    @field_validator("range")
    @classmethod
    def _range(cls, value: tuple[float, float], info: ValidationInfo) -> tuple[float, float]:
        low, high = value
        law = info.data.get("distribution")
        if law == "gaussian":
            if high < 0:
                raise ValueError(f"expected a standard deviation of at least 0; got {high}")
        elif low > high:
            raise ValueError(f"expected lowest <= highest; got {list(value)}")
        if law == "log_uniform" and low <= 0:
            raise ValueError(f"log_uniform draws positive numbers only: expected a lowest above 0; got {low}")
        return value
