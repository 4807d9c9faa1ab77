"""The embedded cluster's two databases and their logins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from waybill_common.connections import SOURCE_ROLE, SUPERUSER

if TYPE_CHECKING:
    from typing import Any

    import psycopg

    from waybill_common.connections import Connection

_LOCK = 5_839_217_005
"""Key of the advisory lock under which databases and logins are made."""

_NOT_YET_LOGINS = """
    select rolname from pg_authid
    where rolname = any(%s) and not (rolcanlogin and rolpassword is not null)
"""


def create(maintenance: Connection, names: list[str]) -> None:
    """Create the databases that do not exist."""
    with maintenance.connect(autocommit=True) as session:
        session.execute("select pg_advisory_lock(%s)", (_LOCK,))
        existing = {row[0] for row in session.execute("select datname from pg_database")}
        for name in names:
            if name not in existing:
                session.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


def close(database: Connection) -> None:
    """Close a database of ours to all who are not let in by name."""
    with database.connect() as session:
        session.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        revoke = sql.SQL("revoke all on database {} from public")
        session.execute(revoke.format(sql.Identifier(database.dbname)))
        session.execute("revoke all on schema public from public")


def enable_logins(maintenance: Connection, passwords: dict[str, str]) -> None:
    """Make the roles logins, each with its password; the server is only told a verifier of it."""
    roles = [login for login in passwords if login != SUPERUSER]
    with maintenance.connect() as session:
        session.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        for (role,) in session.execute(_NOT_YET_LOGINS, (roles,)).fetchall():
            alter = sql.SQL("alter role {} login password {}").format(
                sql.Identifier(role), _verifier(session, role, passwords[role])
            )
            session.execute(alter)


def change_passwords(maintenance: Connection, passwords: dict[str, str]) -> None:
    """Give logins other passwords, all or none; sessions that are open go on.

    Args:
        maintenance: The superuser, whose own password stays: with it, this can be done again.
        passwords: The new ones.
    """
    with maintenance.connect() as session:
        session.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        for role, password in passwords.items():
            alter = sql.SQL("alter role {} password {}").format(
                sql.Identifier(role), _verifier(session, role, password)
            )
            session.execute(alter)


def open_source(source: Connection) -> None:
    """Let `source_reader` read what the superuser keeps in the source database, and no more."""
    reader = sql.Identifier(SOURCE_ROLE)
    with source.connect() as session:
        session.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        known = session.execute("select from pg_roles where rolname = %s", (SOURCE_ROLE,))
        if not known.rowcount:
            session.execute(sql.SQL("create role {} nologin").format(reader))
            session.execute(
                sql.SQL("alter role {} set default_transaction_read_only = on").format(reader)
            )
        for statement in (
            "grant connect on database {database} to {reader}",
            "grant usage on schema public to {reader}",
            "alter default privileges in schema public grant select on tables to {reader}",
        ):
            composed = sql.SQL(statement).format(
                database=sql.Identifier(source.dbname), reader=reader
            )
            session.execute(composed)


def _verifier(session: psycopg.Connection[Any], role: str, password: str) -> sql.Literal:
    secret = session.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    return sql.Literal(secret.decode())
