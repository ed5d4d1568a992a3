"""Func -> object code, and the key under which a cache keeps it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robokern.compiler import image
from robokern.compiler.emit_ptx import wrapping
from robokern.compiler.machine import version
from robokern.compiler.parts import joined
from robokern.compiler.target import Target
from robokern.compiler.ternary_logic import merges_ternary_logic
from robokern.ir.hashing import sha256
from robokern.ir.nodes import Func, called
from robokern.ir.text import digest

if TYPE_CHECKING:
    from robokern.compiler.width import Width


def key(func: Func, target: Target) -> str:
    """A full-width hash of everything that the object code depends on."""
    return keys(func, target)[0]


def keys(func: Func, *targets: Target) -> list[str]:
    """The same for several targets."""
    same = "\0".join((digest(func), version(), _compiler_digest()))
    return [sha256(f"{same}\0{target.text}".encode()).hexdigest() for target in targets]


_SINGLE = (
    "target", "build", "cold", "condensed", "image", "parts", "fold", "simplify", "inline", "pipeline",
    "width", "dependence", "uniformity", "ternary_logic",
)  # fmt: skip


_HALF = Path(__file__).with_name("half.ll")
_CONVERSIONS = (b"__extendhfsf2", b"__truncsfhf2")  # what it defines


@cache
def _compiler_digest() -> str:
    """Hash of the sources that turn a Func into code: no version number to forget."""
    here = Path(__file__).parent
    single = [here / f"{name}.py" for name in _SINGLE]
    names = [*(p for pattern in ("emit*.py", "entry*.py", "wide*.py") for p in here.glob(pattern)), *single]
    data = [here.parent / "ir" / f"{name}.py" for name in ("bfloat16", "layout", "text", "types")]
    sources = sorted([*names, *data, _HALF])
    return sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()


def compile(func: Func, target: Target) -> bytes:
    """Object code of a kernel, with the symbol `entry`; the text of its assembly for a GPU."""
    return prepared(func, target)()


def prepared(func: Func, target: Target) -> Callable[[], bytes]:
    """What makes the object code: what is left is one call of LLVM, without the interpreter's lock.

    More calls would not do: after each a thread waits five milliseconds for the lock if another one has it.
    """
    width, text = _written(func, target)
    called_cold = [] if width.program is None else called(width.program)
    others = dict.fromkeys(_cold(callee, width.lanes, target) for callee in called_cold)
    return partial(_translated, func, target, _module(func, target, width, text), [*others])


def _translated(func: Func, target: Target, module: Any, others: list[bytes]) -> bytes:
    machine = _machine(target)
    if target.is_text:
        return wrapping(machine.emit_assembly(module)).encode()
    parts = [bytes(machine.emit_object(module)), *others]
    if target.has_avx512 and any(map(merges_ternary_logic, parts)):
        return compile(func, target.without_avx512())
    if any(name in part for part in parts for name in _CONVERSIONS):
        parts.append(_half(target))
    return image.linked(parts, ("entry",)) or joined(parts)


_cold_code: dict[tuple[str, int, Target], bytes] = {}


def _cold(func: Func, lanes: int, target: Target) -> bytes:
    """Object code of a cold function, made once."""
    # not needed where the cache has the code
    from llvmlite import binding

    from robokern.compiler import cold, pipeline

    key = cold.symbol(func), lanes, target
    if key not in _cold_code:
        module, machine = binding.parse_assembly(cold.text(func, lanes, target)), _machine(target)
        pipeline.run_cold(module, machine)
        _cold_code[key] = bytes(machine.emit_object(module))
    return _cold_code[key]


@cache
def _half(target: Target) -> bytes:
    """Object code of what LLVM calls where the processor cannot convert float16."""
    from llvmlite import binding

    return bytes(_machine(target).emit_object(binding.parse_assembly(_HALF.read_text())))


def llvm(func: Func, target: Target, optimised: bool = True) -> str:
    """LLVM IR of a kernel, for reading."""
    return str(_optimised(func, target)) if optimised else _written(func, target)[1]


def assembly(func: Func, target: Target) -> str:
    """Assembly of a kernel, for reading."""
    text = str(_machine(target).emit_assembly(_optimised(func, target)))
    return wrapping(text) if target.is_text else text


def _written(func: Func, target: Target) -> tuple[Width, str]:
    """How many items run at once, and the LLVM text."""
    # not needed where the cache has the code
    from robokern.compiler.emit import emit
    from robokern.compiler.width import choose

    width = choose(func, target)
    return width, emit(func, target, width)


@cache
def _machine(target: Target) -> Any:
    from llvmlite import binding

    if target.is_text:
        binding.initialize_all_targets()
        binding.initialize_all_asmprinters()
    else:
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
    found = binding.Target.from_triple(target.triple)
    return found.create_target_machine(
        cpu=target.cpu, features=target.features, opt=2, reloc="pic", codemodel="small"
    )


def _optimised(func: Func, target: Target) -> Any:
    """The LLVM module, ready for code generation."""
    return _module(func, target, *_written(func, target))


def _module(func: Func, target: Target, width: Width, text: str) -> Any:
    from llvmlite import binding

    # not needed where the cache has the code
    from robokern.compiler.pipeline import run

    module = binding.parse_assembly(text)
    run(module, func, width, target, _machine(target))
    return module
