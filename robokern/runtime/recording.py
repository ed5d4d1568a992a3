"""Who is told of launches and writes: the tapes that are open, innermost last. Empty: nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robokern.runtime.forward import Forward
    from robokern.runtime.tape import Tape

tapes: list[Tape | Forward] = []
forward: Forward | None = None  # the forward mode around the innermost tape
