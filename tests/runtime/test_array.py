"""Arrays: element types, sharing memory with NumPy, views, and one clear error for what does not fit."""

import gc
import weakref
from array import array

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import robokern as rk
from robokern.ir.layout import numpy_dtype, size_of
from robokern.ir.types import ArrayType, float32, float64, int32, vec3
from robokern.runtime.memory import address


@rk.struct
class Contact:
    depth: float
    geom: int
    normal: rk.vec3
    at: rk.float64


@rk.struct
class Holder:
    points: rk.array(dtype=rk.vec3)
    count: int


def refused(error: type[Exception], text: str, call, *args, **options) -> None:
    with pytest.raises(error) as caught:
        call(*args, **options)
    assert str(caught.value) == text


def test_without_data_and_shape_it_is_an_annotation():
    assert rk.array(dtype=float) == rk.array[float] == ArrayType(float32, 1)
    assert (
        rk.array2d(dtype=rk.vec3)
        == rk.array2d[rk.vec3]
        == rk.array(dtype=rk.vec3, ndim=2)
        == ArrayType(vec3, 2)
    )
    assert rk.array4d(dtype=np.int64).ndim == 4
    assert isinstance(rk.zeros(3), rk.array)


@pytest.mark.parametrize(
    ("data", "dtype", "values"),
    [
        ([1.5, 2], "float32", "float32"),
        ([1, 2], "int32", "int32"),
        ([True, False], "bool", "bool"),
        (np.arange(3.0), "float64", "float64"),
        (np.arange(3, dtype=np.uint8), "uint8", "uint8"),
        ([rk.vec3(1.0, 2.0, 3.0)], "vec3", "float32"),
        (np.float64(3), "float64", "float64"),
        ([np.float64(3)], "float64", "float64"),
        ([], "float32", "float32"),
    ],
)
def test_the_dtype_comes_from_the_data(data, dtype, values):
    made = rk.array(data)
    assert (str(made.dtype), made.numpy().dtype.name) == (dtype, values)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(
    ("dtype", "shape"),
    [
        (rk.vec3, (5, 3)),
        (rk.mat33, (5, 3, 3)),
        (rk.mat33, (5, 9)),
        (rk.quat, (5, 4)),
        (rk.transform, (2, 5, 7)),
        (rk.vector(7, rk.int16), (5, 7)),
    ],
)
def test_components_are_the_last_axes(dtype, shape):
    data = np.arange(np.prod(shape)).reshape(shape)
    made = rk.array(data, dtype=dtype)
    assert made.shape == shape[: -1 if data.shape[-1] == np.prod(dtype.shape) else -2]
    assert made.numpy().shape == made.shape + dtype.shape
    np.testing.assert_array_equal(made.numpy().ravel(), data.ravel())
    assert made.strides[-1] == size_of(dtype)


@settings(max_examples=80, deadline=None)
@given(
    hnp.arrays(
        st.sampled_from(["f4", "f8", "i2", "u8", "?"]), hnp.array_shapes(max_dims=4, min_side=0, max_side=5)
    )
)
def test_numpy_goes_in_and_comes_out_alike(data):
    made = rk.array(data)
    np.testing.assert_array_equal(made.numpy(), data)
    assert made.numpy().dtype == data.dtype
    assert made.size == data.size
    assert data.size == 0 or made.ptr % 64 == 0
    assert not np.shares_memory(made.numpy(), data)


@pytest.mark.usefixtures("compiled")
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_slices_are_views_with_the_strides_of_numpy(data):
    shape = data.draw(hnp.array_shapes(max_dims=4, max_side=4))
    base = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    made = rk.array(base)
    key = data.draw(hnp.basic_indices(shape, allow_ellipsis=False, allow_newaxis=False))
    want, got = base[key], made[key]
    np.testing.assert_array_equal(got.numpy() if isinstance(got, rk.Array) else got, want)
    if isinstance(got, rk.Array):
        assert got.strides == want.strides
        assert got.is_contiguous == want.flags.c_contiguous
        got.fill_(-1)
        base[key] = -1
    np.testing.assert_array_equal(made.numpy(), base)


def test_the_descriptor_is_what_kernels_read():
    made = rk.array(np.zeros((6, 8), np.float32))[1:5:2, ::-1]
    record = np.frombuffer(made.descriptor, numpy_dtype(made.type))[0]
    assert record["data"] == made.ptr == made.numpy().__array_interface__["data"][0]
    assert (tuple(record["shape"]), tuple(record["strides"])) == ((2, 8), (64, -4))


