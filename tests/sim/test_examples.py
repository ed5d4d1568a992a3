"""Every plugin's example runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from robokern.sim.run import run_file

pytest.importorskip("mujoco", reason="the examples' simulator")

EXAMPLES = sorted((Path(__file__).parents[2] / "plugins").glob("*/example.yaml"))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.parent.name)
def test_the_example_runs(file: Path, tmp_path: Path):
    result = run_file(file, [f"output={tmp_path}", "duration=0.2"])
    assert result.summary["completed"] is True
    assert {part["type"] for part in result.summary["parts"].values()} > {file.parent.name}


def test_every_plugin_has_one():
    folders = {manifest.parent for manifest in EXAMPLES[0].parents[1].glob("*/plugin.yaml")}
    assert {file.parent for file in EXAMPLES} == folders
