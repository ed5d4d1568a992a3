"""Launching kernels: `launch`, and launches that are packed once to run many times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from robokern.compiler.function import Kernel
from robokern.errors import LaunchError
from robokern.runtime import recording
from robokern.runtime.device import REF, Device, DeviceLike, get_device
from robokern.runtime.grid import Dim, Grid, record_of
from robokern.runtime.hostvalue import describe, listed
from robokern.runtime.launcher import Launcher, prepare
from robokern.runtime.stream import ScopedStream, Stream


def launch(
    kernel: Any,
    dim: Dim,
    inputs: Sequence[Any] = (),
    outputs: Sequence[Any] = (),
    adj_inputs: Sequence[Any] = (),
    adj_outputs: Sequence[Any] = (),
    device: DeviceLike = None,
    adjoint: bool = False,
    record_tape: bool = True,
    record_cmd: bool = False,
    stream: Stream | None = None,
    max_blocks: int = 0,
    block_dim: int = 256,
) -> Launch | None:
    """Runs `kernel` once for every item of a grid.

    Args:
        kernel: made by `@rk.kernel`.
        dim: number of items, or the grid's shape of up to 4 lengths; `rk.tid()` gives the place in it.
        inputs, outputs: the arguments in order; the split is for the reader. Arrays are `rk.array`s, or
            NumPy arrays of the right dtype (shared, not copied), or None; vectors and the like are host
            values or sequences of numbers.
        adj_inputs, adj_outputs: with `adjoint`, what derivatives are read from and added to: for an array one
            like it; for a number, vector, matrix or quaternion an array of one; for a struct another of its
            kind, whose arrays are adjoints and whose numbers are added to. None: the argument's own `grad`.
        device: `cpu`, `ref`, `cuda:0` or `auto`; None: the default device.
        adjoint: run the reverse derivative instead: it takes the derivatives by the outputs and adds those by
            the inputs. All arguments must hold what they held before the forward launch. The adjoint of an
            array that is read and overwritten changes from the one by its new to that by its old content.
        record_tape: False: an open tape does not see it.
        record_cmd: do not run; return a `Launch` to run later, any number of times.
        stream: where to put it instead of the device's current stream; its device is then the launch's.
        max_blocks, block_dim: how Warp divides a grid; taken without effect.

    Returns when every item is done; on a GPU at once, unless the kernel asserts or prints. On the CPU items
    run in any order, each on one thread. Results do not depend on the number of threads, unless floats are
    added atomically: then the order of items shows in the last bits. In a grid of 2 or more dimensions such a
    kernel keeps the order inside a row (equal first coordinate), so sums that belong to one row have the same
    bits always.

    Raises:
        LaunchError: the arguments or `dim` do not fit the kernel.
        KernelAssertionError: an `assert` in the kernel failed for some item; the others have run.
        KernelError: the kernel cannot be compiled.
        DeviceError: there is no such device.
        AdjointError: with `adjoint` or a tape: there is no exact derivative.
    """
    if stream is not None:
        with ScopedStream(stream, sync_enter=False):
            return launch(
                kernel, dim, inputs, outputs, adj_inputs, adj_outputs,
                stream.device, adjoint, record_tape, record_cmd,
            )  # fmt: skip
    place = get_device(device)
    values = [*inputs, *outputs]
    try:
        launcher = kernel.launchers.get(None) or prepare(kernel, values)
    except AttributeError:
        if isinstance(kernel, Kernel):
            raise
        raise LaunchError(
            f"launch: expected a kernel, got {describe(kernel)}; decorate it with @rk.kernel"
        ) from None
    if record_cmd or adjoint:
        adjoints = [(inputs, adj_inputs), (outputs, adj_outputs)] if adjoint else []
        made = _recorded(launcher, place, dim, values, adjoints)
        if record_cmd:
            return made
        made.launch()
        return None
    if recording.guards or not record_tape:
        _tell_guards(launcher, values, record_tape)
    if recording.tapes and record_tape:
        recording.tapes[-1].launch(launcher, place, dim, values)
        return None
    launcher.launch(place, dim, values)
    return None


def _tell_guards(launcher: Launcher, values: Sequence[Any], seen: bool = True) -> None:
    # seldom needed, and it extends this module
    from robokern.runtime.tape_guard import before_launch

    before_launch(launcher, values, seen)


def _recorded(
    launcher: Launcher,
    place: Device,
    dim: Dim,
    values: list[Any],
    adjoints: list[tuple[Sequence[Any], Sequence[Any]]],
) -> Launch:
    if not adjoints:
        return Launch(launcher, place, dim, values)
    # seldom needed, and it extends this module
    from robokern.runtime.adjoint_launch import AdjointLaunch, adjoints_of

    return AdjointLaunch(launcher, place, dim, values, adjoints_of(launcher.kernel.name, *adjoints))


class Launch:
    """A launch packed once, to be run many times; made by `launch(..., record_cmd=True)`.

    Attributes:
        launcher, device, grid: what runs, where and over what.
        arguments: checked; another list after each change.
    """

    def __init__(self, launcher: Launcher, place: Device, dim: Dim, values: list[Any]) -> None:
        self.launcher = launcher
        self.device = place
        self.grid = Grid(launcher.kernel.name, dim, launcher.tid_ndim)
        self.arguments = launcher.arguments(values)
        self._ready: Callable[[], None] | None = None

    @property
    def kernel(self) -> Kernel:
        """The kernel it runs."""
        return self.launcher.kernel

    @property
    def dim(self) -> tuple[int, ...]:
        """Shape of the grid."""
        return self.grid.shape

    def set_dim(self, dim: Dim) -> None:
        """Changes the grid.

        Raises:
            LaunchError: no such grid, or not as many dimensions as the kernel asks for.
        """
        self.grid = Grid(self.kernel.name, dim, self.launcher.tid_ndim)
        self._ready = None

    def set_param_at_index(self, index: int, value: Any) -> None:
        """Changes the argument number `index`.

        Raises:
            LaunchError: there is no such parameter, or the value does not fit.
        """
        self.check_index(index)
        changed = self.launcher.argument(index, value)
        self.arguments = [*self.arguments[:index], changed, *self.arguments[index + 1 :]]
        self._ready = None

    def check_index(self, index: int) -> None:
        """Refuses what is no parameter's number."""
        count = len(self.launcher.types)
        if not 0 <= index < count:
            raise LaunchError(
                f"kernel {self.kernel.name!r}: expected a parameter number below {count}, got {index}"
            )

    def index_of(self, name: str) -> int:
        """The number of the parameter called `name`.

        Raises:
            LaunchError: there is none.
        """
        names = [n for n, _ in self.kernel.params]
        if name not in names:
            raise LaunchError(
                f"kernel {self.kernel.name!r}: no parameter {name!r}; choose one of: {listed(names)}"
            )
        return names.index(name)

    def set_param_by_name(self, name: str, value: Any) -> None:
        """Changes the argument called `name`.

        Raises:
            LaunchError: there is no such parameter, or the value does not fit.
        """
        self.set_param_at_index(self.index_of(name), value)

    def set_params(self, values: Sequence[Any]) -> None:
        """Changes all arguments.

        Raises:
            LaunchError: they do not fit.
        """
        self.arguments = self.launcher.arguments([*values])
        self._ready = None

    def launch(self) -> None:
        """Runs it, as `launch` would.

        Raises:
            KernelAssertionError: an `assert` in the kernel failed for some item; the others have run.
        """
        if recording.guards:
            _tell_guards(self.launcher, self.arguments)
        if recording.tapes:
            recording.tapes[-1].relaunch(self)
        else:
            self.start()

    @property
    def record(self) -> bytes:
        """The launch record."""
        return record_of(self.grid, self.arguments)

    def start(self) -> None:
        """Runs it, seen by no tape."""
        if recording.capture is not None:
            if self.grid.count:
                self.launcher.start(self.device, self.grid, self.arguments)
            return
        ready = self._ready
        if ready is None:
            ready = self._ready = self._prepared()
        ready()

    def _prepared(self) -> Callable[[], None]:
        launcher, grid, arguments = self.launcher, self.grid, self.arguments
        if grid.count == 0:
            return lambda: None
        if self.device is REF:
            return lambda: launcher.start(REF, grid, arguments)
        if self.device.is_cuda:
            return launcher.prepared_on_gpu(self.device, grid, arguments)
        return launcher.prepared(grid, arguments)
