"""Throw-away clusters and databases, for tests."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psycopg import sql

from waybill_common import connections, private_files
from waybill_common.connections import (
    SOURCE_DATABASE,
    SOURCE_ROLE,
    SUPERUSER,
    WAREHOUSE_DATABASE,
    WAREHOUSE_ROLES,
)
from waybill_warehouse import (
    address,
    embedded,
    passwords,
    postmaster,
)
from waybill_warehouse.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from waybill_common.connections import Connection

_RIGHTS = """
    select format('grant %%s on database %%I to %%s', privilege_type, %s::text, grantee::regrole)
    from pg_database, aclexplode(datacl)
    where datname = %s and grantee <> 0
"""
"""Statements that give on one database what is granted on another."""


@dataclass(frozen=True)
class ScratchDatabase:
    """A database of one test.

    Attributes:
        name: Its name in the cluster.
        connections: How to reach it by role; `admin` is the superuser, `reader` can only read.
    """

    name: str
    connections: dict[str, Connection]

    def connection(self, role: str = "admin") -> Connection:
        """How to reach it in a role."""
        return self.connections[role]

    def url(self, role: str = "admin") -> str:
        """The URL in a role, with the password."""
        return self.connections[role].url

    def rows(
        self, query: str, values: Sequence[Any] | None = None, *, role: str = "admin"
    ) -> list[tuple[Any, ...]]:
        """The rows of a query, which is committed."""
        with self.connections[role].connect() as session:
            return session.execute(query.encode(), values).fetchall()

    def execute(
        self, statements: str, values: Sequence[Any] | None = None, *, role: str = "admin"
    ) -> None:
        """Run statements and commit; several at once only without values."""
        with self.connections[role].connect() as session:
            session.execute(statements.encode(), values)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A running cluster with the bootstrap applied; gone afterwards, however its process ends.

    Args:
        folder: Where it lives; removed at the end.
    """
    server = Cluster(folder, is_durable=False)
    try:
        embedded.up(server)
        with ends_with_this_process(server):
            yield server
    finally:
        server.down()
        shutil.rmtree(folder, ignore_errors=True)


def write_home(home: Path, server: Cluster, suffix: str | None = None) -> None:
    """Make a WAYBILL_HOME whose databases are to be two of the cluster's, with names of their own.

    Args:
        home: Where.
        server: The cluster.
        suffix: What the names end with, for tests that follow each other; by default no two are the same.
    """
    folder = home / "postgres"
    private_files.folder(folder)
    port = connections.embedded(SUPERUSER, WAREHOUSE_DATABASE, folder=server.folder).port
    address.write(folder, port, suffix=suffix or f"_{uuid.uuid4().hex[:12]}")
    secrets = (server.folder / passwords.FILE).read_text()
    private_files.write(folder / passwords.FILE, secrets)


@contextmanager
def warehouse(home: Path) -> Iterator[ScratchDatabase]:
    """The warehouse of a home made by `write_home`, bootstrapped."""
    logins = {role: role for role in WAREHOUSE_ROLES} | {"admin": SUPERUSER}
    with _database(home, WAREHOUSE_DATABASE, logins) as database:
        yield database


@contextmanager
def source(home: Path) -> Iterator[ScratchDatabase]:
    """The empty source database of a home made by `write_home`."""
    logins = {"reader": SOURCE_ROLE, "admin": SUPERUSER}
    with _database(home, SOURCE_DATABASE, logins) as database:
        yield database


@contextmanager
def _database(home: Path, template: str, logins: dict[str, str]) -> Iterator[ScratchDatabase]:
    reachable = {
        role: connections.embedded(login, template, folder=home / "postgres")
        for role, login in logins.items()
    }
    admin = reachable["admin"]
    maintenance = replace(admin, dbname="postgres")
    name = sql.Identifier(admin.dbname)
    copy = "create database {} template {} strategy file_copy"
    drop = sql.SQL("drop database if exists {} with (force)").format(name)
    with maintenance.connect(autocommit=True) as session:
        session.execute(sql.SQL(copy).format(name, sql.Identifier(template)))
        # The rights on a database itself are not part of what is copied.
        session.execute(sql.SQL("revoke all on database {} from public").format(name))
        for (grant,) in session.execute(_RIGHTS, (admin.dbname, template)).fetchall():
            session.execute(grant)
    try:
        yield ScratchDatabase(admin.dbname, reachable)
    finally:
        with maintenance.connect(autocommit=True) as session:
            session.execute(drop)


@contextmanager
def ends_with_this_process(server: Cluster) -> Iterator[None]:
    """End the postmaster that runs now with this process, however that ends."""
    # The guard reads until this process, the only writer, is gone: even by SIGKILL.
    pid = postmaster.running(server.data)
    guard = subprocess.Popen(  # noqa: S603 - a fixed command
        ["/bin/sh", "-c", 'read -r _; kill -QUIT "$0"', str(pid)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield
    finally:
        guard.kill()
        guard.communicate()
