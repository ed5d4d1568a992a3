"""Whole arrays at once: running sums, sums, inner products, casts, sorting by key, run lengths.

What Warp keeps under `warp.utils`. NumPy computes it on the calling thread; arrays on a GPU pass through the
host. None of it has a derivative: under a tape arrays of floats are refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from robokern.errors import AdjointError, LaunchError
from robokern.ir.types import float32, float64, int32, int64, is_float, scalar_of, uint32, uint64
from robokern.runtime import recording
from robokern.runtime.array import Array, zeros_of
from robokern.runtime.hostvalue import component_shape

_KEYS = (int32, uint32, float32, int64, uint64, float64)


def array_scan(in_array: Array, out_array: Array, inclusive: bool = True) -> None:
    """Writes the running sums of `in_array`, per component, to `out_array`, which may be the same.

    Args:
        inclusive: whether an element's own value counts; else the first sum is 0.

    Raises:
        LaunchError: shapes, types or devices differ.
        AdjointError: floats under a tape.
    """
    _alike("array_scan", in_array, out_array)
    _need_no_tape("array_scan", in_array)
    values = in_array.numbers()
    sums = np.cumsum(values, axis=0, dtype=values.dtype)
    if not inclusive and len(sums):
        sums = np.concatenate([np.zeros_like(sums[:1]), sums[:-1]])
    out_array.assign(sums)


def array_sum(
    values: Array, out: Array | None = None, value_count: int | None = None, axis: int | None = None
) -> Any:
    """The sum of all elements, or along an axis; of the first `value_count`, if given, of a row or the axis.

    Returns:
        `out`, if it is given; a number, or a composite's host value; with `axis` an array of that length 1.

    Raises:
        LaunchError: `out` or `axis` does not fit.
        AdjointError: floats under a tape.
    """
    _need_no_tape("array_sum", values)
    return _reduced("array_sum", values, values.numbers(), values.dtype, out, value_count, axis)


def array_inner(
    a: Array, b: Array, out: Array | None = None, count: int | None = None, axis: int | None = None
) -> Any:
    """The inner product of two arrays of one shape and type, over components too; else as `array_sum`."""
    _alike("array_inner", a, b)
    _need_no_tape("array_inner", a)
    products = a.numbers() * b.numbers()
    products = products.sum(axis=tuple(range(a.ndim, products.ndim)), dtype=products.dtype)
    return _reduced("array_inner", a, products, scalar_of(a.dtype), out, count, axis)


def _reduced(
    name: str, like: Array, values: Any, dtype: Any, out: Array | None, count: int | None, axis: int | None
) -> Any:
    if axis is not None and not -like.ndim <= axis < like.ndim:
        raise LaunchError(f"{name}: there is no axis {axis} of {like.ndim}")
    along = tuple(range(like.ndim)) if axis is None else axis % like.ndim
    if count is not None:
        values = values[:count] if axis is None else np.take(values, range(count), axis=axis)
    total = values.sum(axis=along, dtype=values.dtype, keepdims=True)
    shape = (1,) if axis is None else total.shape[: like.ndim]
    made = zeros_of(dtype, shape, like.device) if out is None else out
    if made.shape != shape or made.dtype != dtype or made.device is not like.device:
        raise LaunchError(f"{name}: out: expected {dtype} of shape {shape}, got {made.type} of {made.shape}")
    made.assign(total.reshape(made.numpy().shape))
    return made[0] if out is None and axis is None else made


def array_cast(in_array: Array, out_array: Array, count: int | None = None) -> None:
    """Converts elements to another type, one by one as kernels do.

    Args:
        in_array, out_array: of one shape; or as many scalars, composites' too, in another shape.
        count: the first so many elements of a 1-D array instead of all.

    Raises:
        LaunchError: shapes or devices differ, or `count` is not inside of both.
        AdjointError: floats under a tape.
    """
    _need_no_tape("array_cast", in_array)
    source, target = in_array.numbers(), np.array(out_array.numbers())
    if count is None:
        scalars = source.size
        fits = scalars == target.size and (source.shape == target.shape or source.ndim != target.ndim)
    else:
        scalars = count * int(np.prod(component_shape(in_array.dtype)))
        fits = in_array.ndim == 1 and 0 <= scalars <= min(source.size, target.size)
    if not fits or in_array.device is not out_array.device:
        some = "" if count is None else f"{count} of "
        raise LaunchError(
            f"array_cast: cannot cast {some}{in_array.type} {in_array.shape} "
            f"to {out_array.type} {out_array.shape}"
        )
    target.reshape(-1)[:scalars] = source.reshape(-1)[:scalars]
    out_array.assign(target)


def radix_sort_pairs(
    keys: Array, values: Array, count: int, begin_bit: int = 0, end_bit: int | None = None
) -> None:
    """Sorts the first `count` keys, and the values with them; equal keys stay in order.

    Args:
        keys: int32, uint32, float32, int64, uint64 or float64; of floats -0 comes before 0.
        values: as many at least.
        count: number of pairs.
        begin_bit, end_bit: the bits of the key that count, from the lowest.

    Raises:
        LaunchError: too few keys or values, or other types.
    """
    if keys.dtype not in _KEYS:
        raise LaunchError(
            f"radix_sort_pairs: expected keys of {', '.join(map(str, _KEYS))}, got {keys.dtype}"
        )
    bits = 8 * keys.numpy().itemsize
    if not 0 <= begin_bit <= (bits if end_bit is None else end_bit) <= bits:
        raise LaunchError(f"radix_sort_pairs: a key has bits 0 to {bits}, got {begin_bit} to {end_bit}")
    if count < 0 or min(len(keys), len(values)) < count:
        raise LaunchError(f"radix_sort_pairs: {count} pairs of {len(keys)} keys and {len(values)} values")
    ordered = _ordered_bits(keys.numpy()[:count]) >> begin_bit
    if end_bit is not None:
        ordered &= (1 << (end_bit - begin_bit)) - 1
    _permute(keys, values, 0, np.argsort(ordered, kind="stable"))


def segmented_sort_pairs(
    keys: Array,
    values: Array,
    count: int,
    segment_start_indices: Array,
    segment_end_indices: Array | None = None,
) -> None:
    """Sorts pairs within each segment; without ends a segment reaches to the start of the next.

    Raises:
        LaunchError: a segment lies outside of the first `count` pairs, or the types do not fit.
    """
    starts = segment_start_indices.numpy()
    ends = starts[1:] if segment_end_indices is None else segment_end_indices.numpy()
    if starts.ndim != 1 or ends.ndim != 1 or (segment_end_indices is not None and len(starts) != len(ends)):
        raise LaunchError(
            f"segmented_sort_pairs: expected a row of starts and one of as many ends, got {starts.shape} "
            f"and {ends.shape}"
        )
    starts = starts[: len(ends)]
    inside = (starts >= 0) & (starts <= ends) & (ends <= count)
    if not inside.all() or min(len(keys), len(values)) < count:
        raise LaunchError(f"segmented_sort_pairs: a segment is not inside of the first {count} pairs")
    bits = _ordered_bits(keys.numpy()[:count])
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        _permute(keys, values, start, np.argsort(bits[start:end], kind="stable"))


def runlength_encode(
    values: Array,
    run_values: Array,
    run_lengths: Array,
    run_count: Array | None = None,
    value_count: int | None = None,
) -> Any:
    """Runs of equal values: what they are and how long, in the first elements of two arrays.

    Returns:
        The number of runs; with `run_count` that array, which it is written to.

    Raises:
        LaunchError: the results do not fit.
    """
    if value_count is not None and not 0 <= value_count <= len(values):
        raise LaunchError(f"runlength_encode: there are {len(values)} values, got value_count {value_count}")
    for name, counts in (("run_lengths", run_lengths), ("run_count", run_count)):
        if counts is not None and counts.dtype != int32:
            raise LaunchError(f"runlength_encode: {name}: expected int32, got {counts.dtype}")
    data = values.numpy() if value_count is None else values.numpy()[:value_count]
    starts = np.flatnonzero(np.r_[True, data[1:] != data[:-1]][: len(data)])
    if min(len(run_values), len(run_lengths)) < len(data) or run_values.dtype != values.dtype:
        raise LaunchError(f"runlength_encode: expected room for {len(data)} {values.dtype}")
    if len(starts):
        run_values[: len(starts)] = data[starts]
        run_lengths[: len(starts)] = np.diff(np.append(starts, len(data))).astype(np.int32)
    if run_count is None:
        return len(starts)
    run_count.fill_(len(starts))
    return run_count


def _ordered_bits(keys: Any) -> Any:
    """Unsigned integers in the order of the keys."""
    unsigned = keys.view(f"u{keys.itemsize}")
    sign = unsigned.dtype.type(1 << (8 * keys.itemsize - 1))
    if keys.dtype.kind == "u":
        return unsigned.copy()
    if keys.dtype.kind == "i":
        return unsigned ^ sign
    return np.where(unsigned & sign, ~unsigned, unsigned | sign)


def _permute(keys: Array, values: Array, start: int, order: Any) -> None:
    if len(order):
        for array in (keys, values):
            array[start : start + len(order)] = array.numpy()[start : start + len(order)][order]


def _alike(name: str, a: Array, b: Array) -> None:
    if a.shape != b.shape or a.dtype != b.dtype or a.device is not b.device:
        raise LaunchError(f"{name}: expected two arrays alike, got {a.type} {a.shape} and {b.type} {b.shape}")


def _need_no_tape(name: str, array: Array) -> None:
    if recording.tapes and is_float(array.dtype):
        raise AdjointError(f"{name}() has no derivative; call it outside of the tape")
