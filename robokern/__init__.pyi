"""robokern: typed Python kernels, geometry and plugins for robot simulators.

Written by tools/stubs.py; do not edit.
"""

# overloads begin with the narrower type
# mypy: disable-error-code="overload-overlap, overload-cannot-match, override, misc"

import builtins
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar, dataclass_transform, overload as _overload

_T = TypeVar("_T")
_Class = TypeVar("_Class", bound=builtins.type)
_F = TypeVar("_F", bound=Callable[..., Any])

__version__: str

from robokern.compiler.options import Config
from robokern.ir.composite import Composite
from robokern.runtime.optimizer import Adam as Adam
from robokern.errors import AdjointError as AdjointError
from robokern.runtime.array import Array as Array
from robokern.geometry.shape import Box as Box
from robokern.geometry.bvh import Bvh as Bvh
from robokern.geometry.shape import Capsule as Capsule
from robokern.errors import ConfigError as ConfigError
from robokern.plugin.plugin import Contact as Contact
from robokern.geometry.shape import Cylinder as Cylinder
from robokern.runtime.device import Device as Device
from robokern.errors import DeviceError as DeviceError
from robokern.runtime.stream import Event as Event
from robokern.runtime.forward import Forward as Forward
from robokern.world.frame import Frame as Frame
from robokern.compiler.function import Function as Function
from robokern.errors import GeometryError as GeometryError
from robokern.runtime.capture import Graph as Graph
from robokern.geometry.shape import HeightField as HeightField
from robokern.errors import HostError as HostError
from robokern.runtime.indexed_array import IndexedArray as IndexedArray
from robokern.geometry.scene import Instance as Instance
from robokern.compiler.function import Kernel as Kernel
from robokern.errors import KernelAssertionError as KernelAssertionError
from robokern.errors import KernelError as KernelError
from robokern.errors import KernelFloatError as KernelFloatError
from robokern.errors import KernelIndexError as KernelIndexError
from robokern.errors import KernelWarning as KernelWarning
from robokern.runtime.launch import Launch as Launch
from robokern.errors import LaunchError as LaunchError
from robokern.geometry.mesh import Mesh as Mesh
from robokern.compiler.module import Module as Module
from robokern.geometry.shape import Plane as Plane
from robokern.plugin.plugin import Plugin as Plugin
from robokern.plugin.settings import PluginConfig as PluginConfig
from robokern.errors import PluginError as PluginError
from robokern.plugin.plugin import Randomizer as Randomizer
from robokern.plugin.settings import RandomizerConfig as RandomizerConfig
from robokern.errors import RobokernError as RobokernError
from robokern.runtime.optimizer import SGD as SGD
from robokern.geometry.scene import Scene as Scene
from robokern.runtime.graph import ScopedCapture as ScopedCapture
from robokern.runtime.device import ScopedDevice as ScopedDevice
from robokern.runtime.stream import ScopedStream as ScopedStream
from robokern.runtime.timer import ScopedTimer as ScopedTimer
from robokern.plugin.plugin import Sensor as Sensor
from robokern.geometry.shape import Sphere as Sphere
from robokern.runtime.stream import Stream as Stream
from robokern.runtime.tape import Tape as Tape
from robokern.errors import UnsupportedError as UnsupportedError
from robokern.errors import KernelError as WarpCodegenAttributeError
from robokern.errors import KernelError as WarpCodegenError
from robokern.errors import KernelError as WarpCodegenIndexError
from robokern.errors import KernelError as WarpCodegenKeyError
from robokern.errors import KernelError as WarpCodegenTypeError
from robokern.errors import KernelError as WarpCodegenValueError
from robokern.world.world import World as World
from robokern import autograd as autograd
from robokern.runtime.graph import capture_begin as capture_begin
from robokern.runtime.graph import capture_end as capture_end
from robokern.runtime.graph import capture_if as capture_if
from robokern.runtime.graph import capture_launch as capture_launch
from robokern.runtime.graph import capture_while as capture_while
from robokern.runtime.cache import clear_kernel_cache as clear_kernel_cache
from robokern.runtime.creation import clone as clone
from robokern.runtime.ahead_of_time import compile_aot_module as compile_aot_module
from robokern import compiler as compiler
from robokern.runtime.creation import copy as copy
from robokern.runtime.exchange import device_from_jax as device_from_jax
from robokern.runtime.exchange import device_from_torch as device_from_torch
from robokern.runtime.exchange import device_to_jax as device_to_jax
from robokern.runtime.exchange import device_to_torch as device_to_torch
from robokern.runtime.exchange import dtype_from_jax as dtype_from_jax
from robokern.runtime.exchange import dtype_from_numpy as dtype_from_numpy
from robokern.runtime.exchange import dtype_from_torch as dtype_from_torch
from robokern.runtime.exchange import dtype_to_jax as dtype_to_jax
from robokern.runtime.exchange import dtype_to_numpy as dtype_to_numpy
from robokern.runtime.exchange import dtype_to_torch as dtype_to_torch
from robokern.runtime.creation import empty as empty
from robokern.runtime.creation import empty_like as empty_like
from robokern import errors as errors
from robokern.plugin.settings import field as field
from robokern.ir.types import fixedarray as fixedarray
from robokern.runtime.load import force_load as force_load
from robokern.runtime.creation import from_dlpack as from_dlpack
from robokern.runtime.exchange import from_jax as from_jax
from robokern.runtime.creation import from_numpy as from_numpy
from robokern.runtime.creation import from_ptr as from_ptr
from robokern.compiler.source import from_source as from_source
from robokern.runtime.exchange import from_torch as from_torch
from robokern.runtime.creation import full as full
from robokern.runtime.creation import full_like as full_like
from robokern.compiler.function import func_grad as func_grad
from robokern.compiler.function import func_replay as func_replay
from robokern.runtime.device import get_cuda_device as get_cuda_device
from robokern.runtime.device import get_cuda_device_count as get_cuda_device_count
from robokern.runtime.device import get_cuda_devices as get_cuda_devices
from robokern.runtime.device import get_device as get_device
from robokern.runtime.device import get_devices as get_devices
from robokern.runtime.stream import get_event_elapsed_time as get_event_elapsed_time
from robokern.compiler.module import get_module as get_module
from robokern.compiler.options import get_module_options as get_module_options
from robokern.runtime.device import get_preferred_device as get_preferred_device
from robokern.runtime.stream import get_stream as get_stream
from robokern.compiler.function import grad as grad
from robokern.runtime.gradcheck import gradcheck as gradcheck
from robokern.runtime.forward import hvp as hvp
from robokern.runtime.load import init as init
from robokern.ir.types import inout as inout
from robokern import ir as ir
from robokern.runtime.device import is_cpu_available as is_cpu_available
from robokern.runtime.warp_questions import is_cubql_available as is_cubql_available
from robokern.runtime.device import is_cuda_available as is_cuda_available
from robokern.runtime.device import is_device_available as is_device_available
from robokern.runtime.warp_questions import is_mempool_access_enabled as is_mempool_access_enabled
from robokern.runtime.warp_questions import is_mempool_access_supported as is_mempool_access_supported
from robokern.runtime.warp_questions import is_mempool_enabled as is_mempool_enabled
from robokern.runtime.warp_questions import is_mempool_supported as is_mempool_supported
from robokern.runtime.warp_questions import is_peer_access_enabled as is_peer_access_enabled
from robokern.runtime.warp_questions import is_peer_access_supported as is_peer_access_supported
from robokern.runtime.gradcheck import jacobian as jacobian
from robokern.runtime.gradcheck import jacobian_fd as jacobian_fd
from robokern.runtime.jax_bridge import jax_function as jax_function
from robokern.runtime.forward import jvp as jvp
from robokern import lang as lang
from robokern.runtime.launch import launch as launch
from robokern.runtime.ahead_of_time import load_aot_module as load_aot_module
from robokern.runtime.load import load_module as load_module
from robokern.runtime.map import map as map
from robokern.ir.types import matrix as matrix
from robokern.runtime.creation import ones as ones
from robokern.runtime.creation import ones_like as ones_like
from robokern import optim as optim
from robokern.compiler.function import overload as overload
from robokern.ir.types import quaternion as quaternion
from robokern.runtime.stream import record_event as record_event
from robokern.ir.types import ref as ref
from robokern import runtime as runtime
from robokern.runtime.driver_cpu import set_cpu_threads as set_cpu_threads
from robokern.runtime.device import set_device as set_device
from robokern.compiler.options import set_module_options as set_module_options
from robokern.runtime.stream import set_stream as set_stream
from robokern.runtime.device import synchronize as synchronize
from robokern.runtime.device import synchronize_device as synchronize_device
from robokern.runtime.stream import synchronize_event as synchronize_event
from robokern.runtime.stream import synchronize_stream as synchronize_stream
from robokern.runtime.exchange import to_dlpack as to_dlpack
from robokern.runtime.exchange import to_jax as to_jax
from robokern.runtime.exchange import to_torch as to_torch
from robokern.runtime.torch_bridge import torch_function as torch_function
from robokern.ir.types import transformation as transformation
from robokern.lang import types as types
from robokern.lang import unsupported as unsupported
from robokern import utils as utils
from robokern.ir.types import vector as vector
from robokern.runtime.stream import wait_event as wait_event
from robokern.runtime.stream import wait_stream as wait_stream
from robokern.runtime.creation import zeros as zeros
from robokern.runtime.creation import zeros_like as zeros_like

@_overload
def func(python: _F) -> _F: ...
@_overload
def func(
    python: None = None, *, contract: bool = True, inline: bool | None = None, module: Any = None
) -> Callable[[_F], _F]: ...
def func(python: Any = None, *, contract: bool = True) -> Any:
    """Makes a Python function callable in kernels."""

@_overload
def kernel(python: Callable[..., None]) -> Kernel: ...
@_overload
def kernel(python: None = None, **given: Any) -> Callable[[Callable[..., None]], Kernel]: ...
def kernel(python: Any = None, **given: Any) -> Any:
    """Makes a Python function a kernel: run once per grid item by `rk.launch`; it returns nothing."""

@dataclass_transform(kw_only_default=True)
def struct(python: _Class) -> _Class:
    """Makes a class with annotated fields a struct of the kernel language, callable on the host too."""

def constant(x: _T) -> _T:
    """A compile-time constant; the value itself."""

def static(expression: _T) -> _T:
    """static(expression): evaluated by Python when the kernel is compiled."""


float32 = float
int32 = int
handle = uint64

class int8:
    """8-bit signed integer."""

    def __init__(self, value: Any = 0) -> None: ...
    def __add__(self, other: int8 | int) -> int8: ...
    def __radd__(self, other: int8 | int) -> int8: ...
    def __sub__(self, other: int8 | int) -> int8: ...
    def __rsub__(self, other: int8 | int) -> int8: ...
    def __mul__(self, other: int8 | int) -> int8: ...
    def __rmul__(self, other: int8 | int) -> int8: ...
    def __mod__(self, other: int8 | int) -> int8: ...
    def __rmod__(self, other: int8 | int) -> int8: ...
    def __floordiv__(self, other: int8 | int) -> int8: ...
    def __rfloordiv__(self, other: int8 | int) -> int8: ...
    def __and__(self, other: int8 | int) -> int8: ...
    def __rand__(self, other: int8 | int) -> int8: ...
    def __or__(self, other: int8 | int) -> int8: ...
    def __ror__(self, other: int8 | int) -> int8: ...
    def __xor__(self, other: int8 | int) -> int8: ...
    def __rxor__(self, other: int8 | int) -> int8: ...
    def __lshift__(self, other: int8 | int) -> int8: ...
    def __rlshift__(self, other: int8 | int) -> int8: ...
    def __rshift__(self, other: int8 | int) -> int8: ...
    def __rrshift__(self, other: int8 | int) -> int8: ...
    def __lt__(self, other: int8 | int) -> bool: ...
    def __le__(self, other: int8 | int) -> bool: ...
    def __gt__(self, other: int8 | int) -> bool: ...
    def __ge__(self, other: int8 | int) -> bool: ...
    def __neg__(self) -> int8: ...
    def __pos__(self) -> int8: ...
    def __abs__(self) -> int8: ...
    def __invert__(self) -> int8: ...
    def __float__(self) -> float: ...
    def __int__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __index__(self) -> int: ...

class int16:
    """16-bit signed integer."""

    def __init__(self, value: Any = 0) -> None: ...
    def __add__(self, other: int16 | int) -> int16: ...
    def __radd__(self, other: int16 | int) -> int16: ...
    def __sub__(self, other: int16 | int) -> int16: ...
    def __rsub__(self, other: int16 | int) -> int16: ...
    def __mul__(self, other: int16 | int) -> int16: ...
    def __rmul__(self, other: int16 | int) -> int16: ...
    def __mod__(self, other: int16 | int) -> int16: ...
    def __rmod__(self, other: int16 | int) -> int16: ...
    def __floordiv__(self, other: int16 | int) -> int16: ...
    def __rfloordiv__(self, other: int16 | int) -> int16: ...
    def __and__(self, other: int16 | int) -> int16: ...
    def __rand__(self, other: int16 | int) -> int16: ...
    def __or__(self, other: int16 | int) -> int16: ...
    def __ror__(self, other: int16 | int) -> int16: ...
    def __xor__(self, other: int16 | int) -> int16: ...
    def __rxor__(self, other: int16 | int) -> int16: ...
    def __lshift__(self, other: int16 | int) -> int16: ...
    def __rlshift__(self, other: int16 | int) -> int16: ...
    def __rshift__(self, other: int16 | int) -> int16: ...
    def __rrshift__(self, other: int16 | int) -> int16: ...
    def __lt__(self, other: int16 | int) -> bool: ...
    def __le__(self, other: int16 | int) -> bool: ...
    def __gt__(self, other: int16 | int) -> bool: ...
    def __ge__(self, other: int16 | int) -> bool: ...
    def __neg__(self) -> int16: ...
    def __pos__(self) -> int16: ...
    def __abs__(self) -> int16: ...
    def __invert__(self) -> int16: ...
    def __float__(self) -> float: ...
    def __int__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __index__(self) -> int: ...

class int64:
    """64-bit signed integer."""

    def __init__(self, value: Any = 0) -> None: ...
    def __add__(self, other: int64 | int) -> int64: ...
    def __radd__(self, other: int64 | int) -> int64: ...
    def __sub__(self, other: int64 | int) -> int64: ...
    def __rsub__(self, other: int64 | int) -> int64: ...
    def __mul__(self, other: int64 | int) -> int64: ...
    def __rmul__(self, other: int64 | int) -> int64: ...
    def __mod__(self, other: int64 | int) -> int64: ...
    def __rmod__(self, other: int64 | int) -> int64: ...
    def __floordiv__(self, other: int64 | int) -> int64: ...
    def __rfloordiv__(self, other: int64 | int) -> int64: ...
    def __and__(self, other: int64 | int) -> int64: ...
    def __rand__(self, other: int64 | int) -> int64: ...
    def __or__(self, other: int64 | int) -> int64: ...
    def __ror__(self, other: int64 | int) -> int64: ...
    def __xor__(self, other: int64 | int) -> int64: ...
    def __rxor__(self, other: int64 | int) -> int64: ...
    def __lshift__(self, other: int64 | int) -> int64: ...
    def __rlshift__(self, other: int64 | int) -> int64: ...
    def __rshift__(self, other: int64 | int) -> int64: ...
    def __rrshift__(self, other: int64 | int) -> int64: ...
    def __lt__(self, other: int64 | int) -> bool: ...
    def __le__(self, other: int64 | int) -> bool: ...
    def __gt__(self, other: int64 | int) -> bool: ...
    def __ge__(self, other: int64 | int) -> bool: ...
    def __neg__(self) -> int64: ...
    def __pos__(self) -> int64: ...
    def __abs__(self) -> int64: ...
    def __invert__(self) -> int64: ...
    def __float__(self) -> float: ...
    def __int__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __index__(self) -> int: ...

class uint8:
    """8-bit unsigned integer."""

    def __init__(self, value: Any = 0) -> None: ...
    def __add__(self, other: uint8 | int) -> uint8: ...
    def __radd__(self, other: uint8 | int) -> uint8: ...
    def __sub__(self, other: uint8 | int) -> uint8: ...
    def __rsub__(self, other: uint8 | int) -> uint8: ...
    def __mul__(self, other: uint8 | int) -> uint8: ...
    def __rmul__(self, other: uint8 | int) -> uint8: ...
    def __mod__(self, other: uint8 | int) -> uint8: ...
    def __rmod__(self, other: uint8 | int) -> uint8: ...
    def __floordiv__(self, other: uint8 | int) -> uint8: ...
    def __rfloordiv__(self, other: uint8 | int) -> uint8: ...
    def __and__(self, other: uint8 | int) -> uint8: ...
    def __rand__(self, other: uint8 | int) -> uint8: ...
    def __or__(self, other: uint8 | int) -> uint8: ...
    def __ror__(self, other: uint8 | int) -> uint8: ...
    def __xor__(self, other: uint8 | int) -> uint8: ...
    def __rxor__(self, other: uint8 | int) -> uint8: ...
    def __lshift__(self, other: uint8 | int) -> uint8: ...
    def __rlshift__(self, other: uint8 | int) -> uint8: ...
    def __rshift__(self, other: uint8 | int) -> uint8: ...
    def __rrshift__(self, other: uint8 | int) -> uint8: ...
    def __lt__(self, other: uint8 | int) -> bool: ...
    def __le__(self, other: uint8 | int) -> bool: ...
    def __gt__(self, other: uint8 | int) -> bool: ...
    def __ge__(self, other: uint8 | int) -> bool: ...
    def __neg__(self) -> uint8: ...
    def __pos__(self) -> uint8: ...
    def __abs__(self) -> uint8: ...
    def __invert__(self) -> uint8: ...
    def __float__(self) -> float: ...
    def __int__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __index__(self) -> int: ...

class uint16:
    """16-bit unsigned integer."""

    def __init__(self, value: Any = 0) -> None: ...
    def __add__(self, other: uint16 | int) -> uint16: ...
    def __radd__(self, other: uint16 | int) -> uint16: ...
    def __sub__(self, other: uint16 | int) -> uint16: ...
    def __rsub__(self, other: uint16 | int) -> uint16: ...
    def __mul__(self, other: uint16 | int) -> uint16: ...
    def __rmul__(self, other: uint16 | int) -> uint16: ...
    def __mod__(self, other: uint16 | int) -> uint16: ...
    def __rmod__(self, other: uint16 | int) -> uint16: ...
    def __floordiv__(self, other: uint16 | int) -> uint16: ...
    def __rfloordiv__(self, other: uint16 | int) -> uint16: ...
    def __and__(self, other: uint16 | int) -> uint16: ...
    def __rand__(self, other: uint16 | int) -> uint16: ...
    def __or__(self, other: uint16 | int) -> uint16: ...
    def __ror__(self, other: uint16 | int) -> uint16: ...
    def __xor__(self, other: uint16 | int) -> uint16: ...
    def __rxor__(self, other: uint16 | int) -> uint16: ...
    def __lshift__(self, other: uint16 | int) -> uint16: ...
    def __rlshift__(self, other: uint16 | int) -> uint16: ...
    def __rshift__(self, other: uint16 | int) -> uint16: ...
    def __rrshift__(self, other: uint16 | int) -> uint16: ...
    def __lt__(self, other: uint16 | int) -> bool: ...
    def __le__(self, other: uint16 | int) -> bool: ...
    def __gt__(self, other: uint16 | int) -> bool: ...
    def __ge__(self, other: uint16 | int) -> bool: ...
    def __neg__(self) -> uint16: ...
    def __pos__(self) -> uint16: ...
    def __abs__(self) -> uint16: ...
    def __invert__(self) -> uint16: ...
    def __float__(self) -> float: ...
    def __int__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __index__(self) -> int: ...

class uint32:
    """32-bit unsigned integer."""

    def __init__(self, value: Any = 0) -> None: ...
    def __add__(self, other: uint32 | int) -> uint32: ...
    def __radd__(self, other: uint32 | int) -> uint32: ...
    def __sub__(self, other: uint32 | int) -> uint32: ...
    def __rsub__(self, other: uint32 | int) -> uint32: ...
    def __mul__(self, other: uint32 | int) -> uint32: ...
    def __rmul__(self, other: uint32 | int) -> uint32: ...
    def __mod__(self, other: uint32 | int) -> uint32: ...
    def __rmod__(self, other: uint32 | int) -> uint32: ...
    def __floordiv__(self, other: uint32 | int) -> uint32: ...
    def __rfloordiv__(self, other: uint32 | int) -> uint32: ...
    def __and__(self, other: uint32 | int) -> uint32: ...
    def __rand__(self, other: uint32 | int) -> uint32: ...
    def __or__(self, other: uint32 | int) -> uint32: ...
    def __ror__(self, other: uint32 | int) -> uint32: ...
    def __xor__(self, other: uint32 | int) -> uint32: ...
    def __rxor__(self, other: uint32 | int) -> uint32: ...
    def __lshift__(self, other: uint32 | int) -> uint32: ...
    def __rlshift__(self, other: uint32 | int) -> uint32: ...
    def __rshift__(self, other: uint32 | int) -> uint32: ...
    def __rrshift__(self, other: uint32 | int) -> uint32: ...
    def __lt__(self, other: uint32 | int) -> bool: ...
    def __le__(self, other: uint32 | int) -> bool: ...
    def __gt__(self, other: uint32 | int) -> bool: ...
    def __ge__(self, other: uint32 | int) -> bool: ...
    def __neg__(self) -> uint32: ...
    def __pos__(self) -> uint32: ...
    def __abs__(self) -> uint32: ...
    def __invert__(self) -> uint32: ...
    def __float__(self) -> float: ...
    def __int__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __index__(self) -> int: ...

