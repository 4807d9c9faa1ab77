"""CSV as Olist's files have it, written row by row under another name until it is whole."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType
    from typing import TextIO

_IS_QUOTED = re.compile(r'\A[0-9]|[,"\r\n]').search


def text(value: str) -> str:
    """A string as the files hold it: quoted where it starts with a digit, or must be."""
    if _IS_QUOTED(value):
        return '"' + value.replace('"', '""') + '"'
    return value


class CsvFile:
    """A CSV file that appears under its name only when all of it has been written."""

    def __init__(
        self,
        path: Path,
        columns: Iterable[str],
        *,
        newline: str = "\n",
        has_byte_order_mark: bool = False,
        has_plain_header: bool = False,
    ) -> None:
        """Open the file and write its header.

        Args:
            path: Where it will stand.
            columns: Names of its columns.
            newline: What ends a row.
            has_byte_order_mark: Whether it begins with one.
            has_plain_header: Whether the names are written without quotes.
        """
        self.path = path
        self.rows = 0
        self._newline = newline
        self._part = path.with_name(path.name + ".part")
        encoding = "utf-8-sig" if has_byte_order_mark else "utf-8"
        self._file: TextIO = self._part.open("w", encoding=encoding, newline="")
        header = ",".join(columns if has_plain_header else (f'"{name}"' for name in columns))
        self._file.write(header + newline)

    def write(self, line: str) -> None:
        """Append a row whose values are written out already."""
        self.rows += 1
        self._file.write(line + self._newline)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._file.flush()
            os.fsync(self._file.fileno())
        self._file.close()
        if kind is None:
            self._part.replace(self.path)
        else:
            self._part.unlink(missing_ok=True)
