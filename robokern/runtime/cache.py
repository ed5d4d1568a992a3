"""The disk cache of object code: safe for many processes at once, never trusted blindly.

An entry is one file named after its key: a header (magic, key, length, checksum), then the code. It is
written to a temporary file and published by an atomic rename, so readers see a whole entry or none. An entry
that does not match its header is rebuilt. Where the folder cannot be written, everything works from memory.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
import threading
import warnings
from collections.abc import Callable
from functools import cache as once
from pathlib import Path

from robokern.compiler.options import config
from robokern.ir.hashing import sha256

_MAGIC = b"robokern object\n"
_HEADER = struct.Struct("<16s32sQ32s")  # magic, key, bytes of code, checksum of the code


def cache_folder() -> Path:
    """`rk.config.kernel_cache_dir`, ROBOKERN_CACHE_DIR, or the platform's folder for the user's caches."""
    chosen = config.kernel_cache_dir or os.environ.get("ROBOKERN_CACHE_DIR")
    return Path(chosen).expanduser() if chosen else _user_caches() / "robokern"


def _user_caches() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


class ObjectCache:
    """Object code by key, in `folder` and in memory where the folder fails.

    Args:
        folder: made when first written to.

    Attributes:
        more: folders that are only read, after `folder`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.more: list[Path] = []
        self._memory: dict[str, bytes] = {}
        self._warned = False

    def get(self, key: str, build: Callable[[], bytes]) -> bytes:
        """The code stored under `key`; built and stored when there is none, or it is damaged.

        Args:
            key: 64 hexadecimal digits, a hash of everything the code depends on.
            build: makes the code.
        """
        code = self._memory.get(key) or self.load(key)
        if code is None:
            code = build()
            self.store(key, code)
        return code

    def path(self, key: str) -> Path:
        """Where the entry of `key` lies."""
        return _place(self.folder, key)

    def load(self, key: str) -> bytes | None:
        """The code stored under `key`, or None when there is no sound entry."""
        for folder in (self.folder, *self.more):
            try:
                code = _code_of(_place(folder, key).read_bytes(), key)
            except OSError:
                continue
            if code is not None:
                return code
        return None

    def store(self, key: str, code: bytes) -> None:
        """Publishes `code` under `key`; keeps it in memory, with one warning, where that fails."""
        try:
            self.publish(key, code)
        except OSError as error:
            self._keep_in_memory(key, code, error)

    def publish(self, key: str, code: bytes) -> Path:
        """Writes the entry of `key`.

        Raises:
            OSError: the folder cannot be written.
        """
        path = self.path(key)
        temporary = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(_entry_of(key, code))
            os.replace(temporary, path)
        except OSError:
            _discard(temporary)
            raise
        return path

    def _keep_in_memory(self, key: str, code: bytes, error: OSError) -> None:
        self._memory[key] = code
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"cannot write the kernel cache {self.folder} ({error.strerror or error}): kernels are "
                "compiled anew in every process; set ROBOKERN_CACHE_DIR to a folder you can write",
                RuntimeWarning,
                stacklevel=2,
            )


def _place(folder: Path, key: str) -> Path:
    return folder / key[:2] / f"{key}.o"


def _entry_of(key: str, code: bytes) -> bytes:
    return _HEADER.pack(_MAGIC, bytes.fromhex(key), len(code), sha256(code).digest()) + code


def _code_of(entry: bytes, key: str) -> bytes | None:
    if len(entry) < _HEADER.size:
        return None
    magic, stored_key, length, checksum = _HEADER.unpack_from(entry)
    code = entry[_HEADER.size :]
    sound = magic == _MAGIC and stored_key == bytes.fromhex(key) and length == len(code)
    return code if sound and sha256(code).digest() == checksum else None


def _discard(path: Path) -> None:
    # the folder fails anyway, and the caller reports that
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def clear_kernel_cache() -> None:
    """Deletes the compiled kernels in the cache folder; those that are loaded stay."""
    folder = cache_folder()
    for part in folder.glob("[0-9a-f][0-9a-f]"):
        for entry in part.glob("*.o"):
            _discard(entry)


class Unkept(ObjectCache):
    """A cache of this process alone."""

    def load(self, key: str) -> bytes | None:
        """The code stored under `key`."""
        return self._memory.get(key)

    def store(self, key: str, code: bytes) -> None:
        """Keeps `code` in memory."""
        self._memory[key] = code


def object_cache() -> ObjectCache:
    """The cache of this process."""
    return _cache_in(cache_folder(), config.cache_kernels)


@once
def _cache_in(folder: Path, kept: bool) -> ObjectCache:
    return ObjectCache(folder) if kept else Unkept(folder)
