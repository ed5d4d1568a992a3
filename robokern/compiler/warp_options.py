"""Options of Warp that have no meaning here: accepted, so that ported scripts run.

Those that a program's results or speed hang on in Warp give one warning; the others are about Warp's own
output, tools and checks, and are taken in silence.
"""

from __future__ import annotations

import warnings
from typing import Any

# name: Warp's default, why there is nothing to set here
SILENT: dict[str, Any] = {
    "quiet": False, "verbose": False, "verbose_warnings": False, "log_level": 20, "lineinfo": False,
    "line_directives": True, "compile_time_trace": False, "use_precompiled_headers": True,
    "legacy_cpu_linker": False, "load_module_max_workers": 0, "track_memory": False, "strip_hash": False,
    "verify_autograd_array_access": False, "legacy_scalar_return_types": False,
    "enable_vector_component_overwrites": False, "enable_graph_capture_module_load_by_default": True,
    "enable_mempools_at_init": True, "deterministic_debug": False, "default_grid_stride": True,
}  # fmt: skip
_BOTH = "code comes from LLVM with the one pipeline that keeps the bits equal on every device"
_TILES = "tiles are not supported"
WARNED: dict[str, tuple[Any, str]] = {
    "optimization_level": (None, _BOTH),
    "cpu_compiler_flags": (None, _BOTH),
    "extra_build_options": (None, _BOTH),
    "llvm_cuda": (False, "PTX always comes from LLVM"),
    "cuda_output": (None, "GPUs are always given PTX"),
    "ptx_target_arch": (None, "PTX is made for the GPU that runs it"),
    "cuda_arch_suffix": (None, "PTX is made for the GPU that runs it"),
    "fuse_fp": (True, "write @rk.kernel(contract=False) for a * b + c with two roundings"),
    "deterministic": (None, "launches give the same bits, except sums of floats by atomics"),
    "deterministic_max_records": (0, "launches give the same bits, except sums of floats by atomics"),
    "launch_array_access_mode": (None, "arrays on another device than the launch's are always refused"),
    "block_dim": (256, _TILES),
    "enable_cpu_blocks": (False, _TILES),
    "enable_tiles_in_stack_memory": (True, _TILES),
    "enable_mathdx_gemm": (None, _TILES),
    "enable_mathdx_solver": (None, _TILES),
    "enable_mathdx_fft": (None, _TILES),
}
DEFAULTS = {**SILENT, **{name: default for name, (default, _) in WARNED.items()}}
_said: set[str] = set()


def accept(name: str, value: Any, depth: int) -> None:
    """Warns, once, where an option of Warp that has no meaning here would change something there.

    Args:
        name: one of `DEFAULTS`.
        value: what it is set to.
        depth: frames from here to the user's line.
    """
    if name in WARNED and value != WARNED[name][0] and name not in _said:
        _said.add(name)
        warnings.warn(f"option {name!r} of Warp does nothing: {WARNED[name][1]}", stacklevel=depth + 1)
