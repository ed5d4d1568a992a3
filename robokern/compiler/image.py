"""Object files linked into one *image*: memory that runs at any address, after a copy and a few words.

LLVM links too, but has to be loaded for that, which costs a process that compiles nothing more than all else
it does (docs/decisions/0020). So code is linked when it is made. Only what this compiler's own code needs is
known here, in ELF for x86-64: places relative to the code, and calls of the C library through a table. Of
anything else, and on other platforms, the parts are kept as they are, and LLVM links them.

Format: System V ABI, chapters 4 and 5; AMD64 Architecture Processor Supplement 1.0, section 4.4.
An image is a magic word, a header in JSON with its length before (all of `Image` but the content), and the
content: code and constants, from the next page on what may be written, the table of addresses first.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from robokern.ir.hashing import sha256

HERE = sys.platform == "linux" and os.uname().machine == "x86_64" and sys.maxsize > 1 << 32
PAGE = 4096
_MAGIC = b"robokern image\n"
_LENGTH = 4  # bytes before the header
_WORD = 8

_IDENTITY, _X86_64 = b"\x7fELF\x02\x01", 62  # 64 bits, little-endian; EM_X86_64
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QQq")
_PROGBITS, _SYMTAB, _RELA, _NOTE, _NOBITS, _UNWIND = 1, 2, 4, 7, 8, 0x70000001
_WRITE, _ALLOC, _TLS = 1, 2, 0x400
_LOCAL = _UNDEFINED = 0

_PC32, _PLT32, _GOTPCREL, _PC64, _GOTPCRELX, _REX_GOTPCRELX = 2, 4, 9, 24, 41, 42
_NARROW = {_PC32, _PLT32, _GOTPCREL, _GOTPCRELX, _REX_GOTPCRELX}
_BY_TABLE = {_GOTPCREL, _GOTPCRELX, _REX_GOTPCRELX}
_JUMP = b"\xff\x25"  # jmp [rip + 32 bits]
_STUB = 8  # bytes of a jump, aligned


class Image(NamedTuple):
    """An image taken apart.

    Attributes:
        symbols: where functions begin, by name.
        table: what the table of addresses holds, word by word: that of a function of the C library by its
            name, or that of a place in the image.
        readable: bytes that are code and constants; what may be written follows, from the table on.
        size: bytes in memory, those that are zero at the end included.
        content: the bytes up to these.
    """

    symbols: dict[str, int]
    table: list[str | int]
    readable: int
    size: int
    content: bytes


class _Section(NamedTuple):
    name: int
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry: int


class _Unknown(Exception):
    """Something in an object file that is not linked here."""


@cache
def digest() -> str:
    """Hash of this file, for keys of what it links: no version number to forget."""
    return sha256(Path(__file__).read_bytes()).hexdigest()


def linked(parts: Sequence[bytes], symbols: Sequence[str]) -> bytes | None:
    """The image of object files; None: they hold what is not known here.

    Args:
        parts: the files' bytes; what one of them lacks and no other has is looked up in the C library.
        symbols: the functions to find in the image.
    """
    if not HERE:
        return None
    try:
        return _packed(_Link([_Object(part) for part in parts]).image(symbols))
    except _Unknown:
        return None


def _packed(image: Image) -> bytes:
    described = json.dumps([image.symbols, image.table, image.readable, image.size]).encode()
    return _MAGIC + len(described).to_bytes(_LENGTH, "little") + described + image.content


def opened(code: bytes) -> Image | None:
    """What `linked` made; None if this is something else."""
    if not code.startswith(_MAGIC):
        return None
    start = len(_MAGIC) + _LENGTH
    end = start + int.from_bytes(code[start - _LENGTH : start], "little")
    symbols, table, readable, size = json.loads(code[start:end])
    return Image(symbols, table, readable, size, code[end:])


class _Object:
    """An object file.

    Attributes:
        sections: by number.
        places: of each section that is part of the image, where it lies there.
        symbols: by number: name, binding, section, value.
    """

    def __init__(self, data: bytes) -> None:
        if data[:6] != _IDENTITY or struct.unpack_from("<H", data, 18)[0] != _X86_64:
            raise _Unknown("not ELF for x86-64")
        self.data = data
        (table,) = struct.unpack_from("<Q", data, 40)
        size, count, _ = struct.unpack_from("<HHH", data, 58)
        self.sections = [_Section(*_SECTION.unpack_from(data, table + k * size)) for k in range(count)]
        self.places: dict[int, int] = {}
        self.symbols = [*self._symbols()]

    def _symbols(self) -> Iterator[tuple[str, int, int, int]]:
        for section in self.sections:
            if section.type == _SYMTAB:
                names = self.sections[section.link].offset
                for name, info, _, where, value, _ in _SYMBOL.iter_unpack(self.content(section)):
                    yield self._text(names + name), info >> 4, where, value

    def _text(self, at: int) -> str:
        return self.data[at : self.data.index(b"\0", at)].decode()

    def content(self, section: _Section) -> bytes:
        """A section's bytes."""
        return self.data[section.offset : section.offset + section.size]

    def loaded(self, writable: bool) -> Iterator[tuple[int, _Section]]:
        """The sections that belong in memory, by number."""
        for number, section in enumerate(self.sections):
            if not section.flags & _ALLOC or not section.size or section.type in (_NOTE, _UNWIND):
                continue
            if section.type not in (_PROGBITS, _NOBITS) or section.flags & _TLS or section.align > PAGE:
                raise _Unknown("a section of an unknown kind")
            if bool(section.flags & _WRITE) is writable:
                yield number, section

    def relocations(self) -> Iterator[tuple[int, int, int, int]]:
        """What must be filled in: where in the image, how, the number of the symbol, what to add."""
        for section in self.sections:
            place = self.places.get(section.info)
            if section.type == _RELA and place is not None:
                for offset, info, addend in _RELOCATION.iter_unpack(self.content(section)):
                    yield place + offset, info & 0xFFFFFFFF, info >> 32, addend


