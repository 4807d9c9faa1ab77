"""Dead letters that are older than their contract has them kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waybill.maintain.removed import Removed
from waybill_common import contracts

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    import psycopg

    from waybill.maintain.keeping import Keeping

_OF_STREAM = "target_schema = %(schema)s and stream = %(stream)s"
# By what a replay has landed, the totals of source and table differ: the receipt adds it up.
_DELETE = f"""
    delete from waybill.dead_letter
    where {_OF_STREAM} and resolved_at < %(before)s and (
        resolved_by = 'reload' or not exists (
            select from jsonb_each_text(landed_totals) as total where total.value::numeric <> 0
        )
    )
"""  # noqa: S608 - a constant
_EMPTY = f"""
    update waybill.dead_letter set raw = null, payload = null
    where {_OF_STREAM} and (raw is not null or payload is not null) and (
        resolved_at < %(before)s or resolved_at is null and created_at < %(open_before)s
    )
"""  # noqa: S608 - a constant
_STREAMS = "select distinct target_schema, stream from waybill.dead_letter order by 1, 2"


def remove(session: psycopg.Connection[Any], keeping: Keeping) -> Iterator[Removed]:
    """Remove letters that are resolved, and the contents of those that must still be counted.

    An open letter stands for a row that the warehouse lacks. It stays, and so does its content,
    unless the contract itself says for how long.

    Args:
        session: The warehouse as its loader, in an open transaction.
        keeping: For how long, where a contract does not say.
    """
    stated = dict(_stated())
    for schema, stream in session.execute(_STREAMS).fetchall():
        said = stated.get((schema, stream))
        kept = said or keeping.dead_letters
        bound = {
            "schema": schema,
            "stream": stream,
            "before": keeping.now - kept,
            "open_before": keeping.now - said if said else None,
        }
        deleted = session.execute(_DELETE, bound).rowcount
        yield Removed(f"resolved dead letters of {schema}.{stream}", deleted, kept=kept)
        if emptied := session.execute(_EMPTY, bound).rowcount:
            yield Removed(f"contents of dead letters of {schema}.{stream}", emptied, kept=kept)


def _stated() -> Iterator[tuple[tuple[str, str], dt.timedelta]]:
    for contract in contracts.load_all():
        for stream in contract.streams:
            if stream.dead_letter_retention:
                yield (contract.raw_schema, stream.name), stream.dead_letter_retention
