"""How the items of a row run where lanes can work in step or take items as they get free (`wide_stream`).

Which is faster depends on the data: loops that lanes leave at about the same turn want the first, for the
items of a group lie side by side in memory. So each call of the entry point tries both on its first items,
more than once, as the first try meets cold caches, and goes on with the one that had the shortest. Without a
counter of cycles, lanes work in step.
"""

from __future__ import annotations

FIRST, END, FEW = "%piece", "%until", "%few"  # the items of a piece, and lanes that let the others take some
TRIALS = 4  # of both ways in turns
TRIED, FEWEST = 8, 4  # groups of a try at most, and at least: fewer tell nothing of lanes that get free
HALF = 2  # lanes / this are few
DECLARATIONS = (
    "declare i64 @llvm.readcyclecounter()",
    "declare i64 @llvm.umin.i64(i64, i64)",
    "declare i32 @llvm.smin.i32(i32, i32)",
)


def ask(lanes: int, before: str) -> str:
    """Blocks before the body of a piece of the items [%from, %to): in a trial a few groups, then the rest.

    Args:
        before: label of the block they follow.
    """
    return f"""  %step.at = getelementptr i64, ptr %trials, i64 1
  %free.at = getelementptr i64, ptr %trials, i64 2
  br label %ask
ask:
  {FIRST} = phi i32 [ %from, %{before} ], [ {END}, %trial ]
  %trial.number = load i64, ptr %trials
  %early = icmp ult i64 %trial.number, {TRIALS}
  %room = sub nsw i32 %to, {FIRST}
  %half = sdiv i32 %room, {2 * lanes}
  %enough = icmp sge i32 %half, {FEWEST}
  %try = and i1 %early, %enough
  %groups = call i32 @llvm.smin.i32(i32 %half, i32 {TRIED})
  %tried = mul nsw i32 %groups, {lanes}
  %tried.end = add nsw i32 {FIRST}, %tried
  {END} = select i1 %try, i32 %tried.end, i32 %to
  %step.best = load i64, ptr %step.at
  %free.best = load i64, ptr %free.at
  %faster = icmp ult i64 %free.best, %step.best
  %second = trunc i64 %trial.number to i1
  %take = select i1 %try, i1 %second, i1 %faster
  {FEW} = select i1 %take, i32 {lanes // HALF}, i32 0
  %began = call i64 @llvm.readcyclecounter()"""


TRIAL = """  %ended = call i64 @llvm.readcyclecounter()
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
  %counted = add i64 %trial.number, 1
  store i64 %counted, ptr %trials
  br label %ask
done:
  ret void"""
