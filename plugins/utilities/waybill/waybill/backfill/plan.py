"""What a backfill is about to do, said beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from waybill.backfill import windows
from waybill.receipt.numbers import exact

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg
    from rich.console import Console

    from waybill.backfill.request import Request


@dataclass(frozen=True)
class Share:
    """What one stream has in the window.

    Attributes:
        source: Rows at the source; of files, as they were when they landed last; of the lake, which
            is not read beforehand, 0.
        landed: Rows in the warehouse; of the lake, all of the stream.
        files: The files, where the source is made of files.
    """

    stream: str
    source: int
    landed: int
    files: tuple[str, ...] = ()


def shares(
    session: psycopg.Connection[dict[str, Any]], request: Request, state: dict[str, Any]
) -> list[Share]:
    """What the window holds of each stream.

    Args:
        session: The warehouse.
        request: The window.
        state: What the backfill begins from.
    """
    if request.over_lake:
        landed = {
            stream.name: windows.landed(session, request, stream, stream.name, []).rows
            for stream in request.streams
        }
        return [Share(name, 0, rows) for name, rows in landed.items()]
    there = {} if request.is_by_file else windows.at_source(request)
    found = []
    for stream in request.streams:
        entries = state["singer_state"]["bookmarks"][stream.name].get("files") or {}
        files = {name: entry for name, entry in sorted(entries.items()) if request.has_file(name)}
        if request.is_by_file:
            there[stream.name] = sum(entry["rows"] for entry in files.values())
        here = windows.landed(session, request, stream, stream.name, list(files))
        found.append(Share(stream.name, there[stream.name], here.rows, tuple(files)))
    return found


def show(request: Request, found: list[Share], out: Console) -> None:
    """Print what is to be loaded once more."""
    out.print(f"{request.contract.source}: {escape(str(request))}", soft_wrap=True)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    columns: dict[str, Callable[[Share], int]] = {"landed": lambda share: share.landed}
    if not request.over_lake:
        columns = {"source": lambda share: share.source} | columns
    if request.is_by_file:
        columns["files"] = lambda share: len(share.files)
    table.add_column("stream" if request.over_lake else "in the window", overflow="fold")
    for heading in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    for share in found:
        table.add_row(escape(share.stream), *(exact(of(share)) for of in columns.values()))
    out.print(table)
