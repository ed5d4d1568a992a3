"""A kernel's adjoint run without a tape: `launch(..., adj_inputs=..., adj_outputs=..., adjoint=True)`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from robokern.compiler.adjoint_inline import carries_float
from robokern.errors import AdjointError, LaunchError
from robokern.ir.composite import StructValue
from robokern.ir.types import ArrayType, IndexedArrayType, Struct
from robokern.runtime import recording
from robokern.runtime.accumulate import accumulate, add_total, total
from robokern.runtime.arguments import Argument
from robokern.runtime.array import Array, share, wrap, zeros_of
from robokern.runtime.derivative import Derivative
from robokern.runtime.device import Device
from robokern.runtime.grid import Dim
from robokern.runtime.hostvalue import component_shape, describe
from robokern.runtime.indexed_array import IndexedArray
from robokern.runtime.launch import Launch
from robokern.runtime.launcher import Launcher
from robokern.runtime.tape_blocks import Blocks
from robokern.runtime.tape_guard import before_adjoint
from robokern.runtime.tape_launch import Pattern, pattern_of
from robokern.runtime.tape_overlap import overlaps
from robokern.runtime.tape_steps import copied

Pair = tuple[int, Array, Array | None]  # number of the argument, an array in it, its adjoint


class AdjointLaunch(Launch):
    """The adjoint of a launch, to be run many times; made by `launch(..., adjoint=True, record_cmd=True)`.

    Attributes:
        adjoints: for each argument what its derivative is read from or added to; None: its own `grad`.
    """

    def __init__(
        self, launcher: Launcher, place: Device, dim: Dim, values: list[Any], adjoints: list[Any]
    ) -> None:
        super().__init__(launcher, place, dim, values)
        self.adjoints = [*adjoints, *[None] * (len(self.arguments) - len(adjoints))]

    def set_param_at_index(self, index: int, value: Any, adjoint: bool = False) -> None:
        """Changes the argument number `index`, or what stands for its adjoint.

        Raises:
            LaunchError: there is no such parameter, or the value does not fit.
        """
        if not adjoint:
            super().set_param_at_index(index, value)
            return
        self.check_index(index)
        self.adjoints[index] = value

    def set_param_by_name(self, name: str, value: Any, adjoint: bool = False) -> None:
        """As `set_param_at_index`, for the argument called `name`."""
        self.set_param_at_index(self.index_of(name), value, adjoint)

    def launch(self) -> None:
        """Runs the adjoint kernel.

        Raises:
            LaunchError: an adjoint does not fit its argument.
            AdjointError: the kernel has no exact derivative, or one that needs what a tape writes down.
        """
        if recording.tapes:
            raise AdjointError(
                f"kernel {self.kernel.name!r}: adjoint=True: no tape records it; leave the tape's block"
            )
        if self.grid.count:
            _Run(self).run()


class _Run:
    """One run of an adjoint launch."""

    def __init__(self, launch: AdjointLaunch) -> None:
        self.launcher, self.device, self.grid = launch.launcher, launch.device, launch.grid
        self.arguments, self.adjoints = launch.arguments, launch.adjoints
        self.launcher.check_place(self.device, self.arguments)
        self.pairs = [p for n in range(len(self.arguments)) for p in self._pairs(n)]
        self.values = frozenset(n for n in range(len(self.arguments)) if self._wants_value(n))
        self.keep: list[Array] = []

    def run(self) -> None:
        pattern = self._pattern()
        made = pattern.made
        assert made is not None
        if made.backward is None:
            return
        packed = [a.record for a in self.arguments]
        shares = [zeros_of(self.launcher.types[n], self.grid.shape, self.device) for n in made.rule.values]
        given = [
            *self._own(packed, made),
            *(self._shadowed(n, packed[n], made) for n in made.rule.shadows),
            *(a.descriptor for a in shares),
        ]
        if recording.guards:
            before_adjoint(self.launcher.kernel.name, [g for _, _, g in self.pairs if g is not None])
        plain = all(a.is_contiguous and (g is None or g.is_contiguous) for _, a, g in self.pairs)
        made.backward.play(self.device, self.grid, given, plain)
        for number, share_ in zip(made.rule.values, shares, strict=True):
            _add_to(self.adjoints[number], share_)

    def _pattern(self) -> Pattern:
        """What the kernel does, for the adjoints that are given."""
        floats = self.launcher.float_arrays
        active = frozenset(n for n, _, adjoint in self.pairs if adjoint is not None and n in floats)
        if not active and not self.values:
            raise self._refused("no argument has an adjoint; pass adj_inputs, or arrays with requires_grad")
        blocks, arrays = Blocks(), [a for _, a, _ in self.pairs]
        numbers = tuple(n for n, _, _ in self.pairs)
        relation = overlaps(self.launcher, numbers, arrays, [blocks.of(a) for a in arrays])
        found = pattern_of(self.launcher, numbers, active, relation, len(self.grid.shape), self.values)
        assert found.made is not None
        if not found.is_plain or found.made.rule.finals:
            raise self._refused(
                "its derivative needs what the forward launch writes down; record the launch on a Tape"
            )
        return found

    def _refused(self, what: str) -> AdjointError:
        return AdjointError(f"kernel {self.launcher.kernel.name!r}: adjoint=True: {what}")

    def _own(self, packed: list[bytes], made: Derivative) -> list[bytes]:
        """The kernel's own arguments; a copy of what the adjoint kernel overwrites."""
        packed = packed.copy()
        for number, array, _ in self.pairs:
            if number in made.rule.copies:
                packed[number] = packed[number].replace(array.descriptor, self._kept(copied(array)))
        return packed

    def _shadowed(self, number: int, record: bytes, made: Derivative) -> bytes:
        """An argument with adjoints in place of its arrays.

        Of what the kernel only overwrites, the adjoint kernel clears the adjoint: it gets a copy.
        """
        final = number in made.effects.writes and number not in made.effects.reads
        for n, array, adjoint in self.pairs:
            if n == number and carries_float(array.dtype):
                given = adjoint or zeros_of(array.dtype, array.shape, self.device)
                spared = final and adjoint is not None and adjoint is not array.grad
                record = record.replace(array.descriptor, self._kept(copied(given) if spared else given))
        return record

    def _kept(self, array: Array) -> bytes:
        """An array's descriptor; it lives as long as the run, or the graph that is being captured."""
        self.keep.append(array)
        recording.keep(array)
        return array.descriptor

    # what was given

    def _pairs(self, number: int) -> Iterator[Pair]:
        """The arrays of an argument with their adjoints."""
        type, argument, adjoint = self.launcher.types[number], self.arguments[number], self.adjoints[number]
        value = argument.value
        if isinstance(type, ArrayType):
            yield from [] if value is None else [(number, value, self._adjoint(number, value, adjoint))]
        elif isinstance(type, IndexedArrayType):
            data = adjoint.data if isinstance(adjoint, IndexedArray) else adjoint
            yield number, value.data, self._adjoint(number, value.data, data)
            yield from ((number, x, None) for x in value.indices if x is not None)
        elif isinstance(type, Struct):
            yield from self._in_struct(number, argument, adjoint, type)

    def _in_struct(self, number: int, argument: Argument, adjoint: Any, type: Struct) -> Iterator[Pair]:
        if adjoint is not None and (
            not isinstance(adjoint, StructValue) or adjoint._type != type  # type: ignore[attr-defined]
        ):
            raise self._misfit(number, str(type), adjoint, f"pass a {type}(...) of adjoints, or None")
        found = [None] * len(argument.keep) if adjoint is None else list(_arrays_of(adjoint, argument.value))
        for array, own in zip(argument.keep, found, strict=True):
            yield number, array, self._adjoint(number, array, own)

    def _adjoint(self, number: int, array: Array, given: Any) -> Array | None:
        """The adjoint of an array: what was given, or its own `grad`."""
        if not carries_float(array.dtype):
            return None
        if given is None:
            return array.grad
        remedy = "pass an array like the argument, or None"
        try:
            made = given if isinstance(given, Array) else share(given, array.dtype, array.device)
        except (TypeError, ValueError):
            made = None
        if made is None or made.dtype != array.dtype or made.shape != array.shape:
            raise self._misfit(number, f"{array.type} of shape {array.shape}", given, remedy)
        if made.device.ordinal != array.device.ordinal:
            raise self._misfit(number, f"an array on {array.device}", made.device, remedy)
        return made

    def _wants_value(self, number: int) -> bool:
        """Whether something by value is to receive its derivative."""
        type, adjoint = self.launcher.types[number], self.adjoints[number]
        if isinstance(type, ArrayType) or adjoint is None or not carries_float(type):
            return False
        if not isinstance(type, Struct):
            fits = isinstance(adjoint, Array) and adjoint.dtype == type and adjoint.size == 1
            if not fits:
                raise self._misfit(
                    number, f"an array of one {type}", adjoint, "pass rk.zeros(1, ...), or None"
                )
        return True

    def _misfit(self, number: int, expected: str, got: Any, remedy: str) -> LaunchError:
        name = self.launcher.kernel.params[number][0]
        shape = f" of shape {got.shape}" if isinstance(got, Array) else ""
        return LaunchError(
            f"kernel {self.launcher.kernel.name!r}, adjoint of argument {name!r}: "
            f"expected {expected}, got {describe(got)}{shape}; {remedy}"
        )


