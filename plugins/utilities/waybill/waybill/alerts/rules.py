"""All that is wrong now, by the ledger, the contracts and the schedules."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from waybill.alerts import ageing, deadlines, failures, letters, schedules
from waybill_common import contracts
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

    from waybill.alerts.model import Finding, Kind
    from waybill.alerts.schedules import Plan
    from waybill_common.contracts import Contract

_BY_CONTRACT: frozenset[Kind] = frozenset({"stale_source", "slow_freshness", "dead_letters"})
_BY_PLAN: frozenset[Kind] = frozenset({"run_failed", "deadline_missed"})


@dataclass(frozen=True)
class Rules:
    """What is wrong by all that could be read of the project's files.

    Attributes:
        problems: What could not be read, and why.
        unsure: Kinds of which more may be wrong than is found, so that none of them is over.
        now: The time to judge by; None for that of each evaluation.
    """

    plan: Plan
    known: tuple[Contract, ...]
    problems: tuple[str, ...]
    unsure: frozenset[Kind]
    now: dt.datetime | None = None

    def findings(self, session: psycopg.Connection[Any]) -> Iterator[Finding]:
        """Read the ledger."""
        moment = self.now or dt.datetime.now(tz=dt.UTC)
        yield from failures.failed_runs(session, self.plan)
        yield from failures.unbalanced_receipts(session)
        yield from deadlines.missed(session, self.plan.schedules, moment)
        yield from ageing.stale_sources(session, self.known, moment)
        yield from ageing.slow_domains(session, self.known)
        # A schema of no contract has a limit too, but which those are is not known now.
        is_all_known = not self.unsure & _BY_CONTRACT
        yield from letters.waiting(session, self.known, with_unknown=is_all_known)


def of_project(*, now: dt.datetime | None = None) -> Rules:
    """Read the project's files; what cannot be read does not hinder the rest.

    Args:
        now: The time to judge by; None for that of each evaluation.
    """
    plan = schedules.plan()
    known: list[Contract] = []
    unreadable: list[str] = []
    for path in sorted(contracts.contracts_folder().glob("*.yml")):
        try:
            known.append(contracts.load(path))
        except (WaybillError, OSError, ValueError) as error:
            unreadable.append(_in_words(path, error))
    return Rules(
        plan,
        tuple(known),
        (*plan.problems, *unreadable),
        (_BY_PLAN if plan.problems else frozenset())
        | (_BY_CONTRACT if unreadable else frozenset()),
        now,
    )


def _in_words(path: Path, error: Exception) -> str:
    if isinstance(error, WaybillError):
        return str(error)
    return f"{path} cannot be read: {type(error).__name__}."
