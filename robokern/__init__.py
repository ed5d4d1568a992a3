"""robokern: typed Python kernels, geometry and plugins for robot simulators.

    import robokern as rk

The kernel language and arrays are here at once; geometry and plugin layer are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from robokern import errors, lang
from robokern.compiler.builtins import BUILTINS as _BUILTINS
from robokern.compiler.builtins import Builtin as _Builtin
from robokern.compiler.builtins import (
    address,
    array_at,
    atomic_add,
    atomic_and,
    atomic_cas,
    atomic_exch,
    atomic_max,
    atomic_min,
    atomic_or,
    atomic_sub,
    atomic_xor,
    bitcast,
    cast,
    ceil,
    floor,
    fma,
    from_handle,
    local,
    rint,
    select,
    sqrt,
    static,
    tid,
    trunc,
    where,
)
from robokern.compiler.function import (
    Function,
    Kernel,
    func,
    func_grad,
    func_replay,
    grad,
    kernel,
    overload,
    struct,
)
from robokern.compiler.module import Module, get_module
from robokern.compiler.options import config, get_module_options, set_module_options
from robokern.compiler.source import from_source
from robokern.errors import (
    AdjointError,
    ConfigError,
    DeviceError,
    GeometryError,
    HostError,
    KernelAssertionError,
    KernelError,
    KernelFloatError,
    KernelIndexError,
    KernelWarning,
    LaunchError,
    PluginError,
    RobokernError,
    UnsupportedError,
)
from robokern.ir.composite import Composite as _Composite
from robokern.ir.types import (
    NAMED as _NAMED,
)
from robokern.ir.types import (
    AnyScalar as Scalar,
)
from robokern.ir.types import (
    Float,
    Int,
    bfloat16,
    fixedarray,
    float16,
    float32,
    float64,
    inout,
    int8,
    int16,
    int32,
    int64,
    matrix,
    quaternion,
    ref,
    transformation,
    uint8,
    uint16,
    uint32,
    uint64,
    vector,
)
from robokern.ir.types import (
    bool_ as _bool,
)
from robokern.ir.types import (
    uint64 as handle,
)
from robokern.lang import constants as _constants
from robokern.lang import types, unsupported
from robokern.runtime.array import Array, array1d, array2d, array3d, array4d
from robokern.runtime.creation import (
    clone,
    copy,
    empty,
    empty_like,
    from_dlpack,
    from_numpy,
    from_ptr,
    full,
    full_like,
    ones,
    ones_like,
    zeros,
    zeros_like,
)
from robokern.runtime.device import (
    Device,
    DeviceLike,
    ScopedDevice,
    get_cuda_device,
    get_cuda_device_count,
    get_cuda_devices,
    get_device,
    get_devices,
    get_preferred_device,
    is_cpu_available,
    is_cuda_available,
    is_device_available,
    set_device,
    synchronize,
    synchronize_device,
)
from robokern.runtime.indexed_array import (
    IndexedArray,
    indexedarray1d,
    indexedarray2d,
    indexedarray3d,
    indexedarray4d,
)
from robokern.runtime.launch import Launch, launch
from robokern.runtime.load import force_load, init, load_module
from robokern.runtime.load import load_kernels as _load_kernels
from robokern.runtime.map import map
from robokern.runtime.stream import (
    Event,
    ScopedStream,
    Stream,
    get_event_elapsed_time,
    get_stream,
    record_event,
    set_stream,
    synchronize_event,
    synchronize_stream,
    wait_event,
    wait_stream,
)
from robokern.runtime.timer import ScopedTimer

__version__ = "0.1.0"

array = Array
indexedarray = IndexedArray
globals().update(_NAMED)  # vec3, mat33, quat, transform, ... each with its suffixes
globals().update({name: getattr(lang, name) for name in lang.__all__})
globals().update({name: getattr(_constants, name) for name in _constants.NAMES})
# the rest of the builtins, names that Python has too among them: `rk.abs` and `abs` mean the same in a kernel
globals().update({n: b for n, b in _BUILTINS.items() if n not in globals() and not n.startswith("$")})

# Warp's names for it
WarpCodegenError = WarpCodegenTypeError = WarpCodegenValueError = WarpCodegenAttributeError = KernelError
WarpCodegenKeyError = WarpCodegenIndexError = KernelError

_LATER = {
    **dict.fromkeys(
        (
            "device_from_jax",
            "device_from_torch",
            "device_to_jax",
            "device_to_torch",
            "dtype_from_jax",
            "dtype_from_numpy",
            "dtype_from_torch",
            "dtype_to_jax",
            "dtype_to_numpy",
            "dtype_to_torch",
            "from_jax",
            "from_torch",
            "to_dlpack",
            "to_jax",
            "to_torch",
        ),
        "robokern.runtime.exchange",
    ),
    "clear_kernel_cache": "robokern.runtime.cache",
    **{name: f"robokern.{name}" for name in ("autograd", "optim", "utils")},
    **dict.fromkeys(
        (
            "is_cubql_available",
            "is_mempool_access_enabled",
            "is_mempool_access_supported",
            "is_mempool_enabled",
            "is_mempool_supported",
            "is_peer_access_enabled",
            "is_peer_access_supported",
        ),
        "robokern.runtime.warp_questions",
    ),
    "Tape": "robokern.runtime.tape",
    **dict.fromkeys(("gradcheck", "jacobian", "jacobian_fd"), "robokern.runtime.gradcheck"),
    **dict.fromkeys(("Forward", "hvp", "jvp"), "robokern.runtime.forward"),
    **dict.fromkeys(("Adam", "SGD"), "robokern.runtime.optimizer"),
    "torch_function": "robokern.runtime.torch_bridge",
    "jax_function": "robokern.runtime.jax_bridge",
    "set_cpu_threads": "robokern.runtime.driver_cpu",
    **dict.fromkeys(("compile_aot_module", "load_aot_module"), "robokern.runtime.ahead_of_time"),
    **dict.fromkeys(
        (
            "Graph",
            "ScopedCapture",
            "capture_begin",
            "capture_end",
            "capture_if",
            "capture_launch",
            "capture_while",
        ),
        "robokern.runtime.graph",
    ),
    "Bvh": "robokern.geometry.bvh",
    "Mesh": "robokern.geometry.mesh",
    **dict.fromkeys(("Scene", "Instance"), "robokern.geometry.scene"),
    **dict.fromkeys(
        ("Plane", "Sphere", "Box", "Capsule", "Cylinder", "HeightField"), "robokern.geometry.shape"
    ),
    "World": "robokern.world.world",
    "Frame": "robokern.world.frame",
    **dict.fromkeys(
        ("BvhQuery", "bvh_query_aabb", "bvh_query_next", "bvh_query_ray"),
        "robokern.geometry.bvh_query",
    ),
    **dict.fromkeys(
        (
            "MeshQueryPoint",
            "MeshQueryRay",
            "mesh_eval_face_normal",
            "mesh_eval_position",
            "mesh_eval_ray",
            "mesh_get_index",
            "mesh_get_point",
            "mesh_query_point_no_sign",
            "mesh_query_point_sign_normal",
            "mesh_query_ray",
        ),
        "robokern.geometry.mesh_query",
    ),
    **dict.fromkeys(
        ("SceneClosest", "SceneHit", "scene_closest_point", "scene_query_ray"),
        "robokern.geometry.scene_query",
    ),
    **dict.fromkeys(("Plugin", "Sensor", "Contact", "Randomizer"), "robokern.plugin.plugin"),
    **dict.fromkeys(("Draw", "randomized"), "robokern.plugin.kernels"),
    **dict.fromkeys(("PluginConfig", "RandomizerConfig", "field"), "robokern.plugin.settings"),
}


def _on_host(function: Any, args: Any, kwargs: Any) -> Any:
    return import_module("robokern.compiler.host").call(function, args, kwargs)


def _operate(name: str, a: Any, b: Any) -> Any:
    return import_module("robokern.compiler.host").operate(name, a, b)


def _builtin_on_host(builtin: Any, args: Any) -> Any:
    return import_module("robokern.compiler.host").call_builtin(builtin, args)


Module.on_load = staticmethod(_load_kernels)
Function.on_host = staticmethod(_on_host)
_Builtin.on_host = staticmethod(_builtin_on_host)
_Composite.operate = staticmethod(_operate)


_PYTHON = {"bool": _bool, "float": float32, "int": int32}


def __getattr__(name: str) -> Any:
    if name in _PYTHON:  # not among the names, which would hide Python's own from `import *` and in the stub
        return _PYTHON[name]
    if name not in _LATER:
        unsupported.refuse(name)
        raise AttributeError(f"module 'robokern' has no attribute {name!r}")
    module = import_module(_LATER[name])
    globals()[name] = module if _LATER[name] == f"robokern.{name}" else getattr(module, name)
    return globals()[name]


__all__ = [
    *sorted(
        n for n in globals() if not n.startswith("_") and n not in ("Any", "annotations", "import_module")
    ),
    *_LATER,
]
