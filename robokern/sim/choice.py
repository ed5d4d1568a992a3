"""Which worlds a captured step writes: a mask on the device that the host changes without waiting for it."""

from __future__ import annotations

from robokern.ir.types import bool_
from robokern.runtime.array import Array
from robokern.runtime.creation import copy, zeros
from robokern.runtime.stream import Event, get_stream, synchronize_event
from robokern.world.host import Mask
from robokern.world.world import World

ROUND = 8  # masks under way at most


class Choice:
    """A mask (worlds,) in one place of the device's memory.

    Attributes:
        mask: on the device; all worlds at first.
    """

    def __init__(self, world: World, everywhere: Mask) -> None:
        self.mask = world.mask(everywhere)
        self._on_gpu = self.mask.device.is_cuda
        self._sent: list[tuple[Array, Event | None]] = []
        self._turn = 0

    def set(self, mask: Mask) -> None:
        """Sends another mask, behind what was launched before."""
        if not self._on_gpu:
            self.mask.assign(mask)
            return
        if len(self._sent) < ROUND:
            self._sent.append((zeros(len(mask), dtype=bool_, device="cpu", pinned=True), None))
        self._turn = (self._turn + 1) % len(self._sent)
        staged, event = self._sent[self._turn]
        if event is not None:
            synchronize_event(event)
        staged.assign(mask)
        copy(self.mask, staged)
        self._sent[self._turn] = staged, get_stream(self.mask.device).record_event(event)
