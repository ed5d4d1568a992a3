"""Who is told of launches and writes: open tapes, innermost last, guards of ended ones, the capture."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from robokern.errors import DeviceError
from robokern.runtime.call_site import call_site, line

if TYPE_CHECKING:
    from robokern.runtime.array import Array
    from robokern.runtime.capture import Capture
    from robokern.runtime.forward import Forward
    from robokern.runtime.tape import Tape
    from robokern.runtime.tape_guard import Guard

tapes: list[Tape | Forward] = []
guards: list[Guard] = []  # those who must learn of what is about to be overwritten: tapes that have ended
forward: Forward | None = None  # the forward mode around the innermost tape
capture: Capture | None = None  # one at a time in a process
blank: WeakKeyDictionary[Array, Array] = WeakKeyDictionary()  # gradients that stand for zeros (blank.py)


def capturing(ordinal: int) -> Capture | None:
    """The capture that this thread's work on a device goes to, if there is one."""
    return capture if capture is not None and capture.takes(ordinal) else None


def refuse_waiting(ordinal: int, what: str) -> None:
    """Refuses what must wait for a device whose launches are being captured, and so do not run.

    Raises:
        DeviceError: there is a capture; names the line that asked.
    """
    found = capturing(ordinal)
    if found is not None:
        raise DeviceError(
            f"{line(call_site())}: {what} waits for device {str(found.device)!r}, whose launches are being "
            "captured and do not run yet; do it before the capture or after its replay"
        )


def settle() -> None:
    """Writes the zeros of all blank gradients, for what is about to be captured."""
    for array in list(blank):
        _ = array.grad


def keep(owner: object) -> None:
    """Has the graph that is being captured, if there is one, keep what its work will need."""
    if capture is not None:
        capture.keep.append(owner)
