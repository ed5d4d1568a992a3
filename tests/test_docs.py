"""Links between the project's pages lead somewhere, and their programs run and print what they say."""

from __future__ import annotations

import re
import runpy
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PRINTED = re.compile(r"^ *print\(.*\) +# (.*)$", re.MULTILINE)


def pages() -> list[Path]:
    found = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [ROOT / line for line in found.stdout.splitlines()] or sorted(ROOT.glob("docs/**/*.md"))


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links(page: Path) -> None:
    targets = [t for t in LINK.findall(page.read_text()) if "://" not in t]
    assert [t for t in targets if not (page.parent / t).exists()] == []


def program(page: Path, framework: str | None) -> str:
    """The page's blocks of Python, without those for another framework."""
    others = {"torch", "jax"} - {framework}
    blocks = BLOCK.findall(page.read_text())
    return "\n".join(b for b in blocks if not any(f"import {other}\n" in b for other in others))


@pytest.mark.parametrize(
    ("page", "framework", "lines"),
    [
        ("README.md", None, 1),
        ("docs/gradients.md", None, 10),
        ("docs/gradients.md", "torch", 11),
        ("docs/gradients.md", "jax", 11),
    ],
)
def test_programs(
    page: str, framework: str | None, lines: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if framework:
        pytest.importorskip(framework, reason=f"the page's block uses it: pip install robokern[{framework}]")
    file = tmp_path / "page.py"
    file.write_text(program(ROOT / page, framework))
    runpy.run_path(str(file))
    expected = PRINTED.findall(file.read_text())
    assert len(expected) >= lines
    assert capsys.readouterr().out.splitlines() == expected
