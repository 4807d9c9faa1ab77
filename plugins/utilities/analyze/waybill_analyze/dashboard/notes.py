"""What people read instead of figures where there are none: what is the matter, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from sqlalchemy.exc import DBAPIError

from waybill_common.errors import WaybillError

KNOWN = (WaybillError, DBAPIError)
"""What a query may end with that people can do something about."""

_TIMEOUT = "57014"
_FORBIDDEN = "42501"
_MARKS = r"\*_[]<>$#:"
_MISSING = {"42P01", "3F000", "42703"}


@dataclass(frozen=True)
class Note:
    """A cause and its remedy, each a sentence, and whether something is wrong."""

    cause: str
    remedy: str = ""
    is_wrong: bool = True

    def show(self) -> None:
        """Put it on the page, where a screen reader speaks it at once."""
        show = st.warning if self.is_wrong else st.info
        show(f"{self.cause} {self.remedy}".strip())


NO_MARTS = Note(
    "The warehouse holds no marts yet.",
    "Run `make run`, or one job such as `.venv/bin/meltano run marketplace`, and reload this page.",
)
NO_ROWS = Note(
    "No row meets these filters.", "Choose a longer time or other values.", is_wrong=False
)
NOTHING_YET = Note("There is nothing to show.", is_wrong=False)
DEFECT = Note(
    "This page has a defect, and the terminal that runs the dashboard says which.",
    "The other pages still work.",
)


def of(error: Exception) -> Note:
    """What a query ended with, in words without the server's own.

    Args:
        error: One of KNOWN.
    """
    if isinstance(error, WaybillError):
        return Note(_plain(error.cause), _plain(error.remedy))
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if state == _TIMEOUT:
        return Note(
            "The warehouse took longer for this than it may.",
            "Choose a shorter time, or set `WAYBILL_DASHBOARD_TIMEOUT` to more, such as `60s`.",
        )
    if state == _FORBIDDEN:
        return Note(
            "The role `reader` may not read this.",
            "Run `.venv/bin/meltano invoke warehouse:up`, which grants it.",
        )
    if state in _MISSING:
        return Note(
            "The warehouse does not have all that this shows.",
            "Run the job of this domain once more, such as `make run`.",
        )
    return Note(
        "The warehouse has ended the connection.",
        "Reload this page; if that does not help, run `.venv/bin/meltano invoke warehouse:up`.",
    )


def _plain(sentence: str) -> str:
    """A sentence of an error as Markdown: what stands between backticks is code, the rest is text."""
    parts = sentence.split("`")
    parts[::2] = [
        "".join(f"\\{each}" if each in _MARKS else each for each in part) for part in parts[::2]
    ]
    return "`".join(parts)
