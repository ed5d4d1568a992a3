"""Programs around kernels, as they are written for Warp: kernels by hand, options, host values, lists."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import robokern as rk
from robokern.compiler.module import Module


@rk.struct
class Body:
    mass: float
    pose: rk.transform
    samples: rk.array(dtype=float)


@rk.kernel
def double(x: rk.array(dtype=float)):
    i = rk.tid()
    x[i] = 2.0 * x[i]


def halve(x: rk.array(dtype=float)):
    i = rk.tid()
    x[i] = 0.5 * x[i]


def launched(kernel, *values: float) -> list[float]:
    x = rk.array(values, dtype=float)
    rk.launch(kernel, dim=len(values), inputs=[x])
    return x.list()


def test_a_kernel_from_a_function():
    kernel = rk.Kernel(func=halve, key="half", options={"enable_backward": False})
    assert (kernel.key, kernel.name, kernel.func) == ("half", "half", halve)
    assert kernel.options.get("enable_backward") is False
    assert launched(kernel, 3.0) == [1.5]


def test_a_kernel_with_options_that_do_not_exist_is_refused():
    with pytest.raises(TypeError, match="no option 'speed'"):
        rk.Kernel(func=halve, options={"speed": 3})
    with pytest.raises(rk.UnsupportedError, match="from_source"):
        rk.Kernel(func=halve, code_transformers=[object()])


def test_the_module_of_a_kernel():
    module = double.module
    assert isinstance(module, Module) and module is rk.get_module(__name__) and module.name == __name__
    before = module.options["max_unroll"]
    module.options["max_unroll"] = 5
    assert double.options.max_unroll == 5 and rk.get_module_options()["max_unroll"] == 5
    module.options["max_unroll"] = before
    with pytest.raises(ValueError, match="no option"):
        module.options["speed"] = 3
    assert module.load(device="cpu") is module
    rk.load_module(module)
    rk.force_load(modules=[module])


def test_a_kernel_of_another_module_takes_that_ones_options():
    other = rk.get_module("made up")
    rk.set_module_options({"max_unroll": 3}, other)
    assert rk.Kernel(halve, module=other).options.max_unroll == 3
    assert rk.kernel(halve, module="made up").options.max_unroll == 3
    assert rk.kernel(halve, module="unique").module is rk.get_module(__name__)
    assert rk.Kernel(halve).options.max_unroll == rk.config.max_unroll


def test_options_of_other_compilers_do_nothing():
    kernel = rk.kernel(halve, cuda_max_registers=32, cluster_dim=2, launch_bounds=128)
    assert launched(kernel, 3.0) == [1.5]

    @rk.func(inline=False, module="unique")
    def third(x: float):
        return x / 3.0

    assert third(3.0) == 1.0
    with pytest.raises(TypeError, match="inline must be a bool"):
        rk.func(third, inline=2)


def test_a_later_definition_of_a_func_replaces_an_earlier_one():
    text = """
import robokern as rk

@rk.func
def foo(x: int):
    return 2 * x

@rk.func
def foo(x: float):
    return 10.0 * x

@rk.func
def foo(x: int):
    return 3 * x

@rk.kernel
def both(out: rk.array(dtype=float)):
    out[0] = float(foo(1)) + foo(1.0)
