"""Every mistake users make, a file each in `cases/`; the error's exact text is in `<case>.txt`.

The kernels of `gradient_*.py` have no exact derivative, or none can be written in them.

To accept changed texts: `python tests/errors/test_errors.py`, then read the diff.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

import robokern as rk
from robokern.compiler.adjoint import adjoint
from robokern.compiler.frontend import lower

FOLDER = Path(__file__).parent / "cases"
CASES = sorted(FOLDER.glob("*.py"))


def message(case: Path) -> str:
    """What the compiler says about the kernel `bad` of a file, with the file's name instead of its path."""
    with pytest.raises((rk.KernelError, rk.AdjointError)) as raised:
        kernel = runpy.run_path(str(case))["bad"]
        func = lower(kernel, tuple(t for _, t in kernel.params))
        if case.stem.startswith("gradient_"):
            adjoint(func, frozenset(range(len(func.params))), 1)
    return str(raised.value).replace(str(case), case.name) + "\n"


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.stem)
def test_message(case: Path) -> None:
    assert message(case) == case.with_suffix(".txt").read_text()


def test_each_case_says_something_else() -> None:
    texts = [case.with_suffix(".txt").read_text().split(": ", 1)[1] for case in CASES]
    assert len(set(texts)) == len(texts) >= 40


if __name__ == "__main__":
    for case in CASES:
        case.with_suffix(".txt").write_text(message(case))