class uint64:
    """64-bit unsigned integer."""

    def __init__(self, value: Any = 0) -> None: ...
    def __add__(self, other: uint64 | int) -> uint64: ...
    def __radd__(self, other: uint64 | int) -> uint64: ...
    def __sub__(self, other: uint64 | int) -> uint64: ...
    def __rsub__(self, other: uint64 | int) -> uint64: ...
    def __mul__(self, other: uint64 | int) -> uint64: ...
    def __rmul__(self, other: uint64 | int) -> uint64: ...
    def __mod__(self, other: uint64 | int) -> uint64: ...
    def __rmod__(self, other: uint64 | int) -> uint64: ...
    def __floordiv__(self, other: uint64 | int) -> uint64: ...
    def __rfloordiv__(self, other: uint64 | int) -> uint64: ...
    def __and__(self, other: uint64 | int) -> uint64: ...
    def __rand__(self, other: uint64 | int) -> uint64: ...
    def __or__(self, other: uint64 | int) -> uint64: ...
    def __ror__(self, other: uint64 | int) -> uint64: ...
    def __xor__(self, other: uint64 | int) -> uint64: ...
    def __rxor__(self, other: uint64 | int) -> uint64: ...
    def __lshift__(self, other: uint64 | int) -> uint64: ...
    def __rlshift__(self, other: uint64 | int) -> uint64: ...
    def __rshift__(self, other: uint64 | int) -> uint64: ...
    def __rrshift__(self, other: uint64 | int) -> uint64: ...
    def __lt__(self, other: uint64 | int) -> bool: ...
    def __le__(self, other: uint64 | int) -> bool: ...
    def __gt__(self, other: uint64 | int) -> bool: ...
    def __ge__(self, other: uint64 | int) -> bool: ...
    def __neg__(self) -> uint64: ...
    def __pos__(self) -> uint64: ...
    def __abs__(self) -> uint64: ...
    def __invert__(self) -> uint64: ...
    def __float__(self) -> float: ...
    def __int__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __index__(self) -> int: ...

class float16:
    """16-bit floating-point number."""

    def __init__(self, value: Any = 0) -> None: ...
    def __add__(self, other: float16 | float) -> float16: ...
    def __radd__(self, other: float16 | float) -> float16: ...
    def __sub__(self, other: float16 | float) -> float16: ...
    def __rsub__(self, other: float16 | float) -> float16: ...
    def __mul__(self, other: float16 | float) -> float16: ...
    def __rmul__(self, other: float16 | float) -> float16: ...
    def __mod__(self, other: float16 | float) -> float16: ...
    def __rmod__(self, other: float16 | float) -> float16: ...
    def __truediv__(self, other: float16 | float) -> float16: ...
    def __rtruediv__(self, other: float16 | float) -> float16: ...
    def __pow__(self, other: float16 | float) -> float16: ...
    def __rpow__(self, other: float16 | float) -> float16: ...
    def __lt__(self, other: float16 | float) -> bool: ...
    def __le__(self, other: float16 | float) -> bool: ...
    def __gt__(self, other: float16 | float) -> bool: ...
    def __ge__(self, other: float16 | float) -> bool: ...
    def __neg__(self) -> float16: ...
    def __pos__(self) -> float16: ...
    def __abs__(self) -> float16: ...
    def __float__(self) -> float: ...
    def __int__(self) -> int: ...
    def __bool__(self) -> bool: ...

class bfloat16:
    """16-bit floating-point number."""

    def __init__(self, value: Any = 0) -> None: ...
    def __add__(self, other: bfloat16 | float) -> bfloat16: ...
    def __radd__(self, other: bfloat16 | float) -> bfloat16: ...
    def __sub__(self, other: bfloat16 | float) -> bfloat16: ...
    def __rsub__(self, other: bfloat16 | float) -> bfloat16: ...
    def __mul__(self, other: bfloat16 | float) -> bfloat16: ...
    def __rmul__(self, other: bfloat16 | float) -> bfloat16: ...
    def __mod__(self, other: bfloat16 | float) -> bfloat16: ...
    def __rmod__(self, other: bfloat16 | float) -> bfloat16: ...
    def __truediv__(self, other: bfloat16 | float) -> bfloat16: ...
    def __rtruediv__(self, other: bfloat16 | float) -> bfloat16: ...
    def __pow__(self, other: bfloat16 | float) -> bfloat16: ...
    def __rpow__(self, other: bfloat16 | float) -> bfloat16: ...
    def __lt__(self, other: bfloat16 | float) -> bool: ...
    def __le__(self, other: bfloat16 | float) -> bool: ...
    def __gt__(self, other: bfloat16 | float) -> bool: ...
    def __ge__(self, other: bfloat16 | float) -> bool: ...
    def __neg__(self) -> bfloat16: ...
    def __pos__(self) -> bfloat16: ...
    def __abs__(self) -> bfloat16: ...
    def __float__(self) -> float: ...
    def __int__(self) -> int: ...
    def __bool__(self) -> bool: ...

class float64:
    """64-bit floating-point number."""

    def __init__(self, value: Any = 0) -> None: ...
    def __add__(self, other: float64 | float) -> float64: ...
    def __radd__(self, other: float64 | float) -> float64: ...
    def __sub__(self, other: float64 | float) -> float64: ...
    def __rsub__(self, other: float64 | float) -> float64: ...
    def __mul__(self, other: float64 | float) -> float64: ...
    def __rmul__(self, other: float64 | float) -> float64: ...
    def __mod__(self, other: float64 | float) -> float64: ...
    def __rmod__(self, other: float64 | float) -> float64: ...
    def __truediv__(self, other: float64 | float) -> float64: ...
    def __rtruediv__(self, other: float64 | float) -> float64: ...
    def __pow__(self, other: float64 | float) -> float64: ...
    def __rpow__(self, other: float64 | float) -> float64: ...
    def __lt__(self, other: float64 | float) -> bool: ...
    def __le__(self, other: float64 | float) -> bool: ...
    def __gt__(self, other: float64 | float) -> bool: ...
    def __ge__(self, other: float64 | float) -> bool: ...
    def __neg__(self) -> float64: ...
    def __pos__(self) -> float64: ...
    def __abs__(self) -> float64: ...
    def __float__(self) -> float: ...
    def __int__(self) -> int: ...
    def __bool__(self) -> bool: ...

Float = TypeVar("Float", float16, bfloat16, float, float64)
Int = TypeVar("Int", int8, int16, int, int64, uint8, uint16, uint32, uint64)
Scalar = TypeVar("Scalar", int8, int16, int, int64, uint8, uint16, uint32, uint64, float16, bfloat16, float, float64)

class _Vector: ...
class _Matrix: ...
class _Quaternion: ...
class _Transform: ...

class mat22(_Matrix):
    """Matrix of 2 x 2 float32 components, row by row."""

    dtype: builtins.type[float]
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> vec2f: ...
    @_overload
    def __getitem__(self, index: tuple[int, int]) -> float: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[vec2f]: ...
    def __neg__(self) -> mat22: ...
    def __add__(self, other: mat22f) -> mat22f: ...
    def __sub__(self, other: mat22f) -> mat22f: ...
    @_overload
    def __mul__(self, other: float) -> mat22f: ...
    @_overload
    def __mul__(self, other: vec2f) -> vec2f: ...
    @_overload
    def __mul__(self, other: vec3f) -> vec2f: ...
    @_overload
    def __mul__(self, other: vec4f) -> vec2f: ...
    @_overload
    def __mul__(self, other: mat22f) -> mat22f: ...
    @_overload
    def __mul__(self, other: mat33f) -> _Matrix | Composite: ...
    @_overload
    def __mul__(self, other: mat44f) -> _Matrix | Composite: ...
    @_overload
    def __mul__(self, other: spatial_vectorf) -> vec2f: ...
    @_overload
    def __mul__(self, other: spatial_matrixf) -> _Matrix | Composite: ...
    def __truediv__(self, other: float) -> mat22f: ...
    @_overload
    def __matmul__(self, other: vec2f) -> vec2f: ...
    @_overload
    def __matmul__(self, other: vec3f) -> vec2f: ...
    @_overload
    def __matmul__(self, other: vec4f) -> vec2f: ...
    @_overload
    def __matmul__(self, other: mat22f) -> mat22f: ...
    @_overload
    def __matmul__(self, other: mat33f) -> _Matrix | Composite: ...
    @_overload
    def __matmul__(self, other: mat44f) -> _Matrix | Composite: ...
    @_overload
    def __matmul__(self, other: spatial_vectorf) -> vec2f: ...
    @_overload
    def __matmul__(self, other: spatial_matrixf) -> _Matrix | Composite: ...
    def __rmul__(self, other: float) -> mat22f: ...
mat22f = mat22

class mat22d(_Matrix):
    """Matrix of 2 x 2 float64 components, row by row."""

    dtype: builtins.type[float64]
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> vec2d: ...
    @_overload
    def __getitem__(self, index: tuple[int, int]) -> float64: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[vec2d]: ...
    def __neg__(self) -> mat22d: ...
    def __add__(self, other: mat22d) -> mat22d: ...
    def __sub__(self, other: mat22d) -> mat22d: ...
    @_overload
    def __mul__(self, other: float64) -> mat22d: ...
    @_overload
    def __mul__(self, other: vec2d) -> vec2d: ...
    @_overload
    def __mul__(self, other: vec3d) -> vec2d: ...
    @_overload
    def __mul__(self, other: vec4d) -> vec2d: ...
    @_overload
    def __mul__(self, other: mat22d) -> mat22d: ...
    @_overload
    def __mul__(self, other: mat33d) -> _Matrix | Composite: ...
    @_overload
    def __mul__(self, other: mat44d) -> _Matrix | Composite: ...
    @_overload
    def __mul__(self, other: spatial_vectord) -> vec2d: ...
    @_overload
    def __mul__(self, other: spatial_matrixd) -> _Matrix | Composite: ...
    def __truediv__(self, other: float64) -> mat22d: ...
    @_overload
    def __matmul__(self, other: vec2d) -> vec2d: ...
    @_overload
    def __matmul__(self, other: vec3d) -> vec2d: ...
    @_overload
    def __matmul__(self, other: vec4d) -> vec2d: ...
    @_overload
    def __matmul__(self, other: mat22d) -> mat22d: ...
    @_overload
    def __matmul__(self, other: mat33d) -> _Matrix | Composite: ...
    @_overload
    def __matmul__(self, other: mat44d) -> _Matrix | Composite: ...
    @_overload
    def __matmul__(self, other: spatial_vectord) -> vec2d: ...
    @_overload
    def __matmul__(self, other: spatial_matrixd) -> _Matrix | Composite: ...
    def __rmul__(self, other: float64) -> mat22d: ...

class mat22h(_Matrix):
    """Matrix of 2 x 2 float16 components, row by row."""

    dtype: builtins.type[float16]
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> vec2h: ...
    @_overload
    def __getitem__(self, index: tuple[int, int]) -> float16: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[vec2h]: ...
    def __neg__(self) -> mat22h: ...
    def __add__(self, other: mat22h) -> mat22h: ...
    def __sub__(self, other: mat22h) -> mat22h: ...
    @_overload
    def __mul__(self, other: float16) -> mat22h: ...
    @_overload
    def __mul__(self, other: vec2h) -> vec2h: ...
    @_overload
    def __mul__(self, other: vec3h) -> vec2h: ...
    @_overload
    def __mul__(self, other: vec4h) -> vec2h: ...
    @_overload
    def __mul__(self, other: mat22h) -> mat22h: ...
    @_overload
    def __mul__(self, other: mat33h) -> _Matrix | Composite: ...
    @_overload
    def __mul__(self, other: mat44h) -> _Matrix | Composite: ...
    @_overload
    def __mul__(self, other: spatial_vectorh) -> vec2h: ...
    @_overload
    def __mul__(self, other: spatial_matrixh) -> _Matrix | Composite: ...
    def __truediv__(self, other: float16) -> mat22h: ...
    @_overload
    def __matmul__(self, other: vec2h) -> vec2h: ...
    @_overload
    def __matmul__(self, other: vec3h) -> vec2h: ...
    @_overload
    def __matmul__(self, other: vec4h) -> vec2h: ...
    @_overload
    def __matmul__(self, other: mat22h) -> mat22h: ...
    @_overload
    def __matmul__(self, other: mat33h) -> _Matrix | Composite: ...
    @_overload
    def __matmul__(self, other: mat44h) -> _Matrix | Composite: ...
    @_overload
    def __matmul__(self, other: spatial_vectorh) -> vec2h: ...
    @_overload
    def __matmul__(self, other: spatial_matrixh) -> _Matrix | Composite: ...
    def __rmul__(self, other: float16) -> mat22h: ...

class mat33(_Matrix):
    """Matrix of 3 x 3 float32 components, row by row."""

    dtype: builtins.type[float]
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> vec3f: ...
    @_overload
    def __getitem__(self, index: tuple[int, int]) -> float: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[vec3f]: ...
    def __neg__(self) -> mat33: ...
    def __add__(self, other: mat33f) -> mat33f: ...
    def __sub__(self, other: mat33f) -> mat33f: ...
    @_overload
    def __mul__(self, other: float) -> mat33f: ...
    @_overload
    def __mul__(self, other: vec3f) -> vec3f: ...
    @_overload
    def __mul__(self, other: vec4f) -> vec3f: ...
    @_overload
    def __mul__(self, other: mat33f) -> mat33f: ...
    @_overload
    def __mul__(self, other: mat44f) -> _Matrix | Composite: ...
    @_overload
    def __mul__(self, other: spatial_vectorf) -> vec3f: ...
    @_overload
    def __mul__(self, other: spatial_matrixf) -> _Matrix | Composite: ...
    def __truediv__(self, other: float) -> mat33f: ...
    @_overload
    def __matmul__(self, other: vec3f) -> vec3f: ...
    @_overload
    def __matmul__(self, other: vec4f) -> vec3f: ...
    @_overload
    def __matmul__(self, other: mat33f) -> mat33f: ...
    @_overload
    def __matmul__(self, other: mat44f) -> _Matrix | Composite: ...
    @_overload
    def __matmul__(self, other: spatial_vectorf) -> vec3f: ...
    @_overload
    def __matmul__(self, other: spatial_matrixf) -> _Matrix | Composite: ...
    def __rmul__(self, other: float) -> mat33f: ...
mat33f = mat33

class mat33d(_Matrix):
    """Matrix of 3 x 3 float64 components, row by row."""

    dtype: builtins.type[float64]
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> vec3d: ...
    @_overload
    def __getitem__(self, index: tuple[int, int]) -> float64: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[vec3d]: ...
    def __neg__(self) -> mat33d: ...
    def __add__(self, other: mat33d) -> mat33d: ...
    def __sub__(self, other: mat33d) -> mat33d: ...
    @_overload
    def __mul__(self, other: float64) -> mat33d: ...
    @_overload
    def __mul__(self, other: vec3d) -> vec3d: ...
    @_overload
    def __mul__(self, other: vec4d) -> vec3d: ...
    @_overload
    def __mul__(self, other: mat33d) -> mat33d: ...
    @_overload
    def __mul__(self, other: mat44d) -> _Matrix | Composite: ...
    @_overload
    def __mul__(self, other: spatial_vectord) -> vec3d: ...
    @_overload
    def __mul__(self, other: spatial_matrixd) -> _Matrix | Composite: ...
    def __truediv__(self, other: float64) -> mat33d: ...
    @_overload
    def __matmul__(self, other: vec3d) -> vec3d: ...
    @_overload
    def __matmul__(self, other: vec4d) -> vec3d: ...
    @_overload
    def __matmul__(self, other: mat33d) -> mat33d: ...
    @_overload
    def __matmul__(self, other: mat44d) -> _Matrix | Composite: ...
    @_overload
    def __matmul__(self, other: spatial_vectord) -> vec3d: ...
    @_overload
    def __matmul__(self, other: spatial_matrixd) -> _Matrix | Composite: ...
    def __rmul__(self, other: float64) -> mat33d: ...

class mat33h(_Matrix):
    """Matrix of 3 x 3 float16 components, row by row."""

    dtype: builtins.type[float16]
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> vec3h: ...
    @_overload
    def __getitem__(self, index: tuple[int, int]) -> float16: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[vec3h]: ...
    def __neg__(self) -> mat33h: ...
    def __add__(self, other: mat33h) -> mat33h: ...
    def __sub__(self, other: mat33h) -> mat33h: ...
    @_overload
    def __mul__(self, other: float16) -> mat33h: ...
    @_overload
    def __mul__(self, other: vec3h) -> vec3h: ...
    @_overload
    def __mul__(self, other: vec4h) -> vec3h: ...
    @_overload
    def __mul__(self, other: mat33h) -> mat33h: ...
    @_overload
    def __mul__(self, other: mat44h) -> _Matrix | Composite: ...
    @_overload
    def __mul__(self, other: spatial_vectorh) -> vec3h: ...
    @_overload
    def __mul__(self, other: spatial_matrixh) -> _Matrix | Composite: ...
    def __truediv__(self, other: float16) -> mat33h: ...
    @_overload
    def __matmul__(self, other: vec3h) -> vec3h: ...
    @_overload
    def __matmul__(self, other: vec4h) -> vec3h: ...
    @_overload
    def __matmul__(self, other: mat33h) -> mat33h: ...
    @_overload
    def __matmul__(self, other: mat44h) -> _Matrix | Composite: ...
    @_overload
    def __matmul__(self, other: spatial_vectorh) -> vec3h: ...
    @_overload
    def __matmul__(self, other: spatial_matrixh) -> _Matrix | Composite: ...
    def __rmul__(self, other: float16) -> mat33h: ...

class mat44(_Matrix):
    """Matrix of 4 x 4 float32 components, row by row."""

    dtype: builtins.type[float]
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> vec4f: ...
    @_overload
    def __getitem__(self, index: tuple[int, int]) -> float: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[vec4f]: ...
    def __neg__(self) -> mat44: ...
    def __add__(self, other: mat44f) -> mat44f: ...
    def __sub__(self, other: mat44f) -> mat44f: ...
    @_overload
    def __mul__(self, other: float) -> mat44f: ...
    @_overload
    def __mul__(self, other: vec4f) -> vec4f: ...
    @_overload
    def __mul__(self, other: mat44f) -> mat44f: ...
    @_overload
    def __mul__(self, other: spatial_vectorf) -> vec4f: ...
    @_overload
    def __mul__(self, other: spatial_matrixf) -> _Matrix | Composite: ...
    def __truediv__(self, other: float) -> mat44f: ...
    @_overload
    def __matmul__(self, other: vec4f) -> vec4f: ...
    @_overload
    def __matmul__(self, other: mat44f) -> mat44f: ...
    @_overload
    def __matmul__(self, other: spatial_vectorf) -> vec4f: ...
    @_overload
    def __matmul__(self, other: spatial_matrixf) -> _Matrix | Composite: ...
    def __rmul__(self, other: float) -> mat44f: ...
mat44f = mat44

class mat44d(_Matrix):
    """Matrix of 4 x 4 float64 components, row by row."""

    dtype: builtins.type[float64]
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> vec4d: ...
    @_overload
    def __getitem__(self, index: tuple[int, int]) -> float64: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[vec4d]: ...
    def __neg__(self) -> mat44d: ...
    def __add__(self, other: mat44d) -> mat44d: ...
    def __sub__(self, other: mat44d) -> mat44d: ...
    @_overload
    def __mul__(self, other: float64) -> mat44d: ...
    @_overload
    def __mul__(self, other: vec4d) -> vec4d: ...
    @_overload
    def __mul__(self, other: mat44d) -> mat44d: ...
    @_overload
    def __mul__(self, other: spatial_vectord) -> vec4d: ...
    @_overload
    def __mul__(self, other: spatial_matrixd) -> _Matrix | Composite: ...
    def __truediv__(self, other: float64) -> mat44d: ...
    @_overload
    def __matmul__(self, other: vec4d) -> vec4d: ...
    @_overload
    def __matmul__(self, other: mat44d) -> mat44d: ...
    @_overload
    def __matmul__(self, other: spatial_vectord) -> vec4d: ...
    @_overload
    def __matmul__(self, other: spatial_matrixd) -> _Matrix | Composite: ...
    def __rmul__(self, other: float64) -> mat44d: ...

class mat44h(_Matrix):
    """Matrix of 4 x 4 float16 components, row by row."""

    dtype: builtins.type[float16]
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> vec4h: ...
    @_overload
    def __getitem__(self, index: tuple[int, int]) -> float16: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[vec4h]: ...
    def __neg__(self) -> mat44h: ...
    def __add__(self, other: mat44h) -> mat44h: ...
    def __sub__(self, other: mat44h) -> mat44h: ...
    @_overload
    def __mul__(self, other: float16) -> mat44h: ...
    @_overload
    def __mul__(self, other: vec4h) -> vec4h: ...
    @_overload
    def __mul__(self, other: mat44h) -> mat44h: ...
    @_overload
    def __mul__(self, other: spatial_vectorh) -> vec4h: ...
    @_overload
    def __mul__(self, other: spatial_matrixh) -> _Matrix | Composite: ...
    def __truediv__(self, other: float16) -> mat44h: ...
    @_overload
    def __matmul__(self, other: vec4h) -> vec4h: ...
    @_overload
    def __matmul__(self, other: mat44h) -> mat44h: ...
    @_overload
    def __matmul__(self, other: spatial_vectorh) -> vec4h: ...
    @_overload
    def __matmul__(self, other: spatial_matrixh) -> _Matrix | Composite: ...
    def __rmul__(self, other: float16) -> mat44h: ...

