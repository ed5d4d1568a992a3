"""Many random programs, in processes of their own: `python -m tests.random_programs.nightly --help`.

Program number k is drawn from the seed k, so a run goes on where an earlier one of the same day stopped, and
several machines share one run by `--shard i/n` (and one `--first`). Each number stands for two programs: one
whose compiled code must give the interpreter's bits, and one that the interpreter must run as Python does. A
process that dies is started again behind the program that killed it.

`--kind gradients` runs differentiable programs instead: reverse mode against forward mode and differences.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from robokern.runtime import cache
from tests.random_programs.comparing import check, check_front_end
from tests.random_programs.generator import Generator, Program

Check = Callable[[Program, Path], None]
MOST = 500  # numbers a process examines: each leaves its syntax tree and code behind, 3 MB
MORE = 75  # exit status of a process that has not come to the end
PATIENCE = 300.0  # a number takes longer when its programs do not end [s]
CHECKS: dict[str, tuple[Check, bool]] = {"compiled": (check, True), "front end": (check_front_end, False)}


@dataclass
class Finding:
    """A program that went wrong; `number` draws it again."""

    number: int
    check: str
    error: str
    source: str


class Choices:
    """The choices a program is drawn by: replayed from a list, then 0, or drawn at random and listed."""

    def __init__(self, given: list[int] | None = None, seed: int = 0) -> None:
        self.given, self.taken = given, list[int]()
        self.random = random.Random(seed)

    def __call__(self, n: int) -> int:
        if self.given is None:
            chosen = self.random.randrange(n)
        else:
            at = len(self.taken)
            chosen = min(self.given[at], n - 1) if at < len(self.given) else 0
        self.taken.append(chosen)
        return chosen


def error_of(check: Check, program: Program) -> str | None:
    """What goes wrong with a program: the first line of it."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            check(program, Path(folder))
        except Exception as error:  # whatever it is, it is a finding
            return f"{type(error).__name__}: {error}".strip()
    return None


def shrunk(choices: list[int], fails: Callable[[list[int]], bool], seconds: float = 60.0) -> list[int]:
    """Fewer and smaller choices by which a program still fails."""
    end, size = time.monotonic() + seconds, len(choices) // 2
    while size:
        at = 0
        while at < len(choices) and time.monotonic() < end:
            without = choices[:at] + choices[at + size :]
            zeroed = choices[:at] + [0] * len(choices[at : at + size]) + choices[at + size :]
            better = next((c for c in (without, zeroed) if c != choices and fails(c)), None)
            choices, at = (
                (better, at)
                if better is not None and len(better) < len(choices)
                else (better or choices, at + size)
            )
        size //= 2
    return choices


def examine(number: int) -> Iterator[Finding]:
    """Runs the programs of one number."""
    for name, (run, library) in CHECKS.items():
        drawn = Choices(seed=number)
        if error_of(run, Generator(drawn, library).program()) is None:
            continue

        def fails(choices: list[int], run: Check = run, library: bool = library) -> bool:
            return error_of(run, Generator(Choices(choices), library).program()) is not None

        smallest = Generator(Choices(shrunk(drawn.taken, fails)), library).program()
        yield Finding(number, name, error_of(run, smallest) or "", smallest.source)


def examine_gradients(number: int) -> Iterator[Finding]:
    """The differentiable program of one number; scalar code, as wide code is slow to make."""
    import robokern as rk
    from tests.autodiff import agreement, programs

    rk.config.cpu_lanes = 1
    try:
        reason = agreement.check(number) or ""
        wrong = reason if reason.startswith("refused") else ""
    except Exception as error:  # whatever it is, it is a finding
        wrong = f"{type(error).__name__}: {error}".strip()
    if wrong:
        yield Finding(number, "gradients", wrong, programs.program(number))


EXAMINE: dict[str, Callable[[int], Iterator[Finding]]] = {
    "programs": lambda number: examine(number),
    "gradients": examine_gradients,
}


