"""Python's cyclic garbage collector, put off while a program is made.

A compile makes some ten thousand objects that live as long as it does: the collector would look at all of
them, and at everything else in the process, several times and find nothing. Nor does it look at them when the
compile is over: what there is then counts as old, as if it had been looked at.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def put_off() -> Iterator[None]:
    """No collection inside, unless another thread ends such a block meanwhile."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            _age()
            gc.enable()


def _age() -> None:
    """Makes everything old; nothing where the program has frozen objects itself, which must stay so."""
    if not gc.get_freeze_count():
        gc.freeze()
        gc.unfreeze()
