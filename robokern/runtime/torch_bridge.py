"""Kernels as PyTorch functions.

    advance = torch_function(step, outputs=[0, 1])         # outputs shaped like inputs 0 and 1
    x1, v1 = advance(x, v, 0.01)                           # tensors, on a GPU too, without a copy
    x1.sum().backward()

Re-entrant; what a call keeps is freed with its graph. A tensor that the backward pass reads again and that
was changed in the meantime is an error, as in PyTorch. Works under `torch.func.grad` and `vjp`. Second
derivatives, forward mode and `torch.func.vmap` are refused: give the kernel's grid another dimension instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from robokern.errors import AdjointError
from robokern.ir.types import Type, bfloat16, scalar_of
from robokern.runtime.array import Array
from robokern.runtime.bridge import Call, Record, Shape, call
from robokern.runtime.device import DeviceLike
from robokern.runtime.exchange import from_torch, to_torch


def torch_function(
    function: Any,
    outputs: Sequence[Shape],
    dtypes: Sequence[Any] | None = None,
    dim: Shape | None = None,
    device: DeviceLike = None,
) -> Callable[..., Any]:
    """A function of tensors that runs a kernel, or a function that launches several, and backpropagates.

    Args:
        function: a kernel whose last parameters are the outputs; or a function of `rk.array`s and other
            values, the outputs last.
        outputs: for each output its shape: lengths, the number of the input it is shaped like, or a function
            of the inputs that gives the lengths. Components of vectors are further axes of the tensor.
        dtypes: element type of each argument, None for what is not an array; a kernel's are known.
        dim: the kernel's grid, as for outputs; None: the shape of the first output.
        device: where it runs; None: on the GPU that its tensors are on, else the default device.

    Raises:
        AdjointError: when called: no exact derivative, the kernel writes to an input, or an input that needs
            a gradient is passed by value.
        LaunchError: when called: an input's data has another type than the kernel's parameter.
    """
    import torch  # type: ignore[import-not-found,unused-ignore]

    made = call(function, outputs, dtypes, dim, device)
    bridge = _bridge(made)

    def apply(*values: Any) -> Any:
        recording = torch.is_grad_enabled()
        needed = [recording and isinstance(v, torch.Tensor) and v.requires_grad for v in values]
        _, *found = bridge.apply(needed, *values)
        return tuple(found) if len(found) > 1 else found[0]

    return apply


def _bridge(made: Call) -> Any:
    """The `torch.autograd.Function` of a call: (needed, *inputs) -> (record, *outputs)."""
    import torch

    reverse = _reverse(made.name)

    class Bridge(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(needed: list[bool], *values: Any) -> Any:
            plain = [
                _data(v, t) if isinstance(v, torch.Tensor) else v
                for v, t in zip(values, made.dtypes, strict=False)
            ]
            found, record = made.forward(plain, needed)
            return record, *map(_tensor, found)

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.record, *outputs = output
            tensors = zip((*inputs[1:], *outputs), ctx.record.arrays, strict=True)
            ctx.save_for_backward(*(t for t, array in tensors if ctx.record.reads_again(array)))

        @staticmethod
        def backward(ctx: Any, _: None, *grads: Any) -> Any:
            read = ctx.saved_tensors  # an error where one was changed since
            return None, *reverse.apply(ctx.record, len(read), *read, *grads)

        @staticmethod
        def vmap(info: Any, in_dims: Any, *values: Any) -> Any:
            raise AdjointError(f"{made.name}: torch.func.vmap is not supported; add a dimension to the grid")

    return Bridge


def _data(tensor: Any, dtype: Type | None) -> Any:
    """A tensor's memory, or a contiguous copy: NumPy's view on the CPU, where that is the quickest."""
    plain = tensor.detach().contiguous()
    if plain.is_cpu and plain.element_size() * plain.is_floating_point() != 2:  # NumPy has no bfloat16
        return plain.numpy()
    return from_torch(plain, dtype, requires_grad=False)


def _tensor(array: Array) -> Any:
    """A tensor over an array's memory."""
    import torch

    if array.device.is_cuda or scalar_of(array.dtype) == bfloat16:
        return to_torch(array, requires_grad=False)
    return torch.from_numpy(array.numpy())


def _reverse(name: str) -> Any:
    """The backward pass, a function of what it reads again and of adjoints; its own derivative is refused."""
    import torch

    class Reverse(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(record: Record, reads: int, *values: Any) -> Any:
            given = zip(values[reads:], record.outputs, strict=True)
            grads = [None if g is None else _data(g, a.dtype) for g, a in given]
            return tuple(None if g is None else _tensor(g.clone()) for g in record.backward(grads))

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            """Keeps nothing."""

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            raise AdjointError(f"{name}: the gradient of a torch_function cannot be differentiated again")

    return Reverse
