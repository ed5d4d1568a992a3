"""The CPU driver: loads object code into this process and runs it on every core.

The thread pool is `pool.ll`, compiled once and kept in the disk cache like a kernel. One foreign call per
launch, made without the interpreter's lock. Each item is computed by one thread alone, so results do not
depend on the number of threads, with one exception: float atomics add in the order in which the items run.
`Program.run` takes a `unit`; no slice splits a run of `unit` consecutive items, so atomics within such a run
keep one order whatever the threads.

Atomic additions of floats cost five to ten times plain ones. While one thread runs all items of a launch
that adds, it adds plainly, and other launches that add wait; a launch is shared only if that still pays.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import sys
import threading
from collections.abc import Callable
from functools import cache as once
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robokern.compiler import image
from robokern.compiler.machine import machine, version
from robokern.compiler.parts import parted
from robokern.errors import DeviceError
from robokern.ir.hashing import sha256
from robokern.runtime import native
from robokern.runtime.cache import object_cache

if TYPE_CHECKING:
    from robokern.runtime.pool_python import PythonPool

MAX_THREADS = 1024
POOL = Path(__file__).with_name("pool.ll")
POOL_SYMBOLS = ("run", "play", "initialise", "resize", "count_workers")

# entry, items, unit, record, record size -> 0, or item << 16 | number of the failed assert + 1
_RUN = ctypes.CFUNCTYPE(
    ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_char_p, ctypes.c_int64
)
# rows, first, count -> number of the row that needs Python, or -1
_PLAY = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
_INITIALISE = ctypes.CFUNCTYPE(None, ctypes.c_int64)
_COUNT = ctypes.CFUNCTYPE(ctypes.c_int64)

# held while code is compiled or loaded; a fork waits for that, so a child never inherits a half-done compiler
lock = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)
_pool: NativePool | PythonPool | None = None
_threads: int | None = None
_number = 0

Run = Callable[[int, int, int, bytes, int], int]
Play = Callable[[int, int, int], int]


class Program:
    """Object code in memory; unloaded when the last reference goes.

    Args:
        code: an image (`compiler/image.py`) or object files of this machine (`compiler/parts.py`) with
            `void entry(i64 begin, i64 end, ptr launch)`.
    """

    def __init__(self, code: bytes) -> None:
        self._tracker = loaded(code, ("entry",))
        self.entry: int = self._tracker["entry"]

    def run(self, count: int, record: bytes, unit: int = 1) -> int:
        """Runs the items [0, count); returns 0, or `item << 16 | number of the failed assert + 1`.

        Args:
            count: number of items, at least 1.
            record: launch record as `ir/layout.py` lays it out; its status pointer is filled in.
            unit: no slice splits a run of this many items; negative where items add floats atomically.
        """
        return pool().run(self.entry, count, unit, record, len(record))


class NativePool:
    """The threads of `pool.ll`."""

    def __init__(self, threads: int) -> None:
        self._tracker = loaded(pool_object()[1], POOL_SYMBOLS)
        self.run: Run = _RUN(self._tracker["run"])
        self.play: Play = _PLAY(self._tracker["play"])
        self._initialise = _INITIALISE(self._tracker["initialise"])
        self._resize = _INITIALISE(self._tracker["resize"])
        self._count = _COUNT(self._tracker["count_workers"])
        self.threads = threads
        self.restart()

    def restart(self) -> None:
        """Forgets the workers: a forked child has none. New ones come with the next large launch."""
        self._initialise(self.threads - 1)

    def resize(self, threads: int) -> None:
        """Dismisses the workers and works with `threads` threads, the caller among them, from now on."""
        self.threads = threads
        self._resize(threads - 1)

    def dismiss(self) -> None:
        """Ends the workers, so that a fork finds a single thread; later launches make new ones."""
        self.resize(self.threads)

    def workers(self) -> int:
        """Worker threads that exist now."""
        return int(self._count())


@once
def _jit() -> Any:
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    # beside a CUDA context addresses near each other are rare; JITLink places all of a program in one block
    return binding.create_lljit_compiler(use_jit_link=sys.platform == "linux")


def loaded(code: bytes, symbols: tuple[str, ...]) -> Any:
    """Functions in memory: their addresses by name, for as long as it lives."""
    found = image.opened(code)
    return _linked_by_llvm(parted(code), symbols) if found is None else native.Loaded(found)


def _linked_by_llvm(parts: list[bytes], symbols: tuple[str, ...]) -> Any:
    global _number
    from llvmlite.binding import JITLibraryBuilder

    builder = JITLibraryBuilder().add_current_process()
    for part in parts:
        builder.add_object_img(part)
    for symbol in symbols:
        builder.export_symbol(symbol)
    with lock:
        _number += 1
        try:
            return builder.link(_jit(), f"robokern-{_number}")
        except RuntimeError as error:
            raise DeviceError(f"device 'cpu': cannot load object code: {error}") from error


def platform_lines(triple: str) -> str:
    """The lines of LLVM IR that complete `pool.ll` on the platform of `triple`."""
    darwin = "apple" in triple or "darwin" in triple
    if triple.startswith(("x86_64", "amd64")):
        declaration, relax = "declare void @llvm.x86.sse2.pause()", "call void @llvm.x86.sse2.pause()"
    elif triple.startswith(("aarch64", "arm64")):
        # `yield` is a no-op on most cores; a barrier waits for about as long as x86's pause
        declaration, relax = "declare void @llvm.aarch64.isb(i32)", "call void @llvm.aarch64.isb(i32 15)"
    else:
        declaration, relax = "", "fence acquire"
    return (
        f"@clock_id = internal constant i32 {6 if darwin else 1}\n"  # CLOCK_MONOTONIC
        f"@signal_block = internal constant i32 {1 if darwin else 0}\n"  # SIG_BLOCK
        f"{declaration}\ndefine internal void @relax() {{\n  {relax}\n  ret void\n}}\n"
    )


def pool_object() -> tuple[str, bytes]:
    """The thread pool's key in the cache, and its object code."""
    return cached_object(platform_lines(machine().default_triple) + POOL.read_text(), POOL_SYMBOLS)


