"""What a run did, as numbers for `summary.json` and as a table for people."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from robokern.plugin.plugin import Plugin
from robokern.sim.loop import RECORDING, SCENE, SIMULATOR, Loop
from robokern.sim.replay import REPLAY
from robokern.sim.timing import Timing

HOOKS = ("before_step", "after_step", "randomize")


@dataclass(frozen=True)
class Row:
    """One part of the run.

    Attributes:
        part: plugin's instance name, or simulator, scene, recording.
        kind: its type.
        seconds: wall time [s].
        calls: how often it was called while stepping.
        work: what it got done per second, such as {"rays": 1.2e7}.
    """

    part: str
    kind: str
    seconds: float
    calls: int
    work: dict[str, float]


def rows(loop: Loop, kinds: dict[str, str]) -> list[Row]:
    """One row for each plugin, then simulator, scene and recording, and replays where there were any.

    Args:
        loop: that ran.
        kinds: plugin name -> type, and `simulator` -> host type.
    """
    plugins = [_plugin_row(loop.timing, plugin, kinds[plugin.name]) for plugin in loop.plugins]
    parts = [SIMULATOR, SCENE, RECORDING, *([REPLAY] if loop.replay.replays else [])]
    return plugins + [_row(loop.timing, part, kinds.get(part, "")) for part in parts]


def _plugin_row(timing: Timing, plugin: Plugin, kind: str) -> Row:
    stages = timing.stages(plugin.name)
    calls = sum(spent.calls for stage, spent in stages.items() if stage in HOOKS)
    # a plugin may say what one call gets done: `work = {"rays": 184320}`
    work = dict(_work_per_second(getattr(plugin, "work", {}), timing, plugin.name))
    return Row(plugin.name, kind, timing.total(plugin.name), calls, work)


def _work_per_second(work: dict[str, int], timing: Timing, part: str) -> Iterator[tuple[str, float]]:
    spent = timing.stages(part).get("after_step")
    for what, amount in work.items():
        if spent is not None and spent.seconds > 0.0:
            yield what, amount * spent.calls / spent.seconds


def _row(timing: Timing, part: str, kind: str) -> Row:
    calls = sum(spent.calls for spent in timing.stages(part).values())
    return Row(part, kind, timing.total(part), calls, {})


def numbers(parts: Sequence[Row], loop: Loop, wall: float) -> dict[str, Any]:
    """The measured part of `summary.json`.

    Args:
        parts: from `rows`.
        loop: that ran.
        wall: time that the steps took [s].
    """
    world, steps = loop.host.world, loop.clock.step
    rate = steps / wall if wall > 0.0 else 0.0
    return {
        "worlds": world.num_worlds,
        "timestep_s": world.timestep,
        "steps": steps,
        "simulated_s": loop.clock.time,
        "wall_s": wall,
        "steps_per_s": rate,
        "real_time_factor": rate * world.timestep,
        "parts": {row.part: _part(row, loop.timing) for row in parts},
    }


def _part(row: Row, timing: Timing) -> dict[str, Any]:
    stages = {stage: vars(spent) for stage, spent in timing.stages(row.part).items()}
    per_second = {f"{what}_per_s": rate for what, rate in row.work.items()}
    return {"type": row.kind, "seconds": row.seconds, **per_second, "stages": stages}


def print_table(parts: Sequence[Row], measured: dict[str, Any], files: Sequence[str]) -> None:
    """The closing table, and where the files are, on standard output."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("part", "type"):
        table.add_column(heading, no_wrap=True)
    for heading in ("time [s]", "share", "calls", "per call [ms]", "work"):
        table.add_column(heading, justify="right", no_wrap=True)
    total = sum(row.seconds for row in parts) or 1.0
    for row in parts:
        table.add_row(*_cells(row, total))
    # in a file or pipe nothing is cut to the width of a terminal
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(_title(measured), highlight=False, soft_wrap=True)
    console.print(table)
    for file in files:
        console.print(f"  {file}", highlight=False, soft_wrap=True)


def _title(measured: dict[str, Any]) -> str:
    worlds, factor = measured["worlds"], measured["real_time_factor"]
    return (
        f"{measured['steps']:,} steps of {worlds} worlds in {measured['wall_s']:.1f} s: "
        f"{measured['steps_per_s']:,.0f} steps/s, {factor:.2f}x real time, "
        f"{factor * worlds:,.1f}x over all worlds"
    )


def _cells(row: Row, total: float) -> Iterator[str]:
    yield row.part
    yield row.kind
    yield f"{row.seconds:.2f}"
    yield f"{row.seconds / total:.0%}"
    yield f"{row.calls:,}"
    yield f"{1e3 * row.seconds / row.calls:.3f}" if row.calls else ""
    yield ", ".join(f"{rate / 1e6:,.2f} M {what}/s" for what, rate in row.work.items())
