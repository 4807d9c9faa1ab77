"""What an invocation of a target has received."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass
class Received:
    """What this invocation has received of a stream, over all its transactions.

    Attributes:
        rows: Rows of the stream's messages, letters of the tap among them.
        settled: Rows that the ledger has as received.
        dead: Those of them that could not land.
        last_letter: The last of those, in words.
        totals: Sums of the control totals of what was not skipped.
        has_skipped: Whether a batch was skipped, as it had landed before.
        load: The load that its rows are of, where the SCHEMA names one.
        earlier_rows: `settled` as it was when that began.
        earlier_dead: `dead` as it was then.
    """

    rows: int = 0
    settled: int = 0
    dead: int = 0
    totals: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    last_letter: str = ""
    has_skipped: bool = False
    load: str = ""
    earlier_rows: int = 0
    earlier_dead: int = 0
