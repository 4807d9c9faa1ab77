"""A contract as a document, and what else a new source needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waybill.infer.guess import logical_type
from waybill.infer.streams import identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waybill.infer.guess import Column
    from waybill.infer.streams import Stream

_PERSONAL = ("email", "e_mail", "phone", "first_name", "last_name", "full_name", "birth", "iban")


def contract(source: str, streams: Sequence[Stream], *, kind: str) -> dict[str, Any]:
    """A contract of streams, in the standard's words.

    Args:
        source: The source's name.
        streams: What it holds.
        kind: Of what, in words.
    """
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": source,
        "name": source.replace("_", " ").capitalize(),
        "version": "1.0.0",
        "status": "active",
        "domain": source,
        "description": {"purpose": f"{kind}: {', '.join(stream.name for stream in streams)}."},
        "servers": [
            {
                "server": "warehouse",
                "type": "postgres",
                "host": "localhost",
                "port": 5432,
                "database": "warehouse",
                "schema": f"raw_{source}",
            }
        ],
        "schema": [_stream(stream, is_of_files="files" in stream.custom) for stream in streams],
    }


def _stream(stream: Stream, *, is_of_files: bool) -> dict[str, Any]:
    custom = stream.custom | {"drift": "evolve"}
    return {
        "name": stream.name,
        "logicalType": "object",
        "physicalType": "table",
        "dataGranularityDescription": stream.grain,
        "customProperties": [{"property": name, "value": each} for name, each in custom.items()],
        "properties": [_column(each, is_of_file=is_of_files) for each in stream.columns],
    }


def _column(column: Column, *, is_of_file: bool) -> dict[str, Any]:
    name = identifier(column.name) if is_of_file else column.name
    found: dict[str, Any] = {
        "name": name,
        "logicalType": logical_type(column.sql_type),
        "physicalType": column.sql_type,
    }
    if name != column.name:
        found["physicalName"] = column.name
    if column.key_position:
        found |= {"primaryKey": True, "primaryKeyPosition": column.key_position}
    elif column.is_required:
        found["required"] = True
    return found


def personal(streams: Sequence[Stream]) -> list[str]:
    """Columns that are called as if they held personal data."""
    return [
        f"{stream.name}.{identifier(column.name)}"
        for stream in streams
        for column in stream.columns
        if any(word in identifier(column.name) for word in _PERSONAL)
    ]
