"""What the source counts of a relation in one snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_postgres.parts import EVERY_ROW
from waybill_common.errors import WaybillError
from waybill_common.identifiers import quote

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    import psycopg


@dataclass(frozen=True)
class Amount:
    """A number of rows, and the exact sums of the control totals over them."""

    rows: int
    totals: dict[str, Decimal]

    def as_bookmark(self) -> dict[str, Any]:
        """The amount as a bookmark carries it."""
        return {
            "rows": self.rows,
            "totals": {name: f"{each:f}" for name, each in self.totals.items()},
        }


@dataclass(frozen=True)
class Figures:
    """What a relation holds and what of it is to be read.

    Attributes:
        source: Of the whole relation.
        read: Of the rows that this run reads.
        known_up_to: The value of the replication key up to which the relation is then known.
        window: Of the window that this run reads once more, if it does.
    """

    source: Amount
    read: Amount
    known_up_to: str | None
    window: Amount | None = None

    def check_sent(self, stream: str, sent: int) -> None:
        """Make sure that what was counted is what was sent.

        Raises:
            WaybillError: They differ.
        """
        if sent != self.read.rows:
            msg = f"Stream {stream}: {self.read.rows} rows were counted and {sent} read in one snapshot."
            remedy = "The source is damaged, or a view of it is not stable: check it."
            raise WaybillError(msg, remedy)


def count(
    connection: psycopg.Connection[Any],
    relation: str,
    *,
    totals: Sequence[str],
    conditions: Sequence[str],
    known_up_to: str,
) -> tuple[list[Amount], str | None]:
    """Count and add up rows of a relation, at the source and in one pass.

    Args:
        connection: One that sees the snapshot.
        relation: The relation, as a quoted identifier.
        totals: Its control total columns.
        conditions: Which rows, each as SQL.
        known_up_to: One value more, as SQL.

    Returns:
        An amount for each condition, and that value.
    """
    parts = []
    for condition in conditions:
        kept = "" if condition == EVERY_ROW else f" filter (where {condition})"
        parts.append(f"count(*){kept}")
        parts += [f"coalesce(sum({quote(name)}::numeric){kept}, 0)" for name in totals]
    query = f"select {', '.join([*parts, known_up_to])} from {relation}"  # noqa: S608 - names are quoted
    row = connection.execute(query.encode()).fetchone()
    if row is None:
        msg = "an aggregate without a row"
        raise AssertionError(msg)
    width = 1 + len(totals)
    amounts = [
        Amount(rows=row[at], totals=dict(zip(totals, row[at + 1 : at + width], strict=True)))
        for at in range(0, width * len(conditions), width)
    ]
    return amounts, row[-1]
