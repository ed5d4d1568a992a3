"""One source under both imports: text that begins with `import robokern as m`, and the same with Warp."""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import robokern as rk
from robokern.ir.types import ArrayType, Quaternion, Scalar, Struct, Transform

HERE = Path(__file__).parent
COUNT = 24
LENGTHS = {1: (COUNT,), 2: (COUNT, 8), 3: (COUNT, 4, 3), 4: (COUNT, 2, 3, 2)}
HEAD = "import robokern as m"


@dataclass
class Both:
    """A module of kernels, loaded twice."""

    ours: ModuleType
    theirs: ModuleType
    warp: ModuleType


def load(text: str, folder: Path, name: str) -> Both:
    """The text, which begins with `HEAD`, as a robokern and as a Warp module; Warp's has no derivatives."""
    import warp

    warp.config.quiet = True
    warp.config.enable_backward = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = _module(text, folder / f"{name}_robokern.py")
        theirs = _module(text.replace(HEAD, "import warp as m"), folder / f"{name}_warp.py")
    return Both(ours, theirs, warp)


def _module(text: str, path: Path) -> ModuleType:
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def results(both: Both, name: str) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Launches a kernel on both sides with equal inputs: each array's name, our content and Warp's."""
    kernel = getattr(both.ours, name)
    generator = np.random.default_rng(sum(name.encode()))
    data = {n: drawn(t, n.startswith("out"), generator) for n, t in kernel.params}
    sides = []
    for library, module in ((rk, both.ours), (both.warp, both.theirs)):
        given = [host(library, module, data[n], t) for n, t in kernel.params]
        library.launch(getattr(module, name), dim=COUNT, inputs=given, device="cpu")
        sides.append(given)
    arrays = [(n, *pair) for (n, t), *pair in zip(kernel.params, *sides, strict=True) if _is_array(t)]
    return [(n, a.numpy(), b.numpy()) for n, a, b in arrays]


def _is_array(type_: Any) -> bool:
    return isinstance(type_, ArrayType)


def drawn(type_: Any, is_output: bool, generator: np.random.Generator) -> np.ndarray:
    """Input data of a type; zeros for outputs and structs."""
    element = type_.dtype if isinstance(type_, ArrayType) else type_
    shape = LENGTHS[type_.ndim] if isinstance(type_, ArrayType) else ()
    if isinstance(element, Struct):
        return np.zeros(shape, element_dtype(element))
    if is_output:
        return np.zeros((*shape, *getattr(element, "shape", ())), element_dtype(element))
    return numbers(element, shape, generator)


def element_dtype(element: Any) -> Any:
    """NumPy's dtype of one component, or of a struct."""
    from robokern.ir.layout import numpy_dtype

    return numpy_dtype(element if isinstance(element, (Scalar, Struct)) else element.dtype)


def numbers(element: Any, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """Random elements: floats in [-2, 2], integers up to 1000 as far as they fit, unit quaternions."""
    scalar = element if isinstance(element, Scalar) else element.dtype
    full = (*shape, *getattr(element, "shape", ()))
    if scalar.kind == "b":
        return generator.integers(0, 2, full).astype(bool)
    if scalar.kind in "iu":
        limit = 1000 if scalar.bits > 8 else 100
        low = -limit if scalar.kind == "i" else 0
        return generator.integers(low, limit, full).astype(scalar.name)
    x = generator.uniform(-2, 2, full)
    if isinstance(element, (Quaternion, Transform)):
        x[..., -4:] /= np.linalg.norm(x[..., -4:], axis=-1, keepdims=True)
    return x.astype(scalar.name)


def host(library: ModuleType, module: ModuleType, data: np.ndarray, type_: Any) -> Any:
    """Data as an argument of a launch of that library."""
    element = type_.dtype if isinstance(type_, ArrayType) else type_
    dtype = named(library, module, element)
    if isinstance(type_, ArrayType):
        return library.array(data.copy(), dtype=dtype, device="cpu")
    if isinstance(element, Struct):
        return dtype()
    return dtype(*data.ravel().tolist())


def named(library: ModuleType, module: ModuleType, element: Any) -> Any:
    """A type of ours in that library."""
    if isinstance(element, Struct):
        return getattr(module, element.name)
    if str(element) == "bool":
        return bool
    if hasattr(library, str(element)):
        return getattr(library, str(element))
    shape = getattr(element, "shape", ())
    scalar = getattr(library, str(element.dtype))
    if len(shape) == 2:
        return library.types.matrix(shape=shape, dtype=scalar)
    return library.types.vector(length=shape[0], dtype=scalar)


def assert_close(ours: np.ndarray, theirs: np.ndarray, tolerance: float, what: str) -> None:
    """Equal where nothing is rounded; else within tolerance, relative above 1 and absolute below."""
    if ours.dtype.names:
        for field in ours.dtype.names:
            assert_close(ours[field], theirs[field], tolerance, f"{what}.{field}")
    elif ours.dtype.kind != "f" or tolerance == 0:
        np.testing.assert_array_equal(ours, theirs, what)
    else:
        assert ours.dtype == theirs.dtype
        scale = np.maximum(np.abs(theirs), 1)
        np.testing.assert_allclose(ours / scale, theirs / scale, rtol=0, atol=tolerance, err_msg=what)
