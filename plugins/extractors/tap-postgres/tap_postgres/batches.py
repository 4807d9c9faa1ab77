"""A stream's rows as batch files, written ahead of the messages that name them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_postgres import binary
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import psycopg
    from psycopg.abc import Buffer

    from tap_postgres.figures import Figures
    from tap_postgres.reading import Reading
    from waybill_common.batch_files import BatchFolder

FILE_BYTES = 4 << 20
"""Size at which a file is closed: the target loads one while the next grows, and waits for the first."""


@dataclass(frozen=True)
class Batch:
    """One BATCH message to come.

    Attributes:
        path: Its file; None for a comparison with no key at all.
        is_keys: Whether it holds the keys of all rows rather than rows.
    """

    path: Path | None
    columns: Sequence[str]
    rows: int
    is_binary: bool = False
    is_keys: bool = False


@dataclass(frozen=True)
class Settled:
    """One STATE message to come.

    Attributes:
        bookmark: The stream's part of it.
        figures: What the source counted, at the end of the stream.
    """

    bookmark: dict[str, Any]
    figures: Figures | None = None


Event = Batch | Settled


@dataclass(frozen=True)
class Plan:
    """How one stream goes over the wire.

    Attributes:
        columns: Names of its columns.
        key: Names of its key's columns.
        is_binary: Whether its rows go in COPY's binary format.
        compares_keys: Whether the keys of all rows follow the rows.
    """

    stream: str
    reading: Reading
    columns: Sequence[str]
    key: Sequence[str]
    is_binary: bool
    compares_keys: bool

    def events(
        self,
        connection: psycopg.Connection[Any],
        folder: BatchFolder,
        figures_meanwhile: Callable[[Reading], Callable[[], Figures]],
    ) -> Iterator[Event]:
        """Write the stream's files.

        Args:
            connection: One that sees the snapshot.
            folder: Where the files go.
            figures_meanwhile: Starts to count a reading's figures on another connection.

        Yields:
            What is to be told of them, in order.

        Raises:
            WaybillError: Counted and read rows differ, or a file cannot be written.
        """
        reading = self.reading
        if reading.is_whole or reading.is_in_parts:
            figures = figures_meanwhile(reading)
            is_any = True
        else:
            # Most tables have little news, and what is counted to be none need not be looked for.
            counted = reading.figures(connection)
            figures, is_any = (lambda: counted), bool(counted.read.rows)
        sent = 0
        if is_any:
            for part in reading.parts(connection):
                blocks = reading.blocks(connection, part.condition, is_binary=self.is_binary)
                for path, rows in self._files(folder, blocks, is_binary=self.is_binary):
                    sent += rows
                    yield Batch(path, self.columns, rows, is_binary=self.is_binary)
                if part.up_to is not None:
                    yield Settled(reading.bookmark_within(part.up_to, sent))
        if self.compares_keys:
            yield from self._keys(connection, folder)
        found = figures()
        found.check_sent(self.stream, sent)
        yield Settled(reading.bookmark(found), found)

    def _keys(self, connection: psycopg.Connection[Any], folder: BatchFolder) -> Iterator[Batch]:
        count = 0
        for path, rows in self._files(folder, self.reading.keys(connection), is_binary=False):
            yield Batch(path, self.key, rows, is_keys=True)
            count += rows
        if not count:
            yield Batch(None, self.key, 0, is_keys=True)

    def _files(
        self, folder: BatchFolder, blocks: Iterator[list[Buffer]], *, is_binary: bool
    ) -> Iterator[tuple[Path, int]]:
        """Files of whole rows, each complete in itself, and how many rows each has."""
        head, tail = (binary.HEADER, binary.TRAILER) if is_binary else (b"", b"")
        blocks = binary.rows(blocks) if is_binary else blocks
        block = next(blocks, None)
        while block is not None:
            rows = size = 0
            try:
                with folder.create() as file:
                    file.write(head)
                    while block is not None and size < FILE_BYTES:
                        rows += len(block)
                        # A large row is a block of its own, and is not copied once more.
                        size += file.write(block[0] if len(block) == 1 else b"".join(block))
                        block = next(blocks, None)
                    file.write(tail)
            except OSError as error:
                msg = f"Stream {self.stream}: no batch file can be written to {folder.path}: {error.strerror}."
                remedy = "Make room there, or set WAYBILL_HOME to a place that has it."
                raise WaybillError(msg, remedy) from error
            yield Path(file.name), rows
