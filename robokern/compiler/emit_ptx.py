"""PTX that NVIDIA's assembler translates rightly.

ptxas (of CUDA 13.0, and in driver 580) keeps 16-bit numbers in registers of 32 bits, and after `neg.s16` and
`abs.s16` it takes them for still sign-extended: -(-32768) is then compared as 32768. Subtraction of unsigned
numbers it extends again.
"""

from __future__ import annotations

import re

_SIGNED = re.compile(r"\b(neg|abs)\.s16(\s+)(%\w+), (%\w+);")


def wrapping(ptx: str) -> str:
    """The same program without the two instructions."""
    return _SIGNED.sub(_unsigned, ptx)


def _unsigned(found: re.Match[str]) -> str:
    name, space, result, operand = found.groups()
    if name == "neg":
        return f"sub.u16{space}{result}, 0, {operand};"
    negative = f".reg .b16 %negative; sub.u16 %negative, 0, {operand};"
    return f"{{ {negative} max.s16 {result}, {operand}, %negative; }}"
