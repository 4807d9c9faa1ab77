"""The measured latencies of each domain, beside what its contract allows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table

from waybill_common import durations

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from waybill_common.connections import Connection
    from waybill_common.contracts import Contract

_FIGURES = """
    select
        source,
        domain,
        (array_agg(method order by measured_at desc))[1],
        count(*),
        max(visible_at),
        (array_agg(latency_seconds order by measured_at desc, committed_at desc))[1],
        percentile_cont(array[0.5, 0.95, 0.99]) within group (order by latency_seconds)
    from waybill.freshness
    where measured_at > now() - %s
    group by source, domain
    order by domain, source
"""


@dataclass(frozen=True)
class Latency:
    """What was measured of one domain and source.

    Attributes:
        count: How many measurements there are.
        last: The newest one, in seconds.
        percentiles: The 50th, 95th and 99th, in seconds.
    """

    domain: str
    source: str
    method: str
    count: int
    last_visible_at: dt.datetime
    last: float
    percentiles: Sequence[float]


def find(connection: Connection, window: dt.timedelta) -> list[Latency]:
    """What was measured within the last hours or days."""
    with connection.connect() as session:
        rows = session.execute(_FIGURES, (window,)).fetchall()
    return [
        Latency(domain, source, method, count, visible, last, percentiles)
        for source, domain, method, count, visible, last, percentiles in rows
    ]


def bound(contract: Contract) -> float | None:
    """The shortest latency that a contract promises, in seconds."""
    spans = [
        dt.timedelta(**{f"{stream.freshness.period}s": stream.freshness.count}).total_seconds()
        for stream in contract.streams
        if stream.freshness
    ]
    return min(spans, default=None)


def show(
    latencies: Iterable[Latency],
    contracts: Iterable[Contract],
    window: dt.timedelta,
    out: Console,
) -> None:
    """Print a line for each domain, also for those of which nothing was measured."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("domain", "source", "measured by"):
        table.add_column(heading)
    for heading in ("count", "last", "p50", "p95", "p99", "bound"):
        table.add_column(heading, justify="right")
    table.add_column("last visible (UTC)")
    found = {latency.source: latency for latency in latencies}
    for contract in contracts:
        latency = found.get(contract.source)
        allowed = bound(contract)
        limit = durations.in_words(dt.timedelta(seconds=allowed)) if allowed else "-"
        if latency is None:
            table.add_row(
                contract.domain, contract.source, "nothing measured", *"0----", limit, "-"
            )
            continue
        table.add_row(
            latency.domain,
            latency.source,
            latency.method.replace("_", " "),
            f"{latency.count:,}",
            *(f"{figure:,.1f} s" for figure in (latency.last, *latency.percentiles)),
            limit,
            f"{latency.last_visible_at:%Y-%m-%d %H:%M:%S}",
        )
    out.print(
        f"Latency from commit at the source to visible in the marts, last {durations.in_words(window)}"
    )
    out.print(table)
