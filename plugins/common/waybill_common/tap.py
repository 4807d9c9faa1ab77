"""What our taps share on top of the SDK, which they bring: nothing else imports this module."""

from __future__ import annotations

import atexit
import logging
from abc import abstractmethod
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from singer_sdk import Tap
from singer_sdk import typing as th
from singer_sdk.helpers._batch import BaseBatchFileEncoding, BatchConfig, StorageTarget
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.plugin_base import PluginBase
from singer_sdk.singerlib.messages import RecordMessage, SchemaMessage
from singer_sdk.streams import Stream

from waybill_common import batch_files, dead_letters, pipes
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

_FAILED = "An unhandled error occurred"


def mode_setting() -> th.Property[str]:
    """The setting `mode`, by which batches or records go over the wire."""
    return th.Property(
        "mode",
        th.StringType(allowed_values=["batch", "record"]),
        default="record",
        title="Mode",
        description="What goes over the wire, `batch` (files ready for COPY) or `record` (any Singer target reads it).",
    )


@dataclass(slots=True)
class CopyEncoding(BaseBatchFileEncoding):
    """Batch files in PostgreSQL's COPY text format.

    Attributes:
        columns: Their columns, in order.
        rows: How many rows they hold together.
        batch_id: Differs for each legitimate load, also of a content that was loaded before.
        extracted_at: When the rows left the source, in ISO 8601.
        source_partition: The file whose rows they replace, also when they hold none.
        kind: `keys` where they hold the keys of all rows of the source rather than rows.
    """

    format: str = batch_files.FORMAT
    compression: str | None = "none"
    columns: list[str] = field(default_factory=list)
    rows: int = 0
    batch_id: str = ""
    extracted_at: str = ""
    source_partition: str | None = None
    kind: str | None = None

    def asdict(self) -> dict[str, Any]:
        """The encoding as its message carries it."""
        return {name: value for name, value in asdict(self).items() if value is not None}


class WaybillTap(Tap):
    """A tap whose streams may go as batch files, and whose bookmarks say what was read."""

    _has_told_dead_letters = False

    @property
    @abstractmethod
    def source(self) -> str:
        """The source's name, by which runs of one source share a place for batch files."""

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """The SDK's own settings, but for `batch_config`: `mode` stands for it."""
        PluginBase.append_builtin_config.__func__(cls, config_jsonschema)  # type: ignore[attr-defined]  # skips Tap's

    @cached_property
    def batch_folder(self) -> batch_files.BatchFolder:
        """Where this run's batch files go; those of dead runs are swept when it is made."""
        folder = batch_files.BatchFolder(f"{self.name}--{self.source}")
        atexit.register(folder.close)
        return folder

    def load_state(self, state: dict[str, Any]) -> None:
        """Start from a state, in which nothing was sent in this invocation yet."""
        super().load_state(state)
        for bookmark in self.state.get("bookmarks", {}).values():
            if "read" in bookmark:
                totals = dict.fromkeys(bookmark["read"].get("totals", ()), "0")
                bookmark["read"] = {"rows": 0, "totals": totals}

    def write_dead_letter(self, letter: dead_letters.DeadLetter) -> None:
        """Tell the target of a row that cannot land; before the STATE of the rows around it."""
        stream = dead_letters.STREAM
        if not self._has_told_dead_letters:
            self._has_told_dead_letters = True
            self.write_message(SchemaMessage(stream, dead_letters.SCHEMA, key_properties=[]))
        self.write_message(RecordMessage(stream=stream, record=letter.record()))

    @classmethod
    def invoke(cls, **arguments: Any) -> None:
        """Run as the command does.

        Raises:
            BrokenPipeError: The target has stopped; click ends the process with 1 and no words.
            WaybillError: A connection to the source broke off, or a disk is full.
        """
        try:
            super().invoke(**arguments)
        except OSError as error:
            if isinstance(error, BrokenPipeError) and pipes.is_output_closed():
                logger.info("The target has stopped.")
                raise
            msg = f"The operating system refuses: {error}."
            remedy = "Make room on the disk, or mend the connection, and run again: it goes on from the last state."
            raise WaybillError(msg, remedy) from error

    def _handle_termination(self, signum: int, frame: object) -> NoReturn:  # noqa: ARG002 - a signal handler's signature
        """End at once and not with 0; the state as it stands may be of half a stream."""
        raise SystemExit(128 + signum)


class WaybillStream(Stream):
    """A stream that goes as batch files or as records, with a bookmark of its own making."""

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE  # values leave the tap as they should be

    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:
        """Log a message, but for the SDK's that something failed: the error itself says what."""
        if not message.startswith(_FAILED):
            super().log(message, *args, level=level, **kwargs)

    @property
    def is_mapped(self) -> bool:
        """Whether stream maps change what the target receives."""
        maps = self.stream_maps
        return (
            len(maps) != 1
            or not isinstance(maps[0], SameRecordTransform)
            or maps[0].flattening_enabled
        )

    def get_batch_config(self, config: Mapping[str, Any]) -> BatchConfig | None:
        """Batches unless `mode` is record, or the SDK has to see each record."""
        if config["mode"] != "batch" or self.is_mapped or self.ABORT_AT_RECORD_COUNT is not None:
            return None
        return BatchConfig(encoding=CopyEncoding(), storage=StorageTarget(root=""))

    def write_bookmark(self, bookmark: dict[str, Any]) -> None:
        """Replace the stream's bookmark, and send the state that has it."""
        if self.is_mapped:
            del bookmark["read"]  # what the maps let pass is not known here
        self.stream_state.clear()
        self.stream_state.update(bookmark)
        self._tap.state_writer.write_state(self.tap_state)
        self.state_manager.is_flushed = True
