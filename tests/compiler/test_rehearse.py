"""The first compilation of a process may be done beforehand."""

from __future__ import annotations

import pytest

from robokern.compiler import build
from robokern.compiler.rehearse import rehearse
from robokern.compiler.target import Target, cpu, cuda
from robokern.ir.nodes import Func


@pytest.mark.parametrize("target", [cuda(), cpu()], ids=["cuda", "cpu"])
def test_it_goes_all_the_way_to_code(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bytes] = []

    def compile_and_keep(func: Func, target: Target) -> bytes:
        made.append(original(func, target))
        return made[-1]

    original = build.compile
    monkeypatch.setattr(build, "compile", compile_and_keep)
    rehearse(target)
    (code,) = made
    assert b"entry" in code
