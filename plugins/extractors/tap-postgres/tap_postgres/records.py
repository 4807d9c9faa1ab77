"""Rows as Singer records: text, so that no value passes through a Python type that changes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tap_postgres import values
from waybill_common import copy_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from psycopg.abc import Buffer

    from tap_postgres.relations import SourceColumn


def objects(lines: Iterable[Buffer], columns: Sequence[SourceColumn]) -> Iterator[str]:
    """Each line of COPY text as a JSON object.

    Args:
        lines: The rows.
        columns: Their columns in order.
    """
    fields = [
        (json.dumps(column.name) + ":", values.fragment(column.sql_type)) for column in columns
    ]
    for line in lines:
        row = copy_text.decode_row(str(line, "utf-8"))
        members = [
            name + ("null" if text is None else convert(text))
            for (name, convert), text in zip(fields, row, strict=True)
        ]
        yield "{" + ",".join(members) + "}"
