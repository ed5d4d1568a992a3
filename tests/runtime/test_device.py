"""Devices by alias, the default device, and the error for those that are not there."""

import pytest

import robokern as rk


def test_devices_by_alias():
    assert [str(device) for device in rk.get_devices()] == ["cpu", "ref"]
    assert rk.get_device("cpu") is rk.get_device(rk.get_device("auto")) is rk.get_device()
    assert rk.get_device("ref").is_cpu and not rk.get_device("ref").is_cuda


@pytest.mark.parametrize(
    ("alias", "what"),
    [
        ("cuda", "no CUDA device: this version of robokern drives the CPU only"),
        ("cuda:0", "no CUDA device: this version of robokern drives the CPU only"),
        ("gpu", "there is no such device"),
        (3, "there is no such device"),
    ],
)
def test_devices_that_are_not_there(alias, what):
    for call in (
        rk.get_device,
        rk.set_device,
        rk.ScopedDevice,
        rk.synchronize,
        lambda a: rk.zeros(3, device=a),
    ):
        with pytest.raises(rk.DeviceError) as caught:
            call(alias)
        assert str(caught.value) == f"device {alias!r}: {what}; choose one of: cpu, ref, auto"


def test_the_default_device_is_restored_even_after_an_error():
    scope = rk.ScopedDevice("ref")
    with pytest.raises(KeyError), scope, scope:
        assert rk.zeros(3).device is rk.get_device("ref")
        raise KeyError
    assert rk.get_device().alias == "cpu"
    rk.set_device("ref")
    assert rk.get_device().alias == "ref"
    rk.set_device("cpu")


def test_cpu_and_ref_share_memory():
    made = rk.zeros(3)
    other = made.to("ref")
    assert (other.ptr, str(other.device)) == (made.ptr, "ref")
    assert made.to("cpu") is made
