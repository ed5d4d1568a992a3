"""Where in the user's program a call was written: the nearest line outside this package."""

from __future__ import annotations

import sys
from pathlib import Path
from types import CodeType, FrameType

CallSite = tuple[CodeType, int]  # a function, and the offset of an instruction in it

_PACKAGE = str(Path(__file__).resolve().parents[1]) + "/"
_PLUGINS = _PACKAGE + "_plugins/"


def call_site(depth: int = 1) -> CallSite | None:
    """The place of the call `depth` functions above the caller, or the next one above that is the user's."""
    frame: FrameType | None = sys._getframe(depth + 1)
    while frame is not None and _is_ours(frame.f_code.co_filename):
        frame = frame.f_back
    return None if frame is None else (frame.f_code, frame.f_lasti)


def _is_ours(file: str) -> bool:
    return file.startswith(_PACKAGE) and not file.startswith(_PLUGINS)


def line(site: CallSite | None) -> str:
    """`file:line` of a place."""
    if site is None:
        return "an unknown line"
    code, offset = site
    found = next((n for start, end, n in code.co_lines() if start <= offset < end and n), code.co_firstlineno)
    return f"{code.co_filename}:{found}"


def shown(site: CallSite | None) -> str:
    """As part of a sentence; empty where nothing is known."""
    return "" if site is None else f", launched at {line(site)}"
