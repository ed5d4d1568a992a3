"""Constants, questions about types, and names whose feature is not there yet."""

import math

import pytest

import robokern as rk

SAYS = {
    "tile_load": "rk.tile_load is not supported (tiles): write the loop over the elements in the kernel",
    "launch_tiled": "rk.launch_tiled is not supported (tiles): "
    "write the loop over the elements in the kernel",
    "texture_sample": "rk.texture_sample is not supported (textures): "
    "sample an array: four loads and rk.lerp",
    "Texture2D": "rk.Texture2D is not supported (textures): sample an array: four loads and rk.lerp",
    "Volume": "rk.Volume is not supported (sparse volumes): use an array3d, or rk.Scene for distances",
    "volume_sample_f": "rk.volume_sample_f is not supported (sparse volumes): "
    "use an array3d, or rk.Scene for distances",
    "func_native": "rk.func_native is not supported (external native code): write it as an @rk.func",
    "fabricarray": "rk.fabricarray is not supported (fabric arrays): copy them into an array",
    "dense_chol_batched": "rk.dense_chol_batched is not supported (many matrices in one array): "
    "call rk.dense_chol(n, A[i], ...) with one item for each",
}


@pytest.mark.parametrize("name", SAYS)
def test_what_is_missing_says_so(name: str) -> None:
    with pytest.raises(rk.UnsupportedError) as raised:
        getattr(rk, name)
    assert str(raised.value) == SAYS[name]
    assert not hasattr(rk, name)


def test_in_a_kernel_the_place_is_named() -> None:
    @rk.kernel
    def uses_tiles(a: rk.array(dtype=float)):
        rk.tile_load(a, shape=8)

    with pytest.raises(rk.KernelError) as raised:
        rk.launch(uses_tiles, dim=1, inputs=[rk.zeros(8, dtype=float)])
    assert "test_names.py" in str(raised.value) and SAYS["tile_load"] in str(raised.value)


def test_an_unknown_name_is_no_feature() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'tyle'") as raised:
        rk.tyle  # noqa: B018
    assert not isinstance(raised.value, rk.UnsupportedError)


def test_bool_is_a_type_of_the_surface() -> None:
    assert rk.zeros(2, dtype=rk.bool).numpy().tolist() == [False, False]


def test_min_of_literals_is_min_of_values() -> None:
    @rk.kernel
    def least(x: rk.array(dtype=float), out: rk.array(dtype=float)):
        out[0] = rk.min(rk.nan, 1.0)
        out[1] = rk.min(x[0], 1.0)
        out[2] = rk.max(1.0, rk.nan)
        out[3] = rk.max(1.0, x[0])
        out[4] = rk.div_approx(out[0], 4.0)

    out = rk.zeros(5, dtype=float)
    rk.launch(least, dim=1, inputs=[rk.array([math.nan], dtype=float), out])
    assert out.numpy()[[0, 1, 4]].tolist() == [1.0, 1.0, 0.25]
    assert all(map(math.isnan, out.numpy()[2:4]))


def test_constants() -> None:
    assert (rk.pi, rk.PI, rk.TAU, rk.e, rk.inf) == (math.pi, math.pi, math.tau, math.e, math.inf)
    assert rk.constant(3.5) == 3.5


@rk.struct
class Pair:
    a: float
    b: rk.vec3d


def test_types() -> None:
    assert rk.types.vector(length=3, dtype=float) == rk.vec3
    assert rk.types.matrix(shape=(3, 3), dtype=rk.float64) == rk.mat33d
    assert [rk.types.type_size(t) for t in (float, rk.vec3, rk.mat33, rk.transform, Pair)] == [1, 3, 9, 7, 1]
    assert [rk.types.type_size_in_bytes(t) for t in (int, rk.vec3d, rk.uint8, Pair)] == [4, 24, 1, 32]
    assert rk.types.type_is_int(int) and rk.types.type_is_int(rk.uint8) and not rk.types.type_is_int(float)
    assert rk.types.type_is_float(rk.float16) and not rk.types.type_is_float(rk.vec3)
    assert rk.types.type_is_vector(rk.vec3) and not rk.types.type_is_vector(rk.quat)
    assert rk.types.type_is_quaternion(rk.quat) and rk.types.type_is_transformation(rk.transform)
    assert rk.types.type_is_struct(Pair) and rk.types.type_is_composite(rk.mat22)
    assert (
        rk.types.is_array(rk.array(dtype=float))
        and rk.types.is_array(rk.zeros(2))
        and not rk.types.is_array(3)
    )
    assert rk.types.is_composite(rk.vec3()) and not rk.types.is_composite(1.0)
    assert rk.types.float32 is rk.float32
