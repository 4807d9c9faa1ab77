"""Dead letters: rows of a source that could not land, and by how much its tables lack them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from waybill.receipt.model import Figures
from waybill.receipt.numbers import added, decimals

if TYPE_CHECKING:
    from decimal import Decimal

    import psycopg

COMMAND = "meltano invoke waybill:dead-letters"
"""Shows the open ones."""

# A letter of a key that has an older row in the table makes no row missing there.
_LETTERS = """
    with letter as (
        select
            stream,
            source_file,
            resolved_at is null as is_open,
            resolved_at is null and not keeps_older_row as is_missing,
            case when resolved_at is null then counted_totals else landed_totals end as totals
        from waybill.dead_letter
        where target_schema = %(schema)s and resolved_by is distinct from 'reload'
    ),

    counted as (
        select
            stream,
            source_file,
            count(*) filter (where is_open) as open,
            count(*) filter (where is_missing) as missing
        from letter
        group by stream, source_file
    ),

    moved as (
        select
            letter.stream,
            letter.source_file,
            total.key as name,
            sum(case when is_open then -1 else 1 end * total.value::numeric) as change
        from letter, jsonb_each_text(letter.totals) as total
        group by letter.stream, letter.source_file, total.key
    )

    select
        counted.*,
        coalesce(
            (
                select jsonb_object_agg(moved.name, moved.change)
                from moved
                where moved.stream = counted.stream
                    and moved.source_file is not distinct from counted.source_file
            ),
            '{}'
        ) as totals
    from counted
"""

_KEYS = """
    select key
    from waybill.dead_letter
    where target_schema = %s and stream = %s and resolved_at is null and key is not null
"""


@dataclass
class Letters:
    """The dead letters of one stream.

    Attributes:
        open: How many were neither replayed nor sent again.
        missing: How many rows the table lacks because of them.
        change: What is to be added to the source's control totals to get those of the table.
        files: The same file by file, rows being those the table lacks.
    """

    open: int = 0
    missing: int = 0
    change: dict[str, Decimal] = field(default_factory=dict)
    files: dict[str, Figures] = field(default_factory=dict)

    def landing(self, source: Figures, file: str | None = None) -> Figures:
        """What the table holds if nothing but the dead letters is missing in it.

        Args:
            source: What the source holds, or one file of it.
            file: That file.
        """
        lacks = Figures(self.missing, self.change)
        if file is not None:
            lacks = self.files.get(file, Figures(0, {}))
        known = {name: change for name, change in lacks.totals.items() if name in source.totals}
        return Figures(source.rows - lacks.rows, added(source.totals, known))


def letters(session: psycopg.Connection[dict[str, Any]], schema: str) -> dict[str, Letters]:
    """The dead letters of a schema, by stream; one without any gives an empty account."""
    found: dict[str, Letters] = defaultdict(Letters)
    for row in session.execute(_LETTERS, {"schema": schema}):
        account = found[row["stream"]]
        totals = decimals(row["totals"])
        account.open += row["open"]
        account.missing += row["missing"]
        account.change = added(account.change, totals)
        if row["source_file"] is not None:
            account.files[row["source_file"]] = Figures(row["missing"], totals)
    return found


def open_keys(
    session: psycopg.Connection[dict[str, Any]], schema: str, stream: str
) -> list[dict[str, str | None]]:
    """The keys of the open dead letters that have one, values as texts."""
    return [row["key"] for row in session.execute(_KEYS, (schema, stream))]
