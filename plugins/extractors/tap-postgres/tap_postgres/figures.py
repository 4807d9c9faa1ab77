"""What the source counts of a relation in one snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from decimal import Decimal


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
    """

    source: Amount
    read: Amount
    known_up_to: str | None

    def check_sent(self, stream: str, sent: int) -> None:
        """Make sure that what was counted is what was sent.

        Raises:
            WaybillError: They differ.
        """
        if sent != self.read.rows:
            msg = f"Stream {stream}: {self.read.rows} rows were counted and {sent} read in one snapshot."
            remedy = "The source is damaged, or a view of it is not stable: check it."
            raise WaybillError(msg, remedy)
