"""What every peer can do."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from benchmarks import environments
from benchmarks.server import SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.processes import Command, Measurement
    from benchmarks.server import Server


@dataclass
class Peer:
    """One of them, into one server.

    Attributes:
        server: Where rows come from and go to.
        folder: For what it writes.
        environment: Where it is installed.
    """

    server: Server
    folder: Path
    environment: Path

    name: ClassVar[str]
    requirements: ClassVar[tuple[str, ...]]
    package: ClassVar[str]
    what: ClassVar[dict[str, str]]
    """What it does where it appends and where it merges, in words."""
    reads_csv: ClassVar[bool] = True
    most: ClassVar[int] = 2
    """How often it is repeated at most: those who take long need not to be timed as closely."""
    merges_whole_tables: ClassVar[bool] = True

    def schema(self, way: str) -> str:
        """Where rows land, by `append` or `merge` and what was read, such as `csv_append`."""
        return f"{self.name}_{way}"

    def forget(self, way: str) -> None:
        """Remove all that earlier loads left."""
        self.server.execute(f"drop schema if exists {self.schema(way)} cascade")
        shutil.rmtree(self.work(way), ignore_errors=True)

    def work(self, way: str) -> Path:
        """A folder that stays from one load to the next."""
        return self.folder / way

    def load_csv(self, file: Path, way: str) -> Measurement:
        """Load a file."""
        return self.run(self.csv(file, way), way)

    def load_table(self, table: str, way: str, since: str | None = None) -> Measurement:
        """Load a table.

        Args:
            table: It.
            way: See `schema`.
            since: Read what has changed since this time, or since the load before where it is "";
                all of the table where it is None.
        """
        return self.run(self.table(table, way, since), way)

    def start(self, load: Callable[[str], Measurement], way: str) -> None:
        """Bring the table to where a merge into it starts, unless an earlier case has."""
        if not self.work(way).exists():
            load(way)

    def run(self, commands: Sequence[Command], way: str) -> Measurement:
        """Run its commands, measured."""
        return self.server.measure(commands, self.work(way))

    def csv(self, file: Path, way: str) -> list[Command]:
        """The commands that load a file."""
        raise NotImplementedError

    def table(self, table: str, way: str, since: str | None) -> list[Command]:
        """The commands that load a table."""
        raise NotImplementedError

    @property
    def source(self) -> str:
        """The URL of the source."""
        return self.server.admin(SOURCE).url

    @property
    def target(self) -> str:
        """The URL of the warehouse."""
        return self.server.admin().url


def install(server: Server, folder: Path, work: Path, kind: type[Peer]) -> Peer:
    """Install a peer, unless it is there from an earlier benchmark.

    Args:
        server: Where it loads.
        folder: Where environments are kept.
        work: For what it writes.
        kind: Which one.
    """
    first, *_ = [environments.install(name, folder) for name in kind.requirements]
    return kind(server, work / kind.name, first)
