"""Launching kernels: `launch` checks and packs the arguments, compiles on first use, and runs."""

from __future__ import annotations

import operator
import struct
import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from robokern.compiler import options
from robokern.compiler.function import Kernel
from robokern.errors import KernelAssertionError, LaunchError
from robokern.ir import layout
from robokern.ir.types import BY_NAME, ArrayType, Struct, Type, is_float, matches
from robokern.runtime import driver_cpu, recording
from robokern.runtime.arguments import Argument, Misfit, Pack, argument, devices_of, record_packer
from robokern.runtime.array import array_type
from robokern.runtime.call_site import call_site
from robokern.runtime.collector import put_off
from robokern.runtime.device import CPU, REF, Device, DeviceLike, get_device
from robokern.runtime.hostvalue import component_shape, describe, listed, type_of
from robokern.runtime.stream import ScopedStream, Stream

if TYPE_CHECKING:
    from robokern.ir.nodes import Assert, Func
    from robokern.runtime.capture import Capture
    from robokern.runtime.driver_cuda import Program as GpuProgram

Dim = int | Sequence[int]

_header = struct.Struct("=4qQ").pack  # shape of the grid, and the place of the status pointer
_REFUSED = (TypeError, AttributeError, ValueError, OverflowError, struct.error, Misfit)
MAX_LENGTH = 2**31 - 1  # coordinates are int32


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


class Grid:
    """The items of a launch: `dim` as a shape, their number, and the header of the launch record."""

    __slots__ = ("count", "header", "shape")

    def __init__(self, kernel: str, dim: Any, tid_ndim: int | None) -> None:
        try:
            shape = tuple(map(operator.index, dim)) if isinstance(dim, Sequence) else (operator.index(dim),)
        except TypeError:
            shape = ()
        if not 1 <= len(shape) <= 4 or min(shape) < 0 or max(shape) > MAX_LENGTH:
            raise LaunchError(
                f"kernel {kernel!r}: dim: expected an integer or 1 to 4 of them, each from 0 to 2**31 - 1, "
                f"got {describe(dim)}"
            )
        if tid_ndim and tid_ndim != len(shape):
            raise LaunchError(
                f"kernel {kernel!r}: dim: rk.tid() gives {tid_ndim} coordinates in this kernel, "
                f"got dim={dim!r}; pass {tid_ndim} lengths"
            )
        self.shape, self.count = shape, prod(shape)
        self.header = _header(*shape, *(1,) * (4 - len(shape)), 0)


def record_of(grid: Grid, arguments: list[Argument]) -> bytes:
    """The launch record: the grid, then the arguments."""
    return grid.header + b"".join([a.record for a in arguments])


def _lowered(kernel: Kernel, types: tuple[Type, ...]) -> Func:
    # a quarter of robokern's import time, so not before a first launch
    from robokern.compiler.frontend import lower

    return lower(kernel, types)


