"""The cases on generated order items."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.cases import Case
from benchmarks.contenders import EMPTY, MELTANO, WAYBILL, Contenders
from benchmarks.lane import Lane, Source
from benchmarks.workload import FILE, Workload, write_contract

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.peers.peer import Peer
    from benchmarks.server import Server

_NOW = 'select to_char(now(), \'YYYY-MM-DD"T"HH24:MI:SS"Z"\')'
_SCALE_MOST, _LONG_MOST = 2, 2


class Plan:
    """All cases of one benchmark.

    Args:
        server: Where all lands.
        meltano: Meltano's program.
        inputs: Where files are kept from one benchmark to the next.
        folder: For settings and logs.
        rows: Of the main cases.
        sizes: By how much the cases of scale are larger.
        peers: Who else does the work.
        further: What else the lane is to read.

    Attributes:
        server: Where all lands.
        folder: For settings and logs.
        lane: Waybill's.
    """

    def __init__(  # noqa: PLR0913 - a benchmark has this many sides
        self,
        server: Server,
        *,
        meltano: Path,
        inputs: Path,
        folder: Path,
        rows: int,
        sizes: Sequence[int],
        peers: Sequence[Peer],
        further: Sequence[Source] = (),
    ) -> None:
        self.server, self.folder = server, folder
        self._peers = peers
        self._sizes = sizes
        self._workloads = {size: Workload(server, inputs, size * rows) for size in (1, *sizes)}
        self._feed = folder / "feed"
        self._feed.mkdir(parents=True)
        csv, postgres = folder / "csv.yml", folder / "postgres.yml"
        write_contract(csv, {"files": FILE, "drift": "evolve"})
        write_contract(postgres, {"replicationKey": "updated_at", "drift": "evolve"})
        settings = {"path": str(self._feed), "contract": str(csv), "mode": "batch"}
        self._csv = Source("csv", "tap-csv", settings)
        self._tables = {
            size: Source(
                f"postgres_{size}",
                "tap-postgres",
                {
                    "source_schema": workload.table.partition(".")[0],
                    "contract": str(postgres),
                    "mode": "batch",
                },
            )
            for size, workload in self._workloads.items()
        }
        self.lane = Lane(server, meltano, folder / "lane")
        self.lane.make_project([self._csv, *self._tables.values(), *further])
        self._made = Contenders(server, self.lane, folder / "work")

    def cases(self) -> dict[str, Callable[[], Case]]:
        """Each case by name; its input is made when it is called for."""
        return {
            "csv-first": partial(self._csv_first, 1),
            "csv-same": self._csv_same,
            "csv-changed": self._csv_changed,
            "csv-all": self._csv_all,
            "postgres-first": partial(self._postgres_first, 1),
            "postgres-changed": self._postgres_changed,
            "postgres-same": self._postgres_same,
            "meltano-alone": self._meltano_alone,
            **{f"csv-first-{size}": partial(self._csv_first, size) for size in self._sizes},
            **{
                f"postgres-first-{size}": partial(self._postgres_first, size)
                for size in self._sizes
            },
        }

    def _csv_first(self, size: int) -> Case:
        workload = self._workloads[size]
        file, expected = workload.file("base"), workload.expected("base")
        self._deliver(file)
        peers = self._readers() if size == 1 else []
        return Case(
            title="CSV file into a new, typed, keyed table",
            rows=workload.rows,
            contenders=[
                self._made.csv_floor(lambda: file),
                self._made.first(self._csv, WAYBILL),
                self._made.first(self._csv, MELTANO),
                *(self._made.peer_csv(peer, lambda: file) for peer in peers),
            ],
            expected=lambda _: expected,
            most=_most(size),
        )

    def _csv_same(self) -> Case:
        workload = self._workloads[1]
        file, expected = workload.file("base"), workload.expected("base")
        deliver = partial(self._deliver, file)
        return Case(
            title="The same CSV file again, read anew, with nothing changed",
            rows=workload.rows,
            contenders=[
                self._made.csv_floor(lambda: file),
                self._made.again(self._csv, WAYBILL, with_state=False, before=deliver),
            ],
            expected=lambda _: expected,
        )

    def _csv_all(self) -> Case:
        return self._csv_by_turns("all", "every row changed", [WAYBILL], [])

    def _csv_changed(self) -> Case:
        lanes = [WAYBILL, MELTANO]
        return self._csv_by_turns("some", "1,000 rows changed", lanes, self._readers())

    def _csv_by_turns(
        self, variant: str, changed: str, lanes: Sequence[str], peers: Sequence[Peer]
    ) -> Case:
        """A variant of the file after the base, and the base after the variant."""
        workload = self._workloads[1]
        variants = (variant, "base")
        files = [workload.file(each) for each in variants]
        expected = [workload.expected(each) for each in variants]
        base, feed = files[1], self._feed / FILE
        return Case(
            title=f"The CSV file again, with {changed}",
            rows=workload.rows,
            contenders=[
                self._made.csv_floor(lambda: feed),
                *(
                    self._made.again(
                        self._csv, lane, with_state=True, before=partial(self._deliver, base)
                    )
                    for lane in lanes
                ),
                *(self._made.peer_csv(peer, lambda: feed, base) for peer in peers),
            ],
            expected=lambda repetition: expected[repetition % 2],
            before=lambda repetition: self._deliver(files[repetition % 2]),
        )

    def _postgres_first(self, size: int) -> Case:
        workload, source = self._workloads[size], self._tables[size]
        workload.make_table()
        expected = workload.expected_table()
        # What `meltano run` adds at each size is seen with the CSV file.
        lanes = [WAYBILL, MELTANO] if size == 1 else [WAYBILL]
        peers = self._peers if size == 1 else []
        return Case(
            title="Postgres table into a new, keyed table",
            rows=workload.rows,
            contenders=[
                self._made.postgres_floor(workload),
                *(self._made.first(source, lane) for lane in lanes),
                *(self._made.peer_postgres(peer, workload) for peer in peers),
            ],
            expected=lambda _: expected,
            most=_most(size),
        )

    def _postgres_changed(self) -> Case:
        workload, source = self._workloads[1], self._tables[1]
        workload.make_table()
        since = [""]

        def change(_: int) -> None:
            since[0] = str(self.server.rows(_NOW)[0][0])
            workload.change_table()

        return Case(
            title="1,000 changed rows of a Postgres table",
            rows=workload.rows,
            contenders=[
                self._made.again(source, WAYBILL, with_state=True),
                self._made.again(source, EMPTY, with_state=True),
                self._made.again(source, MELTANO, with_state=True),
                *(
                    self._made.peer_postgres(peer, workload, is_merged=True, since=lambda: since[0])
                    for peer in self._peers
                ),
            ],
            expected=lambda _: workload.expected_table(),
            before=change,
        )

    def _postgres_same(self) -> Case:
        workload, source = self._workloads[1], self._tables[1]
        workload.make_table()
        expected = workload.expected_table()
        peers = [peer for peer in self._peers if peer.merges_whole_tables]
        return Case(
            title="The same Postgres table again, read anew and merged",
            rows=workload.rows,
            contenders=[
                self._made.postgres_floor(workload),
                self._made.again(source, WAYBILL, with_state=False),
                self._made.again(source, MELTANO, with_state=False),
                *(self._made.peer_postgres(peer, workload, is_merged=True) for peer in peers),
            ],
            expected=lambda _: expected,
            most=_LONG_MOST,
        )

    def _meltano_alone(self) -> Case:
        return Case(
            title="`meltano run` with nothing to run",
            rows=0,
            contenders=[self._made.alone()],
            expected=lambda _: (),
        )

    def _readers(self) -> list[Peer]:
        return [peer for peer in self._peers if peer.reads_csv]

    def _deliver(self, file: Path) -> None:
        """Make a file the one that Waybill's tap reads, always by the same name."""
        part = self._feed.with_suffix(".part")
        part.unlink(missing_ok=True)
        os.link(file, part)
        part.replace(self._feed / FILE)


def _most(size: int) -> int:
    """How often a case of that size is repeated at most, 0 for no limit."""
    return 0 if size == 1 else _SCALE_MOST
