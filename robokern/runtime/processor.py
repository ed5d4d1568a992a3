"""Which processor this is, told without LLVM, so that what LLVM said of it before can be remembered.

A note in the cache holds that, under a hash of the answers of the CPUID instruction that LLVM goes by. On
other processors than x86-64, and other systems than Linux, LLVM is asked each time.

Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, CPUID and XGETBV.
"""

from __future__ import annotations

import ctypes
from functools import cache

from robokern.compiler.image import HERE, PAGE, Image
from robokern.compiler.machine import Machine, machine, remember, version
from robokern.ir.hashing import sha256
from robokern.runtime.native import Loaded
from robokern.runtime.notes import leave_note, read_note

# cpuid(leaf, subleaf, ptr to four words):
#     push rbx; mov r8, rdx; mov eax, edi; mov ecx, esi; cpuid
#     mov [r8], eax; mov [r8 + 4], ebx; mov [r8 + 8], ecx; mov [r8 + 12], edx; pop rbx; ret
_CPUID = bytes.fromhex("53 4989d0 89f8 89f1 0fa2 418900 41895804 41894808 4189500c 5b c3")
# xgetbv() of register 0: xor ecx, ecx; xgetbv; ret
_XGETBV = bytes.fromhex("31c9 0f01d0 c3")
_CODE = Image({"cpuid": 0, "xgetbv": len(_CPUID)}, [], PAGE, PAGE, _CPUID + _XGETBV)

_FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p)
_ASK = ctypes.CFUNCTYPE(ctypes.c_uint32)

_ALL, _A, _B, _C, _D = (0, 1, 2, 3), (0,), (1,), (2,), (3,)
# leaf, subleaf, which of the four words say what the processor can do; the others change from core to core
_BASIC = (
    (0x0, 0, _ALL), (0x1, 0, (0, 2, 3)), (0x7, 0, _ALL), (0x7, 1, _ALL), (0xD, 1, _A), (0x14, 0, _B),
    (0x19, 0, _B), (0x1E, 1, _A), (0x24, 0, _B),
)  # fmt: skip
_EXTENDED = ((0x80000000, 0, _A), (0x80000001, 0, (2, 3)), (0x80000008, 0, _B))
_HAS_XGETBV = 1 << 27  # in the third word of leaf 1


@cache
def recall() -> None:
    """Has the compiler know this machine from a note, or leaves one."""
    if not HERE:
        return
    key = sha256(f"{version()} {Machine._fields} {answers()}".encode()).hexdigest()
    found = read_note(key)
    if found is None:
        leave_note(key, machine()._asdict())
    else:
        remember(Machine(**found))


def answers() -> list[int]:
    """What the processor says of itself, and which registers the system saves."""
    code = Loaded(_CODE)
    ask, saved = _FUNCTION(code["cpuid"]), _ASK(code["xgetbv"])
    words = (ctypes.c_uint32 * 4)()

    def asked(leaf: int, subleaf: int = 0) -> list[int]:
        ask(leaf, subleaf, ctypes.addressof(words))
        return [*words]

    found = []
    for leaves in (_BASIC, _EXTENDED):
        last = asked(leaves[0][0])[0]
        for leaf, subleaf, which in leaves:
            found += [asked(leaf, subleaf)[k] if leaf <= last else 0 for k in which]
    return [*found, saved() if asked(1)[2] & _HAS_XGETBV else 0]
