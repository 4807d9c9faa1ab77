"""What a receipt says."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

OF_BACKFILL = "backfill of "
"""What the scope of a backfill's receipt begins with, before the source: it is about some streams alone."""
MAX_OFFENDERS = 5
"""How many offending keys a difference names."""


@dataclass(frozen=True)
class Figures:
    """Rows of one side of a comparison, and exact sums of its control totals by column."""

    rows: int
    totals: dict[str, Decimal]


@dataclass(frozen=True)
class Difference:
    """Something that does not add up.

    Attributes:
        subject: The stream or mart, with its schema.
        figure: What differs: `rows`, `sum of price`, ...
        expected: What it should be, and according to whom.
        found: What it is, and where.
        offenders: The first keys or files behind it, each with what is wrong with it.
    """

    subject: str
    figure: str
    expected: str
    found: str
    offenders: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The difference in one line, without its offenders."""
        return f"{self.subject}: {self.figure}: expected {self.expected}, found {self.found}"


@dataclass(frozen=True)
class Movement:
    """What the loads that this receipt answers for did to a stream, in rows."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    superseded: int = 0
    deleted: int = 0
    dead: int = 0

    @property
    def written(self) -> int:
        """Rows that the warehouse did not have as they are now, or has no more."""
        return self.new + self.changed + self.deleted


@dataclass(frozen=True)
class StreamReport:
    """One stream from its source to its raw table.

    Attributes:
        source: What its source holds, counted by the tap; None where it was not counted.
        landed: What its raw table holds, rows gone from the source left out; None where there is no
            such table.
        overlaid: Rows of the source that a later file's row of the same key stands for.
        dead_letters: Rows of the source that could not land so far.
    """

    contract: str
    name: str
    table: str
    source: Figures | None
    movement: Movement
    landed: Figures | None
    overlaid: int = 0
    dead_letters: int = 0
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class MartReport:
    """One mart against what it comes from, by one conservation rule."""

    mart: str
    origin: str
    expected: Figures | None
    found: Figures | None
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class StepReport:
    """One step of the run, or one invocation of a target."""

    name: str
    started_at: dt.datetime
    seconds: Decimal
    succeeded: bool


@dataclass(frozen=True)
class Receipt:
    """All that happened to some sources since the receipt before, and whether it adds up.

    Attributes:
        run_id: The run that issued it.
        scope: The sources it answers for.
        differences: Those of no single stream or mart.
    """

    receipt_id: str
    run_id: str
    scope: tuple[str, ...]
    started_at: dt.datetime
    ended_at: dt.datetime
    streams: tuple[StreamReport, ...]
    marts: tuple[MartReport, ...]
    steps: tuple[StepReport, ...]
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def all_differences(self) -> tuple[Difference, ...]:
        """Every difference, from the sources to the marts."""
        of_streams = (found for stream in self.streams for found in stream.differences)
        of_marts = (found for mart in self.marts for found in mart.differences)
        return (*of_streams, *of_marts, *self.differences)

    @property
    def is_balanced(self) -> bool:
        """Whether every row and every total is accounted for."""
        return not self.all_differences

    def to_json(self) -> str:
        """The receipt as JSON; sums are strings, so that no reader rounds them."""
        document = {"is_balanced": self.is_balanced, **asdict(self)}
        return json.dumps(document, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        return value.isoformat()
    msg = f"no JSON for {type(value).__name__}"
    raise TypeError(msg)
