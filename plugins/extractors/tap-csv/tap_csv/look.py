"""A look at the bytes: which records COPY reads exactly as the checked path would.

A compiled expression of one whole record, made of the columns' types in the file's order, admits less
than either of the two does; what it does not admit is no fault, but goes to the checked path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from waybill_common import sql_types
from waybill_common.files.batches import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waybill_common.dialects import Dialect
    from waybill_common.files.fields import Field
    from waybill_common.files.tape import Tape

DELIMITERS = ",;|\t^~"
"""Those that stand in no value but a text."""

_DAY = (
    rb"(?:[1-9][0-9]{3}-(?:0[1-9]|1[0-2])-"
    rb"(?:[012][1-8]|[12]0|[01]9|(?<!02-)(?:29|30)|(?<=0[13578]-)31|(?<=1[02]-)31)"
    rb"|[1-9][0-9](?:0[48]|[2468][048]|[13579][26])-02-29)"
)
"""Days from the year 1000 on, all of which exist: of leap years, not those that end a century."""
_CLOCK = rb"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6}+)?+)?+"
_OFFSET = rb"(?:Z|[+-](?:0[0-9]|1[0-4])(?::?+[0-5][0-9])?+)"
_DECIMAL = rb"[+-]?+(?:[0-9]{1,%d}+(?:\.[0-9]{0,%d}+)?+|\.[0-9]{1,%d}+)"
_PATTERNS = {
    "smallint": rb"[+-]?+(?:[0-9]{1,4}+|[12][0-9]{4}|3[01][0-9]{3})",
    "integer": rb"[+-]?+(?:[0-9]{1,9}+|1[0-9]{9}|20[0-9]{8})",
    "bigint": rb"[+-]?+(?:[0-9]{1,18}+|[0-8][0-9]{18})",
    "numeric": _DECIMAL % (99, 99, 99),
    "real": _DECIMAL % (20, 20, 20),
    "double precision": _DECIMAL % (20, 20, 20) + rb"(?:[eE][+-]?+[0-9]{1,2}+)?+",
    "boolean": rb"(?:[tf01TF]|[tT][rR][uU][eE]|[fF][aA][lL][sS][eE])",
    "uuid": rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "date": _DAY,
    "timestamp without time zone": _DAY + rb"(?:[ T]" + _CLOCK + rb")?+",
    "timestamp with time zone": _DAY + rb"(?:[ T]" + _CLOCK + _OFFSET + rb"?+)?+",
}
# A backslash and a point alone end the data, also in CSV, before PostgreSQL 18.
_NO_END_OF_DATA = rb"(?!\\)"
_PAUSE = 16
"""Blocks until records of one line each are looked for again after there were others."""


class Look:
    """Finds runs of records at the tape's cursor.

    Args:
        fields: All columns of the file, in its order.
        texts: What each may hold.
        delimiter: What parts them.
        line_end: LF, or CR and LF, at the end of each record.
    """

    def __init__(
        self, fields: Sequence[Field], texts: Sequence[_Text], delimiter: str, line_end: bytes
    ) -> None:
        separator = re.escape(delimiter).encode()
        last = len(fields) - 1
        plain = [text.plain(separator, is_last=i == last) for i, text in enumerate(texts)]
        strict = [text.strict(separator) for text in texts]
        self._unquoted = _Lines(fields, plain, delimiter, line_end)
        self._quoted = _Lines(fields, strict, delimiter, line_end)
        self._pause = 0
        self._has_totals = any(field.is_control_total for field in fields)
        held = [
            rb"(%s)" % one if field.is_control_total else one
            for field, one in zip(fields, _admitted(fields, strict), strict=True)
        ]
        record = _NO_END_OF_DATA + separator.join(held) + line_end
        self._each = re.compile(record + rb"|([\s\S]++)")
        self._one = re.compile(record)
        self._many = re.compile(rb"(?:" + record + rb")*+")

    def run(self, tape: Tape) -> Run | None:
        """The longest run in the block at the cursor; the tape goes on behind it.

        Returns:
            None where the very next record is not admitted.
        """
        end = tape.window()
        data, start = tape.data, tape.start
        if (nul := data.find(b"\0", start, end)) >= 0:
            end = max(start, data.rfind(b"\n", start, nul) + 1)
        while (found := self._lines(data, start, end)) or self._one.match(data, start, end):
            found = found or self._records(data, start, end)
            run = data[start : found.end]
            try:
                run.isascii() or run.decode()
            except UnicodeDecodeError as error:
                before = self._many.match(data, start, start + error.start)
                end = before.end() if before else start
                continue
            offset = tape.offset
            tape.advance(found.end, found.rows if found.is_lines else _lines(run))
            return Run(run, offset, found.rows, found.columns)
        return None

    def _lines(self, data: bytes, start: int, end: int) -> _Found | None:
        """All of it, where each record is one line; the quicker way, if it leads anywhere."""
        if self._pause or start == end:
            self._pause = max(0, self._pause - 1)
            return None
        lines = self._quoted if data.find(b'"', start, end) >= 0 else self._unquoted
        found = lines.found(data, start, end)
        if found is None:
            self._pause = _PAUSE
        return found

    def _records(self, data: bytes, start: int, end: int) -> _Found:
        """Records up to the first that is not admitted."""
        found: list[Any] = self._each.findall(data, start, end)
        if not self._has_totals:
            rest = found[-1]
            return _Found(len(found) - bool(rest), (), end - len(rest), is_lines=False)
        rest = found[-1][-1]
        if rest:
            found.pop()
        *columns, _ = zip(*found, strict=True) if found else ((),)
        return _Found(len(found), columns, end - len(rest), is_lines=False)


class _Lines:
    """Records of one line each.

    Args:
        fields: All columns of the file, in its order.
        patterns: What each may hold.
        delimiter: What parts them.
        line_end: What ends each record.
    """

    def __init__(
        self, fields: Sequence[Field], patterns: Sequence[bytes], delimiter: str, line_end: bytes
    ) -> None:
        self._delimiter = delimiter.encode()
        self._ends = (b"\n", b"\r") if line_end == b"\r\n" else (b"\n",)
        totals = [at for at, field in enumerate(fields) if field.is_control_total]
        # One group from the first control total to the last costs less than a group for each.
        first, behind = (totals[0], totals[-1] + 1) if totals else (0, 0)
        self._places = [at - first for at in totals]
        self._width = behind - first
        held = _admitted(fields, patterns)
        separator = re.escape(self._delimiter)
        group = rb"(%s)" % separator.join(held[first:behind])
        record = separator.join([*held[:first], *([group] if totals else []), *held[behind:]])
        end = line_end if totals else rb"()" + line_end
        self._line = re.compile(rb"(?m)^" + _NO_END_OF_DATA + record + end)

    def found(self, data: bytes, start: int, end: int) -> _Found | None:
        """The records from `start` to `end`; None where not all of it is records of one line.

        Each match begins a line and ends one. So many matches as line ends are all lines, and
        none of them runs over a line's end.
        """
        if len(self._ends) == 1 and data.find(b"\r", start, end) >= 0:
            return None
        found: list[bytes] = self._line.findall(data, start, end)
        rows = len(found)
        if any(data.count(mark, start, end) != rows for mark in self._ends):
            return None
        if not self._width:
            return _Found(rows, (), end, is_lines=True)
        values = self._delimiter.join(found).split(self._delimiter)
        if len(values) != rows * self._width:  # a delimiter inside quotes
            return None
        columns = [values[at :: self._width] for at in self._places]
        return _Found(rows, columns, end, is_lines=True)


@dataclass(frozen=True, slots=True)
class _Found:
    """Records from a start on.

    Attributes:
        columns: For each control total, its fields as they are written.
        end: Where they end.
        is_lines: Whether each is one line.
    """

    rows: int
    columns: Sequence[Sequence[bytes]]
    end: int
    is_lines: bool


def of_file(fields: Sequence[Field], width: int, dialect: Dialect, line_end: bytes) -> Look | None:
    """The look at a file's records, if COPY may read any of them.

    Args:
        fields: The columns to read, in the file's order.
        width: How many columns the file has.
        dialect: Which characters mean something.
        line_end: What stands behind the header.
    """
    if len(fields) != width or any(field.hashed_type for field in fields):
        return None
    if dialect.quote != '"' or dialect.delimiter not in DELIMITERS:
        return None
    texts = [_text(field.sql_type) for field in fields]
    if None in texts or line_end not in {b"\n", b"\r\n"}:
        return None
    return Look(fields, [text for text in texts if text], dialect.delimiter, line_end)


@dataclass(frozen=True)
class _Text:
    """What a column's fields may hold.

    Attributes:
        pattern: A bytes pattern; None for any text.
        most: Bytes that any text may have, as a repeat count.
    """

    pattern: bytes | None
    most: bytes = b""

    def plain(self, separator: bytes, *, is_last: bool) -> bytes:
        """In data without any quote; the text of a column that is not the last may hold line ends."""
        if self.pattern:
            return self.pattern
        line_end = rb"\r\n" if is_last else b""
        return rb"[^%s%s]{1,%s}+" % (separator, line_end, self.most)

    def strict(self, separator: bytes) -> bytes:
        """In any data, quoted or not."""
        if self.pattern:
            return rb"(?:%s|\"%s\")" % (self.pattern, self.pattern)
        if not self.most:
            return rb"(?:[^\"%s\r\n]++|\"[^\"]*+(?:\"\"[^\"]*+)*+\")" % separator
        bare = rb"[^\"%s\r\n]{1,%s}+" % (separator, self.most)
        return rb"(?:%s|\"(?:[^\"]|\"\"){0,%s}+\")" % (bare, self.most)


def _text(sql_type: str) -> _Text | None:
    name = sql_types.canonical(sql_type) or ""
    base, _, modifiers = name.partition("(")
    numbers = [int(number) for number in re.findall("-?[0-9]+", modifiers)]
    if base in {"text", "character varying"}:
        return _Text(None, b"%d" % numbers[0] if numbers else b"")
    if base == "numeric" and numbers:
        before, after = numbers[0] - numbers[1], numbers[1]
        return _Text(_DECIMAL % (before, after, after)) if before > 0 and after > 0 else None
    pattern = _PATTERNS.get(name)
    return _Text(pattern) if pattern else None


def _admitted(fields: Sequence[Field], patterns: Sequence[bytes]) -> list[bytes]:
    return [
        one if field.is_required else rb"(?:%s)?+" % one
        for field, one in zip(fields, patterns, strict=True)
    ]


def _lines(data: bytes) -> int:
    lines = data.count(b"\n")
    if returns := data.count(b"\r"):
        lines += returns - data.count(b"\r\n")
    return lines
