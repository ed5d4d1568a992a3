"""Derivatives in a second process: code and layout come from the cache, and only where they still fit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

KERNELS = """
import robokern as rk

d = rk.float64
GAIN = {gain!r}

@rk.func
def bent(x: d):
    return x * x * d(GAIN)

@rk.func_grad(bent)
def _(x: d, adj_result: d):
    rk.adjoint[x] += adj_result * d({slope!r})

@rk.func
def plain(x: d):
    return rk.sin(x) * x

@rk.func
def replayed(x: d):
    return x * x

@rk.func_replay(replayed)
def _(x: d):
    return x * x * d({replay!r})

@rk.kernel
def by_hand(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    y[i] = bent(x[i])

@rk.kernel
def squared_again(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    y[i] = bent(plain(x[i])) * x[i] + replayed(x[i]) * replayed(x[i])

@rk.kernel
def with_slopes(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    y[i] = rk.grad(plain)(x[i])

@rk.kernel
def summed(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    rk.atomic_add(y, 0, x[rk.tid()] * x[rk.tid()])

@rk.kernel
def chained(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    i = rk.tid()
    for _ in range(3):
        x[i] = x[i] * x[i] + d(0.5)
    y[i] = x[i] * d({constant!r})

@rk.kernel
def stepped(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    # what a loop overwrites and reads again is written down by the forward launch
    if rk.tid() == 0:
        for k in range(1, int(y[1]) - 6):
            x[k] = x[k] * x[k - 1] + x[0] * x[2]
        y[0] = x[2]

@rk.kernel
def lowest(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    rk.atomic_min(y, 1, x[rk.tid()] * d(3.0))

@rk.kernel
def gained(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    y[rk.tid()] = x[rk.tid()] * bent(d(1.0))

@rk.kernel
def refused(x: rk.array(dtype=d), y: rk.array(dtype=d)):
    y[rk.tid()] = rk.atomic_add(x, 0, x[1]) * x[2]

@rk.kernel
def scaled(x: rk.array(dtype=d), y: rk.array(dtype=d), s: d):
    i = rk.tid()
    y[i] = x[i] * s * s
"""

# plays every kernel back, and prints whether the compiler was imported, then the derivatives
SCRIPT = """
import sys
import robokern as rk
import kernels
from robokern.errors import AdjointError
d = rk.float64
results = []
for name, kernel in vars(kernels).items():
    if not isinstance(kernel, rk.Kernel) or name == "scaled":
        continue
    x = rk.array([0.5, 1.25, 2.0], dtype=d, requires_grad=True)
    y = rk.array([0.0, 9.0, 0.0], dtype=d, requires_grad=True)
    try:
        with rk.Tape() as tape:
            rk.launch(kernel, 3, [x, y])
        tape.backward(grads={y: rk.array([1.0, 2.0, 3.0], dtype=d)})
    except AdjointError as error:
        results.append(str(error).replace(" ", "_").replace(chr(10), "_"))
    else:
        results.append(",".join(map(repr, x.grad.list())))
x, y = (rk.array([0.5, 1.25], dtype=d) for _ in range(2))
gx, gs = rk.zeros(2, dtype=d), rk.zeros(1, dtype=d)
given = [rk.ones(2, dtype=d)]
rk.launch(kernels.scaled, 2, [x], [y, d(3.0)], [gx], [given[0], gs], adjoint=True)
results.append(repr([gx.list(), gs.list()]).replace(" ", ""))
with rk.Tape() as tape:
    rk.launch(kernels.summed, 2, [x, rk.zeros(1, dtype=d, requires_grad=True)])
rk.launch(kernels.by_hand, 2, [x, y], record_tape=False)
used = [n for n in ("frontend", "adjoint", "emit") if f"robokern.compiler.{n}" in sys.modules]
print("+".join(used) or "nothing", *results)
"""


def write(folder: Path, gain=1.0, slope=7.0, constant=2.0, replay=1.0) -> None:
    text = KERNELS.format(gain=gain, slope=slope, constant=constant, replay=replay)
    (folder / "kernels.py").write_text(text)


def start(folder: Path, script: str = SCRIPT, cache: Path | None = None) -> subprocess.Popen[str]:
    environment = {**os.environ, "ROBOKERN_CACHE_DIR": str(cache or folder / "cache")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # two edits within a second are two files
    return subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(process: subprocess.Popen[str]) -> list[str]:
    out, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    return out.split()


def results(folder: Path, script: str = SCRIPT, cache: Path | None = None) -> list[str]:
    return finish(start(folder, script, cache))


@pytest.fixture
def folder(tmp_path):
    write(tmp_path)
    return tmp_path


def without_refused(folder: Path) -> None:
    text = (folder / "kernels.py").read_text()
    begin, end = text.index("@rk.kernel\ndef refused"), text.index("@rk.kernel\ndef scaled")
    (folder / "kernels.py").write_text(text[:begin] + text[end:])


def test_a_warm_process_derives_nothing(folder):
    without_refused(folder)
    used, *cold = results(folder)
    assert used == "frontend+adjoint+emit"
    assert cold[0] == "7.0,14.0,21.0"
    notes = [e.read_bytes()[88:] for e in (folder / "cache").rglob("*.o")]
    recording = [n for n in notes if b'"name": "forward_' in n]
    assert len(recording) == 2  # these kernels are launched with records only, never as they are
    assert results(folder) == ["nothing", *cold]


def test_what_is_refused_is_refused_again(folder):
    cold, warm = results(folder)[1:], results(folder)
    assert [r for r in cold if "refused" in r] and warm[0] == "frontend+adjoint"
    assert warm[1:] == cold


@pytest.mark.parametrize(
    ("changed", "kernels"),
    [
        ({"gain": 1.0000000000000002}, {7}),
        ({"slope": 7.000000000000001}, {0, 1}),
        ({"replay": 2.0}, {1}),
        ({"constant": 2.0000000000000004}, {4}),
    ],
)
def test_what_changes_in_the_last_bit_is_another_derivative(folder, changed, kernels):
    without_refused(folder)
    first = results(folder)[1:]
    for _ in range(2):  # the second time both are in the cache
        write(folder, **changed)
        without_refused(folder)
        second = results(folder)
        pairs = enumerate(zip(first, second[1:], strict=True))
        assert {n for n, pair in pairs if len({*pair}) > 1} == kernels
        write(folder)
        without_refused(folder)
        assert results(folder)[1:] == first
    assert second[0] == "nothing"


LATE = """
import robokern as rk
import kernels
x = rk.array([0.5], dtype=rk.float64, requires_grad=True)
y = rk.zeros(1, dtype=rk.float64, requires_grad=True)
rk.launch(kernels.squared_again, 1, [x, y])
if {late}:
    @rk.func_grad(kernels.plain)
    def other(x: rk.float64, adj_result: rk.float64):
        rk.adjoint[x] += adj_result * rk.float64(100.0)
with rk.Tape() as tape:
    rk.launch(kernels.squared_again, 1, [x, y])
tape.backward(grads={{y: rk.array([1.0], dtype=rk.float64)}})
print(x.grad.list()[0])
"""


def test_a_derivative_written_after_the_first_launch_is_not_taken_for_the_kernels(folder):
    script = LATE.format(late=False)
    early = results(folder, script)
    (folder / "cache").rename(folder / "before")
    for _ in range(2):
        results(folder, LATE.format(late=True))
        assert results(folder, script) == early


@pytest.mark.parametrize("damage", ["truncated", "emptied", "flipped", "swapped"])
def test_damaged_entries_are_made_anew(folder, damage):
    without_refused(folder)
    sound = results(folder)[1:]
    entries = sorted((folder / "cache").rglob("*.o"))
    for entry, other in zip(entries, entries[1:] + entries[:1], strict=True):
        data = entry.read_bytes()
        middle = len(data) // 2
        entry.write_bytes(
            {
                "truncated": data[:middle],
                "emptied": b"",
                "flipped": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
                "swapped": other.read_bytes(),
            }[damage]
        )
    assert results(folder)[1:] == sound
    assert results(folder) == ["nothing", *sound]


@pytest.mark.parametrize("kept", ["notes", "code", "every second"])
def test_entries_that_are_gone(folder, kept):
    without_refused(folder)
    sound = results(folder)[1:]
    for number, entry in enumerate(sorted((folder / "cache").rglob("*.o"))):
        is_note = entry.read_bytes()[88:89] == b"{"
        if {"notes": not is_note, "code": is_note, "every second": number % 2 == 0}[kept]:
            entry.unlink()
    assert results(folder)[1:] == sound
    assert results(folder) == ["nothing", *sound]


def test_two_processes_at_once(folder):
    without_refused(folder)
    found = [finish(p)[1:] for p in [start(folder) for _ in range(2)]]
    assert found[0] == found[1]
    assert results(folder) == ["nothing", *found[0]]


def test_a_folder_that_cannot_be_written(folder):
    without_refused(folder)
    (folder / "file").write_text("")
    process = start(folder, cache=folder / "file" / "cache")
    out, errors = process.communicate(timeout=100)
    assert out.split()[1:] == results(folder)[1:]
    assert errors.count("cannot write the kernel cache") == 1


CHECKPOINTED = """
import sys
import robokern as rk
import counting
from robokern.errors import AdjointError
x = rk.array([0.5], dtype=rk.float64, requires_grad=True)
y, n = rk.zeros(1, dtype=rk.float64, requires_grad=True), rk.zeros(1, dtype=int)
try:
    with rk.Tape(checkpoint=1):
        rk.launch(counting.counts, 1, [x, y, n])
except AdjointError as error:
    print(str(error).replace(" ", "_").replace(chr(10), "_"))
"""


def test_a_tape_with_checkpoints_refuses_the_same_kernels(folder):
    (folder / "counting.py").write_text(
        "import robokern as rk\n@rk.kernel\n"
        "def counts(x: rk.array(dtype=rk.float64), y: rk.array(dtype=rk.float64), n: rk.array(dtype=int)):\n"
        "    y[rk.atomic_add(n, 0, 1)] = x[rk.tid()]\n"
    )
    cold = results(folder, CHECKPOINTED)
    assert "result_of_an_atomic" in cold[0] and "counting.py:4" in cold[0]
    assert results(folder, CHECKPOINTED) == cold
