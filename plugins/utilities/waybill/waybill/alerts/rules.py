"""All that is wrong now, by the ledger, the contracts and the schedules."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from waybill.alerts import ageing, deadlines, failures, letters, schedules
from waybill_common import contracts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from waybill.alerts.model import Finding


def of_project(
    *, now: dt.datetime | None = None
) -> Callable[[psycopg.Connection[Any]], Iterator[Finding]]:
    """Read the project's files, and give what reads the ledger by them.

    Args:
        now: The time to judge by; None for that of each evaluation.

    Raises:
        WaybillError: A contract or one of Meltano's files cannot be read.
    """
    plan = schedules.plan()
    known = contracts.load_all()

    def findings(session: psycopg.Connection[Any]) -> Iterator[Finding]:
        moment = now or dt.datetime.now(tz=dt.UTC)
        yield from failures.failed_runs(session, plan.jobs)
        yield from failures.unbalanced_receipts(session)
        yield from deadlines.missed(session, plan.schedules, moment)
        yield from ageing.stale_sources(session, known, moment)
        yield from ageing.slow_domains(session, known)
        yield from letters.waiting(session, known)

    return findings
