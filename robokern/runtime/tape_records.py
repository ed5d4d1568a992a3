"""The forward launch of a kernel whose derivative needs records: saved results and logs (adjoint_record.py).

How many rows a log needs is known when the launch is over. The first launch is given what the last one of
the kernel needed; if some item wants more, what the kernel writes is put back and it runs again.
"""

from __future__ import annotations

from robokern.ir.types import int32
from robokern.runtime import recording
from robokern.runtime.arguments import Argument
from robokern.runtime.array import Array, zeros_of
from robokern.runtime.derivative import Derivative, start
from robokern.runtime.device import Device
from robokern.runtime.grid import Grid
from robokern.runtime.memory import move


def run_recording(
    made: Derivative, place: Device, grid: Grid, arguments: list[Argument], before: list[tuple[Array, Array]]
) -> list[Array]:
    """Runs the forward launch; gives the arrays over the grid, then a log and its counts for each log.

    Args:
        made: the kernel's derivative; it remembers how long its logs were.
        place, grid, arguments: of the launch.
        before: the arrays that the kernel writes, each with a copy.
    """
    rule = made.rule
    saved = [zeros_of(t.dtype, grid.shape, place) for t in rule.saved]
    while True:
        logs = [
            zeros_of(t, (n, grid.count), place, zero=False) for t, n in zip(rule.logs, made.rows, strict=True)
        ]
        counts = [zeros_of(int32, grid.shape, place) for _ in rule.logs]
        pairs = [a for pair in zip(logs, counts, strict=True) for a in pair]
        start(made.forward, place, grid, [*arguments, *map(passed, [*saved, *pairs])])
        needed = [int(c.numpy().max()) for c in counts]
        if all(n <= rows for n, rows in zip(needed, made.rows, strict=True)):
            return [*saved, *pairs]
        # a quarter more than needed, so that launches that differ a little do not run twice
        made.rows = [max(rows, n + n // 4) for n, rows in zip(needed, made.rows, strict=True)]
        for array, content in before:
            if recording.forward is not None:
                recording.forward.write(array, array._numpy, content)
            move(array._numpy, array.device, content._numpy, content.device)


def passed(array: Array) -> Argument:
    """An array as an argument."""
    return Argument(array.descriptor, array, array.is_contiguous, array)
