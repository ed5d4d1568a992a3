"""Numbers by name, usable in kernels: weak literals, so they take the float type of what they meet."""

from __future__ import annotations

import math
from typing import Any

pi = PI = math.pi
tau = TAU = math.tau
half_pi = HALF_PI = math.pi / 2
e = E = math.e
phi = PHI = (1 + math.sqrt(5)) / 2
ln2 = LN2 = math.log(2)
ln10 = LN10 = math.log(10)
log2e = LOG2E = 1 / math.log(2)
log10e = LOG10E = math.log10(math.e)
inf = INF = math.inf
nan = NAN = math.nan
LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR = 10, 20, 30, 40  # values of Warp's `config.log_level`


def constant(value: Any) -> Any:
    """`value` itself: every captured value is part of a kernel's identity. Kept for programs that call it."""
    return value


NAMES = tuple(n for n in dict(globals()) if not n.startswith("_") and n not in ("annotations", "math", "Any"))
