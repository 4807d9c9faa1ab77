"""The cluster of the crash tests: databases copied in a moment, and a postmaster that is killed."""

from __future__ import annotations

import os
import resource
import time
import uuid
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from signal import SIGQUIT
from typing import TYPE_CHECKING, Any

from psycopg import sql

from waybill_common import connections
from waybill_warehouse import postmaster, scratch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from signal import Signals

    from waybill_common.connections import Connection
    from waybill_warehouse.cluster import Cluster

_PATIENCE = 60
_OTHERS = """
    select count(*) from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
"""


class Server:
    """A cluster of one's own.

    Args:
        cluster: It, running.
        guards: What must outlive each postmaster that this starts.
    """

    def __init__(self, cluster: Cluster, guards: ExitStack) -> None:
        self._cluster = cluster
        self._guards = guards

    @property
    def port(self) -> int:
        """Where it listens now."""
        return self._cluster.admin().port

    def connection(self, database: str) -> Connection:
        """A database, as superuser."""
        return self._cluster.admin(database)

    def login(self, database: str, role: str, port: int) -> str:
        """The URL of a database in a role, through a proxy's port."""
        secret = connections.embedded(role, database, folder=self._cluster.folder)
        return replace(secret, port=port).url

    def copy(self, template: str) -> str:
        """A new database that holds what another one does; nobody may be connected to that."""
        name = f"crash_{uuid.uuid4().hex[:12]}"
        self._maintain("create database {} template {} strategy file_copy", name, template)
        # Rights on a database are not part of its template.
        self._maintain("grant create on database {} to loader", name)
        return name

    def drop(self, database: str) -> None:
        """Remove a database, whoever is in it."""
        self._maintain("drop database {} with (force)", database)

    def wait_until_alone(self, database: str) -> None:
        """Wait until the server has noticed that its clients are dead."""
        deadline = time.monotonic() + _PATIENCE
        with self.connection(database).connect(autocommit=True) as session:
            while session.execute(_OTHERS).fetchone() != (0,):
                assert time.monotonic() < deadline, "a session outlived its client"
                time.sleep(0.01)

    def rows(self, database: str, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.connection(database).connect() as session:
            return session.execute(query.encode()).fetchall()

    def execute(self, database: str, statements: str) -> None:
        """Run statements and commit."""
        with self.connection(database).connect() as session:
            session.execute(statements.encode())

    def kill(self, signal: Signals) -> None:
        """Send the postmaster a signal."""
        if pid := postmaster.running(self._cluster.data):
            with suppress(ProcessLookupError):
                os.kill(pid, signal)

    def restart(self) -> None:
        """Start again after `kill`, as `warehouse:up` does."""
        deadline = time.monotonic() + _PATIENCE
        while postmaster.running(self._cluster.data):
            assert time.monotonic() < deadline, "the postmaster did not end"
            time.sleep(0.01)
        self._cluster.up()
        self._guards.enter_context(scratch.ends_with_this_process(self._cluster))

    @property
    def limit(self) -> tuple[int, int]:
        """How large a file may become that the server writes, in bytes, soft and hard."""
        return resource.prlimit(self._pid, resource.RLIMIT_FSIZE)

    @contextmanager
    def limited(self, room: int) -> Iterator[None]:
        """Let no file of the sessions that begin now grow beyond `room` bytes.

        A server that died of it is started again at the end.
        """
        _, hard = self.limit
        resource.prlimit(self._pid, resource.RLIMIT_FSIZE, (room, hard))
        try:
            yield
        finally:
            if postmaster.running(self._cluster.data):
                # One that is going down for want of room would not come up again by itself.
                self.kill(SIGQUIT)
            self.restart()

    @property
    def _pid(self) -> int:
        pid = postmaster.running(self._cluster.data)
        assert pid
        return pid

    def _maintain(self, statement: str, *names: str) -> None:
        query = sql.SQL(statement).format(*map(sql.Identifier, names))
        with self.connection("postgres").connect(autocommit=True) as session:
            session.execute(query)
