"""Names of the surface that are not there yet: which feature each belongs to, and what to use instead.

One table, asked when a name is not found: so that a ported program fails with a sentence, at import or in the
kernel's line, and not with a bare "no attribute".
"""

from __future__ import annotations

import re

from robokern.errors import UnsupportedError

# pattern of names: feature, the way out
FEATURES: dict[str, tuple[str, str]] = {
    r"tile|untile|tile_\w+|launch_tiled|\w+_tiled|\w+Tiled|block_dim|get_cuda_max_cluster_dim": (
        "tiles",
        "write the loop over the elements in the kernel",
    ),
    r"texture_\w+|Texture\w*|GLTexture\w*": ("textures", "sample an array: four loads and rk.lerp"),
    r"volume_\w+|Volume": ("sparse volumes", "use an array3d, or rk.Scene for distances"),
    r"hash_grid_\w+|HashGrid\w*": ("hash grids", "rk.Bvh over boxes of the search radius finds neighbours"),
    r"(indexed)?fabricarray\w*": ("fabric arrays", "copy them into an array"),
    r"func_native": ("external native code", "write it as an @rk.func"),
    r"load|index|indexref": ("what Warp's compiler writes for an element", "write a[i]"),
    r"store|assign|assign_copy|assign_inplace": (
        "what Warp's compiler writes for =",
        "write a[i] = x or x = y",
    ),
    r"(add|sub|bit_and|bit_or|bit_xor)_inplace": ("what Warp's compiler writes for +=", "write x += y"),
    r"transform_(add|sub)_inplace": ("what Warp's compiler writes for t[i] += x", "write t.p += v"),
    r"view|slice": ("what Warp's compiler writes for a part of an array", "write a[i] or a[i:j]"),
    r"iter_next": ("what Warp's compiler writes for a loop", "write for x in range(n)"),
    r"address_of": (
        "addresses of elements",
        "pass the array and an index; rk.address(a) is where an array starts",
    ),
    r"transform_expand": ("a helper of Warp's own", "write rk.transform(p, q)"),
    r"ModuleBuildOptions|get_cpu_kernel_cache_key|build_experimental": (
        "modules as units of compilation",
        "each kernel is one; rk.set_module_options and rk.load_module take a Python module",
    ),
    r"\w*[Ll]ogger|ScopedLogLevel": ("a log", "nothing is logged; rk.config.print_launches tells launches"),
    r"TIMING_\w+|Timing\w+|timing_\w+|ScopedCudaProfiler|cuda_profiler_\w+": (
        "timing inside the driver",
        "use rk.ScopedTimer",
    ),
    r"\w*Allocator|(get|set)_(device|cuda)_allocator|ScopedMemoryTracker|print_memory_report": (
        "a choice of how memory is had",
        "memory is pooled; device.free_memory tells what is left",
    ),
    r"MemoryKind|can_access": (
        "kinds of memory",
        "array.device tells where an array lies; .to(device) copies",
    ),
    r"get_cuda_(driver_version|toolkit_version|supported_archs|kernel_properties)": (
        "facts about CUDA's own tools",
        "none of them is used: PTX comes from LLVM",
    ),
    r"print_diagnostics|clear_lto_cache": ("facts about Warp's own tools", "rk.get_devices() lists devices"),
    r"\w*_ipc_handle|(un)?map_cuda_device|RegisteredGLBuffer|stream_(to|from)_\w+": (
        "sharing memory between processes and with graphics",
        "use rk.from_dlpack inside one process",
    ),
    r"CaptureMode|is_conditional_graph_supported": (
        "a choice of how graphs are made",
        "use rk.ScopedCapture, rk.capture_if, rk.capture_while",
    ),
    r"jax_kernel|jax_callable|Jax\w+Mode|clear_jax_callable_graph_cache": (
        "this way into JAX",
        "use rk.jax_function",
    ),
    r"capture_(save|load\w*|pause|resume|debug_dot_print)": (
        "this of graphs",
        "capture again in each process with rk.ScopedCapture",
    ),
    r"ScopedMempool\w*|ScopedPeerAccess|(set|get)_(mempool|peer_access)\w*": (
        "a choice of memory pools",
        "memory is pooled and copies between GPUs are direct; remove the call",
    ),
    r"DeterministicMode|WarpDeterminismError": (
        "a switch for determinism",
        "every launch gives the same bits, except sums of floats by atomics",
    ),
    r"bvh_query_(capsule|sphere)|bvh_get_group_root": (
        "this query of a Bvh",
        "use rk.bvh_query_aabb and test the distance",
    ),
    r"MeshQuery(AABB)?|mesh_query_(aabb\w*|next|sphere|furthest_point_no_sign|ray_(anyhit|count\w+))": (
        "this query of a Mesh",
        "use rk.mesh_query_ray, rk.mesh_query_point_* or rk.Bvh over its triangles",
    ),
    r"mesh_query_point|mesh_query_point_sign_(parity|winding_number)": (
        "this sign of a Mesh query",
        "use rk.mesh_query_point_sign_normal",
    ),
    r"mesh_get(_bvh|_velocity|_group_root)?|mesh_eval_velocity": (
        "this access to a Mesh",
        "pass its points and indices as arrays",
    ),
    r"(to|from|device_to|device_from|dtype_to|dtype_from)_paddle": (
        "this exchange of arrays",
        "use rk.from_dlpack(x) and paddle.from_dlpack(array), or .numpy()",
    ),
    r"dense_\w+_batched": (
        "many matrices in one array",
        "call rk.dense_chol(n, A[i], ...) with one item for each",
    ),
    r"breakpoint|get_suggested_block_size": ("nothing to do on the CPU", "remove the call"),
    r"fem|render|sparse": ("this module", "it is no part of the kernel language"),
}


def refuse(name: str) -> None:
    """Raises the error for a name of a feature that is not there yet; returns for any other.

    Raises:
        UnsupportedError: names the feature and the way out.
    """
    for pattern, (feature, remedy) in FEATURES.items():
        if re.fullmatch(pattern, name):
            raise UnsupportedError(f"rk.{name} is not supported ({feature}): {remedy}")
