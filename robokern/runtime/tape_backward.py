"""One run of a tape backwards: adjoints of the outputs in, `grad` of the inputs out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from robokern.errors import AdjointError
from robokern.runtime import recording
from robokern.runtime.accumulate import accumulate, ones, placed
from robokern.runtime.array import Array, zeros_of
from robokern.runtime.hostvalue import component_shape
from robokern.runtime.memory import fill, move
from robokern.runtime.tape_blocks import Block, Span, address, overlap, span_of
from robokern.runtime.tape_steps import FuncStep, copied

if TYPE_CHECKING:
    from robokern.runtime.tape import Tape

Grads = Mapping[Array, Any]  # for output arrays the derivative by them: arrays or host values


def backward(tape: Tape, loss: Array | None, grads: Grads | None) -> None:
    """Plays a tape backwards.

    Raises:
        AdjointError: no loss of one number, a derivative of another shape, or nothing requires a gradient.
    """
    recording.keep(tape)
    tape.retained, tape.value_gradients = set(), {}
    tape.retains = any(a.retain_grad for a in tape.leaves.values())
    seeds = _seeds(tape, loss, grads)
    for array in seeds:  # one that nothing on the tape touches, or only views of it, is differentiated too
        tape.blocks.of(array).cover(array)
        if array.requires_grad:
            tape.leaves.setdefault(id(array), array)
    _need_leaves(tape, seeds)
    leaves = _by_block(tape)
    adopted = {b for b, arrays in leaves.items() if _adopt(b, arrays)}
    written = [span_of(a._grad) for a in tape.leaves.values() if a._grad is not None]
    for array, grad in seeds.items():
        _seed(tape.blocks.of(array), array, grad, _is_free(tape, grad, written))
    outer, recording.tapes[:] = list(recording.tapes), []
    try:
        _play(tape)
        _hand_out(tape, {b: arrays for b, arrays in leaves.items() if b not in adopted})
    finally:
        recording.tapes[:] = outer
        for block in tape.blocks:
            block.forget_shadow()


def _need_leaves(tape: Tape, seeds: Mapping[Array, Any]) -> None:
    asked = tape.leaves or tape.values or any(isinstance(step, FuncStep) for step in tape.steps)
    if seeds and tape.has_run and not asked:
        raise AdjointError(
            "tape.backward: no array on this tape requires a gradient; "
            "make those to differentiate by with requires_grad=True, before the tape"
        )


def _by_block(tape: Tape) -> dict[Block, list[Array]]:
    """The arrays that require a gradient, by the memory they lie in."""
    found: dict[Block, list[Array]] = {}
    for array in tape.leaves.values():
        if array.requires_grad:
            found.setdefault(tape.blocks.of(array), []).append(array)
    return found


def _adopt(block: Block, arrays: list[Array]) -> bool:
    """Lets the `grad` of an array that is a whole block, and only read, be the block's shadow.

    Its views' gradients must be views of that one.
    """
    if block.written or recording.forward is not None:
        return False
    whole = next((a for a in arrays if block.is_filled_by(a)), None)
    if whole is None:
        return False
    if whole._grad is None and len(arrays) == 1 and recording.capture is None:
        block.leaf = whole
        return True
    grad = whole.grad
    assert grad is not None
    if not grad.is_contiguous or (len(arrays) > 1 and not _contains(grad, arrays)):
        return False
    block.adopt(grad, address(whole))
    recording.keep(grad)
    return True


def _contains(grad: Array, views: Sequence[Array]) -> bool:
    """Whether the gradients of all of them lie in this one."""
    low, high = span_of(grad)
    spans = (span_of(a._grad) if a._grad is not None else (0, 0) for a in views)
    return all(low <= first and last <= high for first, last in spans)


def _seeds(tape: Tape, loss: Array | None, grads: Grads | None) -> dict[Array, Any]:
    if loss is None and grads is None:
        return _written_grads(tape)
    given = dict(grads or {})
    if loss is not None:
        if not isinstance(loss, Array):
            raise AdjointError(
                "tape.backward: expected a loss that is a robokern array of one number, "
                f"got {type(loss).__name__}"
            )
        if loss.size != 1 or component_shape(loss.dtype):
            raise AdjointError(
                f"tape.backward: expected a loss of one number, got {loss.type} of shape {loss.shape}; "
                "pass grads={array: derivative} for more"
            )
        given[loss] = zeros_of(loss.dtype, loss.shape, loss.device, zero=False)
        fill(given[loss]._numpy, loss.device, ones(loss.dtype, ()))
    return given


def _written_grads(tape: Tape) -> dict[Array, Any]:
    """The `grad`s of arrays that something recorded writes, cleared."""
    found = {}
    for array in tape.leaves.values():
        if array._grad is not None and tape.blocks.of(array).written:
            found[array] = array._grad.clone()
            array._grad.zero_()
    return found


def _is_free(tape: Tape, grad: Any, written: Sequence[Span]) -> bool:
    """Whether the derivative by an output does not change while the tape is played and gradients are."""
    if tape.checkpoint is not None or recording.forward is not None:
        return False
    if not isinstance(grad, Array):
        return True
    own = span_of(grad)
    return not any(overlap(own, other) for other in written)


def _seed(block: Block, array: Array, grad: Any, lent: bool) -> None:
    """Adds the derivative by an output to its adjoints; `lent`: it may be read later instead."""
    given = grad if isinstance(grad, Array) else _from_host(grad, array)
    if given._numpy.shape != array._numpy.shape:
        raise AdjointError(
            f"tape.backward: grads: expected {array.type} of shape {array.shape}, "
            f"got {given.type} of shape {given.shape}"
        )
    fresh = block.shadow is None and block.leaf is None and block.is_filled_by(array)
    same = given.dtype is array.dtype or given.dtype == array.dtype
    alike = same and given.device.ordinal == array.device.ordinal
    if fresh and alike and lent and given.is_contiguous:
        block.adopt(given, address(array), borrowed=True)
        recording.keep(given)
    else:
        accumulate(block.shadow_of(array), given.to(array.device))


def _from_host(grad: Any, array: Array) -> Array:
    try:
        return placed(grad, array)
    except (TypeError, ValueError):
        shape, got = array._numpy.shape, np.asarray(grad)
        raise AdjointError(
            f"tape.backward: grads: expected numbers of shape {shape} for {array.type}, "
            f"got {got.dtype} of shape {got.shape}"
        ) from None


def _play(tape: Tape) -> None:
    if tape.checkpoint is None:
        for at in range(len(tape.steps) - 1, -1, -1):
            tape.steps[at].reverse(tape, at)
        return
    after = {b: copied(b.content()) for segment in tape.segments for b in segment.before}
    ends = [*(s.start for s in tape.segments[1:]), len(tape.steps)]
    for segment, end in zip(reversed(tape.segments), reversed(ends), strict=True):
        _restore(segment.before)
        _play_segment(tape, segment.start, end)
        _restore(segment.before)
    _restore(after)


def _play_segment(tape: Tape, start: int, end: int) -> None:
    """Runs launches again, now keeping what their reverse needs, and reverses them."""
    tape.saves = True
    try:
        for at in range(start, end):
            tape.steps[at].run(tape, at)
        for at in range(end - 1, start - 1, -1):
            tape.steps[at].reverse(tape, at)
    finally:
        tape.forget_copies()
        tape.saves = False


def _restore(contents: Mapping[Block, Array]) -> None:
    for block, content in contents.items():
        move(block.content()._numpy, block.device, content._numpy, content.device)


def _hand_out(tape: Tape, leaves: dict[Block, list[Array]]) -> None:
    """Moves adjoints to the arrays' `grad`; cleared on the way, so that a view adds nothing twice."""
    for block, arrays in leaves.items():
        for array in arrays if block.shadow is not None and not block.spent else []:
            if id(array) in tape.retained:
                continue
            shadow = block.shadow_of(array)
            if recording.forward is not None:
                tape.grad_tangents[array] = recording.forward.tangent(shadow).clone()
            if array._grad is None and len(arrays) == 1 and block.is_filled_by(array):
                array.grad = shadow
                continue
            assert array.grad is not None
            accumulate(array.grad, shadow)
            if len(arrays) > 1:
                shadow.zero_()
