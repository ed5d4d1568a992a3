"""Compiled kernels and the disk cache across processes: what is reused, what is not, damage of every kind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from robokern.compiler import image

# where code is linked without LLVM, and LLVM's view of the processor is noted (runtime/processor.py)
UNNEEDED = ["robokern.compiler.frontend", *(["llvmlite.binding"] if image.HERE else [])]


def source(count: int) -> str:
    return "import robokern as rk\n" + "".join(
        f"@rk.kernel\ndef k{i}(a: rk.array(dtype=float)):\n    a[rk.tid()] = {i}.5\n" for i in range(count)
    )


FIFTY, EIGHT = source(50), source(8)

# launches every kernel of the module, and prints how many were lowered and compiled, then the results
SCRIPT = (
    f"""
UNNEEDED = {UNNEEDED}
"""
    + """
import sys
import robokern as rk, kernels
made = {"lowered": 0, "compiled": 0}
def count(name, function):
    def counted(*args):
        made[name] += 1
        return function(*args)
    return counted
if "cold" in sys.argv:
    from robokern.compiler import build, frontend
    build.compile = count("compiled", build.compile)
    frontend.lower = count("lowered", frontend.lower)
results = []
for name, kernel in vars(kernels).items():
    if isinstance(kernel, rk.Kernel):
        a = rk.zeros(2, dtype=getattr(kernels, "DTYPE", float))
        rk.launch(kernel, 2, [a])
        results.append(a.list()[0])
made["front end"] = any(x in sys.modules for x in UNNEEDED)
print(made["compiled"], made["front end"], *results)
"""
)


def start(
    folder: Path, *words: str, cache: Path | None = None, warnings: str = "error"
) -> subprocess.Popen[str]:
    environment = {**os.environ, "ROBOKERN_CACHE_DIR": str(cache or folder / "cache")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # two edits within a second are two files
    return subprocess.Popen(
        [sys.executable, "-W", warnings, "-c", SCRIPT, *words],
        cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(process: subprocess.Popen[str]) -> list[str]:
    out, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    return out.split()


def results(folder: Path, *words: str, **options: object) -> list[str]:
    return finish(start(folder, *words, **options))  # type: ignore[arg-type]


def fifty(changed: dict[int, float] | None = None) -> list[str]:
    return [str((changed or {}).get(i, i + 0.5)) for i in range(50)]


def eight() -> list[str]:
    return fifty()[:8]


def test_editing_one_kernel_of_fifty_compiles_one(tmp_path):
    file = tmp_path / "kernels.py"
    file.write_text(FIFTY)
    assert results(tmp_path, "cold") == ["50", "True", *fifty()]
    assert results(tmp_path, "cold") == ["0", "True", *fifty()]
    file.write_text(FIFTY.replace(" = 20.5", " = 99.0"))
    assert results(tmp_path, "cold") == ["1", "True", *fifty({20: 99.0})]
    file.write_text("# all kernels move down a line\n" + FIFTY)
    assert results(tmp_path, "cold") == ["0", "True", *fifty()]


def test_a_warm_process_does_not_import_the_front_end(tmp_path):
    (tmp_path / "kernels.py").write_text(EIGHT)
    assert results(tmp_path)[1] == "True"
    assert results(tmp_path) == ["0", "False", *eight()]


CONSTANT = """
import numpy as np
import robokern as rk
import constants
DTYPE = rk.{dtype}
HERE = {value}

@rk.func
def through_a_module():
    return rk.{dtype}(constants.VALUE)

def factory(captured):
    @rk.kernel
    def kernel(a: rk.array(dtype=rk.{dtype})):
        a[rk.tid()] = rk.{dtype}(captured)
    return kernel

captured = factory({value})

@rk.kernel
def literal(a: rk.array(dtype=rk.{dtype})):
    a[rk.tid()] = rk.{dtype}({value})

@rk.kernel
def of_the_module(a: rk.array(dtype=rk.{dtype})):
    a[rk.tid()] = rk.{dtype}(HERE)

@rk.kernel
def of_another_module(a: rk.array(dtype=rk.{dtype})):
    a[rk.tid()] = through_a_module()
"""


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        ("int64", [2**62, 2**62 + 1, -(2**63)]),
        ("uint64", [2**64 - 1, 2**64 - 2]),
        ("float64", [0.1, 0.10000000000000002, 5e-324, 1e-323]),
    ],
)
def test_constants_that_differ_in_the_last_bit_under_a_warm_cache(tmp_path, dtype, values):
    for _ in range(2):  # the second time everything is in the cache
        for value in values:
            (tmp_path / "kernels.py").write_text(CONSTANT.format(dtype=dtype, value=repr(value)))
            (tmp_path / "constants.py").write_text(f"VALUE = {value!r}")
            assert results(tmp_path)[2:] == [repr(value)] * 4
    assert results(tmp_path)[1] == "False"


def test_two_processes_compile_the_same_kernels_at_once(tmp_path):
    (tmp_path / "kernels.py").write_text(EIGHT)
    processes = [start(tmp_path) for _ in range(3)]
    assert [finish(process)[2:] for process in processes] == [eight()] * 3
    assert results(tmp_path) == ["0", "False", *eight()]


@pytest.mark.parametrize("damage", ["truncated", "emptied", "flipped", "swapped"])
def test_damaged_entries_are_made_anew(tmp_path, damage):
    (tmp_path / "kernels.py").write_text(EIGHT)
    results(tmp_path)
    entries = sorted((tmp_path / "cache").rglob("*.o"))
    assert len(entries) == 17 + image.HERE  # code and note of each kernel, the thread pool, the processor
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
    assert results(tmp_path)[2:] == eight()
    assert results(tmp_path) == ["0", "False", *eight()]


def test_code_that_is_gone_while_its_note_is_there(tmp_path):
    (tmp_path / "kernels.py").write_text(EIGHT)
    results(tmp_path)
    for entry in (tmp_path / "cache").rglob("*.o"):
        if entry.read_bytes()[88:89] != b"{":
            entry.unlink()
    assert results(tmp_path)[2:] == eight()


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "kernels.py").write_text(EIGHT)
    (tmp_path / "file").write_text("")
    process = start(tmp_path, cache=tmp_path / "file" / "cache", warnings="always")
    out, errors = process.communicate(timeout=100)
    assert (process.returncode, out.split()[2:]) == (0, eight())
    assert errors.count("cannot write the kernel cache") == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes read-only folders")
def test_a_read_only_folder_is_read(tmp_path):
    (tmp_path / "kernels.py").write_text(EIGHT)
    results(tmp_path)
    folders = [tmp_path / "cache", *(p for p in (tmp_path / "cache").rglob("*") if p.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        assert results(tmp_path) == ["0", "False", *eight()]
    finally:
        for folder in folders:
            folder.chmod(0o755)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk(tmp_path):
    """Every write ends in ENOSPC, as on a full disk."""
    (tmp_path / "kernels.py").write_text(EIGHT)
    full = (
        "from pathlib import Path\n"
        "def write_bytes(self, data):\n"
        "    with open('/dev/full', 'wb') as file:\n"
        "        return file.write(data)\n"
        "Path.write_bytes = write_bytes\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", full + SCRIPT],
        cwd=tmp_path, env={**os.environ, "ROBOKERN_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True, text=True,
    )  # fmt: skip
    assert (process.returncode, process.stdout.split()[2:]) == (0, eight()), process.stderr
    assert process.stderr.count("No space left on device") == 1
    assert not [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]
