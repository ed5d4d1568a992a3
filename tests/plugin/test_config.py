"""YAML as values with places: the core schema of YAML 1.2.2, section 10.3.2, and errors to the column."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from robokern.errors import ConfigError
from robokern.plugin.config import Document, Place, dump, parse, read


def value_of(scalar: str) -> Any:
    return parse(f"key: {scalar}", "f.yaml").value["key"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1E3", 1e3),
        (".5", 0.5),
        ("-1.", -1.0),
        ("+12", 12),
        ("0", 0),
        ("0x1F", 31),
        ("0o17", 15),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("'010'", "010"),
        ('"1"', "1"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("2026-01-01", "2026-01-01"),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, value: Any) -> None:
    got = value_of(text)
    assert got == value
    assert type(got) is type(value)


def test_nan() -> None:
    assert math.isnan(value_of(".nan"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a:\n  b: 010\n",
            "f.yaml:2:6: a.b: '010' has a leading zero; write 10 for the number, 0o10 for octal, '010' in quotes for text",
        ),
        (
            "a: -09",
            "f.yaml:1:4: a: '-09' has a leading zero; write -9 for the number, '-09' in quotes for text",
        ),
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: a: given twice: first on line 1, again on line 3; keep one"),
        ("a: {b: 1, b: 2}", "f.yaml:1:11: a.b: given twice: first on line 1, again on line 1; keep one"),
        ("- 1", "f.yaml:1:1: expected `key: value` lines at the top; got a list of 1"),
        ("", "f.yaml: the file is empty; expected `key: value` lines"),
        ("# nothing\n", "f.yaml: the file is empty; expected `key: value` lines"),
        ("a: !!int 5", "f.yaml:1:4: a: tags are not supported; remove 'tag:yaml.org,2002:int'"),
        ("a: &x [*x]", "f.yaml:1:4: a[0]: an alias that contains itself"),
        ("a: {<<: {b: 1}}", "f.yaml:1:5: a: merge keys (<<) are not part of YAML 1.2; write the keys out"),
        ("[1]: 2", "f.yaml:1:1: a key must be text"),
        ("a: b: c", "f.yaml:1:5: not YAML: mapping values are not allowed in this context"),
    ],
)
def test_refusals(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "f.yaml")
    assert str(caught.value) == message


def test_places_of_keys_and_values() -> None:
    document = parse("a:\n  b: [1, 2]\n", "f.yaml")
    assert document.keys[("a", "b")] == Place("f.yaml", 2, 3)
    assert document.values[("a", "b", 1)] == Place("f.yaml", 2, 10)
    assert document.place(("a", "c", "d")) == document.values[("a",)]


def test_aliases_are_copies_of_their_anchor() -> None:
    assert parse("a: &x {b: 1}\nc: *x\n", "f.yaml").value == {"a": {"b": 1}, "c": {"b": 1}}


def test_unreadable_files(tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    with pytest.raises(ConfigError, match=re.escape(f"{missing}: cannot read it: no such file")):
        read(missing)
    with pytest.raises(ConfigError, match="cannot read it: is a directory"):
        read(tmp_path)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"a: caf\xe9")
    with pytest.raises(ConfigError, match=r"latin.yaml: not UTF-8 text: byte 6 is 0xe9"):
        read(latin)


def overridden(*texts: str) -> Document:
    document = parse("a: {b: {c: 1, d: 2}}\ne: 3\n", "f.yaml")
    for text in texts:
        document.override(text)
    return document


def test_overrides() -> None:
    document = overridden("a.b.c=1e-3", "a.x.y=[1, no]", "e=")
    assert document.value == {"a": {"b": {"c": 1e-3, "d": 2}, "x": {"y": [1, "no"]}}, "e": None}
    assert document.place(("a", "b", "c")) == Place("--set a.b.c=1e-3")
    assert document.place(("a", "b", "d")).line == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", "--set a: expected KEY.KEY=VALUE, such as plugins.roof_lidar.max_range=20"),
        ("=1", "--set =1: expected KEY.KEY=VALUE, such as plugins.roof_lidar.max_range=20"),
        ("a..b=1", "--set a..b=1: expected KEY.KEY=VALUE, such as plugins.roof_lidar.max_range=20"),
        ("e.f=1", "--set e.f=1: e.f: cannot be set: e is 3, not a mapping"),
        ("a.b.c=010", "--set a.b.c=010: a.b.c: '010' has a leading zero; write 10 for the number, "
         "0o10 for octal, '010' in quotes for text"),
        ("a=[", "--set a=[: not YAML: while parsing a flow node: did not find expected node content"),
    ],
)  # fmt: skip
def test_overrides_that_are_wrong(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        overridden(text)
    assert str(caught.value) == message


ALPHABET = "aZe01.+-_ :#,'\"[]{}&*!|>%@`~\\?=\n\té\u2028😀"
texts = st.text(st.sampled_from(ALPHABET), max_size=12)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
keys = st.text(st.sampled_from("ab01 .-:#é"), min_size=1, max_size=6)
trees = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=20)


@given(st.dictionaries(keys, trees))
def test_dump_and_parse_are_inverse(value: dict[str, Any]) -> None:
    assert parse(dump(value) or "{}", "f.yaml").value == value


@given(
    st.dictionaries(st.just("key"), st.booleans() | st.integers(-999, 999) | st.floats(-1e9, 1e9), min_size=1)
)
def test_stock_loaders_read_what_we_dump(value: dict[str, Any]) -> None:
    assert yaml.safe_load(dump(value)) == value


@given(st.text(st.sampled_from(ALPHABET), max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text, "f.yaml")
    except ConfigError as error:
        assert "\n" not in str(error)
