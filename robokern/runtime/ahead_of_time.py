"""Kernels compiled ahead of time into a folder, which a later process loads without compiling anything.

The folder is laid out like the cache, and has a manifest: what it was made for (processor, version), and for
each kernel and list of argument types its fingerprint, its programs and the texts of its asserts.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from robokern.compiler import target
from robokern.compiler.fingerprint import fingerprint, version
from robokern.compiler.function import Kernel
from robokern.errors import DeviceError, KernelError
from robokern.ir.hashing import sha256
from robokern.ir.text import show
from robokern.ir.types import Type
from robokern.runtime import driver_cpu
from robokern.runtime.cache import ObjectCache, object_cache
from robokern.runtime.compiled import compiled, compiled_for
from robokern.runtime.device import Device, DeviceLike, get_device
from robokern.runtime.load import concrete, kernels_of, module_name
from robokern.runtime.warm_start import NotedLauncher, gpu_keys, note_of

MANIFEST = "manifest.json"

Kernels = ModuleType | str | Kernel | Sequence[Kernel]


def compile_aot_module(
    module: Kernels,
    device: DeviceLike = None,
    arch: int | Iterable[int] | None = None,
    module_dir: str | os.PathLike[str] | None = None,
) -> list[Path]:
    """Compiles kernels into a folder for `load_aot_module` in a later process.

    Args:
        module: a Python module or its name: all its kernels; or one kernel; or a list of kernels. Generic
            kernels are compiled for the types that `overload` listed.
        device: as for `launch`; for a GPU, PTX for its architecture besides the processor's code.
        arch: compute capabilities times ten, such as 90, of GPUs to make PTX for; they need not be here.
            Newer GPUs run it too.
        module_dir: the folder; made when there is none. What was in its manifest is replaced.

    Returns:
        The files written, the manifest last.

    Raises:
        KernelError: a kernel cannot be compiled.
        ValueError: `module_dir` is missing, or a generic kernel has no listed types.
        OSError: the folder cannot be written.
    """
    archs = _architectures(get_device(device), arch)
    if module_dir is None:
        raise ValueError("compile_aot_module: expected a folder, module_dir=...")
    folder = Path(module_dir)
    store = ObjectCache(folder)
    files: list[Path] = []
    entries = [_compiled(kernel, archs, store, files) for kernel in _listed(module)]
    pool_key, pool_code = driver_cpu.pool_object()
    files.append(store.publish(pool_key, pool_code))
    text = json.dumps({**_made_for(), "features": target.cpu().features, "kernels": entries}, indent=1)
    temporary = folder / f"{MANIFEST}.{os.getpid()}.new"
    temporary.write_text(text)
    os.replace(temporary, folder / MANIFEST)
    return [*files, folder / MANIFEST]


def load_aot_module(
    module: Kernels, device: DeviceLike = None, module_dir: str | os.PathLike[str] | None = None
) -> None:
    """Has kernels run the code that `compile_aot_module` left in a folder.

    Args:
        module: as it was compiled; its kernels are those of this process, with unchanged text.
        device: as for `launch`.
        module_dir: the folder.

    Raises:
        FileNotFoundError: the folder holds no compiled kernels.
        DeviceError: it was made for another processor.
        KernelError: it was made by another version of robokern, from another text, with other options, or
            lacks a kernel.
        ValueError: `module_dir` is missing.
    """
    get_device(device)
    if module_dir is None:
        raise ValueError("load_aot_module: expected a folder, module_dir=...")
    folder = Path(module_dir)
    manifest = _read(folder)
    entries: dict[tuple[str, str], dict[str, Any]] = {
        (e["kernel"], e["types"]): e for e in manifest["kernels"]
    }
    chosen = [(kernel, _entry(kernel, entries, folder)) for kernel in _listed(module)]
    if folder not in object_cache().more:
        object_cache().more.append(folder)
    for kernel, entry in chosen:
        kernel.ahead[entry["types"]] = partial(AheadLauncher, entry, folder)
        kernel.forget()
    for generic in _generic(module):
        for kernel in generic.listed:
            generic.ahead.update(kernel.ahead)
        generic.forget()


class AheadLauncher(NotedLauncher):
    """A launcher whose code comes from a folder; the front end runs on device `ref` only."""

    def __init__(self, entry: dict[str, Any], folder: Path, kernel: Kernel, types: tuple[Type, ...]) -> None:
        self._folder = folder
        self.note = entry
        super().__init__(kernel, types)

    def build(self, contiguous: bool) -> bytes:
        """Never needed while the folder is whole.

        Raises:
            KernelError: it is not.
        """
        raise KernelError(f"{self._folder}: the code of kernel {self.kernel.name!r} is damaged; {_AGAIN}")

    def noted_arch(self, arch: str) -> str:
        """The newest architecture in the folder that this GPU runs.

        Raises:
            DeviceError: there is none.
        """
        archs: list[str] = list(self.note["ptx"]) if self.note else []
        usable = [a for a in archs if int(a[3:]) <= int(arch[3:])]
        if not usable:
            made = ", ".join(archs) or "no GPU"
            raise DeviceError(
                f"{self._folder}: kernel {self.kernel.name!r} was compiled for {made}, this GPU is {arch}; "
                f"run compile_aot_module again with arch={arch[3:]}"
            )
        return max(usable, key=lambda a: int(a[3:]))

    def build_for_gpu(self, arch: str, contiguous: bool) -> bytes:
        """Never needed while the folder is whole.

        Raises:
            KernelError: it is not.
        """
        return self.build(contiguous)


_AGAIN = "run compile_aot_module again"


def _listed(module: Kernels) -> list[Kernel]:
    """The kernels with fixed types that `module` means."""
    if isinstance(module, (str, ModuleType)):
        found = kernels_of(module_name(module))
    else:
        found = [k for one in _given(module) for k in concrete(one)]
    for generic in _generic(module):
        if not generic.listed:
            raise ValueError(
                f"kernel {generic.name!r} is generic: list its types with rk.overload({generic.name}, [...])"
            )
    return found


def _given(module: Any) -> Iterable[Kernel]:
    given = [module] if isinstance(module, Kernel) else module
    for kernel in given:
        if not isinstance(kernel, Kernel):
            raise TypeError(f"expected a module or kernels, got {type(kernel).__name__}")
    return list(given)


def _generic(module: Kernels) -> list[Kernel]:
    if isinstance(module, (str, ModuleType)):
        import sys

        name = module_name(module)
        members = vars(sys.modules[name]).values() if name in sys.modules else ()
        return [k for k in members if isinstance(k, Kernel) and k.__module__ == name and k.is_generic]
    return [k for k in _given(module) if k.is_generic]


def _name(kernel: Kernel) -> str:
    return f"{kernel.__module__}.{kernel.overload.python.__qualname__}"


def _types(kernel: Kernel) -> tuple[Type, ...]:
    return tuple(t for _, t in kernel.params)


def _architectures(place: Device, arch: int | Iterable[int] | None) -> list[str]:
    """Those to make PTX for, as compilers write them."""
    given = [] if arch is None else [arch] if isinstance(arch, int) else list(arch)
    return list(dict.fromkeys([*(f"sm_{n}" for n in given), *([place.gpu.arch] if place.is_cuda else [])]))


def _compiled(kernel: Kernel, archs: list[str], store: ObjectCache, files: list[Path]) -> dict[str, Any]:
    """Writes a kernel's programs, two for each target; gives its entry of the manifest."""
    from robokern.compiler import build
    from robokern.compiler.frontend import lower

    func = lower(kernel, _types(kernel))
    for contiguous in (True, False):
        key = build.key(func, target.cpu(contiguous))
        files.append(store.publish(key, compiled(func, contiguous)))
    ptx = {arch: gpu_keys(func, arch) for arch in archs}
    for arch, keys in ptx.items():
        for contiguous, key in zip((True, False), keys.values(), strict=True):
            files.append(store.publish(key, compiled_for(func, arch, contiguous)))
    return {
        "kernel": _name(kernel),
        "types": repr(_types(kernel)),
        "fingerprint": fingerprint(kernel),
        "options": repr(kernel.options.key()),
        "program": _program(kernel),
        **note_of(func),
        "ptx": ptx,
    }


