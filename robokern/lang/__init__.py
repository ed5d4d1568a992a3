"""The kernel language's standard library, written in the kernel language itself.

One file one noun; nothing is parsed or compiled at import. `__all__` is what `robokern` lifts into its own
names.
"""

from __future__ import annotations

from robokern.compiler.function import Function
from robokern.lang import (
    dense,
    error_function,
    exponential,
    gradients,  # noqa: F401 - derivatives, after the overloads they are for
    half_precision,  # noqa: F401 - adds overloads
    hyperbolic,
    intersection,
    linalg,
    linalg_gradients,  # noqa: F401 - derivatives
    matrix,
    noise,
    quaternion,
    random,
    remainder,
    scalar,
    search,
    spatial,
    transform,
    trigonometry,
    vector,
)

_MODULES = (
    scalar, trigonometry, exponential, hyperbolic, error_function, vector, matrix, quaternion,
    transform, spatial, linalg, dense, random, noise, search, intersection, remainder,
)  # fmt: skip
_public = {
    name: value
    for module in _MODULES
    for name, value in vars(module).items()
    if isinstance(value, Function) and not name.startswith("_")
}
# operators only: their names say nothing outside `*` and `@`
del _public["product"], _public["remainder"]
globals().update(_public)
__all__ = sorted(_public)
