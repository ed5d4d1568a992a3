"""Where a launch runs: `cpu` (all cores), `ref` (the NumPy interpreter, same host memory) or `cuda:0`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING

from robokern.errors import DeviceError

if TYPE_CHECKING:
    from robokern.runtime.driver_cuda import Gpu
    from robokern.runtime.stream import Stream


_opened: dict[int, Gpu] = {}  # each GPU's driver, by number


@dataclass(frozen=True, eq=False)
class Device:
    """A place to run kernels; one instance per alias, so `is` compares.

    `cpu` and `ref` share host memory: an array of one can be used on the other.

    Args:
        alias: `cpu`, `ref` or `cuda:` and a number.
        ordinal: number of the GPU whose memory it is; -1: the host's.
    """

    alias: str
    ordinal: int = -1

    @property
    def is_cpu(self) -> bool:
        """Whether its arrays lie in host memory."""
        return self.ordinal < 0

    @property
    def is_cuda(self) -> bool:
        """Whether its arrays lie in the memory of an NVIDIA GPU."""
        return self.ordinal >= 0

    @property
    def gpu(self) -> Gpu:
        """Its driver, opened on first use; for CUDA devices only."""
        found = _opened.get(self.ordinal)
        if found is None:
            from robokern.runtime import driver_cuda

            found = _opened[self.ordinal] = driver_cuda.gpu(self.ordinal)
        return found

    @property
    def name(self) -> str:
        """What it is called by its maker; the alias on the host."""
        return self.gpu.name if self.is_cuda else self.alias

    @property
    def stream(self) -> Stream:
        """The stream that its work goes to."""
        from robokern.runtime.stream import get_stream

        return get_stream(self)

    @property
    def is_capturing(self) -> bool:
        """Whether what is put on its stream is being captured."""
        return self.stream.is_capturing

    @property
    def free_memory(self) -> int:
        """Bytes that nobody has; of a GPU's memory, else of the host's."""
        return self.gpu.memory_info()[0] if self.is_cuda else _host_memory("SC_AVPHYS_PAGES")

    @property
    def total_memory(self) -> int:
        """Bytes there are; of a GPU's memory, else of the host's."""
        return self.gpu.memory_info()[1] if self.is_cuda else _host_memory("SC_PHYS_PAGES")

    @property
    def sm_count(self) -> int:
        """Multiprocessors of a GPU; 0 on the host."""
        return self.gpu.multiprocessors if self.is_cuda else 0

    @property
    def max_shared_memory_per_block(self) -> int:
        """Bytes that a block of a GPU may share; 0 on the host."""
        return self.gpu.shared_bytes if self.is_cuda else 0

    def __str__(self) -> str:
        return self.alias


def _host_memory(pages: str) -> int:
    import os

    return os.sysconf(pages) * os.sysconf("SC_PAGE_SIZE")


CPU = Device("cpu")
REF = Device("ref")
_DEVICES = {device.alias: device for device in (CPU, REF)}
_default = CPU

DeviceLike = Device | str | None


def get_device(device: DeviceLike = None) -> Device:
    """The device an alias names: `cpu`, `ref`, `cuda:0` and so on, `cuda` (the first of them), or `auto` (the
    fastest there is); None: the default device.

    Raises:
        DeviceError: there is no such device.
    """
    if device is None:
        return _default
    if isinstance(device, Device):
        return device
    found = _DEVICES.get(device) if isinstance(device, str) else None
    if found is not None:
        return found
    if device == "auto":
        return next(iter(_gpus()), CPU)
    if isinstance(device, str) and device.startswith("cuda"):
        return _DEVICES.setdefault(device, _cuda(device))  # the next time at the price of a look-up
    raise _no_device(device)


def _no_device(device: object, what: str = "there is no such device") -> DeviceError:
    return DeviceError(
        f"device {device!r}: {what}; choose one of: {', '.join(map(str, get_devices()))}, auto"
    )


def _cuda(alias: str) -> Device:
    if find_spec("pycuda") is not None:
        from robokern.runtime import driver_cuda

        driver_cuda.prepare()
    known = {str(device): device for device in _gpus()}
    found = known.get("cuda:0" if alias == "cuda" else alias)
    if found is not None:
        return found
    if known or alias.partition(":")[0] != "cuda":
        raise _no_device(alias)
    raise _no_device(alias, _reason())


@cache
def _gpus() -> tuple[Device, ...]:
    """The GPUs of this machine; none where PyCUDA or NVIDIA's driver is missing."""
    if find_spec("pycuda") is None:
        return ()
    from robokern.runtime import driver_cuda

    try:
        return tuple(Device(f"cuda:{n}", n) for n in range(driver_cuda.count()))
    except DeviceError:
        return ()


def _reason() -> str:
    from robokern.runtime import driver_cuda

    try:
        driver_cuda.count()
    except DeviceError as error:
        return str(error)
    return "the NVIDIA driver finds no GPU"


def get_devices() -> list[Device]:
    """Every device of this machine."""
    return [CPU, REF, *_gpus()]


def any_gpu() -> Device | None:
    """The first GPU of this machine, if there is one."""
    return next(iter(_gpus()), None)


def get_cuda_devices() -> list[Device]:
    """The GPUs of this machine."""
    return list(_gpus())


def get_cuda_device(ordinal: int | None = None) -> Device:
    """The GPU of this number; None: the first.

    Raises:
        DeviceError: there is no such device.
    """
    return get_device(f"cuda:{ordinal or 0}")


def get_cuda_device_count() -> int:
    """Number of GPUs."""
    return len(_gpus())


def get_preferred_device() -> Device:
    """The first GPU, else the CPU."""
    return get_device("auto")


def is_cpu_available() -> bool:
    """True: everything runs on the CPU."""
    return True


def is_cuda_available() -> bool:
    """Whether there is a GPU to run on."""
    return bool(_gpus())


def is_device_available(device: DeviceLike) -> bool:
    """Whether `get_device` would find it."""
    try:
        get_device(device)
    except DeviceError:
        return False
    return True


def set_device(device: DeviceLike) -> None:
    """Makes `device` the default of every thread.

    Raises:
        DeviceError: there is no such device.
    """
    global _default
    _default = get_device(device)


def synchronize(device: DeviceLike = None) -> None:
    """Waits until every launch on `device` has finished; on the CPU it has when `launch` returns.

    Args:
        device: None: every GPU that this process has used, and the default device.

    Raises:
        DeviceError: there is no such device; it is being captured; on a GPU: a launch failed.
    """
    if device is None and is_driver_loaded():
        from robokern.runtime import driver_cuda

        for gpu in driver_cuda.opened():
            gpu.synchronize()
    synchronize_device(device)


def synchronize_device(device: DeviceLike = None) -> None:
    """As `synchronize`, but only for one device; None: the default device."""
    place = get_device(device)
    if place.is_cuda:
        place.gpu.synchronize()
    else:
        from robokern.runtime import recording

        recording.refuse_waiting(place.ordinal, "synchronize")


def is_driver_loaded() -> bool:
    """Whether this process has looked for GPUs."""
    return "robokern.runtime.driver_cuda" in sys.modules


class ScopedDevice:
    """`with ScopedDevice("ref"):` makes a device the default inside the block.

    Raises:
        DeviceError: there is no such device.
    """

    def __init__(self, device: DeviceLike) -> None:
        self.device = get_device(device)
        self._outer: list[Device] = []

    def __enter__(self) -> Device:
        self._outer.append(get_device())
        set_device(self.device)
        return self.device

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        set_device(self._outer.pop())
