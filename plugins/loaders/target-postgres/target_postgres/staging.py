"""The rows of one stream in one transaction, in a table that COPY fills and that goes before the commit."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from psycopg import sql

from target_postgres import salvage
from target_postgres.refused import letter_of
from target_postgres.rows import BINARY_HEADER, BINARY_TRAILER, of_file, of_lines
from waybill_common.errors import WaybillError
from waybill_common.identifiers import qualify, quote
from waybill_common.targets.columns import EXTRACTED_AT, SOURCE_FILE, TIMESTAMP
from waybill_common.targets.formats import BINARY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import psycopg

    from target_postgres.rows import Row
    from target_postgres.rules import Rules
    from waybill_common.dead_letters import DeadLetter
    from waybill_common.targets.formats import BatchFile

CHUNK_CHARACTERS = 1 << 20


class Staging:
    """A table typed like what arrives, which nobody else ever sees.

    It is not temporary, as PostgreSQL's parallel workers cannot read a temporary one, and the join
    with the stream's table is most of a merge. Nor is it unlogged: a server that is killed right
    after such a table was rolled back does not start again ("could not create file: File exists").

    Args:
        connection: The warehouse, inside the load's transaction.
        stream: The stream's name, for errors.
        schema: Where to make it; it is there.
        types: The type in which each column arrives; the merge casts to the table's.
        key: The stream's key.
        rules: What the table asks of a row.
        refuse: Told of each row that PostgreSQL refuses.

    Attributes:
        name: The table's name.
        relation: The table, as a quoted identifier.
        position: A column that numbers the rows as they came, as a quoted identifier.
        rows: How many rows it holds.
    """

    def __init__(  # noqa: PLR0913 - a staging table has this many sides
        self,
        connection: psycopg.Connection[Any],
        *,
        stream: str,
        schema: str,
        types: Mapping[str, str],
        key: Sequence[str],
        rules: Rules,
        refuse: Callable[[DeadLetter], None],
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._key = key
        self._types = types
        self._refuse = refuse
        self._names = [*types, EXTRACTED_AT]
        self._chunk: list[str] = []
        self._characters = 0
        self._files: set[str] | None = set()
        """The files that batches are said to be of; None where rows say it themselves."""
        self.rows = 0
        self.prefix = "_waybill"
        while any(name.startswith(self.prefix) for name in types):
            self.prefix += "_"
        self.position = quote(f"{self.prefix}_position")
        self.name = f"waybill_stage_{uuid.uuid4().hex}"
        self.relation = qualify(schema, self.name)
        definitions = [f"{self.position} bigint generated always as identity (cache 1000)"]
        definitions += [
            f"{quote(name)} {sql_type}" + (" not null" if name in rules.required else "")
            for name, sql_type in types.items()
        ]
        definitions += [f"{quote(EXTRACTED_AT)} {TIMESTAMP}", *rules.checks]
        connection.execute(f"create table {self.relation} ({', '.join(definitions)})")

    def add(self, line: str) -> None:
        """Take one row.

        Args:
            line: COPY text of all columns and the time of extraction, with its line end.
        """
        self._chunk.append(line)
        self._characters += len(line)
        if self._characters >= CHUNK_CHARACTERS:
            self.flush()

    def flush(self) -> None:
        """Send to the server what `add` has kept back."""
        if not self._chunk:
            return
        lines, self._chunk, self._characters = self._chunk, [], 0
        self._files = None
        try:
            chunks = ["".join(lines).encode()]
        except UnicodeEncodeError:
            chunks = None
        self._copy(
            self._copy_statement(self._names),
            self._names,
            chunks,
            lambda: of_lines(line.encode("utf-8", "surrogatepass") for line in lines),
        )

    def copy_file(self, file: BatchFile) -> int:
        """Take a batch file as it is.

        Args:
            file: The file, with the names of its fields.

        Returns:
            How many rows it holds.

        Raises:
            WaybillError: The file is gone or another one.
        """
        if unknown := set(file.columns) - set(self._names):
            msg = (
                f"Stream {self._stream}: {file.path.name} has columns its SCHEMA does not:"
                f" {sorted(unknown)}."
            )
            raise WaybillError(msg)
        self.flush()
        if SOURCE_FILE in file.columns:
            self._files = None
        elif self._files is not None and file.source_partition is not None:
            self._files.add(file.source_partition)
        for name, value in (
            (EXTRACTED_AT, file.extracted_at),
            (SOURCE_FILE, file.source_partition),
        ):
            if name in self._names and name not in file.columns:
                self._set_default(name, value)
        return self._copy(
            self._copy_statement(file.columns, file.options),
            file.columns,
            file.chunks(self._stream),
            lambda: of_file(file, self._stream),
            file,
        )

    def drop(self) -> None:
        """Leave nothing of it to the commit."""
        self._connection.execute(f"drop table {self.relation}")

    def source_files(self) -> list[str]:
        """The files of the source that its rows say they are from."""
        if self._files is not None:
            return sorted(self._files)
        name = quote(SOURCE_FILE)
        found = self._connection.execute(
            f"select distinct {name} from {self.relation} where {name} is not null"  # noqa: S608 - quoted
        ).fetchall()
        return [value for (value,) in found]

    def _copy_statement(self, columns: Sequence[str], options: str = "format text") -> str:
        names = ", ".join(map(quote, columns))
        return f"copy {self.relation} ({names}) from stdin ({options})"

    def _set_default(self, column: str, value: str | None) -> None:
        literal = "null" if value is None else sql.quote(value)
        self._connection.execute(
            f"alter table {self.relation} alter column {quote(column)} set default {literal}"
        )

    def _copy(
        self,
        statement: str,
        columns: Sequence[str],
        chunks: Iterable[bytes] | None,
        rows: Callable[[], Iterator[Row]],
        file: BatchFile | None = None,
    ) -> int:
        """Copy all at once, and where that is refused, all but the rows at fault.

        Returns:
            How many rows there were.
        """
        if chunks is not None:
            landed, error = salvage.copy(self._connection, statement, chunks)
            if error is None:
                self.rows += landed
                return landed
        dead = 0

        def refuse(row: Row, error: psycopg.Error) -> None:
            nonlocal dead
            dead += 1
            self._refuse(
                letter_of(
                    self._stream,
                    row,
                    error,
                    file=file,
                    types=self._types,
                    columns=columns,
                    key=self._key,
                )
            )

        is_binary = file is not None and file.format == BINARY
        frame = (BINARY_HEADER, BINARY_TRAILER) if is_binary else (b"", b"")
        landed = 0
        for count in salvage.land(self._connection, statement, rows(), refuse, frame=frame):
            landed += count
            self.rows += count
        return landed + dead
