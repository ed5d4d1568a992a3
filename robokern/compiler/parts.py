"""Object code in several parts that are linked together, kept as one piece."""

from __future__ import annotations

from collections.abc import Sequence

_MAGIC = b"robokern parts\n"
_LENGTH = 8  # bytes


def joined(parts: Sequence[bytes]) -> bytes:
    """The parts as one; a single one stays as it is."""
    if len(parts) == 1:
        return parts[0]
    return _MAGIC + b"".join(len(part).to_bytes(_LENGTH, "little") + part for part in parts)


def parted(code: bytes) -> list[bytes]:
    """The parts that `joined` was given."""
    if not code.startswith(_MAGIC):
        return [code]
    parts, at = [], len(_MAGIC)
    while at < len(code):
        start = at + _LENGTH
        at = start + int.from_bytes(code[at:start], "little")
        parts.append(code[start:at])
    return parts