class Journal:
    """A shard's file: a line before each number, a line for each finding."""

    def __init__(self, folder: Path, shard: int, shards: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"shard_{shard}_of_{shards}.jsonl"

    def lines(self) -> list[Any]:
        """What was written; a line cut short by a kill is left out."""
        text = self.path.read_text() if self.path.exists() else ""
        return [found for line in text.splitlines() if (found := _parsed(line)) is not None]

    def write(self, **line: Any) -> None:
        """Adds a line, at once."""
        with self.path.open("a") as file:
            file.write("\n" + json.dumps(line))  # not after a line cut short


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None


def run_shard(journal: Journal, numbers: range, kind: str = "programs") -> None:
    """Examines numbers that the journal does not list, all but those that killed their process."""
    own = cache.ObjectCache(Path(tempfile.mkdtemp()))
    cache.object_cache = lambda: own  # nobody launches these kernels again
    begun = {line["begin"] for line in journal.lines() if "begin" in line}
    left = [number for number in numbers if number not in begun]
    for number in left[:MOST]:
        journal.write(begin=number)
        for finding in EXAMINE[kind](number):
            journal.write(**asdict(finding))
        journal.write(end=number)
    if left[MOST:]:
        os._exit(MORE)  # at once: what it leaves behind takes long to free


def findings(journal: Journal, numbers: range) -> tuple[int, list[Finding]]:
    """How many numbers are done, and what they found; one without its end killed its process."""
    lines = [
        line for line in journal.lines() if line.get("begin", line.get("end", line.get("number"))) in numbers
    ]
    ends = {line["end"] for line in lines if "end" in line}
    found = [Finding(**line) for line in lines if "number" in line]
    begun = [line["begin"] for line in lines if "begin" in line]
    died = [Finding(n, "either", "the process died", "") for n in begun if n not in ends]
    return len(begun), found + died


def run(
    count: int,
    first: int,
    shard: tuple[int, int],
    processes: int,
    folder: Path,
    kind: str = "programs",
) -> int:
    """Runs every process's share and prints the summary; 0 when nothing was found."""
    start, (index, total) = time.monotonic(), shard
    shares = [(index * processes + k, total * processes) for k in range(processes)]
    running = [Worker(share, count, first, folder, kind) for share in shares]
    while running:
        time.sleep(0.2)
        running = [worker for worker in running if worker.goes_on()]
    minutes = (time.monotonic() - start) / 60
    results = [findings(Journal(folder, *share), _numbers(share, count, first)) for share in shares]
    return _summarise(sum(n for n, _ in results), [f for _, fs in results for f in fs], minutes, processes)


class Worker:
    """A share's process, started again when a program kills it or does not end, and after `MOST` numbers."""

    def __init__(
        self, share: tuple[int, int], count: int, first: int, folder: Path, kind: str = "programs"
    ) -> None:
        options = [
            "--work",
            f"{share[0]}/{share[1]}",
            "--programs",
            count,
            "--first",
            first,
            "--folder",
            folder,
            "--kind",
            kind,
        ]
        self.command = [sys.executable, "-m", "tests.random_programs.nightly", *map(str, options)]
        self.journal = Journal(folder, *share)
        self.start()

    def start(self) -> None:
        """Starts the process."""
        self.begun = self.size()
        self.seen, self.seen_at = self.begun, time.monotonic()
        self.process = subprocess.Popen(self.command)

    def size(self) -> int:
        """Bytes in its journal."""
        return self.journal.path.stat().st_size if self.journal.path.exists() else 0

    def goes_on(self) -> bool:
        """Whether it still works.

        Raises:
            RuntimeError: it died before its first program.
        """
        size = self.size()
        if size != self.seen:
            self.seen, self.seen_at = size, time.monotonic()
        elif time.monotonic() - self.seen_at > PATIENCE:
            self.process.kill()
            self.process.wait()
        status = self.process.poll()
        if status and size == self.begun:
            raise RuntimeError(f"it ended with {status} before a program ran: {' '.join(self.command)}")
        if status:
            self.start()
        return status is None or status != 0


def _numbers(share: tuple[int, int], count: int, first: int) -> range:
    return range(first + share[0], first + count, share[1])


def _summarise(done: int, found: list[Finding], minutes: float, processes: int) -> int:
    for finding in sorted(found, key=lambda f: f.number):
        print(f"--- number {finding.number}, {finding.check}: {finding.error}\n{finding.source}")
    seeds = ", ".join(str(n) for n in sorted({f.number for f in found})) or "none"
    rate = done / max(minutes, 1e-9) / processes
    print(
        f"random programs: {done} numbers, {len(found)} mismatches (seeds: {seeds}), {processes} processes, "
        f"{minutes:.1f} min, {rate:.0f} numbers a minute and process"
    )
    return 1 if found else 0


def _fraction(text: str) -> tuple[int, int]:
    index, total = map(int, text.split("/"))
    if not 0 <= index < total:
        raise argparse.ArgumentTypeError(f"expected i/n with 0 <= i < n, got {text}")
    return index, total


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.random_programs.nightly", description=__doc__)
    parser.add_argument("--programs", type=int, default=20000, help="how many numbers")
    today = int(time.strftime("%Y%m%d")) * 100_000
    parser.add_argument(
        "--first", type=int, default=today, help="the first number; default: another each day"
    )
    parser.add_argument("--shard", type=_fraction, default=(0, 1), help="i/n: this machine's share")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--kind", choices=EXAMINE, default="programs")
    parser.add_argument("--folder", type=Path, help="journals, to go on from; default: out/random_KIND")
    parser.add_argument("--work", type=_fraction, help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.folder = given.folder or Path(f"out/random_{given.kind}")
    if given.work:
        numbers = _numbers(given.work, given.programs, given.first)
        run_shard(Journal(given.folder, *given.work), numbers, given.kind)
        return 0
    return run(given.programs, given.first, given.shard, given.processes, given.folder, given.kind)


if __name__ == "__main__":
    raise SystemExit(main())