"""
    out = rk.zeros(1)
    rk.launch(rk.from_source(text, "redefined")["both"], dim=1, inputs=[out])
    assert out.list() == [13.0]


def test_overloads_are_listed_under_one_name_in_a_function_too():
    @rk.kernel
    def scaled(x: rk.array(dtype=Any), by: Any):
        i = rk.tid()
        x[i] = by * x[i]

    @rk.overload
    def scaled(x: rk.array(dtype=float), by: float): ...  # noqa: F811

    @rk.overload
    def scaled(x: rk.array(dtype=rk.vec2), by: float): ...  # noqa: F811

    assert scaled.is_generic and len(scaled.listed) == 2
    v = rk.ones(1, dtype=rk.vec2)
    rk.launch(scaled, dim=1, inputs=[v, 3.0])
    assert v.list() == [rk.vec2(3.0, 3.0)]


def test_errors_are_those_that_programs_catch():
    @rk.kernel
    def wrong(x: rk.array(dtype=float)):
        x[0] = rk.vec3(1.0)

    with pytest.raises(rk.WarpCodegenError):
        rk.launch(wrong, dim=1, inputs=[rk.zeros(1)])
    with pytest.raises(RuntimeError):
        rk.launch(double, dim=1, inputs=[])


def test_python_numbers_of_the_kernel_language():
    assert rk.float(3) == np.float32(3) and rk.int(3.0) == np.int32(3)
    assert rk.int8(200) == -56 and rk.uint8(-1) == 255 and rk.int32(2**31) == -(2**31)
    assert rk.static(7) == 7
    assert "float" not in rk.__all__


@pytest.mark.parametrize("type_", [rk.vec3, rk.mat22d, rk.quat, rk.transform, rk.float32, rk.int8, Body])
def test_isinstance(type_):
    assert isinstance(type_(), type_)
    assert not any(isinstance(type_(), other) for other in (rk.vec2, rk.mat33, rk.float64))
    assert not isinstance("text", type_)
    assert type_.__name__ == str(type_)


def test_parts_of_host_values_are_host_values():
    v, m = rk.vec4(1.0, 2.0, 3.0, 4.0), rk.mat22(1.0, 2.0, 3.0, 4.0)
    assert isinstance(v[1:3], rk.vec2) and v[1:3] == rk.vec2(2.0, 3.0)
    assert isinstance(m[0], rk.vec2) and m[1] == [3.0, 4.0] and m[:, 1] == (2.0, 4.0)
    assert [*m] == [rk.vec2(1.0, 2.0), rk.vec2(3.0, 4.0)]
    assert m.get_row(1) == m[1] and m.get_col(0) == m[:, 0]
    m.set_row(0, rk.vec2(7.0, 8.0))
    m.set_col(1, [9.0, 10.0])
    assert m == rk.mat22(7.0, 9.0, 3.0, 10.0)
    assert v == [1.0, 2.0, 3.0, 4.0] and v != [1.0, 2.0, 3.0] and v != rk.vec4d(1.0, 2.0, 3.0, 4.0)


def test_operators_between_numpy_scalars_and_values():
    v, a = rk.vec2(1.0, 4.0), rk.array([1.0, 4.0], dtype=float)
    assert isinstance(np.float32(2.0) * v, rk.vec2) and np.float32(2.0) * v == rk.vec2(2.0, 8.0)
    assert 2.0 / v == rk.vec2(2.0, 0.5) and +v == v and v % rk.vec2(1.0, 3.0) == rk.vec2(0.0, 1.0)
    assert isinstance(np.float32(2.0) * a, rk.array) and (np.float32(2.0) - a).list() == [1.0, -2.0]


def test_host_vectors_take_numbers_that_they_have():
    v, m = rk.vec3i(1, 2, 3), rk.mat22(1.0, 2.0, 3.0, 4.0)
    for wrong in (lambda: v * 2.5, lambda: 2.5 * v, lambda: v / np.float32(2.0), lambda: rk.vec3i(1.5, 0, 0)):
        with pytest.raises(TypeError):
            wrong()
    for key, value in ((0, 2.5), (0, "7"), (0, None), (slice(2), [1, 2.5])):
        with pytest.raises(TypeError, match="cannot make int32 of"):
            v[key] = value
    v[1] = 5.0
    assert v == [1, 5, 3] and v * 2 == [2, 10, 6]
    for key in (None, "x", 1.0, (0, 1), [0, 1]):
        with pytest.raises(IndexError, match="vec3i takes 1 indices or slices"):
            v[key]
        with pytest.raises(IndexError, match="vec3i takes 1 indices or slices"):
            v[key] = 0
    with pytest.raises(IndexError, match="mat22 takes 2 indices or slices"):
        m[0, 1, 0]


def test_bytes_of_a_host_value_are_those_in_an_array():
    for value in (rk.vec3i(1, 2, 3), rk.quath(0.0, 0.0, 0.0, 1.0), rk.types.vector(2, rk.bfloat16)(1.0, 2.0)):
        assert bytes(value) == rk.array([value], dtype=value.type).numpy().tobytes()


def test_equal_host_vectors_have_equal_hashes():
    assert rk.vec3(0.0) == rk.vec3(-0.0) and len({rk.vec3(0.0), rk.vec3(-0.0), rk.vec3(1.0)}) == 2


def test_a_numpy_array_beside_a_host_value_is_numpys_operator():
    v, a = rk.vec3(1.0, 2.0, 3.0), np.array([3.0, 2.0, 1.0])
    for made, expected in (
        (v + a, [4.0] * 3),
        (a + v, [4.0] * 3),
        (a - v, [2.0, 0.0, -2.0]),
        (a * v, [3, 4, 3]),
    ):
        assert isinstance(made, np.ndarray) and made.tolist() == expected
    assert (np.ones((2, 2)) @ rk.mat22(1.0, 2.0, 3.0, 4.0)).tolist() == [[4.0, 6.0]] * 2


def test_fields_of_a_struct_take_what_fits_them():
    body = Body(pose=[1.0] * 7)
    assert isinstance(body.pose, rk.transform) and body.pose.p.x == 1.0
    body.pose = (rk.vec3(1.0, 2.0, 3.0), rk.quat_identity())
    assert body.pose == [1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 1.0]
    body.pose = None
    assert body.pose == [0.0] * 7
    for name, wrong in (
        ("mass", "1"),
        ("mass", [1.0]),
        ("pose", 1.0),
        ("pose", [1.0, 2.0]),
        ("samples", [1.0]),
    ):
        with pytest.raises(TypeError, match=rf"Body\.{name}|takes 7 components"):
            setattr(body, name, wrong)
    with pytest.raises(
        TypeError, match=r"Body\.samples: expected array\(dtype=float32\), got array\(dtype=int32"
    ):
        Body(samples=rk.zeros(3, dtype=int))


def test_structs_in_a_list_have_their_arrays():
    samples = rk.array([1.0, 2.0])
    listed = rk.array([Body(mass=2.0, samples=samples), Body()], dtype=Body).list()
    assert listed[0].samples is samples and listed[1].samples is None
    assert listed[0].mass == 2.0 and listed[0].pose == [0.0] * 7


def test_indexed_arrays_in_operators_and_map():
    data = rk.array([0.0, 1.0, 2.0, 3.0], requires_grad=True)
    seen = data[rk.array([3, 1], dtype=int)]
    with rk.Tape() as tape:
        squares = rk.map(lambda x: x * x, seen)
        doubled = 2.0 * seen
    tape.backward(grads={squares: rk.ones(2), doubled: rk.ones(2)})
    assert squares.list() == [9.0, 1.0] and data.grad.list() == [0.0, 4.0, 0.0, 8.0]
    rk.map(lambda x: 10.0 * x, seen, out=seen)
    assert data.list() == [0.0, 10.0, 2.0, 30.0]
    seen += 1.0
    assert seen.list() == [31.0, 11.0] and isinstance(seen, rk.indexedarray)


def test_indexed_arrays_are_copied():
    data, other = rk.array([0.0, 1.0, 2.0, 3.0], requires_grad=True), rk.zeros(2)
    seen = data[rk.array([3, 1], dtype=int)]
    rk.copy(other, seen)
    assert other.list() == rk.clone(seen).list() == [3.0, 1.0] and rk.zeros_like(seen).list() == [0.0, 0.0]
    rk.copy(seen, rk.array([7.0, 8.0]))
    assert data.list() == [0.0, 8.0, 2.0, 7.0]
    with pytest.raises(ValueError, match="not for indexed ones"):
        rk.copy(other, seen, count=1)
    with rk.Tape():
        for refused in (lambda: rk.copy(other, seen), lambda: rk.copy(seen, other), lambda: seen.clone()):
            with pytest.raises(rk.AdjointError, match="cannot record"):
                refused()


def test_arrays_of_indices_beside_slices_and_integers():
    numbers = np.arange(27).reshape(3, 3, 3)
    data, at = rk.array(numbers, dtype=int), rk.array([2, 0], dtype=int)
    assert data[1:, at, :].numpy().tolist() == numbers[1:][:, [2, 0]].tolist()
    assert data[at, 1, ::2].numpy().tolist() == numbers[[2, 0], 1][:, ::2].tolist()


def test_builtins_take_their_arguments_by_keyword():
    assert rk.max(a=rk.vec3(3.0, 1.0, 2.0)) == 3.0 and rk.sub(5, b=2) == 3
    assert rk.where(cond=True, value_if_false=1.0, value_if_true=2.0) == 2.0
    with pytest.raises(TypeError, match=r"max\(\) has no argument 'c'"):
        rk.max(1, c=2)

    @rk.kernel
    def wrong(out: rk.array(dtype=float)):
        out[0] = rk.min(out[0], c=out[1])

    with pytest.raises(rk.KernelError, match=r"min\(\) has no argument 'c'"):
        rk.launch(wrong, 1, [rk.zeros(2)])


@rk.func
def same(n: int):
    return n


def test_integers_that_a_type_does_not_have_are_refused():
    numbers = rk.zeros(1, dtype=int)
    for wrong in (
        lambda: rk.array([2**40], dtype=int),
        lambda: rk.array([2**40]),
        lambda: rk.array([-1], dtype=rk.uint8),
        lambda: numbers.fill_(2**40),
        lambda: numbers.assign([-(2**31) - 1]),
        lambda: rk.full(1, 256, dtype=rk.uint8),
    ):
        with pytest.raises(ValueError, match="does not fit"):
            wrong()
    with pytest.raises(TypeError, match="does not fit int32"):
        same(2**31)
    assert rk.array(np.array([2**32 + 1]), dtype=int).list() == [1]  # NumPy's own conversion
    assert rk.array([2**40], dtype=rk.int64).list() == [2**40] and same(2**31 - 1) == 2**31 - 1


def test_transforms_of_one_argument():
    identity = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    assert rk.transform() == identity and rk.transform(p=rk.vec3(0.0)) == identity
    assert rk.transform(rk.vec3(1.0, 2.0, 3.0)) == [1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 1.0]
    assert rk.transform(q=rk.quat(1.0, 0.0, 0.0, 0.0)) == [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    assert rk.transform(2.0) == [2.0] * 7
    assert Body().pose == [0.0] * 7  # a struct begins as zeros, in kernels too
    with pytest.raises(TypeError):
        rk.transform(1.0, 2.0, 3.0, 4.0)


def test_transform_identity_in_kernels():
    @rk.kernel
    def kernel(out: rk.array(dtype=rk.transform)):
        out[0] = rk.transform_identity()
        out[1] = rk.transform()

    out = rk.ones(2, dtype=rk.transform)
    rk.launch(kernel, dim=1, inputs=[out])
    assert out.list() == [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], [0.0] * 7]


def test_lists_of_elements():
    assert rk.array([[1.0, 2.0], [3.0, 4.0]], dtype=float).list() == [1.0, 2.0, 3.0, 4.0]
    vectors = rk.array([[1.0, 2.0], [3.0, 4.0]], dtype=rk.vec2).list()
    assert vectors == [rk.vec2(1.0, 2.0), rk.vec2(3.0, 4.0)]
    bodies = rk.zeros(2, dtype=Body)
    bodies[1] = Body(mass=3.0, pose=rk.transform(), samples=rk.zeros(1))
    first, second = bodies.list()
    assert isinstance(second, Body) and second.mass == 3.0 and second.pose.q.w == 1.0
    assert first.mass == 0.0 and first.samples is None


def test_data_of_other_shapes():
    flat = np.arange(6, dtype=np.float32)
    assert rk.array(flat, dtype=rk.vec3).numpy().tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert rk.array(flat.reshape(1, 6), dtype=rk.vec3).shape == (1, 2)
    assert rk.array(flat.reshape(2, 3, 1), dtype=rk.vec3).shape == (2,)
    with pytest.raises(ValueError, match="last axis of 4"):
        rk.array(flat, dtype=rk.vec4)


def test_floats_that_are_integers_become_integers():
    assert rk.array(np.zeros(2), dtype=int).list() == [0, 0]
    assert rk.array([], dtype=rk.int8).shape == (0,)
    for wrong in ([0.5], [np.nan], [np.inf], [3e9], [-1.0]):
        with pytest.raises(TypeError, match="cannot convert"):
            rk.array(np.array(wrong), dtype=rk.uint8 if wrong == [-1.0] else int)


def test_ways_to_make_arrays():
    assert rk.zeros(n=3).shape == (3,) and rk.empty(n=2, dtype=rk.vec3).dtype == rk.vec3
    assert rk.zeros(np.array([2, 3])).shape == (2, 3)
    kept = rk.zeros(2, requires_grad=True, retain_grad=True)
    assert kept.retain_grad and rk.from_numpy(np.zeros(2, np.float32), requires_grad=True).requires_grad
    assert rk.clone(kept, requires_grad=False).grad is None
    assert rk.full(2, np.array([1.0, 2.0], np.float32)).dtype == rk.vec2
    assert rk.full(1, [[True, False], [False, True]]).dtype == rk.types.matrix((2, 2), rk.bool)
    assert rk.array(np.zeros((3, 4), np.float32)).view(rk.vec4).shape == (3,)
    assert rk.zeros(3, dtype=rk.mat22).view(float).shape == (3, 2, 2)
    assert rk.array(np.arange(12.0).reshape(3, 4))[:, 1:4].view(rk.vec3d).list()[1] == [5.0, 6.0, 7.0]
    with pytest.raises(ValueError, match="last axes"):
        rk.zeros((3, 4)).view(rk.vec3)


def test_copies_between_strided_arrays():
    source = rk.array(np.arange(10, dtype=np.float32))[::2]
    dest = rk.zeros(10)[::2]
    rk.copy(dest, source, dest_offset=1, src_offset=2, count=3)
    assert dest.list() == [0.0, 4.0, 6.0, 8.0, 0.0]


def test_names_without_a_prefix_are_builtins():
    text = """
