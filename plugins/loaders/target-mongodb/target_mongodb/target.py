"""The Singer target: records in, documents out, the state after they have been counted."""

from __future__ import annotations

import logging
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import typing as th
from singer_sdk.helpers.capabilities import PluginCapabilities
from singer_sdk.target_base import Target

from target_mongodb import server
from target_mongodb.publications import Layout, OneDocument, Publication, RowDocuments
from target_mongodb.sink import MongodbSink
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from types import FrameType

    from pymongo.database import Database
    from singer_sdk.helpers.capabilities import CapabilitiesEnum

logger = logging.getLogger(__name__)


class TargetMongodb(Target):
    """Publishes Singer streams to MongoDB by idempotent upserts."""

    name = "target-mongodb"
    package_name = "waybill-target-mongodb"
    default_sink_class = MongodbSink
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property(
            "url",
            th.StringType(nullable=True),
            secret=True,
            title="URL",
            description="mongodb://user:password@host:27017/database, from the environment.",
        ),
        th.Property(
            "url_setting",
            th.StringType(),
            default="url",
            title="URL's setting",
            description="Name of the environment variable that holds the URL, for error messages.",
        ),
        th.Property(
            "database",
            th.StringType(nullable=True),
            title="Database",
            description="Where the streams go if the URL names no database.",
        ),
        th.Property(
            "collections",
            th.ObjectType(
                additional_properties=th.ObjectType(
                    th.Property("collection", th.StringType()),
                    th.Property("one_document", th.BooleanType()),
                    th.Property("indexes", th.ArrayType(th.StringType())),
                    additional_properties=False,
                ),
            ),
            title="Collections",
            description=(
                "By stream: `collection` (the stream's name if not given), `one_document` (all rows as an array"
                " `rows` of one document) and `indexes` (fields with commas between, `-` for high to low)."
            ),
        ),
    ).to_dict()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_parallelism = 1
        self._version = time.time_ns() // 1_000_000
        self._publications: dict[str, Publication] = {}
        self._is_complete = True

    @property
    def setting(self) -> str:
        """What the user sets the URL by."""
        return str(self.config.get("url_setting") or "url")

    @cached_property
    def database(self) -> Database[dict[str, Any]]:
        """Where the streams go; connected to on first use."""
        return server.database(self.config.get("url"), self.config.get("database"), self.setting)

    def publication(self, stream: str) -> Publication:
        """What becomes of a stream; one for all of its sinks, as a SCHEMA may come again."""
        if stream not in self._publications:
            layout = Layout.of(stream, self.config.get("collections") or {})
            kind = OneDocument if layout.is_one_document else RowDocuments
            self._publications[stream] = kind(
                stream, self.database, layout, self.setting, self._version
            )
        return self._publications[stream]

    def process_endofpipe(self) -> None:
        """Write what is left, remove what is gone and count, and only then tell the state."""
        for sink in (*self._sinks_to_clear, *self._sinks_active.values()):
            self.drain_one(sink)
        for publication in self._publications.values():
            if publication.is_whole and not self._is_complete:
                msg = (
                    f"Stream {publication.stream}: the input ended before the STATE that closes it."
                )
                remedy = (
                    "The tap has failed: see its own error, and run again. Nothing was removed."
                )
                raise WaybillError(msg, remedy)
        for publication in self._publications.values():
            publication.finish()
        super().process_endofpipe()

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        self._is_complete = False
        super()._process_schema_message(message_dict)
        if message_dict["schema"].get("x-whole-table"):
            self._set_whole(message_dict["stream"])

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        self._is_complete = False
        super()._process_record_message(message_dict)

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        super()._process_state_message(message_dict)
        state = message_dict["value"]
        parts = state.get("bookmarks")
        self._is_complete = not state.get("currently_syncing") and not any(
            isinstance(part, dict) and part.get("progress_markers")
            for part in (parts.values() if isinstance(parts, dict) else ())
        )

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        stream = message_dict["stream"]
        if stream not in self.mapper.stream_maps:
            self._assert_sink_exists(stream)
        self._set_whole(stream)

    def _set_whole(self, stream: str) -> None:
        for stream_map in self.mapper.stream_maps[stream]:
            self.publication(stream_map.stream_alias).is_whole = True

    def _handle_max_record_age(self) -> None:
        """Leave the state to the end: until the documents are counted it is not true."""

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Leave at once, without a state."""
        logger.info(
            "Signal %d: no state is written; the next run writes the documents again.", signum
        )
        raise SystemExit(128 + signum)
