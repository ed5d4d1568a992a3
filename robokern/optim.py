"""`robokern.optim`: what Warp keeps under `warp.optim`."""

from robokern.runtime.optimizer import SGD, Adam

__all__ = ["SGD", "Adam"]
