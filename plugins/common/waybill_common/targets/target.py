"""A target whose transactions end with a STATE, and which takes batch files that COPY reads."""

from __future__ import annotations

import logging
import sys
from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.json import serialize_json
from singer_sdk.target_base import Target

from waybill_common import batch_files
from waybill_common.errors import WaybillError
from waybill_common.targets.decoded import records
from waybill_common.targets.ending import Ending
from waybill_common.targets.formats import FOR_COPY, KEYS
from waybill_common.targets.messages import MessageReader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import FrameType

    from waybill_common.targets.ending import History

logger = logging.getLogger(__name__)


class WaybillTarget(Target):
    """Reads messages, and says when to commit; what a commit is, the target knows."""

    message_reader_class = MessageReader

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._letter_streams: set[str] = set()
        self._held: dict[Path, int] = {}

    @property
    @abstractmethod
    def history(self) -> History:
        """What was received, by this invocation and by earlier ones."""

    @property
    def overwrites(self) -> bool:
        """Whether every stream takes the place of what its table holds."""
        return False

    @abstractmethod
    def commit(self, state: dict[str, Any], *, is_end: bool = False) -> None:
        """Make everything since the last commit durable, or nothing of it.

        Args:
            state: The state that follows it.
            is_end: Whether the input is over, so that no STATE will follow.

        Raises:
            WaybillError: What has come is not what the tap says, or cannot land.
        """

    @abstractmethod
    def take_files(self, stream: str, paths: Sequence[Path], encoding: Mapping[str, Any]) -> int:
        """Take files that COPY reads.

        Args:
            stream: The stream's name.
            paths: The files of one BATCH message.
            encoding: Its `encoding`.

        Returns:
            How many rows they hold.

        Raises:
            WaybillError: A file is gone or another one, or its stream cannot come in files.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of where it writes."""

    @cached_property
    def ending(self) -> Ending:
        """What is known of the end of the input."""
        return Ending(self.history, overwrites=self.overwrites)

    def process_endofpipe(self) -> None:
        """Commit what no STATE has followed, and let go of everything."""
        state = self.ending.state
        self.commit(state or {}, is_end=True)
        if state is not None:
            self._write_state_message(state)
        self.close()
        for folder, lock in self._held.items():
            batch_files.release(folder, lock)

    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        stream, encoding = message_dict["stream"], message_dict["encoding"]
        self.ending.is_after_state = False
        if encoding["format"] not in FOR_COPY:
            each = {"stream": stream, "version": message_dict.get("version")}
            for record in records(stream, message_dict):
                self._process_record_message(each | {"record": record})
            return
        paths = [batch_files.local_path(uri) for uri in message_dict["manifest"]]
        for folder in {path.parent for path in paths} - set(self._held):
            if batch_files.is_run_folder(folder):
                self._held[folder] = batch_files.hold(folder)
        rows = self.take_files(stream, paths, encoding)
        if rows != encoding.get("rows", rows):
            msg = f"Stream {stream}: batch files hold {rows} rows, their message says {encoding['rows']}."
            raise WaybillError(msg, "Run again: a batch file was cut off.")
        if encoding.get("kind") != KEYS:
            self.history.received[stream].rows += rows

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        state = message_dict["value"]
        self.ending.is_after_state = True
        if self.ending.is_awaited:
            self.ending.take_state(state)
            return
        self.commit(state)
        self._write_state_message(state)

    def _handle_max_record_age(self) -> None:
        """Leave transactions to the tap: they end with a STATE, never with time."""

    def _write_state_message(self, state: dict[str, Any]) -> None:
        sys.stdout.write(serialize_json(state) + "\n")
        sys.stdout.flush()

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Leave at once; what was not committed is nowhere."""
        logger.info("Signal %d: what was not committed is given up.", signum)
        raise SystemExit(128 + signum)
