"""Dead letters as the warehouse keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import psycopg

_FIELDS = """
    select
        dead_letter_id, target_schema, stream, source_file, source_line, key, column_name, reason,
        raw, payload, created_at, counted_totals, resolved_by
    from waybill.dead_letter
"""
_OPEN = f"""
    {_FIELDS}
    where resolved_at is null and target_schema = any(coalesce(%s, array[target_schema]))
        and stream = coalesce(%s, stream)
    order by target_schema, stream, dead_letter_id
"""
_BY_ID = f"{_FIELDS} where dead_letter_id = any(%s) order by dead_letter_id for update"


@dataclass(frozen=True)
class Letter:
    """One row of waybill.dead_letter; see there."""

    dead_letter_id: int
    target_schema: str
    stream: str
    source_file: str | None
    source_line: int | None
    key: Mapping[str, str | None] | None
    column_name: str | None
    reason: str
    raw: str | None
    payload: Mapping[str, str | None] | None
    created_at: datetime
    counted_totals: Mapping[str, Any]
    resolved_by: str | None

    @property
    def place(self) -> str:
        """File and line, or key, in words."""
        if self.source_file and self.source_line:
            return f"{self.source_file}:{self.source_line}"
        key = ", ".join(f"{name} {value}" for name, value in (self.key or {}).items())
        return ", ".join(part for part in (self.source_file, key) if part) or "-"


def open_letters(
    session: psycopg.Connection[Any], schemas: Sequence[str] | None, stream: str | None
) -> list[Letter]:
    """Letters that are not resolved.

    Args:
        session: The warehouse, as a role that may read them.
        schemas: Only those of streams that land in these; None for any.
        stream: Only those of this stream; None for any.
    """
    return _letters(session, _OPEN, (None if schemas is None else list(schemas), stream))


def locked(session: psycopg.Connection[Any], ids: Sequence[int]) -> list[Letter]:
    """Letters by id, also resolved ones, kept from others until the transaction ends."""
    return _letters(session, _BY_ID, (list(ids),))


def _letters(
    session: psycopg.Connection[Any], query: str, values: tuple[object, ...]
) -> list[Letter]:
    with session.cursor(row_factory=dict_row) as cursor:
        return [Letter(**row) for row in cursor.execute(query.encode(), values)]