class _Link:
    """Object files on their way to an image."""

    def __init__(self, objects: Sequence[_Object]) -> None:
        self.objects = objects
        self.memory = bytearray()
        self.table: dict[str | int, int] = {}  # what it holds -> number of the word
        self._place(writable=False)
        self.globals = self._globals()
        self._fill_table()
        self._stubs = len(self.memory)
        self.readable = -(-(self._stubs + _STUB * len(self.table)) // PAGE) * PAGE
        self._write_stubs()
        self._place(writable=True)
        self.globals = self._globals()

    def _place(self, writable: bool) -> None:
        for found in self.objects:
            for number, section in found.loaded(writable):
                self.memory += bytes(-len(self.memory) % max(section.align, 1))
                found.places[number] = len(self.memory)
                zero = section.type == _NOBITS
                self.memory += bytes(section.size) if zero else found.content(section)

    def _globals(self) -> dict[str, int]:
        """The places of the symbols that other parts see."""
        found: dict[str, int] = {}
        for part in self.objects:
            for name, binding, where, value in part.symbols:
                if binding != _LOCAL and where in part.places:
                    if name in found:
                        raise _Unknown("a symbol that two parts have")
                    found[name] = part.places[where] + value
        return found

    def _fill_table(self) -> None:
        """Finds what needs a word in the table: what no part has, and what is asked for by its address."""
        symbols = [symbol for part in self.objects for symbol in part.symbols]
        own = {name for name, binding, where, _ in symbols if binding != _LOCAL and where != _UNDEFINED}
        for part in self.objects:
            for _, kind, number, _ in part.relocations():
                name, _, where, _ = part.symbols[number]
                if where == _UNDEFINED and name not in own:
                    self.table.setdefault(name, len(self.table))
                elif kind in _BY_TABLE:
                    self.table.setdefault(self._place_of(part, number), len(self.table))

    def _write_stubs(self) -> None:
        """Jumps to what the table names, and the table."""
        for number in range(len(self.table)):
            at = self._stubs + _STUB * number
            far = self.readable + _WORD * number - (at + len(_JUMP) + 4)
            self.memory += (_JUMP + struct.pack("<i", far)).ljust(_STUB, b"\0")
        self.memory += bytes(self.readable + _WORD * len(self.table) - len(self.memory))

    def _place_of(self, part: _Object, number: int) -> int:
        """Where a symbol that some part has lies in the image."""
        name, _, where, value = part.symbols[number]
        if where == _UNDEFINED and name in self.globals:
            return self.globals[name]
        if where not in part.places:
            raise _Unknown("a symbol that lies nowhere")
        return part.places[where] + value

    def _target(self, part: _Object, kind: int, number: int) -> int:
        """What a relocation refers to."""
        name, _, where, _ = part.symbols[number]
        if where == _UNDEFINED and name in self.table:
            word = self.table[name]
            if kind == _PLT32:
                return self._stubs + _STUB * word
            if kind not in _BY_TABLE:
                raise _Unknown("data of the C library")
            return self.readable + _WORD * word
        place = self._place_of(part, number)
        return self.readable + _WORD * self.table[place] if kind in _BY_TABLE else place

    def image(self, symbols: Sequence[str]) -> Image:
        """Everything filled in."""
        for part in self.objects:
            for at, kind, number, addend in part.relocations():
                if kind not in _NARROW and kind != _PC64:
                    raise _Unknown("a relocation of an unknown kind")
                value = self._target(part, kind, number) + addend - at
                struct.pack_into("<q" if kind == _PC64 else "<i", self.memory, at, value)
        places = {name: self._symbol(name) for name in symbols}
        content = bytes(self.memory).rstrip(b"\0")
        return Image(places, [*self.table], self.readable, len(self.memory), content)

    def _symbol(self, name: str) -> int:
        if name not in self.globals:
            raise _Unknown(f"{name} is missing")
        return self.globals[name]