class Launcher:
    """A kernel for one list of argument types: its program, compiled on first use, and how to pack for it.

    Compiled twice at most: for arrays that are C-contiguous, and for any strides.
    """

    def __init__(self, kernel: Kernel, types: tuple[Type, ...]) -> None:
        self.kernel = kernel
        self.types = types
        self.tid_ndim, self.keeps_rows = self.describe()
        self._pack: Pack = _unloaded
        self._programs: dict[bool, driver_cpu.Program] = {}
        self._entry = 0
        self._run: Callable[[int, int, int, bytes, int], int] = _unloaded
        self._quick_limit = 0  # the largest dim that needs no further look
        self._quick_unit = -1 if self.keeps_rows else 1
        self._on_gpu: dict[tuple[int, bool], GpuProgram] = {}
        self._quick_on_gpu: dict[int, tuple[Pack, GpuProgram]] = {}
        self._size = layout.argument_offsets(types)[-1]

    @cached_property
    def func(self) -> Func:
        """The kernel's program for these types."""
        with put_off():
            return _lowered(self.kernel, self.types)

    def describe(self) -> tuple[int | None, bool]:
        """Coordinates that `tid()` gives, and whether the items of a row stay in order."""
        return self.func.tid_ndim, adds_floats(self.func)

    def code(self, contiguous: bool) -> bytes:
        """Its object code."""
        return compiled(self.func, contiguous)

    def begin(self, contiguous: bool) -> None:
        """Begins to make its object code on another thread, where that pays."""

    def gpu_code(self, arch: str, contiguous: bool) -> bytes:
        """Its PTX for a GPU's architecture."""
        return compiled_for(self.func, arch, contiguous)

    def waits(self) -> bool:
        """Whether a launch on a GPU has something to tell when it is done."""
        return asserts_or_prints(self.func)

    def note_key(self, what: str) -> str | None:
        """The key of a note on something that is made of its program; None: nothing may be noted."""
        return None

    def confirm(self) -> None:
        """Takes note that its program was just read, perhaps long after the key of its notes was made."""

    def look_again(self) -> None:
        """Reads the note on its program that another process has left meanwhile."""

    def check(self, number: int) -> Assert:
        """The `assert` that a status record's number, less one, means."""
        from robokern.compiler.emit import assertions

        return assertions(self.func)[number]

    @cached_property
    def array_numbers(self) -> tuple[int, ...]:
        """The parameters that are arrays."""
        return tuple(n for n, type in enumerate(self.types) if isinstance(type, ArrayType))

    @cached_property
    def float_arrays(self) -> frozenset[int]:
        """The parameters that are, or are structs of, arrays of elements with floats."""
        return frozenset(n for n, type in enumerate(self.types) if _has_float_arrays(type))

    @cached_property
    def pick(self) -> Callable[[list[Any]], tuple[Any, ...]]:
        """Takes the array arguments out of all arguments.

        Raises, when called: TypeError: structs may refer to more arrays; IndexError: too few arguments.
        """
        if any(isinstance(type, Struct) for type in self.types):
            return _not_alone
        if len(self.array_numbers) > 1:
            return operator.itemgetter(*self.array_numbers)
        return lambda values: tuple(values[n] for n in self.array_numbers)

    def launch(self, place: Device, dim: Dim, values: list[Any]) -> bytes:
        """Checks, packs and runs; gives the launch record."""
        if place is CPU and self._entry and recording.capture is None:
            try:
                packed = self._pack(values)
            except _REFUSED:
                pass
            else:
                return self._launch_packed(dim, packed)
        elif place.ordinal in self._quick_on_gpu and recording.capture is None:
            pack, program = self._quick_on_gpu[place.ordinal]
            try:
                packed = pack(values)
            except _REFUSED:
                pass
            else:
                return self._launch_packed_on_gpu(program, dim, packed)
        grid = Grid(self.kernel.name, dim, self.tid_ndim)
        arguments = self.arguments(values)
        if grid.count:
            self.start(place, grid, arguments)
        return record_of(grid, arguments)

    def start(self, place: Device, grid: Grid, arguments: list[Argument]) -> None:
        """Runs on a device.

        Raises:
            LaunchError: an array lies in another device's memory.
        """
        self.check_place(place, arguments)
        capture = None if recording.capture is None else recording.capturing(place.ordinal)
        if capture is not None:
            self.capture(capture, place, grid, arguments)
        elif place is REF:
            self.interpret(grid, arguments)
        elif place.is_cuda:
            self.run_on_gpu(place, grid, arguments)
        else:
            self.run(grid, arguments)

    def check_place(self, place: Device, arguments: list[Argument]) -> None:
        """Refuses arrays that lie in another device's memory."""
        for index, given in enumerate(arguments):
            for device in devices_of(given):
                if device.ordinal != place.ordinal:
                    remedy = f"move it there with .to({str(place)!r}), or launch on {str(device)!r}"
                    raise _argument_error(
                        self.kernel, index, f"an array on {place}", f"one on {device}", remedy
                    )

    def capture(self, capture: Capture, place: Device, grid: Grid, arguments: list[Argument]) -> None:
        """Goes into a capture instead of running."""
        capture.launch(self, place, grid, arguments)

    def run_on_gpu(self, place: Device, grid: Grid, arguments: list[Argument]) -> None:
        """Runs on a GPU."""
        program = self.gpu_program(place, all(a.plain for a in arguments))
        record = record_of(grid, arguments)
        if grid.count:
            self.raise_failed(program.run(grid.count, record, call_site()), grid.shape)

    def _launch_packed_on_gpu(self, program: GpuProgram, dim: Dim, packed: bytes) -> bytes:
        caller = sys._getframe(3)  # behind this, Launcher.launch and launch
        site = caller.f_code, caller.f_lasti
        if dim.__class__ is int and 0 < dim <= MAX_LENGTH and self.tid_ndim in (0, 1):
            record = _header(dim, 1, 1, 1, 0) + packed
            failed = program.run(dim, record, site)
            if failed:
                raise self._assertion_error(failed, (dim,))
            return record
        grid = Grid(self.kernel.name, dim, self.tid_ndim)
        record = grid.header + packed
        if grid.count:
            self.raise_failed(program.run(grid.count, record, site), grid.shape)
        return record

    def gpu_program(self, place: Device, contiguous: bool) -> GpuProgram:
        """The kernel loaded on a GPU: for C-contiguous arrays only, or for any strides."""
        key = (place.ordinal, contiguous)
        found = self._on_gpu.get(key)
        if found is None:
            with driver_cpu.lock:
                ptx = self.gpu_code(place.gpu.arch, contiguous)
                found = place.gpu.load(ptx, self.waits(), self.kernel.name)
                self._on_gpu[key] = found
                if contiguous:
                    pack = record_packer(self.types, place.ordinal)
                    self._quick_on_gpu[place.ordinal] = pack, found
        return found

    def _launch_packed(self, dim: Dim, packed: bytes) -> bytes:
        if dim.__class__ is int and 0 < dim <= self._quick_limit:
            record = _header(dim, 1, 1, 1, 0) + packed
            self.raise_failed(self._run(self._entry, dim, self._quick_unit, record, self._size), (dim,))
            return record
        grid = Grid(self.kernel.name, dim, self.tid_ndim)
        record = grid.header + packed
        if grid.count:
            failed = self._run(self._entry, grid.count, self.unit(grid), record, self._size)
            self.raise_failed(failed, grid.shape)
        return record

    def arguments(self, values: list[Any]) -> list[Argument]:
        """The checked arguments.

        Raises:
            LaunchError: too few, too many, or one that does not fit.
        """
        values = _complete(self.kernel, values)
        return [self.argument(i, value) for i, value in enumerate(values)]

    def argument(self, index: int, value: Any) -> Argument:
        """The checked argument number `index`.

        Raises:
            LaunchError: it does not fit.
        """
        try:
            return argument(self.types[index], value)
        except Misfit as misfit:
            raise _argument_error(
                self.kernel, index, str(self.types[index]), misfit.got, misfit.remedy
            ) from None

    def run(self, grid: Grid, arguments: list[Argument]) -> None:
        """Runs on the CPU."""
        program = self.program(all(a.plain for a in arguments))
        record = record_of(grid, arguments)
        self.raise_failed(program.run(grid.count, record, self.unit(grid)), grid.shape)

    def prepared_on_gpu(self, place: Device, grid: Grid, arguments: list[Argument]) -> Callable[[], None]:
        """What runs it on a GPU, with as much as possible done now."""
        self.check_place(place, arguments)
        run, count = self.gpu_program(place, all(a.plain for a in arguments)).run, grid.count
        record = record_of(grid, arguments)

        # `keep`: the arrays whose addresses are in `record`
        def start(keep: list[Argument] = arguments) -> None:
            caller = sys._getframe(3)  # behind this, Launch.start and Launch.launch
            failed = run(count, record, (caller.f_code, caller.f_lasti))
            if failed:
                raise self._assertion_error(failed, grid.shape)

        return start

    def prepared(self, grid: Grid, arguments: list[Argument]) -> Callable[[], None]:
        """What runs it on the CPU, with as much as possible done now."""
        run = self.program(all(a.plain for a in arguments)).run
        record = record_of(grid, arguments)
        unit = self.unit(grid)

        # `keep`: the arrays whose addresses are in `record`
        def start(keep: list[Argument] = arguments) -> None:
            self.raise_failed(run(grid.count, record, unit), grid.shape)

        return start

    def unit(self, grid: Grid) -> int:
        """Items that stay in order on one thread: a row where floats are added atomically, and negative."""
        return -(grid.count // grid.shape[0]) if self.keeps_rows else 1

    def program(self, contiguous: bool) -> driver_cpu.Program:
        """The compiled kernel: for C-contiguous arrays only, or for any strides."""
        with driver_cpu.lock:
            if contiguous not in self._programs:
                with put_off():
                    self._programs[contiguous] = driver_cpu.Program(self.code(contiguous))
                if contiguous:
                    self._make_quick(self._programs[contiguous])
        return self._programs[contiguous]

    def _make_quick(self, program: driver_cpu.Program) -> None:
        self._pack = record_packer(self.types)
        self._run, self._entry = driver_cpu.pool().run, program.entry
        self._quick_limit = MAX_LENGTH if self.tid_ndim in (0, 1) else 0

    def interpret(self, grid: Grid, arguments: list[Argument]) -> None:
        """Runs in the NumPy interpreter."""
        from robokern.ir.interpret import run

        run(self.func, grid.shape, [_leaves(t, a.record) for t, a in zip(self.types, arguments, strict=True)])

    def raise_failed(self, failed: int, shape: tuple[int, ...]) -> None:
        """Raises KernelAssertionError unless `failed`, the driver's result, is 0."""
        if failed:
            raise self._assertion_error(failed, shape)

    def _assertion_error(self, failed: int, shape: tuple[Any, ...]) -> KernelAssertionError:
        item, number = failed >> 16, (failed & 0xFFFF) - 1
        place = tuple(int(i) for i in np.unravel_index(item, shape))
        check = self.check(number)
        return KernelAssertionError(
            f"{check.loc}: {check.message}; in kernel {self.kernel.name!r}, item {place} of grid {shape}"
        )


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


def prepare(kernel: Kernel, values: list[Any]) -> Launcher:
    """The launcher for these arguments, made when there is none yet."""
    generic = kernel.is_generic
    values = _complete(kernel, values)
    types = tuple(_resolved(kernel, i, v) if generic else kernel.params[i][1] for i, v in enumerate(values))
    return prepare_types(kernel, types)


def prepare_types(kernel: Kernel, types: tuple[Type, ...]) -> Launcher:
    """The launcher for these argument types, made when there is none yet."""
    key = types if kernel.is_generic else None
    with driver_cpu.lock:
        if key not in kernel.launchers:
            kernel.launchers[key] = _launcher(kernel, types)
            options.forget_on_change(kernel)
        found: Launcher = kernel.launchers[key]
    return found


def _launcher(kernel: Kernel, types: tuple[Type, ...]) -> Launcher:
    if kernel.options.mode != "release" or kernel.options.verify_fp:
        # seldom needed, and it extends this module
        from robokern.runtime.checked import CheckedLauncher

        return CheckedLauncher(kernel, types)
    if options.config.print_launches or options.config.verify_cuda:
        # likewise
        from robokern.runtime.watched import WatchedLauncher

        return WatchedLauncher(kernel, types)
    # it extends this module
    from robokern.runtime.warm_start import WarmLauncher

    made: Launcher = kernel.ahead.get(repr(types), WarmLauncher)(kernel, types)
    return made


def _complete(kernel: Kernel, values: list[Any]) -> list[Any]:
    """`values` with the kernel's default arguments where they are missing."""
    params = kernel.params
    defaults = kernel.overload.defaults if len(values) < len(params) else {}
    missing = [name for name, _ in params[len(values) :] if name not in defaults]
    if missing or len(values) > len(params):
        names = listed(name for name, _ in params)
        tail = f"; missing: {listed(missing)}" if missing else ""
        raise LaunchError(
            f"kernel {kernel.name!r}: expected {len(params)} arguments ({names}), got {len(values)}{tail}"
        )
    return [*values, *(defaults[name] for name, _ in params[len(values) :])]


def _resolved(kernel: Kernel, index: int, value: Any) -> Type:
    """The type of a generic parameter, from its argument."""
    pattern = kernel.params[index][1]
    found = _numpy_array_type(value, pattern) if isinstance(value, np.ndarray) else type_of(value)
    if found is None or not matches(pattern, found):
        remedy = "pass a value that has a type of its own: an rk.array, rk.vec3(...), rk.float32(...)"
        raise _argument_error(kernel, index, str(pattern), describe(value), remedy)
    return found


def _numpy_array_type(value: Any, pattern: Any) -> Type | None:
    """The array type a NumPy array has under `pattern`, with any scalar or a known composite as dtype."""

    dtype = getattr(pattern, "dtype", None)
    element = dtype if component_shape(dtype) and matches(dtype, dtype) else BY_NAME.get(value.dtype.name)  # type: ignore[arg-type]
    return None if element is None else array_type(element, value.ndim - len(component_shape(element)))


def _argument_error(kernel: Kernel, index: int, expected: str, got: str, remedy: str) -> LaunchError:
    name = kernel.params[index][0]
    return LaunchError(f"kernel {kernel.name!r}, argument {name!r}: expected {expected}, got {got}; {remedy}")


def _leaves(type: Type, record: bytes) -> list[Any]:
    """The scalars of an argument, as the interpreter takes them."""
    scalars = zip(layout.leaves(type), layout.leaf_offsets(type), strict=True)
    from robokern.ir.evaluate import from_memory

    stored = ((np.frombuffer(record, layout.numpy_dtype(s), 1, offset), s) for s, offset in scalars)
    return [from_memory(bits, scalar)[0] for bits, scalar in stored]


def compiled(func: Func, contiguous: bool) -> bytes:
    """Object code of a kernel for this machine, from the cache if it is there."""
    from robokern.compiler import build, target

    return compiled_under(build.key(func, target.cpu(contiguous)), func, contiguous)


def compiled_under(key: str, func: Func, contiguous: bool, make: Callable[[], bytes] | None = None) -> bytes:
    """The same where its key in the cache is known, and perhaps something that makes it."""
    from robokern.compiler import build, target
    from robokern.runtime.cache import object_cache

    place = target.cpu(contiguous)
    return object_cache().get(key, make or (lambda: build.compile(func, place)))


def compiled_for(func: Func, arch: str, contiguous: bool) -> bytes:
    """PTX of a kernel for a GPU's architecture, from the cache if it is there."""
    from robokern.compiler import build, target
    from robokern.runtime.cache import object_cache

    place = target.cuda(arch, contiguous)
    return object_cache().get(build.key(func, place), lambda: build.compile(func, place))


def asserts_or_prints(func: Func) -> bool:
    """Whether a launch has something to tell when it is done."""
    from robokern.ir.nodes import callees, walk

    return any(op.name in ("assert", "print") for f in (func, *callees(func)) for op in walk(f.body))


def adds_floats(func: Func) -> bool:
    """Whether it combines floats atomically, so that the order of items shows in the last bits."""
    from robokern.ir.nodes import callees, walk

    return any(
        op.name == "atomic" and op.attrs["op"] in ("add", "exch", "cas") and is_float(op.args[-1].type)
        for f in (func, *callees(func))
        for op in walk(f.body)
    )


def _has_float_arrays(type: Type) -> bool:
    if isinstance(type, Struct):
        return any(_has_float_arrays(field) for _, field in type.fields)
    return isinstance(type, ArrayType) and any(leaf.kind == "f" for leaf in layout.leaves(type.dtype))


def _not_alone(values: list[Any]) -> tuple[Any, ...]:
    raise TypeError


def _unloaded(*arguments: Any) -> Any:
    raise AssertionError("no program is loaded")
