"""Which processor this is, and what LLVM said of it, as later processes know it."""

import os
import re
from pathlib import Path

import pytest

from robokern.compiler import image, machine
from robokern.runtime import processor

pytestmark = pytest.mark.skipif(not image.HERE, reason="asks processors of x86-64 only")


def said(name: str) -> str:
    """What the kernel says of the first processor."""
    found = re.search(rf"^{name}\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    if found is None or found[1] == "unknown":
        pytest.skip(f"this system does not tell the {name} of its processor")
    return found[1]


def test_the_answers_are_those_of_the_kernel():
    last, *name = processor.answers()[:4]
    assert last >= 1
    vendor = b"".join(word.to_bytes(4, "little") for word in (name[0], name[2], name[1])).decode()
    assert vendor == said("vendor_id")
    signature = processor.answers()[4]
    base = signature >> 8 & 15
    assert base + (signature >> 20 & 255 if base == 15 else 0) == int(said("cpu family"))
    assert signature >> 4 & 15 | (signature >> 12 & 0xF0 if base in (6, 15) else 0) == int(said("model"))
    assert signature & 15 == int(said("stepping"))


def test_the_answers_are_the_same_on_every_core():
    own = os.sched_getaffinity(0)
    try:
        found = []
        for core in own:
            os.sched_setaffinity(0, {core})
            found.append(processor.answers())
    finally:
        os.sched_setaffinity(0, own)
    assert all(one == found[0] for one in found)


def test_what_llvm_said_is_remembered(tmp_path, monkeypatch):
    monkeypatch.setenv("ROBOKERN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(machine, "_known", None)
    processor.recall.__wrapped__()
    said = machine.machine()
    assert said.features and said.triple
    monkeypatch.setattr(machine, "_known", None)
    processor.recall.__wrapped__()
    assert machine._known == said


def test_another_processor_is_asked_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("ROBOKERN_CACHE_DIR", str(tmp_path))
    processor.recall.__wrapped__()
    monkeypatch.setattr(machine, "_known", None)
    monkeypatch.setattr(processor, "answers", lambda: [1, 2, 3])
    processor.recall.__wrapped__()
    assert machine._known is not None
    assert len([*tmp_path.rglob("*.o")]) == 2
