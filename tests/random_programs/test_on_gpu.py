"""Random well-typed kernels: a GPU gives the CPU's bits.

`ROBOKERN_GPU_PROGRAMS=2000 python -m pytest -n 16 tests/random_programs/test_on_gpu.py` tries that many.
Program n is the same in every run; what fails is printed with its number and source.
"""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path

import pytest

import robokern as rk
from robokern.runtime import cache
from tests.random_programs import comparing as suite
from tests.random_programs.generator import Generator, Program

GPUS = [str(device) for device in rk.get_devices() if device.is_cuda]
COUNT = int(os.environ.get("ROBOKERN_GPU_PROGRAMS", "96"))
SHARDS = 16

pytestmark = pytest.mark.skipif(not GPUS, reason="this machine has no CUDA device")


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """Kernels that nobody launches again stay out of the user's cache; they run scalar on the CPU."""
    own = cache.ObjectCache(tmp_path / "cache")
    monkeypatch.setattr(cache, "object_cache", lambda: own)
    monkeypatch.setattr(rk.config, "cpu_lanes", 1)


def program(number: int) -> Program:
    """Program `number`; every third calls the library too."""
    choose = random.Random(number).randrange
    return Generator(choose, library=number % 3 == 0).program()


def check(number: int) -> None:
    """Runs a program on the CPU and on every GPU."""
    drawn = program(number)
    with tempfile.TemporaryDirectory() as folder:
        module = suite.load(drawn.source, Path(folder))
        args = suite.arguments(drawn, module)
        want = suite.launch(module, drawn.items, args, "cpu")
        for gpu in GPUS:
            for k, got in enumerate(suite.launch(module, drawn.items, args, gpu)):
                suite.assert_same_bits(got, want[k], f"array {k} on {gpu}")


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_gpu_equals_cpu(shard: int) -> None:
    wrong = []
    for number in range(shard, COUNT, SHARDS):
        try:
            check(number)
        except Exception as error:
            wrong.append(f"program {number}: {type(error).__name__}: {error}\n{program(number).source}")
    assert not wrong, f"{len(wrong)} of {len(range(shard, COUNT, SHARDS))} wrong; the shortest:\n" + min(
        wrong, key=len
    )
