"""The storefront samples in a schema of the embedded source database, and what each next day does to them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from psycopg import sql

from waybill_common import contracts
from waybill_common.errors import WaybillError
from waybill_sources import source_database
from waybill_sources.settings import Settings, StorefrontDay
from waybill_sources.source_database import Content
from waybill_sources.storefront_rows import COLUMNS, ROWS, count, tables
from waybill_sources.storefront_world import StorefrontWorld, date

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    import psycopg

    from waybill_common.contracts import Contract
    from waybill_sources.storefront_rows import Row

GENERATOR = 1
"""Raise it when the same settings give other rows than before: samples made earlier are made anew."""
SOURCE = "storefront"
SCHEMA = "storefront"
"""Where the samples stand in the embedded source database; a database of one's own has them in `public`."""


def contract() -> Contract:
    """The contract of the source."""
    return contracts.load(contracts.contracts_folder() / "storefront.yml")


def identity(settings: Settings) -> dict[str, Any]:
    """What decides the rows of the samples, as the database remembers it."""
    return {
        "samples": GENERATOR,
        "seed": settings.seed,
        "orders": settings.orders,
        "storefront_day": asdict(settings.storefront_day),
    }


def _world(identity_: dict[str, Any]) -> StorefrontWorld:
    sizes = StorefrontDay(**identity_["storefront_day"])
    return StorefrontWorld(identity_["seed"], identity_["orders"], sizes)


def check_samples(session: psycopg.Connection[Any]) -> Content:
    """What the samples in the source's tables are.

    Raises:
        WaybillError: The tables were not filled with samples.
    """
    found = source_database.content(session, SOURCE)
    if found is None:
        msg = "The embedded source database holds no samples of storefront."
        raise WaybillError(msg, "Make them with `meltano invoke sources:prepare-storefront`.")
    return found


def generate(
    session: psycopg.Connection[Any], settings: Settings | None = None, *, days: int = 0
) -> int:
    """Replace the source's tables by samples, in one transaction.

    Args:
        session: A superuser's connection to the source database.
        settings: The samples' settings; their defaults if not given.
        days: Write the state after so many next days.

    Returns:
        How many rows the tables hold.
    """
    chosen = identity(settings or Settings())
    made = {table: (COLUMNS[table], rows) for table, rows in tables(_world(chosen), days).items()}
    with session.transaction():
        return source_database.fill(session, contract(), made, chosen, days, schema=SCHEMA)


def next_day(session: psycopg.Connection[Any]) -> tuple[dt.date, dict[str, tuple[int, int]]]:
    """Append the next day to the samples, in one transaction.

    New orders come with their items and reviews, the first of them a little older than the newest row
    there; the orders of the day before leave the state `processing`; a customer and a product change;
    a customer arrives whose order was there before.

    Returns:
        The date of the day, and the rows inserted and updated in each table.

    Raises:
        WaybillError: The tables were not filled with samples.
    """
    with session.transaction():
        source_database.lock(session)
        found = check_samples(session)
        world, day = _world(found.identity), found.days + 1
        changes = {}
        for stream in contract().streams:
            new = list(_new(world, stream.name, day))
            changed = list(_changed(world, stream.name, day))
            table = sql.Identifier(SCHEMA, stream.name)
            remove = sql.SQL("delete from {} where row_id = any(%s)").format(table)
            session.execute(remove, ([row[0] for row in changed],))
            source_database.copy_rows(
                session, stream, COLUMNS[stream.name], [*new, *changed], SCHEMA
            )
            changes[stream.name] = (len(new), len(changed))
        rows = found.rows + sum(new for new, _ in changes.values())
        source_database.remember(session, SOURCE, Content(found.identity, day, rows))
    return date(day), changes


def _new(world: StorefrontWorld, table: str, day: int) -> Iterator[Row]:
    numbers = range(count(world, table, day - 1), count(world, table, day))
    return ROWS[table](world, numbers, day)


def _changed(world: StorefrontWorld, table: str, day: int) -> Iterator[Row]:
    """The rows of the day before that are others now; items and reviews never change."""
    if table in {"order_items", "reviews"}:
        return
    end = count(world, table, day - 1)
    numbers = range(end)
    if table == "orders":
        numbers = range(end - (world.recent if day == 1 else world.day_sizes.orders), end)
    before = {row[0]: row for row in ROWS[table](world, numbers, day - 1)}
    yield from (row for row in ROWS[table](world, numbers, day) if before[row[0]] != row)
