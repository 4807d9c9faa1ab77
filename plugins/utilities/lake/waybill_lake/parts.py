"""Parts: a stream's rows as Parquet objects, with the figures that a manifest has of them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from waybill_common.errors import WaybillError
from waybill_common.values import EXACT
from waybill_lake.arrow_types import base_of, form_of, sql_type_of
from waybill_lake.stores import ExistsError, MissingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from waybill_lake.stores import Store

PART_BYTES = 64 << 20
"""Size in memory at which a part is closed; compressed it is a fraction of that."""
GROUP_BYTES = 16 << 20
_ROWS_AT_ONCE = 1 << 16
_FLOAT_DIGITS = {"real": 6, "double precision": 15}
"""As many as PostgreSQL takes of one when it casts it to numeric, as a sum of control totals does."""
_REMEDY = "Restore it, or land the source anew under another LANDING_URI; nothing of it was loaded."


@dataclass(frozen=True)
class Shape:
    """What all rows of a part have in common.

    Attributes:
        kind: `rows`, or `keys` where they are the keys of all rows of the source.
        columns: The names of the columns.
        extracted_at: When the rows left the source, where that is no column.
        source_partition: The file whose rows they are, where that is no column.
        batch_id: The tap's id of them, where they are appended and must not be twice.
    """

    kind: str = "rows"
    columns: tuple[str, ...] = ()
    extracted_at: str | None = None
    source_partition: str | None = None
    batch_id: str | None = None


@dataclass
class Part:
    """One part, as its manifest has it.

    Attributes:
        object: Its name; None where there are no rows to keep, but the word that there are none.
        sha256: Of its bytes.
        totals: Sums of the control totals, as texts.
    """

    shape: Shape
    object: str | None = None
    bytes: int = 0
    sha256: str = ""
    rows: int = 0
    totals: dict[str, str] = field(default_factory=dict)

    def entry(self) -> dict[str, Any]:
        """The part as JSON has it."""
        own = {
            name: getattr(self, name) for name in ("object", "bytes", "sha256", "rows", "totals")
        }
        shape = asdict(self.shape) | {"columns": list(self.shape.columns)}
        return own | {name: value for name, value in shape.items() if value is not None}

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Part:
        """The part of a manifest's entry."""
        return cls(
            Shape(
                kind=entry["kind"],
                columns=tuple(entry["columns"]),
                extracted_at=entry.get("extracted_at"),
                source_partition=entry.get("source_partition"),
                batch_id=entry.get("batch_id"),
            ),
            **{name: entry[name] for name in ("object", "bytes", "sha256", "rows", "totals")},
        )


class PartWriter:
    """Writes one part.

    Args:
        path: Where its file grows.
        shape: What its rows have in common.
        schema: Their Arrow schema.
        totals: Names of the control totals.
    """

    def __init__(self, path: Path, shape: Shape, schema: pa.Schema, totals: Sequence[str]) -> None:
        self.path = path
        self.shape = shape
        self.schema = schema
        self.size = 0
        self.rows = 0
        self.totals = {name: Decimal(0) for name in totals if name in schema.names}
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._waiting: list[pa.Table] = []
        self._waiting_bytes = 0

    def add(self, table: pa.Table) -> None:
        """Take rows of its schema."""
        self.rows += table.num_rows
        self.size += table.nbytes
        add_totals(self.totals, table)
        self._waiting.append(table)
        self._waiting_bytes += table.nbytes
        if self._waiting_bytes >= GROUP_BYTES:
            self._flush()

    def close(self, store: Store, name: str) -> Part:
        """Make the object.

        Args:
            store: Where.
            name: Its name, which nobody else uses.

        Raises:
            WaybillError: There is one of that name.
        """
        self._flush()
        self._writer.close()
        with self.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = self.path.stat().st_size
        try:
            store.put(name, self.path)
        except ExistsError as error:
            msg = f"{store.place}/{name} is there already, and is never written over."
            raise WaybillError(msg, "Run again: each run has names of its own.") from error
        totals = {column: f"{total:f}" for column, total in self.totals.items()}
        return Part(self.shape, name, size, digest, self.rows, totals)

    def abandon(self) -> None:
        """Let go of what was written."""
        self._writer.close()
        self.path.unlink(missing_ok=True)

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting).combine_chunks())
        self._waiting, self._waiting_bytes = [], 0


def add_totals(totals: dict[str, Decimal], rows: pa.Table | pa.RecordBatch) -> None:
    """Add what rows have to the exact sums of control totals."""
    with localcontext(EXACT):
        for name in totals:
            field_ = rows.schema.field(name)
            digits = _FLOAT_DIGITS.get(base_of(sql_type_of(field_)))
            values = (value for value in rows.column(name).to_pylist() if value is not None)
            if digits is not None and form_of(field_) == "value":
                values = (format(value, f".{digits}g") for value in values)
            totals[name] += sum(map(Decimal, values), Decimal(0))


def read(store: Store, part: Part) -> Iterator[pa.RecordBatch]:
    """The rows of a part that has an object, some ten thousand at a time.

    Raises:
        WaybillError: The object is missing, or not what was written, or its figures differ.
    """
    name = part.object or ""
    place = f"{store.place}/{name}"
    try:
        content = store.get(name)
    except MissingError as error:
        msg = f"The object {place} is missing, which a manifest names."
        raise WaybillError(msg, _REMEDY) from error
    if len(content) != part.bytes or hashlib.sha256(content).hexdigest() != part.sha256:
        msg = f"The object {place} is damaged: its checksum is not that of its manifest."
        raise WaybillError(msg, _REMEDY)
    rows = 0
    totals = {column: Decimal(0) for column in part.totals}
    for batch in pq.ParquetFile(pa.BufferReader(content)).iter_batches(batch_size=_ROWS_AT_ONCE):
        rows += batch.num_rows
        add_totals(totals, batch)
        yield batch
    differing = [
        column
        for column, total in totals.items()
        if f"{total:f}" != part.totals[column] and total != Decimal(part.totals[column])
    ]
    if rows != part.rows or differing:
        what = f"the sum of {differing[0]}" if differing else "its number of rows"
        msg = f"The object {place}: {what} is not that of its manifest."
        raise WaybillError(msg, _REMEDY)
