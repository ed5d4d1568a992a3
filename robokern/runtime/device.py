"""Where a launch runs: `cpu` (compiled, all cores) or `ref` (the NumPy interpreter, same host memory)."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

from robokern.errors import DeviceError


@dataclass(frozen=True, eq=False)
class Device:
    """A place to run kernels; one instance per alias, so `is` compares.

    `cpu` and `ref` share host memory: an array of one can be used on the other.
    """

    alias: str

    @property
    def is_cpu(self) -> bool:
        """Whether its arrays lie in host memory."""
        return True

    @property
    def is_cuda(self) -> bool:
        """Whether its arrays lie in the memory of an NVIDIA GPU."""
        return False

    def __str__(self) -> str:
        return self.alias


CPU = Device("cpu")
REF = Device("ref")
_DEVICES = {device.alias: device for device in (CPU, REF)}
_default = CPU

DeviceLike = Device | str | None


def get_device(device: DeviceLike = None) -> Device:
    """The device an alias names: `cpu`, `ref`, or `auto` (the fastest there is); None: the default device.

    Raises:
        DeviceError: there is no such device.
    """
    if device is None:
        return _default
    if isinstance(device, Device):
        return device
    if device == "auto":
        return CPU
    found = _DEVICES.get(device) if isinstance(device, str) else None
    if found is None:
        raise _no_device(device)
    return found


def _no_device(device: object) -> DeviceError:
    if isinstance(device, str) and device.split(":")[0] == "cuda":
        what = "no CUDA device: this version of robokern drives the CPU only"
    else:
        what = "there is no such device"
    return DeviceError(f"device {device!r}: {what}; choose one of: {', '.join(_DEVICES)}, auto")


def get_devices() -> list[Device]:
    """Every device of this machine."""
    return list(_DEVICES.values())


def set_device(device: DeviceLike) -> None:
    """Makes `device` the default of every thread.

    Raises:
        DeviceError: there is no such device.
    """
    global _default
    _default = get_device(device)


def synchronize(device: DeviceLike = None) -> None:
    """Waits until every launch on `device` has finished; on the CPU it has when `launch` returns.

    Raises:
        DeviceError: there is no such device.
    """
    get_device(device)


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
