"""Launches that are told and waited for: `rk.config.print_launches`, `rk.config.verify_cuda`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from robokern.compiler.options import config
from robokern.runtime import recording
from robokern.runtime.arguments import Argument
from robokern.runtime.array import Array
from robokern.runtime.device import CPU, Device
from robokern.runtime.grid import Dim, Grid
from robokern.runtime.launcher import Launcher


class WatchedLauncher(Launcher):
    """A launcher all of whose launches come through `start`."""

    def launch(self, place: Device, dim: Dim, values: list[Any]) -> bytes:
        """Checks, packs and runs; no quick way past `start`."""
        return self.launch_checked(place, dim, values)

    def start(self, place: Device, grid: Grid, arguments: list[Argument]) -> None:
        """Prints the launch, runs it, and waits for a GPU, as the configuration says."""
        if config.print_launches:
            print(self._line(place, grid, arguments))
        super().start(place, grid, arguments)
        if config.verify_cuda and place.is_cuda and recording.capture is None:
            place.gpu.synchronize()

    def _line(self, place: Device, grid: Grid, arguments: list[Argument]) -> str:
        given = zip(self.kernel.params, arguments, strict=True)
        shown = ", ".join(f"{name}={_short(argument.value)}" for (name, _), argument in given)
        return f"kernel {self.kernel.name}: dim {grid.shape}, {shown or 'no arguments'}, on {place}"

    def prepared(self, grid: Grid, arguments: list[Argument]) -> Callable[[], None]:
        """Nothing is done ahead."""
        return lambda: self.start(CPU, grid, arguments)

    def prepared_on_gpu(self, place: Device, grid: Grid, arguments: list[Argument]) -> Callable[[], None]:
        """Neither on a GPU."""
        return lambda: self.start(place, grid, arguments)


def _short(value: object) -> str:
    if isinstance(value, Array):
        return f"{value.type} of shape {value.shape}"
    return " ".join(str(value).split())
