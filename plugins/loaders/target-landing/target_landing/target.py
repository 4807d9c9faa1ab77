"""The Singer target: messages in, objects and manifests out."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import typing as th
from singer_sdk.exceptions import MissingKeyPropertiesError, RecordsWithoutSchemaException
from singer_sdk.helpers.capabilities import PluginCapabilities
from singer_sdk.singerlib.json import serialize_json
from singer_sdk.target_base import Target

from target_landing import recording
from target_landing.naming import Naming
from target_landing.received import Receiving
from target_landing.segment import Segment
from target_landing.transaction import Transaction
from target_postgres.agreement import check_read
from target_postgres.decoded import records
from target_postgres.ending import Ending
from target_postgres.formats import FOR_COPY, KEYS
from target_postgres.messages import MessageReader
from waybill_common import batch_files, dead_letters
from waybill_common.dead_letters import DeadLetter
from waybill_common.errors import WaybillError
from waybill_lake.log import Log
from waybill_lake.stores import open_store

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

    from singer_sdk.helpers.capabilities import CapabilitiesEnum

logger = logging.getLogger(__name__)

_RAW = "raw_"


class TargetLanding(Target):
    """Lands Singer streams as immutable Parquet objects, and commits them by a manifest."""

    name = "target-landing"
    package_name = "waybill-target-landing"
    message_reader_class = MessageReader
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.BATCH,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property(
            "landing_uri",
            th.StringType(nullable=True),
            title="Landing URI",
            description="Where the lake is: a folder (relative ones start at the project's root), s3://bucket/prefix or gs://bucket/prefix; empty for `lake` under WAYBILL_HOME.",
        ),
        th.Property(
            "source",
            th.StringType(),
            required=True,
            title="Source",
            description="The lake's folder for what arrives; `raw_` at its beginning is left out, so that an extractor's `load_schema` will do.",
        ),
    ).to_dict()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._store = open_store(self.config.get("landing_uri"))
        self._source = str(self.config["source"]).removeprefix(_RAW)
        self._naming = Naming(self._store, self._source)
        self._log = Log(self._store, self._naming.source)
        self._receiving = Receiving()
        self._receiving.head = self._log.head()
        self._transaction = Transaction(self._receiving, self._naming)
        self._ending = Ending(self._receiving, overwrites=False)
        self._letter_streams: set[str] = set()
        self._held: dict[Path, int] = {}
        self._read_files: list[Path] = []
        self._run_id = recording.begin(self._receiving, self._source)

    def process_endofpipe(self) -> None:
        """Commit what no STATE has followed, and let go of everything."""
        state = self._ending.state
        self._commit(state or {}, is_end=True)
        if state is not None:
            self._write_state_message(state)
        self._store.close()
        for folder, lock in self._held.items():
            batch_files.release(folder, lock)

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        self._assert_line_requires(message_dict, requires={"stream", "schema"})
        self._assert_line_requires(message_dict["schema"], requires={"properties"})
        stream, schema = message_dict["stream"], message_dict["schema"]
        if schema.get(dead_letters.MARK):
            self._letter_streams.add(stream)
            return
        self._ending.is_after_state = False
        key = message_dict.get("key_properties") or []
        segment = Segment(self._store, self._naming, stream, schema, key)
        self._transaction.begin(segment)
        self._receiving.limits[stream] = dead_letters.limit_of(schema.get(dead_letters.LIMIT_MARK))

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        stream, record = message_dict["stream"], message_dict["record"]
        if stream in self._letter_streams:
            letter = DeadLetter.from_record(record)
            self._segment(letter.stream).has_news = True
            self._receiving.received[letter.stream].rows += 1
            self._bury(letter)
            return
        self._ending.is_after_state = False
        if message_dict.get("version") is not None:
            self._ending.note_version(stream)
        segment = self._segment(stream)
        for name in segment.key_properties:
            if name not in record:
                msg = f"Stream {stream}: a record lacks its key column {name}."
                raise MissingKeyPropertiesError(msg)
        self._receiving.received[stream].rows += 1
        if refused := segment.add_record(record, message_dict.get("time_extracted")):
            self._bury(refused)

    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        stream, encoding = message_dict["stream"], message_dict["encoding"]
        self._ending.is_after_state = False
        if encoding["format"] not in FOR_COPY:
            each = {"stream": stream, "version": message_dict.get("version")}
            for record in records(stream, message_dict):
                self._process_record_message(each | {"record": record})
            return
        paths = [batch_files.local_path(uri) for uri in message_dict["manifest"]]
        for folder in {path.parent for path in paths} - set(self._held):
            if batch_files.is_run_folder(folder):
                self._held[folder] = batch_files.hold(folder)
        self._read_files += [path for path in paths if path.parent in self._held]
        try:
            rows = self._segment(stream).add_batch(paths, encoding)
        except WaybillError as error:
            msg = f"Stream {stream}: {error.cause}"
            raise WaybillError(msg, error.remedy) from error
        if rows != encoding.get("rows", rows):
            msg = f"Stream {stream}: batch files hold {rows} rows, their message says {encoding['rows']}."
            raise WaybillError(msg, "Run again: a batch file was cut off.")
        if encoding.get("kind") != KEYS:
            self._receiving.received[stream].rows += rows

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        state = message_dict["value"]
        self._ending.is_after_state = True
        if self._ending.is_awaited:
            self._ending.take_state(state)
            return
        self._commit(state)
        self._write_state_message(state)

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        self._segment(message_dict["stream"])
        self._ending.activate(message_dict["stream"], message_dict["version"])

    def _handle_max_record_age(self) -> None:
        """Leave transactions to the tap: they end with a STATE, never with time."""

    def _write_state_message(self, state: dict[str, Any]) -> None:
        sys.stdout.write(serialize_json(state) + "\n")
        sys.stdout.flush()

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Leave at once; what no manifest names is not in the lake."""
        raise SystemExit(128 + signum)

    def _segment(self, stream: str) -> Segment:
        segment = self._transaction.segment(stream)
        if segment is None:
            msg = f"Stream {stream}: a message came before its SCHEMA."
            raise RecordsWithoutSchemaException(msg)
        return segment

    def _bury(self, letter: DeadLetter) -> None:
        self._receiving.bury(letter)
        stream = dead_letters.STREAM
        segment = self._transaction.segment(stream)
        if segment is None:
            segment = Segment(self._store, self._naming, stream, dead_letters.SCHEMA, [])
            self._transaction.begin(segment)
        segment.add_record(letter.record(), None)

    def _end(self) -> set[str]:
        """Decide what the end of the input means; returns the streams that are whole."""
        whole = set()
        for segment in self._transaction.open_segments():
            self._ending.check(segment.stream)
            marks = ("x-source-partition", "x-whole-table", "x-ends-with-state")
            if any(map(segment.schema.get, marks)) and not self._ending.is_after_state:
                msg = (
                    f"Stream {segment.stream}: the input ended before the STATE that its rows need."
                )
                raise WaybillError(msg, "The tap has failed: see its own error, and run again.")
            if self._ending.replaces("", segment.stream):
                whole.add(segment.stream)
        return whole

    def _commit(self, state: dict[str, Any], *, is_end: bool = False) -> None:
        """Make everything since the last commit durable, or nothing of it.

        Args:
            state: The state that follows it.
            is_end: Whether the input is over, so that no STATE will follow.

        Raises:
            WaybillError: The tap died before the STATE that its rows need, too many rows are dead,
                or read and received differ; nothing is committed.
        """
        bookmarks = state.get("bookmarks")
        bookmarks = bookmarks if isinstance(bookmarks, dict) else {}
        whole = self._end() if is_end else set()
        self._transaction.settle()
        check_read(self._receiving.received, bookmarks)
        self._receiving.check_limits()
        if self._transaction.has_news(bookmarks):
            self._transaction.put_keys()
            self._receiving.head = self._log.append(
                self._receiving.head,
                lambda head: self._transaction.manifest(
                    head, bookmarks, whole, source=self._source, run_id=self._run_id
                ),
            )
            logger.info("%s: manifest %d", self._source, self._receiving.head.sequence)
        self._transaction.committed()
        for path in self._read_files:
            path.unlink(missing_ok=True)
        self._read_files = []
