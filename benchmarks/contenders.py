"""The contenders of the cases: the floor, Waybill's lane, the peers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import floors
from benchmarks.cases import Contender, nothing
from benchmarks.results import FLOOR
from benchmarks.workload import STREAM

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.lane import Lane, Source
    from benchmarks.peers.peer import Peer
    from benchmarks.processes import Measurement
    from benchmarks.server import Server
    from benchmarks.workload import Workload

WAYBILL, MELTANO, EMPTY, ALONE = "waybill", "waybill-meltano", "empty", "meltano-alone"


@dataclass(frozen=True)
class Contenders:
    """Makes them.

    Attributes:
        server: Where rows land.
        lane: Waybill's.
        work: A folder for what psql says.
    """

    server: Server
    lane: Lane
    work: Path

    def csv_floor(self, file: Callable[[], Path]) -> Contender:
        r"""A file by `\copy`."""
        return Contender(
            FLOOR,
            r"`psql \copy`, then `ADD PRIMARY KEY`",
            floors.RELATION,
            lambda: floors.csv(self.server, file(), self.work),
            before=lambda: floors.clear(self.server),
        )

    def postgres_floor(self, workload: Workload) -> Contender:
        """A table by two COPY."""
        return Contender(
            FLOOR,
            "`COPY … TO STDOUT (binary)`, `COPY … FROM STDIN`, then `ADD PRIMARY KEY`",
            floors.RELATION,
            lambda: floors.postgres(self.server, workload.table, self.work),
            before=lambda: floors.clear(self.server),
        )

    def first(self, source: Source, name: str) -> Contender:
        """The lane into a table that is not there yet."""
        return Contender(
            name,
            self._what(source, name),
            self._relation(source, name),
            lambda: self._run(source, name, with_state=False),
            before=lambda: self._clear(source, name),
        )

    def again(
        self,
        source: Source,
        name: str,
        *,
        with_state: bool,
        before: Callable[[], object] | None = None,
    ) -> Contender:
        """The lane into the table it has filled.

        Args:
            source: What is read.
            name: `WAYBILL`, `MELTANO` or `EMPTY`.
            with_state: Whether it goes on from where it ended.
            before: Brings the input to where the first load finds it.
        """
        relation = self._relation(source, name)

        def start() -> None:
            if before:
                before()
            self._clear(source, name)
            self._run(source, name, with_state=False)

        return Contender(
            name,
            self._what(source, name),
            relation,
            lambda: self._run(source, name, with_state=with_state),
            # The empty run follows another one of the same pipe.
            start=nothing if name == EMPTY else start,
            before=lambda: self._vacuum(relation),
        )

    def alone(self) -> Contender:
        """What no lane under Meltano can be faster than."""
        return Contender(
            ALONE,
            "a tap and a target that end at once, by `meltano run`",
            "",
            self.lane.meltano_alone,
        )

    def peer_csv(
        self, peer: Peer, file: Callable[[], Path], first: Path | None = None
    ) -> Contender:
        """A peer with a file.

        Args:
            peer: It.
            file: The file it reads now.
            first: The file that its table is filled with, if this one is merged into that.
        """

        def fill(way: str) -> Measurement:
            return peer.load_csv(first or file(), way)

        def load(way: str) -> Measurement:
            return peer.load_csv(file(), way)

        return self._peer(peer, "csv", load, fill if first else None)

    def peer_postgres(
        self,
        peer: Peer,
        workload: Workload,
        *,
        is_merged: bool = False,
        since: Callable[[], str] | None = None,
    ) -> Contender:
        """A peer with a table.

        Args:
            peer: It.
            workload: Has the table.
            is_merged: Whether rows are merged into those of an earlier load.
            since: When rows began to change; None to read all of them.
        """

        def fill(way: str) -> Measurement:
            return peer.load_table(workload.table, way, "")

        def load(way: str) -> Measurement:
            return peer.load_table(workload.table, way, since() if since else None)

        return self._peer(peer, "postgres", load, fill if is_merged else None)

    def _peer(
        self,
        peer: Peer,
        kind: str,
        run: Callable[[str], Measurement],
        fill: Callable[[str], Measurement] | None,
    ) -> Contender:
        way = f"{kind}_{'merge' if fill else 'append'}"
        relation = f"{peer.schema(way)}.{STREAM}"
        return Contender(
            peer.name,
            peer.what["merge" if fill else "append"],
            relation,
            lambda: run(way),
            start=(lambda: peer.start(fill, way)) if fill else nothing,
            before=(lambda: self._vacuum(relation)) if fill else (lambda: peer.forget(way)),
            most=peer.most,
        )

    def _run(self, source: Source, name: str, *, with_state: bool) -> Measurement:
        run = self.lane.meltano if name == MELTANO else self.lane.pipe
        return run(source, with_state=with_state)

    def _what(self, source: Source, name: str) -> str:
        how = {
            WAYBILL: "in a pipe",
            MELTANO: "by `meltano run`",
            EMPTY: "in a pipe, with nothing to load",
        }
        return f"{source.tap} and target-postgres {how[name]}"

    def _relation(self, source: Source, name: str) -> str:
        return f"{self.lane.schema(source, is_bare=name != MELTANO)}.{STREAM}"

    def _clear(self, source: Source, name: str) -> None:
        schema = self.lane.schema(source, is_bare=name != MELTANO)
        self.server.execute(f"drop schema if exists {schema} cascade")

    def _vacuum(self, relation: str) -> None:
        self.server.execute(f"vacuum (analyze) {relation}")
