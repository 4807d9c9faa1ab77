"""Rules on how old the data are: sources that went quiet, and a warehouse that lags behind them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from waybill.alerts.model import Finding
from waybill_common import durations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import psycopg

    from waybill_common.contracts import Contract, Freshness

# A replay lands what came long ago.
_LAST_CHANGE = """
    select committed_at
    from waybill.load
    where target_schema = %(schema)s and stream = %(stream)s
        and rows_inserted + rows_updated + rows_deleted > 0
        and coalesce(batch_id, '') not like 'replay:%%'
    order by load_id desc
    limit 1
"""
_LAST_HEARTBEAT = """
    select max(committed_at)
    from waybill.freshness
    where source = %s and method = 'heartbeat'
"""
# All beats that one receipt has found are measured in the same moment.
_LAST_LATENCIES = """
    select distinct on (domain, source) domain, source, latency_seconds, measured_at, run_id
    from waybill.freshness
    order by domain, source, measured_at desc, committed_at desc
"""


def stale_sources(
    session: psycopg.Connection[Any], contracts: Iterable[Contract], now: dt.datetime
) -> Iterator[Finding]:
    """Streams from which nothing new has landed for longer than their contract allows.

    A source that has never landed anything is not used here. A heartbeat that arrives shows that
    a quiet source is well.
    """
    for contract in contracts:
        for stream in contract.streams:
            if stream.freshness is None:
                continue
            values = {"schema": contract.raw_schema, "stream": stream.name}
            row = session.execute(_LAST_CHANGE, values).fetchone()
            if row is None:
                continue
            last = max(row[0], _last_heartbeat(session, contract.source) or row[0])
            allowed = _span(stream.freshness)
            if now - last <= allowed:
                continue
            yield Finding(
                kind="stale_source",
                subject=f"{contract.source}.{stream.name}",
                summary=(
                    f"Nothing new has landed of {contract.source}.{stream.name} since"
                    f" {last:%Y-%m-%d %H:%M:%S} UTC; its contract allows"
                    f" {durations.in_words(allowed)}"
                ),
            )


def slow_domains(
    session: psycopg.Connection[Any], contracts: Iterable[Contract]
) -> Iterator[Finding]:
    """Domains whose newest data took longer from the source to the mart than the contract allows."""
    bounds = {
        contract.source: min(spans)
        for contract in contracts
        if (spans := [_span(each.freshness) for each in contract.streams if each.freshness])
    }
    with session.cursor(row_factory=dict_row) as cursor:
        latencies = cursor.execute(_LAST_LATENCIES).fetchall()
    for measured in latencies:
        allowed = bounds.get(measured["source"])
        took = dt.timedelta(seconds=float(measured["latency_seconds"]))
        if allowed is None or took <= allowed:
            continue
        yield Finding(
            kind="slow_freshness",
            subject=f"{measured['domain']} of {measured['source']}",
            summary=(
                f"What {measured['source']} committed was visible in {measured['domain']} after"
                f" {durations.in_words(took)}, measured at"
                f" {measured['measured_at']:%Y-%m-%d %H:%M:%S} UTC; the contract allows"
                f" {durations.in_words(allowed)}"
            ),
            run_id=str(measured["run_id"]) if measured["run_id"] else None,
        )


def _last_heartbeat(session: psycopg.Connection[Any], source: str) -> dt.datetime | None:
    row = session.execute(_LAST_HEARTBEAT, (source,)).fetchone()
    return row[0] if row else None


def _span(freshness: Freshness) -> dt.timedelta:
    return dt.timedelta(**{f"{freshness.period}s": freshness.count})
