"""A window of the replication key that is read once more, beside what is new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from tap_postgres import parts
from tap_postgres.figures import Figures
from tap_postgres.parts import EVERY_ROW, Walk
from tap_postgres.reading import Reading
from waybill_common.errors import WaybillError
from waybill_common.identifiers import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from tap_postgres.parts import Key


@dataclass(frozen=True)
class Window:
    """Values of the replication key.

    Attributes:
        low: The first of them, as text.
        high: The first one after them.
    """

    low: str
    high: str

    @classmethod
    def between(cls, low: str | None, high: str | None) -> Window | None:
        """The window of two settings, None where neither is set.

        Raises:
            WaybillError: Only one of them is.
        """
        if low and high:
            return cls(low, high)
        if low or high:
            msg = "Of window_from and window_to only one is set."
            raise WaybillError(msg, "Set both, or neither.")
        return None

    def condition(self, column: str, sql_type: str) -> str:
        """The condition on rows of the window, as SQL; a row whose key is NULL is in none."""
        low, high = (
            f"{sql.Literal(each).as_string()}::{sql_type}" for each in (self.low, self.high)
        )
        return f"({quote(column)} >= {low} and {quote(column)} < {high})"

    def as_bookmark(self) -> dict[str, str]:
        """The window as a bookmark names it."""
        return {"from": self.low, "to": self.high}

    def is_read_in(self, bookmark: Mapping[str, Any]) -> bool:
        """Whether a bookmark is of a run that has read the whole window."""
        read = bookmark.get("window")
        return isinstance(read, dict) and read.items() >= self.as_bookmark().items()


class Reloading(Reading):
    """A window of a relation, and what is new in it.

    What is new comes too, so that a row which has left the window since is read where it is now:
    the whole table then is as the source is, and a receipt can say so.

    Args:
        window: The window.
        **reading: As of a reading.

    Raises:
        WaybillError: The bookmark is not of the relation as it is now.
    """

    def __init__(self, window: Window, **reading: Any) -> None:
        self._window = window
        self._in_window = ""
        self._kept: dict[str, Any] = {}
        super().__init__(**reading)

    @property
    def needs_keys(self) -> bool:
        """Never: `find_deletes` alone says whether what is gone is to be told."""
        return False

    def figures(self, connection: psycopg.Connection[Any]) -> Figures:
        """Count and add up at the source, the window too."""
        conditions = [EVERY_ROW, self._condition, self._in_window]
        (source, read, window), known_up_to = self._count(connection, conditions)
        return Figures(source, read, known_up_to, window)

    def bookmark(self, found: Figures) -> dict[str, Any]:
        """As of any reading, with what the source holds in the window."""
        counted = found.window.as_bookmark() if found.window else {}
        return super().bookmark(found) | {"window": self._window.as_bookmark() | counted}

    def bookmark_within(self, up_to: Key, rows: int) -> dict[str, Any]:
        """What a run needs to go on in the middle of the window."""
        at = super().bookmark_within(up_to, rows)
        at["resume"]["window"] = self._window.as_bookmark()
        return self._kept | at

    def _plan(self, bookmark: Mapping[str, Any], rows: int) -> None:
        """Read the window beside what is new, from where a run that was killed in it ended."""
        if self._replication_key is None or self._condition == EVERY_ROW:
            msg = (
                f"Stream {self._relation.name}: no load of it as it is now stands in the state,"
                " so no window of it can be read again."
            )
            raise WaybillError(msg, "Run its job first: that reads what is missing, or all of it.")
        new = self._condition
        self._in_window = self._window.condition(self._replication_key, self._key_type)
        if self._window.is_read_in(bookmark):
            return
        self._condition = f"({self._in_window} or {new})"
        if not rows or not self._can_go_on:
            return
        kept = ("replication_key", "replication_key_value", "snapshot", "read_as")
        self._kept = {name: bookmark.get(name) for name in kept}
        resume, start = bookmark.get("resume"), None
        if isinstance(resume, dict) and resume.get("window") == self._window.as_bookmark():
            start = parts.key_in(resume, self._relation.key)
        self._walk = Walk(self._relation, rows=rows, start=start, within=self._condition)
        if start is not None:
            self._changed_since = new
            self._condition = f"({self._in_window} and {self._walk.above(start)} or {new})"
