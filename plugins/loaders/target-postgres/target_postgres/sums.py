"""Control totals of rows on their way, taken while the tap is still at the next ones."""

# ruff: noqa: S608 - names are quoted and values are bound
from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from waybill_common.identifiers import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

_START = "(0,0)"
"""Before the place of any row."""


class Sums:
    """The sums of a table that COPY fills, and nothing else writes to.

    Args:
        connection: The warehouse, inside the load's transaction.
        relation: The table, as a quoted identifier.
        names: Its control total columns.
    """

    def __init__(
        self, connection: psycopg.Connection[Any], relation: str, names: Sequence[str]
    ) -> None:
        self._connection = connection
        self._relation = relation
        self._names = list(names)
        self._rows = 0
        self._last = _START
        self._totals = [Decimal(0)] * len(self._names)

    def advance(self) -> None:
        """Add the rows that stand behind those that were added before."""
        if not self._names:
            return
        sums = "".join(f", coalesce(sum({quote(name)}::numeric), 0) + %s" for name in self._names)
        ((rows, last, *totals),) = self._connection.execute(
            f"select count(*), max(ctid)::text{sums} from {self._relation} where ctid > %s::tid",
            [*self._totals, self._last],
        ).fetchall()
        self._rows += rows
        self._totals = totals
        self._last = last or self._last

    def of(self, rows: int) -> dict[str, Decimal]:
        """The sums of all rows.

        Args:
            rows: How many there are. Should COPY not have put each behind the one before, the
                number tells, and all are added up at once.
        """
        if self._rows != rows:
            self.advance()
        if self._rows != rows:
            self._rows, self._last = 0, _START
            self._totals = [Decimal(0)] * len(self._names)
            self.advance()
        return dict(zip(self._names, self._totals, strict=True))
