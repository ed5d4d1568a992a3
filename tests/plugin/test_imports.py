"""Plugins are written against the public surface, as third parties write theirs."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from robokern.plugin.registry import built_in_folder

# picture.py is a script that redraws the README's picture, not part of the plugin
FILES = sorted(
    f for f in built_in_folder().glob("*/*.py") if not f.name.startswith("test_") and f.name != "picture.py"
)


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_plugin_imports_robokern_and_nothing_below(file: Path) -> None:
    others = [name for name in imported(file) if name.split(".")[0] not in sys.stdlib_module_names]
    assert [name for name in others if name != "robokern" and name.split(".")[0] != "numpy"] == []
