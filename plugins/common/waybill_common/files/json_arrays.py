"""The elements of an array that need not fit into memory."""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

from waybill_common.files.tape import LARGEST_FIELD, MalformedError
from waybill_common.json_text import DECODER, reason_of, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_common.files.tape import Tape

Element = tuple[str, Any]
"""Its text and its value."""

_BLANK = re.compile(r"[ \t\n\r]*")
_LONGEST_TOKEN = 16
"""Characters at the end of what is in memory that may be half of a literal or an escape."""


class ArrayReader:
    """Reads one array, which is all of a file or a member of the object that is.

    Args:
        tape: The file's bytes.
        member: The member's name, or None.
    """

    def __init__(self, tape: Tape, member: str | None) -> None:
        self._tape = tape
        self._member = member
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self._text = ""
        self._at = 0
        self._line = 1
        self._is_end = False

    def elements(self) -> Iterator[Element]:
        """The elements in their order.

        Raises:
            MalformedError: The file is not JSON, or has no such array, or an element is too long.
        """
        yield from self._array() if self._member is None else self._of_member(self._member)
        if self._next():
            self._refuse("text behind the end")

    def _of_member(self, member: str) -> Iterator[Element]:
        self._take("{")
        is_found = False
        is_first = True
        while not self._ends("}", is_first=is_first):
            is_first = False
            if self._next() != '"':
                self._refuse("a member without a name")
            _, name = self._value()
            self._take(":")
            if name != member:
                self._skip()
            elif is_found:
                self._refuse(f"member {shorten(member)} twice")
            else:
                is_found = True
                yield from self._array()
        if not is_found:
            self._refuse(f"no member {shorten(member)}")

    def _array(self) -> Iterator[Element]:
        self._take("[")
        is_first = True
        while not self._ends("]", is_first=is_first):
            is_first = False
            yield self._value()

    def _skip(self) -> None:
        """Pass over a value; an array may be as long as it likes."""
        if self._next() == "[":
            for _ in self._array():
                pass
        else:
            self._value()

    def _ends(self, bracket: str, *, is_first: bool) -> bool:
        """Whether what is open ends here; otherwise the cursor goes to its next part."""
        found = self._next()
        if found == bracket:
            self._at += 1
            return True
        if is_first:
            return False
        self._take(",")
        if self._next() == bracket:
            self._refuse("a comma before the end")
        return False

    def _take(self, character: str) -> None:
        if (found := self._next()) != character:
            instead = repr(found) if found else "the end of the file"
            self._refuse(f"{instead} instead of {character!r}")
        self._at += 1

    def _next(self) -> str:
        """The next character that is not white space, which stays; empty at the end."""
        while True:
            blank = _BLANK.match(self._text, self._at)
            self._at = blank.end() if blank else self._at
            if self._at < len(self._text) or not self._fill():
                return self._text[self._at : self._at + 1]

    def _value(self) -> Element:
        """The value at the cursor, which is followed by something."""
        self._next()
        while True:
            error: Exception | None = None
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
                # A number may go on in the next block.
                if end < len(self._text) or self._is_end:
                    raw = self._text[self._at : end]
                    self._at = end
                    return raw, value
            except json.JSONDecodeError as found:
                if self._is_certain(found):
                    self._refuse(reason_of(found), found.pos, cause=found)
                error = found
            except RecursionError as found:
                self._refuse("nested too deeply", cause=found)
            size = len(self._text) - self._at
            if size > LARGEST_FIELD:
                self._refuse(f"an element longer than {LARGEST_FIELD} characters", cause=error)
            # Twice as much each time, so that a long element is not parsed again for each block.
            while len(self._text) - self._at <= min(2 * size, LARGEST_FIELD) and self._fill():
                pass

    def _is_certain(self, error: json.JSONDecodeError) -> bool:
        """Whether no further text would mend it."""
        if self._is_end:
            return True
        is_open = error.msg.startswith("Unterminated string")
        return not is_open and error.pos < len(self._text) - _LONGEST_TOKEN

    def _fill(self) -> bool:
        if self._is_end:
            return False
        block = self._tape.block()
        self._is_end = not block
        self._line += self._text.count("\n", 0, self._at)
        self._text = self._text[self._at :] + self._decode(block, self._is_end)
        self._at = 0
        return True

    def _refuse(
        self, reason: str, at: int | None = None, *, cause: Exception | None = None
    ) -> NoReturn:
        """End the read.

        Args:
            reason: What is wrong.
            at: Where in what is in memory; at the cursor where it is None.
            cause: What found it.

        Raises:
            MalformedError: Always.
        """
        line = self._line + self._text.count("\n", 0, self._at if at is None else at)
        raise MalformedError(line, f"not JSON as expected: {reason}") from cause
