"""`rk.ScopedTimer`."""

import time

import robokern as rk


def test_time_is_printed_and_collected(capsys):
    times = {}
    with rk.ScopedTimer("outer", dict=times) as outer, rk.ScopedTimer("inner", use_nvtx=True, dict=times):
        time.sleep(0.02)
    inner_line, outer_line = capsys.readouterr().out.splitlines()
    assert inner_line.startswith("  inner took ")
    assert outer_line == f"outer took {outer.elapsed:.2f} ms"
    assert times["outer"] == [outer.elapsed]
    assert times["outer"][0] >= times["inner"][0] >= 20.0


def test_a_timer_that_is_off_does_nothing(capsys):
    times = {}
    with rk.ScopedTimer("off", active=False, dict=times) as timer:
        pass
    with rk.ScopedTimer("quiet", print=False):
        pass
    assert (timer.elapsed, times, capsys.readouterr().out) == (0.0, {}, "")


def test_a_profile_on_demand(capsys):
    with rk.ScopedTimer("detailed", detailed=True):
        sorted([3, 1, 2])
    assert "function calls" in capsys.readouterr().out
