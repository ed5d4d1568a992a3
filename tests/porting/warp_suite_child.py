"""One of Warp's test modules in this process, with robokern in Warp's place; started by `warp_suite`."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import signal
import sys
import traceback
import types
import unittest
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

import robokern as rk
from robokern.ir.types import COMPOSITES, Scalar


class Absent:
    """Stands for something inside Warp, so that modules which name it can be imported; no use of it works."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Absent:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self._name}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f"inside Warp: {self._name}")

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return ()


class AbsentModule(types.ModuleType):
    """A module of Warp that robokern does not have."""

    def __getattr__(self, name: str) -> Absent:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self.__name__}.{name}")


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `warp.*`: tests and examples where they are installed, ours, or an absent module."""

    def __init__(self, tests: Path) -> None:
        """Examples are the installed ones, tests those in a folder."""
        spec = importlib.machinery.PathFinder.find_spec("warp", sys.path)
        assert spec is not None and spec.origin is not None, "pip install robokern[bench]"
        self.folders = {"tests": tests / "tests", "examples": Path(spec.origin).parent / "examples"}

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> Any:
        if not name.startswith("warp."):
            return None
        if name.startswith(("warp.tests", "warp.examples")):
            place = self.folders[name.split(".")[1]].joinpath(*name.split(".")[2:])
            return importlib.machinery.PathFinder.find_spec(name, [str(place.parent)])
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: Any) -> Any:
        made = ours(spec.name) or AbsentModule(spec.name)
        if spec.name == "warp.fem":  # a struct that another module's structs hold
            made.Sample = rk.struct(type("Sample", (), {"__annotations__": {"qp_coords": rk.vec3}}))
        return made

    def exec_module(self, module: Any) -> None:
        pass


def ours(name: str) -> Any:
    """Our module of a public name of Warp's, or None."""
    path = name.split(".")[1:]
    if path[0] == "_src":
        return _inside().get(path[-1]) if len(path) == 2 else None
    found: Any = rk
    for part in path:
        try:
            found = getattr(found, part)
        except (AttributeError, rk.UnsupportedError):
            return None
    # a copy of its names, since an import writes its own spec into the module it gives
    made = types.ModuleType(name)
    if isinstance(found, types.ModuleType):
        made.__dict__.update({k: v for k, v in vars(found).items() if not k.startswith("__")})
        return made
    return None


def _inside() -> dict[str, Any]:
    """Those modules inside Warp of which tests use lists of types as a matter of course."""
    named = AbsentModule("warp._src.types")
    scalars = list(rk.types.SCALARS)
    named.__dict__.update({k: v for k, v in vars(rk.types).items() if not k.startswith("__")})
    named.__dict__.update(
        scalar_types=[t for t in scalars if t.kind != "b"],
        float_types=[t for t in scalars if t.kind == "f"],
        int_types=[t for t in scalars if t.kind in "iu"],
        np_dtype_to_warp_type={
            form(t): t for t in scalars if t is not rk.bfloat16 for form in (_numpy, _kind)
        },
        Float=rk.Float,
        Int=rk.Int,
        Scalar=rk.Scalar,
    )
    utils = AbsentModule("warp._src.utils")
    utils.__dict__["check_p2p"] = lambda *devices: False
    return {"types": named, "utils": utils}


def _numpy(scalar: Any) -> Any:
    return np.dtype(str(scalar))


def _kind(scalar: Any) -> Any:
    return _numpy(scalar).type


def give_types_private_names() -> None:
    """What tests ask of Warp's types by names that are not public: components, their type, their shape."""
    for kind in COMPOSITES:
        kind._length_ = property(lambda t: int(np.prod(t.shape)))
        kind._shape_ = property(lambda t: t.shape)
        kind._wp_scalar_type_ = property(lambda t: t.dtype)
        kind._type_ = property(lambda t: np.ctypeslib.as_ctypes_type(t.dtype.numpy))
    Scalar._type_ = property(lambda t: np.ctypeslib.as_ctypes_type(t.numpy))