Given = tuple[Sequence[Any], Sequence[Any]]  # arguments, and what is given for their adjoints


def adjoints_of(kernel: str, inputs: Given, outputs: Given) -> list[Any]:
    """An adjoint for each argument, None where there is none.

    Raises:
        LaunchError: there are more than arguments.
    """
    found: list[Any] = []
    for name, (arguments, given) in (("adj_inputs", inputs), ("adj_outputs", outputs)):
        missing = len(arguments) - len(given)
        if missing < 0:
            raise LaunchError(
                f"kernel {kernel!r}: {name}: expected at most {len(arguments)}, got {len(given)}"
            )
        found += [*given, *[None] * missing]
    return found


def _arrays_of(adjoint: Any, record: Any) -> Iterator[Any]:
    """The arrays in an adjoint struct, None included, where the argument has arrays."""
    for name, field in adjoint._type.fields:
        value = getattr(adjoint, name)
        if isinstance(field, Struct):
            yield from _arrays_of(value, record[name])
        elif isinstance(field, ArrayType) and record[name].tobytes().strip(b"\0"):
            yield value


def _add_to(target: Any, shares: Array) -> None:
    """Adds the derivative by an argument by value: the sum of a share for each item."""
    if isinstance(target, Array):
        data = total(shares).reshape(target.shape + component_shape(target.dtype))
        accumulate(target, wrap(np.ascontiguousarray(data), target.dtype).to(target.device))
        return
    _add_fields(target, total(shares)[()], target._type)


def _add_fields(target: Any, more: Any, type: Struct) -> None:
    for name, field in type.fields:
        if isinstance(field, Struct):
            _add_fields(getattr(target, name), more[name], field)
        elif not isinstance(field, ArrayType) and carries_float(field):
            one = wrap(np.ascontiguousarray(more[name])[None], field)
            setattr(target, name, add_total(getattr(target, name), one))
