"""Launching programs that were made from a kernel's, not lowered from Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from robokern.ir.nodes import Func
from robokern.ir.types import Type
from robokern.runtime import recording
from robokern.runtime.arguments import Argument
from robokern.runtime.call_site import call_site
from robokern.runtime.device import CPU, REF, Device
from robokern.runtime.grid import Grid
from robokern.runtime.launcher import Launcher, Packed, adds_floats
from robokern.runtime.warm_start import KeptLauncher


@dataclass(frozen=True)
class Outline:
    """What a launcher asks of a program before it needs its code.

    Attributes:
        name: the program's.
        params: names and types of its parameters.
        tid_ndim: coordinates that `tid()` gives.
        keeps_rows: whether the items of a row stay in order.
    """

    name: str
    params: tuple[tuple[str, Type], ...]
    tid_ndim: int | None
    keeps_rows: bool


def outline_of(func: Func) -> Outline:
    """The outline of a program."""
    params = tuple((name, p.type) for name, p in zip(func.names, func.params, strict=True))
    return Outline(func.name, params, func.tid_ndim, adds_floats(func))


class DerivedLauncher(KeptLauncher):
    """Launches a Func that was made from a kernel's.

    Args:
        launcher: the kernel's.
        func: the program, or what makes it when the cache lacks its code.
        outline: the program's; needed where `func` makes it.
        what: tells the program from others made from the kernel's, for the note on it; empty: it has none.
    """

    def __init__(
        self,
        launcher: Launcher,
        func: Func | Callable[[], Func],
        outline: Outline | None = None,
        what: str = "",
    ) -> None:
        self._launcher, self._what = launcher, what
        if isinstance(func, Func):
            self.__dict__["func"] = func
            outline = outline_of(func)
        else:
            self._make = func
        assert outline is not None
        self.outline = outline
        kernel: Any = SimpleNamespace(
            name=outline.name,
            params=outline.params,
            overload=SimpleNamespace(defaults={}),
            options=launcher.kernel.options,
            is_generic=False,
        )
        super().__init__(kernel, tuple(type for _, type in outline.params))

    @cached_property
    def func(self) -> Func:
        """The program, made when first asked for."""
        return self._make()

    def key(self) -> str | None:
        """The key of the note on it, beside that of the kernel."""
        return self._launcher.note_key(self._what) if self._what else None

    def describe(self) -> tuple[int | None, bool]:
        """From the outline."""
        return self.outline.tid_ndim, self.outline.keeps_rows

    def play(self, place: Device, grid: Grid, packed: Packed, contiguous: bool) -> None:
        """Runs on arguments that are packed already; `contiguous`: all arrays among them are."""
        if place is REF or recording.capture is not None:
            self.start(place, grid, [Argument(p, None, contiguous) for p in packed])
            return
        record = grid.header + b"".join(packed)
        if place is CPU:
            failed = self.program(contiguous).run(grid.count, record, self.unit(grid))
        else:
            failed = self.gpu_program(place, contiguous).run(grid.count, record, call_site())
        self.raise_failed(failed, grid.shape)
