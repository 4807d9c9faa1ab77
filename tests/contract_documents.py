"""Small data contracts, for tests that need one of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LOGICAL = {
    "smallint": "integer",
    "integer": "integer",
    "bigint": "integer",
    "numeric": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "timestamp with time zone": "timestamp",
}


def contract(
    source: str, streams: Sequence[dict[str, Any]] = (), domain: str = "shop", **more: Any
) -> dict[str, Any]:
    """A contract whose streams land in `raw_<source>`; `more` are further fields of its root."""
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": source,
        "name": source.title(),
        "version": "1.0.0",
        "status": "active",
        "domain": domain,
        "description": {"purpose": "A source of the tests."},
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
        "schema": list(streams),
    } | more


def stream(
    name: str, columns: Mapping[str, str], more: Mapping[str, Any] | None = None, **custom: Any
) -> dict[str, Any]:
    """A stream of a contract.

    Args:
        name: The stream's name.
        columns: Its columns, each with its SQL type and the marks of `column`.
        more: Further fields of the stream, such as `quality`.
        custom: Its custom properties.
    """
    return {
        "name": name,
        "logicalType": "object",
        "physicalType": "table",
        "dataGranularityDescription": f"One row per row of {name}",
        "customProperties": [{"property": key, "value": value} for key, value in custom.items()],
        "properties": [column(*item) for item in columns.items()],
    } | dict(more or {})


def column(name: str, marked: str) -> dict[str, Any]:
    """A column of a stream.

    Args:
        name: The column's name.
        marked: Its SQL type, followed by `!` (required), `#` (key), `+` (control total),
            `*` (personal data, hashed) or `?` (personal data in the clear).
    """
    sql_type = marked.rstrip("!#+*?")
    marks = marked.removeprefix(sql_type)
    found: dict[str, Any] = {
        "name": name,
        "logicalType": _LOGICAL.get(sql_type.partition("(")[0], "string"),
        "physicalType": sql_type,
    }
    if "!" in marks:
        found["required"] = True
    if "#" in marks:
        found |= {"primaryKey": True, "primaryKeyPosition": 1}
    if "*" in marks or "?" in marks:
        found["classification"] = "pii"
    custom = {"+": ("controlTotal", True), "?": ("clearBecause", "it is printed")}
    kept = [
        {"property": name, "value": value}
        for mark, (name, value) in custom.items()
        if mark in marks
    ]
    return found | ({"customProperties": kept} if kept else {})
