"""Object code and PTX of kernels, from the disk cache where it is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robokern.ir.nodes import Func


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
