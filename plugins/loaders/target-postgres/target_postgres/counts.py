"""What became of the rows of one load."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_COUNTED = ("received", "inserted", "updated", "unchanged", "superseded", "deleted", "dead")


@dataclass
class Counts:
    """What became of the rows received, and how the table's control totals moved.

    Always received = inserted + updated + unchanged + superseded + dead; deleted rows were not
    received.
    """

    received: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    superseded: int = 0
    deleted: int = 0
    dead: int = 0
    totals_received: dict[str, Decimal] = field(default_factory=dict)
    totals_landed_change: dict[str, Decimal] = field(default_factory=dict)

    def __str__(self) -> str:
        """The counts in words, for the log."""
        return (
            f"{self.received:,} received: {self.inserted:,} new, {self.updated:,} changed,"
            f" {self.unchanged:,} unchanged, {self.superseded:,} superseded, {self.dead:,} dead;"
            f" {self.deleted:,} deleted"
        )

    def bury(self, dead: int, totals: Mapping[str, Decimal]) -> None:
        """Count rows that were received and could not land.

        Args:
            dead: How many.
            totals: Their control totals, as far as the tap has counted them.
        """
        self.received += dead
        self.dead += dead
        for column, total in totals.items():
            self.totals_received[column] = self.totals_received.get(column, Decimal(0)) + total

    def add(self, other: Counts) -> None:
        """Add the counts of a further merge."""
        for name in _COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for own, others in (
            (self.totals_received, other.totals_received),
            (self.totals_landed_change, other.totals_landed_change),
        ):
            for column, total in others.items():
                own[column] = own.get(column, Decimal(0)) + total
