"""The Singer target: messages in, objects and manifests out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import typing as th
from singer_sdk.exceptions import MissingKeyPropertiesError, RecordsWithoutSchemaException
from singer_sdk.helpers.capabilities import PluginCapabilities

from target_landing import recording
from target_landing.naming import Naming
from target_landing.received import Receiving
from target_landing.segment import Segment
from target_landing.transaction import Transaction
from waybill_common import batch_files, dead_letters
from waybill_common.dead_letters import DeadLetter
from waybill_common.errors import WaybillError
from waybill_common.targets.agreement import check_read
from waybill_common.targets.ending import awaits_state, cut_off
from waybill_common.targets.target import WaybillTarget
from waybill_lake.log import Log
from waybill_lake.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from singer_sdk.helpers.capabilities import CapabilitiesEnum

logger = logging.getLogger(__name__)

_RAW = "raw_"


class TargetLanding(WaybillTarget):
    """Lands Singer streams as immutable Parquet objects, and commits them by a manifest."""

    name = "target-landing"
    package_name = "waybill-target-landing"
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
        self._read_files: list[Path] = []
        self._run_id = recording.begin(self._receiving, self._source)

    @property
    def history(self) -> Receiving:
        """What has come, and what the lake remembers."""
        return self._receiving

    def close(self) -> None:
        """Leave the lake."""
        self._store.close()

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        self._assert_line_requires(message_dict, requires={"stream", "schema"})
        self._assert_line_requires(message_dict["schema"], requires={"properties"})
        stream, schema = message_dict["stream"], message_dict["schema"]
        if schema.get(dead_letters.MARK):
            self._letter_streams.add(stream)
            return
        self.ending.is_after_state = False
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
        self.ending.is_after_state = False
        if message_dict.get("version") is not None:
            self.ending.note_version(stream)
        segment = self._segment(stream)
        for name in segment.key_properties:
            if name not in record:
                msg = f"Stream {stream}: a record lacks its key column {name}."
                raise MissingKeyPropertiesError(msg)
        self._receiving.received[stream].rows += 1
        if refused := segment.add_record(record, message_dict.get("time_extracted")):
            self._bury(refused)

    def take_files(self, stream: str, paths: Sequence[Path], encoding: Mapping[str, Any]) -> int:
        """Turn files into parts.

        Raises:
            WaybillError: A file is gone or another one, or is not what its message says.
        """
        self._read_files += [path for path in paths if batch_files.is_run_folder(path.parent)]
        try:
            return self._segment(stream).add_batch(paths, encoding)
        except WaybillError as error:
            msg = f"Stream {stream}: {error.cause}"
            raise WaybillError(msg, error.remedy) from error

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        self._segment(message_dict["stream"])
        self.ending.activate(message_dict["stream"], message_dict["version"])

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
            self.ending.check(segment.stream)
            if awaits_state(segment.schema) and not self.ending.is_after_state:
                raise cut_off(segment.stream)
            if self.ending.replaces("", segment.stream):
                whole.add(segment.stream)
        return whole

    def commit(self, state: dict[str, Any], *, is_end: bool = False) -> None:
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
