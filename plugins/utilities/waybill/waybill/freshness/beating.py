"""Heartbeats: rows written to a source database by a role that may do nothing else."""

from __future__ import annotations

import os
import random
import sys
import time
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from waybill_common import connections, heartbeats
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from waybill_common.connections import Connection
    from waybill_common.contracts import Contract

EMBEDDED = "totesys"
"""The source that the embedded database may stand for."""

_ROLE = sql.Identifier("source_heartbeat")
_TABLE = sql.Identifier("public", heartbeats.TABLE)
_MAKE = sql.SQL(
    """
    do $$
    begin
        if not exists (select from pg_roles where rolname = {role_name}) then
            create role {role} nologin;
        end if;
    end
    $$;
    create table if not exists {table} (
        slot smallint primary key,
        beaten_at timestamptz not null
    );
    grant usage on schema public to {role};
    grant select, insert, update on {table} to {role};
    """
).format(role=_ROLE, role_name=sql.Literal("source_heartbeat"), table=_TABLE)
# Of a role or a table that there is not, the answer is null.
_IS_MADE = sql.SQL(
    """
    select coalesce(
        has_table_privilege(
            (select oid from pg_roles where rolname = {role_name}),
            to_regclass({table_name}),
            'insert'
        ), false
    )
    """
).format(
    role_name=sql.Literal("source_heartbeat"), table_name=sql.Literal(f"public.{heartbeats.TABLE}")
)
_BEAT = sql.SQL(
    """
    insert into {table} as beat (slot, beaten_at)
    select coalesce((array_agg(slot order by beaten_at desc))[1], 0) % {slots} + 1, clock_timestamp()
    from {table}
    on conflict (slot) do update set beaten_at = excluded.beaten_at
    returning beaten_at
    """
).format(table=_TABLE, slots=sql.Literal(heartbeats.SLOTS))


def setting(source: str) -> str:
    """The variable with the URL by which heartbeats are written to a source."""
    return f"WAYBILL_{source.upper()}_HEARTBEAT"


def beat(known: Iterable[Contract]) -> dict[str, dt.datetime]:
    """Write one heartbeat to each source that takes them.

    Args:
        known: The contracts.

    Returns:
        When each was written, by source.

    Raises:
        WaybillError: No source takes them, or some refuse: the others have theirs.
    """
    beaten: dict[str, dt.datetime] = {}
    refusals: list[WaybillError] = []
    for contract in known:
        try:
            beaten.update(_beat(contract.source))
        except WaybillError as error:
            refusals.append(error)
    if len(refusals) == 1:
        raise refusals[0]
    if refusals:
        raise WaybillError(" ".join(map(str, refusals)))
    if not beaten:
        msg = "No source takes heartbeats."
        remedy = f"Set {setting(EMBEDDED)} to the URL of a role for them: docs/freshness.md."
        raise WaybillError(msg, remedy)
    return beaten


def keep_beating(known: Iterable[Contract], seconds: float) -> None:
    """Write a heartbeat to each source every so many seconds on average, until the process is ended.

    A source that cannot be reached is told on stderr, and tried again: its heart has not beaten.
    """
    contracts = list(known)
    while True:
        begun = time.monotonic()
        try:
            beat(contracts)
        except WaybillError as error:
            sys.stderr.write(f"error: {error}\n")
            sys.stderr.flush()
        time.sleep(max(0.0, _pause(seconds) - (time.monotonic() - begun)))


def _pause(seconds: float) -> float:
    """Between half and one and a half: beats in step with a schedule would all have waited alike."""
    return seconds * random.uniform(0.5, 1.5)  # noqa: S311 # nosec B311 - no secret


def _beat(source: str) -> dict[str, dt.datetime]:
    """Write one heartbeat to a source, if it takes them."""
    if url := os.environ.get(setting(source), "").strip():
        connection, is_ours = connections.from_url(url, setting=setting(source)), False
    elif source == EMBEDDED and connections.is_source_embedded(f"WAYBILL_{EMBEDDED.upper()}"):
        connection, is_ours = (
            connections.embedded(connections.SUPERUSER, connections.SOURCE_DATABASE),
            True,
        )
    else:
        return {}
    try:
        with connection.connect() as session:
            if is_ours:
                _change_role(session)
            return {source: _write(session, connection)}
    except psycopg.Error as error:
        where = f"{connection.setting}: " if connection.setting else ""
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        msg = f"{where}no heartbeat to {connection.place}: {reason}."
        raise WaybillError(msg, "It is tried again where heartbeats go on.") from error


def _change_role(session: psycopg.Connection[Any]) -> None:
    """Become the role of heartbeats; the first one makes it, and the table."""
    (is_made,) = session.execute(_IS_MADE).fetchone() or (False,)
    if not is_made:
        session.execute(_MAKE)
    session.execute(sql.SQL("set local role {}").format(_ROLE))


def _write(session: psycopg.Connection[Any], connection: Connection) -> dt.datetime:
    try:
        row = session.execute(_BEAT).fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege) as error:
        msg = f"{connection.setting}: {connection.place} cannot write to public.{heartbeats.TABLE}."
        raise WaybillError(msg, "Make table and grants as docs/freshness.md has them.") from error
    if row is None:
        msg = f"{connection.setting}: {connection.place} wrote no heartbeat."
        raise WaybillError(msg, "Look for a trigger or rule on the table.")
    beaten_at: dt.datetime = row[0]
    return beaten_at
