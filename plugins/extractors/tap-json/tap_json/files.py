"""One file from open to end: checked columns out, and what the bookmark keeps of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_json.rows import Rows
from waybill_common.errors import WaybillError
from waybill_common.files.fields import hashed
from waybill_common.files.json_items import Items
from waybill_common.files.tape import Tape
from waybill_common.files.totals import Totals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from waybill_common import pii
    from waybill_common.contracts import Stream
    from waybill_common.files.breaches import OnBreach, Values
    from waybill_common.files.fields import Field
    from waybill_common.source_files import SourceFile


class FileRead:
    """Reads one file once.

    Args:
        file: The file.
        stream: What the contract says of it.
        fields: The columns to read.
        hasher: Hashes personal data; None where none of the columns is hashed.
        on_breach: Told of each row that breaks the contract.

    Attributes:
        fields: The columns that are read.
        delimiter: Parts the fields of what is sent.
        row_end: Ends its rows.
        is_recoded: Whether what is sent differs from the file's bytes: always.
        sha256: Hash of what was read so far.
        entry: What the bookmark keeps of it; known at the end.
    """

    delimiter, row_end = ",", "\n"
    is_recoded = True

    def __init__(
        self,
        file: SourceFile,
        stream: Stream,
        fields: Sequence[Field],
        hasher: pii.Hasher | None,
        on_breach: OnBreach,
    ) -> None:
        self._file = file
        self._stream = stream
        self._hasher = hasher
        self._on_breach = on_breach
        self.fields = list(fields)
        self.sha256 = ""
        self.entry: dict[str, Any] = {}

    def columns(self) -> Iterator[list[Values]]:
        """The file's values as they land, chunk by chunk; `entry` is known when they end.

        Raises:
            WaybillError: The file cannot be read or breaks the contract; names file and place.
        """
        identity = self._file.identity()
        with self._file.open() as content:
            yield from self._columns(Tape(content, self._stream.dialect.encoding))
        if self._file.identity() != identity:
            msg = f"{self._file.place} has changed while it was read. Nothing of it is kept."
            raise WaybillError(msg, "Run again once nothing writes to it.")

    parts = columns

    def _columns(self, tape: Tape) -> Iterator[list[Values]]:
        items = Items(self._file, self._stream, tape)
        rows = Rows(
            self.fields,
            self._stream,
            self._on_breach,
            place=self._file.place,
            counted=items.counted,
        )
        totals = Totals(self.fields)
        for chunk in items.chunks():
            self.sha256 = tape.sha256
            columns = rows.columns(chunk)
            totals.add(columns)
            if columns[0]:
                yield hashed(self.fields, columns, self._hasher)
        self.entry = {
            "sha256": tape.sha256,
            "size": tape.size,
            "rows": totals.rows + rows.breaches,
            "totals": totals.texts,
        }
