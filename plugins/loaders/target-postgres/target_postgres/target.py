"""The Singer target: messages in, transactions out."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import typing as th
from singer_sdk.helpers.capabilities import PluginCapabilities, TargetCapabilities
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib.json import serialize_json
from singer_sdk.target_base import Target

from target_postgres import recording
from target_postgres.agreement import check_read
from target_postgres.decoded import records
from target_postgres.ending import Ending
from target_postgres.formats import FOR_COPY, KEYS
from target_postgres.messages import MessageReader
from target_postgres.session import Session
from target_postgres.sink import PostgresSink
from waybill_common import batch_files, connections, dead_letters
from waybill_common.dead_letters import DeadLetter
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

    from singer_sdk.helpers.capabilities import CapabilitiesEnum

logger = logging.getLogger(__name__)


class TargetPostgres(Target):
    """Lands Singer streams in PostgreSQL by COPY and one merge per transaction."""

    name = "target-postgres"
    package_name = "waybill-target-postgres"
    default_sink_class = PostgresSink
    message_reader_class = MessageReader
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.BATCH,
        PluginCapabilities.STRUCTURED_LOGGING,
        TargetCapabilities.VALIDATE_RECORDS,
    ]
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property(
            "sqlalchemy_url",
            th.StringType(nullable=True),
            secret=True,
            title="URL",
            description=(
                "postgresql://user:password@host:5432/database; empty for the project's warehouse"
                " in the role `loader`."
            ),
        ),
        th.Property(
            "default_target_schema",
            th.StringType(nullable=True),
            title="Schema",
            description="Schema the streams land in; empty where streams are named schema-table.",
        ),
        th.Property(
            "load_method",
            th.StringType(allowed_values=["upsert", "append-only", "overwrite"]),
            default="upsert",
            title="Load method",
            description=(
                "How rows of a stream with a key are written; append-only lands every version"
                " without a key, overwrite leaves what this run has sent."
            ),
        ),
        th.Property(
            "validate_records",
            th.BooleanType(),
            default=False,
            title="Validate records",
            description="Check each record against its JSON schema as well; PostgreSQL checks the types.",
        ),
        th.Property(
            "drift",
            th.StringType(allowed_values=["evolve", "freeze", "quarantine"]),
            default="evolve",
            title="Drift",
            description=(
                "What a new column or wider type does to a table, where the tap does not say:"
                " evolve changes the table, freeze refuses, quarantine leaves new columns out."
            ),
        ),
        th.Property(
            "hard_delete",
            th.BooleanType(),
            default=False,
            title="Hard delete",
            description=(
                "Remove rows that are gone from the source, instead of marking them in"
                " `_sdc_deleted_at`."
            ),
        ),
    ).to_dict()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        url = self.config.get("sqlalchemy_url")
        login = (
            connections.from_url(url, setting="sqlalchemy_url")
            if url
            else connections.warehouse("loader")
        )
        self.session = Session(login)
        self._bookmarks: dict[str, Any] = {}
        self._direct: dict[str, PostgresSink] = {}
        self._held: dict[Path, int] = {}
        self._letter_streams: set[str] = set()
        self._ending = Ending(self.session, overwrites=self.config["load_method"] == "overwrite")
        recording.begin(self.session, self.config.get("default_target_schema"))

    def process_endofpipe(self) -> None:
        """Commit what no STATE has followed, and let go of everything."""
        state = self._ending.state
        self._commit(state or {}, is_end=True)
        if state is not None:
            self._write_state_message(state)
        self.session.close()
        for folder, lock in self._held.items():
            batch_files.release(folder, lock)

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        if message_dict["schema"].get(dead_letters.MARK):
            self._letter_streams.add(message_dict["stream"])
            return
        self._direct.clear()
        self._ending.is_after_state = False
        super()._process_schema_message(message_dict)
        # What came under the old schema goes first, and the new one meets the table it leaves.
        for sink in self._sinks_to_clear:
            if isinstance(sink, PostgresSink) and sink.is_due:
                sink.settle(None)
        if load := message_dict["schema"].get("x-load"):
            self.session.begin_load(message_dict["stream"], str(load))

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        stream = message_dict["stream"]
        record = message_dict["record"]
        if stream in self._letter_streams:
            self._add_letter(DeadLetter.from_record(record))
            return
        self._ending.is_after_state = False
        if message_dict.get("version") is not None:
            self._ending.note_version(stream)
        extracted_at = message_dict.get("time_extracted")
        sink = self._direct.get(stream) or self._find_direct(stream)
        self.session.received[stream].rows += 1
        if sink is not None:
            sink.add(record, extracted_at)
            return
        for stream_map in self.mapper.stream_maps[stream]:
            mapped = stream_map.transform(dict(record))
            if mapped is not None:
                self._sink(stream_map.stream_alias).add(mapped, extracted_at)

    def _add_letter(self, letter: DeadLetter) -> None:
        if letter.stream not in self.mapper.stream_maps:
            msg = f"A dead letter came for stream {letter.stream}, which has no SCHEMA."
            raise WaybillError(msg)
        self.session.received[letter.stream].rows += 1
        self._sink(self.mapper.stream_maps[letter.stream][0].stream_alias).add_letter(letter, "tap")

    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        stream, encoding = message_dict["stream"], message_dict["encoding"]
        self._ending.is_after_state = False
        if encoding["format"] not in FOR_COPY:
            each = {"stream": stream, "version": message_dict.get("version")}
            for record in records(stream, message_dict):
                self._process_record_message(each | {"record": record})
            return
        sink = self._find_direct(stream)
        if sink is None:
            msg = f"Stream {stream}: stream maps and flattening need records, not batch files."
            raise WaybillError(msg, "Set the tap's `mode` to record.")
        if partition := encoding.get("source_partition"):
            sink.add_partition(partition)
        paths = [batch_files.local_path(uri) for uri in message_dict["manifest"]]
        for folder in {path.parent for path in paths} - set(self._held):
            if batch_files.is_run_folder(folder):
                self._held[folder] = batch_files.hold(folder)
        rows = sink.add_batch(paths, encoding)
        # A range says how long it is: the file that it is of may hold many.
        self.session.bytes += encoding.get("length") or sum(path.stat().st_size for path in paths)
        if rows != encoding.get("rows", rows):
            msg = f"Stream {stream}: batch files hold {rows} rows, their message says {encoding['rows']}."
            raise WaybillError(msg, "Run again: a batch file was cut off.")
        if encoding.get("kind") != KEYS:
            self.session.received[stream].rows += rows

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        state = message_dict["value"]
        self._ending.is_after_state = True
        if self._ending.is_awaited:
            self._ending.take_state(state)
            return
        self._commit(state)
        self._write_state_message(state)

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        stream = message_dict["stream"]
        if stream not in self.mapper.stream_maps:
            self._assert_sink_exists(stream)
        for stream_map in self.mapper.stream_maps[stream]:
            self._ending.activate(stream_map.stream_alias, message_dict["version"])

    def _handle_max_record_age(self) -> None:
        """Leave transactions to the tap: they end with a STATE, never with time."""

    def _write_state_message(self, state: dict[str, Any]) -> None:
        sys.stdout.write(serialize_json(state) + "\n")
        sys.stdout.flush()

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Leave at once; the server rolls the open transaction back."""
        logger.info("Signal %d: the open transaction is rolled back.", signum)
        raise SystemExit(128 + signum)

    def _sinks(self) -> Iterator[PostgresSink]:
        for sink in (*self._sinks_to_clear, *self._sinks_active.values()):
            if isinstance(sink, PostgresSink):
                yield sink

    def _sink(self, stream: str) -> PostgresSink:
        self._assert_sink_exists(stream)
        sink = self.get_sink(stream)
        if not isinstance(sink, PostgresSink):
            raise TypeError(type(sink))
        return sink

    def _find_direct(self, stream: str) -> PostgresSink | None:
        """The stream's sink, where no map stands between record and sink."""
        if stream not in self.mapper.stream_maps:
            self._assert_sink_exists(stream)
        maps = self.mapper.stream_maps[stream]
        if (
            len(maps) > 1
            or not isinstance(maps[0], SameRecordTransform)
            or maps[0].flattening_enabled
        ):
            return None
        self._direct[stream] = self._sink(maps[0].stream_alias)
        return self._direct[stream]

    def _end(self, sink: PostgresSink) -> None:
        """Decide what the end of the input means for a stream that is not settled."""
        if self._ending.replaces(sink.target_schema, sink.stream_name):
            sink.replace_table()
        if sink.is_open or sink.is_whole_table_due:
            self._ending.check(sink.stream_name)
            if sink.needs_state and self._ending.state is None:
                msg = f"Stream {sink.stream_name}: the input ended before the STATE that its rows need."
                raise WaybillError(msg, "The tap has failed: see its own error, and run again.")

    def _commit(self, state: dict[str, Any], *, is_end: bool = False) -> None:
        """Settle every stream that has something to write, and commit.

        Args:
            state: The state that this transaction carries.
            is_end: Whether the input is over, so that no STATE will follow.

        Raises:
            WaybillError: The tap died before the STATE that its rows need, the state is another
                warehouse's, or read and received differ; nothing is committed.
        """
        bookmarks = state.get("bookmarks")
        bookmarks = bookmarks if isinstance(bookmarks, dict) else {}
        # One order for all, so that two targets never wait for each other.
        for sink in sorted(self._sinks(), key=lambda each: (each.target_schema, each.target_table)):
            bookmark = bookmarks.get(sink.stream_name)
            is_news = bookmark is not None and bookmark != self._bookmarks.get(sink.stream_name)
            if is_end:
                self._end(sink)
            if sink.is_due or is_news or (is_end and sink.is_whole_table_due):
                sink.settle(bookmark)
                self.session.check_history(sink.target_schema, sink.stream_name, bookmark)
        check_read(self.session.received, bookmarks)
        for sink in self._sinks():
            sink.letters.check_limit()
        self.session.commit()
        self._bookmarks.update(bookmarks)
        for sink in self._sinks():
            sink.committed()
        self._sinks_to_clear = []
