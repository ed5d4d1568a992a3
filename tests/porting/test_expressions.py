"""Functions of the surface under both imports, on random arguments of each of their types."""

from __future__ import annotations

import pytest

from . import both
from .expressions import rows

pytest.importorskip("warp", reason="warp-lang is not installed: pip install robokern[bench]")
pytestmark = pytest.mark.slow

ROWS = rows()
TEMPLATE = """
@m.kernel
def k{number}({parameters}, out: m.array(dtype={result})):
    i = m.tid()
{reads}
    out[i] = {expression}
"""


def spelled(name: str) -> str:
    """How a kernel writes a type."""
    return name if name == "bool" else f"m.{name}"


def source() -> str:
    """A kernel for each expression."""
    text = f"{both.HEAD}\n"
    for number, (_, _, expression, types, result) in enumerate(ROWS):
        names = list(zip("abc", types, strict=False))
        text += TEMPLATE.format(
            number=number,
            parameters=", ".join(f"all_{n}: m.array(dtype={spelled(t)})" for n, t in names),
            reads="\n".join(f"    {n} = all_{n}[i]" for n, _ in names),
            result=spelled(result),
            expression=expression,
        )
    return text


TEXT = source()


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> both.Both:
    return both.load(TEXT, tmp_path_factory.mktemp("kernels"), "expressions")


@pytest.mark.parametrize("number", range(len(ROWS)), ids=[f"{r[2]} {' '.join(r[3])}" for r in ROWS])
def test_same_result(modules: both.Both, number: int) -> None:
    _, tolerance, expression, _, _ = ROWS[number]
    _, ours, theirs = both.results(modules, f"k{number}")[-1]
    both.assert_close(ours, theirs, tolerance, expression)


def test_at_least_two_hundred() -> None:
    assert len({(e, *t) for _, _, e, t, _ in ROWS}) == len(ROWS) >= 200
