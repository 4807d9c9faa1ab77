"""The rows of one stream in one transaction, in a temporary table that COPY fills."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from target_postgres.columns import EXTRACTED_AT, SOURCE_FILE, TIMESTAMP
from target_postgres.formats import Place
from waybill_common import copy_text
from waybill_common.errors import WaybillError
from waybill_common.identifiers import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from target_postgres.formats import BatchFile

CHUNK_CHARACTERS = 1 << 20

_LINE_OF = re.compile(
    r"^COPY [^,]+, line (\d+)(?:, column (.*?)(?::|$))?", re.MULTILINE | re.DOTALL
)
_numbers = itertools.count(1)


class Staging:
    """A temporary table typed like what arrives, which goes with the transaction.

    Args:
        connection: The warehouse, inside the load's transaction.
        stream: The stream's name, for errors.
        types: The type in which each column arrives; the merge casts to the table's.
        key: The stream's key, for errors.

    Attributes:
        relation: The temporary table, as a quoted identifier.
        position: A column that numbers the rows as they came, as a quoted identifier.
        rows: How many rows it holds.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        *,
        stream: str,
        types: Mapping[str, str],
        key: Sequence[str],
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._key = key
        self._names = [*types, EXTRACTED_AT]
        self._chunk: list[str] = []
        self._characters = 0
        self.rows = 0
        self.prefix = "_waybill"
        while any(name.startswith(self.prefix) for name in types):
            self.prefix += "_"
        self.position = quote(f"{self.prefix}_position")
        self.relation = quote(f"waybill_stage_{next(_numbers)}")
        definitions = [f"{self.position} bigint generated always as identity (cache 1000)"]
        definitions += [f"{quote(name)} {sql_type}" for name, sql_type in types.items()]
        definitions += [f"{quote(EXTRACTED_AT)} {TIMESTAMP}"]
        connection.execute(
            f"create temporary table {self.relation} ({', '.join(definitions)}) on commit drop"
        )

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
        data = self._encoded(lines)
        try:
            with self._connection.cursor() as cursor:
                with cursor.copy(self._copy_statement(self._names)) as copy:
                    copy.write(data)
                self.rows += cursor.rowcount
        except psycopg.DataError as error:
            raise self._refusal(
                error, self._names, lambda line: Place("", copy_text.decode_row(lines[line - 1]))
            ) from error

    def copy_file(self, file: BatchFile) -> int:
        """Take a batch file as it is.

        Args:
            file: The file, with the names of its fields.

        Returns:
            How many rows it holds.

        Raises:
            WaybillError: The file is gone or another one, or PostgreSQL refuses a row; names it.
        """
        if unknown := set(file.columns) - set(self._names):
            msg = (
                f"Stream {self._stream}: {file.path.name} has columns its SCHEMA does not:"
                f" {sorted(unknown)}."
            )
            raise WaybillError(msg)
        self.flush()
        for name, value in (
            (EXTRACTED_AT, file.extracted_at),
            (SOURCE_FILE, file.source_partition),
        ):
            if name in self._names and name not in file.columns:
                self._set_default(name, value)
        try:
            with self._connection.cursor() as cursor:
                with cursor.copy(self._copy_statement(file.columns, file.options)) as copy:
                    for data in file.chunks(self._stream):
                        copy.write(data)
                rows = cursor.rowcount
        except psycopg.DataError as error:
            raise self._refusal(error, file.columns, file.place) from error
        self.rows += rows
        return rows

    def distinct(self, column: str) -> list[str]:
        """The values of a text column, NULL left out."""
        name = quote(column)
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

    def _encoded(self, lines: list[str]) -> bytes:
        """The lines as UTF-8, after a look for what PostgreSQL cannot hold."""
        text = "".join(lines)
        if "\0" not in text:
            try:
                return text.encode()
            except UnicodeEncodeError as error:
                what, broken = "half of a surrogate pair", error.object[error.start]
        else:
            what, broken = "the character NUL", "\0"
        line = next(line for line in lines if broken in line)
        fields = copy_text.decode_row(line)
        column = next(
            name
            for name, field in zip(self._names, fields, strict=True)
            if field and broken in field
        )
        msg = f"Stream {self._stream}: column {column} holds {what}{self._at(fields, self._names)}."
        raise WaybillError(
            msg, "PostgreSQL cannot store it: remove it at the source or by a stream map."
        )

    def _refusal(
        self, error: psycopg.Error, columns: Sequence[str], place: Callable[[int], Place]
    ) -> WaybillError:
        found = _LINE_OF.search(error.diag.context or "")
        where = ""
        if found:
            row = place(int(found[1]))
            where = self._at(row.fields, columns) + (f", {row.where}" if row.where else "")
        column = f", column {found[2]}" if found and found[2] else ""
        reason = error.diag.message_primary or str(error)
        msg = f"Stream {self._stream}{column}: {reason}{where}."
        return WaybillError(
            msg, "Mend the row at the source, or the type in the contract or schema."
        )

    def _at(self, fields: Sequence[str | None], columns: Sequence[str]) -> str:
        """Which row it is, by its key."""
        row = dict(zip(columns, fields, strict=False))
        parts = [f"{name} = {row[name]}" for name in self._key if name in row]
        return f" at {', '.join(parts)}" if parts else ""
