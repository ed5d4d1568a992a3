"""How an entry point reads the launch record that `ir/layout.py` lays out."""

from __future__ import annotations

from collections.abc import Iterable

from robokern.compiler.emit_types import memory, memory_size, registers
from robokern.ir import layout
from robokern.ir.types import Type

_STATUS_AT = layout.LAUNCH_HEADER - 8  # byte offset of the status pointer


def field(held: str, name: str, offset: int) -> list[str]:
    """Instructions that load a register `name` of type `held`, `offset` bytes into %launch."""
    place, size = f"{name}.at", memory_size(held)
    lines = [f"  {place} = getelementptr inbounds i8, ptr %launch, i64 {offset}"]
    if held != "i1":
        return [*lines, f"  {name} = load {held}, ptr {place}, align {size}"]
    return [
        *lines,
        f"  {name}.byte = load {memory(held)}, ptr {place}",
        f"  {name} = icmp ne i8 {name}.byte, 0",
    ]


def arguments(parameters: Iterable[Type]) -> tuple[list[str], list[str]]:
    """What a call of the body passes after the context, and instructions that load it and %status."""
    types = tuple(parameters)
    given: list[str] = []
    loads = field("ptr", "%status", _STATUS_AT)
    for n, (type, start) in enumerate(zip(types, layout.argument_offsets(types)[:-1], strict=True)):
        for k, (held, at) in enumerate(zip(registers(type), layout.leaf_offsets(type), strict=True)):
            name = f"%a{n}.{k}"
            loads += field(held, name, start + at)
            given.append(f"{held} {name}")
    return given, loads
