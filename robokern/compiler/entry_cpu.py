"""The entry point of a kernel on the CPU: `void entry(i64 begin, i64 end, ptr launch)`.

It runs the items [begin, end) of the grid, numbered with the last dimension fastest. That dimension is a
plain counted loop, which LLVM can vectorise; coordinates are carried from row to row without division.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from robokern.compiler.launch_record import arguments, field

if TYPE_CHECKING:
    from robokern.compiler.target import Body

ACCESS_GROUP = "!0"
METADATA = """!0 = distinct !{}
!1 = distinct !{!1, !2}
!2 = !{!"llvm.loop.parallel_accesses", !0}
"""


def entry(body: Body) -> str:
    """The text of the entry point."""
    given, loads = arguments(body.parameters)
    items = _streamed_items if body.streamed else _wide_items if body.lanes > 1 else _items
    lines = _rows(body, items, given) if body.ndim > 1 else _line(body, items, given)
    head = f"define {body.linkage}void {body.entry}(i64 %begin, i64 %end, ptr noalias readonly %launch)"
    if body.streamed:
        loads += ["  %trials = alloca [3 x i64]", "  store [3 x i64] [i64 0, i64 -1, i64 -1], ptr %trials"]
    some = ["  %some = icmp slt i64 %begin, %end", "  br i1 %some, label %first, label %done"]
    return "\n".join(
        [f"{head} {body.attributes} {{", "start:", *loads, *some, *lines, "done:", "  ret void", "}"]
    )


def by_row_length(ndim: int, least: int, attributes: str) -> str:
    """The entry point that runs `@entry.wide` where rows have `least` items, else `@entry.narrow`."""
    arguments = "(i64 %begin, i64 %end, ptr %launch)"
    return f"""define void @entry{arguments} {attributes} {{
start:
{chr(10).join(field("i64", "%row", 8 * (ndim - 1)))}
  %long = icmp sge i64 %row, {least}
  br i1 %long, label %wide, label %narrow
wide:
  call void @entry.wide{arguments}
  ret void
narrow:
  call void @entry.narrow{arguments}
  ret void
}}"""


Items = Callable[["Body", str, str, str, list[str]], list[str]]


def _items(body: Body, item: str, before: str, after: str, given: list[str]) -> list[str]:
    """The loop over %from <= tid < %to of the last coordinate; `item` computes %item from it."""
    tid = f"%tid.{max(body.ndim - 1, 0)}"
    return [
        "items:",
        f"  {tid} = phi i32 [ %from, %{before} ], [ %next, %items ]",
        *(f"  {line.replace('TID', tid)}" for line in item.splitlines()),
        f"  call void {body.symbol}({', '.join([body.context, *given])})",
        f"  %next = add nsw i32 {tid}, 1",
        "  %more = icmp slt i32 %next, %to",
        f"  br i1 %more, label %items, label %{after}, !llvm.loop !1",
    ]


def _wide_items(body: Body, item: str, before: str, after: str, given: list[str]) -> list[str]:
    """The same by groups; the body takes the number of items left."""
    if body.full:
        return _full_items(body, item, before, after, given)
    tid = f"%tid.{max(body.ndim - 1, 0)}"
    return [
        "items:",
        f"  {tid} = phi i32 [ %from, %{before} ], [ %next, %items ]",
        *(f"  {line.replace('TID', tid)}" for line in item.splitlines()),
        f"  %todo = sub nsw i32 %to, {tid}",
        f"  call void {body.symbol}({', '.join([body.context, *given, 'i32 %todo'])})",
        f"  %next = add i32 {tid}, {body.lanes}",
        f"  %more = icmp sgt i32 %todo, {body.lanes}",
        f"  br i1 %more, label %items, label %{after}",
    ]


def _full_items(body: Body, item: str, before: str, after: str, given: list[str]) -> list[str]:
    """The same with the body for full groups, as long as there is one."""
    tid = f"%tid.{max(body.ndim - 1, 0)}"
    passed = ", ".join([body.context, *given])
    return [
        "items:",
        f"  {tid} = phi i32 [ %from, %{before} ], [ %next, %group ]",
        *(f"  {line.replace('TID', tid)}" for line in item.splitlines()),
        f"  %todo = sub nsw i32 %to, {tid}",
        f"  %whole = icmp sge i32 %todo, {body.lanes}",
        "  br i1 %whole, label %group, label %rest",
        "group:",
        f"  call void {body.full}({passed})",
        f"  %next = add nsw i32 {tid}, {body.lanes}",
        "  br label %items",
        "rest:",
        "  %some.left = icmp sgt i32 %todo, 0",
        f"  br i1 %some.left, label %partial, label %{after}",
        "partial:",
        f"  call void {body.symbol}({passed}, i32 %todo)",
        f"  br label %{after}",
    ]


def _streamed_items(body: Body, item: str, before: str, after: str, given: list[str]) -> list[str]:
    """The same by a function over the items of a row (`entry_stream`)."""
    tid = f"%tid.{max(body.ndim - 1, 0)}"
    return [
        "items:",
        f"  {tid} = add i32 %from, 0",
        *(f"  {line.replace('TID', tid)}" for line in item.splitlines()),
        f"  call void {body.symbol}({', '.join([body.context, *given])}, i32 %to, ptr %trials)",
        f"  br label %{after}",
    ]


def _line(body: Body, items: Items, given: list[str]) -> list[str]:
    """One dimension: item and coordinate are the same number."""
    return [
        "first:",
        "  %from = trunc i64 %begin to i32",
        "  %to = trunc i64 %end to i32",
        "  br label %items",
        *items(body, "%item = sext i32 TID to i64", "first", "done", given),
    ]


def _rows(body: Body, items: Items, given: list[str]) -> list[str]:
    """Several dimensions: a loop over rows around a loop over the items of a row."""
    last = body.ndim - 1
    lines = ["first:"]
    for k in range(1, body.ndim):
        lines += field("i64", f"%dim.{k}", 8 * k)
    lines += _decompose(last)
    lines += [
        "  br label %rows",
        "rows:",
        "  %row.item = phi i64 [ %begin, %first ], [ %row.next, %row.done ]",
        "  %column = phi i64 [ %start." + str(last) + ", %first ], [ 0, %row.done ]",
        *(f"  %tid.{k} = phi i32 [ %begin.{k}, %first ], [ %after.{k}, %row.done ]" for k in range(last)),
        f"  %room = sub nsw i64 %dim.{last}, %column",
        "  %left = sub nsw i64 %end, %row.item",
        "  %short = icmp slt i64 %left, %room",
        "  %width = select i1 %short, i64 %left, i64 %room",
        "  %row.next = add nsw i64 %row.item, %width",
        "  %from = trunc i64 %column to i32",
        "  %column.end = add nsw i64 %column, %width",
        "  %to = trunc i64 %column.end to i32",
        "  %item.0 = sub nsw i64 %row.item, %column",
        "  br label %items",
        *items(
            body,
            "%offset = sext i32 TID to i64\n%item = add nsw i64 %item.0, %offset",
            "rows",
            "row.done",
            given,
        ),
        "row.done:",
        *_next_row(last),
        "  %rows.left = icmp slt i64 %row.next, %end",
        "  br i1 %rows.left, label %rows, label %done",
    ]
    return lines


def _decompose(last: int) -> list[str]:
    """Coordinates of the item `begin`, as %start.k (i64) and %begin.k (i32)."""
    lines, rest = [], "%begin"
    for k in range(last, 0, -1):
        lines += [f"  %start.{k} = srem i64 {rest}, %dim.{k}", f"  %rest.{k} = sdiv i64 {rest}, %dim.{k}"]
        rest = f"%rest.{k}"
    lines.append(f"  %start.0 = add i64 {rest}, 0")
    return lines + [f"  %begin.{k} = trunc i64 %start.{k} to i32" for k in range(last)]


def _next_row(last: int) -> list[str]:
    """Coordinates of the next row, as %after.k: counts the last of them up and carries."""
    lines, carry = [], "1"
    for k in range(last - 1, -1, -1):
        lines.append(f"  %up.{k} = add nsw i32 %tid.{k}, {carry}")
        if k == 0:
            lines.append("  %after.0 = add i32 %up.0, 0")
            break
        lines += [
            f"  %size.{k} = trunc i64 %dim.{k} to i32",
            f"  %full.{k} = icmp eq i32 %up.{k}, %size.{k}",
            f"  %after.{k} = select i1 %full.{k}, i32 0, i32 %up.{k}",
            f"  %carry.{k} = zext i1 %full.{k} to i32",
        ]
        carry = f"%carry.{k}"
    return lines
