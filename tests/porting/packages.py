"""Which kernels of packages that are written for Warp compile with robokern in Warp's place.

    pip install --no-deps --target FOLDER mujoco-warp newton
    python -m tests.porting.packages FOLDER mujoco_warp newton

Nothing of the packages is kept here. What robokern refuses by name (tiles, textures, volumes) is stood in
for, so that their modules can be imported; kernels that use it do not compile.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import types
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import robokern as rk
from robokern.compiler.frontend import lower
from robokern.ir.types import ArrayType
from tests.porting.warp_suite_child import Absent, Finder

REFUSED = "uses what is refused by name (tiles, textures, volumes, hash grids, native code)"
LEFT_OUT = ("test", "example", "viewer")  # modules that hold no kernels of the package itself


def _called(self: Any, *args: Any, **kwargs: Any) -> Any:
    """Decorators that are stood in for leave a function as it is."""
    return args[0] if len(args) == 1 and callable(args[0]) and not kwargs else self


def _itself(self: Any, other: Any) -> Any:
    return self


class StandIn(types.ModuleType):
    """A module of robokern under a name of Warp's."""

    def __init__(self, name: str, real: Any) -> None:
        super().__init__(name)
        self.real, self.__path__ = real, []

    def __getattr__(self, name: str) -> Any:
        try:
            found = getattr(self.real, name)
        except AttributeError:
            if name.startswith("__"):
                raise
            return _refused(f"{self.__name__}.{name}")
        return StandIn(f"{self.__name__}.{name}", found) if isinstance(found, types.ModuleType) else found


def _refused(name: str) -> Any:
    if "Texture" in name:  # structs have fields of this type
        return rk.struct(type(name.split(".")[-1], (), {"__annotations__": {"id": rk.uint64}}))
    return Absent(name)


def install() -> None:
    """Puts robokern in Warp's place."""
    Absent.__call__ = _called  # type: ignore[assignment,method-assign]
    for name in ("__getitem__", "__or__", "__ror__"):
        setattr(Absent, name, _itself)
    sys.meta_path.insert(0, Finder(Path("/nonexistent")))
    sys.modules["warp"] = StandIn("warp", rk)
    for name in ("utils", "optim", "types", "autograd"):
        sys.modules[f"warp.{name}"] = StandIn(f"warp.{name}", getattr(rk, name))
    # MuJoCo Warp writes a shape on its annotations
    ArrayType.__setattr__ = object.__setattr__  # type: ignore[method-assign,assignment]


def modules(folder: Path, package: str) -> Iterator[Any]:
    """The package's modules; those that cannot be imported are told."""
    for file in sorted((folder / package).rglob("*.py")):
        name = ".".join(file.relative_to(folder).with_suffix("").parts)
        if file.name == "__init__.py" or any(word in name for word in LEFT_OUT):
            continue
        try:
            yield importlib.import_module(name)
        except Exception as error:
            print(f"  {name} is not imported: {' '.join(str(error).split())[:160]}")


def kernels(folder: Path, package: str) -> Iterator[tuple[str, Any]]:
    """Every kernel of the package once, called `module:name`."""
    seen = set()
    for module in list(modules(folder, package)):
        for name, found in sorted(vars(module).items()):
            if type(found).__name__ == "Kernel" and id(found) not in seen:
                seen.add(id(found))
                yield f"{module.__name__}:{name}", found


def reason(kernel: Any) -> str:
    """Why a kernel does not compile; empty: it does."""
    if kernel.is_generic:
        return "generic: its types come with a launch"
    try:
        lower(kernel, tuple(type for _, type in kernel.params))
    except Exception as error:
        text = getattr(error, "message", str(error))
        refused = "Absent" in text or "is not a func of the kernel language" in text
        return (
            "uses what is refused by name (tiles, textures, volumes, hash grids, native code)"
            if refused
            else text
        )
    return ""


def main() -> None:
    """Prints the counts."""
    parser = argparse.ArgumentParser(prog="python -m tests.porting.packages", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("packages", nargs="+")
    given = parser.parse_args()
    sys.path.insert(0, str(given.folder))
    install()
    warnings.simplefilter("ignore")
    for package in given.packages:
        found = [(name, reason(kernel)) for name, kernel in kernels(given.folder, package)]
        print(f"{package}: {len(found)} kernels, {sum(not why for _, why in found)} compile")
        for why, count in Counter(why for _, why in found if why).most_common():
            print(f"  {count:4d}  {why}  ({next(name for name, w in found if w == why)})")


if __name__ == "__main__":
    main()
