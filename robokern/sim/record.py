"""Plugin outputs over time, in a chunked zarr store that xarray opens.

    recording.zarr/
      roof_lidar/          one group per plugin, each with its own time axis
        time   (time)                              [s]
        step   (time)
        ranges (time, worlds, channels, columns)   [m]
        elevation (channels)                       [deg]  a constant coordinate

`xarray.open_zarr("recording.zarr", group="roof_lidar")` gives a Dataset with these names, dimensions, units.

Samples are collected in memory and written a whole chunk at a time, so that recording costs little. Every
array is laid out for the whole run at the start and cut to what was recorded at the end: whenever the process
dies, lengths agree and the store opens; samples that were not written are missing (`time` is NaN there).
"""

from __future__ import annotations

import time as wall
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robokern.errors import ConfigError

CHUNK_BYTES = 4 << 20  # large enough to compress and write well, small enough to lose little in a crash
CHUNK_SAMPLES = 512
FLUSH_SECONDS = 5.0  # longest time that a sample stays in memory only


@dataclass(frozen=True)
class Variable:
    """What an output is.

    Attributes:
        dims: names of its dimensions without time; trailing ones that a vector type adds may be left out.
        unit: SI unit, "1" for none.
        summary: one line for people.
    """

    dims: tuple[str, ...]
    unit: str = "1"
    summary: str = ""


class Recording:
    """A store being written; use as a context manager, or `create` and `close` it.

    Args:
        path: folder of the store.
        attributes: about the whole run (JSON values).
    """

    def __init__(self, path: Path, attributes: Mapping[str, Any] | None = None) -> None:
        self.path = path
        self._attributes = dict(attributes or {})
        self._root: Any = None
        self._tracks: dict[str, _Track] = {}

    def create(self) -> None:
        """Makes the empty store; an older one there is replaced."""
        import zarr

        self._root = zarr.create_group(str(self.path), overwrite=True, attributes=self._attributes)

    def add(
        self,
        name: str,
        variables: Mapping[str, Variable],
        arrays: Mapping[str, NDArray[Any]],
        samples: int,
        coordinates: Mapping[str, tuple[str, NDArray[Any], str]] | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        """Begin the group `name`.

        Args:
            name: group name, the plugin's instance name.
            variables: what each output is.
            arrays: one sample of each output, for shapes and dtypes.
            samples: how many are expected; the group grows when there are more.
            coordinates: constant arrays kept beside the outputs: name -> (dimension, values, unit).
            attributes: about this plugin (JSON values).

        Raises:
            ConfigError: an output has the name of something else in the group.
        """
        for key in arrays:
            if key in {"time", "step", *(coordinates or {})}:
                raise ConfigError(
                    f"output {key!r} of {name}: the recording keeps its own {key}; rename the output"
                )
        group = self._root.create_group(name, attributes=dict(attributes or {}))
        for key, (dim, values, unit) in (coordinates or {}).items():
            about = {"units": unit}
            group.create_array(key, data=np.asarray(values), dimension_names=(dim,), attributes=about)
        self._tracks[name] = _Track(group, variables, arrays, max(samples, 1))

    def append(self, name: str, step: int, time: float, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep one sample of each output of `name`; the arrays are copied.

        Args:
            name: group name.
            step: step count.
            time: simulated time [s].
            arrays: the outputs, shapes as given to `add`.
        """
        self._tracks[name].append(step, time, arrays)

    def flush(self) -> None:
        """Write every sample that is still in memory."""
        for track in self._tracks.values():
            track.flush()

    def close(self) -> None:
        """Write what is left and cut each group to its length. Closing twice does nothing."""
        import zarr

        if self._root is None:
            return
        for track in self._tracks.values():
            track.finish()
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # zarr warns that other libraries may not read consolidated metadata
            zarr.consolidate_metadata(self._root.store)
        self._tracks = {}
        self._root = None

    def __enter__(self) -> Recording:
        self.create()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Track:
    """The growing arrays of one group and the samples not written yet."""

    def __init__(
        self,
        group: Any,
        variables: Mapping[str, Variable],
        arrays: Mapping[str, NDArray[Any]],
        capacity: int,
    ) -> None:
        largest = max((array.nbytes for array in arrays.values()), default=0)
        self._chunk = min(max(CHUNK_BYTES // max(largest, 1), 1), CHUNK_SAMPLES, capacity)
        self._capacity = capacity
        self._written = 0
        self._held = 0
        self._last_flush = wall.monotonic()
        self._stored: dict[str, Any] = {}
        self._buffer: dict[str, NDArray[Any]] = {}
        scalars = {
            "time": (Variable((), "s", "simulated time"), np.zeros((), np.float64)),
            "step": (Variable((), "1", "completed simulation steps"), np.zeros((), np.int64)),
        }
        outputs = {key: (variables[key], array) for key, array in arrays.items()}
        for key, (variable, array) in (outputs | scalars).items():
            self._stored[key] = _create(group, key, variable, array, capacity, self._chunk)
            self._buffer[key] = np.empty((self._chunk, *array.shape), array.dtype)

    def append(self, step: int, time: float, arrays: Mapping[str, NDArray[Any]]) -> None:
        row = self._held
        self._buffer["time"][row] = time
        self._buffer["step"][row] = step
        for key, array in arrays.items():
            self._buffer[key][row] = array
        self._held += 1
        # chunks are written whole: a part of one would be read back and compressed again
        full = (self._written + self._held) % self._chunk == 0
        if full or self._held == self._chunk or wall.monotonic() - self._last_flush > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        begin, end = self._written, self._written + self._held
        if end > self._capacity:
            self._resize(max(2 * self._capacity, end))
        if end > begin:
            for key, stored in self._stored.items():
                stored[begin:end] = self._buffer[key][: self._held]
        self._written, self._held = end, 0
        self._last_flush = wall.monotonic()

    def finish(self) -> None:
        self.flush()
        if self._written != self._capacity:
            self._resize(self._written)

    def _resize(self, length: int) -> None:
        for stored in self._stored.values():
            stored.resize((length, *stored.shape[1:]))
        self._capacity = length


def _create(group: Any, key: str, variable: Variable, array: NDArray[Any], capacity: int, chunk: int) -> Any:
    from zarr.codecs import BloscCodec

    attributes = {"units": variable.unit} | ({"long_name": variable.summary} if variable.summary else {})
    return group.create_array(
        key,
        shape=(capacity, *array.shape),
        chunks=(chunk, *(max(length, 1) for length in array.shape)),
        dtype=array.dtype,
        fill_value=_missing(array.dtype),
        compressors=BloscCodec(cname="zstd", clevel=1, shuffle="bitshuffle", typesize=array.dtype.itemsize),
        dimension_names=("time", *_dims(key, variable.dims, array.ndim)),
        attributes=attributes,
    )


def _missing(dtype: np.dtype[Any]) -> Any:
    """The value that stands for "not recorded"."""
    if dtype.kind == "f":
        return np.nan
    return False if dtype.kind == "b" else -1 if dtype.kind == "i" else 0


def _dims(key: str, dims: Sequence[str], ndim: int) -> tuple[str, ...]:
    """Dimension names, completed for the components of a vector or matrix type."""
    missing = ndim - len(dims)
    if missing == 1:
        return (*dims, f"{key}_component")
    return (*dims, *(f"{key}_component_{axis}" for axis in range(missing)))
