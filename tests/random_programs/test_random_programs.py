"""Random well-typed kernels: compiled code gives the interpreter's bits.

`python -m tests.random_programs.nightly` tries many more. A failure is shrunk to a minimal kernel and printed
with its source.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from robokern.runtime import cache
from tests.random_programs.comparing import check, check_front_end
from tests.random_programs.generator import Generator, Program


@pytest.fixture(autouse=True, scope="module")
def cache_of_its_own(tmp_path_factory):
    """Kernels that nobody launches again stay out of the user's cache, and are always compiled."""
    own = cache.ObjectCache(tmp_path_factory.mktemp("cache"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "object_cache", lambda: own)
        yield


@st.composite
def programs(draw, library: bool) -> Program:
    """Programs that shrink: every choice is a drawn integer, 0 the simplest."""
    return Generator(lambda n: draw(st.integers(0, n - 1)), library).program()


QUIET = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck), "print_blob": True}


@settings(max_examples=500, derandomize=True, phases=[Phase.generate, Phase.shrink], **QUIET)
@given(program=programs(library=True))
def test_compiled_equals_interpreted(program):
    with tempfile.TemporaryDirectory() as folder:
        check(program, Path(folder))


@settings(max_examples=100, derandomize=True, phases=[Phase.generate, Phase.shrink], **QUIET)
@given(program=programs(library=False))
def test_interpreted_equals_plain_python(program):
    with tempfile.TemporaryDirectory() as folder:
        check_front_end(program, Path(folder))
