"""How the items of a row run where lanes can work in step or take items as they get free (`wide_stream`).

Which is faster depends on the data: loops that lanes leave at about the same turn want the first, for the
items of a group lie side by side in memory. So each call of the entry point tries both on its first items,
more than once, as the first try meets cold caches, and goes on with the one that had the shortest. Without a
counter of cycles, lanes work in step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from robokern.compiler.entry_cpu import wide_items
from robokern.compiler.launch_record import arguments

if TYPE_CHECKING:
    from robokern.compiler.target import Body

TRIALS = 2  # of both ways
TRIED, FEWEST = 8, 4  # groups of a try at most, and at least: fewer tell nothing of lanes that get free
DECLARATIONS = (
    "declare i64 @llvm.readcyclecounter()",
    "declare i64 @llvm.umin.i64(i64, i64)",
    "declare i32 @llvm.smin.i32(i32, i32)",
)


def row(group: Body, symbol: str, stream: str) -> str:
    """A function over the items [last coordinate, %to) of a row.

    Args:
        group: the body of a group of items.
        symbol: name of the function.
        stream: name of the body of as many items as its last parameter says.
    """
    return "\n".join([_groups(group, symbol), _chosen(group, symbol, stream)])


def _context(body: Body, first: str) -> str:
    context = body.context.split(", ")
    context[body.ndim - 1] = f"i32 {first}"
    return ", ".join(context)


def _passed(body: Body, first: str) -> str:
    """The arguments of a call that starts at this item."""
    return ", ".join([_context(body, first), *arguments(body.parameters)[0]])


def _head(body: Body, symbol: str, attributes: str, *more: str) -> str:
    parameters = ", ".join([_passed(body, "%from"), "i32 %to", *more])
    return f"define internal void {symbol}({parameters}) {attributes} {body.attributes} {{"


def _groups(body: Body, symbol: str) -> str:
    """All items in step."""
    items = wide_items(body, "", "start", "done", arguments(body.parameters)[0])
    lines = [_head(body, f"{symbol}.groups", "alwaysinline"), "start:", "  %some = icmp slt i32 %from, %to"]
    lines += ["  br i1 %some, label %items, label %done", *items, "done:", "  ret void", "}"]
    return "\n".join(lines)


def _chosen(body: Body, symbol: str, stream: str) -> str:
    """The trials, as long as there are too few, and the rest of the items by what they showed.

    Some items in step, then some that lanes take as they get free: in a trial as many of both, at the end all
    of one. So both bodies stand here once, in place: calls with all arguments took a fifth of the compile
    time.
    """
    lanes = body.lanes
    return f"""{_head(body, symbol, "noinline", "ptr %trials")}
start:
  %step.at = getelementptr i64, ptr %trials, i64 1
  %free.at = getelementptr i64, ptr %trials, i64 2
  br label %ask
ask:
  %first = phi i32 [ %from, %start ], [ %third, %trial ]
  %count = load i64, ptr %trials
  %few = icmp ult i64 %count, {TRIALS}
  %room = sub nsw i32 %to, %first
  %half = sdiv i32 %room, {2 * lanes}
  %enough = icmp sge i32 %half, {FEWEST}
  %try = and i1 %few, %enough
  %groups = call i32 @llvm.smin.i32(i32 %half, i32 {TRIED})
  %items = mul nsw i32 %groups, {lanes}
  %tried = add nsw i32 %first, %items
  %step.before = load i64, ptr %step.at
  %free.before = load i64, ptr %free.at
  %free = icmp ult i64 %free.before, %step.before
  %rest = select i1 %free, i32 %first, i32 %to
  %second = select i1 %try, i32 %tried, i32 %rest
  %both = add nsw i32 %tried, %items
  %third = select i1 %try, i32 %both, i32 %to
  %time.0 = call i64 @llvm.readcyclecounter()
  call void {symbol}.groups({_passed(body, "%first")}, i32 %second)
  %time.1 = call i64 @llvm.readcyclecounter()
  call void {stream}({_passed(body, "%second")}, i32 %third)
  %time.2 = call i64 @llvm.readcyclecounter()
  br i1 %try, label %trial, label %done
trial:
  %weight = zext i32 %groups to i64
  %in.step = sub i64 %time.1, %time.0
  %in.step.fine = shl i64 %in.step, 10
  %in.step.each = udiv i64 %in.step.fine, %weight
  %step.best = call i64 @llvm.umin.i64(i64 %step.before, i64 %in.step.each)
  store i64 %step.best, ptr %step.at
  %streamed = sub i64 %time.2, %time.1
  %streamed.fine = shl i64 %streamed, 10
  %streamed.each = udiv i64 %streamed.fine, %weight
  %free.best = call i64 @llvm.umin.i64(i64 %free.before, i64 %streamed.each)
  store i64 %free.best, ptr %free.at
  %counted = add i64 %count, 1
  store i64 %counted, ptr %trials
  br label %ask
done:
  ret void
}}"""
