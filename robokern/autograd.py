"""`robokern.autograd`: what Warp keeps under `warp.autograd`."""

from typing import Any

from robokern.errors import UnsupportedError
from robokern.runtime.gradcheck import gradcheck, jacobian, jacobian_fd

__all__ = ["gradcheck", "jacobian", "jacobian_fd"]

_REFUSED = {
    "gradcheck_tape": "pass the function that makes the launches to rk.gradcheck",
    "jacobian_plot": "draw what rk.jacobian(...)[i, j].numpy() gives",
}


def __getattr__(name: str) -> Any:
    if name in _REFUSED:
        raise UnsupportedError(f"rk.autograd.{name} is not supported: {_REFUSED[name]}")
    raise AttributeError(f"module 'robokern.autograd' has no attribute {name!r}")
