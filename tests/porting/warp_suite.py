"""Warp's own test-suite with robokern in Warp's place: how well programs port.

    python -m tests.porting.warp_suite                      # the modules of `MODULES`, a table at the end
    python -m tests.porting.warp_suite test_func test_struct --table table.md

The modules are those installed (`pip install robokern[bench]`), run from a copy that is thrown away; nothing
of them is kept here. Each runs in a process of its own and each test has a time limit; a test that kills its
process is counted and the rest resumed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.porting.warp_suite_causes import MODULES, cause_of

SECONDS = 60  # for one test


@dataclass
class Module:
    """What became of one test module.

    Attributes:
        outcomes: by test: `passed`, `skipped`, or what went wrong.
        seconds: how long it took.
    """

    name: str
    outcomes: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def causes(self) -> Counter[str]:
        """How many tests failed for each reason."""
        return Counter(cause_of(self.name, test, text) for test, text in self.failed)

    @property
    def failed(self) -> Iterator[tuple[str, str]]:
        """Tests that did not pass, with what they said."""
        return ((test, text) for test, text in self.outcomes.items() if text not in ("passed", "skipped"))

    def row(self) -> str:
        """Its line of the table."""
        ran = sum(text != "skipped" for text in self.outcomes.values())
        passed = sum(text == "passed" for text in self.outcomes.values())
        causes = ", ".join(f"{cause} {count}" for cause, count in self.causes.most_common())
        return f"| {self.name} | {ran} | {passed} | {ran - passed} | {causes} |"


def copied_tests(to: Path) -> None:
    """A copy of the installed tests: some write to their own files."""
    spec = importlib.util.find_spec("warp")
    assert spec is not None and spec.origin is not None, "pip install robokern[bench]"
    shutil.copytree(Path(spec.origin).parent / "tests", to / "tests", ignore=shutil.ignore_patterns("*.pyc"))


def run(name: str, folder: Path, seconds: int) -> Module:
    """Runs one module, of the tests in `folder`, in processes of its own: another after each that dies."""
    module, start = Module(name), time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        while True:
            log = Path(scratch, "outcomes")
            log.unlink(missing_ok=True)
            code, tail = _child(name, folder, log, module.outcomes, seconds)
            running = _read(log, module.outcomes)
            if code == 0:
                break
            module.outcomes[running or "import"] = f"the process ended with {code}: {tail}"
            if running is None:
                break
    module.seconds = time.monotonic() - start
    return module


def _child(name: str, folder: Path, log: Path, done: Iterable[str], seconds: int) -> tuple[int, str]:
    """Runs what is not done yet; its exit code and last line."""
    arguments = [name, str(folder), str(log), str(seconds)]
    command = [sys.executable, "-m", "tests.porting.warp_suite_child", *arguments]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        command, input=json.dumps([*done]), capture_output=True, text=True, errors="replace", env=environment
    )
    lines = ended.stderr.strip().splitlines() or [""]
    return ended.returncode, lines[-1]


def _read(log: Path, outcomes: dict[str, str]) -> str | None:
    """Takes over what a process wrote down; gives the test it was in the middle of, if any."""
    running = None
    for line in log.read_text().splitlines() if log.exists() else []:
        test, text = json.loads(line)
        running = test if text is None else None
        if text is not None:
            outcomes[test] = text
    return running


def table(modules: list[Module]) -> str:
    """All modules, a line each, and their sum."""
    head = ["| module | ran | passed | failed | failed by cause |", "|---|---|---|---|---|"]
    total = Module("all together")
    for module in modules:
        total.outcomes.update({f"{module.name}.{t}": text for t, text in module.outcomes.items()})
    causes = sum((m.causes for m in modules), Counter[str]())
    row = total.row().split("|")[:5]
    closing = "|".join([*row, " " + ", ".join(f"{c} {n}" for c, n in causes.most_common()) + " |"])
    return "\n".join([*head, *(m.row() for m in modules), closing]) + "\n"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", help=f"default: {' '.join(MODULES)}")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="limit for one test")
    parser.add_argument("--table", type=Path, help="where to write the table")
    parser.add_argument("--details", type=Path, help="where to write each failure with its message")
    options = parser.parse_args()
    modules = []
    with tempfile.TemporaryDirectory() as folder:
        copied_tests(Path(folder))
        for name in options.modules or MODULES:
            modules.append(run(name, Path(folder), options.seconds))
            print(modules[-1].row(), f"{modules[-1].seconds:.0f} s", flush=True)
    print(table(modules))
    if options.table:
        options.table.write_text(table(modules))
    if options.details:
        options.details.write_text(details(modules))


def details(modules: list[Module]) -> str:
    """Each failure: module, test, cause, message."""
    lines = [
        " | ".join((m.name, test, cause_of(m.name, test, text), text))
        for m in modules
        for test, text in m.failed
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
