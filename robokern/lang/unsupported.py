"""Names of the surface that are not there yet: which feature each belongs to, and what to use instead.

One table, asked when a name is not found: so that a ported program fails with a sentence, at import or in the
kernel's line, and not with a bare "no attribute".
"""

from __future__ import annotations

import re

from robokern.errors import UnsupportedError

# pattern of names: feature, the way out
FEATURES: dict[str, tuple[str, str]] = {
    r"tile|untile|tile_\w+|launch_tiled|\w+_tiled|block_dim": (
        "tiles",
        "write the loop over the elements in the kernel",
    ),
    r"texture_\w+|Texture[123]D": ("textures", "sample an array: four loads and rk.lerp"),
    r"volume_\w+|Volume": ("sparse volumes", "use an array3d, or rk.Scene for distances"),
    r"hash_grid_\w+|HashGrid": ("hash grids", "rk.Bvh over boxes of the search radius finds neighbours"),
    r"(indexed)?fabricarray\w*": ("fabric arrays", "copy them into an array"),
    r"func_native|load_aot_module": ("external native code", "write it as an @rk.func"),
    r"func_grad|func_replay": ("custom gradients of funcs", "the derivative is exact without one"),
    r"capture_(save|load\w*|pause|resume|debug_dot_print)": (
        "this of graphs",
        "capture again in each process with rk.ScopedCapture",
    ),
    r"ScopedMempool\w*|ScopedPeerAccess|(is|set|get)_(mempool|peer_access)\w*": (
        "a choice of how memory is had",
        "memory is pooled and copies between GPUs are direct; remove the call",
    ),
    r"DeterministicMode": (
        "a switch for determinism",
        "every launch gives the same bits, except sums of floats by atomics",
    ),
    r"bvh_query_(capsule|sphere)|bvh_get_group_root": (
        "this query of a Bvh",
        "use rk.bvh_query_aabb and test the distance",
    ),
    r"mesh_query_(aabb\w*|next|sphere|furthest_point_no_sign|ray_anyhit|ray_count_intersections)": (
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
    r"(to|from|device_to|device_from|dtype_to|dtype_from)_(torch|jax|paddle)|dtype_to_numpy": (
        "this exchange of arrays",
        "use rk.from_dlpack(x) and torch.from_dlpack(array), or .numpy()",
    ),
    r"dense_\w+_batched": (
        "many matrices in one array",
        "call rk.dense_chol(n, A[i], ...) with one item for each",
    ),
    r"breakpoint|get_suggested_block_size": ("nothing to do on the CPU", "remove the call"),
    r"utils|fem|optim|render|sparse": ("this module", "it is no part of the kernel language"),
}


def refuse(name: str) -> None:
    """Raises the error for a name of a feature that is not there yet; returns for any other.

    Raises:
        UnsupportedError: names the feature and the way out.
    """
    for pattern, (feature, remedy) in FEATURES.items():
        if re.fullmatch(pattern, name):
            raise UnsupportedError(f"rk.{name} is not supported ({feature}): {remedy}")
