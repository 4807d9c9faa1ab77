"""A file of mended rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from waybill.letters.listing import ID, RAW, REASON
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from pathlib import Path

_END = re.compile("[,\r\n]")

Values = dict[str, str | None]
"""A row's values by column, as texts."""


def read(path: Path) -> dict[int, Values]:
    """The mended rows, by the id of their letters.

    As in COPY's CSV, an empty field is NULL; only where a field is written `""` it is the empty
    text.

    Raises:
        WaybillError: The file is missing, is not UTF-8, or does not look like what was exported.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            records = list(_records(file.read()))
    except FileNotFoundError as error:
        msg = f"There is no file {path}."
        raise WaybillError(msg, "Export one: `waybill:dead-letters --export FILE.csv`.") from error
    except UnicodeDecodeError as error:
        msg = f"{path} is not UTF-8."
        raise WaybillError(msg, "Save it as CSV in UTF-8.") from error
    header = [name or "" for name in records[0]] if records else []
    if ID not in header:
        msg = f"{path} has no column {ID} in its first line."
        remedy = "Mend what `waybill:dead-letters --export` has written, with commas as it was."
        raise WaybillError(msg, remedy)
    found: dict[int, Values] = {}
    for number, record in enumerate(records[1:], start=2):
        if record == [None]:
            continue
        row = dict(zip(header, record, strict=False))
        identifier = row.pop(ID, None) or ""
        problem = ""
        if len(record) != len(header):
            problem = f"{len(record)} fields where the header has {len(header)}"
        elif not identifier.isdecimal():
            problem = f"{ID} is {identifier!r}, not a number"
        elif int(identifier) in found:
            problem = f"{ID} {identifier} stands there twice"
        if problem:
            msg = f"{path}, record {number}: {problem}."
            raise WaybillError(msg, "Mend the file; nothing of it was loaded.")
        found[int(identifier)] = {k: v for k, v in row.items() if k not in (REASON, RAW)}
    return found


def _records(text: str) -> list[list[str | None]]:
    """Records of CSV; None for an empty field that is not quoted."""
    records: list[list[str | None]] = []
    record: list[str | None] = []
    at = 0
    while at < len(text):
        if text[at] == '"':
            end = at + 1
            while (end := text.find('"', end)) >= 0 and text[end + 1 : end + 2] == '"':
                end += 2
            if end < 0:
                end = len(text)
            record.append(text[at + 1 : end].replace('""', '"'))
            at = end + 1
        else:
            found = _END.search(text, at)
            end = found.start() if found else len(text)
            record.append(text[at:end] or None)
            at = end
        if text[at : at + 1] == ",":
            at += 1
            if at == len(text):
                record.append(None)
            continue
        at += 2 if text[at : at + 2] == "\r\n" else 1
        records.append(record)
        record = []
    if record:
        records.append(record)
    return records
