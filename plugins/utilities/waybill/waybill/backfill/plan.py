"""What a backfill is about to do, said beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from waybill.backfill import windows
from waybill.receipt.numbers import exact

if TYPE_CHECKING:
    import psycopg
    from rich.console import Console

    from waybill.backfill.request import Request


@dataclass(frozen=True)
class Share:
    """What one stream has in the window.

    Attributes:
        source: Rows at the source; of files, as they were when they landed last.
        landed: Rows in the warehouse.
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
    table.add_column("in the window", overflow="fold")
    for heading in ("source", "landed", *(["files"] if request.is_by_file else [])):
        table.add_column(heading, justify="right", no_wrap=True)
    for share in found:
        files = [exact(len(share.files))] if request.is_by_file else []
        table.add_row(escape(share.stream), exact(share.source), exact(share.landed), *files)
    out.print(table)
