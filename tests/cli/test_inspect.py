"""`robokern inspect`: what it prints, and one line for each mistake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from robokern.cli.main import main

KERNELS = """
from typing import Any
import robokern as rk

@rk.kernel
def scale(a: rk.array(dtype=rk.vec3), s: float):
    a[rk.tid()] *= s

@rk.kernel
def fill(a: rk.array(dtype=Any), value: Any):
    a[rk.tid()] = value

@rk.kernel
def wrong(a: rk.array(dtype=float)):
    a[rk.tid()] = 1
"""
Output = pytest.CaptureFixture[str]


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "kernels_to_inspect.py"
    path.write_text(KERNELS)
    return str(path)


def test_the_program_by_default(file: str, capsys: Output) -> None:
    assert main(["inspect", f"{file}:scale"]) == 0
    program = capsys.readouterr().out
    assert "scale" in program
    assert "store" in program
    assert main(["inspect", f"{file}:scale", "--ir", "--device", "ref"]) == 0
    assert capsys.readouterr().out == program


def test_llvm_and_assembly(file: str, capsys: Output) -> None:
    assert main(["inspect", f"{file}:scale", "--llvm"]) == 0
    assert "define void @entry(" in capsys.readouterr().out
    assert main(["inspect", f"{file}:scale", "--asm"]) == 0
    assert "entry:" in capsys.readouterr().out


def test_the_width_and_what_varies(file: str, capsys: Output) -> None:
    assert main(["inspect", f"{file}:scale", "--lanes"]) == 0
    head, *values = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"\d+ at once: 1 x \d+ bits, arithmetic mostly of 32", head)
    assert values[0].split()[:2] == ["tid", "+1"]
    assert {"uniform", "varying"} & {word for line in values for word in line.split()}


def test_all_parts_at_once(file: str, capsys: Output) -> None:
    assert main(["inspect", f"{file}:scale", "--ir", "--llvm", "--asm", "--strided"]) == 0
    printed = capsys.readouterr().out
    places = [printed.index(f"; {part}\n") for part in ("program", "LLVM IR", "assembly")]
    assert places == sorted(places)


def test_a_generic_kernel_with_types(file: str, capsys: Output) -> None:
    assert main(["inspect", f"{file}:fill", "--types", "a=array(dtype=vec3)", "value=vec3"]) == 0
    assert "vec3" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["{file}:scal"], "{file}: unknown kernel 'scal'; did you mean 'scale'? (there are: "),
        (["{file}"], "expected FILE.py:KERNEL, got "),
        (["nowhere.py:scale"], "nowhere.py: cannot read it: no such file"),
        (["{file}:fill"], "kernel 'fill' is generic: add --types a=... value=..."),
        (["{file}:fill", "--types", "b=float"], "--types: kernel fill: parameter 'b' cannot be "),
        (["{file}:fill", "--types", "a=no_type"], "--types: 'a=no_type': expected NAME=TYPE such as "),
        (["{file}:scale", "--device", "gpu"], "device 'gpu': there is no such device; choose one of: "),
        (["{file}:scale", "--device", "ref", "--asm"], "--device: 'ref' interprets the program"),
    ],
)
def test_mistakes_take_one_line(file: str, capsys: Output, words: list[str], message: str) -> None:
    assert main(["inspect", *(word.format(file=file) for word in words)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message.format(file=file) in printed.err
    assert printed.err.count("\n") == 1


def test_a_file_that_does_not_run(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "does_not_run.py"
    path.write_text("1 / 0")
    assert main(["inspect", f"{path}:k"]) == 2
    assert capsys.readouterr().err == f"{path}: cannot import it: ZeroDivisionError: division by zero\n"


def test_a_kernel_that_does_not_compile_shows_its_line(file: str, capsys: Output) -> None:
    assert main(["inspect", f"{file}:wrong"]) == 2
    first, *rest = capsys.readouterr().err.splitlines()
    assert first.startswith(f"{file}:15:")
    assert "expected float32, got int32" in first
    assert rest[0].strip() == "a[rk.tid()] = 1"