class quat(_Quaternion):
    """Quaternion x, y, z, w of float32."""

    dtype: builtins.type[float]
    x: float
    y: float
    z: float
    w: float
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> float: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float]: ...
    def __neg__(self) -> quat: ...
    def __add__(self, other: quatf) -> quatf: ...
    def __sub__(self, other: quatf) -> quatf: ...
    @_overload
    def __mul__(self, other: float) -> quatf: ...
    @_overload
    def __mul__(self, other: quatf) -> quatf: ...
    def __truediv__(self, other: float) -> quatf: ...
    def __rmul__(self, other: float) -> quatf: ...
quatf = quat

class quatd(_Quaternion):
    """Quaternion x, y, z, w of float64."""

    dtype: builtins.type[float64]
    x: float64
    y: float64
    z: float64
    w: float64
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> float64: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float64]: ...
    def __neg__(self) -> quatd: ...
    def __add__(self, other: quatd) -> quatd: ...
    def __sub__(self, other: quatd) -> quatd: ...
    @_overload
    def __mul__(self, other: float64) -> quatd: ...
    @_overload
    def __mul__(self, other: quatd) -> quatd: ...
    def __truediv__(self, other: float64) -> quatd: ...
    def __rmul__(self, other: float64) -> quatd: ...

class quath(_Quaternion):
    """Quaternion x, y, z, w of float16."""

    dtype: builtins.type[float16]
    x: float16
    y: float16
    z: float16
    w: float16
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> float16: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float16]: ...
    def __neg__(self) -> quath: ...
    def __add__(self, other: quath) -> quath: ...
    def __sub__(self, other: quath) -> quath: ...
    @_overload
    def __mul__(self, other: float16) -> quath: ...
    @_overload
    def __mul__(self, other: quath) -> quath: ...
    def __truediv__(self, other: float16) -> quath: ...
    def __rmul__(self, other: float16) -> quath: ...

class spatial_matrix(_Matrix):
    """Matrix of 6 x 6 float32 components, row by row."""

    dtype: builtins.type[float]
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> spatial_vectorf: ...
    @_overload
    def __getitem__(self, index: tuple[int, int]) -> float: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[spatial_vectorf]: ...
    def __neg__(self) -> spatial_matrix: ...
    def __add__(self, other: spatial_matrixf) -> spatial_matrixf: ...
    def __sub__(self, other: spatial_matrixf) -> spatial_matrixf: ...
    @_overload
    def __mul__(self, other: float) -> spatial_matrixf: ...
    @_overload
    def __mul__(self, other: spatial_vectorf) -> spatial_vectorf: ...
    @_overload
    def __mul__(self, other: spatial_matrixf) -> spatial_matrixf: ...
    def __truediv__(self, other: float) -> spatial_matrixf: ...
    @_overload
    def __matmul__(self, other: spatial_vectorf) -> spatial_vectorf: ...
    @_overload
    def __matmul__(self, other: spatial_matrixf) -> spatial_matrixf: ...
    def __rmul__(self, other: float) -> spatial_matrixf: ...
spatial_matrixf = spatial_matrix

class spatial_matrixd(_Matrix):
    """Matrix of 6 x 6 float64 components, row by row."""

    dtype: builtins.type[float64]
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> spatial_vectord: ...
    @_overload
    def __getitem__(self, index: tuple[int, int]) -> float64: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[spatial_vectord]: ...
    def __neg__(self) -> spatial_matrixd: ...
    def __add__(self, other: spatial_matrixd) -> spatial_matrixd: ...
    def __sub__(self, other: spatial_matrixd) -> spatial_matrixd: ...
    @_overload
    def __mul__(self, other: float64) -> spatial_matrixd: ...
    @_overload
    def __mul__(self, other: spatial_vectord) -> spatial_vectord: ...
    @_overload
    def __mul__(self, other: spatial_matrixd) -> spatial_matrixd: ...
    def __truediv__(self, other: float64) -> spatial_matrixd: ...
    @_overload
    def __matmul__(self, other: spatial_vectord) -> spatial_vectord: ...
    @_overload
    def __matmul__(self, other: spatial_matrixd) -> spatial_matrixd: ...
    def __rmul__(self, other: float64) -> spatial_matrixd: ...

class spatial_matrixh(_Matrix):
    """Matrix of 6 x 6 float16 components, row by row."""

    dtype: builtins.type[float16]
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> spatial_vectorh: ...
    @_overload
    def __getitem__(self, index: tuple[int, int]) -> float16: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[spatial_vectorh]: ...
    def __neg__(self) -> spatial_matrixh: ...
    def __add__(self, other: spatial_matrixh) -> spatial_matrixh: ...
    def __sub__(self, other: spatial_matrixh) -> spatial_matrixh: ...
    @_overload
    def __mul__(self, other: float16) -> spatial_matrixh: ...
    @_overload
    def __mul__(self, other: spatial_vectorh) -> spatial_vectorh: ...
    @_overload
    def __mul__(self, other: spatial_matrixh) -> spatial_matrixh: ...
    def __truediv__(self, other: float16) -> spatial_matrixh: ...
    @_overload
    def __matmul__(self, other: spatial_vectorh) -> spatial_vectorh: ...
    @_overload
    def __matmul__(self, other: spatial_matrixh) -> spatial_matrixh: ...
    def __rmul__(self, other: float16) -> spatial_matrixh: ...

class spatial_vector(_Vector):
    """Vector of 6 float32 components."""

    dtype: builtins.type[float]
    x: float
    y: float
    z: float
    w: float
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> float: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float]: ...
    def __neg__(self) -> spatial_vector: ...
    def __add__(self, other: spatial_vectorf) -> spatial_vectorf: ...
    def __sub__(self, other: spatial_vectorf) -> spatial_vectorf: ...
    @_overload
    def __mul__(self, other: float) -> spatial_vectorf: ...
    @_overload
    def __mul__(self, other: spatial_matrixf) -> spatial_vectorf: ...
    def __truediv__(self, other: float) -> spatial_vectorf: ...
    def __matmul__(self, other: spatial_matrixf) -> spatial_vectorf: ...
    def __rmul__(self, other: float) -> spatial_vectorf: ...
spatial_vectorf = spatial_vector

class spatial_vectord(_Vector):
    """Vector of 6 float64 components."""

    dtype: builtins.type[float64]
    x: float64
    y: float64
    z: float64
    w: float64
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> float64: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float64]: ...
    def __neg__(self) -> spatial_vectord: ...
    def __add__(self, other: spatial_vectord) -> spatial_vectord: ...
    def __sub__(self, other: spatial_vectord) -> spatial_vectord: ...
    @_overload
    def __mul__(self, other: float64) -> spatial_vectord: ...
    @_overload
    def __mul__(self, other: spatial_matrixd) -> spatial_vectord: ...
    def __truediv__(self, other: float64) -> spatial_vectord: ...
    def __matmul__(self, other: spatial_matrixd) -> spatial_vectord: ...
    def __rmul__(self, other: float64) -> spatial_vectord: ...

class spatial_vectorh(_Vector):
    """Vector of 6 float16 components."""

    dtype: builtins.type[float16]
    x: float16
    y: float16
    z: float16
    w: float16
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> float16: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float16]: ...
    def __neg__(self) -> spatial_vectorh: ...
    def __add__(self, other: spatial_vectorh) -> spatial_vectorh: ...
    def __sub__(self, other: spatial_vectorh) -> spatial_vectorh: ...
    @_overload
    def __mul__(self, other: float16) -> spatial_vectorh: ...
    @_overload
    def __mul__(self, other: spatial_matrixh) -> spatial_vectorh: ...
    def __truediv__(self, other: float16) -> spatial_vectorh: ...
    def __matmul__(self, other: spatial_matrixh) -> spatial_vectorh: ...
    def __rmul__(self, other: float16) -> spatial_vectorh: ...

class transform(_Transform):
    """Rigid transform of float32: position p, then orientation q."""

    dtype: builtins.type[float]
    p: vec3f
    q: quatf
    def __init__(self, *components: Any, p: Any = ..., q: Any = ...) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> float: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float]: ...
    def __neg__(self) -> transform: ...
    def __add__(self, other: transformf) -> transformf: ...
    def __sub__(self, other: transformf) -> transformf: ...
    @_overload
    def __mul__(self, other: float) -> transformf: ...
    @_overload
    def __mul__(self, other: transformf) -> transformf: ...
    def __truediv__(self, other: float) -> transformf: ...
    def __rmul__(self, other: float) -> transformf: ...
transformf = transform

class transformd(_Transform):
    """Rigid transform of float64: position p, then orientation q."""

    dtype: builtins.type[float64]
    p: vec3d
    q: quatd
    def __init__(self, *components: Any, p: Any = ..., q: Any = ...) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> float64: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float64]: ...
    def __neg__(self) -> transformd: ...
    def __add__(self, other: transformd) -> transformd: ...
    def __sub__(self, other: transformd) -> transformd: ...
    @_overload
    def __mul__(self, other: float64) -> transformd: ...
    @_overload
    def __mul__(self, other: transformd) -> transformd: ...
    def __truediv__(self, other: float64) -> transformd: ...
    def __rmul__(self, other: float64) -> transformd: ...

class transformh(_Transform):
    """Rigid transform of float16: position p, then orientation q."""

    dtype: builtins.type[float16]
    p: vec3h
    q: quath
    def __init__(self, *components: Any, p: Any = ..., q: Any = ...) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> float16: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float16]: ...
    def __neg__(self) -> transformh: ...
    def __add__(self, other: transformh) -> transformh: ...
    def __sub__(self, other: transformh) -> transformh: ...
    @_overload
    def __mul__(self, other: float16) -> transformh: ...
    @_overload
    def __mul__(self, other: transformh) -> transformh: ...
    def __truediv__(self, other: float16) -> transformh: ...
    def __rmul__(self, other: float16) -> transformh: ...

class vec2(_Vector):
    """Vector of 2 float32 components."""

    dtype: builtins.type[float]
    x: float
    y: float
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> float: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float]: ...
    def __neg__(self) -> vec2: ...
    def __add__(self, other: vec2f) -> vec2f: ...
    def __sub__(self, other: vec2f) -> vec2f: ...
    @_overload
    def __mul__(self, other: float) -> vec2f: ...
    @_overload
    def __mul__(self, other: mat22f) -> vec2f: ...
    @_overload
    def __mul__(self, other: mat33f) -> vec3f: ...
    @_overload
    def __mul__(self, other: mat44f) -> vec4f: ...
    @_overload
    def __mul__(self, other: spatial_matrixf) -> spatial_vectorf: ...
    def __truediv__(self, other: float) -> vec2f: ...
    @_overload
    def __matmul__(self, other: mat22f) -> vec2f: ...
    @_overload
    def __matmul__(self, other: mat33f) -> vec3f: ...
    @_overload
    def __matmul__(self, other: mat44f) -> vec4f: ...
    @_overload
    def __matmul__(self, other: spatial_matrixf) -> spatial_vectorf: ...
    def __rmul__(self, other: float) -> vec2f: ...
vec2f = vec2

class vec2b(_Vector):
    """Vector of 2 int8 components."""

    dtype: builtins.type[int8]
    x: int8
    y: int8
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> int8: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int8]: ...
    def __neg__(self) -> vec2b: ...
    def __add__(self, other: vec2b) -> vec2b: ...
    def __sub__(self, other: vec2b) -> vec2b: ...
    def __mul__(self, other: int8) -> vec2b: ...
    def __rmul__(self, other: int8) -> vec2b: ...

class vec2d(_Vector):
    """Vector of 2 float64 components."""

    dtype: builtins.type[float64]
    x: float64
    y: float64
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> float64: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float64]: ...
    def __neg__(self) -> vec2d: ...
    def __add__(self, other: vec2d) -> vec2d: ...
    def __sub__(self, other: vec2d) -> vec2d: ...
    @_overload
    def __mul__(self, other: float64) -> vec2d: ...
    @_overload
    def __mul__(self, other: mat22d) -> vec2d: ...
    @_overload
    def __mul__(self, other: mat33d) -> vec3d: ...
    @_overload
    def __mul__(self, other: mat44d) -> vec4d: ...
    @_overload
    def __mul__(self, other: spatial_matrixd) -> spatial_vectord: ...
    def __truediv__(self, other: float64) -> vec2d: ...
    @_overload
    def __matmul__(self, other: mat22d) -> vec2d: ...
    @_overload
    def __matmul__(self, other: mat33d) -> vec3d: ...
    @_overload
    def __matmul__(self, other: mat44d) -> vec4d: ...
    @_overload
    def __matmul__(self, other: spatial_matrixd) -> spatial_vectord: ...
    def __rmul__(self, other: float64) -> vec2d: ...

class vec2h(_Vector):
    """Vector of 2 float16 components."""

    dtype: builtins.type[float16]
    x: float16
    y: float16
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> float16: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float16]: ...
    def __neg__(self) -> vec2h: ...
    def __add__(self, other: vec2h) -> vec2h: ...
    def __sub__(self, other: vec2h) -> vec2h: ...
    @_overload
    def __mul__(self, other: float16) -> vec2h: ...
    @_overload
    def __mul__(self, other: mat22h) -> vec2h: ...
    @_overload
    def __mul__(self, other: mat33h) -> vec3h: ...
    @_overload
    def __mul__(self, other: mat44h) -> vec4h: ...
    @_overload
    def __mul__(self, other: spatial_matrixh) -> spatial_vectorh: ...
    def __truediv__(self, other: float16) -> vec2h: ...
    @_overload
    def __matmul__(self, other: mat22h) -> vec2h: ...
    @_overload
    def __matmul__(self, other: mat33h) -> vec3h: ...
    @_overload
    def __matmul__(self, other: mat44h) -> vec4h: ...
    @_overload
    def __matmul__(self, other: spatial_matrixh) -> spatial_vectorh: ...
    def __rmul__(self, other: float16) -> vec2h: ...

class vec2i(_Vector):
    """Vector of 2 int32 components."""

    dtype: builtins.type[int]
    x: int
    y: int
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> int: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int]: ...
    def __neg__(self) -> vec2i: ...
    def __add__(self, other: vec2i) -> vec2i: ...
    def __sub__(self, other: vec2i) -> vec2i: ...
    def __mul__(self, other: int) -> vec2i: ...
    def __rmul__(self, other: int) -> vec2i: ...

class vec2l(_Vector):
    """Vector of 2 int64 components."""

    dtype: builtins.type[int64]
    x: int64
    y: int64
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> int64: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int64]: ...
    def __neg__(self) -> vec2l: ...
    def __add__(self, other: vec2l) -> vec2l: ...
    def __sub__(self, other: vec2l) -> vec2l: ...
    def __mul__(self, other: int64) -> vec2l: ...
    def __rmul__(self, other: int64) -> vec2l: ...

class vec2s(_Vector):
    """Vector of 2 int16 components."""

    dtype: builtins.type[int16]
    x: int16
    y: int16
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> int16: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int16]: ...
    def __neg__(self) -> vec2s: ...
    def __add__(self, other: vec2s) -> vec2s: ...
    def __sub__(self, other: vec2s) -> vec2s: ...
    def __mul__(self, other: int16) -> vec2s: ...
    def __rmul__(self, other: int16) -> vec2s: ...

class vec2ub(_Vector):
    """Vector of 2 uint8 components."""

    dtype: builtins.type[uint8]
    x: uint8
    y: uint8
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> uint8: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[uint8]: ...
    def __neg__(self) -> vec2ub: ...
    def __add__(self, other: vec2ub) -> vec2ub: ...
    def __sub__(self, other: vec2ub) -> vec2ub: ...
    def __mul__(self, other: uint8) -> vec2ub: ...
    def __rmul__(self, other: uint8) -> vec2ub: ...

class vec2ui(_Vector):
    """Vector of 2 uint32 components."""

    dtype: builtins.type[uint32]
    x: uint32
    y: uint32
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> uint32: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[uint32]: ...
    def __neg__(self) -> vec2ui: ...
    def __add__(self, other: vec2ui) -> vec2ui: ...
    def __sub__(self, other: vec2ui) -> vec2ui: ...
    def __mul__(self, other: uint32) -> vec2ui: ...
    def __rmul__(self, other: uint32) -> vec2ui: ...

class vec2ul(_Vector):
    """Vector of 2 uint64 components."""

    dtype: builtins.type[uint64]
    x: uint64
    y: uint64
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> uint64: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[uint64]: ...
    def __neg__(self) -> vec2ul: ...
    def __add__(self, other: vec2ul) -> vec2ul: ...
    def __sub__(self, other: vec2ul) -> vec2ul: ...
    def __mul__(self, other: uint64) -> vec2ul: ...
    def __rmul__(self, other: uint64) -> vec2ul: ...

class vec2us(_Vector):
    """Vector of 2 uint16 components."""

    dtype: builtins.type[uint16]
    x: uint16
    y: uint16
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> uint16: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[uint16]: ...
    def __neg__(self) -> vec2us: ...
    def __add__(self, other: vec2us) -> vec2us: ...
    def __sub__(self, other: vec2us) -> vec2us: ...
    def __mul__(self, other: uint16) -> vec2us: ...
    def __rmul__(self, other: uint16) -> vec2us: ...

class vec3(_Vector):
    """Vector of 3 float32 components."""

    dtype: builtins.type[float]
    x: float
    y: float
    z: float
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> float: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float]: ...
    def __neg__(self) -> vec3: ...
    def __add__(self, other: vec3f) -> vec3f: ...
    def __sub__(self, other: vec3f) -> vec3f: ...
    @_overload
    def __mul__(self, other: float) -> vec3f: ...
    @_overload
    def __mul__(self, other: mat33f) -> vec3f: ...
    @_overload
    def __mul__(self, other: mat44f) -> vec4f: ...
    @_overload
    def __mul__(self, other: spatial_matrixf) -> spatial_vectorf: ...
    def __truediv__(self, other: float) -> vec3f: ...
    @_overload
    def __matmul__(self, other: mat33f) -> vec3f: ...
    @_overload
    def __matmul__(self, other: mat44f) -> vec4f: ...
    @_overload
    def __matmul__(self, other: spatial_matrixf) -> spatial_vectorf: ...
    def __rmul__(self, other: float) -> vec3f: ...
vec3f = vec3

class vec3b(_Vector):
    """Vector of 3 int8 components."""

    dtype: builtins.type[int8]
    x: int8
    y: int8
    z: int8
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> int8: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int8]: ...
    def __neg__(self) -> vec3b: ...
    def __add__(self, other: vec3b) -> vec3b: ...
    def __sub__(self, other: vec3b) -> vec3b: ...
    def __mul__(self, other: int8) -> vec3b: ...
    def __rmul__(self, other: int8) -> vec3b: ...

class vec3d(_Vector):
    """Vector of 3 float64 components."""

    dtype: builtins.type[float64]
    x: float64
    y: float64
    z: float64
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> float64: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float64]: ...
    def __neg__(self) -> vec3d: ...
    def __add__(self, other: vec3d) -> vec3d: ...
    def __sub__(self, other: vec3d) -> vec3d: ...
    @_overload
    def __mul__(self, other: float64) -> vec3d: ...
    @_overload
    def __mul__(self, other: mat33d) -> vec3d: ...
    @_overload
    def __mul__(self, other: mat44d) -> vec4d: ...
    @_overload
    def __mul__(self, other: spatial_matrixd) -> spatial_vectord: ...
    def __truediv__(self, other: float64) -> vec3d: ...
    @_overload
    def __matmul__(self, other: mat33d) -> vec3d: ...
    @_overload
    def __matmul__(self, other: mat44d) -> vec4d: ...
    @_overload
    def __matmul__(self, other: spatial_matrixd) -> spatial_vectord: ...
    def __rmul__(self, other: float64) -> vec3d: ...

class vec3h(_Vector):
    """Vector of 3 float16 components."""

    dtype: builtins.type[float16]
    x: float16
    y: float16
    z: float16
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> float16: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float16]: ...
    def __neg__(self) -> vec3h: ...
    def __add__(self, other: vec3h) -> vec3h: ...
    def __sub__(self, other: vec3h) -> vec3h: ...
    @_overload
    def __mul__(self, other: float16) -> vec3h: ...
    @_overload
    def __mul__(self, other: mat33h) -> vec3h: ...
    @_overload
    def __mul__(self, other: mat44h) -> vec4h: ...
    @_overload
    def __mul__(self, other: spatial_matrixh) -> spatial_vectorh: ...
    def __truediv__(self, other: float16) -> vec3h: ...
    @_overload
    def __matmul__(self, other: mat33h) -> vec3h: ...
    @_overload
    def __matmul__(self, other: mat44h) -> vec4h: ...
    @_overload
    def __matmul__(self, other: spatial_matrixh) -> spatial_vectorh: ...
    def __rmul__(self, other: float16) -> vec3h: ...

class vec3i(_Vector):
    """Vector of 3 int32 components."""

    dtype: builtins.type[int]
    x: int
    y: int
    z: int
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> int: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int]: ...
    def __neg__(self) -> vec3i: ...
    def __add__(self, other: vec3i) -> vec3i: ...
    def __sub__(self, other: vec3i) -> vec3i: ...
    def __mul__(self, other: int) -> vec3i: ...
    def __rmul__(self, other: int) -> vec3i: ...

class vec3l(_Vector):
    """Vector of 3 int64 components."""

    dtype: builtins.type[int64]
    x: int64
    y: int64
    z: int64
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> int64: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int64]: ...
    def __neg__(self) -> vec3l: ...
    def __add__(self, other: vec3l) -> vec3l: ...
    def __sub__(self, other: vec3l) -> vec3l: ...
    def __mul__(self, other: int64) -> vec3l: ...
    def __rmul__(self, other: int64) -> vec3l: ...

