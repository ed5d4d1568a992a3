"""Launches that look for mistakes: indices out of range (`mode="debug"`), NaN and infinity (`verify_fp`)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from robokern.compiler.bounds import REPORT, check_bounds
from robokern.compiler.function import Kernel
from robokern.errors import KernelFloatError, KernelIndexError
from robokern.ir.nodes import Op
from robokern.ir.types import ArrayType, Type, int64, scalar_of
from robokern.runtime import recording
from robokern.runtime.arguments import Argument, argument
from robokern.runtime.array import Array
from robokern.runtime.creation import zeros
from robokern.runtime.device import CPU, REF, Device
from robokern.runtime.grid import Dim, Grid
from robokern.runtime.watched import WatchedLauncher

if TYPE_CHECKING:
    from robokern.runtime.capture import Capture


class CheckedLauncher(WatchedLauncher):
    """A launcher whose program reports the first array index that is out of range.

    An access out of range is not done; a load gives zero. The other items run to their end.
    """

    sites: list[Op]

    def __init__(self, kernel: Kernel, types: tuple[Type, ...]) -> None:
        super().__init__(kernel, types)
        self.plain_func = self.func
        self.func, self.sites = check_bounds(self.func)

    def launch(self, place: Device, dim: Dim, values: list[Any]) -> bytes:
        """Checks, packs and runs, then looks at the report and at the floats."""
        record = super().launch(place, dim, values)
        if self.kernel.options.verify_fp:
            capture = recording.capturing(place.ordinal)
            if capture is None:
                verify_floats(self.kernel, values)
            else:
                capture.checks.append(partial(verify_floats, self.kernel, values))
        return record

    def interpret(self, grid: Grid, arguments: list[Argument]) -> None:
        """The interpreter checks indices by itself."""
        checked, self.func = self.func, self.plain_func
        try:
            super().interpret(grid, arguments)
        finally:
            self.func = checked

    def run(self, grid: Grid, arguments: list[Argument]) -> None:
        """Runs on the CPU.

        Raises:
            KernelIndexError: kernel, line, array's shape and index of the first wrong access that was seen.
        """
        report = zeros(REPORT, dtype=int64, device=CPU)
        super().run(grid, [*arguments, argument(ArrayType(int64, 1), report)])
        self._raise_reported(report, grid)

    def run_on_gpu(self, place: Device, grid: Grid, arguments: list[Argument]) -> None:
        """Runs on a GPU, to the end.

        Raises:
            KernelIndexError: as `run`.
        """
        report = zeros(REPORT, dtype=int64, device=place)
        super().run_on_gpu(place, grid, [*arguments, argument(ArrayType(int64, 1), report)])
        self._raise_reported(report, grid)

    def capture(self, capture: Capture, place: Device, grid: Grid, arguments: list[Argument]) -> None:
        """Goes into a capture; the report is looked at after each replay."""
        if place is REF:
            super().capture(capture, place, grid, arguments)
            return
        with capture.outside():
            report = zeros(REPORT, dtype=int64, device=place)
        given = [*arguments, argument(ArrayType(int64, 1), report)]
        super().capture(capture, place, grid, given)
        capture.checks.append(partial(self._raise_reported, report, grid))

    def _raise_reported(self, report: Array, grid: Grid) -> None:
        found = np.array(report.numpy())
        if found[0]:
            report.zero_()
            raise self._index_error(found.tolist(), grid.shape)

    def _index_error(self, found: list[int], shape: tuple[int, ...]) -> KernelIndexError:
        op = self.sites[found[0] - 1]
        behind = 2 if op.attrs.get("op") == "cas" else int(op.name in ("store", "atomic"))
        count = len(op.args) - 1 - behind
        index, lengths = tuple(found[5 : 5 + count]), tuple(found[10 : 10 + count])
        item = tuple(found[1 : 1 + max(self.tid_ndim or 1, 1)])
        return KernelIndexError(
            f"{op.loc}: {op.name} in kernel {self.kernel.name!r}: index {index} "
            f"is outside an array of shape {lengths}, in item {item} of grid {shape}"
        )


def verify_floats(kernel: Kernel, values: list[Any]) -> None:
    """Looks for NaN and infinity in the float arrays of a launch.

    Raises:
        KernelFloatError: kernel, argument and index of the first one.
    """
    for (name, _), value in zip(kernel.params, values, strict=False):
        if isinstance(value, Array) and getattr(scalar_of(value.dtype), "kind", "") == "f":
            wrong = np.argwhere(~np.isfinite(value.numbers()))
            if len(wrong):
                place = tuple(int(i) for i in wrong[0])
                raise KernelFloatError(
                    f"kernel {kernel.name!r} left {value.numbers()[place]} in argument {name!r} "
                    f"at index {place}"
                )
