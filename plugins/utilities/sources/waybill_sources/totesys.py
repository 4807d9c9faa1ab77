"""The totesys samples in a source database, and what each next day does to them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from psycopg import sql

from waybill_common import contracts
from waybill_common.errors import WaybillError
from waybill_sources import source_database, totesys_days
from waybill_sources.settings import Settings, TotesysDay
from waybill_sources.source_database import Content
from waybill_sources.totesys_days import TotesysWorld
from waybill_sources.totesys_rows import COLUMNS, orders, tables

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    import psycopg

    from waybill_common.contracts import Contract, Stream

GENERATOR = 1
"""Raise it when the same settings give other rows than before: samples made earlier are made anew."""
SOURCE = "totesys"
SCHEMA = source_database.SCHEMA

_GROWING = ("sales_order", "purchase_order", "transaction", "payment")
_SETTLE = """
    update payment set paid = true, last_updated = %(at)s
    where payment_date = %(due)s and not paid and created_at < %(due)s::date
"""


def contract() -> Contract:
    """The contract of the source."""
    return contracts.load(contracts.contracts_folder() / "totesys.yml")


def identity(settings: Settings) -> dict[str, Any]:
    """What decides the rows of the samples, as the database remembers it."""
    return {
        "samples": GENERATOR,
        "seed": settings.seed,
        "orders": settings.orders,
        "totesys_day": asdict(settings.totesys_day),
    }


def _world(identity_: dict[str, Any]) -> TotesysWorld:
    sizes = TotesysDay(**identity_["totesys_day"])
    return TotesysWorld(identity_["seed"], identity_["orders"], sizes)


def check_samples(session: psycopg.Connection[Any]) -> Content:
    """What the samples in the source's tables are.

    Raises:
        WaybillError: The tables were not filled with samples.
    """
    found = source_database.content(session, SOURCE)
    if found is None or "samples" not in found.identity:
        msg = "The embedded source database holds no samples of totesys."
        raise WaybillError(msg, "Make them with `meltano invoke sources:prepare-totesys`.")
    return found


def generate(
    session: psycopg.Connection[Any],
    settings: Settings | None = None,
    *,
    orders: int | None = None,
    seed: int | None = None,
    days: int = 0,
) -> int:
    """Replace the source's tables by samples, in one transaction.

    Args:
        session: A superuser's connection to the source database.
        settings: The samples' settings; their defaults if not given.
        orders: Instead of the settings' number of orders.
        seed: Instead of the settings' seed.
        days: Write the state after so many next days.

    Returns:
        How many rows the tables hold.
    """
    chosen = identity(settings or Settings())
    chosen |= {"orders": chosen["orders"] if orders is None else orders}
    chosen |= {"seed": chosen["seed"] if seed is None else seed}
    made = tables(_world(chosen), days)
    with session.transaction():
        return source_database.fill(
            session,
            contract(),
            {table: (COLUMNS[table], rows) for table, rows in made.items()},
            chosen,
            days,
        )


def next_day(session: psycopg.Connection[Any]) -> tuple[dt.date, dict[str, tuple[int, int]]]:
    """Append the next day to the samples, in one transaction.

    New sales, purchases, transactions and payments are inserted, one or more of them with a
    `last_updated` a little older than the newest row there; payments that are due are settled; an
    address, a counterparty and a department change; a design is added.

    Returns:
        The date of the day, and the rows inserted and updated in each table.

    Raises:
        WaybillError: The tables were not filled with samples.
    """
    with session.transaction():
        source_database.lock(session)
        found = check_samples(session)
        world, day = _world(found.identity), found.days + 1
        streams = {stream.name: stream for stream in contract().streams}
        changes = dict.fromkeys(COLUMNS, (0, 0))
        before, after = tables(world, day - 1), tables(world, day)
        for table in COLUMNS:
            if table not in _GROWING:
                old = {row[0]: row for row in before[table]()}
                rows = [row for row in after[table]() if old.get(row[0]) != row]
                known = [row for row in rows if row[0] in old]
                _update(session, streams[table], known)
                new = [row for row in rows if row[0] not in old]
                source_database.copy_rows(session, streams[table], COLUMNS[table], new)
                changes[table] = (len(new), len(known))
        due = totesys_days.date(day)
        at = totesys_days.settled_at(world, due)
        settled = session.execute(_SETTLE, {"at": at, "due": due.isoformat()}).rowcount
        numbers = range(world.total(day - 1), world.total(day))
        for table in _GROWING:
            new_rows = orders(world, table, numbers, day)
            inserted = source_database.copy_rows(session, streams[table], COLUMNS[table], new_rows)
            changes[table] = (inserted, settled if table == "payment" else 0)
        inserted_rows = sum(inserted for inserted, _ in changes.values())
        remembered = Content(found.identity, day, found.rows + inserted_rows)
        source_database.remember(session, SOURCE, remembered)
    return due, changes


def _update(
    session: psycopg.Connection[Any], stream: Stream, rows: Iterable[Sequence[Any]]
) -> None:
    columns = COLUMNS[stream.name]
    assignments = sql.SQL(", ").join(
        sql.SQL("{} = %s").format(sql.Identifier(column)) for column in columns[1:]
    )
    statement = sql.SQL("update {} set {} where {} = %s").format(
        sql.Identifier(SCHEMA, stream.name), assignments, sql.Identifier(columns[0])
    )
    with session.cursor() as cursor:
        cursor.executemany(statement, [(*row[1:], row[0]) for row in rows])
