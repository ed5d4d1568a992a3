"""The graph of what a tape recorded, in the DOT language (graphviz.org): boxes run, ellipses are memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robokern.runtime.array import Array
    from robokern.runtime.tape import Tape
    from robokern.runtime.tape_blocks import Block


class Drawing:
    """The graph's text in the making; differentiable memory is drawn bold.

    Args:
        tape: what is drawn.
        labels: names for arrays, instead of those that the kernels give them.
        hide_readonly: leave out memory that nothing writes.
    """

    def __init__(self, tape: Tape, labels: Mapping[Array, str], hide_readonly: bool) -> None:
        self.tape, self.hide_readonly = tape, hide_readonly
        self.labels = {tape.blocks.of(array): label for array, label in labels.items()}
        self.lines: list[str] = []
        self.edges: list[str] = []
        self.names: dict[Block, str] = {}

    def draw(self) -> None:
        """Adds every step and what it touches."""
        for number, step in enumerate(self.tape.entries):
            self.lines.append(f'  e{number} [shape=box, label="{number}: {step.name}"];')
            for array, label, reads, writes in step.touched():
                block = self.tape.blocks.of(array)
                if block.written or not self.hide_readonly:
                    node = self._node(block, array, label)
                    self.edges += [f'  {node} -> e{number} [label="{label}"];'] * reads
                    self.edges += [f'  e{number} -> {node} [label="{label}"];'] * writes

    def _node(self, block: Block, array: Array, label: str) -> str:
        if block not in self.names:
            self.names[block] = f"m{len(self.names)}"
            style = ", style=bold" if block.active else ""
            text = f"{self.labels.get(block, label)}\\n{array.type} {array.shape}"
            self.lines.append(f'  {self.names[block]} [label="{text}"{style}];')
        return self.names[block]

    def draw_scopes(self) -> None:
        """Adds a cluster for every scope."""
        for number, (start, name, end) in enumerate(self.tape.scopes):
            inside = " ".join(f"e{k};" for k in range(start, end))
            self.lines.append(f'  subgraph cluster_{number} {{ label="{name}"; {inside} }}')


def dot(
    tape: Tape,
    hide_readonly_arrays: bool = False,
    array_labels: Mapping[Array, str] | None = None,
    ignore_graph_scopes: bool = False,
    graph_direction: str = "LR",
) -> str:
    """The graph's text; arguments as for `Tape.visualize`."""
    made = Drawing(tape, array_labels or {}, hide_readonly_arrays)
    made.draw()
    if not ignore_graph_scopes:
        made.draw_scopes()
    head = ["digraph tape {", f"  rankdir={graph_direction};"]
    return "\n".join([*head, *made.lines, *made.edges, "}"]) + "\n"
