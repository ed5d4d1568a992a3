"""Devices by alias, the default device, and the error for those that are not there."""

from importlib.util import find_spec

import pytest

import robokern as rk

GPUS = [str(device) for device in rk.get_devices() if device.is_cuda]


def test_devices_by_alias():
    assert [str(device) for device in rk.get_devices()] == ["cpu", "ref", *GPUS]
    assert rk.get_device("cpu") is rk.get_device()
    assert str(rk.get_device("auto")) == (GPUS[0] if GPUS else "cpu")
    assert rk.get_device("ref").is_cpu and not rk.get_device("ref").is_cuda
    assert rk.get_device("cpu").sm_count == rk.get_device("cpu").max_shared_memory_per_block == 0
    assert all(rk.get_device(gpu).sm_count > 0 for gpu in GPUS)


@pytest.mark.parametrize(
    ("alias", "what"),
    [
        ("cuda:99", "there is no such device" if GPUS else None),
        ("cuda:x", "there is no such device" if GPUS else None),
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
        choice = ", ".join(["cpu", "ref", *GPUS, "auto"])
        # without a GPU the driver says what is missing
        reason = what or str(caught.value).removeprefix(f"device {alias!r}: ").split("; choose")[0]
        assert reason and str(caught.value) == f"device {alias!r}: {reason}; choose one of: {choice}"


@pytest.mark.skipif(find_spec("pycuda") is not None, reason="PyCUDA is installed")
def test_without_pycuda_the_install_line_is_given():
    with pytest.raises(
        rk.DeviceError, match=r"install it: pip install robokern\[cuda\]; choose one of: cpu, ref"
    ):
        rk.get_device("cuda")


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
