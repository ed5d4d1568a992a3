"""A kernel for one list of argument types: checked, packed, compiled on first use, and run."""

from __future__ import annotations

import operator
import struct
import sys
from collections.abc import Callable
from functools import cached_property
from itertools import pairwise
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
from robokern.runtime.array_shape import MAX_LENGTH
from robokern.runtime.call_site import call_site
from robokern.runtime.collector import put_off
from robokern.runtime.compiled import compiled, compiled_for
from robokern.runtime.device import CPU, REF, Device
from robokern.runtime.grid import Dim, Grid, header, record_of
from robokern.runtime.hostvalue import component_shape, describe, listed, type_of

if TYPE_CHECKING:
    from robokern.ir.nodes import Assert, Func
    from robokern.runtime.capture import Capture
    from robokern.runtime.program_cuda import Program as GpuProgram

Packed = list[bytes]  # the arguments of a launch

_REFUSED = (TypeError, AttributeError, ValueError, OverflowError, struct.error, Misfit)


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
        offsets = layout.argument_offsets(types)
        self._size, self._places = offsets[-1], [slice(*ends) for ends in pairwise(offsets)]

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
        return self.launch_checked(place, dim, values)

    def launch_checked(self, place: Device, dim: Dim, values: list[Any]) -> bytes:
        """As `launch`, always through `start`."""
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
            record = header(dim, 1, 1, 1, 0) + packed
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
            record = header(dim, 1, 1, 1, 0) + packed
            self.raise_failed(self._run(self._entry, dim, self._quick_unit, record, self._size), (dim,))
            return record
        grid = Grid(self.kernel.name, dim, self.tid_ndim)
        record = grid.header + packed
        if grid.count:
            failed = self._run(self._entry, grid.count, self.unit(grid), record, self._size)
            self.raise_failed(failed, grid.shape)
        return record

    def split(self, record: bytes) -> Packed:
        """The arguments in a launch record."""
        return [record[place] for place in self._places]

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