import robokern as rk

@rk.kernel
def kernel(out: rk.array(dtype=float)):
    i = tid()
    expect_eq(i, 0)
    out[i] = where(i == 0, 3.0, 4.0)
"""
    out = rk.zeros(1)
    rk.launch(rk.from_source(text, "bare")["kernel"], dim=1, inputs=[out])
    assert out.list() == [3.0]


def test_static_sees_the_length_of_a_value_but_not_the_value():
    @rk.kernel
    def lengths(v: rk.array(dtype=rk.vec3), out: rk.array(dtype=int)):
        x = v[0]
        out[0] = rk.static(len(x) + 1)

    out = rk.zeros(1, dtype=int)
    rk.launch(lengths, dim=1, inputs=[rk.zeros(1, dtype=rk.vec3), out])
    assert out.list() == [4]

    @rk.kernel
    def values(v: rk.array(dtype=rk.vec3), out: rk.array(dtype=float)):
        x = v[0]
        out[0] = rk.static(x[0])

    with pytest.raises(rk.KernelError, match="static"):
        rk.launch(values, dim=1, inputs=[rk.zeros(1, dtype=rk.vec3), rk.zeros(1)])


def test_division_by_the_constant_zero_is_what_it_is_at_run_time():
    @rk.kernel
    def kernel(out: rk.array(dtype=float)):
        out[0] = 1.0 / 0.0
        out[1] = -1.0 / 0.0
        out[2] = 0.0 / 0.0
        out[3] = 1.0 / -0.0
        out[4] = 5.0 % 0.0

    for device in ("cpu", "ref"):
        out = rk.zeros(5, device=device)
        rk.launch(kernel, dim=1, inputs=[out], device=device)
        np.testing.assert_array_equal(out.numpy(), [np.inf, -np.inf, np.nan, -np.inf, np.nan])


F64 = rk.constant(rk.float64(2.0) / rk.float64(3.0))


def test_a_float64_constant_keeps_its_digits():
    @rk.kernel
    def kernel(out: rk.array(dtype=rk.float64)):
        x = F64
        out[0] = x
        out[1] = -F64
        out[2] = -F64 * out[0]

    out = rk.zeros(3, dtype=rk.float64)
    rk.launch(kernel, dim=1, inputs=[out])
    assert out.list() == [F64, -F64, -F64 * F64]


@rk.struct
class Settings:
    enabled: bool
    handle: rk.uint64
    limit: rk.float64
    count: rk.int8


def test_numbers_in_a_captured_struct_take_its_types():
    settings = Settings(enabled=1, handle=123, limit=rk.float64(np.inf), count=3)

    @rk.kernel
    def kernel(out: rk.array(dtype=rk.float64)):
        s = settings
        if s.enabled:
            out[0] = s.limit
        out[1] = rk.float64(s.handle) + rk.float64(s.count)

    out = rk.zeros(2, dtype=rk.float64)
    rk.launch(kernel, dim=1, inputs=[out])
    assert out.list() == [np.inf, 126.0]


def test_integers_wrap_in_vectors_too():
    v = rk.vec3ub(1, 2, 3)
    v[0] = -1
    v.y = 256
    assert v == [255, 0, 3] and rk.vec2ub(1, 2) * 200 == [200, 144]


def test_who_holds_a_func_keeps_it_when_its_name_is_taken():
    text = """
