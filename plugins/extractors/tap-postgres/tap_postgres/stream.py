"""A stream: one table or view, sent as COPY batches or as records."""

from __future__ import annotations

import itertools
import json
import logging
import sys
import time
import uuid
from contextlib import closing
from decimal import Decimal
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from tap_postgres import batches, binary, records, values
from tap_postgres.reading import Reading
from tap_postgres.window import Reloading, Window
from waybill_common.errors import WaybillError
from waybill_common.tap import CopyEncoding, WaybillStream

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.singerlib.messages import SchemaMessage

    from tap_postgres.figures import Figures
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
        marks: What the contract says of it that the target has to know.
    """

    def __init__(  # noqa: PLR0913 - a stream has this many sides
        self,
        tap: TapPostgres,
        relation: Relation,
        *,
        key: Sequence[str],
        replication_key: str | None,
        totals: Sequence[str],
        marks: Mapping[str, Any] | None = None,
    ) -> None:
        properties = {
            column.name: values.definition(column.sql_type)
            | ({"x-control-total": True} if column.name in totals else {})
            | ({"x-pii": True} if column.is_personal else {})
            for column in relation.columns
        }
        super().__init__(
            tap, schema={"type": "object", "properties": properties}, name=relation.name
        )
        self._postgres_tap = tap
        self._relation = relation
        self._control_totals = totals
        self._marks = dict(marks or {})
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

    @cached_property
    def reading(self) -> Reading:
        """What this run reads of it."""
        self._check_method()
        selected = self._columns()
        names = {column.name for column in selected}
        window = self._window()
        return (partial(Reloading, window) if window else Reading)(
            snapshot=self._postgres_tap.snapshot,
            relation=self._relation,
            columns=selected,
            key=self.primary_keys,
            replication_key=self.replication_key if self.is_read_on else None,
            totals=[name for name in self._control_totals if name in names],
            bookmark=self.stream_state,
            # A target that knows no comparison of keys could not settle what is gone meanwhile.
            rows_per_part=self.config["rows_per_part"] if self.goes_as_batches else 0,
        )

    @property
    def goes_as_batches(self) -> bool:
        """Whether its rows go as files."""
        return self.get_batch_config(self.config) is not None

    @property
    def plan(self) -> batches.Plan:
        """How it goes as batch files."""
        columns = self._columns()
        is_late = self.is_read_on and not self.reading.is_whole and self.config["find_deletes"]
        return batches.Plan(
            stream=self.name,
            reading=self.reading,
            columns=[column.name for column in columns],
            key=self.primary_keys,
            is_binary=all(binary.carries(column.sql_type) for column in columns)
            and not any(column.hashed_type for column in columns),
            compares_keys=is_late or self.reading.needs_keys,
        )

    def get_records(self, context: Any) -> Iterator[dict[str, Any]]:  # noqa: ARG002 - SDK signature
        """Each row as a record."""
        limit = None if self.ABORT_AT_RECORD_COUNT is None else self.ABORT_AT_RECORD_COUNT + 1
        with closing(self._postgres_tap.snapshot.reader()) as connection:
            lines = self.reading.lines(connection, limit)
            for record in records.objects(lines, self._columns()):
                yield json.loads(record, parse_float=Decimal)

    def get_replication_key_signpost(self, context: Any = None) -> None:
        """None: the snapshot says up to where the source is known."""

    def _generate_schema_messages(self) -> Generator[SchemaMessage, None, None]:
        """The SDK's messages, with what our target is to know of the rows that follow."""
        mark = "x-whole-table" if self.reading.is_whole else "x-ends-with-state"
        for message in super()._generate_schema_messages():
            message.schema.update({mark: True, **self._marks})
            yield message

    def _sync_batches(self, batch_config: BatchConfig, context: Any = None) -> None:  # noqa: ARG002 - SDK signature
        began, readers = time.monotonic(), self._postgres_tap.readers
        try:
            for event in readers.events(self.name):
                if isinstance(event, batches.Batch):
                    self._write_batch(event)
                    continue
                self.write_bookmark(event.bookmark)
                if event.figures:
                    self._log(event.figures, began)
        except BaseException:
            readers.close()
            raise

    def _write_batch(self, batch: batches.Batch) -> None:
        encoding = CopyEncoding(
            format="copy-binary" if batch.is_binary else "copy",
            kind="keys" if batch.is_keys else None,
            columns=list(batch.columns),
            rows=batch.rows,
            batch_id=uuid.uuid4().hex,
            extracted_at=self._postgres_tap.snapshot.taken_at.isoformat(),
        )
        manifest = [batch.path.absolute().as_uri()] if batch.path else []
        self._write_batch_message(encoding=encoding, manifest=manifest)

    def _sync_records(
        self,
        context: Any = None,
        *,
        write_messages: bool = True,
    ) -> Generator[dict[str, Any], Any, Any]:
        if self.is_mapped or self.ABORT_AT_RECORD_COUNT is not None:
            yield from self._sync_through_sdk(context, write_messages=write_messages)
            return
        began = time.monotonic()
        extracted_at = self._postgres_tap.snapshot.taken_at.isoformat()
        head = f'{{"type":"RECORD","stream":{json.dumps(self.name)},"record":'
        tail = f',"time_extracted":"{extracted_at}"}}\n'
        sent = 0
        connection = self._postgres_tap.snapshot.connection
        figures = self.reading.figures(connection)
        lines = self.reading.lines(connection) if figures.read.rows else iter(())
        rows = records.objects(lines, self._columns())
        while some := list(itertools.islice(rows, _RECORDS_A_WRITE)):
            sys.stdout.write("".join([head + record + tail for record in some]))
            sent += len(some)
        figures.check_sent(self.name, sent)
        self.write_bookmark(self.reading.bookmark(figures))
        self._log(figures, began)

    def _sync_through_sdk(
        self, context: Any, *, write_messages: bool
    ) -> Generator[dict[str, Any], Any, Any]:
        """Let the SDK's stream maps and dry runs have each record."""
        figures = self.reading.figures(self._postgres_tap.snapshot.connection)
        for index, record in enumerate(self.get_records(context)):
            self._check_max_record_limit(index)
            if write_messages:
                self._write_record_message(record)
            yield record
        self.write_bookmark(self.reading.bookmark(figures))

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

    def _window(self) -> Window | None:
        """The window to read once more.

        Raises:
            WaybillError: It has no window, as each run reads it whole.
        """
        found = Window.between(self.config.get("window_from"), self.config.get("window_to"))
        if found and not self.is_read_on:
            msg = (
                f"Stream {self.name}: it has no key or replication key, so each run reads it whole."
            )
            raise WaybillError(msg, "Leave it out: there is no window to read again.")
        return found

    def _log(self, figures: Figures, began: float) -> None:
        logger.info(
            "%s: %s of %s rows sent in %.1f s",
            self.name,
            f"{figures.read.rows:,}",
            f"{figures.source.rows:,}",
            time.monotonic() - began,
        )

    def _columns(self) -> list[SourceColumn]:
        return [column for column in self._relation.columns if self._is_selected(column.name)]

    def _is_selected(self, name: str) -> bool:
        return name in self.primary_keys or self.mask["properties", name]