def _program(kernel: Kernel) -> str:
    """Hash of what the front end makes of a kernel."""
    from robokern.compiler.frontend import lower

    return sha256(show(lower(kernel, _types(kernel))).encode()).hexdigest()


def _made_for() -> dict[str, str]:
    return {"machine": f"{platform.machine()} {target.cpu().triple}", "version": version()}


def _read(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    except FileNotFoundError:
        raise FileNotFoundError(f"{folder}: no kernels compiled ahead of time here; {_AGAIN}") from None
    except ValueError as error:
        raise KernelError(f"{folder / MANIFEST}: damaged ({error}); {_AGAIN}") from None
    mine = _made_for()
    if manifest["machine"] != mine["machine"]:
        raise DeviceError(f"{folder}: made for {manifest['machine']}, this is {mine['machine']}; {_AGAIN}")
    missing = _features(manifest["features"]) - _features(target.cpu().features)
    if missing:
        raise DeviceError(
            f"{folder}: made for a processor with {', '.join(sorted(missing))}, "
            f"which this one lacks; {_AGAIN}"
        )
    if manifest["version"] != mine["version"]:
        raise KernelError(f"{folder}: made by another version of robokern; {_AGAIN}")
    return manifest


def _features(text: str) -> set[str]:
    return {feature[1:] for feature in text.split(",") if feature.startswith("+")}


def _entry(kernel: Kernel, entries: dict[tuple[str, str], dict[str, Any]], folder: Path) -> dict[str, Any]:
    entry = entries.get((_name(kernel), repr(_types(kernel))))
    if entry is None:
        shown = ", ".join(str(t) for t in _types(kernel))
        raise KernelError(f"{folder}: has no kernel {_name(kernel)} for ({shown}); {_AGAIN}")
    if entry["options"] != repr(kernel.options.key()):
        raise KernelError(f"{folder}: kernel {kernel.name!r} was compiled with other options; {_AGAIN}")
    # where no fingerprint can be told, the front end has to run
    known = entry["fingerprint"] is not None
    if entry["fingerprint"] != fingerprint(kernel) or not (known or entry["program"] == _program(kernel)):
        code = kernel.overload.python.__code__
        raise KernelError(
            f"kernel {kernel.name!r}, or something it uses, differs from what {folder} was made of; {_AGAIN}",
            code.co_filename,
            code.co_firstlineno,
        )
    return entry
