"""The Singer target: messages in, transactions out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import typing as th
from singer_sdk.helpers.capabilities import PluginCapabilities, TargetCapabilities
from singer_sdk.mapper import SameRecordTransform

from target_postgres import recording
from target_postgres.session import Session
from target_postgres.sink import PostgresSink
from waybill_common import connections, dead_letters
from waybill_common.dead_letters import DeadLetter
from waybill_common.errors import WaybillError
from waybill_common.targets.agreement import check_read
from waybill_common.targets.ending import cut_off
from waybill_common.targets.target import WaybillTarget

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from singer_sdk.helpers.capabilities import CapabilitiesEnum

logger = logging.getLogger(__name__)


class TargetPostgres(WaybillTarget):
    """Lands Singer streams in PostgreSQL by COPY and one merge per transaction."""

    name = "target-postgres"
    package_name = "waybill-target-postgres"
    default_sink_class = PostgresSink
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
        recording.begin(self.session, self.config.get("default_target_schema"))

    @property
    def history(self) -> Session:
        """The warehouse, which knows what landed before."""
        return self.session

    @property
    def overwrites(self) -> bool:
        """Whether every stream takes the place of what its table holds."""
        return bool(self.config["load_method"] == "overwrite")

    def close(self) -> None:
        """Leave the warehouse."""
        self.session.close()

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        if message_dict["schema"].get(dead_letters.MARK):
            self._letter_streams.add(message_dict["stream"])
            return
        self._direct.clear()
        self.ending.is_after_state = False
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
        self.ending.is_after_state = False
        if message_dict.get("version") is not None:
            self.ending.note_version(stream)
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

    def take_files(self, stream: str, paths: Sequence[Path], encoding: Mapping[str, Any]) -> int:
        """Copy files into the stream's table, or beside it.

        Raises:
            WaybillError: A file is gone or another one, or a map stands before the stream.
        """
        sink = self._find_direct(stream)
        if sink is None:
            msg = f"Stream {stream}: stream maps and flattening need records, not batch files."
            raise WaybillError(msg, "Set the tap's `mode` to record.")
        if partition := encoding.get("source_partition"):
            sink.add_partition(partition)
        rows = sink.add_batch(paths, encoding)
        # A range says how long it is: the file that it is of may hold many.
        self.session.bytes += encoding.get("length") or sum(path.stat().st_size for path in paths)
        return rows

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        stream = message_dict["stream"]
        if stream not in self.mapper.stream_maps:
            self._assert_sink_exists(stream)
        for stream_map in self.mapper.stream_maps[stream]:
            self.ending.activate(stream_map.stream_alias, message_dict["version"])

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
        if self.ending.replaces(sink.target_schema, sink.stream_name):
            sink.replace_table()
        if sink.is_open or sink.is_whole_table_due:
            self.ending.check(sink.stream_name)
            if sink.needs_state and self.ending.state is None:
                raise cut_off(sink.stream_name)

    def commit(self, state: dict[str, Any], *, is_end: bool = False) -> None:
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
