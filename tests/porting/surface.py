"""Names of the model that the kernel language has or refuses: Warp 1.19's, by group."""

SURFACE: dict[str, str] = {
    "modules": "autograd fem optim render sparse utils",
    "met on the host": """
Bvh Kernel Mesh array array2d array3d array4d bool constant device_to_torch float32 from_torch full
func get_device init int16 int32 int64 kernel launch load_module mat33 mat44 overload quat quatf
synchronize synchronize_device to_torch transformf uint32 uint64 uint8 vec3 vec3f zeros HashGrid
ScopedCapture ScopedDevice ScopedStream ScopedTimer Tape Volume array1d capture_launch copy empty
float16 float64 from_numpy indexedarray launch_tiled normalize quat_from_axis_angle quat_rpy
set_module_options struct transform vec2 vec4 zeros_like DeterministicMode DeviceLike Function
Texture2D Texture3D clone config config.deterministic dot dtype_to_numpy empty_like func_grad
func_native func_replay get_module_options int8 mat22 mat33f mat44d outer pi quat_between_vectors
quat_identity quat_to_matrix set_device spatial_matrix spatial_vector spatial_vectorf static
transform_identity transform_point transpose types types.is_array types.matrix types.type_is_vector
types.type_size types.type_size_in_bytes types.vector uint16 utils utils.GraphColoringAlgorithm
vec2f vec2i vec2ub vec3i vec3ub vec3ui vec3us vec4i capture_while get_suggested_block_size LOG_DEBUG
config.deterministic_max_records config.log_level inverse mul quat_rotate quat_rotate_inv
spatial_bottom spatial_top sqrt transform_compose transform_decompose transform_get_rotation
transform_inverse transform_vector types.type_is_int
""",
    "met in kernels": """
abs add address array_store assign atan2 atomic_add atomic_min bvh_query_next bvh_query_ray copy cos
cross div dot extract float int int16 int32 iter_next length load matrix max mesh_get mesh_query_ray
min mul neg normalize quat_inverse quat_rotate quat_rotate_inv quaternion range sin skew sqrt sub
tid transform_get_rotation transform_get_translation transform_inverse transform_point
transform_vector transformation transpose unot vector where clamp floor floordiv hash_grid_point_id
hash_grid_query intersect_tri_tri lerp lower_bound mesh_eval_position mesh_query_aabb
mesh_query_point_sign_normal mod noise pow rand_init randf randn tile_cholesky tile_cholesky_solve
tile_load tile_matmul tile_store tile_zeros tuple volume_sample_grad_f volume_world_to_index acos
asin assign_inplace atomic_max atomic_sub bit_and bit_or block_dim bool bvh_get_group_root cw_mul
ddot eig3 float32 float64 identity int64 inverse invert isfinite length_sq log matrix_from_cols
matrix_from_rows nonzero print printf quat_from_axis_angle quat_from_matrix quat_identity
quat_to_matrix rshift sign spatial_bottom spatial_top spatial_vector tile tile_extract tile_reduce
transform_identity transform_multiply uint32 uint64 add_inplace atomic_or exp round slice
sub_inplace tile_arange tile_atomic_add tile_broadcast tile_cholesky_inplace tile_load_indexed
tile_map tile_ones tile_reshape tile_scatter_masked tile_transpose view determinant diag indexref
len lshift outer store tile_sum
""",
    "scalar math": """
abs acos asin atan atan2 bfloat16 bit_count bool cbrt ceil clamp copysign cos cosh degrees erf erfc
erfcinv erfinv exp float float16 float32 float64 floor frac int int16 int32 int64 int8 isfinite
isinf isnan log log10 log2 max min nonzero pow radians rint round sign sin sinh sqrt step tan tanh
trunc uint16 uint32 uint64 uint8
""",
    "vector math": """
argmax argmin cross cw_div cw_mul ddot determinant diag dot eig3 get_diag identity inverse
inverse_approx length length_sq matrix matrix_from_cols matrix_from_rows norm_huber norm_l1 norm_l2
norm_pseudo_huber normalize outer qr3 skew smooth_normalize svd2 svd3 trace transpose vector
""",
    "quaternion math": """
quat_from_axis_angle quat_from_euler quat_from_matrix quat_identity quat_inverse quat_rotate
quat_rotate_inv quat_rpy quat_slerp quat_to_axis_angle quat_to_euler quat_to_matrix quat_to_rpy
quat_twist quat_twist_angle quat_twist_angle_signed quaternion
""",
    "transformations": """
transform_compose transform_decompose transform_from_matrix transform_get_rotation
transform_get_translation transform_identity transform_inverse transform_multiply transform_point
transform_set_rotation transform_set_rotation_copy transform_set_translation
transform_set_translation_copy transform_to_matrix transform_vector transformation
""",
    "spatial math": """
spatial_adjoint spatial_bottom spatial_cross spatial_cross_dual spatial_dot spatial_top
spatial_vector transform_twist transform_wrench velocity_at_point
""",
    "tile primitives": """
assign tile tile_add_inplace tile_arange tile_argmax tile_argmin tile_assign tile_astype
tile_atomic_add tile_atomic_add_indexed tile_axpy tile_bit_and_inplace tile_bit_or_inplace
tile_bit_xor_inplace tile_broadcast tile_bvh_query_aabb tile_bvh_query_next tile_bvh_query_ray
tile_cholesky tile_cholesky_inplace tile_cholesky_solve tile_cholesky_solve_inplace tile_diag_add
tile_dot tile_empty tile_extract tile_fft tile_from_thread tile_full tile_ifft tile_load
tile_load_indexed tile_lower_solve tile_lower_solve_inplace tile_map tile_matmul tile_max
tile_mesh_query_aabb tile_mesh_query_aabb_next tile_min tile_ones tile_query_valid tile_randf
tile_randi tile_reduce tile_reshape tile_scan_exclusive tile_scan_inclusive tile_scan_max_inclusive
tile_scan_min_inclusive tile_scatter_add tile_scatter_masked tile_slice_indexed tile_sort
tile_squeeze tile_stack tile_stack_clear tile_stack_count tile_stack_pop tile_stack_push tile_store
tile_store_indexed tile_sub_inplace tile_sum tile_transpose tile_upper_solve
tile_upper_solve_inplace tile_view tile_zeros untile
""",
    "utility": """
add_inplace address array array_store assign_copy assign_inplace atomic_add atomic_and atomic_cas
atomic_exch atomic_max atomic_min atomic_or atomic_sub atomic_xor bit_and_inplace bit_or_inplace
bit_xor_inplace block_dim breakpoint cast copy dense_chol dense_chol_batched dense_gemm
dense_gemm_batched dense_solve dense_solve_batched dense_subs expect_eq expect_near expect_neq
extract index indexref iter_next len lerp load print printf range reversed select slice smoothstep
store sub_inplace tid transform_add_inplace transform_sub_inplace tuple view where zeros
""",
    "geometry": """
bvh_get_group_root bvh_query_aabb bvh_query_aabb_tiled bvh_query_capsule bvh_query_next
bvh_query_next_tiled bvh_query_ray bvh_query_ray_tiled bvh_query_sphere closest_point_edge_edge
hash_grid_point_id hash_grid_query hash_grid_query_next intersect_tri_tri mesh_eval_face_normal
mesh_eval_position mesh_eval_velocity mesh_get mesh_get_bvh mesh_get_group_root mesh_get_index
mesh_get_point mesh_get_velocity mesh_query_aabb mesh_query_aabb_next mesh_query_aabb_next_tiled
mesh_query_aabb_tiled mesh_query_furthest_point_no_sign mesh_query_next mesh_query_point
mesh_query_point_no_sign mesh_query_point_sign_normal mesh_query_point_sign_parity
mesh_query_point_sign_winding_number mesh_query_ray mesh_query_ray_anyhit
mesh_query_ray_count_intersections mesh_query_sphere
""",
    "volumes": """
volume_index_to_world volume_index_to_world_dir volume_lookup volume_lookup_f volume_lookup_i
volume_lookup_index volume_lookup_v volume_sample volume_sample_f volume_sample_grad
volume_sample_grad_f volume_sample_grad_index volume_sample_i volume_sample_index volume_sample_v
volume_store volume_store_f volume_store_i volume_store_v volume_voxel_count volume_world_to_index
volume_world_to_index_dir
""",
    "textures": """
texture_sample
""",
    "random": """
curlnoise noise pnoise poisson rand_init randf randi randn randu sample_cdf sample_triangle
sample_unit_cube sample_unit_disk sample_unit_hemisphere sample_unit_hemisphere_surface
sample_unit_ring sample_unit_sphere sample_unit_sphere_surface sample_unit_square
""",
    "other": """
lower_bound
""",
    "operators": """
add bit_and bit_or bit_xor div div_approx floordiv invert lshift mod mul neg pos rshift sub unot
""",
    "code generation": """
static
""",
}  # fmt: skip

# attributes of what the host holds
ATTRIBUTES = """
Bvh.id Bvh.rebuild Bvh.refit Device.is_cuda Mesh.device Mesh.id array.device array.dtype array.ndim
array.numpy array.shape array.view HashGrid.build HashGrid.id Mesh.indices Mesh.points Mesh.refit
Tape.backward Tape.gradients Tape.zero Volume.id array.fill_ array.flatten array.grad array.zero_
Device.is_cpu Function.cooperative Function.core array.ptr array.requires_grad array.size
Device.alias Device.is_capturing Kernel.module array.assign array.list
"""