class vec3s(_Vector):
    """Vector of 3 int16 components."""

    dtype: builtins.type[int16]
    x: int16
    y: int16
    z: int16
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> int16: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int16]: ...
    def __neg__(self) -> vec3s: ...
    def __add__(self, other: vec3s) -> vec3s: ...
    def __sub__(self, other: vec3s) -> vec3s: ...
    def __mul__(self, other: int16) -> vec3s: ...
    def __rmul__(self, other: int16) -> vec3s: ...

class vec3ub(_Vector):
    """Vector of 3 uint8 components."""

    dtype: builtins.type[uint8]
    x: uint8
    y: uint8
    z: uint8
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> uint8: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[uint8]: ...
    def __neg__(self) -> vec3ub: ...
    def __add__(self, other: vec3ub) -> vec3ub: ...
    def __sub__(self, other: vec3ub) -> vec3ub: ...
    def __mul__(self, other: uint8) -> vec3ub: ...
    def __rmul__(self, other: uint8) -> vec3ub: ...

class vec3ui(_Vector):
    """Vector of 3 uint32 components."""

    dtype: builtins.type[uint32]
    x: uint32
    y: uint32
    z: uint32
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> uint32: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[uint32]: ...
    def __neg__(self) -> vec3ui: ...
    def __add__(self, other: vec3ui) -> vec3ui: ...
    def __sub__(self, other: vec3ui) -> vec3ui: ...
    def __mul__(self, other: uint32) -> vec3ui: ...
    def __rmul__(self, other: uint32) -> vec3ui: ...

class vec3ul(_Vector):
    """Vector of 3 uint64 components."""

    dtype: builtins.type[uint64]
    x: uint64
    y: uint64
    z: uint64
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> uint64: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[uint64]: ...
    def __neg__(self) -> vec3ul: ...
    def __add__(self, other: vec3ul) -> vec3ul: ...
    def __sub__(self, other: vec3ul) -> vec3ul: ...
    def __mul__(self, other: uint64) -> vec3ul: ...
    def __rmul__(self, other: uint64) -> vec3ul: ...

class vec3us(_Vector):
    """Vector of 3 uint16 components."""

    dtype: builtins.type[uint16]
    x: uint16
    y: uint16
    z: uint16
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> uint16: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[uint16]: ...
    def __neg__(self) -> vec3us: ...
    def __add__(self, other: vec3us) -> vec3us: ...
    def __sub__(self, other: vec3us) -> vec3us: ...
    def __mul__(self, other: uint16) -> vec3us: ...
    def __rmul__(self, other: uint16) -> vec3us: ...

class vec4(_Vector):
    """Vector of 4 float32 components."""

    dtype: builtins.type[float]
    x: float
    y: float
    z: float
    w: float
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> float: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float]: ...
    def __neg__(self) -> vec4: ...
    def __add__(self, other: vec4f) -> vec4f: ...
    def __sub__(self, other: vec4f) -> vec4f: ...
    @_overload
    def __mul__(self, other: float) -> vec4f: ...
    @_overload
    def __mul__(self, other: mat44f) -> vec4f: ...
    @_overload
    def __mul__(self, other: spatial_matrixf) -> spatial_vectorf: ...
    def __truediv__(self, other: float) -> vec4f: ...
    @_overload
    def __matmul__(self, other: mat44f) -> vec4f: ...
    @_overload
    def __matmul__(self, other: spatial_matrixf) -> spatial_vectorf: ...
    def __rmul__(self, other: float) -> vec4f: ...
vec4f = vec4

class vec4b(_Vector):
    """Vector of 4 int8 components."""

    dtype: builtins.type[int8]
    x: int8
    y: int8
    z: int8
    w: int8
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> int8: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int8]: ...
    def __neg__(self) -> vec4b: ...
    def __add__(self, other: vec4b) -> vec4b: ...
    def __sub__(self, other: vec4b) -> vec4b: ...
    def __mul__(self, other: int8) -> vec4b: ...
    def __rmul__(self, other: int8) -> vec4b: ...

class vec4d(_Vector):
    """Vector of 4 float64 components."""

    dtype: builtins.type[float64]
    x: float64
    y: float64
    z: float64
    w: float64
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> float64: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float64]: ...
    def __neg__(self) -> vec4d: ...
    def __add__(self, other: vec4d) -> vec4d: ...
    def __sub__(self, other: vec4d) -> vec4d: ...
    @_overload
    def __mul__(self, other: float64) -> vec4d: ...
    @_overload
    def __mul__(self, other: mat44d) -> vec4d: ...
    @_overload
    def __mul__(self, other: spatial_matrixd) -> spatial_vectord: ...
    def __truediv__(self, other: float64) -> vec4d: ...
    @_overload
    def __matmul__(self, other: mat44d) -> vec4d: ...
    @_overload
    def __matmul__(self, other: spatial_matrixd) -> spatial_vectord: ...
    def __rmul__(self, other: float64) -> vec4d: ...

class vec4h(_Vector):
    """Vector of 4 float16 components."""

    dtype: builtins.type[float16]
    x: float16
    y: float16
    z: float16
    w: float16
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> float16: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[float16]: ...
    def __neg__(self) -> vec4h: ...
    def __add__(self, other: vec4h) -> vec4h: ...
    def __sub__(self, other: vec4h) -> vec4h: ...
    @_overload
    def __mul__(self, other: float16) -> vec4h: ...
    @_overload
    def __mul__(self, other: mat44h) -> vec4h: ...
    @_overload
    def __mul__(self, other: spatial_matrixh) -> spatial_vectorh: ...
    def __truediv__(self, other: float16) -> vec4h: ...
    @_overload
    def __matmul__(self, other: mat44h) -> vec4h: ...
    @_overload
    def __matmul__(self, other: spatial_matrixh) -> spatial_vectorh: ...
    def __rmul__(self, other: float16) -> vec4h: ...

class vec4i(_Vector):
    """Vector of 4 int32 components."""

    dtype: builtins.type[int]
    x: int
    y: int
    z: int
    w: int
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> int: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int]: ...
    def __neg__(self) -> vec4i: ...
    def __add__(self, other: vec4i) -> vec4i: ...
    def __sub__(self, other: vec4i) -> vec4i: ...
    def __mul__(self, other: int) -> vec4i: ...
    def __rmul__(self, other: int) -> vec4i: ...

class vec4l(_Vector):
    """Vector of 4 int64 components."""

    dtype: builtins.type[int64]
    x: int64
    y: int64
    z: int64
    w: int64
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> int64: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int64]: ...
    def __neg__(self) -> vec4l: ...
    def __add__(self, other: vec4l) -> vec4l: ...
    def __sub__(self, other: vec4l) -> vec4l: ...
    def __mul__(self, other: int64) -> vec4l: ...
    def __rmul__(self, other: int64) -> vec4l: ...

class vec4s(_Vector):
    """Vector of 4 int16 components."""

    dtype: builtins.type[int16]
    x: int16
    y: int16
    z: int16
    w: int16
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> int16: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int16]: ...
    def __neg__(self) -> vec4s: ...
    def __add__(self, other: vec4s) -> vec4s: ...
    def __sub__(self, other: vec4s) -> vec4s: ...
    def __mul__(self, other: int16) -> vec4s: ...
    def __rmul__(self, other: int16) -> vec4s: ...

class vec4ub(_Vector):
    """Vector of 4 uint8 components."""

    dtype: builtins.type[uint8]
    x: uint8
    y: uint8
    z: uint8
    w: uint8
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> uint8: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[uint8]: ...
    def __neg__(self) -> vec4ub: ...
    def __add__(self, other: vec4ub) -> vec4ub: ...
    def __sub__(self, other: vec4ub) -> vec4ub: ...
    def __mul__(self, other: uint8) -> vec4ub: ...
    def __rmul__(self, other: uint8) -> vec4ub: ...

class vec4ui(_Vector):
    """Vector of 4 uint32 components."""

    dtype: builtins.type[uint32]
    x: uint32
    y: uint32
    z: uint32
    w: uint32
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> uint32: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[uint32]: ...
    def __neg__(self) -> vec4ui: ...
    def __add__(self, other: vec4ui) -> vec4ui: ...
    def __sub__(self, other: vec4ui) -> vec4ui: ...
    def __mul__(self, other: uint32) -> vec4ui: ...
    def __rmul__(self, other: uint32) -> vec4ui: ...

class vec4ul(_Vector):
    """Vector of 4 uint64 components."""

    dtype: builtins.type[uint64]
    x: uint64
    y: uint64
    z: uint64
    w: uint64
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> uint64: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[uint64]: ...
    def __neg__(self) -> vec4ul: ...
    def __add__(self, other: vec4ul) -> vec4ul: ...
    def __sub__(self, other: vec4ul) -> vec4ul: ...
    def __mul__(self, other: uint64) -> vec4ul: ...
    def __rmul__(self, other: uint64) -> vec4ul: ...

class vec4us(_Vector):
    """Vector of 4 uint16 components."""

    dtype: builtins.type[uint16]
    x: uint16
    y: uint16
    z: uint16
    w: uint16
    def __init__(self, *components: Any) -> None: ...
    @_overload
    def __getitem__(self, index: int) -> uint16: ...
    @_overload
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[uint16]: ...
    def __neg__(self) -> vec4us: ...
    def __add__(self, other: vec4us) -> vec4us: ...
    def __sub__(self, other: vec4us) -> vec4us: ...
    def __mul__(self, other: uint16) -> vec4us: ...
    def __rmul__(self, other: uint16) -> vec4us: ...

class array(Array, Generic[_T]):
    """An array: in annotations `rk.array[rk.vec3]`, on the host `rk.array(data, dtype=rk.vec3)`."""

    @_overload
    def __new__(
        cls, data: Any, dtype: builtins.type[_T], shape: Any = ..., device: Any = ..., copy: bool = ...,
        ndim: int | None = ..., requires_grad: bool = ...
    ) -> array[_T]: ...
    @_overload
    def __new__(
        cls, data: Any = ..., dtype: Any = ..., shape: Any = ..., device: Any = ..., copy: bool = ...,
        ndim: int | None = ..., requires_grad: bool = ...
    ) -> array[Any]: ...
    def __getitem__(self, key: Any) -> _T: ...
    @_overload
    def __setitem__(
        self: array[float64] | array[float16] | array[bfloat16], key: Any, value: float
    ) -> None: ...
    @_overload
    def __setitem__(
        self: array[int8] | array[int16] | array[int64]
        | array[uint8] | array[uint16] | array[uint32] | array[uint64],
        key: Any, value: int
    ) -> None: ...
    @_overload
    def __setitem__(self, key: Any, value: _T) -> None: ...

class indexedarray(IndexedArray, Generic[_T]):
    """An array seen through lists of indices: `rk.indexedarray[rk.vec3]` in annotations."""

    def __new__(
        cls, data: Any = ..., indices: Any = ..., dtype: Any = ..., ndim: int | None = ...
    ) -> indexedarray[Any]: ...
    def __getitem__(self, key: Any) -> _T: ...
    @_overload
    def __setitem__(
        self: indexedarray[float64] | indexedarray[float16] | indexedarray[bfloat16], key: Any, value: float
    ) -> None: ...
    @_overload
    def __setitem__(
        self: indexedarray[int8] | indexedarray[int16] | indexedarray[int64]
        | indexedarray[uint8] | indexedarray[uint16] | indexedarray[uint32] | indexedarray[uint64],
        key: Any, value: int
    ) -> None: ...
    @_overload
    def __setitem__(self, key: Any, value: _T) -> None: ...

array1d = array
indexedarray1d = indexedarray

class array2d(array[_T]):
    """Two dimensions; fewer indices give a view."""

    @_overload
    def __getitem__(self, key: tuple[int, int]) -> _T: ...
    @_overload
    def __getitem__(self, key: Any) -> Any: ...
    def __setitem__(self, key: Any, value: Any) -> None: ...

class array3d(array[_T]):
    """Three dimensions; fewer indices give a view."""

    @_overload
    def __getitem__(self, key: tuple[int, int, int]) -> _T: ...
    @_overload
    def __getitem__(self, key: Any) -> Any: ...
    def __setitem__(self, key: Any, value: Any) -> None: ...

class array4d(array[_T]):
    """Four dimensions; fewer indices give a view."""

    @_overload
    def __getitem__(self, key: tuple[int, int, int, int]) -> _T: ...
    @_overload
    def __getitem__(self, key: Any) -> Any: ...
    def __setitem__(self, key: Any, value: Any) -> None: ...

class indexedarray2d(indexedarray[_T]):
    """Two dimensions; fewer indices give a view."""

    @_overload
    def __getitem__(self, key: tuple[int, int]) -> _T: ...
    @_overload
    def __getitem__(self, key: Any) -> Any: ...
    def __setitem__(self, key: Any, value: Any) -> None: ...

class indexedarray3d(indexedarray[_T]):
    """Three dimensions; fewer indices give a view."""

    @_overload
    def __getitem__(self, key: tuple[int, int, int]) -> _T: ...
    @_overload
    def __getitem__(self, key: Any) -> Any: ...
    def __setitem__(self, key: Any, value: Any) -> None: ...

class indexedarray4d(indexedarray[_T]):
    """Four dimensions; fewer indices give a view."""

    @_overload
    def __getitem__(self, key: tuple[int, int, int, int]) -> _T: ...
    @_overload
    def __getitem__(self, key: Any) -> Any: ...
    def __setitem__(self, key: Any, value: Any) -> None: ...
E: float
HALF_PI: float
INF: float
LN10: float
LN2: float
LOG10E: float
LOG2E: float
LOG_DEBUG: int
LOG_ERROR: int
LOG_INFO: int
LOG_WARNING: int
NAN: float
PHI: float
PI: float
TAU: float
e: float
half_pi: float
inf: float
ln10: float
ln2: float
log10e: float
log2e: float
nan: float
phi: float
pi: float
tau: float
config: Config
DeviceLike = Device | str | None

def abs(x: _T) -> _T:
    """Absolute value, per component."""

def add(*args: Any, **options: Any) -> Any:
    """a + b"""

def address(*args: Any, **options: Any) -> Any:
    """address(array): address of its first element, uint64."""

def adjoint(*args: Any, **options: Any) -> Any:
    """adjoint[x] += g: adds to the adjoint of parameter x, in a derivative (`func_grad`)."""

def array_at(*args: Any, **options: Any) -> Any:
    """array_at(handle, n, ..., T): an array over raw memory at a uint64 address."""

def array_store(*args: Any, **options: Any) -> Any:
    """array_store(array, i, ..., value): array[i, ...] = value"""

def atomic_add(*args: Any, **options: Any) -> Any:
    """atomic_add(array, i, ..., value): adds, gives the old value."""

def atomic_and(*args: Any, **options: Any) -> Any:
    """atomic_and(array, i, ..., value): bitwise and, gives the old value."""

def atomic_cas(*args: Any, **options: Any) -> Any:
    """atomic_cas(array, i, ..., compare, value): writes if equal, gives the old value."""

def atomic_exch(*args: Any, **options: Any) -> Any:
    """atomic_exch(array, i, ..., value): writes, gives the old value."""

def atomic_max(*args: Any, **options: Any) -> Any:
    """atomic_max(array, i, ..., value): keeps the larger, gives the old value."""

def atomic_min(*args: Any, **options: Any) -> Any:
    """atomic_min(array, i, ..., value): keeps the smaller, gives the old value."""

def atomic_or(*args: Any, **options: Any) -> Any:
    """atomic_or(array, i, ..., value): bitwise or, gives the old value."""

def atomic_sub(*args: Any, **options: Any) -> Any:
    """atomic_sub(array, i, ..., value): subtracts, gives the old value."""

def atomic_xor(*args: Any, **options: Any) -> Any:
    """atomic_xor(array, i, ..., value): bitwise exclusive or, gives the old value."""

def bit_and(*args: Any, **options: Any) -> Any:
    """a & b"""

def bit_or(*args: Any, **options: Any) -> Any:
    """a | b"""

def bit_xor(*args: Any, **options: Any) -> Any:
    """a ^ b"""

def bitcast(*args: Any, **options: Any) -> Any:
    """bitcast(x, T): the same bits as type T of equal width."""

def cast(*args: Any, **options: Any) -> Any:
    """cast(x, T): the same bits as type T; another name of bitcast."""

def ceil(x: _T) -> _T:
    """Smallest integer not below, per component."""

def div(*args: Any, **options: Any) -> Any:
    """a / b"""

def div_approx(*args: Any, **options: Any) -> Any:
    """a / b, exact here"""

def expect_eq(*args: Any, **options: Any) -> Any:
    """reports after the launch unless a == b"""

def expect_near(*args: Any, **options: Any) -> Any:
    """expect_near(a, b, tolerance): reports after the launch unless |a - b| <= tolerance"""

def expect_neq(*args: Any, **options: Any) -> Any:
    """reports unless a != b"""

def extract(*args: Any, **options: Any) -> Any:
    """extract(x, i, ...): a component of a composite or an element of an array"""

def floor(x: _T) -> _T:
    """Largest integer not above, per component."""

def floordiv(*args: Any, **options: Any) -> Any:
    """a // b"""

def fma(x: _T, *more: _T) -> _T:
    """a * b + c rounded once, per component."""

def from_handle(*args: Any, **options: Any) -> Any:
    """from_handle(handle, S): the struct S at a uint64 address."""

def identity(*args: Any, **options: Any) -> Any:
    """identity(n=, dtype=): the n x n matrix with ones on the diagonal."""

def invert(x: _T) -> _T:
    """~a"""

def len(*args: Any, **options: Any) -> Any:
    """Length of an array's first dimension, or of a vector."""

def local(*args: Any, **options: Any) -> Any:
    """local(n, T): a zero-filled array private to the item; fill=False: what was not written is undefined."""

def lshift(*args: Any, **options: Any) -> Any:
    """a << b"""

def max(x: _T, *more: _T) -> _T:
    """max(a, b, ...): a if a > b else b, per component; of one vector: its largest component."""

def min(x: _T, *more: _T) -> _T:
    """min(a, b, ...): a if a < b else b, per component; of one vector: its smallest component."""

def mod(*args: Any, **options: Any) -> Any:
    """a % b"""

def mul(*args: Any, **options: Any) -> Any:
    """a * b"""

def neg(x: _T) -> _T:
    """-a"""

def pos(x: _T) -> _T:
    """a"""

def print(*args: Any, **options: Any) -> Any:
    """Prints its arguments."""

def printf(*args: Any, **options: Any) -> Any:
    """printf(format, ...): C-style formatted print."""

def range(*args: Any, **options: Any) -> Any:
    """range(stop), range(start, stop), range(start, stop, step)."""

def reversed(*args: Any, **options: Any) -> Any:
    """reversed(range(...)): the same numbers, last first."""

def rint(x: _T) -> _T:
    """Nearest integer, ties to even, per component."""

def rshift(*args: Any, **options: Any) -> Any:
    """a >> b"""

def select(*args: Any, **options: Any) -> Any:
    """select(condition, a, b): b if the condition holds, else a (the older order)."""

def sqrt(x: _T) -> _T:
    """Square root, correctly rounded, per component."""

def sub(*args: Any, **options: Any) -> Any:
    """a - b"""

def tid(*args: Any, **options: Any) -> Any:
    """Coordinates of the item in the grid: one int32, or a tuple unpacked into up to four."""

def trunc(x: _T) -> _T:
    """Towards zero, per component."""

def type(*args: Any, **options: Any) -> Any:
    """The type of a value, callable."""

def unot(*args: Any, **options: Any) -> Any:
    """not a"""

def where(*args: Any, **options: Any) -> Any:
    """where(condition, a, b): a if the condition holds, else b; both are evaluated."""

@_overload
def acos(x: float) -> float:
    """Arc cosine [rad], in [0, pi]; beyond 1 and -1 as there."""
@_overload
def acos(x: float64) -> float64:
    """Arc cosine [rad], in [0, pi]; beyond 1 and -1 as there."""
@_overload
def acos(x: float16) -> float16:
    """Arc cosine [rad], in [0, pi]; beyond 1 and -1 as there."""
@_overload
def acos(x: bfloat16) -> bfloat16:
    """Arc cosine [rad], in [0, pi]; beyond 1 and -1 as there."""

@_overload
def argmax(a: vec2f) -> uint32:
    """Index of the first largest component; NaN is passed over."""
@_overload
def argmax(a: vec3f) -> uint32:
    """Index of the first largest component; NaN is passed over."""
@_overload
def argmax(a: vec4f) -> uint32:
    """Index of the first largest component; NaN is passed over."""
@_overload
def argmax(a: vec2d) -> uint32:
    """Index of the first largest component; NaN is passed over."""
@_overload
def argmax(a: vec3d) -> uint32:
    """Index of the first largest component; NaN is passed over."""
@_overload
def argmax(a: vec4d) -> uint32:
    """Index of the first largest component; NaN is passed over."""
@_overload
def argmax(a: _Vector | Composite) -> Any:
    """Index of the first largest component; NaN is passed over."""

@_overload
def argmin(a: vec2f) -> uint32:
    """Index of the first smallest component; NaN is passed over."""
@_overload
def argmin(a: vec3f) -> uint32:
    """Index of the first smallest component; NaN is passed over."""
@_overload
def argmin(a: vec4f) -> uint32:
    """Index of the first smallest component; NaN is passed over."""
@_overload
def argmin(a: vec2d) -> uint32:
    """Index of the first smallest component; NaN is passed over."""
@_overload
def argmin(a: vec3d) -> uint32:
    """Index of the first smallest component; NaN is passed over."""
@_overload
def argmin(a: vec4d) -> uint32:
    """Index of the first smallest component; NaN is passed over."""
@_overload
def argmin(a: _Vector | Composite) -> Any:
    """Index of the first smallest component; NaN is passed over."""

