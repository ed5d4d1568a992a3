"""Options of compilation: for all (`rk.config`), for a Python module, for one kernel; the nearest counts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, Protocol
from weakref import WeakSet

from robokern.compiler import warp_options


class Prepared(Protocol):
    """Something that was made under options which may change."""

    def forget(self) -> None:
        """Drops what was made."""


_prepared: WeakSet[Prepared] = WeakSet()  # weak, so that a kernel nobody uses any more goes with its code


def _forget() -> None:
    while _prepared:
        _prepared.pop().forget()


@dataclass
class Options:
    """How kernels are compiled.

    Attributes:
        mode: `release`, or `debug`: every array index is checked.
        verify_fp: after each launch, its float arrays are searched for NaN and infinity.
        fast_math: lets LLVM reorder and approximate float arithmetic; results then differ between devices.
        max_unroll: constant loops of at most so many turns are unrolled.
        enable_backward: whether its derivative is among those compiled ahead; a tape makes it in any case.
        cpu_lanes: items that run at once on the CPU, in the lanes of vector registers: `auto` (the compiler
            chooses for each kernel), or 1, 2, 4, 8, 16, 32, 64. Results do not depend on it, except that an
            item's atomic additions of floats may come between another's.
    """

    mode: str = "release"
    verify_fp: bool = False
    fast_math: bool = False
    max_unroll: int = 16
    enable_backward: bool = True
    cpu_lanes: int | str = "auto"

    def __setattr__(self, name: str, value: Any) -> None:
        _check(name, value)
        _forget()
        object.__setattr__(self, name, value)

    def get(self, name: str, default: Any = None) -> Any:
        """An option by name, as of a dict."""
        return getattr(self, name, default)

    def key(self) -> tuple[Any, ...]:
        """What tells programs apart that were compiled with different options."""
        return tuple(asdict(self).values())

    @property
    def lanes(self) -> int:
        """`cpu_lanes` as a number; 0: the compiler chooses."""
        return self.cpu_lanes if isinstance(self.cpu_lanes, int) else 0


_KINDS: dict[str, type] = {
    "mode": str,
    "verify_fp": bool,
    "fast_math": bool,
    "max_unroll": int,
    "enable_backward": bool,
    "cpu_lanes": int,
}
LANES = (1, 2, 4, 8, 16, 32, 64)


def _check(name: str, value: Any) -> None:
    if name not in _KINDS:
        raise ValueError(f"there is no option {name!r} (options: {', '.join(_NAMED)})")
    if name == "cpu_lanes":
        if value != "auto" and (type(value) is not int or value not in LANES):
            raise ValueError(f"option 'cpu_lanes' is 'auto' or one of {LANES}, got {value!r}")
        return
    _check_kind(name, value, (_KINDS[name],))
    if name == "mode" and value not in ("release", "debug"):
        raise ValueError(f"option 'mode' is 'release' or 'debug', got {value!r}")
    if isinstance(value, int) and value < 0:
        raise ValueError(f"option 'max_unroll' counts turns, got {value}")


def _check_kind(name: str, value: Any, kinds: tuple[type, ...]) -> None:
    if type(value) not in kinds and not (Path in kinds and isinstance(value, Path)):
        named = " or ".join("None" if k is NoneType else k.__name__ for k in kinds)
        raise ValueError(f"option {name!r} takes {named}, got {value!r}")


class Config(Options):
    """The options of all kernels (`rk.config`), and what holds for the whole process.

    Attributes:
        print_launches: each launch is printed with its kernel, grid, arguments and device.
        verify_cuda: each launch on a GPU is waited for, so that its error is raised at its own line.
        cache_kernels: whether compiled kernels are kept on disk.
        kernel_cache_dir: folder where they are kept; None: `ROBOKERN_CACHE_DIR`, or the platform's folder.

    Warp's other options (`warp_options.py`) can be set and read, and do nothing.
    """

    print_launches: bool = False
    verify_cuda: bool = False
    cache_kernels: bool = True
    kernel_cache_dir: str | None = None
    # what Options has as fields, so that it is `key()` that tells programs apart
    __hash__ = object.__hash__

    def __setattr__(self, name: str, value: Any) -> None:
        if name in warp_options.DEFAULTS:
            warp_options.accept(name, value, depth=2)
        elif name in _PROCESS:
            _check_kind(name, value, _PROCESS[name])
            _forget()
        else:
            super().__setattr__(name, value)
            return
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        try:
            return warp_options.DEFAULTS[name]
        except KeyError:
            raise AttributeError(f"there is no option {name!r} (options: {', '.join(_NAMED)})") from None


_PROCESS: dict[str, tuple[type, ...]] = {
    "print_launches": (bool,),
    "verify_cuda": (bool,),
    "cache_kernels": (bool,),
    "kernel_cache_dir": (str, Path, NoneType),
}
_NAMED = (*_KINDS, *_PROCESS)
config = Config()
_modules: dict[str, dict[str, Any]] = {}


def set_module_options(options: dict[str, Any], module: Any = None) -> None:
    """Options for the kernels of a Python module (None: the caller's) that are launched first after this.

    Raises:
        ValueError: no such option, or not a value it takes.
    """
    own = own_options(options, depth=2)
    for name, value in own.items():
        _check(name, value)
    _modules.setdefault(_name(module), {}).update(own)
    _forget()


def own_options(options: dict[str, Any], depth: int) -> dict[str, Any]:
    """The options that were given (None: as if not), without those that only Warp has, which are accepted."""
    for name in warp_options.DEFAULTS.keys() & options.keys():
        warp_options.accept(name, options[name], depth + 1)
    return {n: v for n, v in options.items() if n not in warp_options.DEFAULTS and v is not None}


def get_module_options(module: Any = None) -> dict[str, Any]:
    """The options that hold for a Python module (None: the caller's)."""
    return {**asdict(config), **_modules.get(_name(module), {})}


def forget_on_change(prepared: Prepared) -> None:
    """Has it forget, once, when an option changes: what was prepared must be prepared again."""
    _prepared.add(prepared)


def _name(module: Any) -> str:
    import sys

    if module is None:
        return str(sys._getframe(2).f_globals["__name__"])
    return module if isinstance(module, str) else str(module.__name__)


def options_of(module: str, own: dict[str, Any]) -> Options:
    """The options that hold for a kernel: `config`, its module's, its own."""
    chosen = {**_modules.get(module, {}), **own}
    return _combined(tuple(chosen.items()), config.key()) if chosen else config


@cache
def _combined(chosen: tuple[tuple[str, Any], ...], base: tuple[Any, ...]) -> Options:
    """`config`, which `base` describes, with the chosen options replaced."""
    made = object.__new__(Options)
    for name, value in {**asdict(config), **dict(chosen)}.items():
        _check(name, value)
        object.__setattr__(made, name, value)
    return made


NAMES = tuple(f.name for f in fields(Options))
