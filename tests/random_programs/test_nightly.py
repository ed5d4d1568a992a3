"""The nightly run: shares, going on after a kill, findings and their smallest program."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.random_programs import nightly
from tests.random_programs.generator import Generator


def fails_on_loops(program, folder):
    if "while" in program.source:
        raise ValueError("a loop")


def test_choices_draw_a_program_again():
    first = nightly.Choices(seed=7)
    program = Generator(first, True).program()
    again = Generator(nightly.Choices(first.taken), True).program()
    assert (again.source, again.seed, again.items) == (program.source, program.seed, program.items)
    Generator(nightly.Choices([]), True).program()  # all choices 0: the simplest program


def test_a_finding_is_shrunk(monkeypatch):
    monkeypatch.setattr(nightly, "CHECKS", {"loops": (fails_on_loops, True)})
    drawn = ((n, Generator(nightly.Choices(seed=n), True).program().source) for n in range(1000))
    number, source = next((n, s) for n, s in drawn if "while" in s and len(s) > 2000)
    (finding,) = nightly.examine(number)
    assert (finding.number, finding.check, finding.error) == (number, "loops", "ValueError: a loop")
    assert "while" in finding.source and len(finding.source) < len(source) / 2


def test_a_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(nightly, "examine", lambda number: seen.append(number) or iter(()))
    monkeypatch.setattr(nightly.cache, "object_cache", nightly.cache.object_cache)
    journal = nightly.Journal(tmp_path, 0, 2)
    nightly.run_shard(journal, range(0, 6, 2))
    with journal.path.open("a") as file:
        file.write('\n{"begin": 6}\n{"beg')  # killed in number 6
    nightly.run_shard(journal, range(0, 12, 2))
    assert seen == [0, 2, 4, 8, 10]
    done, found = nightly.findings(journal, range(0, 12, 2))
    assert done == 6 and [(f.number, f.error) for f in found] == [(6, "the process died")]


def test_processes_share_the_numbers_and_count_them(tmp_path, capfd):
    assert nightly.run(5, 100, (0, 1), 2, tmp_path) == 0
    assert capfd.readouterr().out.startswith(
        "random programs: 5 numbers, 0 mismatches (seeds: none), 2 processes"
    )
    lines = [line for k in (0, 1) for line in nightly.Journal(tmp_path, k, 2).lines()]
    assert sorted(line["end"] for line in lines if "end" in line) == [100, 101, 102, 103, 104]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX signals")
def test_a_killed_process_is_started_again(tmp_path: Path):
    worker = nightly.Worker((0, 1), 2, 0, tmp_path)
    while worker.size() == 0:
        assert worker.goes_on()
    os.kill(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    assert worker.goes_on()
    while worker.goes_on():
        worker.process.wait()
    done, found = nightly.findings(worker.journal, range(2))
    assert done == 2 and len(found) <= 1


def test_a_program_that_cannot_start_is_told(tmp_path):
    worker = nightly.Worker((0, 1), 2, 0, tmp_path)
    worker.process.wait()
    worker.command = ["false"]
    worker.start()
    worker.process.wait()
    with pytest.raises(RuntimeError, match="before a program ran: false"):
        worker.goes_on()
