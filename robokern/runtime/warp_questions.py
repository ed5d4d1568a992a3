"""Questions that programs written for Warp ask of a device before they choose; each has one answer here."""

from __future__ import annotations

from robokern.runtime.device import DeviceLike, get_device


def is_cubql_available() -> bool:
    """Whether another library's trees can be chosen for a Bvh: no."""
    return False


def is_mempool_supported(device: DeviceLike) -> bool:
    """Whether a memory pool can be switched on and off: no, memory is always pooled."""
    get_device(device)
    return False


def is_mempool_enabled(device: DeviceLike) -> bool:
    """Whether one was switched on: no."""
    return is_mempool_supported(device)


def is_mempool_access_supported(target_device: DeviceLike, peer_device: DeviceLike) -> bool:
    """Whether access to another device's pool can be switched: no."""
    return is_mempool_supported(target_device) or is_mempool_supported(peer_device)


def is_mempool_access_enabled(target_device: DeviceLike, peer_device: DeviceLike) -> bool:
    """Whether it was: no."""
    return is_mempool_access_supported(target_device, peer_device)


def is_peer_access_supported(target_device: DeviceLike, peer_device: DeviceLike) -> bool:
    """Whether access to another device's memory can be switched: no; copies between devices are direct."""
    return is_mempool_access_supported(target_device, peer_device)


def is_peer_access_enabled(target_device: DeviceLike, peer_device: DeviceLike) -> bool:
    """Whether it was: no."""
    return is_mempool_access_supported(target_device, peer_device)
