"""What a run found, independent of the tool that found it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

    from waybill_validate.suites import Check, Suite, Table


@dataclass(frozen=True)
class Outcome:
    """How one check ended.

    Attributes:
        unexpected_count: Offending rows, where the expectation counts rows.
        examples: The first of them as text, without personal data.
        reason: Why the check could not be made or what it saw instead, where it counts no rows.
        checked: Rows looked at, where the expectation looks at rows.
    """

    check: Check
    success: bool
    unexpected_count: int | None = None
    examples: tuple[str, ...] = ()
    reason: str = ""
    checked: int | None = None

    @property
    def finding(self) -> str:
        """A failed check in words, on one line."""
        subject = self.check.description.rstrip(".")
        if self.unexpected_count is None:
            return f"{subject}: {self.reason}"
        rows = f"{self.unexpected_count:,} row{'' if self.unexpected_count == 1 else 's'}"
        examples = f", e.g. {'; '.join(self.examples)}" if self.examples else ""
        return f"{subject}: {rows}{examples}"


@dataclass(frozen=True)
class TableOutcome:
    """How the checks of one table ended.

    Attributes:
        elapsed: Seconds for all of them; Great Expectations bundles the queries of a table.
    """

    table: Table
    outcomes: tuple[Outcome, ...]
    started_at: dt.datetime
    elapsed: float

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Checks that stop the job."""
        return self._unsuccessful("critical")

    @property
    def warnings(self) -> tuple[Outcome, ...]:
        """Checks that failed and are only reported."""
        return self._unsuccessful("warning")

    def _unsuccessful(self, severity: str) -> tuple[Outcome, ...]:
        return tuple(
            outcome
            for outcome in self.outcomes
            if not outcome.success and outcome.check.severity == severity
        )


@dataclass(frozen=True)
class SuiteOutcome:
    """How one suite ended.

    Attributes:
        names: All tables of the suite in their order, also those that did not have to be checked.
    """

    suite: Suite
    tables: tuple[TableOutcome, ...]
    names: tuple[str, ...]
    started_at: dt.datetime
    elapsed: float

    @property
    def size(self) -> int:
        """Checks made, with those for missing tables."""
        return sum(len(table.outcomes) for table in self.tables)

    @property
    def failed(self) -> int:
        """Critical checks that failed."""
        return sum(len(table.failed) for table in self.tables)

    @property
    def warnings(self) -> int:
        """Checks of severity warning that failed."""
        return sum(len(table.warnings) for table in self.tables)