@_overload
def asin(x: float) -> float:
    """Arc sine [rad], in [-pi/2, pi/2]; beyond 1 and -1 as there."""
@_overload
def asin(x: float64) -> float64:
    """Arc sine [rad], in [-pi/2, pi/2]; beyond 1 and -1 as there."""
@_overload
def asin(x: float16) -> float16:
    """Arc sine [rad], in [-pi/2, pi/2]; beyond 1 and -1 as there."""
@_overload
def asin(x: bfloat16) -> bfloat16:
    """Arc sine [rad], in [-pi/2, pi/2]; beyond 1 and -1 as there."""

@_overload
def atan(x: float) -> float:
    """Arc tangent [rad], in [-pi/2, pi/2]."""
@_overload
def atan(x: float64) -> float64:
    """Arc tangent [rad], in [-pi/2, pi/2]."""
@_overload
def atan(x: float16) -> float16:
    """Arc tangent [rad], in [-pi/2, pi/2]."""
@_overload
def atan(x: bfloat16) -> bfloat16:
    """Arc tangent [rad], in [-pi/2, pi/2]."""

@_overload
def atan2(y: float, x: float) -> float:
    """Angle [rad] of the point (x, y) from the x axis, in [-pi, pi], with the signs of zeros as in IEEE 754."""
@_overload
def atan2(y: float64, x: float64) -> float64:
    """Angle [rad] of the point (x, y) from the x axis, in [-pi, pi], with the signs of zeros as in IEEE 754."""
@_overload
def atan2(x: float16, y: float16) -> float16:
    """Angle [rad] of the point (x, y) from the x axis, in [-pi, pi], with the signs of zeros as in IEEE 754."""
@_overload
def atan2(x: bfloat16, y: bfloat16) -> bfloat16:
    """Angle [rad] of the point (x, y) from the x axis, in [-pi, pi], with the signs of zeros as in IEEE 754."""

@_overload
def bit_count(x: uint32) -> int:
    """Number of set bits of an integer; negative numbers in two's complement."""
@_overload
def bit_count(x: int) -> int:
    """Number of set bits of an integer; negative numbers in two's complement."""
@_overload
def bit_count(x: uint64) -> int:
    """Number of set bits of an integer; negative numbers in two's complement."""
@_overload
def bit_count(x: int64) -> int:
    """Number of set bits of an integer; negative numbers in two's complement."""
@_overload
def bit_count(x: uint16) -> int:
    """Number of set bits of an integer; negative numbers in two's complement."""
@_overload
def bit_count(x: int16) -> int:
    """Number of set bits of an integer; negative numbers in two's complement."""
@_overload
def bit_count(x: uint8) -> int:
    """Number of set bits of an integer; negative numbers in two's complement."""
@_overload
def bit_count(x: int8) -> int:
    """Number of set bits of an integer; negative numbers in two's complement."""

def bvh_query_aabb(id: uint64, low: vec3f, high: vec3f, group: int = ...) -> BvhQuery:
    """A walk over the boxes of a group that share a point with a box."""

def bvh_query_next(query: BvhQuery, index: int, max_dist: float = ...) -> bool:
    """Puts the next box's number into `index`; False when there is none left."""

def bvh_query_ray(id: uint64, start: vec3f, dir: vec3f, group: int = ..., max_t: float = ...) -> BvhQuery:
    """A walk over the boxes of a group that a ray meets within max_t, in no order of t."""

@_overload
def cbrt(x: float) -> float:
    """Cube root, of negative numbers too."""
@_overload
def cbrt(x: float64) -> float64:
    """Cube root, of negative numbers too."""
@_overload
def cbrt(x: float16) -> float16:
    """Cube root, of negative numbers too."""
@_overload
def cbrt(x: bfloat16) -> bfloat16:
    """Cube root, of negative numbers too."""

@_overload
def cholesky(m: mat22f) -> mat22f:
    """Lower triangular L with m = L L^T, for symmetric positive definite m; NaN where it is not."""
@_overload
def cholesky(m: mat33f) -> mat33f:
    """Lower triangular L with m = L L^T, for symmetric positive definite m; NaN where it is not."""
@_overload
def cholesky(m: mat44f) -> mat44f:
    """Lower triangular L with m = L L^T, for symmetric positive definite m; NaN where it is not."""
@_overload
def cholesky(m: mat22d) -> mat22d:
    """Lower triangular L with m = L L^T, for symmetric positive definite m; NaN where it is not."""
@_overload
def cholesky(m: mat33d) -> mat33d:
    """Lower triangular L with m = L L^T, for symmetric positive definite m; NaN where it is not."""
@_overload
def cholesky(m: mat44d) -> mat44d:
    """Lower triangular L with m = L L^T, for symmetric positive definite m; NaN where it is not."""
@_overload
def cholesky(m: _Matrix | Composite) -> Any:
    """Lower triangular L with m = L L^T, for symmetric positive definite m; NaN where it is not."""

@_overload
def cholesky_solve(lower: mat22f, b: vec2f) -> vec2f:
    """x with L L^T x = b, L from `cholesky`."""
@_overload
def cholesky_solve(lower: mat33f, b: vec3f) -> vec3f:
    """x with L L^T x = b, L from `cholesky`."""
@_overload
def cholesky_solve(lower: mat44f, b: vec4f) -> vec4f:
    """x with L L^T x = b, L from `cholesky`."""
@_overload
def cholesky_solve(lower: mat22d, b: vec2d) -> vec2d:
    """x with L L^T x = b, L from `cholesky`."""
@_overload
def cholesky_solve(lower: mat33d, b: vec3d) -> vec3d:
    """x with L L^T x = b, L from `cholesky`."""
@_overload
def cholesky_solve(lower: mat44d, b: vec4d) -> vec4d:
    """x with L L^T x = b, L from `cholesky`."""
@_overload
def cholesky_solve(lower: _Matrix | Composite, b: _Vector | Composite) -> Any:
    """x with L L^T x = b, L from `cholesky`."""

@_overload
def clamp(x: float, low: float, high: float) -> float:
    """x limited to [low, high]."""
@_overload
def clamp(x: vec2f, low: vec2f, high: vec2f) -> vec2f:
    """x limited to [low, high]."""
@_overload
def clamp(x: vec2f, low: vec2f, high: float) -> vec2f:
    """x limited to [low, high]."""
@_overload
def clamp(x: vec3f, low: vec3f, high: vec3f) -> vec3f:
    """x limited to [low, high]."""
@_overload
def clamp(x: vec3f, low: vec3f, high: float) -> vec3f:
    """x limited to [low, high]."""
@_overload
def clamp(x: vec4f, low: vec4f, high: vec4f) -> vec4f:
    """x limited to [low, high]."""
@_overload
def clamp(x: vec4f, low: vec4f, high: float) -> vec4f:
    """x limited to [low, high]."""
@_overload
def clamp(x: float64, low: float64, high: float64) -> float64:
    """x limited to [low, high]."""
@_overload
def clamp(x: vec2d, low: vec2d, high: vec2d) -> vec2d:
    """x limited to [low, high]."""
@_overload
def clamp(x: vec2d, low: vec2d, high: float64) -> vec2d:
    """x limited to [low, high]."""
@_overload
def clamp(x: vec3d, low: vec3d, high: vec3d) -> vec3d:
    """x limited to [low, high]."""
@_overload
def clamp(x: vec3d, low: vec3d, high: float64) -> vec3d:
    """x limited to [low, high]."""
@_overload
def clamp(x: vec4d, low: vec4d, high: vec4d) -> vec4d:
    """x limited to [low, high]."""
@_overload
def clamp(x: vec4d, low: vec4d, high: float64) -> vec4d:
    """x limited to [low, high]."""
@_overload
def clamp(x: Any, low: Any, high: Any) -> Any:
    """x limited to [low, high]."""

@_overload
def closest_point_edge_edge(p1: vec3f, q1: vec3f, p2: vec3f, q2: vec3f, epsilon: float) -> vec3f:
    """(s, t, distance): the closest points are p1 + s (q1 - p1) and p2 + t (q2 - p2), 0 <= s, t <= 1."""
@_overload
def closest_point_edge_edge(p1: vec3d, q1: vec3d, p2: vec3d, q2: vec3d, epsilon: float64) -> vec3d:
    """(s, t, distance): the closest points are p1 + s (q1 - p1) and p2 + t (q2 - p2), 0 <= s, t <= 1."""
@_overload
def closest_point_edge_edge(p1: _Vector | Composite, q1: _Vector | Composite, p2: _Vector | Composite, q2: _Vector | Composite, epsilon: Any) -> Any:
    """(s, t, distance): the closest points are p1 + s (q1 - p1) and p2 + t (q2 - p2), 0 <= s, t <= 1."""

@_overload
def copysign(x: float, y: float) -> float:
    """Magnitude of x with the sign bit of y."""
@_overload
def copysign(x: float64, y: float64) -> float64:
    """Magnitude of x with the sign bit of y."""
@_overload
def copysign(x: float16, y: float16) -> float16:
    """Magnitude of x with the sign bit of y."""
@_overload
def copysign(x: bfloat16, y: bfloat16) -> bfloat16:
    """Magnitude of x with the sign bit of y."""

@_overload
def cos(x: float) -> float:
    """Cosine of an angle [rad]; NaN for infinities."""
@_overload
def cos(x: float64) -> float64:
    """Cosine of an angle [rad]; NaN for infinities."""
@_overload
def cos(x: float16) -> float16:
    """Cosine of an angle [rad]; NaN for infinities."""
@_overload
def cos(x: bfloat16) -> bfloat16:
    """Cosine of an angle [rad]; NaN for infinities."""

@_overload
def cosh(x: float) -> float:
    """Hyperbolic cosine."""
@_overload
def cosh(x: float64) -> float64:
    """Hyperbolic cosine."""
@_overload
def cosh(x: float16) -> float16:
    """Hyperbolic cosine."""
@_overload
def cosh(x: bfloat16) -> bfloat16:
    """Hyperbolic cosine."""

@_overload
def cross(a: vec3f, b: vec3f) -> vec3f:
    """Vector product of two 3-vectors."""
@_overload
def cross(a: vec3d, b: vec3d) -> vec3d:
    """Vector product of two 3-vectors."""
@_overload
def cross(a: _Vector | Composite, b: _Vector | Composite) -> Any:
    """Vector product of two 3-vectors."""

@_overload
def curlnoise(state: uint32, xy: vec2f, octaves: uint32 = ..., lacunarity: float = ..., gain: float = ...) -> vec2f:
    """Divergence-free field: the curl of noise, octave k at frequency lacunarity^k with weight gain^k."""
@_overload
def curlnoise(state: uint32, xyz: vec3f, octaves: uint32 = ..., lacunarity: float = ..., gain: float = ...) -> vec3f:
    """Divergence-free field: the curl of noise, octave k at frequency lacunarity^k with weight gain^k."""
@_overload
def curlnoise(state: uint32, xyzt: vec4f, octaves: uint32 = ..., lacunarity: float = ..., gain: float = ...) -> vec3f:
    """Divergence-free field: the curl of noise, octave k at frequency lacunarity^k with weight gain^k."""

@_overload
def cw_div(a: vec2f, b: vec2f) -> vec2f:
    """Component-wise quotient; of integers towards zero, 0 where b is 0."""
@_overload
def cw_div(a: vec3f, b: vec3f) -> vec3f:
    """Component-wise quotient; of integers towards zero, 0 where b is 0."""
@_overload
def cw_div(a: vec4f, b: vec4f) -> vec4f:
    """Component-wise quotient; of integers towards zero, 0 where b is 0."""
@_overload
def cw_div(a: vec2d, b: vec2d) -> vec2d:
    """Component-wise quotient; of integers towards zero, 0 where b is 0."""
@_overload
def cw_div(a: vec3d, b: vec3d) -> vec3d:
    """Component-wise quotient; of integers towards zero, 0 where b is 0."""
@_overload
def cw_div(a: vec4d, b: vec4d) -> vec4d:
    """Component-wise quotient; of integers towards zero, 0 where b is 0."""
@_overload
def cw_div(a: _Vector | Composite, b: _Vector | Composite) -> Any:
    """Component-wise quotient; of integers towards zero, 0 where b is 0."""
@_overload
def cw_div(a: mat22f, b: mat22f) -> mat22f:
    """Component-wise quotient; of integers towards zero, 0 where b is 0."""
@_overload
def cw_div(a: mat33f, b: mat33f) -> mat33f:
    """Component-wise quotient; of integers towards zero, 0 where b is 0."""
@_overload
def cw_div(a: mat44f, b: mat44f) -> mat44f:
    """Component-wise quotient; of integers towards zero, 0 where b is 0."""
@_overload
def cw_div(a: mat22d, b: mat22d) -> mat22d:
    """Component-wise quotient; of integers towards zero, 0 where b is 0."""
@_overload
def cw_div(a: mat33d, b: mat33d) -> mat33d:
    """Component-wise quotient; of integers towards zero, 0 where b is 0."""
@_overload
def cw_div(a: mat44d, b: mat44d) -> mat44d:
    """Component-wise quotient; of integers towards zero, 0 where b is 0."""
@_overload
def cw_div(a: _Matrix | Composite, b: _Matrix | Composite) -> Any:
    """Component-wise quotient; of integers towards zero, 0 where b is 0."""

@_overload
def cw_mul(a: vec2f, b: vec2f) -> vec2f:
    """Component-wise product."""
@_overload
def cw_mul(a: vec3f, b: vec3f) -> vec3f:
    """Component-wise product."""
@_overload
def cw_mul(a: vec4f, b: vec4f) -> vec4f:
    """Component-wise product."""
@_overload
def cw_mul(a: vec2d, b: vec2d) -> vec2d:
    """Component-wise product."""
@_overload
def cw_mul(a: vec3d, b: vec3d) -> vec3d:
    """Component-wise product."""
@_overload
def cw_mul(a: vec4d, b: vec4d) -> vec4d:
    """Component-wise product."""
@_overload
def cw_mul(a: _Vector | Composite, b: _Vector | Composite) -> Any:
    """Component-wise product."""
@_overload
def cw_mul(a: mat22f, b: mat22f) -> mat22f:
    """Component-wise product."""
@_overload
def cw_mul(a: mat33f, b: mat33f) -> mat33f:
    """Component-wise product."""
@_overload
def cw_mul(a: mat44f, b: mat44f) -> mat44f:
    """Component-wise product."""
@_overload
def cw_mul(a: mat22d, b: mat22d) -> mat22d:
    """Component-wise product."""
@_overload
def cw_mul(a: mat33d, b: mat33d) -> mat33d:
    """Component-wise product."""
@_overload
def cw_mul(a: mat44d, b: mat44d) -> mat44d:
    """Component-wise product."""
@_overload
def cw_mul(a: _Matrix | Composite, b: _Matrix | Composite) -> Any:
    """Component-wise product."""

@_overload
def ddot(a: mat22f, b: mat22f) -> float:
    """Sum of the products of equal components."""
@_overload
def ddot(a: mat33f, b: mat33f) -> float:
    """Sum of the products of equal components."""
@_overload
def ddot(a: mat44f, b: mat44f) -> float:
    """Sum of the products of equal components."""
@_overload
def ddot(a: mat22d, b: mat22d) -> float64:
    """Sum of the products of equal components."""
@_overload
def ddot(a: mat33d, b: mat33d) -> float64:
    """Sum of the products of equal components."""
@_overload
def ddot(a: mat44d, b: mat44d) -> float64:
    """Sum of the products of equal components."""
@_overload
def ddot(a: _Matrix | Composite, b: _Matrix | Composite) -> Any:
    """Sum of the products of equal components."""

@_overload
def degrees(x: float) -> float:
    """Radians to degrees."""
@_overload
def degrees(x: float64) -> float64:
    """Radians to degrees."""
@_overload
def degrees(x: Any) -> Any:
    """Radians to degrees."""

def dense_chol(n: int, A: array[Any], regularization: Any, L: array[Any]) -> Any:
    """Lower Cholesky factor: L L^T = A + regularization I, for a symmetric positive definite A (n, n)."""

def dense_gemm(m: int, n: int, p: int, t1: int, t2: int, A: array[Any], B: array[Any], C: array[Any]) -> Any:
    """C = A B, with A (m, p), B (p, n) and C (m, n); a factor is stored transposed if its t is 1."""

def dense_solve(n: int, A: array[Any], L: array[Any], b: array[Any], x: array[Any]) -> Any:
    """Solves A x = b, given the Cholesky factor L of A (`dense_chol`); a derivative reaches A through L."""

def dense_subs(n: int, L: array[Any], b: array[Any], x: array[Any]) -> Any:
    """Solves L L^T x = b for a lower triangular L (n, n); x may be b."""

@_overload
def determinant(a: mat22f) -> float:
    """Determinant of a 2x2, 3x3 or 4x4 matrix."""
@_overload
def determinant(a: mat22d) -> float64:
    """Determinant of a 2x2, 3x3 or 4x4 matrix."""
@_overload
def determinant(a: _Matrix | Composite) -> Any:
    """Determinant of a 2x2, 3x3 or 4x4 matrix."""
@_overload
def determinant(a: mat33f) -> float:
    """Determinant of a 2x2, 3x3 or 4x4 matrix."""
@_overload
def determinant(a: mat33d) -> float64:
    """Determinant of a 2x2, 3x3 or 4x4 matrix."""
@_overload
def determinant(a: mat44f) -> float:
    """Determinant of a 2x2, 3x3 or 4x4 matrix."""
@_overload
def determinant(a: mat44d) -> float64:
    """Determinant of a 2x2, 3x3 or 4x4 matrix."""

@_overload
def diag(vec: vec2f) -> mat22f:
    """Square matrix with vec on the diagonal."""
@_overload
def diag(vec: vec3f) -> mat33f:
    """Square matrix with vec on the diagonal."""
@_overload
def diag(vec: vec4f) -> mat44f:
    """Square matrix with vec on the diagonal."""
@_overload
def diag(vec: vec2d) -> mat22d:
    """Square matrix with vec on the diagonal."""
@_overload
def diag(vec: vec3d) -> mat33d:
    """Square matrix with vec on the diagonal."""
@_overload
def diag(vec: vec4d) -> mat44d:
    """Square matrix with vec on the diagonal."""
@_overload
def diag(vec: _Vector | Composite) -> Any:
    """Square matrix with vec on the diagonal."""

@_overload
def dot(a: vec2f, b: vec2f) -> float:
    """Scalar product."""
@_overload
def dot(a: vec3f, b: vec3f) -> float:
    """Scalar product."""
@_overload
def dot(a: vec4f, b: vec4f) -> float:
    """Scalar product."""
@_overload
def dot(a: vec2d, b: vec2d) -> float64:
    """Scalar product."""
@_overload
def dot(a: vec3d, b: vec3d) -> float64:
    """Scalar product."""
@_overload
def dot(a: vec4d, b: vec4d) -> float64:
    """Scalar product."""
@_overload
def dot(a: _Vector | Composite, b: _Vector | Composite) -> Any:
    """Scalar product."""
@_overload
def dot(a: quatf, b: quatf) -> float:
    """Scalar product."""
@_overload
def dot(a: quatd, b: quatd) -> float64:
    """Scalar product."""
@_overload
def dot(a: _Quaternion | Composite, b: _Quaternion | Composite) -> Any:
    """Scalar product."""

@_overload
def eig3(A: mat33f) -> tuple[mat33f, vec3f]:
    """(Q, d) with A = Q diag(d) Q^T for symmetric A; Q is orthogonal, the order of d is open."""
@_overload
def eig3(A: mat33d) -> tuple[mat33d, vec3d]:
    """(Q, d) with A = Q diag(d) Q^T for symmetric A; Q is orthogonal, the order of d is open."""
@_overload
def eig3(A: _Matrix | Composite) -> Any:
    """(Q, d) with A = Q diag(d) Q^T for symmetric A; Q is orthogonal, the order of d is open."""
@_overload
def eig3(A: _Matrix | Composite, Q: _Matrix | Composite, d: _Vector | Composite) -> Any:
    """(Q, d) with A = Q diag(d) Q^T for symmetric A; Q is orthogonal, the order of d is open."""

@_overload
def erf(x: float) -> float:
    """Error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x."""
@_overload
def erf(x: float64) -> float64:
    """Error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x."""
@_overload
def erf(x: float16) -> float16:
    """Error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x."""
@_overload
def erf(x: bfloat16) -> bfloat16:
    """Error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x."""

@_overload
def erfc(x: float) -> float:
    """Complement 1 - erf(x), accurate where it is small."""
@_overload
def erfc(x: float64) -> float64:
    """Complement 1 - erf(x), accurate where it is small."""
@_overload
def erfc(x: float16) -> float16:
    """Complement 1 - erf(x), accurate where it is small."""
@_overload
def erfc(x: bfloat16) -> bfloat16:
    """Complement 1 - erf(x), accurate where it is small."""

@_overload
def erfcinv(x: float) -> float:
    """Inverse of erfc; infinite at 0 and 2, NaN beyond."""
@_overload
def erfcinv(x: float64) -> float64:
    """Inverse of erfc; infinite at 0 and 2, NaN beyond."""
@_overload
def erfcinv(x: float16) -> float16:
    """Inverse of erfc; infinite at 0 and 2, NaN beyond."""
@_overload
def erfcinv(x: bfloat16) -> bfloat16:
    """Inverse of erfc; infinite at 0 and 2, NaN beyond."""

@_overload
def erfinv(x: float) -> float:
    """Inverse of erf; infinite at -1 and 1, NaN beyond."""
@_overload
def erfinv(x: float64) -> float64:
    """Inverse of erf; infinite at -1 and 1, NaN beyond."""
