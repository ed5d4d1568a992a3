"""`robokern inspect FILE:KERNEL`: a kernel's program, LLVM IR and assembly."""

from __future__ import annotations

import argparse
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import robokern
from robokern.compiler import build, target, width
from robokern.compiler.frontend import lower
from robokern.compiler.function import Kernel
from robokern.errors import ConfigError, LocatedError, RobokernError
from robokern.ir.nodes import Func
from robokern.ir.text import show
from robokern.plugin.mistakes import unknown
from robokern.runtime.device import REF, get_device


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("kernel", metavar="FILE:KERNEL", help="a Python file and the name of a kernel in it")
    parser.add_argument(
        "--types",
        nargs="+",
        default=[],
        metavar="NAME=TYPE",
        help="types of a generic kernel's parameters: a='array(dtype=vec3)' x=float",
    )
    parser.add_argument("--ir", action="store_true", help="the program after simplification (the default)")
    parser.add_argument("--llvm", action="store_true", help="LLVM IR, optimised")
    parser.add_argument("--asm", action="store_true", help="assembly")
    parser.add_argument(
        "--lanes", action="store_true", help="how many items run at once, why, and what varies between them"
    )
    parser.add_argument("--strided", action="store_true", help="as compiled for arrays of any strides")
    parser.add_argument("--device", default="cpu", help="cpu, or ref (which has the program only)")


def main(options: argparse.Namespace) -> int:
    """Prints what was asked for, each part under a comment line when there are several.

    Raises:
        ConfigError: no such file or kernel, the file does not run, or the types do not fit.
        KernelError: the kernel cannot be compiled.
        DeviceError: there is no such device.
    """
    kernel = _typed(_find(options.kernel), options.types)
    func = lower(kernel, tuple(type_ for _, type_ in kernel.params))
    parts = _parts(func, options)
    print("\n".join(f"; {name}\n{text}" if len(parts) > 1 else text for name, text in parts.items()))
    return 0


def _parts(func: Func, options: argparse.Namespace) -> dict[str, str]:
    only_ir = not (options.llvm or options.asm or options.lanes)
    parts = {"program": show(func)} if options.ir or only_ir else {}
    if get_device(options.device) is REF:
        if not only_ir:
            raise ConfigError("--device: 'ref' interprets the program: it has no --llvm, --asm or --lanes")
        return parts
    place = target.cpu(contiguous=not options.strided)
    if options.lanes:
        parts["lanes"] = width.report(func, place)
    if options.llvm:
        parts["LLVM IR"] = build.llvm(func, place)
    if options.asm:
        parts["assembly"] = build.assembly(func, place)
    return parts


def _find(text: str) -> Kernel:
    file, _, name = text.rpartition(":")
    if not file.endswith(".py"):
        raise ConfigError(f"expected FILE.py:KERNEL, got {text!r}")
    kernels = {n: x for n, x in vars(_import(Path(file))).items() if isinstance(x, Kernel)}
    if name not in kernels:
        raise ConfigError(unknown("kernel", name, list(kernels), "there are"), file)
    return kernels[name]


def _import(file: Path) -> ModuleType:
    if not file.is_file():
        raise ConfigError("cannot read it: no such file", str(file))
    spec = spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[file.stem] = module_from_spec(spec)
    sys.path.insert(0, str(file.parent))
    try:
        spec.loader.exec_module(module)
    except RobokernError:
        raise
    except Exception as error:
        raise ConfigError(f"cannot import it: {type(error).__name__}: {error}", str(file)) from error
    finally:
        sys.path.remove(str(file.parent))
    return module


def _typed(kernel: Kernel, given: list[str]) -> Kernel:
    """The kernel with the given types fixed."""
    types = dict(_type_of(kernel, text) for text in given)
    try:
        kernel = kernel.with_types(types) if types else kernel
    except TypeError as error:
        raise ConfigError(f"--types: {error}") from error
    if kernel.is_generic:
        missing = [f"{n}=..." for n, _ in kernel.params if n not in types]
        raise ConfigError(f"kernel {kernel.name!r} is generic: add --types {' '.join(missing)}")
    return kernel


def _type_of(kernel: Kernel, text: str) -> tuple[str, Any]:
    name, _, expression = text.partition("=")
    scope = {**vars(robokern), **kernel.overload.python.__globals__}
    try:
        return name, eval(expression, scope)
    except Exception as error:
        message = error.message if isinstance(error, LocatedError) else error
        raise ConfigError(
            f"--types: {text!r}: expected NAME=TYPE such as a=array(dtype=vec3): {message}"
        ) from error
