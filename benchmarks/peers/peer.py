"""What every peer can do."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from benchmarks.peers import environments
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
    most: ClassVar[int] = 0

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

    def load_table(self, table: str, way: str, since: str = "") -> Measurement:
        """Load a table, or what changed in it since then."""
        return self.run(self.table(table, way, since), way)

    def start(self, load: Callable[[str], Measurement], way: str) -> None:
        """Bring the table to where a merge into it starts."""
        self.forget(way)
        load(way)

    def run(self, commands: Sequence[Command], way: str) -> Measurement:
        """Run its commands, measured."""
        return self.server.measure(commands, self.work(way))

    def csv(self, file: Path, way: str) -> list[Command]:
        """The commands that load a file."""
        raise NotImplementedError

    def table(self, table: str, way: str, since: str) -> list[Command]:
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


def install(server: Server, folder: Path, kind: type[Peer]) -> Peer:
    """Install a peer, unless it is there from an earlier benchmark."""
    first, *_ = (environments.install(name, folder / "environments") for name in kind.requirements)
    return kind(server, folder / kind.name, first)