@_overload
def erfinv(x: float16) -> float16:
    """Inverse of erf; infinite at -1 and 1, NaN beyond."""
@_overload
def erfinv(x: bfloat16) -> bfloat16:
    """Inverse of erf; infinite at -1 and 1, NaN beyond."""

@_overload
def exp(x: float) -> float:
    """e to the power x."""
@_overload
def exp(x: float64) -> float64:
    """e to the power x."""
@_overload
def exp(x: float16) -> float16:
    """e to the power x."""
@_overload
def exp(x: bfloat16) -> bfloat16:
    """e to the power x."""

@_overload
def frac(x: float) -> float:
    """Fractional part, x - trunc(x): it keeps the sign of x."""
@_overload
def frac(x: vec2f) -> vec2f:
    """Fractional part, x - trunc(x): it keeps the sign of x."""
@_overload
def frac(x: vec3f) -> vec3f:
    """Fractional part, x - trunc(x): it keeps the sign of x."""
@_overload
def frac(x: vec4f) -> vec4f:
    """Fractional part, x - trunc(x): it keeps the sign of x."""
@_overload
def frac(x: float64) -> float64:
    """Fractional part, x - trunc(x): it keeps the sign of x."""
@_overload
def frac(x: vec2d) -> vec2d:
    """Fractional part, x - trunc(x): it keeps the sign of x."""
@_overload
def frac(x: vec3d) -> vec3d:
    """Fractional part, x - trunc(x): it keeps the sign of x."""
@_overload
def frac(x: vec4d) -> vec4d:
    """Fractional part, x - trunc(x): it keeps the sign of x."""
@_overload
def frac(x: Any) -> Any:
    """Fractional part, x - trunc(x): it keeps the sign of x."""

@_overload
def get_diag(mat: mat22f) -> vec2f:
    """The diagonal as a vector."""
@_overload
def get_diag(mat: mat33f) -> vec3f:
    """The diagonal as a vector."""
@_overload
def get_diag(mat: mat44f) -> vec4f:
    """The diagonal as a vector."""
@_overload
def get_diag(mat: mat22d) -> vec2d:
    """The diagonal as a vector."""
@_overload
def get_diag(mat: mat33d) -> vec3d:
    """The diagonal as a vector."""
@_overload
def get_diag(mat: mat44d) -> vec4d:
    """The diagonal as a vector."""
@_overload
def get_diag(mat: _Matrix | Composite) -> Any:
    """The diagonal as a vector."""

@_overload
def intersect_tri_tri(v0: vec3f, v1: vec3f, v2: vec3f, u0: vec3f, u1: vec3f, u2: vec3f) -> int:
    """1 if the triangles v and u share a point, else 0."""
@_overload
def intersect_tri_tri(v0: vec3d, v1: vec3d, v2: vec3d, u0: vec3d, u1: vec3d, u2: vec3d) -> int:
    """1 if the triangles v and u share a point, else 0."""
@_overload
def intersect_tri_tri(v0: _Vector | Composite, v1: _Vector | Composite, v2: _Vector | Composite, u0: _Vector | Composite, u1: _Vector | Composite, u2: _Vector | Composite) -> Any:
    """1 if the triangles v and u share a point, else 0."""

@_overload
def inverse(a: mat22f) -> mat22f:
    """Inverse of a 2x2, 3x3 or 4x4 matrix; zero if the determinant is zero."""
@_overload
def inverse(a: mat22d) -> mat22d:
    """Inverse of a 2x2, 3x3 or 4x4 matrix; zero if the determinant is zero."""
@_overload
def inverse(a: _Matrix | Composite) -> Any:
    """Inverse of a 2x2, 3x3 or 4x4 matrix; zero if the determinant is zero."""
@_overload
def inverse(a: mat33f) -> mat33f:
    """Inverse of a 2x2, 3x3 or 4x4 matrix; zero if the determinant is zero."""
@_overload
def inverse(a: mat33d) -> mat33d:
    """Inverse of a 2x2, 3x3 or 4x4 matrix; zero if the determinant is zero."""
@_overload
def inverse(a: mat44f) -> mat44f:
    """Inverse of a 2x2, 3x3 or 4x4 matrix; zero if the determinant is zero."""
@_overload
def inverse(a: mat44d) -> mat44d:
    """Inverse of a 2x2, 3x3 or 4x4 matrix; zero if the determinant is zero."""

@_overload
def inverse_approx(a: mat22f) -> mat22f:
    """The same as `inverse`."""
@_overload
def inverse_approx(a: mat33f) -> mat33f:
    """The same as `inverse`."""
@_overload
def inverse_approx(a: mat44f) -> mat44f:
    """The same as `inverse`."""
@_overload
def inverse_approx(a: mat22d) -> mat22d:
    """The same as `inverse`."""
@_overload
def inverse_approx(a: mat33d) -> mat33d:
    """The same as `inverse`."""
@_overload
def inverse_approx(a: mat44d) -> mat44d:
    """The same as `inverse`."""
@_overload
def inverse_approx(a: _Matrix | Composite) -> Any:
    """The same as `inverse`."""

@_overload
def isfinite(a: vec2f) -> bool:
    """Whether a is neither infinite nor NaN; of a vector or the like: whether all components are."""
@_overload
def isfinite(a: vec3f) -> bool:
    """Whether a is neither infinite nor NaN; of a vector or the like: whether all components are."""
@_overload
def isfinite(a: vec4f) -> bool:
    """Whether a is neither infinite nor NaN; of a vector or the like: whether all components are."""
@_overload
def isfinite(a: vec2d) -> bool:
    """Whether a is neither infinite nor NaN; of a vector or the like: whether all components are."""
@_overload
def isfinite(a: vec3d) -> bool:
    """Whether a is neither infinite nor NaN; of a vector or the like: whether all components are."""
@_overload
def isfinite(a: vec4d) -> bool:
    """Whether a is neither infinite nor NaN; of a vector or the like: whether all components are."""
@_overload
def isfinite(a: Any) -> Any:
    """Whether a is neither infinite nor NaN; of a vector or the like: whether all components are."""
@_overload
def isfinite(a: float) -> bool:
    """Whether a is neither infinite nor NaN; of a vector or the like: whether all components are."""
@_overload
def isfinite(a: float64) -> bool:
    """Whether a is neither infinite nor NaN; of a vector or the like: whether all components are."""

@_overload
def isinf(a: vec2f) -> bool:
    """Whether a is plus or minus infinity; of a vector or the like: whether some component is."""
@_overload
def isinf(a: vec3f) -> bool:
    """Whether a is plus or minus infinity; of a vector or the like: whether some component is."""
@_overload
def isinf(a: vec4f) -> bool:
    """Whether a is plus or minus infinity; of a vector or the like: whether some component is."""
@_overload
def isinf(a: vec2d) -> bool:
    """Whether a is plus or minus infinity; of a vector or the like: whether some component is."""
@_overload
def isinf(a: vec3d) -> bool:
    """Whether a is plus or minus infinity; of a vector or the like: whether some component is."""
@_overload
def isinf(a: vec4d) -> bool:
    """Whether a is plus or minus infinity; of a vector or the like: whether some component is."""
@_overload
def isinf(a: Any) -> Any:
    """Whether a is plus or minus infinity; of a vector or the like: whether some component is."""
@_overload
def isinf(a: float) -> bool:
    """Whether a is plus or minus infinity; of a vector or the like: whether some component is."""
@_overload
def isinf(a: float64) -> bool:
    """Whether a is plus or minus infinity; of a vector or the like: whether some component is."""

@_overload
def isnan(a: float) -> bool:
    """Whether a is not a number; of a vector or the like: whether some component is not."""
@_overload
def isnan(a: vec2f) -> bool:
    """Whether a is not a number; of a vector or the like: whether some component is not."""
@_overload
def isnan(a: vec3f) -> bool:
    """Whether a is not a number; of a vector or the like: whether some component is not."""
@_overload
def isnan(a: vec4f) -> bool:
    """Whether a is not a number; of a vector or the like: whether some component is not."""
@_overload
def isnan(a: float64) -> bool:
    """Whether a is not a number; of a vector or the like: whether some component is not."""
@_overload
def isnan(a: vec2d) -> bool:
    """Whether a is not a number; of a vector or the like: whether some component is not."""
@_overload
def isnan(a: vec3d) -> bool:
    """Whether a is not a number; of a vector or the like: whether some component is not."""
@_overload
def isnan(a: vec4d) -> bool:
    """Whether a is not a number; of a vector or the like: whether some component is not."""
@_overload
def isnan(a: Any) -> Any:
    """Whether a is not a number; of a vector or the like: whether some component is not."""

@_overload
def length(a: vec2f) -> float:
    """Euclidean length of a vector or quaternion."""
@_overload
def length(a: vec3f) -> float:
    """Euclidean length of a vector or quaternion."""
@_overload
def length(a: vec4f) -> float:
    """Euclidean length of a vector or quaternion."""
@_overload
def length(a: vec2d) -> float64:
    """Euclidean length of a vector or quaternion."""
@_overload
def length(a: vec3d) -> float64:
    """Euclidean length of a vector or quaternion."""
@_overload
def length(a: vec4d) -> float64:
    """Euclidean length of a vector or quaternion."""
@_overload
def length(a: Any) -> Any:
    """Euclidean length of a vector or quaternion."""

@_overload
def length_sq(a: vec2f) -> float:
    """Squared Euclidean length of a vector or quaternion."""
@_overload
def length_sq(a: vec3f) -> float:
    """Squared Euclidean length of a vector or quaternion."""
@_overload
def length_sq(a: vec4f) -> float:
    """Squared Euclidean length of a vector or quaternion."""
@_overload
def length_sq(a: vec2d) -> float64:
    """Squared Euclidean length of a vector or quaternion."""
@_overload
def length_sq(a: vec3d) -> float64:
    """Squared Euclidean length of a vector or quaternion."""
@_overload
def length_sq(a: vec4d) -> float64:
    """Squared Euclidean length of a vector or quaternion."""
@_overload
def length_sq(a: Any) -> Any:
    """Squared Euclidean length of a vector or quaternion."""

@_overload
def lerp(a: float, b: float, t: float) -> float:
    """a (1 - t) + b t."""
@_overload
def lerp(a: vec2f, b: vec2f, t: float) -> vec2f:
    """a (1 - t) + b t."""
@_overload
def lerp(a: vec3f, b: vec3f, t: float) -> vec3f:
    """a (1 - t) + b t."""
@_overload
def lerp(a: vec4f, b: vec4f, t: float) -> vec4f:
    """a (1 - t) + b t."""
@_overload
def lerp(a: float64, b: float64, t: float64) -> float64:
    """a (1 - t) + b t."""
@_overload
def lerp(a: vec2d, b: vec2d, t: float64) -> vec2d:
    """a (1 - t) + b t."""
@_overload
def lerp(a: vec3d, b: vec3d, t: float64) -> vec3d:
    """a (1 - t) + b t."""
@_overload
def lerp(a: vec4d, b: vec4d, t: float64) -> vec4d:
    """a (1 - t) + b t."""
@_overload
def lerp(a: Any, b: Any, t: Any) -> Any:
    """a (1 - t) + b t."""

@_overload
def log(x: float) -> float:
    """Natural logarithm; -inf at 0, NaN below."""
@_overload
def log(x: float64) -> float64:
    """Natural logarithm; -inf at 0, NaN below."""
@_overload
def log(x: float16) -> float16:
    """Natural logarithm; -inf at 0, NaN below."""
@_overload
def log(x: bfloat16) -> bfloat16:
    """Natural logarithm; -inf at 0, NaN below."""

@_overload
def log10(x: float) -> float:
    """Logarithm to base 10; -inf at 0, NaN below."""
@_overload
def log10(x: float64) -> float64:
    """Logarithm to base 10; -inf at 0, NaN below."""
@_overload
def log10(x: float16) -> float16:
    """Logarithm to base 10; -inf at 0, NaN below."""
@_overload
def log10(x: bfloat16) -> bfloat16:
    """Logarithm to base 10; -inf at 0, NaN below."""

@_overload
def log2(x: float) -> float:
    """Logarithm to base 2, exact for powers of two; -inf at 0, NaN below."""
@_overload
def log2(x: float64) -> float64:
    """Logarithm to base 2, exact for powers of two; -inf at 0, NaN below."""
@_overload
def log2(x: float16) -> float16:
    """Logarithm to base 2, exact for powers of two; -inf at 0, NaN below."""
@_overload
def log2(x: bfloat16) -> bfloat16:
    """Logarithm to base 2, exact for powers of two; -inf at 0, NaN below."""

@_overload
def lower_bound(arr: array[float], value: float) -> int:
    """Index of the first element >= value of a sorted array; of the last element if there is none."""
@_overload
def lower_bound(arr: array[float64], value: float64) -> int:
    """Index of the first element >= value of a sorted array; of the last element if there is none."""
@_overload
def lower_bound(arr: array[Any], value: Any) -> Any:
    """Index of the first element >= value of a sorted array; of the last element if there is none."""
@_overload
def lower_bound(arr: array[float], arr_begin: int, arr_end: int, value: float) -> int:
    """Index of the first element >= value of a sorted array; of the last element if there is none."""
@_overload
def lower_bound(arr: array[float64], arr_begin: int, arr_end: int, value: float64) -> int:
    """Index of the first element >= value of a sorted array; of the last element if there is none."""
@_overload
def lower_bound(arr: array[Any], arr_begin: int, arr_end: int, value: Any) -> Any:
    """Index of the first element >= value of a sorted array; of the last element if there is none."""

@_overload
def matrix_from_cols(a: vec2f, b: vec2f) -> mat22f:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: vec3f, b: vec3f) -> _Matrix | Composite:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: vec4f, b: vec4f) -> _Matrix | Composite:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: vec2d, b: vec2d) -> mat22d:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: vec3d, b: vec3d) -> _Matrix | Composite:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: vec4d, b: vec4d) -> _Matrix | Composite:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: _Vector | Composite, b: _Vector | Composite) -> Any:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: vec2f, b: vec2f, c: vec2f) -> _Matrix | Composite:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: vec3f, b: vec3f, c: vec3f) -> mat33f:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: vec4f, b: vec4f, c: vec4f) -> _Matrix | Composite:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: vec2d, b: vec2d, c: vec2d) -> _Matrix | Composite:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: vec3d, b: vec3d, c: vec3d) -> mat33d:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: vec4d, b: vec4d, c: vec4d) -> _Matrix | Composite:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: _Vector | Composite, b: _Vector | Composite, c: _Vector | Composite) -> Any:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: vec2f, b: vec2f, c: vec2f, d: vec2f) -> _Matrix | Composite:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: vec3f, b: vec3f, c: vec3f, d: vec3f) -> _Matrix | Composite:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: vec4f, b: vec4f, c: vec4f, d: vec4f) -> mat44f:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: vec2d, b: vec2d, c: vec2d, d: vec2d) -> _Matrix | Composite:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: vec3d, b: vec3d, c: vec3d, d: vec3d) -> _Matrix | Composite:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: vec4d, b: vec4d, c: vec4d, d: vec4d) -> mat44d:
    """Matrix whose columns are the given 2 to 4 vectors."""
@_overload
def matrix_from_cols(a: _Vector | Composite, b: _Vector | Composite, c: _Vector | Composite, d: _Vector | Composite) -> Any:
    """Matrix whose columns are the given 2 to 4 vectors."""

@_overload
def matrix_from_rows(a: vec2f, b: vec2f) -> mat22f:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: vec3f, b: vec3f) -> _Matrix | Composite:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: vec4f, b: vec4f) -> _Matrix | Composite:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: vec2d, b: vec2d) -> mat22d:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: vec3d, b: vec3d) -> _Matrix | Composite:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: vec4d, b: vec4d) -> _Matrix | Composite:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: _Vector | Composite, b: _Vector | Composite) -> Any:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: vec2f, b: vec2f, c: vec2f) -> _Matrix | Composite:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: vec3f, b: vec3f, c: vec3f) -> mat33f:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: vec4f, b: vec4f, c: vec4f) -> _Matrix | Composite:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: vec2d, b: vec2d, c: vec2d) -> _Matrix | Composite:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: vec3d, b: vec3d, c: vec3d) -> mat33d:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: vec4d, b: vec4d, c: vec4d) -> _Matrix | Composite:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: _Vector | Composite, b: _Vector | Composite, c: _Vector | Composite) -> Any:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: vec2f, b: vec2f, c: vec2f, d: vec2f) -> _Matrix | Composite:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: vec3f, b: vec3f, c: vec3f, d: vec3f) -> _Matrix | Composite:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: vec4f, b: vec4f, c: vec4f, d: vec4f) -> mat44f:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: vec2d, b: vec2d, c: vec2d, d: vec2d) -> _Matrix | Composite:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: vec3d, b: vec3d, c: vec3d, d: vec3d) -> _Matrix | Composite:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: vec4d, b: vec4d, c: vec4d, d: vec4d) -> mat44d:
    """Matrix whose rows are the given 2 to 4 vectors."""
@_overload
def matrix_from_rows(a: _Vector | Composite, b: _Vector | Composite, c: _Vector | Composite, d: _Vector | Composite) -> Any:
    """Matrix whose rows are the given 2 to 4 vectors."""

def mesh_eval_face_normal(id: uint64, face: int) -> vec3f:
    """Unit normal of a face, outward where its corners run counter-clockwise."""

def mesh_eval_position(id: uint64, face: int, bary_u: float, bary_v: float) -> vec3f:
    """The point at barycentric coordinates (u, v, 1 - u - v) of a face [m]."""

def mesh_eval_ray(points: array[vec3f], indices: array[int], face: int, origin: vec3f, direction: vec3f) -> MeshQueryRay:
    """Where a ray meets the plane of a face, for derivatives by a mesh's points as well as by the ray."""

def mesh_get_index(id: uint64, index: int) -> int:
    """Point number of corner `index` (3 * face + k)."""

def mesh_get_point(id: uint64, index: int) -> vec3f:
    """Position of corner `index` (3 * face + k) [m]."""

@_overload
def mesh_query_point_no_sign(id: uint64, point: vec3f, max_dist: float) -> MeshQueryPoint:
    """Nearest point of a mesh's surface within max_dist [m], as MeshQueryPoint with sign 0."""
@_overload
def mesh_query_point_no_sign(id: uint64, point: vec3f, max_dist: float, face: int, bary_u: float, bary_v: float) -> bool:
    """Nearest point of a mesh's surface within max_dist [m], as MeshQueryPoint with sign 0."""

@_overload
def mesh_query_point_sign_normal(id: uint64, point: vec3f, max_dist: float, epsilon: float = ...) -> MeshQueryPoint:
    """Nearest point of a mesh's surface within max_dist [m], as MeshQueryPoint with sign < 0 inside."""
@_overload
def mesh_query_point_sign_normal(id: uint64, point: vec3f, max_dist: float, inside: float, face: int, bary_u: float, bary_v: float, epsilon: float = ...) -> bool:
    """Nearest point of a mesh's surface within max_dist [m], as MeshQueryPoint with sign < 0 inside."""

@_overload
def mesh_query_ray(id: uint64, start: vec3f, dir: vec3f, max_t: float, root: int = ...) -> MeshQueryRay:
    """Nearest hit of a ray with a mesh, of either side of its faces."""
@_overload
def mesh_query_ray(id: uint64, start: vec3f, dir: vec3f, max_t: float, t: float, bary_u: float, bary_v: float, sign: float, normal: vec3f, face: int, root: int = ...) -> bool:
    """Nearest hit of a ray with a mesh, of either side of its faces."""

@_overload
def noise(state: uint32, x: float) -> float:
    """Gradient noise at x, about in [-1, 1]; x is a number or a vector of 2 to 4 components."""
@_overload
def noise(state: uint32, x: vec2f) -> float:
    """Gradient noise at x, about in [-1, 1]; x is a number or a vector of 2 to 4 components."""
@_overload
def noise(state: uint32, x: vec3f) -> float:
    """Gradient noise at x, about in [-1, 1]; x is a number or a vector of 2 to 4 components."""
@_overload
def noise(state: uint32, x: vec4f) -> float:
    """Gradient noise at x, about in [-1, 1]; x is a number or a vector of 2 to 4 components."""
@_overload
def noise(state: uint32, x: _Vector | Composite) -> Any:
    """Gradient noise at x, about in [-1, 1]; x is a number or a vector of 2 to 4 components."""

@_overload
def nonzero(x: float) -> float:
    """0 for x == 0, otherwise 1."""
@_overload
def nonzero(x: vec2f) -> vec2f:
    """0 for x == 0, otherwise 1."""
@_overload
def nonzero(x: vec3f) -> vec3f:
    """0 for x == 0, otherwise 1."""
@_overload
def nonzero(x: vec4f) -> vec4f:
    """0 for x == 0, otherwise 1."""
@_overload
def nonzero(x: float64) -> float64:
    """0 for x == 0, otherwise 1."""
@_overload
def nonzero(x: vec2d) -> vec2d:
    """0 for x == 0, otherwise 1."""
@_overload
def nonzero(x: vec3d) -> vec3d:
    """0 for x == 0, otherwise 1."""
@_overload
def nonzero(x: vec4d) -> vec4d:
    """0 for x == 0, otherwise 1."""
@_overload
def nonzero(x: Any) -> Any:
    """0 for x == 0, otherwise 1."""

@_overload
def norm_huber(a: vec2f, delta: float = ...) -> float:
    """Half the squared length up to delta, linear beyond (Huber 1964)."""
@_overload
def norm_huber(a: vec3f, delta: float = ...) -> float:
    """Half the squared length up to delta, linear beyond (Huber 1964)."""