def stand_in() -> None:
    """Names that whole modules need when they are imported; what is tested by them fails by itself."""
    rk.func_native = lambda *args, **kwargs: lambda function: Absent("func_native")
    rk.DeterministicMode = Absent("DeterministicMode")
    for name in ("MeshQuery", "MeshQueryAABB"):
        setattr(rk, name, Absent(name))


def install(folder: Path) -> None:
    """Puts robokern in Warp's place; `folder` holds its tests."""
    give_types_private_names()
    stand_in()
    sys.modules["warp"] = rk
    rk.Module.on_load = staticmethod(lambda module, device: None)  # each kernel is judged by its own launch
    sys.meta_path.insert(0, Finder(folder))
    for name in ("_src", "_src.context", "_src.types", "_src.codegen", "_src.utils", "tests"):
        importlib.import_module(f"warp.{name}")
    helpers: Any = importlib.import_module("warp.tests.unittest_utils")
    helpers.get_test_devices = lambda mode=None: [rk.get_device("cpu")]
    for name in [n for n in vars(helpers) if n.startswith("get_") and "devices" in n and "cuda" in n]:
        setattr(helpers, name, lambda mode=None: [])
    capture = "get_test_devices_with_graph_capture_allocation"
    for name in [n for n in vars(helpers) if n.startswith(capture) or n.endswith("cuda_graph_module_load")]:
        setattr(helpers, name, helpers.get_test_devices)


class Result(unittest.TestResult):
    """Writes down each outcome as it comes, and limits each test's time."""

    def __init__(self, log: Path, seconds: int) -> None:
        super().__init__()
        self.log, self.seconds = log.open("a"), seconds
        self.outcome = "passed"
        signal.signal(signal.SIGALRM, self._expired)

    def _expired(self, *_: Any) -> NoReturn:
        raise TimeoutError(f"no end after {self.seconds} s")

    def _write(self, test: Any, outcome: str | None) -> None:
        print(json.dumps([name_of(test), outcome]), file=self.log, flush=True)

    def startTest(self, test: Any) -> None:
        super().startTest(test)
        self.outcome = "passed"
        self._write(test, None)
        signal.alarm(self.seconds)

    def stopTest(self, test: Any) -> None:
        signal.alarm(0)
        super().stopTest(test)
        self._write(test, self.outcome)

    def addError(self, test: Any, err: Any) -> None:
        self.outcome = _told(err)
        if not isinstance(test, unittest.TestCase):  # of a class or module, before its tests
            self._write(test, self.outcome)

    def addFailure(self, test: Any, err: Any) -> None:
        self.outcome = _told(err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        self.outcome = _told(err) if err is not None else self.outcome

    def addSkip(self, test: Any, reason: str) -> None:
        self.outcome = "skipped"


def name_of(test: Any) -> str:
    """A test's name without its module's."""
    return ".".join(test.id().split(".")[-2:])


def _told(err: Any) -> str:
    """An error in one line: its kind, its message, the line of the test."""
    kind, error, trace = err
    frames = [
        f for f in traceback.extract_tb(trace) if "/tests/" in f.filename and "porting" not in f.filename
    ]
    where = f"  @ {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return " ".join(f"{kind.__name__}: {error}".split())[:400] + where


def cases(suite: Any) -> Iterator[Any]:
    """The tests of a suite."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from cases(test)
        else:
            yield test


def main(name: str, folder: str, log: str, seconds: str) -> None:
    """Runs what is not done yet."""
    done = set(json.load(sys.stdin))
    install(Path(folder))
    warnings.simplefilter("ignore")
    module = importlib.import_module(f"warp.tests.{name}")
    loaded = unittest.defaultTestLoader.loadTestsFromModule(module)
    unittest.TestSuite(t for t in cases(loaded) if name_of(t) not in done).run(
        Result(Path(log), int(seconds))
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
