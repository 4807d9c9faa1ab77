"""What a run prints."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waybill_validate.outcomes import SuiteOutcome, TableOutcome

RED, YELLOW, GREEN = "31", "33", "32"


def paint(text: str, colour: str) -> str:
    """The text in a colour, on a terminal that wants colours."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\033[{colour}m{text}\033[0m"


def progress(outcome: TableOutcome, number: int, total: int) -> str:
    """One line for a table that has been checked."""
    ended = [paint(f"{len(outcome.failed)} failed", RED)] if outcome.failed else []
    ended += [paint(f"{len(outcome.warnings)} warned", YELLOW)] if outcome.warnings else []
    return (
        f"[{number:>{len(str(total))}}/{total}] {outcome.table.title}: "
        f"{', '.join(ended) or 'ok'} ({len(outcome.outcomes)} checks, {outcome.elapsed:.1f} s)"
    )


def total(suites: Sequence[SuiteOutcome]) -> str:
    """What all tables come to; each had its line when it was checked."""
    checks = sum(suite.size for suite in suites)
    failed = sum(suite.failed for suite in suites)
    return (
        f"{checks:,} checks, {failed:,} failed, {sum(suite.warnings for suite in suites):,} warned"
    )


def findings(suites: Sequence[SuiteOutcome]) -> list[str]:
    """One line for each failed check, those that stop the job last, where a reader looks."""
    tables = [one for suite in suites for one in suite.tables]
    warned = [(one.table.title, finding) for one in tables for finding in one.warnings]
    failed = [(one.table.title, finding) for one in tables for finding in one.failed]
    return [
        *(f"{paint('warning', YELLOW)} {title}: {found.finding}" for title, found in warned),
        *(f"{paint('critical', RED)} {title}: {found.finding}" for title, found in failed),
    ]