import robokern as rk

@rk.func
def foo():
    return 17

first = foo

@rk.func
def foo():
    return 42

@rk.kernel
def kernel(out: rk.array(dtype=int)):
    out[0] = foo()
    out[1] = first()
"""
    out = rk.zeros(2, dtype=int)
    rk.launch(rk.from_source(text, "taken")["kernel"], dim=1, inputs=[out])
    assert out.list() == [42, 17]


def test_a_reloaded_module_is_read_again(tmp_path, monkeypatch):
    import importlib

    text = """
import robokern as rk

@rk.kernel
def kernel(out: rk.array(dtype=float)):
    out[0] = {}
"""
    file = tmp_path / "reloaded_kernels.py"
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    out = rk.zeros(1)
    file.write_text(text.format("1.0"))
    module = importlib.import_module("reloaded_kernels")
    rk.launch(module.kernel, dim=1, inputs=[out])
    assert out.list() == [1.0]
    file.write_text(text.format("2.0 + 0.5"))
    rk.launch(importlib.reload(module).kernel, dim=1, inputs=[out])
    assert out.list() == [2.5]


def test_numpy_understands_types():
    if np.lib.NumpyVersion(np.__version__) < "2.4.0":
        pytest.skip("NumPy asks since 2.4")
    assert np.zeros(2, dtype=rk.float32).dtype == np.float32 and np.dtype(rk.int8) == np.int8


@rk.struct
class Pair:
    x: rk.array(dtype=float)
    n: int


@rk.kernel
def squared(pair: Pair, out: rk.array(dtype=float)):
    i = rk.tid()
    out[i] = pair.x[i] * pair.x[i]


def test_gradients_of_a_struct():
    pair = Pair(x=rk.array([2.0, 3.0], requires_grad=True), n=2)
    out = rk.zeros(2, requires_grad=True)
    with rk.Tape() as tape:
        rk.launch(squared, dim=2, inputs=[pair, out])
    tape.backward(grads={out: rk.ones(2)})
    assert tape.gradients[pair].x.list() == [4.0, 6.0] and tape.gradients[pair.x].list() == [4.0, 6.0]
    with pytest.raises(KeyError):
        tape.gradients["pair"]


def test_a_capsule_is_shared():
    x = np.arange(4.0)
    shared = rk.from_dlpack(x.__dlpack__())
    x[1] = 7.0
    assert shared.list() == [0.0, 7.0, 2.0, 3.0]


def test_annotations_with_dimensions_in_brackets():
    from typing import Literal

    assert rk.array[float, Literal[2]] == rk.array2d[float]
    assert rk.indexedarray[float, Literal[3]] == rk.indexedarray3d[float]
    assert rk.fixedarray(shape=(2, 3), dtype=int) == rk.array2d[int]
    with pytest.raises(TypeError, match="1 to 4 dimensions"):
        rk.array[float, Literal[5]]


def test_trees_are_built_one_way():
    lower, upper = np.zeros((2, 3), np.float32), np.ones((2, 3), np.float32)
    rk.Bvh(lower, upper, constructor="sah", leaf_size=2)
    points = np.eye(3, dtype=np.float32)
    assert rk.Mesh(points, [0, 1, 2], bvh_constructor="lbvh", bvh_leaf_size=1).bvh.leaf_size == 1
    with pytest.raises(rk.GeometryError, match="constructor"):
        rk.Bvh(lower, upper, constructor="cubql")


def test_a_loop_whose_counter_is_asked_for_when_compiling_is_unrolled():
    @rk.kernel
    def kernel(out: rk.array(dtype=int)):
        total = int(0)
        for i in range(40):
            total += rk.static(i * i)
        out[0] = total

    out = rk.zeros(1, dtype=int)
    rk.launch(kernel, dim=1, inputs=[out])
    assert out.list() == [sum(i * i for i in range(40))]


def test_composites_of_vectors_and_numbers_without_a_name():
    @rk.kernel
    def kernel(x: rk.array(dtype=float), out: rk.array(dtype=rk.vec4)):
        v = rk.types.vector(x[0], x[1], x[2])
        q = rk.types.quaternion(v, x[3])
        out[0] = rk.types.vector(v, x[3])
        out[1] = vec4(q[0], q[1], q[2], q[3])  # noqa: F821 - a type without a prefix

    out = rk.zeros(2, dtype=rk.vec4)
    rk.launch(kernel, dim=1, inputs=[rk.array([1.0, 2.0, 3.0, 4.0]), out])
    assert out.list() == [[1.0, 2.0, 3.0, 4.0]] * 2


@rk.struct
class Window:
    seen: rk.indexedarray(dtype=float)
    gain: float


@rk.kernel
def scaled_window(window: Window, out: rk.array(dtype=float)):
    i = rk.tid()
    out[i] = window.gain * window.seen[i]


def test_an_indexed_array_in_a_struct():
    window = Window(seen=rk.indexedarray(rk.array([1.0, 2.0, 3.0]), [np.array([2, 0], np.int32)]), gain=10.0)
    out = rk.zeros(2)
    rk.launch(scaled_window, dim=2, inputs=[window, out])
    assert out.list() == [30.0, 10.0]
    with pytest.raises(TypeError, match=r"Window.seen: expected indexedarray\(dtype=float32\), got array"):
        window.seen = rk.zeros(2)


@rk.kernel
def first_hit(mesh: rk.uint64, height: rk.array(dtype=float), out: rk.array2d(dtype=float)):
    i = rk.tid()
    t = float(7.0)
    u = float(0.0)
    v = float(0.0)
    sign = float(0.0)
    normal = rk.vec3()
    face = int(-1)
    if rk.mesh_query_ray(
        mesh, rk.vec3(0.25, 0.25, height[i]), rk.vec3(0.0, 0.0, -1.0), 10.0, t, u, v, sign, normal, face
    ):
        out[i, 0] = 1.0
    out[i, 1] = t
    out[i, 2] = float(face)
    out[i, 3] = normal[2]


def test_a_ray_with_results_by_reference():
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    mesh, out = rk.Mesh(points, [0, 1, 2]), rk.zeros((2, 4))
    rk.launch(first_hit, dim=2, inputs=[mesh.id, rk.array([2.0, -1.0]), out])
    assert out.list() == [1.0, 2.0, 0.0, 1.0, 0.0, 7.0, -1.0, 0.0]
