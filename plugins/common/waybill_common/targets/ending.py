"""Rows that may land only once the input has come to a sound end.

`overwrite` and ACTIVATE_VERSION let what this run sends take the place of all that a table holds.
A tap that dies in the middle has sent a part of it, and most taps write a STATE every so often, so
a STATE alone does not let such rows land: all of them wait for the end of the input.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from waybill_common.targets.received import Received

logger = logging.getLogger(__name__)

_AWAITING = ("x-source-partition", "x-whole-table", "x-ends-with-state")


def awaits_state(schema: Mapping[str, Any]) -> bool:
    """Whether rows under a SCHEMA may only land together with the STATE that follows them."""
    return any(map(schema.get, _AWAITING))


def cut_off(stream: str) -> WaybillError:
    """What to raise where that STATE did not come."""
    msg = f"Stream {stream}: the input ended before the STATE that its rows need."
    return WaybillError(msg, "The tap has failed: see its own error, and run again.")


class History(Protocol):
    """What is known of earlier transactions and runs; whatever a target writes to knows it."""

    @property
    def received(self) -> Mapping[str, Received]:
        """What this invocation has received, by stream; any stream may be asked for."""

    def last_bookmark(self, schema: str, stream: str) -> Mapping[str, Any]:
        """The stream's part of the state that landed last."""


class Ending:
    """What is known of the end of the input.

    Args:
        session: What came before.
        overwrites: Whether every stream replaces its table.

    Attributes:
        is_after_state: Whether nothing but a STATE has come since the last row or SCHEMA.
        state: The last STATE, while it waits for the end.
    """

    def __init__(self, session: History, *, overwrites: bool) -> None:
        self._session = session
        self._overwrites = overwrites
        self._versioned: set[str] = set()
        self._activated: dict[str, object] = {}
        self._is_complete = True
        self.is_after_state = True
        self.state: dict[str, Any] | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether STATEs wait for the end of the input."""
        return self._overwrites or bool(self._versioned)

    def note_version(self, stream: str) -> None:
        """Rows of a stream say which version of its table they belong to."""
        self._versioned.add(stream)

    def activate(self, stream: str, version: object) -> None:
        """Only rows of a version are to stay in a stream's table.

        Args:
            stream: The stream's name; its SCHEMA has come.
            version: The version of the rows that this run sends.
        """
        if stream not in self._versioned and self._session.received[stream].settled:
            logger.warning("%s: rows of older versions stay: its rows named no version.", stream)
            return
        self._versioned.add(stream)
        self._activated[stream] = version

    def take_state(self, state: dict[str, Any]) -> None:
        """Note a STATE that waits."""
        bookmarks = state.get("bookmarks")
        parts = bookmarks.values() if isinstance(bookmarks, dict) else ()
        self._is_complete = not state.get("currently_syncing") and not any(
            isinstance(part, dict) and part.get("progress_markers") for part in parts
        )
        self.state = state

    def check(self, stream: str) -> None:
        """Refuse to let a part take the place of the whole.

        Raises:
            WaybillError: No STATE has followed the last row, or the last one says that a stream
                is not through.
        """
        is_part = not (self.is_after_state and self._is_complete)
        if is_part and (self._overwrites or stream in self._activated):
            msg = (
                f"Stream {stream}: the input ended before the STATE that closes it; its rows were"
                " to take the place of the table's. Nothing was committed."
            )
            raise WaybillError(msg, "The tap has failed: see its own error, and run again.")

    def replaces(self, schema: str, stream: str) -> bool:
        """Whether the rows of this run are of another version than those of earlier runs."""
        if stream not in self._activated:
            return False
        if self._session.received[stream].settled:
            logger.warning("%s: rows of older versions stay: its SCHEMA has changed.", stream)
            return False
        last: Mapping[str, Any] = self._session.last_bookmark(schema, stream)
        return "version" not in last or last["version"] != self._activated[stream]
