"""A stream: one table or view, sent as COPY batches or as records."""

from __future__ import annotations

import itertools
import json
import logging
import sys
import time
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tap_postgres import values
from tap_postgres.reading import Reading
from waybill_common import copy_text
from waybill_common.errors import WaybillError
from waybill_common.tap import CopyEncoding, WaybillStream

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.singerlib.messages import SchemaMessage

    from tap_postgres.reading import Figures
    from tap_postgres.relations import Relation, SourceColumn
    from tap_postgres.tap import TapPostgres

logger = logging.getLogger(__name__)

_RECORDS_A_WRITE = 1000
_METHODS = frozenset({"FULL_TABLE", "INCREMENTAL"})


class PostgresStream(WaybillStream):
    """One table or view of the source.

    Args:
        tap: The tap, which holds the snapshot.
        relation: The table or view.
        key: Its key, from the contract or its primary key.
        replication_key: The column an incremental read goes by.
        totals: Its control total columns.
    """

    def __init__(
        self,
        tap: TapPostgres,
        relation: Relation,
        *,
        key: Sequence[str],
        replication_key: str | None,
        totals: Sequence[str],
    ) -> None:
        properties = {
            column.name: values.definition(column.sql_type)
            | ({"x-control-total": True} if column.name in totals else {})
            for column in relation.columns
        }
        super().__init__(
            tap, schema={"type": "object", "properties": properties}, name=relation.name
        )
        self._postgres_tap = tap
        self._relation = relation
        self._control_totals = totals
        self.primary_keys = list(key)
        self.replication_key = replication_key

    @property
    def selected_schema(self) -> dict[str, Any]:
        """The live schema with the selected columns."""
        properties = {
            name: each
            for name, each in self.schema["properties"].items()
            if self._is_selected(name)
        }
        return {"type": "object", "properties": properties}

    @property
    def is_read_on(self) -> bool:
        """Whether a run reads on from the one before it, rather than replace the table.

        Without a key, rows that come again could not be told from new ones.
        """
        return self.replication_method == "INCREMENTAL" and bool(self.primary_keys)

    def get_records(self, context: Any) -> Iterator[dict[str, Any]]:  # noqa: ARG002 - SDK signature
        """Each row as a record."""
        for record in self._records(self._reading()):
            yield json.loads(record, parse_float=Decimal)

    def get_replication_key_signpost(self, context: Any = None) -> None:
        """None: the snapshot says up to where the source is known."""

    def _generate_schema_messages(self) -> Generator[SchemaMessage, None, None]:
        """The SDK's messages, with what our target is to know of the rows that follow."""
        mark = "x-whole-table" if self._reading().is_whole else "x-ends-with-state"
        for message in super()._generate_schema_messages():
            message.schema[mark] = True
            yield message

    def _sync_batches(self, batch_config: BatchConfig, context: Any = None) -> None:  # noqa: ARG002 - SDK signature
        began, reading = time.monotonic(), self._reading()
        source, read, known_up_to = reading.figures()
        sent = 0
        if read.rows:
            folder = self._postgres_tap.batch_folder
            columns = [column.name for column in self._columns()]
            for path, rows in folder.write(reading.lines()):
                encoding = CopyEncoding(
                    columns=columns,
                    rows=rows,
                    batch_id=uuid.uuid4().hex,
                    extracted_at=self._postgres_tap.snapshot.taken_at.isoformat(),
                )
                self._write_batch_message(encoding=encoding, manifest=[path.absolute().as_uri()])
                sent += rows
        self._finish(reading, source, read, known_up_to, sent=sent, began=began)

    def _sync_records(
        self,
        context: Any = None,
        *,
        write_messages: bool = True,
    ) -> Generator[dict[str, Any], Any, Any]:
        if self.is_mapped or self.ABORT_AT_RECORD_COUNT is not None:
            yield from self._sync_through_sdk(context, write_messages=write_messages)
            return
        began, reading = time.monotonic(), self._reading()
        source, read, known_up_to = reading.figures()
        extracted_at = self._postgres_tap.snapshot.taken_at.isoformat()
        head = f'{{"type":"RECORD","stream":{json.dumps(self.name)},"record":'
        tail = f',"time_extracted":"{extracted_at}"}}\n'
        sent = 0
        if read.rows:
            records = self._records(reading)
            while some := list(itertools.islice(records, _RECORDS_A_WRITE)):
                sys.stdout.write("".join([head + record + tail for record in some]))
                sent += len(some)
        self._finish(reading, source, read, known_up_to, sent=sent, began=began)

    def _sync_through_sdk(
        self, context: Any, *, write_messages: bool
    ) -> Generator[dict[str, Any], Any, Any]:
        """Let the SDK's stream maps and dry runs have each record."""
        reading = self._reading()
        source, read, known_up_to = reading.figures()
        for index, record in enumerate(self.get_records(context)):
            self._check_max_record_limit(index)
            if write_messages:
                self._write_record_message(record)
            yield record
        self.write_bookmark(reading.bookmark(source, known_up_to, read))

    def _records(self, reading: Reading) -> Iterator[str]:
        """Each row as a JSON object."""
        columns = self._columns()
        fields = [
            (json.dumps(column.name) + ":", values.fragment(column.sql_type)) for column in columns
        ]
        limit = None if self.ABORT_AT_RECORD_COUNT is None else self.ABORT_AT_RECORD_COUNT + 1
        for line in reading.lines(limit):
            row = copy_text.decode_row(str(line, "utf-8"))
            yield (
                "{"
                + ",".join(
                    [
                        name + ("null" if text is None else convert(text))
                        for (name, convert), text in zip(fields, row, strict=True)
                    ]
                )
                + "}"
            )

    def _reading(self) -> Reading:
        self._check_method()
        selected = self._columns()
        names = {column.name for column in selected}
        return Reading(
            self._postgres_tap.snapshot,
            self._relation,
            columns=selected,
            key=self.primary_keys,
            replication_key=self.replication_key if self.is_read_on else None,
            totals=[name for name in self._control_totals if name in names],
            bookmark=self.stream_state,
        )

    def _check_method(self) -> None:
        """Make sure that the replication method can be had.

        Raises:
            WaybillError: The catalog asks for what cannot be done here.
        """
        if self.replication_method not in _METHODS:
            msg = f"Stream {self.name}: this tap does not know the replication method {self.replication_method}."
            raise WaybillError(
                msg, "Choose FULL_TABLE or INCREMENTAL, or the stock tap-postgres for LOG_BASED."
            )
        names = {column.name for column in self._relation.columns}
        if self.replication_method == "INCREMENTAL" and self.replication_key not in names:
            msg = f"Stream {self.name}: its replication key {self.replication_key} is no column of {self._relation.sql}."
            raise WaybillError(
                msg, "Name a column in the contract or the metadata rule `replication-key`."
            )
        if self.replication_method == "INCREMENTAL" and not self.primary_keys:
            logger.info("%s: it has no key, so it is read whole and replaced.", self.name)

    def _finish(  # noqa: PLR0913 - a read has this many figures
        self,
        reading: Reading,
        source: Figures,
        read: Figures,
        known_up_to: str | None,
        *,
        sent: int,
        began: float,
    ) -> None:
        if sent != read.rows:
            msg = f"Stream {self.name}: {read.rows} rows were counted and {sent} read in one snapshot."
            raise WaybillError(
                msg, "The source is damaged, or a view of it is not stable: check it."
            )
        bookmark = reading.bookmark(source, known_up_to, read)
        self.write_bookmark(bookmark)
        logger.info(
            "%s: %s of %s rows sent in %.1f s",
            self.name,
            f"{sent:,}",
            f"{source.rows:,}",
            time.monotonic() - began,
        )

    def _columns(self) -> list[SourceColumn]:
        return [column for column in self._relation.columns if self._is_selected(column.name)]

    def _is_selected(self, name: str) -> bool:
        return name in self.primary_keys or self.mask["properties", name]
