"""One stream under one SCHEMA, in one transaction: its rows on the way to objects."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any

from waybill_common import copy_text
from waybill_common.dead_letters import DeadLetter
from waybill_common.targets.columns import EXTRACTED_AT, TIMESTAMP, columns_of
from waybill_common.targets.formats import CSV, KEYS, TEXT, BatchFile
from waybill_lake.from_binary import binary_table
from waybill_lake.from_text import copy_table, csv_table
from waybill_lake.parts import PART_BYTES, Part, PartWriter, Shape
from waybill_lake.to_text import copy_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from target_landing.naming import Naming
    from waybill_lake.stores import Store

_LINES_BYTES = 4 << 20


class Segment:
    """Turns a stream's messages into parts.

    Args:
        store: The lake.
        naming: Gives the objects their names.
        stream: The stream's name.
        schema: Its JSON schema.
        key_properties: Its key.

    Attributes:
        parts: What is in the lake, or a word that there are no rows, in order.
        sends_keys: Whether the keys that the source holds have come.
        has_news: Whether there is anything to replay.
    """

    def __init__(
        self,
        store: Store,
        naming: Naming,
        stream: str,
        schema: dict[str, Any],
        key_properties: Sequence[str],
    ) -> None:
        self._store = store
        self._naming = naming
        self.stream = stream
        self.schema = schema
        self.key_properties = list(key_properties)
        columns = columns_of(stream, schema)
        self._encoders = [(column.name, column.encode) for column in columns]
        self._types = {column.name: column.sql_type for column in columns}
        self._types[EXTRACTED_AT] = TIMESTAMP
        self.totals = [column.name for column in columns if column.is_control_total]
        self._required = frozenset(schema.get("required", ())).intersection(schema["properties"])
        marks = ("x-source-partition", "x-whole-table")
        self._is_appended = not (self.key_properties or any(map(schema.get, marks)))
        self._is_whole = bool(schema.get("x-whole-table")) and bool(self.key_properties)
        self._key_sum = 0
        self.sends_keys = False
        self.parts: list[Part] = []
        self.has_news = False
        self._writer: PartWriter | None = None
        self._lines: list[str] = []
        self._lines_size = 0
        self._held: list[PartWriter] = []

    @property
    def keys(self) -> str | None:
        """Fingerprint of the keys that the source holds; None where it is not known."""
        if self.sends_keys or self._is_whole:
            return f"{self._key_sum:032x}"
        return None

    def next(self) -> Segment:
        """The same stream and schema in the next transaction."""
        return Segment(self._store, self._naming, self.stream, self.schema, self.key_properties)

    def is_like(self, other: Segment) -> bool:
        """Whether another segment has the same schema and key."""
        return (self.schema, self.key_properties) == (other.schema, other.key_properties)

    def lacks(self, record: Mapping[str, Any]) -> str | None:
        """The first property that a record must have and has not."""
        return min(self._required.difference(record), default=None)

    def add_record(self, record: Mapping[str, Any], extracted_at: object) -> DeadLetter | None:
        """Take one record; returns a letter instead where it cannot land."""
        fields = [encode(record.get(name)) for name, encode in self._encoders]
        if missing := self.lacks(record):
            return self._letter(fields, missing, "the record lacks it, which its schema requires")
        line = "\t".join([*fields, str(record.get(EXTRACTED_AT) or extracted_at or r"\N")]) + "\n"
        try:
            self._lines_size += len(line.encode())
        except UnicodeEncodeError:
            column = next(n for n, f in zip(self._types, fields, strict=False) if _is_broken(f))
            return self._letter(fields, column, "half of a surrogate pair, which UTF-8 cannot hold")
        self._lines.append(line)
        self.has_news = True
        if self._lines_size >= _LINES_BYTES:
            self._flush_lines()
        return None

    def add_batch(self, paths: Sequence[Path], encoding: Mapping[str, Any]) -> int:
        """Take the files of a BATCH message that COPY reads; returns how many rows they hold."""
        self._flush_lines()
        names = [name for name, _ in self._encoders]
        files = [BatchFile.of(each, encoding, names) for each in paths]
        is_keys = encoding.get("kind") == KEYS
        shape = Shape(
            kind=KEYS if is_keys else "rows",
            columns=tuple(encoding.get("columns") or names),
            extracted_at=encoding.get("extracted_at") or None,
            source_partition=encoding.get("source_partition"),
            batch_id=encoding.get("batch_id") if self._is_appended and not is_keys else None,
        )
        if not files:
            self._add_nothing(shape)
        rows = 0
        for file in files:
            data = b"".join(file.chunks(self.stream))
            table = self._table(file, data)
            rows += table.num_rows
            self._add(shape, table)
        return rows

    def settle(self) -> None:
        """Put what has not been put yet, the keys left out."""
        self._flush_lines()
        self._close()

    def put_keys(self) -> None:
        """Put the keys: they are worth it."""
        for writer in self._held:
            self.parts.append(writer.close(self._store, self._name(writer.shape)))
        self._held = []

    def drop_keys(self) -> None:
        """Let go of the keys: the lake has the same already."""
        for writer in self._held:
            writer.abandon()
        self._held = []
        self.parts = [part for part in self.parts if part.shape.kind != KEYS]
        self.sends_keys = False

    def abandon(self) -> None:
        """Let go of what is not in the lake."""
        for writer in (*self._held, *([self._writer] if self._writer else [])):
            writer.abandon()

    def _table(self, file: BatchFile, data: bytes) -> pa.Table:
        if file.format == TEXT:
            return copy_table(data, file.columns, self._types)
        if file.format == CSV:
            return csv_table(data, file.columns, self._types, file.delimiter)
        return binary_table(data, file.columns, self._types)

    def _add(self, shape: Shape, table: pa.Table) -> None:
        writer = self._writer
        if writer and (
            writer.shape != shape
            or writer.size >= PART_BYTES
            or not writer.schema.equals(table.schema, check_metadata=True)
        ):
            self._close()
        if self._writer is None:
            totals = [] if shape.kind == KEYS else self.totals
            self._writer = PartWriter(self._naming.scratch(), shape, table.schema, totals)
        self._writer.add(table)
        if shape.kind == KEYS:
            self.sends_keys = True
        else:
            self.has_news = True
        if shape.kind == KEYS or self._is_whole:
            self._add_keys(table)

    def _add_keys(self, table: pa.Table) -> None:
        """Add to a sum that is the same in whatever order the keys come."""
        for batch in table.select(self.key_properties).to_batches():
            for line in copy_lines(batch).splitlines():
                digest = hashlib.blake2b(line, digest_size=16).digest()
                self._key_sum = (self._key_sum + int.from_bytes(digest)) % (1 << 128)

    def _add_nothing(self, shape: Shape) -> None:
        self._close()
        if shape.kind == KEYS:
            self.sends_keys = True
        else:
            self.has_news = True
        self.parts.append(Part(shape))

    def _close(self) -> None:
        writer, self._writer = self._writer, None
        if writer is None:
            return
        if writer.shape.kind == KEYS:
            self._held.append(writer)
            return
        self.parts.append(writer.close(self._store, self._name(writer.shape)))

    def _name(self, shape: Shape) -> str:
        day = dt.datetime.now(tz=dt.UTC).date().isoformat()
        if shape.extracted_at:
            day = (
                dt.datetime.fromisoformat(shape.extracted_at).astimezone(dt.UTC).date().isoformat()
            )
        return self._naming.object(self.stream, day, "keys" if shape.kind == KEYS else "part")

    def _flush_lines(self) -> None:
        if not self._lines:
            return
        data = "".join(self._lines).encode()
        names = (*(name for name, _ in self._encoders), EXTRACTED_AT)
        self._lines, self._lines_size = [], 0
        batch_id = self._naming.batch_id() if self._is_appended else None
        self._add(Shape(columns=names, batch_id=batch_id), copy_table(data, names, self._types))

    def _letter(self, fields: Sequence[str], column: str, reason: str) -> DeadLetter:
        texts = {
            name: None if field == copy_text.NULL else copy_text.unescape(field)
            for (name, _), field in zip(self._encoders, fields, strict=True)
        }
        return DeadLetter(
            stream=self.stream,
            reason=reason,
            key={name: texts[name] for name in self.key_properties if name in texts} or None,
            column=column,
            payload=texts,
        )


def _is_broken(field: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in field)
