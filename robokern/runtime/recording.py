"""Who is told of launches and writes: the tapes that are open, innermost last. Empty: nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robokern.errors import DeviceError

if TYPE_CHECKING:
    from robokern.runtime.forward import Forward
    from robokern.runtime.tape import Tape

tapes: list[Tape | Forward] = []
forward: Forward | None = None  # the forward mode around the innermost tape


def not_on(device: str) -> DeviceError:
    """What is raised where a tape would have to record on a GPU."""
    return DeviceError(f"device {device!r}: a tape records on 'cpu' and 'ref' only; leave the tape's block")