def test_without_a_copy_memory_is_shared_and_kept_alive():
    memory = array("f", bytes(48))
    data = np.frombuffer(memory, np.float32).reshape(4, 3)
    made = rk.array(data, dtype=rk.vec3, copy=False)
    data[2, 1] = 5
    assert made[2] == rk.vec3(0.0, 5.0, 0.0)
    alive = weakref.ref(memory)
    del data, memory
    gc.collect()
    assert alive() is not None
    view = made.numpy()
    del made
    gc.collect()
    view[0, 0] = 1
    assert alive() is not None
    del view
    gc.collect()
    assert alive() is None


def test_what_cannot_be_shared_is_refused():
    read_only = np.zeros(3, np.float32)
    read_only.flags.writeable = False
    refused(
        TypeError,
        "read-only memory cannot be shared with kernels; pass a copy",
        rk.array, read_only, dtype=float, copy=False,
    )  # fmt: skip
    refused(
        TypeError,
        "cannot share memory of float64 as float32; convert it, or pass copy=True",
        rk.array, np.zeros(3), dtype=float, copy=False,
    )  # fmt: skip
    refused(
        TypeError,
        "array: copy=False needs a NumPy array, got list [1.0]",
        rk.array, [1.0], dtype=float, copy=False,
    )  # fmt: skip


def test_components_out_of_a_row_cannot_be_shared():
    planes = np.zeros((3, 4), np.float32).T  # (4, 3), each point's components 16 bytes apart
    refused(
        ValueError,
        "components of vec3 do not lie in a row (strides (4, 16)); pass a copy",
        rk.array, planes, dtype=rk.vec3, copy=False,
    )  # fmt: skip
    assert rk.array(planes, dtype=rk.vec3).shape == (4,)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: rk.array(["a"], dtype=float), TypeError, "cannot convert <U1 to float32"),
        (lambda: rk.array([1.5], dtype=int), TypeError, "cannot convert float64 to int32"),
        (
            lambda: rk.array(np.zeros((2, 4)), dtype=rk.vec3),
            ValueError,
            "elements of vec3 need a last axis of 3, got shape (2, 4)",
        ),
        (
            lambda: rk.array(np.zeros(6), dtype=float, shape=(2, 2)),
            ValueError,
            "array: cannot shape data of shape (6,) as (2, 2) elements of float32",
        ),
        (
            lambda: rk.array(np.zeros((1, 1, 1, 1, 1))),
            ValueError,
            "array: cannot shape data of shape (1, 1, 1, 1, 1) as (1, 1, 1, 1, 1) elements of float64",
        ),
        (
            lambda: rk.zeros((2, -1)),
            ValueError,
            "array: expected a shape of 1 to 4 lengths from 0 up, got (2, -1)",
        ),
        (lambda: rk.zeros("abc"), ValueError, "array: expected a shape of integers, got str 'abc'"),
        (lambda: rk.zeros(2.0), ValueError, "array: expected a shape of integers, got float 2.0"),
        (
            lambda: rk.array2d([1.0], dtype=float),
            ValueError,
            "array: expected 2 dimensions, got shape (1,) of float32",
        ),
        (
            lambda: rk.zeros(3, dtype=rk.array(dtype=float)),
            TypeError,
            "array: array(dtype=float32) cannot be the type of elements; "
            "pass dtype=rk.float32, rk.vec3 or the like",
        ),
        (lambda: rk.zeros(3, dtype="float"), TypeError, "'float' is not a type of the kernel language"),
        (
            lambda: rk.zeros((4, 4))[:, ::2].reshape(8),
            ValueError,
            "array.reshape: the array of shape (4, 2) has strides (16, 8) and is not contiguous; "
            "write .contiguous().reshape(...)",
        ),
        (
            lambda: rk.zeros((4, 4)).reshape((3, 5)),
            ValueError,
            "array.reshape: cannot shape 16 elements of shape (4, 4) as (3, 5)",
        ),
        (
            lambda: rk.zeros(4, dtype=rk.vec3).view(rk.quat),
            ValueError,
            "array.view: quat has 16 bytes, elements of vec3 have 12",
        ),
        (
            lambda: rk.zeros(4).assign([1.0, 2.0]),
            ValueError,
            "array.assign: expected shape (4,) of float32, got (2,)",
        ),
        (
            lambda: rk.zeros(4, dtype=rk.vec3).fill_((1.0, 2.0)),
            ValueError,
            "elements of vec3 need a last axis of 3, got shape (2,)",
        ),
        (lambda: rk.zeros(4)[1, 2], IndexError, "array: expected at most 1 indices, got 2"),
        (
            lambda: rk.zeros(4)[[1, 2]],
            IndexError,
            "array: an index is an integer or a slice, got list [1, 2]; use .numpy()[...]",
        ),
        (
            lambda: rk.copy(rk.zeros(4), rk.zeros(4, dtype=int)),
            TypeError,
            "copy: cannot copy array(dtype=int32) to array(dtype=float32)",
        ),
        (
            lambda: rk.copy(rk.zeros(4), rk.zeros(3), dest_offset=2),
            ValueError,
            "copy: 3 elements from 0 of 3 do not fit from 2 of 4",
        ),
    ],
)
def test_mistakes_get_one_sentence(call, error, text):
    refused(error, text, call)


