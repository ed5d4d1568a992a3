"""The native thread pool: every item once, whatever the threads and callers, across fork and exit."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import robokern as rk
from robokern.errors import DeviceError
from robokern.runtime import driver_cpu
from tests.runtime import handwritten
from tests.runtime.handwritten import FAILS, INCREMENT, SLICES, program, record


@pytest.fixture(autouse=True)
def _restore_threads():
    before = driver_cpu.cpu_threads()
    yield
    driver_cpu.set_cpu_threads(before)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("count", [1, 2, 3, 64, 1000, 4097, 300_000])
def test_every_item_runs_exactly_once(threads, count):
    driver_cpu.set_cpu_threads(threads)
    data = np.zeros(count, np.int64)
    for _ in range(20):
        assert program(INCREMENT).run(count, record(data)) == 0
    np.testing.assert_array_equal(data, 20)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.integers(1, 50_000), st.integers(1, 700))
def test_no_slice_splits_a_unit(threads, count, unit):
    driver_cpu.set_cpu_threads(threads)
    lengths = np.zeros(count, np.int64)
    program(SLICES).run(count, record(lengths), unit)
    starts = np.flatnonzero(lengths)
    assert (starts % unit == 0).all()
    np.testing.assert_array_equal(starts[1:], (starts + lengths[starts])[:-1])
    assert lengths.sum() == count


def test_few_heavy_items_are_shared():
    driver_cpu.set_cpu_threads(4)
    seen = np.zeros(400, np.int64)
    handwritten.heavy().run(400, record(seen))
    assert len(set(seen.tolist())) > 1
    assert driver_cpu.pool().workers() == 3


@rk.kernel(cpu_lanes=1)
def waits(done: rk.array(dtype=int), waited: rk.array(dtype=int), needed: int, most: int):
    """Light items, and one that waits until most of the others are done."""
    i = rk.tid()
    if i == done.shape[0] // 2:
        while waited[0] < most and rk.atomic_add(done, 0, 0) < needed:
            waited[0] = waited[0] + 1
    x = float(i)
    for _k in range(200):
        x = rk.sqrt(x + 1.0)
    if x > 0.0:
        rk.atomic_add(done, 0, 1)


def test_slices_go_to_whoever_is_free():
    """Halves, one to a thread, would leave the one that waits with half of the items behind it."""
    driver_cpu.set_cpu_threads(2)
    count, most = 40_000, 200_000_000
    done, waited = rk.zeros(count, dtype=int), rk.zeros(1, dtype=int)
    rk.launch(waits, count, [done, waited, count * 3 // 4, most])
    assert done.numpy()[0] == count
    assert 0 < waited.numpy()[0] < most


def test_workers_sleep_between_launches():
    """They leave the cores to other libraries' threads."""
    driver_cpu.set_cpu_threads(2)
    seen = np.zeros(2000, np.int64)
    for _ in range(5):  # in a loop of launches, they wait longer for the next
        handwritten.heavy().run(2000, record(seen))
    assert driver_cpu.pool().workers() == 1
    time.sleep(0.05)
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.1


def workers_of_small_launches() -> int:
    driver_cpu.set_cpu_threads(4)
    data = np.zeros(1000, np.int64)
    for _ in range(100):
        program(INCREMENT).run(1000, record(data))
    return driver_cpu.pool().workers()


def test_small_launches_stay_on_the_calling_thread():
    """A launch that the system interrupts looks long, so on a busy machine a hundred may not all be small."""
    assert any(workers_of_small_launches() == 0 for _ in range(50))


def test_a_failed_assert_is_reported_with_its_item():
    data = np.zeros(1, np.int64)
    assert program(FAILS).run(1000, record(data)) == (70 << 16 | 3)
    assert program(FAILS).run(70, record(data)) == 0


def test_callers_on_several_threads_do_not_disturb_each_other():
    driver_cpu.set_cpu_threads(3)
    arrays = [np.zeros(60_000, np.int64) for _ in range(4)]

    def call(data: np.ndarray) -> None:
        for _ in range(150):
            program(INCREMENT).run(len(data), record(data))

    callers = [threading.Thread(target=call, args=(data,)) for data in arrays]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    for data in arrays:
        np.testing.assert_array_equal(data, 150)


def test_other_python_threads_run_during_a_launch():
    driver_cpu.set_cpu_threads(1)
    seen = np.zeros(3000, np.int64)
    turns, running = 0, True

    def count() -> None:
        nonlocal turns
        while running:
            turns += 1
            time.sleep(0.001)

    other = threading.Thread(target=count)
    other.start()
    before = turns
    handwritten.heavy().run(3000, record(seen))
    during = turns - before
    running = False
    other.join()
    assert during > 3