@_overload
def norm_huber(a: vec4f, delta: float = ...) -> float:
    """Half the squared length up to delta, linear beyond (Huber 1964)."""
@_overload
def norm_huber(a: vec2d, delta: float64 = ...) -> float64:
    """Half the squared length up to delta, linear beyond (Huber 1964)."""
@_overload
def norm_huber(a: vec3d, delta: float64 = ...) -> float64:
    """Half the squared length up to delta, linear beyond (Huber 1964)."""
@_overload
def norm_huber(a: vec4d, delta: float64 = ...) -> float64:
    """Half the squared length up to delta, linear beyond (Huber 1964)."""
@_overload
def norm_huber(a: _Vector | Composite, delta: Any = ...) -> Any:
    """Half the squared length up to delta, linear beyond (Huber 1964)."""

@_overload
def norm_l1(a: vec2f) -> float:
    """Sum of the absolute components."""
@_overload
def norm_l1(a: vec3f) -> float:
    """Sum of the absolute components."""
@_overload
def norm_l1(a: vec4f) -> float:
    """Sum of the absolute components."""
@_overload
def norm_l1(a: vec2d) -> float64:
    """Sum of the absolute components."""
@_overload
def norm_l1(a: vec3d) -> float64:
    """Sum of the absolute components."""
@_overload
def norm_l1(a: vec4d) -> float64:
    """Sum of the absolute components."""
@_overload
def norm_l1(a: _Vector | Composite) -> Any:
    """Sum of the absolute components."""

@_overload
def norm_l2(a: vec2f) -> float:
    """Euclidean length."""
@_overload
def norm_l2(a: vec3f) -> float:
    """Euclidean length."""
@_overload
def norm_l2(a: vec4f) -> float:
    """Euclidean length."""
@_overload
def norm_l2(a: vec2d) -> float64:
    """Euclidean length."""
@_overload
def norm_l2(a: vec3d) -> float64:
    """Euclidean length."""
@_overload
def norm_l2(a: vec4d) -> float64:
    """Euclidean length."""
@_overload
def norm_l2(a: _Vector | Composite) -> Any:
    """Euclidean length."""

@_overload
def norm_pseudo_huber(a: vec2f, delta: float = ...) -> float:
    """delta sqrt(1 + |a|^2 / delta^2): smooth, |a| far out."""
@_overload
def norm_pseudo_huber(a: vec3f, delta: float = ...) -> float:
    """delta sqrt(1 + |a|^2 / delta^2): smooth, |a| far out."""
@_overload
def norm_pseudo_huber(a: vec4f, delta: float = ...) -> float:
    """delta sqrt(1 + |a|^2 / delta^2): smooth, |a| far out."""
@_overload
def norm_pseudo_huber(a: vec2d, delta: float64 = ...) -> float64:
    """delta sqrt(1 + |a|^2 / delta^2): smooth, |a| far out."""
@_overload
def norm_pseudo_huber(a: vec3d, delta: float64 = ...) -> float64:
    """delta sqrt(1 + |a|^2 / delta^2): smooth, |a| far out."""
@_overload
def norm_pseudo_huber(a: vec4d, delta: float64 = ...) -> float64:
    """delta sqrt(1 + |a|^2 / delta^2): smooth, |a| far out."""
@_overload
def norm_pseudo_huber(a: _Vector | Composite, delta: Any = ...) -> Any:
    """delta sqrt(1 + |a|^2 / delta^2): smooth, |a| far out."""

@_overload
def normalize(a: vec2f) -> vec2f:
    """The vector of length 1 along a; zero for a = 0."""
@_overload
def normalize(a: vec3f) -> vec3f:
    """The vector of length 1 along a; zero for a = 0."""
@_overload
def normalize(a: vec4f) -> vec4f:
    """The vector of length 1 along a; zero for a = 0."""
@_overload
def normalize(a: vec2d) -> vec2d:
    """The vector of length 1 along a; zero for a = 0."""
@_overload
def normalize(a: vec3d) -> vec3d:
    """The vector of length 1 along a; zero for a = 0."""
@_overload
def normalize(a: vec4d) -> vec4d:
    """The vector of length 1 along a; zero for a = 0."""
@_overload
def normalize(a: _Vector | Composite) -> Any:
    """The vector of length 1 along a; zero for a = 0."""
@_overload
def normalize(q: quatf) -> quatf:
    """The vector of length 1 along a; zero for a = 0."""
@_overload
def normalize(q: quatd) -> quatd:
    """The vector of length 1 along a; zero for a = 0."""
@_overload
def normalize(q: _Quaternion | Composite) -> Any:
    """The vector of length 1 along a; zero for a = 0."""

@_overload
def outer(a: vec2f, b: vec2f) -> mat22f:
    """Matrix a b^T."""
@_overload
def outer(a: vec3f, b: vec3f) -> mat33f:
    """Matrix a b^T."""
@_overload
def outer(a: vec4f, b: vec4f) -> mat44f:
    """Matrix a b^T."""
@_overload
def outer(a: vec2d, b: vec2d) -> mat22d:
    """Matrix a b^T."""
@_overload
def outer(a: vec3d, b: vec3d) -> mat33d:
    """Matrix a b^T."""
@_overload
def outer(a: vec4d, b: vec4d) -> mat44d:
    """Matrix a b^T."""
@_overload
def outer(a: _Vector | Composite, b: _Vector | Composite) -> Any:
    """Matrix a b^T."""

def philox4x32(counter: vec4ui, key: vec2ui) -> vec4ui:
    """Four random words of a counter under a key: Philox4x32-10."""

@_overload
def pnoise(state: uint32, x: float, px: int) -> float:
    """`noise` that repeats with a whole period along each axis: pnoise(state, xyz, px, py, pz)."""
@_overload
def pnoise(state: uint32, xy: vec2f, px: int, py: int) -> float:
    """`noise` that repeats with a whole period along each axis: pnoise(state, xyz, px, py, pz)."""
@_overload
def pnoise(state: uint32, xyz: vec3f, px: int, py: int, pz: int) -> float:
    """`noise` that repeats with a whole period along each axis: pnoise(state, xyz, px, py, pz)."""
@_overload
def pnoise(state: uint32, xyzt: vec4f, px: int, py: int, pz: int, pt: int) -> float:
    """`noise` that repeats with a whole period along each axis: pnoise(state, xyz, px, py, pz)."""

def poisson(state: uint32, lam: float) -> uint32:
    """Poisson-distributed count; takes a varying number of draws."""

@_overload
def pow(x: float, y: float) -> float:
    """x to the power y, with the special cases of IEEE 754 pow (pow(x, 0) = pow(1, y) = 1)."""
@_overload
def pow(x: float64, y: float64) -> float64:
    """x to the power y, with the special cases of IEEE 754 pow (pow(x, 0) = pow(1, y) = 1)."""
@_overload
def pow(x: float16, y: float16) -> float16:
    """x to the power y, with the special cases of IEEE 754 pow (pow(x, 0) = pow(1, y) = 1)."""
@_overload
def pow(x: bfloat16, y: bfloat16) -> bfloat16:
    """x to the power y, with the special cases of IEEE 754 pow (pow(x, 0) = pow(1, y) = 1)."""

@_overload
def qr3(A: mat33f) -> tuple[mat33f, mat33f]:
    """(Q, R) with A = Q R, Q orthogonal, R upper triangular (Givens rotations)."""
@_overload
def qr3(A: mat33d) -> tuple[mat33d, mat33d]:
    """(Q, R) with A = Q R, Q orthogonal, R upper triangular (Givens rotations)."""
@_overload
def qr3(A: _Matrix | Composite) -> Any:
    """(Q, R) with A = Q R, Q orthogonal, R upper triangular (Givens rotations)."""
@_overload
def qr3(A: _Matrix | Composite, Q: _Matrix | Composite, R: _Matrix | Composite) -> Any:
    """(Q, R) with A = Q R, Q orthogonal, R upper triangular (Givens rotations)."""

@_overload
def quat_between_vectors(a: vec3f, b: vec3f) -> quatf:
    """The shortest turn that brings the direction of a to that of b."""
@_overload
def quat_between_vectors(a: vec3d, b: vec3d) -> quatd:
    """The shortest turn that brings the direction of a to that of b."""
@_overload
def quat_between_vectors(a: _Vector | Composite, b: _Vector | Composite) -> Any:
    """The shortest turn that brings the direction of a to that of b."""

@_overload
def quat_from_axis_angle(axis: vec3f, angle: float) -> quatf:
    """Turn about a unit axis by an angle [rad], right-handed."""
@_overload
def quat_from_axis_angle(axis: vec3d, angle: float64) -> quatd:
    """Turn about a unit axis by an angle [rad], right-handed."""
@_overload
def quat_from_axis_angle(axis: _Vector | Composite, angle: Any) -> Any:
    """Turn about a unit axis by an angle [rad], right-handed."""

@_overload
def quat_from_euler(e: vec3f, i: int, j: int, k: int) -> quatf:
    """Turns by e[i], e[j], e[k] [rad] about the fixed axes number i, then j, then k."""
@_overload
def quat_from_euler(e: vec3d, i: int, j: int, k: int) -> quatd:
    """Turns by e[i], e[j], e[k] [rad] about the fixed axes number i, then j, then k."""
@_overload
def quat_from_euler(e: _Vector | Composite, i: int, j: int, k: int) -> Any:
    """Turns by e[i], e[j], e[k] [rad] about the fixed axes number i, then j, then k."""

@_overload
def quat_from_matrix(mat: mat33f) -> quatf:
    """The unit quaternion of a rotation matrix (columns are the images of the axes)."""
@_overload
def quat_from_matrix(mat: mat33d) -> quatd:
    """The unit quaternion of a rotation matrix (columns are the images of the axes)."""
@_overload
def quat_from_matrix(mat: _Matrix | Composite) -> Any:
    """The unit quaternion of a rotation matrix (columns are the images of the axes)."""
@_overload
def quat_from_matrix(mat: mat44f) -> quatf:
    """The unit quaternion of a rotation matrix (columns are the images of the axes)."""
@_overload
def quat_from_matrix(mat: mat44d) -> quatd:
    """The unit quaternion of a rotation matrix (columns are the images of the axes)."""

def quat_identity(dtype: Any = ...) -> Any:
    """The quaternion (0, 0, 0, 1)."""

@_overload
def quat_inverse(quat: quatf) -> quatf:
    """Conjugate; the inverse rotation if quat has unit length."""
@_overload
def quat_inverse(quat: quatd) -> quatd:
    """Conjugate; the inverse rotation if quat has unit length."""
@_overload
def quat_inverse(quat: _Quaternion | Composite) -> Any:
    """Conjugate; the inverse rotation if quat has unit length."""

@_overload
def quat_multiply(a: quatf, b: quatf) -> quatf:
    """Hamilton product a b: the rotation b, then a."""
@_overload
def quat_multiply(a: quatd, b: quatd) -> quatd:
    """Hamilton product a b: the rotation b, then a."""
@_overload
def quat_multiply(a: _Quaternion | Composite, b: _Quaternion | Composite) -> Any:
    """Hamilton product a b: the rotation b, then a."""

@_overload
def quat_rotate(quat: quatf, vec: vec3f) -> vec3f:
    """vec turned by quat."""
@_overload
def quat_rotate(quat: quatd, vec: vec3d) -> vec3d:
    """vec turned by quat."""
@_overload
def quat_rotate(quat: _Quaternion | Composite, vec: _Vector | Composite) -> Any:
    """vec turned by quat."""

@_overload
def quat_rotate_inv(quat: quatf, vec: vec3f) -> vec3f:
    """vec turned by the inverse of quat."""
@_overload
def quat_rotate_inv(quat: quatd, vec: vec3d) -> vec3d:
    """vec turned by the inverse of quat."""
@_overload
def quat_rotate_inv(quat: _Quaternion | Composite, vec: _Vector | Composite) -> Any:
    """vec turned by the inverse of quat."""

@_overload
def quat_rpy(roll: float, pitch: float, yaw: float) -> quatf:
    """Turn by roll about x, then pitch about y, then yaw about z, all fixed axes [rad]."""
@_overload
def quat_rpy(roll: float64, pitch: float64, yaw: float64) -> quatd:
    """Turn by roll about x, then pitch about y, then yaw about z, all fixed axes [rad]."""
@_overload
def quat_rpy(roll: Any, pitch: Any, yaw: Any) -> Any:
    """Turn by roll about x, then pitch about y, then yaw about z, all fixed axes [rad]."""

@_overload
def quat_slerp(a: quatf, b: quatf, t: float) -> quatf:
    """Constant-rate turn from a (t = 0) to b (t = 1) along the shorter arc (Shoemake 1985)."""
@_overload
def quat_slerp(a: quatd, b: quatd, t: float64) -> quatd:
    """Constant-rate turn from a (t = 0) to b (t = 1) along the shorter arc (Shoemake 1985)."""
@_overload
def quat_slerp(a: _Quaternion | Composite, b: _Quaternion | Composite, t: Any) -> Any:
    """Constant-rate turn from a (t = 0) to b (t = 1) along the shorter arc (Shoemake 1985)."""

@_overload
def quat_to_axis_angle(quat: quatf) -> tuple[vec3f, float]:
    """(unit axis, angle in [0, pi] rad); the axis is zero for the identity."""
@_overload
def quat_to_axis_angle(quat: quatd) -> tuple[vec3d, float64]:
    """(unit axis, angle in [0, pi] rad); the axis is zero for the identity."""
@_overload
def quat_to_axis_angle(quat: _Quaternion | Composite) -> Any:
    """(unit axis, angle in [0, pi] rad); the axis is zero for the identity."""
@_overload
def quat_to_axis_angle(quat: _Quaternion | Composite, axis: _Vector | Composite, angle: Any) -> Any:
    """(unit axis, angle in [0, pi] rad); the axis is zero for the identity."""

@_overload
def quat_to_euler(q: quatf, i: int, j: int, k: int) -> vec3f:
    """Angles [rad] by axis number, such that `quat_from_euler` gives q back (where i != k)."""
@_overload
def quat_to_euler(q: quatd, i: int, j: int, k: int) -> vec3d:
    """Angles [rad] by axis number, such that `quat_from_euler` gives q back (where i != k)."""
@_overload
def quat_to_euler(q: _Quaternion | Composite, i: int, j: int, k: int) -> Any:
    """Angles [rad] by axis number, such that `quat_from_euler` gives q back (where i != k)."""

@_overload
def quat_to_matrix(quat: quatf) -> mat33f:
    """Rotation matrix R with R v = quat_rotate(q, v)."""
@_overload
def quat_to_matrix(quat: quatd) -> mat33d:
    """Rotation matrix R with R v = quat_rotate(q, v)."""
@_overload
def quat_to_matrix(quat: _Quaternion | Composite) -> Any:
    """Rotation matrix R with R v = quat_rotate(q, v)."""

@_overload
def quat_to_rpy(q: quatf) -> vec3f:
    """(roll, pitch, yaw) [rad] as `quat_rpy` takes them; pitch in [-pi/2, pi/2]."""
@_overload
def quat_to_rpy(q: quatd) -> vec3d:
    """(roll, pitch, yaw) [rad] as `quat_rpy` takes them; pitch in [-pi/2, pi/2]."""
@_overload
def quat_to_rpy(q: _Quaternion | Composite) -> Any:
    """(roll, pitch, yaw) [rad] as `quat_rpy` takes them; pitch in [-pi/2, pi/2]."""

@_overload
def quat_twist(axis: vec3f, q: quatf) -> quatf:
    """The part of q that turns about a unit axis (swing-twist decomposition)."""
@_overload
def quat_twist(axis: vec3d, q: quatd) -> quatd:
    """The part of q that turns about a unit axis (swing-twist decomposition)."""
@_overload
def quat_twist(axis: _Vector | Composite, q: _Quaternion | Composite) -> Any:
    """The part of q that turns about a unit axis (swing-twist decomposition)."""

@_overload
def quat_twist_angle(axis: vec3f, q: quatf) -> float:
    """Magnitude [rad] of `quat_twist`; in [0, pi] if q.w >= 0."""
@_overload
def quat_twist_angle(axis: vec3d, q: quatd) -> float64:
    """Magnitude [rad] of `quat_twist`; in [0, pi] if q.w >= 0."""
@_overload
def quat_twist_angle(axis: _Vector | Composite, q: _Quaternion | Composite) -> Any:
    """Magnitude [rad] of `quat_twist`; in [0, pi] if q.w >= 0."""

@_overload
def quat_twist_angle_signed(axis: vec3f, q: quatf) -> float:
    """Angle [rad] of `quat_twist` about the axis, right-handed; in [-pi, pi] if q.w >= 0."""
@_overload
def quat_twist_angle_signed(axis: vec3d, q: quatd) -> float64:
    """Angle [rad] of `quat_twist` about the axis, right-handed; in [-pi, pi] if q.w >= 0."""
@_overload
def quat_twist_angle_signed(axis: _Vector | Composite, q: _Quaternion | Composite) -> Any:
    """Angle [rad] of `quat_twist` about the axis, right-handed; in [-pi, pi] if q.w >= 0."""

@_overload
def radians(x: float) -> float:
    """Degrees to radians."""
@_overload
def radians(x: float64) -> float64:
    """Degrees to radians."""
@_overload
def radians(x: Any) -> Any:
    """Degrees to radians."""

@_overload
def rand_init(seed: float) -> uint32:
    """A state for a seed; `rand_init(seed, offset)` for one of many items."""
@_overload
def rand_init(seed: float64) -> uint32:
    """A state for a seed; `rand_init(seed, offset)` for one of many items."""
@_overload
def rand_init(seed: Any) -> Any:
    """A state for a seed; `rand_init(seed, offset)` for one of many items."""
@_overload
def rand_init(seed: float, offset: float) -> uint32:
    """A state for a seed; `rand_init(seed, offset)` for one of many items."""
@_overload
def rand_init(seed: float64, offset: float64) -> uint32:
    """A state for a seed; `rand_init(seed, offset)` for one of many items."""
@_overload
def rand_init(seed: Any, offset: Any) -> Any:
    """A state for a seed; `rand_init(seed, offset)` for one of many items."""

@_overload
def rand_key(seed: float, key: float, world: float, step: float, i: float) -> uint32:
    """A state for item i of a world at a step, for one purpose (`key`) of one run (`seed`); all are taken"""
@_overload
def rand_key(seed: float64, key: float64, world: float64, step: float64, i: float64) -> uint32:
    """A state for item i of a world at a step, for one purpose (`key`) of one run (`seed`); all are taken"""
@_overload
def rand_key(seed: Any, key: Any, world: Any, step: Any, i: Any) -> Any:
    """A state for item i of a world at a step, for one purpose (`key`) of one run (`seed`); all are taken"""

@_overload
def randf(state: uint32) -> float:
    """Uniform in [0, 1), a multiple of 2^-24; `randf(state, low, high)` in [low, high)."""
@_overload
def randf(state: uint32, low: float, high: float) -> float:
    """Uniform in [0, 1), a multiple of 2^-24; `randf(state, low, high)` in [low, high)."""

@_overload
def randi(state: uint32) -> int:
    """Uniform in [-2^31, 2^31); `randi(state, low, high)` in [low, high)."""
@_overload
def randi(state: uint32, low: int, high: int) -> int:
    """Uniform in [-2^31, 2^31); `randi(state, low, high)` in [low, high)."""

def randn(state: uint32) -> float:
    """Normal with mean 0 and variance 1 (Box & Muller 1958); takes two draws."""

def randomized(draw: Draw, default: float, count: int, world: int, i: int) -> float:
    """The new value of element i in a world at its draw number `count`: made from the default, always."""

@_overload
def randu(state: uint32) -> uint32:
    """Uniform in [0, 2^32); `randu(state, low, high)` in [low, high)."""
@_overload
def randu(state: uint32, low: uint32, high: uint32) -> uint32:
    """Uniform in [0, 2^32); `randu(state, low, high)` in [low, high)."""

@_overload
def round(x: float) -> float:
    """Nearest integer, halves away from zero."""
@_overload
def round(x: float64) -> float64:
    """Nearest integer, halves away from zero."""
@_overload
def round(x: Any) -> Any:
    """Nearest integer, halves away from zero."""

def sample_cdf(state: uint32, cdf: array[float]) -> int:
    """Index drawn from a cumulative distribution (non-decreasing, last entry 1)."""

def sample_triangle(state: uint32) -> vec2f:
    """Barycentric coordinates (u, v) of a point uniform in a triangle."""

def sample_unit_cube(state: uint32) -> vec3f:
    """Uniform in [-0.5, 0.5)^3."""

def sample_unit_disk(state: uint32) -> vec2f:
    """Uniform inside the unit circle."""

def sample_unit_hemisphere(state: uint32) -> vec3f:
    """Uniform inside the half of the unit ball with z >= 0."""

def sample_unit_hemisphere_surface(state: uint32) -> vec3f:
    """Uniform on the half of the unit sphere with z >= 0."""

def sample_unit_ring(state: uint32) -> vec2f:
    """Uniform on the unit circle."""

def sample_unit_sphere(state: uint32) -> vec3f:
    """Uniform inside the unit ball."""

def sample_unit_sphere_surface(state: uint32) -> vec3f:
    """Uniform on the unit sphere."""

def sample_unit_square(state: uint32) -> vec2f:
    """Uniform in [-0.5, 0.5)^2."""

def scene_closest_point(scene: uint64, world: int, point: vec3f, max_distance: float, exclude_body: int = ..., mask: uint32 = ...) -> SceneClosest:
    """Signed distance to the solids of a world: the least over its own instances and those of all worlds."""

def scene_query_ray(scene: uint64, world: int, origin: vec3f, direction: vec3f, max_t: float, exclude_body: int = ..., mask: uint32 = ...) -> SceneHit:
    """Nearest hit of a ray with what stands in a world: its own instances and those of all worlds."""

