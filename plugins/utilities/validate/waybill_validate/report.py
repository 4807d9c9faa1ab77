"""What a run prints."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waybill_validate.outcomes import SuiteOutcome, TableOutcome

RED, YELLOW, GREEN = "31", "33", "32"

HEADINGS = ("table", "checks", "failed", "warnings")


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


def table(suites: Sequence[SuiteOutcome]) -> str:
    """All tables with their counts, and a total where there is more than one."""
    rows = [
        (one.table.title, len(one.outcomes), len(one.failed), len(one.warnings))
        for suite in suites
        for one in suite.tables
    ]
    if len(rows) > 1:
        checks = sum(len(one.outcomes) for suite in suites for one in suite.tables)
        failed = sum(suite.failed for suite in suites)
        rows.append(("total", checks, failed, sum(suite.warnings for suite in suites)))
    width = max(len(HEADINGS[0]), *(len(row[0]) for row in rows))
    lines = [f"{HEADINGS[0]:<{width}}" + "".join(f"{heading:>10}" for heading in HEADINGS[1:])]
    lines += [f"{row[0]:<{width}}" + "".join(f"{count:>10,}" for count in row[1:]) for row in rows]
    return "\n".join(lines)


def findings(suites: Sequence[SuiteOutcome]) -> list[str]:
    """One line for each failed check, those that stop the job last, where a reader looks."""
    tables = [one for suite in suites for one in suite.tables]
    warned = [(one.table.title, finding) for one in tables for finding in one.warnings]
    failed = [(one.table.title, finding) for one in tables for finding in one.failed]
    return [
        *(f"{paint('warning', YELLOW)} {title}: {found.finding}" for title, found in warned),
        *(f"{paint('critical', RED)} {title}: {found.finding}" for title, found in failed),
    ]
