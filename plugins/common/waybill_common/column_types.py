"""From a SQL type's name to the texts it admits."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from waybill_common import json_text, sql_types, values
from waybill_common.moments import DATE, TIMESTAMP, TIMESTAMPTZ, Calendar

if TYPE_CHECKING:
    from collections.abc import Callable

_UUID = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def of_sql_type(sql_type: str) -> values.ColumnType:
    """The texts that a PostgreSQL type admits.

    Args:
        sql_type: Such as `integer`, `numeric(12,2)`, `timestamp`, `varchar(20)`.

    Raises:
        ValueError: No text of that type can be checked here.
    """
    canonical = sql_types.canonical(sql_type) or ""
    parameters = [int(number) for number in re.findall(r"-?[0-9]+", canonical)]
    match canonical.partition("(")[0]:
        case "text":
            return values.Text()
        case "character varying":
            return values.Text(*parameters)
        case "numeric":
            return values.Numeric(*parameters)
    if known := _TYPES.get(canonical):
        return known()
    msg = f"type {sql_type!r} cannot be read from a file"
    raise ValueError(msg)


_TYPES: dict[str, Callable[[], values.ColumnType]] = {
    "smallint": partial(values.Integer, 2),
    "integer": partial(values.Integer, 4),
    "bigint": partial(values.Integer, 8),
    "real": partial(values.Float, 3.4028235e38, 1.4e-45),
    "double precision": partial(values.Float, 1.7976931348623157e308, 5e-324),
    "boolean": values.Boolean,
    "uuid": partial(values.Pattern, _UUID, "a UUID such as 123e4567-e89b-12d3-a456-426614174000"),
    "json": json_text.Json,
    "jsonb": json_text.Json,
    "date": partial(Calendar, DATE, "a day such as 2018-02-28", json_format="date"),
    "timestamp without time zone": partial(
        Calendar,
        TIMESTAMP,
        "a time such as 2018-02-28 23:59:59, without a zone",
        json_format="date-time",
    ),
    "timestamp with time zone": partial(
        Calendar,
        TIMESTAMPTZ,
        "a time such as 2018-02-28 23:59:59+00:00",
        json_format="date-time",
        has_zone=True,
    ),
}
"""By the name PostgreSQL's format_type gives."""
