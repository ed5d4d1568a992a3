"""A bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io

import pytest

from robokern.sim import progress
from robokern.sim.progress import Progress

pytest.importorskip("rich", reason="draws the bar; in the sim extra")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(stream: io.StringIO) -> str:
    with Progress(100, 0.01, 8, stream) as shown:
        for step in range(1, 101):
            shown.update(step)
    return stream.getvalue()


def test_plain_lines_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch):
    (line,) = run(io.StringIO()).splitlines()
    assert line.startswith("step 100/100  t = 1.00 s  ")
    assert "steps/s" in line
    assert "x real time" in line
    assert "\x1b" not in line
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    assert len(run(io.StringIO()).splitlines()) == 100


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    text = run(Terminal())
    assert "100/100" in text
    assert "steps/s" in text
    assert "x real time" in text
    assert "\x1b[" in text
