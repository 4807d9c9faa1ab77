"""The values of a file, one by one: JSON lines, an array, or an array that is a member of an object."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any, NamedTuple

from waybill_common import json_text
from waybill_common.errors import WaybillError
from waybill_common.files.json_arrays import ArrayReader
from waybill_common.files.tape import MalformedError, Tape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_common.contracts import Stream
    from waybill_common.source_files import SourceFile

CHUNK_ITEMS = 8192
CHUNK_CHARACTERS = 256 << 10
_BLANK = " \t\r\n"
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Item(NamedTuple):
    """One value of a file.

    Attributes:
        number: The physical line at which it stands, or its place in the array, from 1.
        raw: Its text.
        value: As `json_text` gives it.
        fault: Why there is no value, in words.
    """

    number: int
    raw: str
    value: Any
    fault: str = ""


class Items:
    """The values of one file.

    Args:
        file: Names the file in messages.
        stream: What the contract says.
        tape: The file's bytes.

    Attributes:
        counted: What numbers the values: `line` or `element`.
    """

    def __init__(self, file: SourceFile, stream: Stream, tape: Tape) -> None:
        self._place = file.place
        self._stream = stream
        self._tape = tape
        self._refuse_wide(tape)
        is_array = bool(stream.member) or tape.first() == b"["
        self.counted = "element" if is_array else "line"

    def chunks(self) -> Iterator[list[Item]]:
        """The values in their order, some at once.

        Raises:
            WaybillError: The file is no JSON; names the place in it.
        """
        try:
            yield from self._elements() if self.counted == "element" else self._lines()
        except MalformedError as error:
            msg = f"{self._place}, line {error.line}: {error.reason}."
            remedy = "Write the file anew; rows of JSON lines that are cut off or broken are left out one by one."
            raise WaybillError(msg, remedy) from error

    def _lines(self) -> Iterator[list[Item]]:
        tape = self._tape
        while lines := tape.lines(is_single=False):
            first = tape.line
            tape.consume(lines)
            yield [
                Item(number, line, *json_text.parse(line.rstrip(_BLANK)))
                for number, line in enumerate(lines, start=first)
                if line.strip(_BLANK)
            ]

    def _elements(self) -> Iterator[list[Item]]:
        found: list[Item] = []
        size = 0
        elements = ArrayReader(self._tape, self._stream.member).elements()
        for number, (raw, value) in enumerate(elements, start=1):
            found.append(Item(number, raw, value))
            size += len(raw)
            if len(found) >= CHUNK_ITEMS or size >= CHUNK_CHARACTERS:
                yield found
                found, size = [], 0
        yield found

    def _refuse_wide(self, tape: Tape) -> None:
        if tape.data.startswith(_WIDE):
            msg = f"{self._place} is UTF-16."
            remedy = f"Give stream {self._stream.name} the custom property encoding: utf-16 in the contract, or write UTF-8."
            raise WaybillError(msg, remedy)
