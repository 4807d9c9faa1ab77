"""Rows that cannot land: how a tap tells a target of them, and how many are too many."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from waybill_common import durations

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

STREAM = "dead_letter"
"""The stream by which a tap sends them."""
MARK = "x-dead-letters"
"""On the root of that stream's SCHEMA: what tells it from a table of that name."""
LIMIT_MARK = "x-dead-letter-limit"
"""On the root of another stream's SCHEMA: how many of its rows may be dead."""
WITHHELD = "withheld"
"""Stands for a value that is hashed when it lands and so is not kept in clear."""

_TEXT = {"type": ["string", "null"]}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "stream": {"type": ["string"]},
        "source_file": dict(_TEXT),
        "source_line": {"type": ["integer", "null"]},
        "key": {"type": ["object", "null"]},
        "column": dict(_TEXT),
        "reason": {"type": ["string"]},
        "raw": dict(_TEXT),
        "payload": {"type": ["object", "null"]},
    },
    MARK: True,
}


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A row that cannot land.

    Attributes:
        stream: The stream it is a row of.
        reason: What is wrong, in words; holds no value of a hashed column.
        source_file: The file it is of.
        source_line: The line of the file at which it starts, from 1, the header counted; of a
            JSON array, the number of the element.
        key: Its key, values as texts.
        column: The first column at fault, or None where it is the row as a whole.
        raw: Its text as it came.
        payload: Its values by column, as texts, as far as they can be told apart.
    """

    stream: str
    reason: str
    source_file: str | None = None
    source_line: int | None = None
    key: Mapping[str, str | None] | None = None
    column: str | None = None
    raw: str | None = None
    payload: Mapping[str, str | None] | None = None

    def record(self) -> dict[str, Any]:
        """The RECORD that tells a target of it; texts are made such as PostgreSQL can hold."""
        return {name: _storable(value) for name, value in asdict(self).items()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> DeadLetter:
        """The letter of a RECORD.

        Raises:
            KeyError: It lacks stream or reason.
        """
        return cls(
            stream=record["stream"],
            reason=record["reason"],
            **{name: record.get(name) for name in _OPTIONAL},
        )


_OPTIONAL = ("source_file", "source_line", "key", "column", "raw", "payload")


@dataclass(frozen=True, slots=True)
class Limit:
    """How many rows of a stream may be dead before its run fails.

    Attributes:
        rows: The most there may be; None for any number.
        share: The most there may be for each row received; None for any share.
        tolerated: So many are within the share, however few rows there are.
    """

    rows: int | None = None
    share: float | None = None
    tolerated: int = 0

    @property
    def is_off(self) -> bool:
        """Whether the first bad row is an error."""
        return self.rows == 0

    def breach(self, dead: int, received: int) -> str:
        """In words, what a number of dead rows exceeds; empty where it exceeds nothing."""
        if self.rows is not None and dead > self.rows:
            return f"at most {self.rows:,} may be"
        if self.share is None or dead <= max(self.tolerated, self.share * received):
            return ""
        return f"at most {self.share:.4g} of them may be"

    def mark(self) -> dict[str, Any]:
        """The value of `LIMIT_MARK` on a SCHEMA."""
        return {"rows": self.rows, "share": self.share}


DEFAULT_LIMIT = Limit(share=0.01, tolerated=10)
"""Where neither contract nor SCHEMA says anything."""


def limit_of(mark: Mapping[str, Any] | None) -> Limit:
    """The limit that a SCHEMA's mark states, or else the default."""
    if mark is None:
        return DEFAULT_LIMIT
    return Limit(rows=mark.get("rows"), share=mark.get("share"))


def limit_in(custom: Mapping[str, Any]) -> Limit | None:
    """The custom property `deadLetterLimit` of a stream of a contract, if it has one.

    Raises:
        ValueError: It holds something else than `rows` and `share`, or a number out of range.
    """
    stated = custom.get("deadLetterLimit")
    if stated is None:
        return None
    if unknown := set(stated) - {"rows", "share"}:
        msg = f"deadLetterLimit has no {min(unknown)!r}, only rows and share"
        raise ValueError(msg)
    limit = limit_of(stated)
    if limit.rows is not None and not (isinstance(limit.rows, int) and limit.rows >= 0):
        msg = f"deadLetterLimit: rows is {limit.rows!r}, not a whole number from 0"
        raise ValueError(msg)
    if limit.share is not None and not 0 <= limit.share <= 1:
        msg = f"deadLetterLimit: share is {limit.share!r}, not from 0 to 1"
        raise ValueError(msg)
    return limit


def retention_in(custom: Mapping[str, Any]) -> dt.timedelta | None:
    """The custom property `deadLetterRetention` of a stream of a contract, if it has one.

    Raises:
        ValueError: It is no span of time.
    """
    stated = custom.get("deadLetterRetention")
    try:
        return None if stated is None else durations.parse(str(stated))
    except ValueError as error:
        msg = f"deadLetterRetention: {error}"
        raise ValueError(msg) from error


def storable(text: str) -> str:
    """A text as PostgreSQL can hold it: NUL and half surrogate pairs are written as escapes."""
    if "\0" in text:
        text = text.replace("\0", "\\u0000")
    return text.encode("utf-8", "backslashreplace").decode()


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(name): _storable(each) for name, each in value.items()}
    return value
