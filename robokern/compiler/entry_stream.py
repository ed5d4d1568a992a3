"""How the items of a row run where lanes can work in step or take items as they get free (`wide_stream`).

Which is faster depends on the data: loops that lanes leave at about the same turn want the first, for the
items of a group lie side by side in memory. So each call of the entry point tries both on its first items,
more than once, as the first try meets cold caches, and goes on with the one that had the shortest. Without a
counter of cycles, lanes work in step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from robokern.compiler.launch_record import arguments

if TYPE_CHECKING:
    from robokern.compiler.target import Body

TRIALS = 4  # of both ways in turns
TRIED, FEWEST = 8, 4  # groups of a try at most, and at least: fewer tell nothing of lanes that get free
FEW = 2  # lanes / this: so many in the loop, or fewer, let free lanes take items
DECLARATIONS = (
    "declare i64 @llvm.readcyclecounter()",
    "declare i64 @llvm.umin.i64(i64, i64)",
    "declare i32 @llvm.smin.i32(i32, i32)",
)


def context(body: Body, first: str) -> str:
    """The first parameters, for items from this one."""
    context = body.context.split(", ")
    context[body.ndim - 1] = f"i32 {first}"
    return ", ".join(context)


def _passed(body: Body, first: str) -> str:
    """The arguments of a call that starts at this item."""
    return ", ".join([context(body, first), *arguments(body.parameters)[0]])


def row(body: Body, stream: str) -> str:
    """A function over the items [last coordinate, %to) of a row: the trials, as long as there are too few,
    then the rest of the items by what they showed.

    All call the body at one place, so that it stands there: calls with all arguments took a fifth of the
    compile time.

    Args:
        stream: name of the body of as many items as its last parameters say.
    """
    lanes = body.lanes
    head = f"{_passed(body, '%from')}, i32 %to, ptr %trials"
    return f"""define internal void {body.symbol}({head}) alwaysinline {body.attributes} {{
start:
  %step.at = getelementptr i64, ptr %trials, i64 1
  %free.at = getelementptr i64, ptr %trials, i64 2
  br label %ask
ask:
  %first = phi i32 [ %from, %start ], [ %end, %trial ]
  %count = load i64, ptr %trials
  %early = icmp ult i64 %count, {TRIALS}
  %room = sub nsw i32 %to, %first
  %half = sdiv i32 %room, {2 * lanes}
  %enough = icmp sge i32 %half, {FEWEST}
  %try = and i1 %early, %enough
  %groups = call i32 @llvm.smin.i32(i32 %half, i32 {TRIED})
  %items = mul nsw i32 %groups, {lanes}
  %tried = add nsw i32 %first, %items
  %end = select i1 %try, i32 %tried, i32 %to
  %step = load i64, ptr %step.at
  %free = load i64, ptr %free.at
  %faster = icmp ult i64 %free, %step
  %second = trunc i64 %count to i1
  %take = select i1 %try, i1 %second, i1 %faster
  %few = select i1 %take, i32 {lanes // FEW}, i32 0
  %began = call i64 @llvm.readcyclecounter()
  call void {stream}({_passed(body, "%first")}, i32 %end, i32 %few)
  %ended = call i64 @llvm.readcyclecounter()
  br i1 %try, label %trial, label %done
trial:
  %cycles = sub i64 %ended, %began
  %fine = shl i64 %cycles, 10
  %weight = zext i32 %groups to i64
  %each = udiv i64 %fine, %weight
  %best.at = select i1 %second, ptr %free.at, ptr %step.at
  %best = load i64, ptr %best.at
  %better = call i64 @llvm.umin.i64(i64 %best, i64 %each)
  store i64 %better, ptr %best.at
  %counted = add i64 %count, 1
  store i64 %counted, ptr %trials
  br label %ask
done:
  ret void
}}"""
