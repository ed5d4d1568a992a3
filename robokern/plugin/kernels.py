"""Device side of what every plugin shares."""

from __future__ import annotations

from typing import Any

from robokern.compiler.builtins import tid
from robokern.compiler.function import kernel
from robokern.ir.types import ArrayType, bool_


@kernel
def restore_worlds(
    mask: ArrayType(bool_, 1),  # (worlds,)
    initial: ArrayType(Any, 2),  # (worlds, n)
    # out
    state: ArrayType(Any, 2),  # (worlds, n)
):
    """Copies the rows of `initial` whose world is in `mask`."""
    world, i = tid()
    if mask[world]:
        state[world, i] = initial[world, i]