@pytest.mark.usefixtures("compiled")
def test_one_element_is_a_host_value():
    assert rk.array([1.5])[0] == np.float32(1.5)
    assert isinstance(rk.array([1.5])[0], np.float32)
    points = rk.array([[1, 2, 3], [4, 5, 6]], dtype=rk.vec3)
    point = points[-1]
    assert point == rk.vec3(4.0, 5.0, 6.0)
    point[0] = 9.0
    assert points[1] == rk.vec3(4.0, 5.0, 6.0), "a host value is a copy"
    points[0] = rk.vec3(7.0, 8.0, 9.0)
    points[1:] = [(1, 1, 1)]
    np.testing.assert_array_equal(points.numpy(), [[7, 8, 9], [1, 1, 1]])
    assert [p.y for p in points] == [8, 1]
    with pytest.raises(IndexError):
        points[2]


def test_structs_have_their_c_layout():
    contacts = rk.array(
        [Contact(depth=0.5, geom=3, normal=rk.vec3(0.0, 0.0, 1.0), at=2.0), Contact()], dtype=Contact
    )
    assert contacts.strides == (32,)
    assert contacts.numpy().dtype == np.dtype(
        [("depth", "f4"), ("geom", "i4"), ("normal", "f4", 3), ("at", "f8")], align=True
    )
    assert contacts[0]["geom"] == 3
    assert tuple(contacts.numpy()["normal"][0]) == (0, 0, 1)
    contacts[1] = Contact(geom=9)
    assert contacts.numpy()["geom"].tolist() == [3, 9]
    again = rk.array(contacts.numpy(), dtype=Contact, copy=False)
    assert again.ptr == contacts.ptr
    refused(TypeError, "expected Contact, got float 1.0", rk.array, [1.0], dtype=Contact)


@pytest.mark.usefixtures("compiled")
def test_arrays_inside_structs_are_kept_alive():
    points = rk.array([[1, 2, 3]], dtype=rk.vec3)
    address = points.ptr
    alive = weakref.ref(points)
    holders = rk.array([Holder(points=points, count=1)], dtype=Holder)
    del points
    gc.collect()
    assert alive() is not None
    assert holders[0]["points"]["data"] == address
    part = holders[0:1]
    del holders
    gc.collect()
    assert alive() is not None
    del part
    gc.collect()
    assert alive() is None
    refused(
        TypeError,
        "Holder.points: expected array(dtype=vec3), got array(dtype=float32)",
        Holder, points=rk.zeros(3),
    )  # fmt: skip


@pytest.mark.usefixtures("compiled")
def test_shapes_change_without_a_copy():
    made = rk.array(np.arange(24), dtype=int, shape=(2, 3, 4))
    for other in (made.reshape((4, -1)), made.flatten(), made.view(rk.uint32), made.transpose()):
        assert other.ptr == made.ptr
    assert made.reshape((4, -1)).shape == (4, 6)
    assert made.transpose((0, 2, 1)).strides == (48, 4, 16)
    assert rk.zeros((5, 4)).reshape(20).view(rk.int32).dtype == int32
    quats = rk.zeros(3, dtype=rk.vec4).view(rk.quat)
    assert (quats.dtype, quats.shape) == (rk.quat, (3,))
    strided = made[:, ::2]
    assert strided.contiguous().is_contiguous
    np.testing.assert_array_equal(strided.contiguous().numpy(), strided.numpy())
    assert made.contiguous() is made


