"""How each target writes a formatted line: C's `printf`, or the GPU's `vprintf`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robokern.compiler.emit_function import Function

Print = Callable[
    ["Function", str, Sequence[str]], None
]  # (function, C format, `type operand` of 8 bytes each)


def printf(f: Function, text: str, arguments: Sequence[str]) -> None:
    """Calls the C library."""
    f.module.declare("declare i32 @printf(ptr, ...)")
    f.do(f"call i32 (ptr, ...) @printf({', '.join([f'ptr {f.module.text(text)}', *arguments])})")


def vprintf(f: Function, text: str, arguments: Sequence[str]) -> None:
    """Puts the arguments in a row in memory, as the driver's `vprintf` reads them."""
    f.module.declare("declare i32 @vprintf(ptr, ptr)")
    row = f.reserve(8 * len(arguments), 8) if arguments else "null"
    for index, argument in enumerate(arguments):
        place = f.let(f"getelementptr i8, ptr {row}, i64 {8 * index}")
        f.do(f"store {argument}, ptr {place}, align 8")
    f.do(f"call i32 @vprintf(ptr {f.module.text(text)}, ptr {row})")
