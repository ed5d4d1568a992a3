"""What processes note for later ones, in the cache of object code: anything that JSON can say."""

from __future__ import annotations

import json
from typing import Any

from robokern.runtime.cache import object_cache

Note = dict[str, Any]


def read_note(key: str) -> Note | None:
    """What was noted under a key; None where there is nothing sound."""
    stored = object_cache().load(key)
    return None if stored is None else json.loads(stored)


def leave_note(key: str, note: Note) -> None:
    """Notes something for later processes."""
    object_cache().store(key, json.dumps(note).encode())
