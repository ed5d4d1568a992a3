"""Compiling the kernels of a Python module before their first launch, several at once."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType

from robokern.compiler.function import Kernel
from robokern.compiler.module import Module
from robokern.runtime import driver_cpu
from robokern.runtime.collector import put_off
from robokern.runtime.device import Device, DeviceLike, get_device
from robokern.runtime.launcher import Launcher, prepare_types

MOST_TURNS = 1024  # numbers of two bytes that every pipe has room for


def init() -> None:
    """Does nothing: the library is ready when it is imported. Programs written for Warp call it."""


def load_module(
    module: ModuleType | Module | str | None = None,
    device: DeviceLike | Sequence[DeviceLike] = None,
    recursive: bool = False,
    max_workers: int | None = None,
    derivatives: bool = False,
) -> None:
    """Compiles all kernels of an imported Python module now, so that no launch has to.

    Generic kernels are compiled for the types that `overload` listed. Uses several processes where the
    platform has `fork` and this program a single Python thread.

    Args:
        module: the module, or its name; None: the caller's.
        device: where it will be launched; only checked, since every device here runs the CPU's code.
        recursive: its imported submodules too.
        max_workers: number of processes; 0 or 1: this one alone; None: one for each core.
        derivatives: also compiles what a tape plays backwards, for launches whose arrays of floats all
            require gradients and share no memory; for others that comes with the first tape.

    Raises:
        RuntimeError: the module that is named is not imported, or has no kernels.
        KernelError: a kernel cannot be compiled.
    """
    for place in [device] if device is None or isinstance(device, (str, Device)) else device:
        get_device(place)
    name = module_name(module) if module is not None else str(sys._getframe(1).f_globals["__name__"])
    kernels = kernels_of(name, recursive, needed=module is not None)
    with put_off():
        _warm(kernels, driver_cpu.cpu_threads() if max_workers is None else max_workers, derivatives)
        for kernel in kernels:
            _load(kernel, derivatives)


def _launchers(kernel: Kernel, derivatives: bool) -> list[Launcher]:
    own = prepare_types(kernel, tuple(t for _, t in kernel.params))
    if not derivatives:
        return [own]
    # what a tape needs is loaded with one
    from robokern.runtime.foreseen import launchers_of

    return [own, *launchers_of(own)]


def load_kernels(module: Module, device: DeviceLike) -> None:
    """Compiles what `load_module` does, if there is anything."""
    if any(kernels_of(module.name, needed=False)):
        load_module(module, device)


def force_load(
    device: DeviceLike | Sequence[DeviceLike] = None,
    modules: Iterable[ModuleType | Module | str] | None = None,
    block_dim: int | None = None,
    max_workers: int | None = None,
) -> None:
    """`load_module` for several modules; None: all that are imported and have kernels.

    Raises:
        KernelError: a kernel cannot be compiled.
    """
    names = [*sys.modules] if modules is None else [module_name(m) for m in modules]
    for name in names:
        if kernels_of(name, needed=False):
            load_module(name, device, max_workers=max_workers)


def module_name(module: ModuleType | Module | str) -> str:
    """The name of a module given itself or by name.

    Raises:
        TypeError: it is neither.
    """
    if not isinstance(module, (str, ModuleType, Module)):
        raise TypeError(f"expected a Python module or its name, got {type(module).__name__}")
    return module if isinstance(module, str) else module.__name__


def kernels_of(name: str, recursive: bool = False, needed: bool = True) -> list[Kernel]:
    """The kernels with fixed types that an imported module defines, each once.

    Raises:
        RuntimeError: it is not imported, or has none, although `needed`.
    """
    names = [n for n in sys.modules if n == name or (recursive and n.startswith(name + "."))]
    found = {
        id(kernel): kernel
        for n in names
        for x in [*vars(sys.modules[n]).values()]
        if isinstance(x, Kernel) and x.__module__ == n
        for kernel in concrete(x)
    }
    if needed and not found:
        what = "has no kernels" if names else "is not imported; import it first"
        raise RuntimeError(f"module {name!r} {what}")
    return [*found.values()]


def concrete(kernel: Kernel) -> Iterable[Kernel]:
    """The kernel, or what `overload` made of a generic one."""
    return kernel.listed if kernel.is_generic else [kernel]


def _warm(kernels: Sequence[Kernel], workers: int, derivatives: bool) -> None:
    """Compiles and loads, while forked processes fill the disk cache; what is left out is compiled later."""
    workers = min(workers, len(kernels))
    if workers < 2 or not hasattr(os, "fork") or threading.active_count() > 1:
        return
    turns = _turns(kernels)
    children = [_fork(turns, derivatives) for _ in range(1, workers)]
    try:
        for kernel in turns:
            _load(kernel, derivatives)
    finally:
        for child in children:
            os.waitpid(child, 0)


def _turns(kernels: Sequence[Kernel]) -> Iterator[Kernel]:
    """Kernels for this process and those forked from it: each is taken once, by whoever is free."""
    count = min(len(kernels), MOST_TURNS)
    reader, writer = os.pipe()
    os.write(writer, b"".join(number.to_bytes(2, "big") for number in range(count)))
    os.close(writer)
    return _taken(reader, [kernels[number::count] for number in range(count)])


def _taken(reader: int, shares: Sequence[Sequence[Kernel]]) -> Iterator[Kernel]:
    try:
        while number := os.read(reader, 2):
            yield from shares[int.from_bytes(number, "big")]
    finally:
        os.close(reader)


def _fork(kernels: Iterable[Kernel], derivatives: bool) -> int:
    child = os.fork()
    if child == 0:
        try:
            for kernel in kernels:
                for launcher in _launchers(kernel, derivatives):
                    launcher.code(contiguous=True)
        finally:
            os._exit(0)
    return child


def _load(kernel: Kernel, derivatives: bool) -> None:
    for launcher in _launchers(kernel, derivatives):
        launcher.program(contiguous=True)
