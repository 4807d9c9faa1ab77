"""One stream under one schema: its rows on the way to the table."""

from __future__ import annotations

import datetime as dt
import logging
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg
from singer_sdk.exceptions import MissingKeyPropertiesError
from singer_sdk.sinks import Sink

from target_postgres.counts import Counts
from target_postgres.dead_letters import Letters
from target_postgres.loading import Loading
from target_postgres.merge import Merge
from target_postgres.refused import incomplete, refusal
from target_postgres.replacing import Replacing
from target_postgres.tables import destination
from waybill_common.dead_letters import LIMIT_MARK, limit_of
from waybill_common.errors import WaybillError
from waybill_common.targets.columns import EXTRACTED_AT, columns_of
from waybill_common.targets.ending import awaits_state
from waybill_common.targets.formats import KEYS, BatchFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from target_postgres.dead_letters import FoundBy
    from target_postgres.session import Session
    from target_postgres.staging import Staging
    from target_postgres.tables import Plan
    from target_postgres.target import TargetPostgres
    from waybill_common.dead_letters import DeadLetter

logger = logging.getLogger(__name__)


class PostgresSink(Sink):
    """Stages a stream's rows and merges them when the target commits.

    Attributes:
        needs_state: Whether rows may only land together with the STATE that follows them.
        is_settled: Whether the table has what this schema needs.
        letters: Its rows that cannot land.
    """

    target: TargetPostgres

    def __init__(self, target: TargetPostgres, *args: Any, **kwargs: Any) -> None:
        super().__init__(target, *args, **kwargs)
        self._session: Session = target.session
        schema = self.original_schema
        self._columns = columns_of(self.stream_name, schema)
        self.target_schema, self.target_table = destination(
            self.stream_name, self.config.get("default_target_schema")
        )
        method = self.config["load_method"]
        is_appended = method == "append-only"
        self._key = [] if is_appended else list(self.key_properties)
        self._totals = [column.name for column in self._columns if column.is_control_total]
        for name in self._totals:
            self._session.received[self.stream_name].totals.setdefault(name, Decimal(0))
        self._personal = {column.name for column in self._columns if column.is_personal}
        self._is_partitioned = bool(schema.get("x-source-partition")) and not is_appended
        self._is_whole_table = method == "overwrite" or (
            bool(schema.get("x-whole-table")) and not is_appended
        )
        self._marks = not (
            method == "overwrite" or self._is_partitioned or self.config["hard_delete"]
        )
        self.needs_state = awaits_state(schema)
        self._required = frozenset(schema.get("required", ())).intersection(schema["properties"])
        self._encoders = [(column.name, column.encode) for column in self._columns]
        self._loading = self._new_loading()
        self._batch_ids: dict[str, None] = {}
        self._is_repeated = False
        self._files: list[Path] = []
        self._counts = Counts()
        self._is_open = False
        self.is_settled = False
        self.letters = Letters(
            self._session,
            schema=self.target_schema,
            stream=self.stream_name,
            table=self.target_table,
            key=[] if self._is_partitioned or self._is_whole_table else self._key,
            totals=self._totals,
            limit=limit_of(schema.get(LIMIT_MARK)),
            personal=self._personal,
        )
        self._replacing = Replacing(
            self._session,
            (self.stream_name, schema.get("x-load")),
            self.letters,
            by_file=self._is_partitioned,
            whole_table=self._is_whole_table,
        )
        if missing := set(self._key) - {column.name for column in self._columns}:
            msg = f"Stream {self.stream_name}: key column {min(missing)} is not in its SCHEMA."
            raise WaybillError(msg)

    @property
    def is_open(self) -> bool:
        """Whether the open transaction has rows of it."""
        return self._is_open or self._loading.started_at is not None

    @property
    def is_due(self) -> bool:
        """Whether there is something to write in the open transaction."""
        return self._loading.started_at is not None or not self.is_settled

    @property
    def is_whole_table_due(self) -> bool:
        """Whether this invocation is to replace the table and has not begun to."""
        return self._replacing.is_whole_table_due

    def replace_table(self) -> None:
        """Let the rows of the open transaction take the place of all others."""
        self._replacing.whole_table = self.config["load_method"] != "append-only"

    def add(self, record: Mapping[str, Any], extracted_at: object) -> None:
        """Take one record.

        Raises:
            MissingKeyPropertiesError: It lacks a key column.
        """
        for name in self.key_properties:
            if name not in record:
                msg = f"Stream {self.stream_name}: a record lacks its key column {name}."
                raise MissingKeyPropertiesError(msg)
        if self._validator is not None:
            self._validator.validate(dict(record))
        if not self._required <= record.keys():
            self._bury_incomplete(record)
            return
        staging = self._loading.staging or self._loading.stage()
        fields = [encode(record.get(name)) for name, encode in self._encoders]
        at = record.get(EXTRACTED_AT) or extracted_at
        fields.append(str(at) if at else r"\N")
        staging.add("\t".join(fields) + "\n")

    def add_batch(self, paths: Sequence[Path], encoding: Mapping[str, Any]) -> int:
        """Take the files of a BATCH message that COPY reads.

        Args:
            paths: The files.
            encoding: The message's `encoding`.

        Returns:
            How many rows they hold, also if the ledger shows that they were loaded before.
        """
        files = [BatchFile.of(each, encoding, [c.name for c in self._columns]) for each in paths]
        self._files += [file.path for file in files if file.is_temporary]
        is_keys = encoding.get("kind") == KEYS
        if is_keys and self.key_properties and not self._key:
            return int(encoding["rows"])  # what is appended keeps rows that are gone
        batch_id = encoding.get("batch_id")
        # Only rows that are appended would double when a batch comes again.
        if batch_id and not (self._key or self._is_partitioned or self._is_whole_table):
            if self._session.has_loaded(self.target_schema, self.stream_name, batch_id):
                self._session.received[self.stream_name].has_skipped = self._is_repeated = True
                return int(encoding["rows"])
            self._batch_ids[batch_id] = None
        return (self._loading.copy_keys if is_keys else self._loading.copy_files)(files)

    def add_partition(self, name: str) -> None:
        """Take note that all rows of a file are in this transaction, also if it has none."""
        if self._is_partitioned:
            self._replacing.files.add(name)
            self._loading.open()

    def add_letter(self, letter: DeadLetter, found_by: FoundBy) -> None:
        """Take a row that cannot land.

        Raises:
            WaybillError: No row of the stream may be dead, or most of them are.
        """
        if letter.source_file is not None:
            self.add_partition(letter.source_file)
        self._loading.open()
        staging = self._loading.staging
        self.letters.add(letter, found_by, staging.rows if staging else 0)

    def settle(self, bookmark: object) -> None:
        """Write what is staged, inside the open transaction, with its ledger row.

        Args:
            bookmark: The stream's part of the state, or None.

        Raises:
            WaybillError: PostgreSQL refuses it, such as a key that is NULL.
        """
        started_at = self._loading.started_at or dt.datetime.now(tz=dt.UTC)
        try:
            counts = self._write()
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            place = f"Stream {self.stream_name}: {self.target_schema}.{self.target_table}"
            raise refusal(error, place, self._personal) from error
        if self._is_repeated and not self._batch_ids:
            self.letters.drop()
        counts.bury(self.letters.count, self.letters.counted)
        load_id = self._session.record(
            schema=self.target_schema,
            stream=self.stream_name,
            table=self.target_table,
            started_at=started_at,
            counts=counts,
            bookmark=bookmark,
            batch_ids=list(self._batch_ids),
        )
        self.letters.settle(load_id)
        self._counts.add(counts)
        self._loading = self._new_loading()
        self._batch_ids, self._is_repeated = {}, False
        self._replacing.files.clear()
        self._is_open = self.is_settled = True

    def committed(self) -> None:
        """Take note of the commit: say what has landed, and delete its batch files."""
        if self._counts.received or self._counts.deleted:
            logger.info("%s.%s: %s", self.target_schema, self.target_table, self._counts)
        self._counts = Counts()
        self._is_open = False
        for path in self._files:
            path.unlink(missing_ok=True)
        self._files = []

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:  # noqa: ARG002
        """Take one record; the SDK's own name for `add`."""
        self.add(record, None)

    def process_batch(self, context: dict[str, Any]) -> None:
        """Nothing: the SDK never drains."""

    def _bury_incomplete(self, record: Mapping[str, Any]) -> None:
        values = {name: encode(record.get(name)) for name, encode in self._encoders}
        column = min(self._required.difference(record))
        self.add_letter(incomplete(self.stream_name, values, self._key, column), "target")

    def _new_loading(self) -> Loading:
        return Loading(
            self._session,
            stream=self.stream_name,
            schema=self.target_schema,
            table=self.target_table,
            columns=self._columns,
            key=self._key,
            totals=self._totals,
            refuse=lambda letter: self.add_letter(letter, "target"),
            drift=self.original_schema.get("x-drift") or self.config["drift"],
        )

    def _write(self) -> Counts:
        connection, loading = self._session.connection, self._loading
        self._session.claim()
        table_plan = loading.plan
        for statement in table_plan.before:
            connection.execute(statement)
        counts = loading.direct.counts() if loading.direct else Counts()
        if loading.direct:
            self._replacing.begin(loading.direct.relation, loading.direct.partitions())
        elif self._replacing.files or self.is_whole_table_due:
            loading.stage()
        if loading.staging:
            loading.staging.flush()
            counts.add(self._merge(loading.staging, table_plan))
        if loading.keys:
            counts.add(loading.delete_others(self._totals, is_hard=self.config["hard_delete"]))
            self.letters.resolve_others(loading.keys.relation)
        for statement in table_plan.after:
            connection.execute(statement)
        return counts

    def _merge(self, staging: Staging, table_plan: Plan) -> Counts:
        merge = Merge(
            self._session.connection,
            schema=self.target_schema,
            table=self.target_table,
            staging=staging,
            columns={
                column.name: table_plan.types[column.name]
                for column in self._columns
                if column.name not in table_plan.left_out
            },
            key=self._key,
            totals=self._totals,
        )
        found = staging.source_files() if self._is_partitioned else []
        whole_table, partitions = self._replacing.begin(staging.relation, found)
        return merge.run(
            whole_table=whole_table,
            partitions=partitions,
            is_continued=self._loading.direct is not None,
            marks=self._marks,
        )