def linked(text: str, symbols: tuple[str, ...]) -> Any:
    """Functions of LLVM IR in memory: their addresses by name, for as long as it lives."""
    return loaded(cached_object(text, symbols)[1], symbols)


def cached_object(text: str, symbols: tuple[str, ...]) -> tuple[str, bytes]:
    """The key in the cache of a module of LLVM IR, and its code with these functions."""
    triple = machine().default_triple
    key = sha256(f"{version()}\n{triple}\n{image.digest()}\n{symbols}\n{text}".encode()).hexdigest()
    return key, object_cache().get(key, lambda: compile_text(text, triple, symbols))


def compile_text(text: str, triple: str, symbols: tuple[str, ...]) -> bytes:
    """Code of a module of LLVM IR with these functions, for any core of this architecture."""
    from llvmlite import binding

    _jit()
    module = binding.parse_assembly(text)
    # not optimised: that takes a fifth of the time, and what matters is inside the kernels
    model = "small" if image.HERE else "jitdefault"  # an image reaches what is far away by its table
    target = binding.Target.from_triple(triple)
    code: bytes = target.create_target_machine(opt=0, reloc="pic", codemodel=model).emit_object(module)
    return image.linked([code], symbols) or code


def pool() -> NativePool | PythonPool:
    """The pool of this process, made at the first launch."""
    global _pool
    with lock:
        if _pool is None:
            _pool = _python_pool() if sys.platform == "win32" else NativePool(cpu_threads())
            atexit.register(_pool.resize, 1)
            if hasattr(os, "register_at_fork"):
                os.register_at_fork(before=_pool.dismiss, after_in_child=_pool.restart)
    return _pool


def _python_pool() -> PythonPool:
    from robokern.runtime.pool_python import PythonPool

    return PythonPool(cpu_threads())


def available_threads() -> int:
    """Cores this process may use: its affinity mask where the platform has one."""
    if hasattr(os, "process_cpu_count"):
        return min(os.process_cpu_count() or 1, MAX_THREADS)
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), MAX_THREADS)
    return min(os.cpu_count() or 1, MAX_THREADS)


def _threads_from_environment() -> int:
    text = os.environ.get("ROBOKERN_THREADS", "")
    if not text:
        return available_threads()
    if not text.isdecimal() or not 1 <= int(text) <= MAX_THREADS:
        raise DeviceError(
            f"ROBOKERN_THREADS: expected a whole number of threads from 1 to {MAX_THREADS}, got {text!r}; "
            "unset it to use every core"
        )
    return int(text)


def cpu_threads() -> int:
    """Threads that a launch on the CPU may use, the calling one among them."""
    global _threads
    if _threads is None:
        _threads = _threads_from_environment()
    return _threads


def set_cpu_threads(count: int | None) -> None:
    """Lets launches on the CPU use `count` threads, the calling one among them; None: every core.

    Results do not depend on it, except through the order of float atomics. Also set by the environment
    variable ROBOKERN_THREADS.

    Raises:
        DeviceError: `count` is not a whole number from 1 to 1024.
    """
    global _threads
    wanted = available_threads() if count is None else count
    if isinstance(wanted, bool) or not isinstance(wanted, int) or not 1 <= wanted <= MAX_THREADS:
        raise DeviceError(
            f"set_cpu_threads: expected a whole number from 1 to {MAX_THREADS} or None, got {count!r}"
        )
    with lock:
        _threads = wanted
        if _pool is not None:
            _pool.resize(wanted)
