"""Rows against the contract: whole chunks at once, row by row only where one breaks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waybill_common.files.breaches import Breach, fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_csv.reader import Chunk, Record
    from waybill_common.files.breaches import OnBreach, Values
    from waybill_common.files.fields import Field


class RowChecker:
    """Turns chunks of rows into columns that keep the contract.

    Args:
        fields: The columns to read.
        width: How many fields a row of the file has.
        on_breach: Told of each row that breaks the contract.

    Attributes:
        breaches: Their number.
    """

    def __init__(self, fields: Sequence[Field], width: int, on_breach: OnBreach) -> None:
        self.fields = fields
        self.width = width
        self.breaches = 0
        self._on_breach = on_breach

    def columns(self, chunk: Chunk) -> list[Values]:
        """The chunk's values, column by column in the order of `fields`.

        An empty field is NULL, except that `""` in a text column is the empty string, as in
        PostgreSQL's own `COPY … (format csv)`. A blank line is no row, unless the file has one
        column. Rows that break the contract are left out.
        """
        rows = chunk.rows
        if chunk.fault:
            self._breach(Breach(chunk.first_line, "".join(chunk.lines), None, chunk.fault))
        if [] in rows:
            rows = [row for row in map(self._unblanked, rows) if row]
        if set(map(len, rows)) == {self.width}:
            columns = self._nulled(list(zip(*rows, strict=True)), chunk)
            if all(map(self._keeps_contract, self.fields, columns)):
                return columns
        good = [row for record in chunk.records() if (row := self._row(record)) is not None]
        return list(zip(*good, strict=True)) if good else [()] * len(self.fields)

    def _unblanked(self, row: list[str]) -> list[str]:
        return row or ([""] if self.width == 1 else row)

    def _nulled(self, columns: list[tuple[str, ...]], chunk: Chunk) -> list[Values]:
        nulled: list[Values] = []
        for field in self.fields:
            column = columns[field.position]
            nulled.append([value or None for value in column] if "" in column else column)
        is_in_doubt = any(
            field.type.is_text and None in column
            for field, column in zip(self.fields, nulled, strict=True)
        )
        if is_in_doubt and chunk.has_quoted_empties:
            records = chunk.records()
            rows = [self._values(record) for record in records if self._unblanked(record.row)]
            return list(zip(*rows, strict=True))
        return nulled

    def _values(self, record: Record) -> list[str | None]:
        quoted = set(record.quoted_empties()) if 2 * record.quote in record.raw else set()
        row = self._unblanked(record.row)
        return [
            row[field.position] or ("" if field.type.is_text and field.position in quoted else None)
            for field in self.fields
        ]

    def _keeps_contract(self, field: Field, column: Values) -> bool:
        present = [value for value in column if value is not None] if None in column else column
        if field.is_required and len(present) < len(column):
            return False
        return field.type.admits_all(present)  # type: ignore[arg-type]  # no None is left

    def _row(self, record: Record) -> list[str | None] | None:
        fields = self._unblanked(record.row)
        if not fields:
            return None
        if len(fields) != self.width:
            reason = f"{len(fields)} fields where the header has {self.width}"
            self._breach(Breach(record.line, record.raw, None, reason))
            return None
        row = self._values(record)
        for field, value in zip(self.fields, row, strict=True):
            if reason := fault(field, value):
                values = dict(zip((each.name for each in self.fields), row, strict=True))
                self._breach(Breach(record.line, record.raw, field.name, reason, values))
                return None
        return row

    def _breach(self, breach: Breach) -> None:
        self.breaches += 1
        self._on_breach(breach)
