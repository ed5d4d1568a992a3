"""Structs on the host: lists, arrays and NumPy structured arrays of them; arrays inside stay alive."""

import gc
import weakref

import numpy as np
import pytest

import robokern as rk


@rk.struct
class Inner:
    weight: float
    data: rk.array(dtype=float)


@rk.struct
class Outer:
    number: rk.int8
    inner: Inner
    axis: rk.vec3


@rk.struct
class Plain:
    a: float
    b: rk.int64


@rk.kernel
def add_up(given: rk.array(dtype=Outer), out: rk.array(dtype=float)):
    i = rk.tid()
    out[i] = given[i].inner.data[1] + given[i].inner.weight + given[i].axis.y


@rk.kernel
def one(given: Outer, out: rk.array(dtype=float)):
    out[0] = given.inner.data[2]


@rk.kernel
def raise_by_one(given: rk.array(dtype=Plain)):
    i = rk.tid()
    given[i].a += 1.0
    given[i].b += rk.int64(1)


def outer(number):
    inner = Inner(weight=float(number), data=rk.array([1.0, 2.0, 3.0]))
    return Outer(number=number, inner=inner, axis=rk.vec3(0.0, 1.0, 0.0))


def outers():
    return [outer(i) for i in range(3)]


def sums(given, device):
    out = rk.zeros(3, device=device)
    rk.launch(add_up, 3, [given, out], device=device)
    return out.list()


def test_a_list_of_structs_keeps_the_arrays_inside_alive(device):
    values = outers()
    watched = weakref.ref(values[0].inner.data)
    given = rk.array(values, dtype=Outer, device=device)
    del values
    gc.collect()
    assert watched() is not None
    assert sums(given, device) == [3.0, 4.0, 5.0]
    assert sums(given.clone(), device) == [3.0, 4.0, 5.0]
    view = given[1:]
    del given
    gc.collect()
    assert watched() is not None
    del view
    gc.collect()
    assert watched() is None


def test_assignment_keeps_the_new_arrays_alive(device):
    given = rk.zeros(3, dtype=Outer, device=device)
    given.assign(outers())
    given[1] = outers()[2]
    gc.collect()
    assert sums(given, device) == [3.0, 5.0, 5.0]


def test_copying_keeps_the_arrays_of_the_source(device):
    target = rk.zeros(3, dtype=Outer, device=device)
    rk.copy(target, rk.array(outers(), dtype=Outer, device=device))
    gc.collect()
    assert sums(target, device) == [3.0, 4.0, 5.0]


def test_to_and_from_numpy_structured_arrays(device):
    records = np.zeros(4, Plain.numpy_dtype())
    records["a"], records["b"] = [0.0, 1.0, 2.0, 3.0], [10, 11, 12, 13]
    given = rk.array(records, dtype=Plain, device=device)
    rk.launch(raise_by_one, 4, [given], device=device)
    back = given.numpy()
    assert back.dtype == records.dtype
    assert back["a"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert back["b"].tolist() == [11, 12, 13, 14]
    shared = rk.from_numpy(records, dtype=Plain, device="cpu", copy=False)
    rk.launch(raise_by_one, 4, [shared], device="ref" if device == "ref" else "cpu")
    assert records["b"].tolist() == [11, 12, 13, 14]


def test_packed_records_are_converted():
    records = np.zeros(2, [("a", "f4"), ("b", "i8")])
    records["b"] = [5, 6]
    assert records.dtype.itemsize == 12
    assert rk.array(records, dtype=Plain).numpy()["b"].tolist() == [5, 6]


def test_layout_is_that_of_c():
    assert Plain.numpy_dtype() == np.dtype([("a", "f4"), ("b", "i8")], align=True)


def test_a_struct_moves_with_its_arrays(device):
    moved = outers()[0].to(device)
    assert str(moved.inner.data.device) == device
    out = rk.zeros(1, device=device)
    rk.launch(one, 1, [moved, out], device=device)
    assert out.list() == [3.0]


def test_a_struct_that_does_not_fit():
    with pytest.raises(TypeError, match="expected Outer, got Plain"):
        rk.array([Plain(a=1.0)], dtype=Outer)
    with pytest.raises(TypeError, match=r"Inner\.data: expected array\(dtype=float32\), got array"):
        Inner(data=rk.zeros(2, dtype=int))
    with pytest.raises(TypeError, match=r"Outer\.inner: expected Inner, got Plain"):
        Outer().inner = Plain()
    with pytest.raises(TypeError, match="expected Plain as NumPy records"):
        rk.array(np.zeros(2, [("a", "f8"), ("b", "i8")]), dtype=Plain)


def test_view_as_another_type_of_equal_size(device):
    numbers = rk.array([1.0, -2.0], device=device)
    bits = numbers.view(rk.uint32)
    assert bits.list() == [0x3F800000, 0xC0000000]
    bits[0] = 0x40000000
    assert numbers.list() == [2.0, -2.0]
    quaternions = rk.zeros((2, 3), dtype=rk.quat, device=device)
    assert quaternions.view(rk.vec4).shape == (2, 3)
    with pytest.raises(ValueError, match=r"vec3 needs data .* with last axes \(3,\), got shape \(2,\)"):
        numbers.view(rk.vec3)
