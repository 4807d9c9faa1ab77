"""The streams of JSON files: names and types from the first rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from waybill.infer import streams
from waybill.infer.guess import Guess, mark_key
from waybill.infer.streams import Stream
from waybill_common import contracts, json_text
from waybill_common.errors import WaybillError
from waybill_common.files.json_items import Items
from waybill_common.files.tape import Tape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_common.source_files import Source, SourceFile

_LARGEST = 64 << 20
"""Bytes of a document whose arrays are members: it is looked at as a whole."""
_PLAIN = contracts.Stream("rows", "", "", None, None, "evolve", (), (), ())


def find(source: Source) -> list[Stream]:
    """The streams of JSON files: lines, an array, or the arrays that are members of an object.

    Raises:
        WaybillError: A file is not JSON, or holds no objects.
    """
    groups = streams.grouped(source.files, (".json", ".jsonl", ".ndjson"))
    found = []
    for stem, group in groups.items():
        files = streams.pattern(stem, group, source.files)
        members = _members(group[-1])
        for member in members or (None,):
            custom = {"files": files} | ({"member": member} if member else {})
            found.append(_stream(member or stem, group[-1], member, custom))
    return found


def _members(file: SourceFile) -> list[str]:
    """The members that hold rows, where the file is one object around them."""
    if file.stored_size is not None and file.stored_size > _LARGEST:
        return []
    with file.open() as content:
        text = content.read(_LARGEST).decode("utf-8-sig", "replace")
    value, problem = json_text.parse(text)
    if problem or not isinstance(value, dict):
        return []
    return [
        name
        for name, each in value.items()
        if isinstance(each, list) and each and all(isinstance(row, dict) for row in each)
    ]


def _stream(stem: str, file: SourceFile, member: str | None, custom: dict[str, Any]) -> Stream:
    guesses: dict[str, Guess] = {}
    count = 0
    with file.open() as content:
        for row in streams.limited(_rows(file, member, Tape(content))):
            count += 1
            for name, value in row.items():
                guess = guesses.setdefault(name, Guess(name))
                is_nested = isinstance(value, (dict, list))
                is_text = isinstance(value, str) and not isinstance(value, json_text.Number)
                guess.add(_text(value), is_text=is_text, is_nested=is_nested)
    if not guesses:
        msg = f"{file.place} holds no rows that are objects."
        raise WaybillError(msg, "Name a file with rows, from which their columns can be told.")
    columns = [guess.column(count) for guess in guesses.values()]
    name = streams.identifier(stem)
    mark_key(columns, list(guesses.values()), name, count)
    return Stream(name, columns, custom, count)


def _rows(file: SourceFile, member: str | None, tape: Tape) -> Iterator[dict[str, Any]]:
    for chunk in Items(file, replace(_PLAIN, member=member), tape).chunks():
        for item in chunk:
            if isinstance(item.value, dict):
                yield item.value


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json_text.write(value)
