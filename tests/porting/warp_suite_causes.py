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

# why a test is not mended: words of module, test and message, as patterns; the first cause that fits counts
CAUSES: dict[str, str] = {
    # it asks for what is inside Warp, or for Warp's own tools
    "internals": r"""
        inside.Warp: 'Absent' Absent.object AbsentModule exception.type.or.tuple hash_module get_module_hash
        resolve_options _is_read mark_modified has.no.attribute.'(adj|execs|hashers|overloads|user_overloads)'
        has.no.attribute.'(references|get_overload|input_types|custom_grad_func|_ref|__del__|__ctype__|cptr)'
        has.no.attribute.'(capacity|numpy_value|value|vars|cls|func|module|key|defaults|from_ptr|m|launches)'
        has.no.attribute.'(_get_live_kernels|_get_compile_output_name|set_param_at_index_from_ctype|structs)'
        '_shape_' _wp_generic_type_str_ native/builtin.h ModuleBuildOptions get_cpu_kernel_cache_key
        entry_point_abi _ctypes.Array optimization_level cpu_llvm CpuKernelCacheKey test_unique_module
        test_module_hashing test_kernel_cache test_func_parameter_targets test_func_inline
        Launch.__init__ native_failure native_device_failure introspection Pyright test_subscript_types
        ctypes.type _keepalive 'warp.tests.test_codegen'.== cpu_target_output_name Error:.__name__
        FloatSubclass interface_empty has.no.attribute.'unload'
        'Inout' ref_subscript test_bvh.py:27 single_evaluation evaluated_once isolation_across
    """,
    # features that are refused by name, with the way out
    "tiles": "launch_tiled tile",
    "native code": "func_native a.Python.Absent",
    "other refused features": r"""
        Texture address_of code_transformers rewriting.a.kernel is.not.supported._ is.not.supported:
        is.not.supported.\(
    """,
    "refused derivatives": r"AdjointError adjoint\[.*takes.the.name",
    # the same up to the last digits, at a tolerance that Warp's own digits happen to keep
    "roundings": "TestQuat.test_scalar_division_float16 test_inverse_float16 TestCTypes.test_mat44",
    # docs/porting-from-warp.md says so
    "deliberate": r"""
        cannot.divide cannot.compare may.have.no.value.here shape\[\d\].of.an.array
        test_atomic_(add|min|max)_unsupported py_pow_ops TestAssertRelease test_retain_grad
        copy_adjoint_consumption nested_tapes legacy_scalar_return int_int?_?args?_(overflow|support)
        not.an.instance.of.<class.'float'> within.12.places NaN.mismatch adj_clamp adj_atomic_min
        test_quat_rotate_float slerp_grad quat_from_matrix_float mat_slicing_assign_backward
        binary_ops_float this.slice.is.empty takes.[234].indices,.got.1 types_repr to.string.error !=.'\[
        tuple\[ verify_fp visualize operators_overload slot_augassign_uses_user test_randn test_noise
        options_backward set_param_cpu reload_references numpy.ndarray'.object.has.no.attribute.'numpy'
        test_empty_array alloc_strides different_parameter_names int_arg_overflow test_cast_cpu
        no.func.takes overload_stub plots.of.Jacobians gradcheck_restore_inputs array_from_ptr
        transform_identity_type alias_rebinding max_unroll'.takes scalar_inference component.'flatten'
        multiple_return_values global_.*redefine out.of.bounds.for.u?int transient_module
    """,
    # no error here where Warp has one
    "no error": "not.raised",
    # an error here too, in other words or of another kind
    "other words": r"""
        cannot.shape array.view: \(\).flatten got.None; map:.out unsupported_source_device
        does.not.match not.found.in Regex.didn't.match _error_ _errors?_cpu _rejects?_ _rejected_ invalid
        misspell unresolved unknown_attribute unsupported_types static_dead_branch step_requires_parameters
    """,
}


def cause_of(module: str, test: str, text: str) -> str:
    """Why a test failed; `open` where it should not."""
    line = f"{module} {test} {text}"
    for cause, patterns in CAUSES.items():
        if any(re.search(p, line) for p in patterns.split()):
            return cause
    return "open"
