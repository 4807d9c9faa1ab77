"""The one snapshot of the source that a whole invocation reads."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    import datetime as dt

    from waybill_common.connections import Connection

# What a value's text is must not hang on the role's or the database's own settings.
_SESSION = (
    "set datestyle = 'ISO, MDY'",
    "set intervalstyle = 'postgres'",
    "set timezone = 'UTC'",
    "set bytea_output = 'hex'",
    "set extra_float_digits = 1",
    "set statement_timeout = 0",
    "set idle_in_transaction_session_timeout = 0",
    "set work_mem = '64MB'",
)
_SERVER = """
    select case when has_function_privilege('pg_catalog.pg_control_system()', 'execute') then 1 end
"""
_POSITION = """
    select
        clock_timestamp(),
        pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
        pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""
_OLDEST_OPEN = """
    select least(
        transaction_timestamp(),
        (select min(xact_start) from pg_catalog.pg_stat_activity where datname = current_database()),
        (select min(prepared) from pg_catalog.pg_prepared_xacts where database = current_database())
    )
"""
_MAX_AGE = 2**31 - 1
_OLDEST_SERVER = 130000


@dataclass(frozen=True)
class Position:
    """Where a snapshot stands in the source's history.

    Attributes:
        server: The cluster's own identifier, so that another one behind the same URL is noticed.
        xmin: The oldest transaction that was open; all before it are seen in full.
        xmax: The next transaction at that time; none from it on is seen.
    """

    server: str
    xmin: int
    xmax: int

    def as_bookmark(self) -> dict[str, Any]:
        """The position as a bookmark keeps it."""
        return {"server": self.server, "xmin": self.xmin, "xmax": self.xmax}

    def unseen_age(self, earlier: object) -> int | None:
        """The age of the oldest transaction that an earlier snapshot may not have seen.

        Args:
            earlier: That snapshot's position as a bookmark has it.

        Returns:
            How many transactions before this snapshot's end it began; None where the two cannot
            be compared: another server, one that was set back, or one that went too far since.
        """
        if not isinstance(earlier, dict) or earlier.get("server") != self.server:
            return None
        xmin, xmax = earlier.get("xmin"), earlier.get("xmax")
        if not isinstance(xmin, int) or not isinstance(xmax, int) or xmax > self.xmax:
            return None
        age = self.xmax - xmin
        return age if 0 <= age < _MAX_AGE else None


class Snapshot:
    """A read-only transaction that sees one state of the source.

    Other connections can read the same state for as long as this one is open.

    Args:
        login: The source, in a role that can only read.
        lookback: By how much a view's bookmark is held back further.
    """

    def __init__(self, login: Connection, lookback: dt.timedelta) -> None:
        self._login = login
        self.connection = login.connect(client_encoding="utf8", autocommit=True)
        if self.connection.info.server_version < _OLDEST_SERVER:
            msg = f"{login.place} is PostgreSQL {self.connection.info.server_version // 10000}."
            self.connection.close()
            raise WaybillError(msg, "This tap needs 13 or later, the stock tap-postgres does not.")
        # The connection goes with this, however the invocation ends.
        weakref.finalize(self, self.connection.close)
        _set_up(self.connection)
        can_tell = self._one(_SERVER)[0]
        server = (
            self._one("select system_identifier::text from pg_control_system()")
            if can_tell
            else ("",)
        )
        # Before the snapshot: a transaction that begins in between is younger than what is found here.
        self.horizon: dt.datetime = self._one(_OLDEST_OPEN)[0] - lookback
        _begin(self.connection)
        self.taken_at, xmin, xmax = self._one(_POSITION)
        self.position = Position(server=server[0], xmin=xmin, xmax=xmax)

    def reader(self) -> psycopg.Connection[Any]:
        """A further connection that sees the same state; its user closes it.

        Raises:
            WaybillError: The source gives no further connection.
        """
        connection = self._login.connect(client_encoding="utf8", autocommit=True)
        try:
            _set_up(connection)
            _begin(connection)
            connection.execute(sql.SQL("set transaction snapshot {}").format(self._exported))
        except psycopg.Error as error:
            connection.close()
            msg = f"{self._login.place} cannot be read by several connections: {error}."
            remedy = "They must all reach one server, without a pooler that parts them."
            raise WaybillError(msg, remedy) from error
        return connection

    def close(self) -> None:
        """End the transaction."""
        self.connection.close()

    @cached_property
    def _exported(self) -> str:
        return str(self._one("select pg_export_snapshot()")[0])

    def _one(self, query: str) -> tuple[Any, ...]:
        row = self.connection.execute(query).fetchone()
        if row is None:
            msg = "a query of one row without it"
            raise AssertionError(msg)
        return tuple(row)


def _set_up(connection: psycopg.Connection[Any]) -> None:
    connection.execute("; ".join(_SESSION).encode())


def _begin(connection: psycopg.Connection[Any]) -> None:
    """Let the next statement open a transaction that sees one state."""
    connection.autocommit = False
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
