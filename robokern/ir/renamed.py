"""`class vec5(rk.types.vector(5, float)): pass`: another name for a type, as programs for Warp write it."""

from __future__ import annotations

from typing import Any


class _Statement(type):
    """What runs such a class statement: it gives the type itself."""

    def __new__(meta, name: str, bases: tuple[Any, ...], body: dict[str, Any]) -> Any:
        if "__orig_bases__" not in body:
            return super().__new__(meta, name, bases, body)
        added = [key for key in body if not (key.startswith("__") and key.endswith("__"))]
        if added or len(body["__orig_bases__"]) > 1:
            raise TypeError(
                f"class {name}: expected one type of the kernel language and an empty body, "
                f"got {', '.join(added) or 'several bases'}; write functions with @rk.func"
            )
        return body["__orig_bases__"][0]


class Renamed(metaclass=_Statement):
    """Stands for a type among the bases of a class."""
