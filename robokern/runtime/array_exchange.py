"""Arrays as other libraries take them: NumPy's, CUDA's and DLPack's protocols."""

from __future__ import annotations

from typing import Any

import numpy as np

from robokern.runtime.dlpack_bfloat16 import as_bfloat16
from robokern.runtime.dlpack_cuda import CUDA, DEFAULT_STREAM, give
from robokern.runtime.hostvalue import Ndarray


class ArrayExchange:
    """The protocols, for `Array`; whoever is told an address may keep it, which `_told` remembers."""

    __slots__ = ()

    @property
    def __array_interface__(self: Any) -> dict[str, Any]:
        if self.device.is_cuda:
            raise AttributeError("__array_interface__: the array is on a GPU; use .numpy()")
        self._told = True
        own: dict[str, Any] = self._numpy.__array_interface__
        return own

    @property
    def __cuda_array_interface__(self: Any) -> dict[str, Any]:
        """Version 3 (numba.readthedocs.io/en/stable/cuda/cuda_array_interface.html); on a GPU only."""
        if self.device.is_cpu:
            raise AttributeError("__cuda_array_interface__: the array is in host memory")
        self._told = True
        shared = {"version": 3, "stream": self.device.gpu.stream_handle or DEFAULT_STREAM}
        strides = None if self.is_contiguous else self._numpy.strides
        own = self._numpy.__array_interface__
        return {**shared, "strides": strides, **{k: own[k] for k in ("shape", "typestr", "data")}}

    def __array__(self: Any, dtype: Any = None, copy: bool | None = None) -> Ndarray:
        values: Ndarray = self.numpy() if dtype is None else self.numbers()
        return np.array(values, dtype=dtype) if copy else values.astype(dtype or values.dtype, copy=False)

    def __dlpack__(self: Any, **options: Any) -> Any:
        """A capsule that shares the memory (dmlc.github.io/dlpack); composites have their axes last."""
        if self.device.is_cuda:
            capsule = give(self._numpy, self.device, **options)
        else:
            capsule = self._numpy.__dlpack__(**options)
        return as_bfloat16(capsule) if self._is_bfloat16 else capsule

    def __dlpack_device__(self: Any) -> tuple[int, int]:
        if self.device.is_cuda:
            return CUDA, self.device.ordinal
        kind, index = self._numpy.__dlpack_device__()
        return int(kind), int(index)
