"""A source's raw schema as dbt knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from waybill_common.contracts import Column, Contract, Stream

LANDED_AT = "_sdc_batched_at"

_LANDING_COLUMNS = (
    ("_sdc_extracted_at", "timestamptz", "When the row was read at the source."),
    (LANDED_AT, "timestamptz", "When the row landed: the time of the transaction that wrote it."),
    (
        "_sdc_deleted_at",
        "timestamptz",
        "When the row was found deleted at the source; null so far.",
    ),
)
_FILE_COLUMN = ("_sdc_source_file", "text", "The file that holds the row, as a path in the source.")

_OPEN_CLASSES = {"public", "internal"}


def dbt_sources(contract: Contract) -> dict[str, Any]:
    """The contents of `_<source>__sources.yml`, for dbt 1.10 or later."""
    source: dict[str, Any] = {
        "name": contract.raw_schema,
        "description": contract.description,
        "schema": contract.raw_schema,
        # A table may have an SQL keyword for a name, such as transaction.
        "quoting": {"identifier": True},
        "config": {"loaded_at_field": LANDED_AT},
        "tables": [_table(stream) for stream in contract.streams],
    }
    return {"version": 2, "sources": [source]}


def _table(stream: Stream) -> dict[str, Any]:
    table: dict[str, Any] = {
        "name": stream.name,
        "description": f"{stream.grain}. {stream.description}".strip(),
    }
    if stream.freshness:
        age = {"count": stream.freshness.count, "period": stream.freshness.period}
        table["config"] = {"freshness": {"warn_after": age}}
    landing = (*_LANDING_COLUMNS, _FILE_COLUMN) if stream.files else _LANDING_COLUMNS
    table["columns"] = [
        *(_column(column) for column in stream.columns),
        *(
            {"name": name, "description": description, "data_type": data_type}
            for name, data_type, description in landing
        ),
    ]
    return table


def _column(column: Column) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": column.name,
        "description": column.description,
        "data_type": column.landed_type,
    }
    if column.classification not in _OPEN_CLASSES:
        meta: dict[str, Any] = {"classification": column.classification}
        entry["config"] = {"meta": meta | ({"hashed": True} if column.is_hashed else {})}
    return entry
