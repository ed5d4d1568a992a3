"""Runs a random program two ways and compares what it left in its arrays, bit by bit."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import robokern as rk
from robokern.ir import layout
from robokern.ir.bfloat16 import floats, rounded, stored
from robokern.ir.types import ArrayType, Scalar, Struct, scalar_of
from tests.random_programs import plain
from tests.random_programs.expressions import CELLS, INPUTS, SLOTS
from tests.random_programs.generator import Program


def load_file(name: str, path: Path) -> ModuleType:
    """A Python file as a module, known by name while it is executed."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def load(source: str, folder: Path) -> ModuleType:
    """The program as a module with a file of its own, for the compiler reads source from files."""
    name = f"random_program_{abs(hash(source))}"
    path = folder / f"{name}.py"
    path.write_text(source)
    try:
        return load_file(name, path)
    finally:
        del sys.modules[name]


def numbers(random: np.random.Generator, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    """Values of a scalar type: ordinary ones, small ones, and the type's edges."""
    if dtype.kind == "b":
        return random.integers(0, 2, shape).astype(bool)
    small = random.integers(-4 if dtype.kind in "if" else 0, 9, shape)
    if dtype.kind == "f":
        info = np.finfo(dtype)
        edges = [0.0, -0.0, np.inf, -np.inf, np.nan, info.max, -info.max, info.tiny, info.smallest_subnormal]
        ordinary = random.standard_normal(shape) * 10.0 ** random.integers(-3, 4, shape)
    else:
        info = np.iinfo(dtype)
        edges = [info.min, info.max, info.max - 1, info.max // 2, 0, 1]
        ordinary = random.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)
    kind = random.integers(0, 4, shape)
    chosen = np.array(edges, dtype)[random.integers(0, len(edges), shape)]
    return np.where(kind == 0, chosen, np.where(kind == 1, small.astype(dtype), ordinary.astype(dtype)))


def random_array(random: np.random.Generator, type_: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Random values in every field."""
    element = layout.numpy_dtype(type_)
    array = np.zeros((*shape, *element.shape), element.base)
    if isinstance(type_, Struct):
        for name, field in type_.fields:
            array[name] = random_array(random, field, shape)
    elif scalar_of(type_) == rk.bfloat16:
        array[...] = stored(rounded(numbers(random, np.dtype(np.float32), array.shape)))
    else:
        array[...] = numbers(random, array.dtype, array.shape)
    return array


def shape_of(name: str, items: int) -> tuple[int, ...]:
    kind = name.split("_")[0]
    lengths = {"out": (items, SLOTS), "in": (INPUTS,), "shared": (CELLS,)}
    return lengths[kind]


def host_value(type_: Any, array: np.ndarray) -> Any:
    """A scalar argument from an array of no dimensions."""
    if isinstance(type_, Struct):
        return type_(**{name: host_value(t, array[name]) for name, t in type_.fields})
    values = floats(array) if scalar_of(type_) == rk.bfloat16 else array
    return type_(values[()]) if isinstance(type_, Scalar) else type_(*values.ravel())


def arguments(program: Program, module: ModuleType) -> list[Any]:
    random = np.random.default_rng(program.seed)
    types = dict(module.k.params)
    made = []
    for name, _ in program.params:
        type_ = types[name]
        if isinstance(type_, ArrayType):
            made.append(random_array(random, type_.dtype, shape_of(name, program.items)))
        else:
            made.append(host_value(type_, random_array(random, type_, ())))
    return made


def launch(module: ModuleType, items: int, args: list[Any], device: str) -> list[np.ndarray]:
    """The arrays after a launch on copies of the arguments."""
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    arrays = {k: a for k, a in enumerate(copies) if isinstance(a, np.ndarray)}
    if device.startswith("cuda"):
        types = [type_ for _, type_ in module.k.params]
        # memory as it is: a bfloat16 is a uint16 to NumPy
        hosts = {k: rk.array(a, dtype=types[k].dtype, copy=False, device="cpu") for k, a in arrays.items()}
        there = {k: host.to(device) for k, host in hosts.items()}
        rk.launch(module.k, dim=items, inputs=[there.get(k, a) for k, a in enumerate(copies)], device=device)
        for k, host in hosts.items():
            rk.copy(host, there[k])
    else:
        rk.launch(module.k, dim=items, inputs=copies, device=device)
    return list(arrays.values())


def assert_same_bits(got: np.ndarray, want: np.ndarray, what: str) -> None:
    """Equal to the bit; every NaN equals every other, since which one an operation gives is not specified."""
    if got.dtype.names is not None:
        for name in got.dtype.names:
            assert_same_bits(got[name], want[name], f"{what}.{name}")
        return
    got, want = np.ascontiguousarray(got), np.ascontiguousarray(want)
    if got.dtype.kind == "f":
        nan = np.isnan(got) & np.isnan(want)
        got, want = (np.where(nan, 0, x.view(f"u{x.dtype.itemsize}")) for x in (got, want))
    np.testing.assert_array_equal(got, want, err_msg=what)


def check(program: Program, folder: Path) -> None:
    """Runs a program on both devices."""
    module = load(program.source, folder)
    args = arguments(program, module)
    names = [name for name, type_ in program.params if isinstance(type_, ArrayType)]
    want, got = (launch(module, program.items, args, device) for device in ("ref", "cpu"))
    for name, x, y in zip(names, got, want, strict=True):
        assert_same_bits(x, y, name)


def check_front_end(program: Program, folder: Path) -> None:
    """Runs a program in the interpreter and as ordinary Python, which fuses no multiply and add."""
    source = program.source.replace("@rk.kernel\n", "@rk.kernel(contract=False)\n")
    source = source.replace("@rk.func\n", "@rk.func(contract=False)\n")
    module = load(source, folder)
    args = arguments(program, module)
    want = launch(module, program.items, args, "ref")
    got = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    plain.run(source, program.items, program.params, got)
    arrays = [name for name, type_ in program.params if isinstance(type_, ArrayType)]
    for name, x, y in zip(arrays, (a for a in got if isinstance(a, np.ndarray)), want, strict=True):
        assert_same_bits(y, x, name)