@pytest.mark.usefixtures("compiled")
def test_creation():
    np.testing.assert_array_equal(rk.zeros((2, 3), dtype=rk.float64).numpy(), np.zeros((2, 3)))
    assert rk.empty(4, dtype=rk.mat44).numpy().shape == (4, 4, 4)
    np.testing.assert_array_equal(rk.ones(2, dtype=rk.vec2).numpy(), np.ones((2, 2)))
    assert rk.full(3, 7).dtype == int32
    assert rk.full(3, rk.vec3(1.0, 2.0, 3.0))[2] == rk.vec3(1.0, 2.0, 3.0)
    np.testing.assert_array_equal(rk.full_like(rk.zeros((2, 2), dtype=int), 5).numpy(), [[5, 5], [5, 5]])
    np.testing.assert_array_equal(rk.array(2.0, dtype=float, shape=3).numpy(), [2, 2, 2])
    assert rk.zeros_like(rk.zeros(3, dtype=rk.quat)).dtype == rk.quat
    assert rk.ones_like(rk.zeros(3, dtype=rk.float64)).dtype == float64
    source = rk.array([1.0, 2.0, 3.0])
    other = rk.clone(source)
    other.fill_(0)
    assert source.list() == [1, 2, 3]
    rk.copy(other, source, dest_offset=1, src_offset=0, count=2)
    assert other.list() == [0, 1, 2]
    source.zero_()
    assert source.list() == [0, 0, 0]
    assert rk.zeros(0).size == 0
    assert rk.array([], dtype=rk.vec3).shape == (0,)


def test_numpy_and_dlpack_share_the_memory():
    shared = rk.from_numpy(np.zeros((4, 3), np.float32), dtype=rk.vec3, copy=False)
    assert shared.shape == (4,)
    made = rk.array([[1, 2, 3]], dtype=rk.vec3)
    np.asarray(made)[0, 0] = 8
    assert made[0].x == 8
    assert np.array(made, copy=True).ctypes.data != made.ptr
    exported = np.from_dlpack(made)
    assert exported.ctypes.data == made.ptr
    back = rk.from_dlpack(made, dtype=rk.vec3)
    assert (back.ptr, back.shape) == (made.ptr, (1,))
    assert made.__dlpack_device__() == (1, 0)
    refused(
        TypeError, "from_dlpack: cannot share memory of float32 as float64", rk.from_dlpack, made, rk.float64
    )


def test_torch_shares_the_memory():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    tensor = torch.zeros((4, 3))
    made = rk.from_dlpack(tensor, dtype=rk.vec3)
    made.fill_(2)
    assert tensor.sum() == 24
    assert torch.from_dlpack(made).data_ptr() == tensor.data_ptr()


def test_jax_shares_the_memory():
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    with jax.default_device(jax.devices("cpu")[0]):
        values = jax.numpy.arange(12.0).reshape(4, 3)
    assert rk.from_dlpack(values, dtype=rk.vec3).ptr == values.unsafe_buffer_pointer()
    made = rk.ones(5)
    assert jax.dlpack.from_dlpack(made).unsafe_buffer_pointer() == made.ptr


def test_gradients_have_a_place():
    made = rk.zeros(3, dtype=rk.vec3, requires_grad=True)
    assert made.grad.shape == (3,) and made.grad.dtype == rk.vec3
    assert made.grad is made.grad
    assert rk.zeros(3).grad is None
    with pytest.raises(ValueError, match=r"^array\.grad: expected array"):
        made.grad = rk.zeros(2)


def test_an_array_shows_what_it_is():
    assert repr(rk.array([[1, 2]])) == "array2d([[1, 2]], dtype=int32, device='cpu')"


def test_address_of_any_view() -> None:
    frozen = np.zeros(3)
    frozen.flags.writeable = False
    rows = np.zeros((3, 4))
    views = [
        rows, rows[:, ::2], rows[::-1], rows[1:], rows.T, rows[:0], np.zeros((3, 0)), np.zeros(()), frozen,
        np.zeros(2, np.dtype([("a", "f4"), ("b", "i8")], align=True)), np.broadcast_to(np.zeros(1), (4,)),
    ]  # fmt: skip
    assert [address(v) for v in views] == [v.__array_interface__["data"][0] for v in views]


def test_no_length_is_beyond_what_kernels_count():
    wide = np.broadcast_to(np.zeros(1, np.int8), (2**31,))
    for made in (
        lambda: rk.zeros(2**31, dtype=rk.int8),
        lambda: rk.array(wide),
        lambda: rk.empty((1, 2**31)),
    ):
        with pytest.raises(ValueError, match=r"a length is at most 2\*\*31 - 1, as kernels count in int32"):
            made()
    rows = rk.array(np.lib.stride_tricks.as_strided(np.zeros(1, np.int8), (2**16, 2**16), (0, 0)), copy=False)
    assert rows.size == 2**32
