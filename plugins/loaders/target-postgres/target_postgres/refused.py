"""The dead letter of a row that PostgreSQL has refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from target_postgres import rows
from target_postgres.dead_letters import unquoted
from target_postgres.salvage import place_of
from waybill_common import copy_text
from waybill_common.dead_letters import DeadLetter
from waybill_common.errors import WaybillError
from waybill_common.targets.columns import EXTRACTED_AT, SOURCE_FILE
from waybill_common.targets.formats import CSV

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from waybill_common.targets.formats import BatchFile

_SURROGATES = ("\ud800", "\udfff")


def letter_of(  # noqa: PLR0913 - a refusal has this many sides
    stream: str,
    row: rows.Row,
    error: psycopg.Error,
    *,
    file: BatchFile | None,
    types: Mapping[str, str],
    columns: Sequence[str],
    key: Sequence[str],
) -> DeadLetter:
    """Say which row it is and what is wrong with it.

    Args:
        stream: The stream's name.
        row: The row.
        error: What PostgreSQL said of it alone.
        file: The batch file it is of; None for a RECORD.
        types: The types of the columns.
        columns: The names of its fields, in order.
        key: The stream's key.
    """
    fields = rows.fields(file, row, types)
    is_whole = len(fields) == len(columns)
    values = dict(zip(columns, fields, strict=True)) if is_whole else {}
    column, reason = _reason(error, values, key)
    payload = {
        name: value and visible(value) for name, value in values.items() if name != EXTRACTED_AT
    }
    found = {name: payload[name] for name in key if name in payload}
    is_csv = file is not None and file.format == CSV
    source_file = payload.get(SOURCE_FILE) or (file.source_partition if file else None)
    if file is not None and is_csv:
        source_file = source_file or file.path.name
    return DeadLetter(
        stream=stream,
        reason=reason,
        source_file=source_file,
        source_line=rows.lines_before(file) + row.line if file is not None and is_csv else None,
        key=found if any(value is not None for value in found.values()) else None,
        column=column,
        raw=None if is_whole and not is_csv else visible(rows.decoded(row.data).rstrip("\r\n")),
        payload=payload or None,
    )


def incomplete(
    stream: str, values: Mapping[str, str], key: Sequence[str], column: str
) -> DeadLetter:
    """The letter of a record that lacks a property.

    Args:
        stream: The stream's name.
        values: The record's values as COPY text.
        key: The stream's key.
        column: The property.
    """
    fields = copy_text.decode_row("\t".join(values.values()))
    payload = {name: field and visible(field) for name, field in zip(values, fields, strict=True)}
    return DeadLetter(
        stream=stream,
        reason="the record lacks it, and the SCHEMA requires it",
        source_file=payload.get(SOURCE_FILE),
        key={name: payload[name] for name in key} or None,
        column=column,
        payload=payload,
    )


def refusal(error: psycopg.Error, place: str, personal: Collection[str]) -> WaybillError:
    """What PostgreSQL says of a statement, in one line.

    Args:
        error: What it raised.
        place: Stream and table.
        personal: Columns whose values no message may show; its details show whole rows.
    """
    reason = error.diag.message_primary or str(error)
    if personal:
        return WaybillError(f"{place}: {unquoted(reason)}.")
    more = error.diag.message_detail or error.diag.message_hint or ""
    return WaybillError(f"{place}: {reason}.", more)


def visible(text: str) -> str:
    """A text with the bytes of it that are no UTF-8 written as escapes."""
    if text.isascii():
        return text
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = text.encode("utf-8", "backslashreplace")
    return data.decode("utf-8", "backslashreplace")


def _reason(
    error: psycopg.Error, values: Mapping[str, str | None], key: Sequence[str]
) -> tuple[str | None, str]:
    _, column = place_of(error)
    if isinstance(error, psycopg.errors.NotNullViolation):
        return (
            column,
            "a part of the key is NULL" if column in key else "NULL where the table takes none",
        )
    if isinstance(error, psycopg.errors.CheckViolation):
        return column, f"it breaks the check {error.diag.constraint_name} of the table"
    if isinstance(error, psycopg.errors.CharacterNotInRepertoire):
        for name, value in values.items():
            if value and "\0" in value:
                return name, "it holds the character NUL"
            if value and any(_SURROGATES[0] <= each <= _SURROGATES[1] for each in value):
                is_half = not any("\udc80" <= each <= "\udcff" for each in value)
                return name, (
                    "it holds half of a surrogate pair" if is_half else "it is not valid UTF-8"
                )
    return column, error.diag.message_primary or str(error)
