"""A snapshot of a source database: a zip with one Parquet file for each table."""

from __future__ import annotations

import datetime as dt
import io
import math
import zipfile
from decimal import Decimal
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from waybill_common.errors import WaybillError
from waybill_sources import source_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg

    from waybill_common.contracts import Contract, Stream

_CENTS = -2
_BATCH = 10_000


class Snapshot:
    """A snapshot zip whose tables and columns are those of a contract.

    Args:
        path: The zip.
        contract: Names the tables and columns it must hold.
        setting: The setting that names the zip, for messages.

    Raises:
        WaybillError: It is no zip, is damaged, or lacks a table or a column.
    """

    def __init__(self, path: Path, contract: Contract, setting: str) -> None:
        self.path = path
        self._contract = contract
        self._setting = setting
        try:
            with zipfile.ZipFile(path) as archive:
                damaged = archive.testzip()
                names = archive.namelist()
        except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
            msg = f"is no readable zip: {error}"
            raise self._error(msg, "Name a zip of Parquet files") from error
        if damaged:
            msg = f"{damaged} is damaged"
            raise self._error(msg, "Copy or make the snapshot anew")
        self._members = {PurePosixPath(name).stem: name for name in names if _is_table(name)}
        for stream in contract.streams:
            self._check(stream)

    def _error(self, cause: str, remedy: str) -> WaybillError:
        msg = f"{self._setting}: {self.path}: {cause}."
        return WaybillError(msg, f"{remedy}; nothing was changed.")

    def _check(self, stream: Stream) -> None:
        if stream.name not in self._members:
            remedy = f"Add {stream.name}.parquet to the zip"
            msg = f"table {stream.name} is missing"
            raise self._error(msg, remedy)
        present = self._open(stream).schema_arrow.names
        for column in stream.columns:
            if column.name not in present:
                cause = f"table {stream.name} has no column {column.name}"
                raise self._error(cause, f"Add it to {self._members[stream.name]}")

    def _open(self, stream: Stream) -> pq.ParquetFile:
        member = self._members[stream.name]
        try:
            with zipfile.ZipFile(self.path) as archive:
                return pq.ParquetFile(io.BytesIO(archive.read(member)))
        except (pa.ArrowException, OSError, zipfile.BadZipFile) as error:
            cause = f"table {stream.name}: {member} is no readable Parquet file"
            raise self._error(cause, "Make the snapshot anew") from error

    def load(self, session: psycopg.Connection[Any], identity: dict[str, Any]) -> int:
        """Replace the source's tables by the snapshot's, in one transaction.

        Args:
            session: A superuser's connection to the source database.
            identity: What to remember it by.

        Returns:
            How many rows the tables hold.

        Raises:
            WaybillError: A value, key or reference is not as the contract says; names the table.
        """
        tables = {
            stream.name: (tuple(source_database.column_types(stream)), self._reader(stream))
            for stream in self._contract.streams
        }
        try:
            with session.transaction():
                return source_database.fill(session, self._contract, tables, identity)
        except WaybillError as error:
            if error.cause.startswith(self._setting):
                raise
            raise self._error(error.cause.rstrip("."), "Mend the snapshot") from error

    def _reader(self, stream: Stream) -> Callable[[], Iterator[tuple[Any, ...]]]:
        return lambda: self._rows(stream)

    def _rows(self, stream: Stream) -> Iterator[tuple[Any, ...]]:
        types = source_database.column_types(stream)
        before = 0
        try:
            for batch in self._open(stream).iter_batches(_BATCH, columns=list(types)):
                columns = [self._values(stream, name, batch.column(name), before) for name in types]
                yield from zip(*columns, strict=True)
                before += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            cause = f"table {stream.name}: {self._members[stream.name]} is damaged"
            raise self._error(cause, "Make the snapshot anew") from error

    def _values(self, stream: Stream, name: str, column: pa.Array, before: int) -> list[Any]:
        sql_type = source_database.column_types(stream)[name]
        convert = _CONVERTERS.get(sql_type.partition("(")[0], str)
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("us", tz=column.type.tz))
        values = []
        for number, value in enumerate(column.to_pylist(), start=before + 1):
            try:
                values.append(None if _is_missing(value) else convert(value))
            except (TypeError, ValueError) as error:
                cause = f"table {stream.name}, row {number}: {name} {value!r} is no {sql_type}"
                raise self._error(cause, "Mend the snapshot") from error
        return values


def _is_table(name: str) -> bool:
    path = PurePosixPath(name)
    is_hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return path.suffix == ".parquet" and not is_hidden


def _is_missing(value: object) -> bool:
    """Whether a value is NULL: Parquet made by pandas writes it as NaN, too."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or int(value) != value:
        raise ValueError(value)
    return int(value)


def _money(value: object) -> Decimal:
    """The decimal that a number is written as; exact, or refused."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise TypeError(value)
    money = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not money.is_finite() or money != money.quantize(Decimal(1).scaleb(_CENTS)):
        raise ValueError(value)
    return money


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _timestamp(value: object) -> dt.datetime:
    """A time without a zone; one with a zone is taken in UTC."""
    if not isinstance(value, dt.datetime):
        raise TypeError(value)
    return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "integer": _integer,
    "numeric": _money,
    "boolean": _boolean,
    "timestamp": _timestamp,
}
