"""Kernels as PyTorch functions.

    advance = torch_function(step, outputs=[0, 1])         # outputs shaped like inputs 0 and 1
    x1, v1 = advance(x, v, 0.01)                           # tensors on the CPU, without a copy
    x1.sum().backward()

Re-entrant; what a call keeps is freed with its graph. Twice differentiable it is not, and `torch.func.vmap`
is refused: give the kernel's grid another dimension instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from robokern.errors import AdjointError
from robokern.runtime.bridge import Shape, call
from robokern.runtime.device import DeviceLike


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
        device: where it runs; None: the default device.

    Raises:
        AdjointError: when called: no exact derivative, or the kernel writes to an input.
    """
    import torch  # type: ignore[import-not-found,unused-ignore]

    made = call(function, outputs, dtypes, dim, device)

    class Bridge(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, *values: Any) -> Any:
            plain = [v.detach().contiguous().numpy() if isinstance(v, torch.Tensor) else v for v in values]
            found, ctx.record = made.forward(plain, ctx.needs_input_grad)
            tensors = tuple(torch.from_numpy(x) for x in found)
            return tensors if len(tensors) > 1 else tensors[0]

        @staticmethod
        @torch.autograd.function.once_differentiable  # type: ignore[untyped-decorator,unused-ignore]
        def backward(ctx: Any, *grads: Any) -> Any:
            found = ctx.record.backward([None if g is None else g.contiguous().numpy() for g in grads])
            return tuple(None if g is None else torch.from_numpy(g.copy()) for g in found)

        @staticmethod
        def vmap(info: Any, in_dims: Any, *values: Any) -> Any:
            raise AdjointError(f"{made.name}: torch.func.vmap is not supported; add a dimension to the grid")

    apply: Callable[..., Any] = Bridge.apply
    return apply
