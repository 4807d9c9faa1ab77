"""What need not be done again: models and checks for which nothing has changed since they ended well.

A fingerprint stands for the code of a subject and for the state of all that it reads. Where the one
kept in `waybill.settled` is the one of today, doing the work again would give the same.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import psycopg

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterator, Mapping

    from waybill_common.connections import Connection

Kind = Literal["dbt", "check"]

Relation = tuple[str, str]
"""Schema and name."""

_STATES = """
    select
        namespace.nspname::text,
        relation.relname::text,
        concat_ws(':', relation.oid, pg_relation_filenode(relation.oid)),
        concat_ws(
            ':', statistics.n_tup_ins, statistics.n_tup_upd, statistics.n_tup_del
        )
    from pg_class as relation
    inner join pg_namespace as namespace on relation.relnamespace = namespace.oid
    left join pg_stat_all_tables as statistics on relation.oid = statistics.relid
    where
        namespace.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
        and not starts_with(namespace.nspname, 'pg_temp')
        and relation.relkind in ('r', 'p', 'v', 'm', 'f')
"""

# Not the newest number alone: a load with an earlier one may commit later.
_LOADS = """
    select target_schema, target_table, concat_ws(':', sum(writes), sum(write_ids))
    from waybill.account
    group by target_schema, target_table
    having sum(writes) > 0
"""

_WRITE = """
    insert into waybill.settled (kind, subject, fingerprint)
    values (%s, %s, %s)
    on conflict (kind, subject) do update
    set fingerprint = excluded.fingerprint, settled_at = excluded.settled_at
"""


@contextmanager
def ledger(connection: Connection) -> Iterator[psycopg.Connection[Any]]:
    """A session on the ledger, committed at its end.

    Raises:
        WaybillError: There is no ledger, or one from before there was `waybill.settled`.
    """
    with connection.connect() as session:
        try:
            yield session
        except psycopg.errors.UndefinedTable as error:
            msg = f"The warehouse {connection.place} has no ledger, or an older one."
            raise WaybillError(msg, "Prepare it with `meltano invoke warehouse:up`.") from error


def identities(session: psycopg.Connection[Any]) -> dict[Relation, str]:
    """What tells each table and view from one that was made, or emptied, in its place."""
    return {(schema, name): made for schema, name, made, _ in session.execute(_STATES).fetchall()}


def written(session: psycopg.Connection[Any]) -> dict[Relation, str]:
    """The same, and how many rows were ever written to each table, as the server counts them.

    Views and foreign tables are left out: their rows are written elsewhere.
    """
    return {
        (schema, name): f"{made}:{counts}"
        for schema, name, made, counts in session.execute(_STATES).fetchall()
        if counts
    }


def landed(session: psycopg.Connection[Any]) -> dict[Relation, str]:
    """The state of each raw table: the loads that changed it, and what `written` says of it.

    The ledger is what decides. The server's counts are a second witness, for rows that were
    written behind its back; they begin anew after a crash, which makes tables look changed.

    Returns:
        Only tables that a target has loaded: of others nobody can say whether they have changed.
    """
    states = written(session)
    loads = session.execute(_LOADS).fetchall()
    return {
        (schema, table): f"{states[schema, table]}:{entries}"
        for schema, table, entries in loads
        if (schema, table) in states
    }


def read(session: psycopg.Connection[Any], kind: Kind) -> dict[str, tuple[str, dt.datetime]]:
    """Fingerprint of each settled subject, and when it was settled."""
    query = "select subject, fingerprint, settled_at from waybill.settled where kind = %s"
    rows = session.execute(query, (kind,)).fetchall()
    return {subject: (fingerprint, settled_at) for subject, fingerprint, settled_at in rows}


def write(session: psycopg.Connection[Any], kind: Kind, fingerprints: Mapping[str, str]) -> None:
    """Settle subjects."""
    with session.cursor() as cursor:
        cursor.executemany(_WRITE, [(kind, *entry) for entry in fingerprints.items()])


def forget(session: psycopg.Connection[Any], kind: Kind, subjects: Collection[str]) -> None:
    """Have subjects done again next time, whatever changes until then."""
    query = "delete from waybill.settled where kind = %s and subject = any(%s)"
    session.execute(query, (kind, list(subjects)))
