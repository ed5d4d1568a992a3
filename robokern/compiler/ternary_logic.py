"""Finds object code that LLVM up to 22 may have got wrong: VPTERNLOG merged into its own input under a mask.

Where the lanes that the mask leaves out keep an operand of the bit selection, and another operand lies in
memory, the instruction is chosen with the truth table of another order of operands
(llvm/llvm-project issue 157929, mended by pull request 209782). The right ones look the same, but the
instruction is rare: a kernel that has one is compiled again without AVX-512.
"""

from __future__ import annotations

import re


def _bytes(fits: range | list[int]) -> bytes:
    return b"[" + b"".join(re.escape(bytes([x])) for x in fits) + b"]"


# EVEX prefix (Intel SDM 2, 2.7.1): map 0F3A; prefix 66; mask k1..k7 and no zeroing; then the opcode
_MERGED = re.compile(
    b"\x62"
    + _bytes([x for x in range(256) if x & 0x0F == 0x03])
    + _bytes([x for x in range(256) if x & 0x07 == 0x05])
    + _bytes([x for x in range(128) if x & 0x07])
    + b"\x25",
    re.DOTALL,
)


def merges_ternary_logic(code: bytes) -> bool:
    """Whether x86 object code may hold such an instruction."""
    return _MERGED.search(code) is not None
