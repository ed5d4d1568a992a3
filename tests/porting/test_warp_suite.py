"""The runner of Warp's own tests: what it counts, and modules of it that pass whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import warp_suite
from .warp_suite_causes import MODULES, cause_of

pytest.importorskip("warp", reason="warp-lang is not installed: pip install robokern[bench]")

WHOLE = """
test_bool test_closest_point_edge_edge test_enum test_fp16 test_lerp test_quat_assign_copy test_smoothstep
test_vec_lite matrix.test_mat_lite
"""


def test_outcomes_are_counted_by_cause():
    module = warp_suite.Module("test_x")
    module.outcomes = {
        "T.a": "passed",
        "T.b": "skipped",
        "T.c": "NotImplementedError: inside Warp: warp._src.x",
        "T.d": "AssertionError: 1 != 2",
        "T.e": "AssertionError: ValueError not raised",
    }
    assert module.row() == "| test_x | 4 | 1 | 3 | internals 1, open 1, no error 1 |"
    assert warp_suite.table([module]).splitlines()[-1].startswith("| all together | 4 | 1 | 3 |")
    assert "T.d | open | AssertionError: 1 != 2" in warp_suite.details([module])


def test_numbers_that_differ_are_never_explained_away():
    for text in ("AssertionError: Not equal to tolerance", "AssertionError: Arrays are not equal"):
        assert cause_of("test_x", "TestX.test_y_cpu", text) == "open"


@pytest.mark.slow
def test_modules_that_pass_whole(tmp_path: Path):
    warp_suite.copied_tests(tmp_path)
    for name in WHOLE.split():
        module = warp_suite.run(name, tmp_path, seconds=60)
        assert name in MODULES and module.outcomes, name
        assert [f for f in module.failed if cause_of(name, *f) in ("open", "no error")] == [], name


@pytest.mark.slow
def test_a_module_that_ends_its_process_is_told(tmp_path: Path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "__init__.py").write_text("")
    helpers = "import unittest\ndef get_test_devices(mode=None): return []\n"
    (tmp_path / "tests" / "unittest_utils.py").write_text(helpers)
    text = """
import os, unittest

class TestX(unittest.TestCase):
    def test_a(self): os._exit(3)
    def test_b(self): pass
    def test_c(self): self.fail("c")
"""
    (tmp_path / "tests" / "test_x.py").write_text(text)
    outcomes = warp_suite.run("test_x", tmp_path, seconds=5).outcomes
    assert outcomes["TestX.test_a"].startswith("the process ended with 3")
    assert outcomes["TestX.test_b"] == "passed" and outcomes["TestX.test_c"].startswith("AssertionError: c")