@_overload
def sign(v: vec2f) -> vec2f:
    """-1 for x < 0, otherwise 1 (zero and NaN included); per component."""
@_overload
def sign(v: vec3f) -> vec3f:
    """-1 for x < 0, otherwise 1 (zero and NaN included); per component."""
@_overload
def sign(v: vec4f) -> vec4f:
    """-1 for x < 0, otherwise 1 (zero and NaN included); per component."""
@_overload
def sign(v: vec2d) -> vec2d:
    """-1 for x < 0, otherwise 1 (zero and NaN included); per component."""
@_overload
def sign(v: vec3d) -> vec3d:
    """-1 for x < 0, otherwise 1 (zero and NaN included); per component."""
@_overload
def sign(v: vec4d) -> vec4d:
    """-1 for x < 0, otherwise 1 (zero and NaN included); per component."""
@_overload
def sign(v: _Vector | Composite) -> Any:
    """-1 for x < 0, otherwise 1 (zero and NaN included); per component."""
@_overload
def sign(x: float) -> float:
    """-1 for x < 0, otherwise 1 (zero and NaN included); per component."""
@_overload
def sign(x: float64) -> float64:
    """-1 for x < 0, otherwise 1 (zero and NaN included); per component."""
@_overload
def sign(x: Any) -> Any:
    """-1 for x < 0, otherwise 1 (zero and NaN included); per component."""

@_overload
def sin(x: float) -> float:
    """Sine of an angle [rad]; NaN for infinities."""
@_overload
def sin(x: float64) -> float64:
    """Sine of an angle [rad]; NaN for infinities."""
@_overload
def sin(x: float16) -> float16:
    """Sine of an angle [rad]; NaN for infinities."""
@_overload
def sin(x: bfloat16) -> bfloat16:
    """Sine of an angle [rad]; NaN for infinities."""

@_overload
def sinh(x: float) -> float:
    """Hyperbolic sine."""
@_overload
def sinh(x: float64) -> float64:
    """Hyperbolic sine."""
@_overload
def sinh(x: float16) -> float16:
    """Hyperbolic sine."""
@_overload
def sinh(x: bfloat16) -> bfloat16:
    """Hyperbolic sine."""

@_overload
def skew(vec: vec3f) -> mat33f:
    """Matrix S with S b = cross(a, b)."""
@_overload
def skew(vec: vec3d) -> mat33d:
    """Matrix S with S b = cross(a, b)."""
@_overload
def skew(vec: _Vector | Composite) -> Any:
    """Matrix S with S b = cross(a, b)."""

@_overload
def smooth_normalize(a: vec2f, delta: float = ...) -> vec2f:
    """a / norm_pseudo_huber(a, delta): along a, smooth through zero."""
@_overload
def smooth_normalize(a: vec3f, delta: float = ...) -> vec3f:
    """a / norm_pseudo_huber(a, delta): along a, smooth through zero."""
@_overload
def smooth_normalize(a: vec4f, delta: float = ...) -> vec4f:
    """a / norm_pseudo_huber(a, delta): along a, smooth through zero."""
@_overload
def smooth_normalize(a: vec2d, delta: float64 = ...) -> vec2d:
    """a / norm_pseudo_huber(a, delta): along a, smooth through zero."""
@_overload
def smooth_normalize(a: vec3d, delta: float64 = ...) -> vec3d:
    """a / norm_pseudo_huber(a, delta): along a, smooth through zero."""
@_overload
def smooth_normalize(a: vec4d, delta: float64 = ...) -> vec4d:
    """a / norm_pseudo_huber(a, delta): along a, smooth through zero."""
@_overload
def smooth_normalize(a: _Vector | Composite, delta: Any = ...) -> Any:
    """a / norm_pseudo_huber(a, delta): along a, smooth through zero."""

@_overload
def smoothstep(a: float, b: float, x: float) -> float:
    """Cubic Hermite step from 0 at a to 1 at b."""
@_overload
def smoothstep(a: float64, b: float64, x: float64) -> float64:
    """Cubic Hermite step from 0 at a to 1 at b."""
@_overload
def smoothstep(a: Any, b: Any, x: Any) -> Any:
    """Cubic Hermite step from 0 at a to 1 at b."""

@_overload
def solve(m: mat22f, b: vec2f) -> vec2f:
    """x with m x = b, by elimination with row pivoting; infinite or NaN for singular m."""
@_overload
def solve(m: mat33f, b: vec3f) -> vec3f:
    """x with m x = b, by elimination with row pivoting; infinite or NaN for singular m."""
@_overload
def solve(m: mat44f, b: vec4f) -> vec4f:
    """x with m x = b, by elimination with row pivoting; infinite or NaN for singular m."""
@_overload
def solve(m: mat22d, b: vec2d) -> vec2d:
    """x with m x = b, by elimination with row pivoting; infinite or NaN for singular m."""
@_overload
def solve(m: mat33d, b: vec3d) -> vec3d:
    """x with m x = b, by elimination with row pivoting; infinite or NaN for singular m."""
@_overload
def solve(m: mat44d, b: vec4d) -> vec4d:
    """x with m x = b, by elimination with row pivoting; infinite or NaN for singular m."""
@_overload
def solve(m: _Matrix | Composite, b: _Vector | Composite) -> Any:
    """x with m x = b, by elimination with row pivoting; infinite or NaN for singular m."""

@_overload
def spatial_adjoint(r: mat33f, s: mat33f) -> spatial_matrixf:
    """The 6x6 matrix [[r, 0], [s, r]]; with s = skew(p) r it maps twists through the transform (r, p)."""
@_overload
def spatial_adjoint(r: mat33d, s: mat33d) -> spatial_matrixd:
    """The 6x6 matrix [[r, 0], [s, r]]; with s = skew(p) r it maps twists through the transform (r, p)."""
@_overload
def spatial_adjoint(r: _Matrix | Composite, s: _Matrix | Composite) -> Any:
    """The 6x6 matrix [[r, 0], [s, r]]; with s = skew(p) r it maps twists through the transform (r, p)."""

@_overload
def spatial_bottom(svec: spatial_vectorf) -> vec3f:
    """Linear velocity or force."""
@_overload
def spatial_bottom(svec: spatial_vectord) -> vec3d:
    """Linear velocity or force."""
@_overload
def spatial_bottom(svec: _Vector | Composite) -> Any:
    """Linear velocity or force."""

@_overload
def spatial_cross(a: spatial_vectorf, b: spatial_vectorf) -> spatial_vectorf:
    """Cross product of two twists."""
@_overload
def spatial_cross(a: spatial_vectord, b: spatial_vectord) -> spatial_vectord:
    """Cross product of two twists."""
@_overload
def spatial_cross(a: _Vector | Composite, b: _Vector | Composite) -> Any:
    """Cross product of two twists."""

@_overload
def spatial_cross_dual(a: spatial_vectorf, b: spatial_vectorf) -> spatial_vectorf:
    """Cross product of a twist with a wrench."""
@_overload
def spatial_cross_dual(a: spatial_vectord, b: spatial_vectord) -> spatial_vectord:
    """Cross product of a twist with a wrench."""
@_overload
def spatial_cross_dual(a: _Vector | Composite, b: _Vector | Composite) -> Any:
    """Cross product of a twist with a wrench."""

@_overload
def spatial_dot(a: spatial_vectorf, b: spatial_vectorf) -> float:
    """Scalar product; of a wrench and a twist it is power [W]."""
@_overload
def spatial_dot(a: spatial_vectord, b: spatial_vectord) -> float64:
    """Scalar product; of a wrench and a twist it is power [W]."""
@_overload
def spatial_dot(a: _Vector | Composite, b: _Vector | Composite) -> Any:
    """Scalar product; of a wrench and a twist it is power [W]."""

@_overload
def spatial_top(svec: spatial_vectorf) -> vec3f:
    """Angular velocity or torque."""
@_overload
def spatial_top(svec: spatial_vectord) -> vec3d:
    """Angular velocity or torque."""
@_overload
def spatial_top(svec: _Vector | Composite) -> Any:
    """Angular velocity or torque."""

@_overload
def step(x: float) -> float:
    """1 for x < 0, otherwise 0."""
@_overload
def step(x: float64) -> float64:
    """1 for x < 0, otherwise 0."""
@_overload
def step(x: Any) -> Any:
    """1 for x < 0, otherwise 0."""

@_overload
def svd2(A: mat22f) -> tuple[mat22f, vec2f, mat22f]:
    """(U, sigma, V) with A = U diag(sigma) V^T; U and V are orthogonal, sigma[0] >= sigma[1] >= 0."""
@_overload
def svd2(A: mat22d) -> tuple[mat22d, vec2d, mat22d]:
    """(U, sigma, V) with A = U diag(sigma) V^T; U and V are orthogonal, sigma[0] >= sigma[1] >= 0."""
@_overload
def svd2(A: _Matrix | Composite) -> Any:
    """(U, sigma, V) with A = U diag(sigma) V^T; U and V are orthogonal, sigma[0] >= sigma[1] >= 0."""
@_overload
def svd2(A: _Matrix | Composite, U: _Matrix | Composite, sigma: _Vector | Composite, V: _Matrix | Composite) -> Any:
    """(U, sigma, V) with A = U diag(sigma) V^T; U and V are orthogonal, sigma[0] >= sigma[1] >= 0."""

@_overload
def svd3(A: mat33f) -> tuple[mat33f, vec3f, mat33f]:
    """(U, sigma, V) with A = U diag(sigma) V^T; U and V are rotations, |sigma| falls, sigma[2] has the sign"""
@_overload
def svd3(A: mat33d) -> tuple[mat33d, vec3d, mat33d]:
    """(U, sigma, V) with A = U diag(sigma) V^T; U and V are rotations, |sigma| falls, sigma[2] has the sign"""
@_overload
def svd3(A: _Matrix | Composite) -> Any:
    """(U, sigma, V) with A = U diag(sigma) V^T; U and V are rotations, |sigma| falls, sigma[2] has the sign"""
@_overload
def svd3(A: _Matrix | Composite, U: _Matrix | Composite, sigma: _Vector | Composite, V: _Matrix | Composite) -> Any:
    """(U, sigma, V) with A = U diag(sigma) V^T; U and V are rotations, |sigma| falls, sigma[2] has the sign"""

@_overload
def tan(x: float) -> float:
    """Tangent of an angle [rad]; NaN for infinities."""
@_overload
def tan(x: float64) -> float64:
    """Tangent of an angle [rad]; NaN for infinities."""
@_overload
def tan(x: float16) -> float16:
    """Tangent of an angle [rad]; NaN for infinities."""
@_overload
def tan(x: bfloat16) -> bfloat16:
    """Tangent of an angle [rad]; NaN for infinities."""

@_overload
def tanh(x: float) -> float:
    """Hyperbolic tangent."""
@_overload
def tanh(x: float64) -> float64:
    """Hyperbolic tangent."""
@_overload
def tanh(x: float16) -> float16:
    """Hyperbolic tangent."""
@_overload
def tanh(x: bfloat16) -> bfloat16:
    """Hyperbolic tangent."""

@_overload
def trace(a: mat22f) -> float:
    """Sum of the diagonal."""
@_overload
def trace(a: mat33f) -> float:
    """Sum of the diagonal."""
@_overload
def trace(a: mat44f) -> float:
    """Sum of the diagonal."""
@_overload
def trace(a: mat22d) -> float64:
    """Sum of the diagonal."""
@_overload
def trace(a: mat33d) -> float64:
    """Sum of the diagonal."""
@_overload
def trace(a: mat44d) -> float64:
    """Sum of the diagonal."""
@_overload
def trace(a: _Matrix | Composite) -> Any:
    """Sum of the diagonal."""

@_overload
def transform_compose(position: vec3f, rotation: quatf, scale: vec3f) -> mat44f:
    """The 4x4 matrix that scales along the axes, then turns, then moves."""
@_overload
def transform_compose(position: vec3d, rotation: quatd, scale: vec3d) -> mat44d:
    """The 4x4 matrix that scales along the axes, then turns, then moves."""
@_overload
def transform_compose(position: _Vector | Composite, rotation: _Quaternion | Composite, scale: _Vector | Composite) -> Any:
    """The 4x4 matrix that scales along the axes, then turns, then moves."""

@_overload
def transform_decompose(m: mat44f) -> tuple[vec3f, quatf, vec3f]:
    """(position, rotation, scale) of a matrix as `transform_compose` makes it; a mirrored one has a negative"""
@_overload
def transform_decompose(m: mat44d) -> tuple[vec3d, quatd, vec3d]:
    """(position, rotation, scale) of a matrix as `transform_compose` makes it; a mirrored one has a negative"""
@_overload
def transform_decompose(m: _Matrix | Composite) -> Any:
    """(position, rotation, scale) of a matrix as `transform_compose` makes it; a mirrored one has a negative"""

@_overload
def transform_from_matrix(m: mat44f) -> transformf:
    """The transform of a 4x4 matrix whose upper left block is a rotation."""
@_overload
def transform_from_matrix(m: mat44d) -> transformd:
    """The transform of a 4x4 matrix whose upper left block is a rotation."""
@_overload
def transform_from_matrix(m: _Matrix | Composite) -> Any:
    """The transform of a 4x4 matrix whose upper left block is a rotation."""

@_overload
def transform_get_rotation(xform: transformf) -> quatf:
    """Orientation q."""
@_overload
def transform_get_rotation(xform: transformd) -> quatd:
    """Orientation q."""
@_overload
def transform_get_rotation(xform: _Transform | Composite) -> Any:
    """Orientation q."""

@_overload
def transform_get_translation(xform: transformf) -> vec3f:
    """Position p."""
@_overload
def transform_get_translation(xform: transformd) -> vec3d:
    """Position p."""
@_overload
def transform_get_translation(xform: _Transform | Composite) -> Any:
    """Position p."""

def transform_identity(dtype: Any = ...) -> Any:
    """The transform that leaves everything where it is."""

@_overload
def transform_inverse(xform: transformf) -> transformf:
    """The transform back."""
@_overload
def transform_inverse(xform: transformd) -> transformd:
    """The transform back."""
@_overload
def transform_inverse(xform: _Transform | Composite) -> Any:
    """The transform back."""

@_overload
def transform_multiply(a: transformf, b: transformf) -> transformf:
    """The transform b, then a."""
@_overload
def transform_multiply(a: transformd, b: transformd) -> transformd:
    """The transform b, then a."""
@_overload
def transform_multiply(a: _Transform | Composite, b: _Transform | Composite) -> Any:
    """The transform b, then a."""

@_overload
def transform_point(xform: transformf, point: vec3f) -> vec3f:
    """A position: turned, then moved."""
@_overload
def transform_point(xform: transformd, point: vec3d) -> vec3d:
    """A position: turned, then moved."""
@_overload
def transform_point(xform: _Transform | Composite, point: _Vector | Composite) -> Any:
    """A position: turned, then moved."""
@_overload
def transform_point(mat: mat44f, point: vec3f) -> vec3f:
    """A position: turned, then moved."""
@_overload
def transform_point(mat: mat44d, point: vec3d) -> vec3d:
    """A position: turned, then moved."""
@_overload
def transform_point(mat: _Matrix | Composite, point: _Vector | Composite) -> Any:
    """A position: turned, then moved."""

def transform_set_rotation(xform: _Transform | Composite, q: _Quaternion | Composite) -> Any:
    """Replaces the orientation of a variable."""

@_overload
def transform_set_rotation_copy(xform: transformf, q: quatf) -> transformf:
    """xform with another orientation."""
@_overload
def transform_set_rotation_copy(xform: transformd, q: quatd) -> transformd:
    """xform with another orientation."""
@_overload
def transform_set_rotation_copy(xform: _Transform | Composite, q: _Quaternion | Composite) -> Any:
    """xform with another orientation."""

def transform_set_translation(xform: _Transform | Composite, p: _Vector | Composite) -> Any:
    """Replaces the position of a variable."""

@_overload
def transform_set_translation_copy(xform: transformf, p: vec3f) -> transformf:
    """xform with another position."""
@_overload
def transform_set_translation_copy(xform: transformd, p: vec3d) -> transformd:
    """xform with another position."""
@_overload
def transform_set_translation_copy(xform: _Transform | Composite, p: _Vector | Composite) -> Any:
    """xform with another position."""

@_overload
def transform_to_matrix(t: transformf) -> mat44f:
    """The 4x4 matrix of t."""
@_overload
def transform_to_matrix(t: transformd) -> mat44d:
    """The 4x4 matrix of t."""
@_overload
def transform_to_matrix(t: _Transform | Composite) -> Any:
    """The 4x4 matrix of t."""

@_overload
def transform_twist(t: transformf, x: spatial_vectorf) -> spatial_vectorf:
    """A twist seen from the frame that t leads to: (R w, R v + p x R w)."""
@_overload
def transform_twist(t: transformd, x: spatial_vectord) -> spatial_vectord:
    """A twist seen from the frame that t leads to: (R w, R v + p x R w)."""
@_overload
def transform_twist(t: _Transform | Composite, x: _Vector | Composite) -> Any:
    """A twist seen from the frame that t leads to: (R w, R v + p x R w)."""

@_overload
def transform_vector(xform: transformf, vec: vec3f) -> vec3f:
    """A direction: turned, not moved."""
@_overload
def transform_vector(xform: transformd, vec: vec3d) -> vec3d:
    """A direction: turned, not moved."""
@_overload
def transform_vector(xform: _Transform | Composite, vec: _Vector | Composite) -> Any:
    """A direction: turned, not moved."""
@_overload
def transform_vector(mat: mat44f, vec: vec3f) -> vec3f:
    """A direction: turned, not moved."""
@_overload
def transform_vector(mat: mat44d, vec: vec3d) -> vec3d:
    """A direction: turned, not moved."""
@_overload
def transform_vector(mat: _Matrix | Composite, vec: _Vector | Composite) -> Any:
    """A direction: turned, not moved."""

@_overload
def transform_wrench(t: transformf, x: spatial_vectorf) -> spatial_vectorf:
    """A wrench seen from the frame that t leads to: (R torque + p x R force, R force)."""
@_overload
def transform_wrench(t: transformd, x: spatial_vectord) -> spatial_vectord:
    """A wrench seen from the frame that t leads to: (R torque + p x R force, R force)."""
@_overload
def transform_wrench(t: _Transform | Composite, x: _Vector | Composite) -> Any:
    """A wrench seen from the frame that t leads to: (R torque + p x R force, R force)."""

@_overload
def transpose(a: mat22f) -> mat22f:
    """Rows become columns."""
@_overload
def transpose(a: mat33f) -> mat33f:
    """Rows become columns."""
@_overload
def transpose(a: mat44f) -> mat44f:
    """Rows become columns."""
@_overload
def transpose(a: mat22d) -> mat22d:
    """Rows become columns."""
@_overload
def transpose(a: mat33d) -> mat33d:
    """Rows become columns."""
@_overload
def transpose(a: mat44d) -> mat44d:
    """Rows become columns."""
@_overload
def transpose(a: _Matrix | Composite) -> Any:
    """Rows become columns."""

@_overload
def velocity_at_point(twist: spatial_vectorf, r: vec3f) -> vec3f:
    """Linear velocity [m/s] at offset r [m] from the twist's origin: v + w x r."""
@_overload
def velocity_at_point(twist: spatial_vectord, r: vec3d) -> vec3d:
    """Linear velocity [m/s] at offset r [m] from the twist's origin: v + w x r."""
@_overload
def velocity_at_point(twist: _Vector | Composite, r: _Vector | Composite) -> Any:
    """Linear velocity [m/s] at offset r [m] from the twist's origin: v + w x r."""

class BvhQuery:
    bvh: uint64
    is_ray: bool
    first: vec3f
    second: vec3f
    max_t: float
    node: int
    side: int
    position: int
    stop: int
    def __init__(self, *, bvh: uint64 = ..., is_ray: bool = ..., first: vec3f = ..., second: vec3f = ..., max_t: float = ..., node: int = ..., side: int = ..., position: int = ..., stop: int = ...) -> None: ...

class Draw:
    seed: int
    purpose: uint32
    operation: int
    distribution: int
    first: float
    second: float
    first_world: int
    def __init__(self, *, seed: int = ..., purpose: uint32 = ..., operation: int = ..., distribution: int = ..., first: float = ..., second: float = ..., first_world: int = ...) -> None: ...

class MeshQueryPoint:
    result: bool
    sign: float
    face: int
    u: float
    v: float
    point: vec3f
    distance: float
    feature: int
    def __init__(self, *, result: bool = ..., sign: float = ..., face: int = ..., u: float = ..., v: float = ..., point: vec3f = ..., distance: float = ..., feature: int = ...) -> None: ...

class MeshQueryRay:
    result: bool
    sign: float
    face: int
    t: float
    u: float
    v: float
    normal: vec3f
    def __init__(self, *, result: bool = ..., sign: float = ..., face: int = ..., t: float = ..., u: float = ..., v: float = ..., normal: vec3f = ...) -> None: ...

class SceneClosest:
    hit: bool
    distance: float
    point: vec3f
    normal: vec3f
    instance: int
    body: int
    shape: int
    def __init__(self, *, hit: bool = ..., distance: float = ..., point: vec3f = ..., normal: vec3f = ..., instance: int = ..., body: int = ..., shape: int = ...) -> None: ...

class SceneHit:
    hit: bool
    t: float
    instance: int
    body: int
    shape: int
    face: int
    normal: vec3f
    def __init__(self, *, hit: bool = ..., t: float = ..., instance: int = ..., body: int = ..., shape: int = ..., face: int = ..., normal: vec3f = ...) -> None: ...
