"""Object code that LLVM makes on a thread of its own, while Python goes on.

Only what needs no Python is done there: the LLVM text is written before. The thread ends with its work; the
interpreter waits for it when it exits, and so does a fork, since a child would inherit LLVM half-way.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

_running: set[threading.Thread] = set()


class Begun:
    """Object code on its way.

    Args:
        work: makes it; `result` raises what this raises.
    """

    def __init__(self, work: Callable[[], bytes]) -> None:
        self._work = work
        self._code: bytes | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="robokern compiles")
        _running.add(self._thread)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._code = self._work()
        except BaseException as error:  # raised where the code is asked for
            self._error = error
        finally:
            _running.discard(self._thread)

    def result(self) -> bytes:
        """The code, once it is there."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._code is not None
        return self._code


def settle() -> None:
    """Waits for all threads."""
    for thread in list(_running):
        thread.join()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=settle)
