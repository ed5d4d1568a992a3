"""`robokern.autograd`: what Warp keeps under `warp.autograd`."""

from robokern.runtime.gradcheck import gradcheck, jacobian, jacobian_fd

__all__ = ["gradcheck", "jacobian", "jacobian_fd"]
