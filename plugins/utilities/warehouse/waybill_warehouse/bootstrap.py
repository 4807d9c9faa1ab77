"""Applying load/bootstrap to a warehouse, the embedded one or another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from waybill_common import project
from waybill_common.errors import WaybillError
from waybill_warehouse.binaries import OLDEST_MAJOR

if TYPE_CHECKING:
    from typing import Any

    from waybill_common.connections import Connection

_LOCK = 5_839_217_004
"""Key of the advisory lock under which one bootstrap waits for another."""
_VERSION_UNIT = 10_000


def apply(connection: Connection) -> str:
    """Run load/bootstrap/*.sql in the order of their names, all of them or none.

    Args:
        connection: A login that may create roles and schemas, or finds them made already.

    Returns:
        The server's version, such as `16.3`.

    Raises:
        WaybillError: It cannot be reached, is too old, or refuses; names the setting.
    """
    scripts = sorted((project.root() / "load" / "bootstrap").glob("*.sql"))
    with connection.connect() as session:
        version = _check_version(session, connection)
        try:
            with session.transaction():
                session.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
                for script in scripts:
                    session.execute(script.read_bytes())
        except psycopg.errors.InsufficientPrivilege as error:
            raise _refused(connection, error) from error
    return version


def _check_version(session: psycopg.Connection[Any], connection: Connection) -> str:
    version = session.info.parameter_status("server_version") or "of unknown version"
    if session.info.server_version < OLDEST_MAJOR * _VERSION_UNIT:
        place = f"{connection.setting}: {connection.place}".removeprefix(": ")
        msg = f"{place} is PostgreSQL {version}; Waybill needs {OLDEST_MAJOR} or later."
        raise WaybillError(msg, f"Set {connection.setting} to a newer server.")
    return version


def _refused(connection: Connection, error: psycopg.Error) -> WaybillError:
    place = f"{connection.setting}: {connection.place}".removeprefix(": ")
    reason = error.diag.message_primary or "permission denied"
    msg = f"{place} may not set up the warehouse: {reason}."
    user, dbname = connection.user, connection.dbname
    remedy = (
        f'Have an administrator run `alter role "{user}" createrole; '
        f'grant create on database "{dbname}" to "{user}" with grant option`, '
        "or run load/bootstrap/*.sql in name order and "
        f'`grant loader, transformer, auditor, reader to "{user}"`.'
    )
    return WaybillError(msg, remedy)
