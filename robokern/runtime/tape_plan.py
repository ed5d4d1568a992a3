"""Working out what a launch does on a tape, for what is differentiable at that time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from robokern.compiler.adjoint_inline import carries_float
from robokern.errors import AdjointError
from robokern.ir.types import ArrayType
from robokern.runtime.array import Array
from robokern.runtime.derivative import refuse_order
from robokern.runtime.device import CPU, Device
from robokern.runtime.grid import Dim, Grid
from robokern.runtime.launcher import Launcher
from robokern.runtime.tape_blocks import Block
from robokern.runtime.tape_launch import LaunchStep, Pattern, pattern_of
from robokern.runtime.tape_overlap import Numbers, overlaps, refuse_overlap

if TYPE_CHECKING:
    from robokern.runtime.tape import Tape


def plan(
    tape: Tape,
    launcher: Launcher,
    device: Device,
    dim: Dim,
    numbers: Numbers,
    arrays: Sequence[Array],
    keep: object = None,
) -> LaunchStep:
    """What a launch does, for what is differentiable now."""
    blocks = [tape.blocks.of(a) for a in arrays]
    for array, block in zip(arrays, blocks, strict=True):
        if array._requires_grad:
            tape.add_leaf(array, block)
        else:
            block.cover(array)
        if array._keep:
            refuse_references(tape, launcher, array)
    pattern = _pattern(tape, launcher, device, dim, numbers, arrays, blocks)
    if pattern.made is not None:
        at = len(tape.steps)
        for block in blocks:
            if block.first < 0:
                block.first = at
        for place in pattern.writes:
            blocks[place].written = True
    for place in pattern.activates:
        tape.activate(blocks[place])
    for block in blocks:
        if not block.active:
            block.constant = True
    return LaunchStep(pattern, device, dim, arrays, blocks, keep)


def _pattern(
    tape: Tape,
    launcher: Launcher,
    device: Device,
    dim: Dim,
    numbers: Numbers,
    arrays: Sequence[Array],
    blocks: Sequence[Block],
) -> Pattern:
    """What the kernel does, looked up by what is active where no arrays share memory."""
    values = by_value(launcher, tape.values) if tape.values else frozenset()
    flags = tuple([b.active for b in blocks])
    if tape.saves and not values and True not in flags and not any(b.readers for b in blocks):
        return Pattern(launcher, numbers, None)
    simple = dim.__class__ is int and launcher.tid_ndim in (0, 1) and tape.checkpoint is None
    if simple and not values and len(set(blocks)) == len(blocks):
        known: dict[Any, Pattern] = launcher.__dict__.setdefault("patterns_by_flags", {})
        if (numbers, flags) not in known:
            known[numbers, flags] = _derived(tape, launcher, device, 1, numbers, arrays, blocks, values)
        return known[numbers, flags]
    ndim = 1 if simple else len(Grid(launcher.kernel.name, dim, launcher.tid_ndim).shape)
    return _derived(tape, launcher, device, ndim, numbers, arrays, blocks, values)


def _derived(
    tape: Tape,
    launcher: Launcher,
    device: Device,
    ndim: int,
    numbers: Numbers,
    arrays: Sequence[Array],
    blocks: Sequence[Block],
    values: frozenset[int],
) -> Pattern:
    """As `_pattern`, worked out.

    Raises:
        AdjointError: there is no exact derivative, or arrays overlap.
    """
    active = frozenset(
        [n for n, b in zip(numbers, blocks, strict=True) if b.active and n in launcher.float_arrays]
    )
    if tape.checkpoint is not None:
        refuse_order(launcher)
    relation = overlaps(launcher, numbers, arrays, blocks)
    begin = partial(_begin, launcher, arrays) if device is CPU else None
    found = pattern_of(launcher, numbers, active, relation, ndim, values, begin)
    if relation[1] and found.made is not None:
        refuse_overlap(launcher, found.made, numbers, arrays, relation[0])
    return found


def _begin(launcher: Launcher, arrays: Sequence[Array]) -> None:
    """Lets the kernel be compiled meanwhile: the launch needs its code whatever the derivative is."""
    launcher.begin(all(a.is_contiguous for a in arrays))


def refuse_references(tape: Tape, launcher: Launcher, array: Array) -> None:
    """Refuses structs in an array that refer to something differentiable: it would count as constant.

    Raises:
        AdjointError: they do.
    """
    for other in array._keep:
        if isinstance(other, Array) and tape.is_active(other):
            raise AdjointError(
                f"kernel {launcher.kernel.name!r}: elements of an array of {array.dtype} refer to an array "
                f"of {other.dtype} that is differentiated; pass that array itself, or one struct"
            )
        if isinstance(other, Array):
            tape.blocks.of(other).constant = True


def by_value(launcher: Launcher, names: frozenset[str]) -> frozenset[int]:
    """Numbers of the parameters by value that are called so."""
    return frozenset(
        n
        for n, ((name, _), type) in enumerate(zip(launcher.kernel.params, launcher.types, strict=True))
        if name in names and not isinstance(type, ArrayType) and carries_float(type)
    )
