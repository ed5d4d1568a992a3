"""Which modules of Warp's test-suite concern what robokern offers, and why tests of them fail."""

from __future__ import annotations

import re

_NAMES = """
test_arithmetic test_array test_array_reduce test_assert test_atomic test_atomic_bitwise test_atomic_cas
test_bf16 test_bit_count test_bool test_builtins_resolution test_closest_point_edge_edge test_codegen
test_codegen_continue test_codegen_instancing test_compile_consts test_composite_component_adjoint
test_conditional test_constant_precision test_copy test_ctypes test_dense test_devices test_enum
test_factory_style_array_annotations test_fast_math test_fixedarray test_fp16 test_func test_func_inline
test_func_parameter_targets test_future_annotations test_generics test_grad test_grad_customs
test_grad_debug test_graph test_implicit_init test_indexedarray test_intersect test_iter test_kernel_cache
test_large test_launch test_lerp test_lvalue test_map test_math test_module_hashing test_noise
test_operators test_options test_overwrite test_print test_quat test_quat_assign_copy test_rand test_ref
test_reload test_rounding test_runlength_encode test_scalar_ops test_smoothstep test_snippet test_spatial
test_spatial_assign_copy test_special_values test_static test_struct test_subscript_types test_tape
test_transient_module test_triangle_closest_point test_tuple test_types test_unique_module test_unpack
test_utils test_vec test_vec_assign_copy test_vec_constructors test_vec_lite test_vec_scalar_ops
test_verify_fp matrix.test_mat matrix.test_mat_assign_copy matrix.test_mat_basics
matrix.test_mat_constructors matrix.test_mat_elementwise_ops matrix.test_mat_linalg matrix.test_mat_lite
geometry.test_bvh geometry.test_mesh geometry.test_mesh_query_aabb geometry.test_mesh_query_point
geometry.test_mesh_query_ray test_adam test_sgd interop.test_dlpack interop.test_torch
"""
MODULES = _NAMES.split()

# pattern of module, test and message: why it is not mended
CAUSES: dict[str, str] = {
    r"inside Warp: ": "internals",
}


def cause_of(module: str, test: str, text: str) -> str:
    """Why a test failed."""
    line = f"{module} {test} {text}"
    return next((cause for pattern, cause in CAUSES.items() if re.search(pattern, line)), "open")
