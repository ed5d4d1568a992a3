"""The disk cache: sound entries only, whatever happens to the folder, from any number of processes."""

import errno
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from robokern.runtime import cache
from robokern.runtime.cache import ObjectCache, cache_folder

KEY = "ab" * 32
OTHER = "cd" * 32
CODE = bytes(range(256)) * 40


def never() -> bytes:
    raise AssertionError("built although the entry is sound")


def test_an_entry_is_built_once_and_read_by_the_next_process(tmp_path):
    assert ObjectCache(tmp_path).get(KEY, lambda: CODE) == CODE
    assert ObjectCache(tmp_path).get(KEY, never) == CODE


def test_keys_do_not_share_entries(tmp_path):
    ObjectCache(tmp_path).get(KEY, lambda: CODE)
    assert ObjectCache(tmp_path).get(OTHER, lambda: b"other") == b"other"


@pytest.mark.parametrize("kept", [0, 1, 40, 87, 88, 89, 5000, 88 + len(CODE) - 1])
def test_a_truncated_entry_is_rebuilt(tmp_path, kept):
    store = ObjectCache(tmp_path)
    store.store(KEY, CODE)
    entry = store.path(KEY).read_bytes()
    store.path(KEY).write_bytes(entry[:kept])
    assert store.get(KEY, lambda: b"rebuilt") == b"rebuilt"
    assert ObjectCache(tmp_path).get(KEY, never) == b"rebuilt"


@pytest.mark.parametrize("at", [0, 20, 50, 60, 88, 200, 88 + len(CODE) - 1])
def test_one_flipped_bit_anywhere_is_found(tmp_path, at):
    store = ObjectCache(tmp_path)
    store.store(KEY, CODE)
    entry = bytearray(store.path(KEY).read_bytes())
    entry[at] ^= 1
    store.path(KEY).write_bytes(entry)
    assert store.load(KEY) is None


def test_an_entry_with_something_behind_it_is_refused(tmp_path):
    store = ObjectCache(tmp_path)
    store.store(KEY, CODE)
    store.path(KEY).write_bytes(store.path(KEY).read_bytes() + b"x")
    assert store.load(KEY) is None


def test_an_entry_under_another_name_is_refused(tmp_path):
    store = ObjectCache(tmp_path)
    store.store(KEY, CODE)
    store.path(OTHER).parent.mkdir()
    store.path(KEY).rename(store.path(OTHER))
    assert store.load(OTHER) is None


def test_a_folder_that_cannot_be_made_leaves_memory_and_one_warning(tmp_path):
    # a file where the folder should be: fails for every user, root included
    (tmp_path / "file").write_text("")
    store = ObjectCache(tmp_path / "file" / "cache")
    with pytest.warns(RuntimeWarning, match=r"cannot write the kernel cache .*ROBOKERN_CACHE_DIR") as caught:
        assert store.get(KEY, lambda: CODE) == CODE
        assert store.get(OTHER, lambda: CODE) == CODE
    assert len(caught) == 1
    assert store.get(KEY, never) == CODE


def test_a_full_disk_leaves_memory_no_rubbish_and_one_warning(tmp_path, monkeypatch):
    store = ObjectCache(tmp_path)

    def write_half(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(cache.Path, "write_bytes", write_half)
    with pytest.warns(RuntimeWarning, match="No space left on device"):
        assert store.get(KEY, lambda: CODE) == CODE
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
    assert store.get(KEY, never) == CODE


def test_a_read_only_folder_is_still_read(tmp_path, monkeypatch):
    ObjectCache(tmp_path).store(KEY, CODE)
    monkeypatch.setattr(cache.os, "replace", _refuse)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ObjectCache(tmp_path).get(KEY, never) == CODE


def _refuse(*_: object) -> None:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def test_processes_at_once_see_whole_entries(tmp_path):
    script = (
        "import sys; from pathlib import Path; from robokern.runtime.cache import ObjectCache\n"
        "for turn in range(150):\n"
        "    key = f'{turn % 5:064x}'; code = key.encode() * 3000\n"
        "    store = ObjectCache(Path(sys.argv[1]))\n"
        "    assert store.get(key, lambda: code) == code\n"
        "    store.store(key, code)\n"
    )
    command = [sys.executable, "-W", "error", "-c", script, str(tmp_path)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(4)]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 5


def test_the_folder_is_the_users_choice_else_the_platforms(monkeypatch, tmp_path):
    monkeypatch.setenv("ROBOKERN_CACHE_DIR", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    monkeypatch.delenv("ROBOKERN_CACHE_DIR")
    monkeypatch.setattr(cache.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "robokern"
    monkeypatch.setattr(cache.sys, "platform", "darwin")
    assert cache_folder() == Path.home() / "Library" / "Caches" / "robokern"
    monkeypatch.setattr(cache.sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert cache_folder() == tmp_path / "robokern"
