"""Measuring latency: from the commit at the source to the end of the build that made it visible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import sql

from waybill_common import heartbeats
from waybill_common.identifiers import qualify

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

    from waybill_common.connections import Connection
    from waybill_common.contracts import Contract, Stream

# A build of one domain says nothing about another one; `*` stands for a build of all.
_VISIBLE = sql.SQL(
    """
    select min(step.ended_at) as visible_at
    from waybill.step
    where step.step = 'dbt:build' and step.status = 'succeeded'
        and step.detail ->> 'selector' in ({domain}, '*')
        and step.started_at >= landed.landed_at
    """
).format(domain=sql.Placeholder("domain"))

_INSERT = """
    insert into waybill.freshness (domain, source, method, committed_at, visible_at, run_id)
    select %(domain)s, %(source)s, {method}, landed.committed_at, built.visible_at, %(run)s
    from ({landed}) as landed
    cross join lateral ({visible}) as built
    where built.visible_at is not null
        and landed.committed_at > (
            select coalesce(max(committed_at), now() - interval '1 day')
            from waybill.freshness
            where domain = %(domain)s and source = %(source)s and method = {method}
        )
"""

_BEATS = """
    select beaten_at as committed_at, _sdc_batched_at as landed_at
    from {table}
    where _sdc_deleted_at is null
"""

# Only a key from after the last run's start tells when its row was committed: all that was there
# before has been read then, and an older key is that of a late or made-up row. One of the
# future is not of UTC, which a key without a zone is taken for, or of a clock that is ahead.
_NEWEST = """
    select
        max({key})::timestamptz as committed_at,
        (
            select max(committed_at) from waybill.load
            where run_id = %(run)s and target_schema = %(schema)s and stream = {stream}
        ) as landed_at
    from {table}
    where _sdc_batched_at >= (
        select min(started_at) from waybill.load
        where run_id = %(run)s and target_schema = %(schema)s and stream = {stream}
            and rows_inserted + rows_updated > 0
    )
    having max({key})::timestamptz > (
        select started_at from waybill.receipt
        where %(source)s = any(string_to_array(scope, ','))
            and receipt_id is distinct from (
                select receipt_id from waybill.load
                where run_id = %(run)s and target_schema = %(schema)s limit 1
            )
        order by ended_at desc
        limit 1
    ) and max({key})::timestamptz <= now()
"""


def measure(connection: Connection, contracts: Iterable[Contract], run_id: str) -> int:
    """Keep the latency of all that has become visible since the last measurement.

    Args:
        connection: The warehouse in the role `auditor`.
        contracts: The sources of the run.
        run_id: The run.

    Returns:
        How many measurements were made.
    """
    with connection.connect() as session:
        return sum(_of_source(session, contract, run_id) for contract in contracts)


def _of_source(session: psycopg.Connection[Any], contract: Contract, run_id: str) -> int:
    bound = {
        "domain": contract.domain,
        "source": contract.source,
        "schema": contract.raw_schema,
        "run": run_id,
    }
    beats = _table(contract, heartbeats.TABLE)
    if _exists(session, contract, heartbeats.TABLE):
        landed = sql.SQL(_BEATS).format(table=beats)
        return session.execute(_insert("heartbeat", landed), bound).rowcount
    streams = [
        _newest(contract, stream, key)
        for stream in contract.streams
        if (key := stream.replication_key)
        and stream.column(key).logical_type == "timestamp"
        and _exists(session, contract, stream.name)
    ]
    if not streams:
        return 0
    union = sql.SQL(" union all ").join(streams)
    newest = sql.SQL("select * from ({}) as each order by committed_at desc limit 1").format(union)
    return session.execute(_insert("replication_key", newest), bound).rowcount


def _insert(method: str, landed: sql.Composable) -> sql.Composed:
    return sql.SQL(_INSERT).format(method=sql.Literal(method), landed=landed, visible=_VISIBLE)


def _newest(contract: Contract, stream: Stream, key: str) -> sql.Composed:
    return sql.SQL(_NEWEST).format(
        key=sql.Identifier(key),
        stream=sql.Literal(stream.name),
        table=_table(contract, stream.name),
    )


def _table(contract: Contract, name: str) -> sql.Identifier:
    return sql.Identifier(contract.raw_schema, name)


def _exists(session: psycopg.Connection[Any], contract: Contract, name: str) -> bool:
    row = session.execute(
        "select to_regclass(%s)", (qualify(contract.raw_schema, name),)
    ).fetchone()
    return bool(row and row[0])
