"""What an earlier process noted about a kernel: with it, a launch needs no part of the compiler.

A note lies in the cache under a hash of the kernel's fingerprint, its argument types and the processor. It
names the entries of the object code and holds what a launch asks of the program: the grid, places of asserts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robokern.compiler import target
from robokern.compiler.fingerprint import fingerprint
from robokern.compiler.function import Kernel
from robokern.ir.hashing import sha256
from robokern.ir.nodes import Assert, Loc
from robokern.ir.types import Type
from robokern.runtime import driver_cpu
from robokern.runtime.begun import Begun
from robokern.runtime.cache import object_cache
from robokern.runtime.compiled import compiled, compiled_for, compiled_under
from robokern.runtime.launcher import Launcher, adds_floats, asserts_or_prints
from robokern.runtime.notes import Note, leave_note, read_note
from robokern.runtime.processor import recall

if TYPE_CHECKING:
    from robokern.ir.nodes import Func


def note_of(func: Func) -> Note:
    """What a launch must know about a program, and the keys of its object code."""
    from robokern.compiler import build
    from robokern.compiler.emit import assertions

    contiguous, strided = build.keys(func, target.cpu(contiguous=True), target.cpu(contiguous=False))
    return {
        "tid_ndim": func.tid_ndim,
        "keeps_rows": adds_floats(func),
        "asserts": [(a.message, a.loc.file, a.loc.line, a.loc.column) for a in assertions(func)],
        "contiguous": contiguous,
        "strided": strided,
        "waits": asserts_or_prints(func),
        "ptx": {},
    }


def gpu_keys(func: Func, arch: str) -> dict[str, str]:
    """The keys of a program's PTX for a GPU's architecture."""
    from robokern.compiler import build

    return {
        "contiguous": build.key(func, target.cuda(arch, contiguous=True)),
        "strided": build.key(func, target.cuda(arch, contiguous=False)),
    }


class NotedLauncher(Launcher):
    """A launcher that goes by a note where it has one."""

    note: Note | None = None

    def describe(self) -> tuple[int | None, bool]:
        """From the note, else from the program."""
        if self.note is None:
            return super().describe()
        return self.note["tid_ndim"], self.note["keeps_rows"]

    def code(self, contiguous: bool) -> bytes:
        """The object code that the note names, else made anew."""
        key = None if self.note is None else self.note["contiguous" if contiguous else "strided"]
        found = None if key is None else object_cache().load(key)
        return self.build(contiguous) if found is None else found

    def check(self, number: int) -> Assert:
        """From the note, else from the program."""
        if self.note is None:
            return super().check(number)
        message, file, line, column = self.note["asserts"][number]
        return Assert(message, Loc(file, line, column))

    def gpu_code(self, arch: str, contiguous: bool) -> bytes:
        """The PTX that the note names, else made anew."""
        keys = {} if self.note is None else self.note["ptx"].get(self.noted_arch(arch), {})
        found = object_cache().load(keys["contiguous" if contiguous else "strided"]) if keys else None
        return self.build_for_gpu(arch, contiguous) if found is None else found

    def noted_arch(self, arch: str) -> str:
        """The architecture whose PTX serves another."""
        return arch

    def waits(self) -> bool:
        """From the note, else from the program."""
        return super().waits() if self.note is None else self.note["waits"]

    def build(self, contiguous: bool) -> bytes:
        """Compiles."""
        return compiled(self.func, contiguous)

    def build_for_gpu(self, arch: str, contiguous: bool) -> bytes:
        """Compiles to PTX."""
        return compiled_for(self.func, arch, contiguous)


class KeptLauncher(NotedLauncher):
    """A launcher that finds and leaves notes in the disk cache, under its `key`."""

    _noted_here = False  # then the note's keys are those of the program in this process

    def __init__(self, kernel: Kernel, types: tuple[Type, ...]) -> None:
        self._begun: dict[bool, Begun] = {}
        key = self.key()
        self.note = None if key is None else read_note(key)
        super().__init__(kernel, types)

    def key(self) -> str | None:
        """The key of its note; None: it has none."""
        raise NotImplementedError

    def note_key(self, what: str) -> str | None:
        """The key of a note on something that is made of its program."""
        key = self.key()
        return None if key is None else sha256(f"{key} {what}".encode()).hexdigest()

    def build(self, contiguous: bool) -> bytes:
        """Compiles, and notes what it did for later processes."""
        self.keep()
        begun = self._begun.pop(contiguous, None)
        make = None if begun is None else begun.result
        return compiled_under(self._code_key(contiguous), self.func, contiguous, make)

    def begin(self, contiguous: bool) -> None:
        """Begins to compile, unless the code is there or there is one core only."""
        known = contiguous in self._programs or contiguous in self._begun
        if known or driver_cpu.available_threads() < 2:
            return
        self.keep()
        if object_cache().load(self._code_key(contiguous)) is None:
            # not needed where the cache has the code
            from robokern.compiler import build

            self._begun[contiguous] = Begun(build.prepared(self.func, target.cpu(contiguous)))

    def _code_key(self, contiguous: bool) -> str:
        """The key of its object code."""
        if self.note is not None and self._noted_here:
            return str(self.note["contiguous" if contiguous else "strided"])
        from robokern.compiler import build

        return build.key(self.func, target.cpu(contiguous))

    def keep(self) -> None:
        """Notes the program where nobody did."""
        key = self.key()
        if key is not None and self.note is None:
            self._noted_here = True
            self._leave(key, note_of(self.func))

    def build_for_gpu(self, arch: str, contiguous: bool) -> bytes:
        """Compiles to PTX, and notes what it did for later processes."""
        code, key = super().build_for_gpu(arch, contiguous), self.key()
        if key is not None:
            note = note_of(self.func) if self.note is None else self.note
            note["ptx"][arch] = gpu_keys(self.func, arch)
            self._leave(key, note)
        return code

    def _leave(self, key: str, note: Note) -> None:
        self.note = note
        leave_note(key, note)


class WarmLauncher(KeptLauncher):
    """A kernel's launcher."""

    def __init__(self, kernel: Kernel, types: tuple[Type, ...]) -> None:
        self._key = _key_of(kernel, types)
        super().__init__(kernel, types)
        self.keep()  # its own code may never be needed: records are filled by another program

    def key(self) -> str | None:
        """A hash of the kernel's fingerprint, its argument types and the processor."""
        return self._key

    def confirm(self) -> None:
        """Ends all notes where the kernel changed since its key was made: a derivative came later, say."""
        if self._key is not None and self._key != _key_of(self.kernel, self.types):
            self._key = None


def _key_of(kernel: Kernel, types: tuple[Type, ...]) -> str | None:
    found = fingerprint(kernel, placed=True)
    if found is None:
        return None
    recall()
    return sha256(f"{found} {types!r} {target.cpu().text} {_form()}".encode()).hexdigest()


@cache
def _form() -> str:
    """Hash of the sources that decide what notes say, as far as fingerprints leave them out."""
    names = (
        "warm_start",
        "launcher",
        "grid",
        "derivative",
        "derivative_note",
        "derived_launcher",
        "tape_guard",
    )
    files = [Path(__file__).with_name(f"{name}.py") for name in names]
    return sha256(b"\0".join(f.read_bytes() for f in files)).hexdigest()


def noted(launcher: Launcher, what: str, make: Callable[[], Any]) -> Any:
    """Something about a kernel's program that JSON can say, from a note where there is one.

    Args:
        launcher: the kernel's.
        what: tells it from other things about the program.
        make: finds it out.
    """
    key = launcher.note_key(what)
    known = None if key is None else read_note(key)
    if known is None:
        known = {what: make()}
        launcher.confirm()
        key = launcher.note_key(what)
        if key is not None:
            leave_note(key, known)
    return known[what]