def test_the_number_of_threads_can_change_between_and_during_launches():
    data = np.zeros(100_000, np.int64)
    stop = threading.Event()
    rounds = 0

    def call() -> None:
        nonlocal rounds
        while not stop.is_set():
            program(INCREMENT).run(len(data), record(data))
            rounds += 1

    caller = threading.Thread(target=call)
    caller.start()
    for threads in [1, 4, 2, 7, 1, 3] * 5:
        driver_cpu.set_cpu_threads(threads)
    stop.set()
    caller.join()
    np.testing.assert_array_equal(data, rounds)


@pytest.mark.parametrize("count", [0, -1, 1025, 2.0, True, "2"])
def test_numbers_of_threads_that_make_no_sense(count):
    with pytest.raises(DeviceError) as caught:
        driver_cpu.set_cpu_threads(count)
    assert (
        str(caught.value) == f"set_cpu_threads: expected a whole number from 1 to 1024 or None, got {count!r}"
    )


def test_the_environment_variable(monkeypatch):
    monkeypatch.setattr(driver_cpu, "_threads", None)
    monkeypatch.setenv("ROBOKERN_THREADS", "5")
    assert driver_cpu.cpu_threads() == 5
    monkeypatch.setattr(driver_cpu, "_threads", None)
    monkeypatch.setenv("ROBOKERN_THREADS", "many")
    with pytest.raises(
        DeviceError, match="ROBOKERN_THREADS: expected a whole number of threads from 1 to 1024, got 'many'"
    ):
        driver_cpu.cpu_threads()
    driver_cpu.set_cpu_threads(None)
    assert driver_cpu.cpu_threads() == driver_cpu.available_threads()


def test_object_code_that_is_none_is_refused():
    with pytest.raises(DeviceError, match="device 'cpu': cannot load object code"):
        driver_cpu.Program(b"no object file")


def test_the_python_pool_keeps_the_same_contract():
    from robokern.runtime.pool_python import PythonPool

    pool = PythonPool(3)
    data = np.zeros(50_000, np.int64)
    kept = record(data)
    assert pool.run(program(INCREMENT).entry, len(data), 128, kept, len(kept)) == 0
    np.testing.assert_array_equal(data, 1)
    assert pool.run(program(FAILS).entry, 1000, 1, kept, len(kept)) == (70 << 16 | 3)
    lengths = np.zeros(50_000, np.int64)
    pool.run(program(SLICES).entry, len(lengths), 300, record(lengths), len(kept))
    assert (np.flatnonzero(lengths) % 300 == 0).all()
    assert lengths.sum() == len(lengths)
    pool.resize(1)
    assert pool.workers() == 0


@pytest.mark.parametrize(
    "triple", ["x86_64-unknown-linux-gnu", "arm64-apple-darwin23", "aarch64-unknown-linux-gnu"]
)
def test_the_pool_compiles_for_every_platform_with_pthreads(triple):
    from llvmlite import binding

    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    text = driver_cpu.platform_lines(triple) + driver_cpu.POOL.read_text()
    module = binding.parse_assembly(text)
    module.verify()
    machine = binding.Target.from_triple(triple).create_target_machine(opt=2, reloc="pic")
    assert len(machine.emit_object(module)) > 1000


ROOT = Path(__file__).parents[2]
IN_FRESH_PROCESS = """
import os, sys, threading
import numpy as np
from robokern.runtime import driver_cpu
from tests.runtime.handwritten import INCREMENT, heavy, program, record
driver_cpu.set_cpu_threads(3)
data = np.zeros(200_000, np.int64)
def once():
    before = int(data[0])
    assert program(INCREMENT).run(len(data), record(data)) == 0
    assert (data == before + 1).all()
once()
"""

FORK = """
seen = np.zeros(300, np.int64)
heavy().run(300, record(seen))
assert driver_cpu.pool().workers() == 2
for turn in range(10):
    heavy().run(300, record(seen))
    child = os.fork()
    assert driver_cpu.pool().workers() == 0
    if child == 0:
        assert driver_cpu.pool().workers() == 0
        once()
        heavy().run(300, record(seen))
        assert driver_cpu.pool().workers() == 2
        sys.exit(7)
    once()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""

EXIT_DURING_LAUNCH = """
seen = np.zeros(2000, np.int64)
def forever():
    while True:
        heavy().run(2000, record(seen))
threading.Thread(target=forever, daemon=True).start()
heavy().run(2000, record(seen))
"""


@pytest.mark.parametrize(
    "script", ["", FORK, EXIT_DURING_LAUNCH], ids=["exit", "fork", "exit during a launch"]
)
def test_in_a_fresh_process(script):
    if "fork" in script and not hasattr(__import__("os"), "fork"):
        pytest.skip("this platform has no fork")
    done = subprocess.run(
        [sys.executable, "-c", IN_FRESH_PROCESS + script],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
    )
    assert (done.returncode, done.stderr) == (0, "")
