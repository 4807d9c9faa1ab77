"""What must hold in a warehouse after any run, however it ended."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crash.pipeline import SCHEMA
from crash.streams import COLUMNS, dead, digest

if TYPE_CHECKING:
    from pathlib import Path

    from crash.pipeline import State
    from crash.server import Server
    from crash.streams import Chain, Day

_LEDGER = """
    select
        coalesce(sum(rows_inserted) - sum(rows_deleted), 0),
        coalesce(sum((totals_landed_change ->> 'amount')::numeric), 0),
        (array_agg(bookmark order by load_id desc) filter (where bookmark is not null))[1]
    from waybill.load
    where target_schema = '{schema}' and stream = '{stream}'
"""


_LETTERS = """
    select source_file, source_line from waybill.dead_letter
    where target_schema = '{schema}' and stream = '{stream}' and resolved_at is null
"""


def check(server: Server, database: str, day: Day, state: State) -> None:
    """Check that each stream stands where whole transactions lead, and its state not beyond.

    Args:
        server: Where the warehouse is.
        database: The warehouse, with nobody at work in it.
        day: What was being loaded.
        state: The last that the target printed.
    """
    for stream, chain in day.chains.items():
        reached = _reached(server, database, stream, chain)
        known = chain.position(_bookmark(state, stream))
        assert known <= max(reached), f"{stream}: the state is at {known}, the rows at {reached}"


def check_end(server: Server, database: str, day: Day, state: State, home: Path) -> None:
    """Check that a run that reports success has done all there was to do.

    Args:
        server: Where the warehouse is.
        database: The warehouse.
        day: What was loaded.
        state: The last that the target printed.
        home: Where batch files were.
    """
    for stream, chain in day.chains.items():
        last = len(chain.states) - 1
        reached = _reached(server, database, stream, chain)
        assert last in reached, f"{stream}: success at {reached} of {last}"
        known = chain.position(_bookmark(state, stream))
        assert known == last, f"{stream}: success with the state at {known} of {last}"
    left = [path for path in (home / "batch").rglob("*") if path.is_file() and path.name != ".lock"]
    assert not left, f"not swept: {left}"


def _reached(server: Server, database: str, stream: str, chain: Chain) -> list[int]:
    """Where in its chain a stream's table stands; several where the same rows come twice."""
    ((is_there,),) = server.rows(database, f"select to_regclass('{SCHEMA}.{stream}') is not null")
    names = [row[0] for row in server.rows(database, _COLUMN_NAMES.format(SCHEMA, stream))]
    listed = [each if name in names else "null" for name, each in COLUMNS.items()]
    query = f"select {', '.join(listed)} from {SCHEMA}.{stream}"
    rows = server.rows(database, query) if is_there else []
    letters = server.rows(database, _LETTERS.format(schema=SCHEMA, stream=stream))
    found = digest([*rows, *(dead(*letter) for letter in letters)])
    reached = [index for index, each in enumerate(chain.states) if each == found]
    left = f"{len(rows)} rows and {len(letters)} dead letters"
    assert reached, f"{stream}: {left}, which no whole transaction leaves"
    alive = [row for row in rows if row[-1] is None]

    ledger = server.rows(database, _LEDGER.format(schema=SCHEMA, stream=stream))
    ((count, total, bookmark),) = ledger
    assert count == len(alive), f"{stream}: the ledger counts {count} rows, there are {len(alive)}"
    landed = sum(Decimal(str(row[1])) for row in alive)
    assert total == landed, f"{stream}: the ledger adds up to {total}, the rows to {landed}"
    noted = chain.position(bookmark)
    assert noted in reached, f"{stream}: the ledger's bookmark is at {noted}, the rows at {reached}"
    return reached


def _bookmark(state: State, stream: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = state.get("bookmarks", {}).get(stream)
    return found


_COLUMN_NAMES = """
    select column_name from information_schema.columns
    where table_schema = '{}' and table_name = '{}'
"""
