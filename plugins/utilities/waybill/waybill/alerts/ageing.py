"""Rules on how old the data are: sources that went quiet, and a warehouse that lags behind them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from waybill.alerts.model import Finding
from waybill_common import durations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import psycopg

    from waybill_common.contracts import Contract, Freshness

_LAST_CHANGES = """
    select target_schema, stream, max(last_change_at)
    from waybill.account
    where last_change_at is not null
    group by target_schema, stream
"""
_LAST_HEARTBEAT = """
    select committed_at
    from waybill.freshness
    where source = %s and domain = %s and method = 'heartbeat'
    order by committed_at desc
    limit 1
"""
# All beats that one receipt has found are measured in the same moment.
_LAST_LATENCY = """
    select latency_seconds, measured_at, run_id
    from waybill.freshness
    where domain = %s and source = %s
    order by measured_at desc, committed_at desc
    limit 1
"""


def stale_sources(
    session: psycopg.Connection[Any], contracts: Iterable[Contract], now: dt.datetime
) -> Iterator[Finding]:
    """Streams from which nothing new has landed for longer than their contract allows.

    A source that has never landed anything is not used here. A heartbeat that arrives shows that
    a quiet source is well.
    """
    rows = session.execute(_LAST_CHANGES).fetchall()
    changes = {(schema, stream): changed_at for schema, stream, changed_at in rows}
    for contract in contracts:
        for stream in contract.streams:
            landed = changes.get((contract.raw_schema, stream.name))
            if stream.freshness is None or landed is None:
                continue
            last = max(landed, _last_heartbeat(session, contract) or landed)
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
    for contract in contracts:
        spans = [_span(each.freshness) for each in contract.streams if each.freshness]
        row = session.execute(_LAST_LATENCY, (contract.domain, contract.source)).fetchone()
        if row is None or not spans:
            continue
        seconds, measured_at, run_id = row
        took, allowed = dt.timedelta(seconds=seconds), min(spans)
        if took <= allowed:
            continue
        yield Finding(
            kind="slow_freshness",
            subject=f"{contract.domain} of {contract.source}",
            summary=(
                f"What {contract.source} committed was visible in {contract.domain} after"
                f" {durations.in_words(took)}, measured at {measured_at:%Y-%m-%d %H:%M:%S} UTC;"
                f" the contract allows {durations.in_words(allowed)}"
            ),
            run_id=str(run_id) if run_id else None,
        )


def _last_heartbeat(session: psycopg.Connection[Any], contract: Contract) -> dt.datetime | None:
    row = session.execute(_LAST_HEARTBEAT, (contract.source, contract.domain)).fetchone()
    return row[0] if row else None


def _span(freshness: Freshness) -> dt.timedelta:
    return dt.timedelta(**{f"{freshness.period}s": freshness.count})
