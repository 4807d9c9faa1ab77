"""The streams of CSV files: names from the header, types from the first rows."""

from __future__ import annotations

import csv
import itertools
from typing import TYPE_CHECKING, Any

from waybill.infer import streams
from waybill.infer.guess import Guess, mark_key
from waybill.infer.streams import Stream
from waybill_common.errors import WaybillError
from waybill_common.files.tape import LARGEST_FIELD, Tape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_common.source_files import Source, SourceFile

_DELIMITERS = ",;\t|"
_ENCODINGS = ("utf-8", "cp1252")


def find(source: Source) -> list[Stream]:
    """The streams of CSV files.

    Raises:
        WaybillError: A file has no header, or is not CSV.
    """
    groups = streams.grouped(source.files, (".csv", ".tsv"))
    return [_stream(stem, group, source) for stem, group in groups.items()]


def _stream(stem: str, group: list[SourceFile], source: Source) -> Stream:
    file = group[-1]
    encoding = _encoding(file)
    with file.open() as content:
        lines = _lines(Tape(content, encoding))
        first = next(lines, "")
        delimiter = max(_DELIMITERS, key=first.count)
        csv.field_size_limit(LARGEST_FIELD)
        rows = csv.reader(itertools.chain([first], lines), delimiter=delimiter, strict=True)
        try:
            header = next(rows, [])
            guesses = [Guess(name) for name in header]
            count = 0
            for row in streams.limited(rows):
                if len(row) == len(header):
                    count += 1
                    for guess, value in zip(guesses, row, strict=True):
                        guess.add(value or None)
        except csv.Error as error:
            msg = f"{file.place}: not CSV: {error}."
            raise WaybillError(msg, "Mend the quotes, or name another file.") from error
    if not header:
        msg = f"{file.place}: there is no header in line 1."
        raise WaybillError(msg, "The first line must name the columns.")
    columns = [guess.column(count) for guess in guesses]
    name = streams.identifier(stem)
    mark_key(columns, guesses, name, count)
    custom: dict[str, Any] = {"files": streams.pattern(stem, group, source.files)}
    custom |= {"delimiter": delimiter} if delimiter != "," else {}
    custom |= {"encoding": encoding} if encoding != _ENCODINGS[0] else {}
    return Stream(name, columns, custom, count)


def _encoding(file: SourceFile) -> str:
    """UTF-8 where the first megabytes are, else what Windows writes."""
    with file.open() as content:
        data = content.read(4 << 20)
    for encoding in _ENCODINGS[:-1]:
        try:
            data[: data.rfind(b"\n") + 1 or None].decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return _ENCODINGS[-1]


def _lines(tape: Tape) -> Iterator[str]:
    while lines := tape.lines(is_single=False):
        tape.consume(lines)
        yield from lines
