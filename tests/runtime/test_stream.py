"""Streams and events: order between them, times, and what they mean where launches are done at once."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import robokern as rk
from robokern.runtime import libcuda


@rk.kernel
def work(a: rk.array(dtype=float), turns: int):
    i = rk.tid()
    x = a[i]
    for _ in range(turns):
        x = x * 0.999 + 0.001
    a[i] = x + 1.0


def launch(a, turns=100, **options):
    rk.launch(work, dim=a.size, inputs=[a, turns], **options)


def test_the_current_stream_and_back(device):
    default, stream = rk.get_stream(), rk.Stream()
    with rk.ScopedStream(stream) as inner:
        assert inner is stream and rk.get_stream() is stream
        assert str(rk.get_device()) == device == str(stream.device)
    assert rk.get_stream() is default
    rk.set_stream(stream)
    assert rk.get_device().stream is stream
    rk.set_stream(default, sync=True)
    with rk.ScopedStream(None) as nothing:
        assert nothing is None and rk.get_stream() is default


def test_work_in_another_stream_is_waited_for(device):
    a, stream = rk.zeros(256), rk.Stream(priority=-1)
    launch(a)
    with rk.ScopedStream(stream, sync_enter=True, sync_exit=True):
        launch(a)
    launch(a)
    rk.synchronize()
    expected = rk.zeros(256)
    for _ in range(3):
        launch(expected)
    assert np.array_equal(a.numpy(), expected.numpy())


def test_a_launch_goes_to_the_stream_it_names(device):
    a, stream = rk.zeros(64), rk.Stream()
    event = rk.record_event()
    stream.wait_event(event)
    launch(a, stream=stream)
    rk.wait_stream(stream)
    launch(a)
    assert np.all(a.numpy() > 1.5)
    stream.synchronize()
    assert stream.is_complete and event.is_complete and not stream.is_capturing


def test_events_measure_time(device):
    a = rk.zeros(64)
    launch(a, 10)
    start, end = rk.Event(enable_timing=True), rk.Event(enable_timing=True)
    assert rk.record_event(start) is start
    launch(a, 500)
    rk.record_event(end)
    rk.synchronize_event(end)
    assert end.is_complete
    assert 0.0 < rk.get_event_elapsed_time(start, end) < 60e3


def test_events_without_time_are_refused(device):
    timed, plain = rk.Event(enable_timing=True), rk.record_event()
    with pytest.raises(rk.DeviceError) as caught:
        rk.get_event_elapsed_time(plain, timed)
    assert str(caught.value) == (
        f"get_event_elapsed_time: an event of {device} has no time: pass enable_timing=True"
    )


def test_memory_that_is_freed_waits_for_every_stream(device):
    """An array dropped while another stream still works on it is not given to the next one too soon."""
    size, turns = (256, 10) if rk.get_device().is_cpu else (1 << 16, 2000)
    stream, kept = rk.Stream(), []
    for _ in range(20):
        a = rk.zeros(size)
        stream.wait_stream(rk.get_stream())
        with rk.ScopedStream(stream, sync_enter=False):
            launch(a, turns)
            kept.append(a.clone())
        del a
        gc.collect()
        rk.full(size, 5.0)
    rk.synchronize()
    expected = rk.zeros(size)
    launch(expected, turns)
    assert all(np.array_equal(x.numpy(), expected.numpy()) for x in kept)


def test_a_stream_of_another_device_is_refused(device):
    other = "cpu" if device == "ref" else "ref"
    with pytest.raises(rk.DeviceError) as caught:
        rk.set_stream(rk.Stream(), device=other)
    assert str(caught.value) == f"set_stream: expected a stream of {other}, got one of {device}"
    with pytest.raises(rk.DeviceError, match=f"expected an event of {device}, got one of {other}"):
        rk.get_stream().record_event(rk.Event(other))


def test_pinned_memory(device):
    host = rk.empty((3, 2), dtype=rk.vec3, device="cpu", pinned=True)
    host.fill_(2.0)
    a = host.to(device)
    rk.copy(host, a)
    rk.synchronize()
    assert np.all(host.numpy() == 2.0) and host.numpy().shape == (3, 2, 3)
    if not rk.get_device().is_cpu:
        with pytest.raises(
            ValueError, match=f"pinned memory is the host's: pass device='cpu', not '{device}'"
        ):
            rk.zeros(3, pinned=True)


def test_arrays_are_freed_while_streams_end(device, monkeypatch):
    made = libcuda.new_event

    def collecting(*options):
        gc.collect()  # a collection may come at any time; this one comes while memory is given back
        return made(*options)

    monkeypatch.setattr(libcuda, "new_event", collecting)
    gc.disable()
    try:
        for _ in range(20):
            a, held = rk.zeros(4), [rk.Stream(blocking=False) for _ in range(8)]
            held.append(held)  # they end with a collection
            del held
            del a
    finally:
        gc.enable()
    assert rk.full(4, 2.0).numpy().tolist() == [2.0] * 4
