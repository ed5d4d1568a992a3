"""bfloat16 by DLPack: NumPy moves the memory as uint16, and the capsule says what its bits mean.

Layout of the capsules: `DLManagedTensor` and `DLManagedTensorVersioned` of dlpack.h (DLPack 1.0).
"""

from __future__ import annotations

import ctypes
from typing import Any

_UINT, _BFLOAT = 1, 4  # DLDataTypeCode
_CODE = 20  # byte of a DLTensor at which the code of its dtype stands: after data, device, ndim
_TENSOR = {b"dltensor": 0, b"dltensor_versioned": 32}  # where the DLTensor begins

_name = ctypes.pythonapi.PyCapsule_GetName
_name.restype, _name.argtypes = ctypes.c_char_p, [ctypes.py_object]
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


def tensor_of(capsule: Any) -> int:
    """Address of a capsule's DLTensor."""
    name = _name(capsule)
    address: int = _pointer(capsule, name)
    return address + _TENSOR[name]


def _code(capsule: Any) -> ctypes.c_uint8:
    return ctypes.c_uint8.from_address(tensor_of(capsule) + _CODE)


def as_bfloat16(capsule: Any) -> Any:
    """The capsule of uint16 data, now of bfloat16."""
    _code(capsule).value = _BFLOAT
    return capsule


class Capsule:
    """A bare DLPack capsule of host memory, as what it came from."""

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack__(self, **options: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


class Bits:
    """Another library's array for `np.from_dlpack`; `is_bfloat16` tells afterwards what it held."""

    def __init__(self, source: Any) -> None:
        self.source, self.is_bfloat16 = source, False

    def __dlpack__(self, **options: Any) -> Any:
        capsule = self.source.__dlpack__(**options)
        code = _code(capsule)
        self.is_bfloat16 = code.value == _BFLOAT
        if self.is_bfloat16:
            code.value = _UINT
        return capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        kind, index = self.source.__dlpack_device__()
        return int(kind), int(index)
