"""A Python module as a holder of kernels: what `kernel.module` and `get_module` give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any, ClassVar

from robokern.compiler import options


class ModuleOptions(MutableMapping[str, Any]):
    """The options that hold for a module's kernels; setting one is `set_module_options`."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getitem__(self, name: str) -> Any:
        return options.get_module_options(self._module)[name]

    def __setitem__(self, name: str, value: Any) -> None:
        options.set_module_options({name: value}, self._module)

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"option {name!r} always has a value")

    def __iter__(self) -> Iterator[str]:
        return iter(options.get_module_options(self._module))

    def __len__(self) -> int:
        return len(options.get_module_options(self._module))


def _no_runtime(module: Module, device: Any) -> None:
    raise TypeError("import robokern to load a module")


class Module:
    """The kernels of one Python module: their options, and compiling them all.

    Attributes:
        name: the Python module's.
        options: what holds for its kernels; items can be set.
    """

    on_load: ClassVar[Callable[..., None]] = staticmethod(_no_runtime)  # set by robokern

    def __init__(self, name: str) -> None:
        self.name = self.__name__ = name
        self.options = ModuleOptions(name)

    def load(self, device: Any = None, block_dim: int | None = None) -> Module:
        """Compiles its kernels now, those that stand in it by name; no launch has to.

        Raises:
            KernelError: one cannot be compiled.
        """
        Module.on_load(self, device)
        return self

    def __repr__(self) -> str:
        return f"<kernels of {self.name}>"


_modules: dict[str, Module] = {}


def get_module(name: str) -> Module:
    """The holder of the kernels of the Python module called `name`, or of those that were given that name."""
    return _modules.setdefault(name, Module(name))
