"""The PostgreSQL of all contenders: the embedded one, as `warehouse:up` makes it, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import processes
from benchmarks.processes import BenchmarkError, Command, Used
from waybill_common.connections import SOURCE_DATABASE, WAREHOUSE_DATABASE
from waybill_warehouse import binaries, embedded, postmaster, scratch
from waybill_warehouse.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.processes import Measurement
    from waybill_common.connections import Connection

WAREHOUSE, SOURCE = WAREHOUSE_DATABASE, SOURCE_DATABASE
_PATIENCE = 60
_CHILDREN = slice(13, 15)
"""User and system time of the children a process has waited for, in /proc's stat after its name."""
_OTHERS = "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"


@dataclass(frozen=True)
class Server:
    """A running server with an empty warehouse and an empty source.

    Attributes:
        home: The WAYBILL_HOME it belongs to.
        cluster: It.
        version: Such as `18.4`.
    """

    home: Path
    cluster: Cluster
    version: str

    def admin(self, database: str = WAREHOUSE) -> Connection:
        """The superuser's connection."""
        return self.cluster.admin(database)

    def execute(self, *statements: str, database: str = WAREHOUSE) -> None:
        """Run statements, each committed by itself."""
        with self.admin(database).connect(autocommit=True) as session:
            for statement in statements:
                session.execute(statement.encode())

    def rows(self, query: str, database: str = WAREHOUSE) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.admin(database).connect() as session:
            return session.execute(query.encode()).fetchall()

    def measure(self, commands: Sequence[Command], folder: Path) -> Measurement:
        """Run commands as one pipe, with what their sessions used of the server as well.

        Raises:
            BenchmarkError: One of them fails.
        """
        # What earlier work left in memory is written out, so that this one does not pay for it.
        self.execute("checkpoint")
        before = self._ended_sessions()
        done = processes.run(commands, folder)
        used = Used("server", self._ended_sessions() - before, 0)
        return replace(done, processes=(*done.processes, used))

    def _ended_sessions(self) -> float:
        """Processor time, in seconds, of all sessions that have ended; waits for those that are about to."""
        deadline = time.monotonic() + _PATIENCE
        with self.admin().connect(autocommit=True) as session:
            while session.execute(_OTHERS).fetchone() != (0,):
                if time.monotonic() > deadline:
                    msg = "a session outlived its client"
                    raise BenchmarkError(msg)
                time.sleep(0.005)
        stat = Path("/proc", str(postmaster.running(self.cluster.data)), "stat")
        if not stat.exists():
            return 0
        fields = stat.read_text().rpartition(")")[2].split()
        return sum(map(int, fields[_CHILDREN])) / os.sysconf("SC_CLK_TCK")

    def psql(self, name: str, *statements: str, database: str = WAREHOUSE) -> Command:
        """A psql that runs statements and meta-commands one after another."""
        login = self.admin(database)
        options = [part for statement in statements for part in ("--command", statement)]
        program = str(binaries.find().folder / "psql")
        return Command(
            name,
            [program, "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", *options],
            {
                "PGHOST": login.host,
                "PGPORT": str(login.port),
                "PGUSER": login.user,
                "PGPASSWORD": login.password,
                "PGDATABASE": login.dbname,
            },
        )


@contextmanager
def running(home: Path) -> Iterator[Server]:
    """A server that is made for this and gone afterwards, however this process ends.

    Args:
        home: A folder that is emptied first.
    """
    shutil.rmtree(home, ignore_errors=True)
    cluster = Cluster(home / "postgres")
    version, _ = embedded.up(cluster)
    with scratch.ends_with_this_process(cluster):
        try:
            server = Server(home, cluster, version)
            # Autovacuum would fall into some repetitions and not into others; each is vacuumed before.
            server.execute("alter system set autovacuum = off", "select pg_reload_conf()")
            yield server
        finally:
            cluster.down()
    shutil.rmtree(home, ignore_errors=True)
