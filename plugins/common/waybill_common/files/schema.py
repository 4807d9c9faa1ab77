"""JSON schema of a stream, with the marks our target reads beside the types any target reads."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from waybill_common.dead_letters import LIMIT_MARK
from waybill_common.files.fields import column_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from waybill_common.contracts import Stream

DRIFT_MARK = "x-drift"
SOURCE_FILE = {"type": ["string"], "x-sql-datatype": "text"}
UNKNOWN = {"type": ["string", "null"], "x-sql-datatype": "text"}
"""A column that the contract does not know."""
EXTRACTED_AT = {"type": ["string"], "format": "date-time", "x-sql-datatype": "timestamptz"}


def of_stream(stream: Stream, unknown: Iterable[str]) -> dict[str, Any]:
    """The schema of a stream's records.

    Args:
        stream: What the contract says.
        unknown: Columns the contract does not know, carried as text.
    """
    properties: dict[str, Any] = {}
    for column in stream.columns:
        admitted = column_type(stream, column)
        json_type = "string" if column.is_hashed else admitted.json_type
        types = [json_type] if column.is_required else [json_type, "null"]
        properties[column.name] = {"type": types, "x-sql-datatype": column.landed_type}
        if admitted.json_format and not column.is_hashed:
            properties[column.name]["format"] = admitted.json_format
        if column.is_control_total:
            properties[column.name]["x-control-total"] = True
        if column.is_pii and not column.is_hashed:
            properties[column.name]["x-pii"] = True
    for name in unknown:
        properties[name] = dict(UNKNOWN)
    properties["_sdc_source_file"] = dict(SOURCE_FILE)
    properties["_sdc_extracted_at"] = dict(EXTRACTED_AT)
    schema = {
        "type": "object",
        "properties": properties,
        "x-source-partition": "_sdc_source_file",
        DRIFT_MARK: stream.drift,
    }
    if stream.dead_letter_limit:
        schema[LIMIT_MARK] = stream.dead_letter_limit.mark()
    return schema


def marked(message: dict[str, Any], own: dict[str, Any], *, is_whole_table: bool) -> dict[str, Any]:
    """A schema with the `x-` keys of `own` put back, which the SDK's catalog does not keep.

    Args:
        message: A schema that went through a catalog and stream maps.
        own: The stream's own schema.
        is_whole_table: Whether this run's rows are all that the table is to hold.
    """
    result = copy.deepcopy(message)
    properties = result.get("properties", {})
    for name, marks in own["properties"].items():
        if name in properties:
            properties[name] |= {key: marks[key] for key in marks if key.startswith("x-")}
    if own["x-source-partition"] in properties:
        result["x-source-partition"] = own["x-source-partition"]
    result |= {mark: own[mark] for mark in (DRIFT_MARK, LIMIT_MARK) if mark in own}
    if is_whole_table:
        result["x-whole-table"] = True
    return result
