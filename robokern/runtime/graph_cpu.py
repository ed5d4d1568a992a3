"""Graphs on the CPU: a list of launches, copies and fills, packed for `play` in `pool.ll`.

The list is a small program: a branch or a loop is a jump. What only Python can do (the interpreter of device
`ref`, copies between strided views) makes `play` return in between.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from robokern.runtime import driver_cpu
from robokern.runtime.capture import Capture, Check, Graph
from robokern.runtime.device import REF, Device
from robokern.runtime.hostvalue import Ndarray
from robokern.runtime.memory import address

if TYPE_CHECKING:
    from robokern.runtime.arguments import Argument
    from robokern.runtime.array import Array
    from robokern.runtime.grid import Grid
    from robokern.runtime.launcher import Launcher

# the first word of a row, as `play` knows them
LAUNCH, COPY, FILL, JUMP_IF_ZERO, JUMP, HOST = range(6)
ROW = 8  # words; the last is where `play` leaves the result of a launch that failed


class CpuGraph(Graph):
    """A packed list.

    Args:
        rows: instructions; jumps go to row numbers.
        actions: what Python does at a row: a host call, or the error for a failed launch's result.
    """

    def __init__(
        self,
        device: Device,
        keep: list[Any],
        checks: list[Check],
        rows: list[list[int]],
        actions: dict[int, Callable[..., None]],
    ) -> None:
        super().__init__(device, keep, checks)
        self.rows, self.actions = rows, actions
        flat = [word for row in rows for word in (*row, *(0,) * (ROW - len(row)))]
        self._packed = (ctypes.c_int64 * max(len(flat), 1))(*flat)
        self._address = ctypes.addressof(self._packed)

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.rows)

    def launch(self) -> None:
        """Replays it to its end.

        Raises:
            KernelAssertionError: an `assert` failed; what follows has not run.
        """
        at, play = 0, driver_cpu.pool().play
        while (at := play(self._address, at, len(self.rows))) >= 0:
            self._act(at)
            at += 1
        for check in self.checks:
            check()

    def _act(self, at: int) -> None:
        if self.rows[at][0] == HOST:
            self.actions[at]()
        else:
            self.actions[at](self._packed[ROW * at + ROW - 1])


class CpuCapture(Capture):
    """A list in the making."""

    def __init__(self, device: Device) -> None:
        super().__init__(device)
        self._rows: list[list[int]] = []
        self._actions: dict[int, Callable[..., None]] = {}

    def launch(self, launcher: Launcher, place: Device, grid: Grid, arguments: list[Argument]) -> None:
        """Records a launch."""
        self.keep.append(arguments)
        if grid.count == 0:
            return
        if place is REF:
            self.host(partial(launcher.interpret, grid, arguments))
            return
        program = launcher.program(all(a.plain for a in arguments))
        record = grid.header + b"".join([a.record for a in arguments])
        buffer = ctypes.create_string_buffer(record, len(record))
        self.keep += [program, buffer]
        self._actions[len(self._rows)] = partial(_raise_failed, launcher, grid.shape)
        place_of_record = ctypes.addressof(buffer)
        self._add(LAUNCH, program.entry, grid.count, launcher.unit(grid), place_of_record, len(record))

    def fill(self, view: Ndarray, one: Ndarray) -> None:
        """Records that one element is written everywhere."""
        element = np.empty(view.shape[view.ndim - np.ndim(one) :], view.dtype)
        element[...] = one
        self.keep += [view, element]
        if not view.flags.c_contiguous:
            self.host(partial(_assign, view, element))
        elif view.size:
            self._add(FILL, address(view), address(element), element.nbytes, view.nbytes)

    def copy(self, target: Ndarray, source: Ndarray) -> None:
        """Records a copy of elements."""
        self.keep += [target, source]
        plain = target.flags.c_contiguous and source.flags.c_contiguous and target.shape == source.shape
        if not plain or target.dtype != source.dtype:
            self.host(partial(_assign, target, source))
        elif target.size:
            self._add(COPY, address(target), address(source), target.nbytes)

    def host(self, action: Callable[[], None]) -> None:
        """Records a call of a Python function."""
        self._actions[len(self._rows)] = action
        self._add(HOST)

    def branch(self, condition: Array, on_true: Check | None, on_false: Check | None) -> None:
        """Records both ways."""
        self.keep.append(condition)
        over = self._add(JUMP_IF_ZERO, condition.ptr, 0)
        if on_true is not None:
            on_true()
        if on_false is not None:
            end = self._add(JUMP, 0, 0)
            self._rows[over][2] = len(self._rows)
            on_false()
            self._rows[end][2] = len(self._rows)
        else:
            self._rows[over][2] = len(self._rows)

    def loop(self, condition: Array, body: Check) -> None:
        """Records one turn."""
        self.keep.append(condition)
        top = self._add(JUMP_IF_ZERO, condition.ptr, 0)
        body()
        self._add(JUMP, 0, top)
        self._rows[top][2] = len(self._rows)

    def replay(self, graph: Graph) -> None:
        """Records the rows of another list."""
        assert isinstance(graph, CpuGraph)
        base = len(self._rows)
        self.keep.append(graph)
        self.checks += graph.checks
        for at, row in enumerate(graph.rows):
            if at in graph.actions:
                self._actions[base + at] = graph.actions[at]
            jumps = row[0] in (JUMP, JUMP_IF_ZERO)
            self._rows.append([*row[:2], row[2] + base] if jumps else row)

    def end(self) -> CpuGraph:
        """The finished list."""
        return CpuGraph(self.device, self.keep, self.checks, self._rows, self._actions)

    def _add(self, *words: int) -> int:
        self._rows.append(list(words))
        return len(self._rows) - 1


def _raise_failed(launcher: Launcher, shape: tuple[int, ...], failed: int) -> None:
    launcher.raise_failed(failed, shape)


def _assign(target: Ndarray, source: Ndarray) -> None:
    target[...] = source
