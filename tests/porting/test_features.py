"""Every construct of the kernel language that Warp 1.19 has, under both imports: `features/*.py`.

Warp compiles one module of all of them.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import robokern as rk

from . import both

pytest.importorskip("warp", reason="warp-lang is not installed: pip install robokern[bench]")
pytestmark = pytest.mark.slow

FILES = sorted((both.HERE / "features").glob("*.py"))
# a few roundings of float32; Warp's compiler fuses a * b + c where it likes, ours where it is written
TOLERANCE = 4e-6


def together(files: list[Path]) -> str:
    """The files as one module: their heads once."""
    heads = ("from typing import Any\n", "from __future__ import annotations\n", f"{both.HEAD}\n")
    text = "".join(path.read_text() for path in files)
    for head in heads:
        text = text.replace(head, "")
    return f"from typing import Any\n\n{both.HEAD}\n{text}"


TEXT = together(FILES)
NAMES = sorted(
    n for n, x in rk.from_source(TEXT, "features").items() if isinstance(x, rk.Kernel) and not x.is_generic
)


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> both.Both:
    return both.load(TEXT, tmp_path_factory.mktemp("kernels"), "features")


@pytest.mark.parametrize("name", NAMES)
def test_same_results(modules: both.Both, name: str) -> None:
    arrays = both.results(modules, name)
    assert any(ours.tobytes().strip(b"\0") for n, ours, _ in arrays if n.startswith("out")), "all zero"
    for array, ours, theirs in arrays:
        both.assert_close(ours, theirs, TOLERANCE, array)


def test_no_name_is_used_twice() -> None:
    lines = [line for line in TEXT.splitlines() if line.startswith(("def ", "class "))]
    names = Counter(line.split("(")[0].split(":")[0] for line in lines)
    overloads = {"def kind_of", "def widths", "def doubled"}
    assert {n for n, count in names.items() if count > 1} <= overloads
