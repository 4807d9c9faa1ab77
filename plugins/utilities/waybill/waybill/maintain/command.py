"""`waybill maintain`: remove what is old, and say what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from waybill.maintain import files, keeping, letters, rows, vacuum
from waybill.receipt.numbers import exact
from waybill.receipt.printing import console
from waybill_common import connections, ledger

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from waybill.maintain.removed import Removed

STEP = "waybill:maintain"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")


def run(arguments: argparse.Namespace) -> int:
    """Remove what is older than it is kept, and vacuum the warehouse.

    Returns:
        0.

    Raises:
        WaybillError: A setting cannot be read, or the warehouse does not answer.
    """
    kept = keeping.from_environment()
    login = connections.warehouse("loader")
    if arguments.dry_run:
        found = [*_rows(login, kept, is_dry=True), *files.remove(kept, is_dry=True)]
        found += vacuum.run(is_dry=True)
    else:
        with ledger.step(login, STEP) as step:
            found = [*_rows(login, kept, is_dry=False), *files.remove(kept, is_dry=False)]
            found += vacuum.run(is_dry=False)
            step |= {each.what: each.count for each in found if each.count}
        ledger.end_run(login, step.run)
    _show(found, is_dry=arguments.dry_run)
    return 0


def _rows(login: connections.Connection, kept: keeping.Keeping, *, is_dry: bool) -> list[Removed]:
    with login.connect() as session:
        found = [*letters.remove(session, kept), *rows.remove(session, kept)]
        if is_dry:
            session.rollback()
    return found


def _show(found: Iterable[Removed], *, is_dry: bool) -> None:
    out = console()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("would be removed" if is_dry else "removed", overflow="fold")
    for heading in ("", "bytes", "kept"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in found:
        kept = each.age.removeprefix("after ")
        table.add_row(escape(each.what), exact(each.count), each.bytes_in_words, kept)
    out.print(table)
    if is_dry:
        out.print("dry run: nothing was removed")
