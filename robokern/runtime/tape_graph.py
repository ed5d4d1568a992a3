"""The graph of what a tape recorded, in the DOT language (graphviz.org): boxes run, ellipses are memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robokern.runtime.tape import Tape


def dot(tape: Tape) -> str:
    """The graph's text; scopes are clusters, differentiable memory is drawn bold."""
    lines = ["digraph tape {", "  rankdir=LR;"]
    names: dict[int, str] = {}
    edges: list[str] = []
    for number, entry in enumerate(tape.entries):
        lines.append(f'  e{number} [shape=box, label="{number}: {entry.name}"];')
        for array, label, reads, writes in entry.touched():
            storage = tape.blocks.of(array)
            node = names.get(id(storage))
            if node is None:
                node = names[id(storage)] = f"m{len(names)}"
                style = ", style=bold" if storage.active else ""
                lines.append(f'  {node} [label="{label}\\n{array.type} {array.shape}"{style}];')
            edges += [f'  {node} -> e{number} [label="{label}"];'] * reads
            edges += [f'  e{number} -> {node} [label="{label}"];'] * writes
    for number, (start, name, end) in enumerate(tape.scopes):
        inside = " ".join(f"e{k};" for k in range(start, end))
        lines.append(f'  subgraph cluster_{number} {{ label="{name}"; {inside} }}')
    return "\n".join([*lines, *edges, "}"]) + "\n"
