"""Batch files that COPY reads as they are: its text, its binary format, and ranges of CSV files."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from waybill_common import batch_files
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

TEXT = batch_files.FORMAT
CSV = "csv"
BINARY = "copy-binary"
KEYS = "keys"
"""The kind of a batch that holds the keys of all rows of the source."""
FOR_COPY = frozenset({TEXT, CSV, BINARY})

_READ_BYTES = 1 << 18
_RUN_AGAIN = "Run again: the tap then reads the file as it is now."


@dataclass(frozen=True)
class BatchFile:
    """One file of a BATCH message.

    Attributes:
        format: One of `FOR_COPY`.
        columns: The names of its fields in their order.
        extracted_at: When its rows left the source, in ISO 8601, where that is no column.
        source_partition: The file whose rows these are, where that is no column.
        delimiter: Of CSV; one byte.
        offset: Where its rows begin, in bytes; other than 0 for CSV only.
        length: Bytes to read from there; None for all.
        identity: `size`, `mtime_ns` and `inode` that the file must have, before and after.
    """

    path: Path
    format: str
    columns: tuple[str, ...]
    extracted_at: str | None = None
    source_partition: str | None = None
    delimiter: str = ","
    offset: int = 0
    length: int | None = None
    identity: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, path: Path, encoding: Mapping[str, Any], columns: list[str]) -> BatchFile:
        """The file as a message describes it.

        Args:
            path: Its place.
            encoding: The message's `encoding`.
            columns: The stream's columns, for an encoding that names none.
        """
        is_csv = encoding["format"] == CSV
        return cls(
            path=path,
            format=encoding["format"],
            columns=tuple(encoding.get("columns") or columns),
            extracted_at=encoding.get("extracted_at") or None,
            source_partition=encoding.get("source_partition"),
            delimiter=encoding.get("delimiter") or ",",
            offset=encoding.get("offset") or 0 if is_csv else 0,
            length=encoding.get("length") if is_csv else None,
            identity=encoding.get("file_identity"),
        )

    @property
    def options(self) -> str:
        """COPY's options, as SQL; without them it reads its text format."""
        if self.format == CSV:
            return f"format csv, delimiter {sql.quote(self.delimiter)}"
        return "format binary" if self.format == BINARY else "format text"

    @property
    def is_temporary(self) -> bool:
        """Whether it is the tap's to give away, and not a file of the user's."""
        return self.format != CSV or batch_files.is_run_folder(self.path.parent)

    def chunks(self, stream: str) -> Iterator[bytes]:
        """Its bytes, after a look whether it is the file that the tap has seen, and before another.

        Raises:
            WaybillError: The file is gone, another one, or cut off.
        """
        try:
            with self.path.open("rb", buffering=0) as file:
                self._check_identity(stream, file.fileno())
                file.seek(self.offset)
                left = sys.maxsize if self.length is None else self.length
                while left and (data := file.read(min(_READ_BYTES, left))):
                    left -= len(data)
                    yield data
                if self.length is not None and left:
                    msg = f"Stream {stream}: {self.path} ends {left} bytes before its batch does."
                    raise WaybillError(msg, _RUN_AGAIN)
                self._check_identity(stream, file.fileno())
        except FileNotFoundError as error:
            msg = f"Stream {stream}: the batch file {self.path} is gone."
            remedy = "Run the tap again; tap and target must share the folder."
            raise WaybillError(msg, remedy) from error

    def _check_identity(self, stream: str, descriptor: int) -> None:
        if self.identity is None:
            return
        seen = batch_files.identity(os.fstat(descriptor))
        if any(self.identity.get(name, value) != value for name, value in seen.items()):
            msg = f"Stream {stream}: {self.path} has changed since the tap looked at it. Nothing was committed."
            raise WaybillError(msg, _RUN_AGAIN)
