"""What a tape will launch for a kernel, as far as that can be foreseen: to compile it before."""

from __future__ import annotations

from collections.abc import Iterator

from robokern.errors import AdjointError
from robokern.runtime.derivative import Derivative, derivative
from robokern.runtime.launcher import Launcher


def launchers_of(launcher: Launcher) -> Iterator[Launcher]:
    """What runs in place of the kernel, and its adjoint kernel, for the usual launch.

    That is: all arrays of floats require gradients, no two share memory, gradients are zero before, and those
    of what the kernel overwrites are asked for no more. Nothing for a kernel without a derivative.
    """
    if not launcher.float_arrays or not launcher.kernel.options.enable_backward:
        return
    try:
        made = derivative(launcher, launcher.float_arrays, (), False, launcher.tid_ndim or 1)
    except AdjointError:  # a tape says so
        return
    yield made.forward
    if made.backward is not None:
        yield made.variant(*_known(made))


def _known(made: Derivative) -> tuple[frozenset[int], frozenset[int]]:
    """Arguments whose adjoints end here, and those whose adjoints are zero before."""
    written = made.effects.writes
    return made.spendable & written, made.storable - written
