"""Models of settings: units, bounds, the adapters' dataclasses, and the schema for editors."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from robokern.errors import ConfigError
from robokern.plugin.check import check
from robokern.plugin.config import parse
from robokern.plugin.describe_settings import describe_settings
from robokern.plugin.host_settings import model_of
from robokern.plugin.registry import Registry
from robokern.plugin.schema import schema
from robokern.plugin.settings import PluginConfig, RandomizerConfig
from robokern.plugin.settings import field as setting


class Noise(PluginConfig):
    bias: float = setting(0.0, unit="m/s")


class Config(PluginConfig):
    rate: float | None = setting(None, unit="Hz", gt=0, help="samples per second")
    noise: Noise = setting(Noise())
    gains: dict[str, tuple[float, float]] = setting({})
    layers: list[Noise] = setting([])
    name: str = setting("a", pattern="[a-z]+", help="its name")


def mistake(model: type[PluginConfig], text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        check(model, parse(text, "f.yaml"))
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("noise: {bias: x}", "f.yaml:1:15: noise.bias: expected a number [m/s]; got text 'x'"),
        ("noise: {bas: 1}", "f.yaml:1:9: noise: unknown key 'bas'; did you mean 'bias'? (keys: bias)"),
        ("noise: 3", "f.yaml:1:8: noise: expected a mapping; got 3"),
        ("gains: {a: [1, 2, 3]}", "f.yaml:1:12: gains.a: expected at most 2 values; got a list of 3"),
        ("layers: [{}, {bias: true}]", "f.yaml:1:21: layers[1].bias: expected a number [m/s]; got true"),
        (
            "layers: [{}, {bis: 1}]",
            "f.yaml:1:15: layers[1]: unknown key 'bis'; did you mean 'bias'? (keys: bias)",
        ),
        ("rate: 0", "f.yaml:1:7: rate: expected a number greater than 0 [Hz]; got 0"),
        ("name: A1", "f.yaml:1:7: name: expected text that matches [a-z]+; got text 'A1'"),
        ("name:", "f.yaml:1:6: name: expected text; got nothing"),
    ],
)
def test_nested_mistakes(text: str, message: str) -> None:
    assert mistake(Config, text) == message


def test_whole_numbers_are_numbers_and_lists_are_tuples() -> None:
    config = check(Config, parse("rate: 3\ngains: {a: [1, 2]}", "f.yaml"))
    assert (config.rate, config.gains) == (3.0, {"a": (1.0, 2.0)})
    assert type(config.rate) is float


def test_settings_are_read_only() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Noise().bias = 2.0


def test_a_bound_that_does_not_exist() -> None:
    with pytest.raises(TypeError, match=r"field\(\) has no bound 'min'; it has gt, ge, lt, le"):
        setting(1.0, min=0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("range: [2, 1]", "f.yaml:1:8: range: expected lowest <= highest; got [2.0, 1.0]"),
        (
            "{distribution: gaussian, range: [0, -1]}",
            "f.yaml:1:33: range: expected a standard deviation of at least 0; got -1.0",
        ),
        (
            "{distribution: log_uniform, range: [0, 1]}",
            "f.yaml:1:36: range: log_uniform draws positive numbers only: expected a lowest above 0; got 0.0",
        ),
        (
            "{mode: interval, range: [0, 1]}",
            "f.yaml:1:1: interval_range_s: mode interval needs it, such as [1.0, 4.0]",
        ),
        (
            "{mode: interval, interval_range_s: [0, 1], range: [0, 1]}",
            "f.yaml:1:36: interval_range_s: expected 0 < shortest <= longest; got [0.0, 1.0]",
        ),
        (
            "{mode: startup}",
            "f.yaml:1:1: missing key 'range' (lowest and highest draw; gaussian: mean and standard deviation)",
        ),
    ],
)
def test_settings_of_randomizers(text: str, message: str) -> None:
    assert mistake(RandomizerConfig, text) == message


class Window(PluginConfig):
    low: float = setting(0.0)
    high: float = setting(1.0)

    def check(self) -> None:
        if self.low >= self.high:
            raise ConfigError(f"low: expected less than high; got {self.low:g} and {self.high:g}")


class Pane(PluginConfig):
    window: Window = setting(Window())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{low: 2, high: 1}", "f.yaml:1:7: low: expected less than high; got 2 and 1"),
        ("{low: 2, high: x}", "f.yaml:1:16: high: expected a number; got text 'x'"),
        ("high: -1", "f.yaml:1:1: low: expected less than high; got 0 and -1"),
    ],
)
def test_settings_that_do_not_fit_each_other(text: str, message: str) -> None:
    assert mistake(Window, text) == message


def test_inner_settings_that_do_not_fit_each_other() -> None:
    assert (
        mistake(Pane, "window: {low: 2}") == "f.yaml:1:15: window.low: expected less than high; got 2 and 1"
    )


@dataclass(frozen=True)
class Host:
    """Steps."""

    model: Path = field(metadata={"help": "MJCF file"})
    worlds: int = field(default=1, metadata={"ge": 1, "help": "how many"})
    solver: Literal["newton", "cg"] = "newton"
    gains: list[float] = field(default_factory=lambda: [1.0], metadata={"unit": "N/m"})


def test_a_dataclass_becomes_a_checked_model() -> None:
    rows = {s.key: (s.type, s.unit, s.default, s.range, s.help) for s in describe_settings(model_of(Host))}
    assert rows == {
        "model": ("path", "", "required", "", "MJCF file"),
        "worlds": ("whole number", "", "1", ">= 1", "how many"),
        "solver": ("newton | cg", "", "newton", "", ""),
        "gains": ("[number, ...]", "[N/m]", "[1]", "", ""),
    }


def test_only_dataclasses_describe_hosts() -> None:
    with pytest.raises(TypeError, match="is not a dataclass"):
        model_of(int)


def test_settings_as_text() -> None:
    rows = [(s.key, s.type, s.unit, s.default, s.range) for s in describe_settings(Config)]
    assert rows == [
        ("rate", "number | null", "[Hz]", "null", "> 0"),
        ("noise", "mapping", "", "", ""),
        ("noise.bias", "number", "[m/s]", "0", ""),
        ("gains", "{text: [number, number]}", "", "{}", ""),
        ("layers", "[mapping, ...]", "", "[]", ""),
        ("name", "text", "", "a", "matches [a-z]+"),
    ]


def test_schema(plugin_folder: Callable[..., Path], hosts: Any) -> None:
    made = schema(Registry([plugin_folder()]), hosts)
    json.dumps(made)
    assert made["required"] == ["duration", "host"]
    assert made["additionalProperties"] is False
    sections = {s["title"]: s for s in made["properties"]["plugins"]["additionalProperties"]["oneOf"]}
    meter = sections["meter"]
    assert meter["required"] == ["type", "body"]
    assert meter["properties"]["type"] == {"const": "meter"}
    assert meter["properties"]["max_range"]["exclusiveMinimum"] == 0
    assert meter["properties"]["max_range"]["unit"] == "m"
    assert made["properties"]["host"]["oneOf"][0]["properties"]["worlds"]["minimum"] == 1
