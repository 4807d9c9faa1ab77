"""Deadlines of schedules, and a project of which not all can be read."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from alerts_ledger import NOON, SCHEDULES, Ledger, make_project

from waybill.alerts import rules

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_project(tmp_path, monkeypatch)


@pytest.fixture
def ledger(warehouse: ScratchDatabase, root: Path) -> Ledger:  # noqa: ARG001 - sets the root
    return Ledger(warehouse)


RUNS_AND_WHETHER_THE_DEADLINE_IS_MISSED: list[tuple[list[tuple[int, str]], bool]] = [
    ([], False),
    ([(55, "succeeded")], False),
    ([(120, "succeeded")], True),
    ([(120, "succeeded"), (55, "failed")], True),
    ([(120, "succeeded"), (55, "running")], True),
    ([(120, "succeeded"), (55, "failed"), (40, "succeeded")], False),
    ([(120, "failed"), (10, "succeeded")], False),
]


def test_a_deadline_is_missed_where_no_run_since_it_was_due_has_succeeded(ledger: Ledger) -> None:
    """Due at 11:00 with half an hour: at noon, a run from 11:00 on must have succeeded."""
    for runs, is_missed in RUNS_AND_WHETHER_THE_DEADLINE_IS_MISSED:
        ledger.database.execute("delete from waybill.run", role="loader")
        for schedule in ("trade-hourly", "paused", "free", "by-hand"):
            for minutes, status in runs:
                ledger.run(minutes, status, schedule=schedule)
        found = list(ledger.found("deadline_missed"))
        assert found == (["trade-hourly"] if is_missed else []), runs


def test_a_missed_deadline_says_what_is_under_way(ledger: Ledger) -> None:
    """A run that is slow and a schedule that is paused have different remedies."""
    ledger.run(120, schedule="trade-hourly")
    ledger.run(55, "running", schedule="trade-hourly")
    assert ledger.found("deadline_missed")["trade-hourly"] == (
        "trade-hourly was due at 2026-03-04 11:00 UTC and had 30 min; no run since has succeeded,"
        " a run is under way since 2026-03-04 11:05:00 UTC; the last success was at"
        " 2026-03-04 10:01:00 UTC"
    )
    before_it_is_due = NOON - dt.timedelta(minutes=31)
    assert ledger.found("deadline_missed", before_it_is_due) == {}


JOBS_AND_WHETHER_THE_DEADLINE_IS_MISSED: list[tuple[list[tuple[int, str, str]], bool]] = [
    ([(50, "trade", "succeeded"), (50, "stock", "succeeded")], False),
    ([(90, "own", "succeeded"), (50, "trade", "succeeded")], False),
    ([(90, "own", "succeeded"), (50, "trade", "succeeded"), (50, "stock", "failed")], False),
    ([(90, "own", "succeeded"), (50, "trade", "succeeded"), (20, "stock", "succeeded")], False),
    ([(90, "own", "succeeded"), (50, "trade", "succeeded"), (40, "stock", "succeeded")], True),
    (
        [
            *((90, "own", "succeeded"), (50, "trade", "succeeded"), (40, "stock", "succeeded")),
            *((30, "own", "failed"), (20, "trade", "succeeded")),
        ],
        True,
    ),
    (
        [
            *((90, "own", "succeeded"), (50, "trade", "succeeded"), (40, "stock", "succeeded")),
            (30, "own", "succeeded"),
        ],
        False,
    ),
]


def test_a_schedule_after_jobs_is_due_when_each_of_them_has_run_anew(
    ledger: Ledger, root: Path
) -> None:
    """Protects the deadline of a schedule without an interval, which no clock would ever miss."""
    own = '{name: after, job: own, interval: "@once", env: {WAYBILL_DEADLINE: 30m, WAYBILL_AFTER: "trade,stock"}}'
    (root / "orchestrate" / "all.meltano.yml").write_text(f"{SCHEDULES}  - {own}\n")
    for runs, is_missed in JOBS_AND_WHETHER_THE_DEADLINE_IS_MISSED:
        ledger.database.execute("delete from waybill.run", role="loader")
        for minutes, job, status in runs:
            ledger.run(minutes, status, job=job, schedule="after" if job == "own" else None)
        found = ledger.found("deadline_missed")
        assert list(found) == (["after"] if is_missed else []), runs


@pytest.mark.parametrize("shorthand", ["@midnight", "@annually"])
def test_every_shorthand_of_an_interval_has_its_deadline(
    ledger: Ledger, root: Path, shorthand: str
) -> None:
    """Protects the deadlines of schedules that are written with the rarer words for an interval."""
    (root / "orchestrate" / "all.meltano.yml").write_text(SCHEDULES.replace("@hourly", shorthand))
    ledger.run(60 * 24 * 366, schedule="trade-hourly")
    assert list(ledger.found("deadline_missed")) == ["trade-hourly"]


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("30m", "soon", "Schedule trade-hourly: WAYBILL_DEADLINE: 'soon' is no span of time"),
        ('"@hourly"', '"61 * * * *"', "Schedule trade-hourly: interval '61"),
        ("jobs:", "jobs: [", "all.meltano.yml cannot be read as YAML"),
    ],
)
def test_a_schedule_that_cannot_be_read_is_named(
    ledger: Ledger, root: Path, old: str, new: str, cause: str
) -> None:
    """A deadline that is misspelt must not be one that is never missed, nor hide what else is wrong."""
    (root / "orchestrate" / "all.meltano.yml").write_text(SCHEDULES.replace(old, new, 1))
    known = rules.of_project()
    (problem,) = known.problems
    assert cause in problem
    assert known.unsure == {"run_failed", "deadline_missed"}
    ledger.run(30, "failed", schedule="other", failed_step="dbt:build")
    ledger.receipt(29, "shop", "raw_shop.orders")
    assert list(ledger.found()) == ["other", "shop"]


def test_a_contract_that_cannot_be_read_hides_no_other(ledger: Ledger, root: Path) -> None:
    """Protects the alerts of all sources from a slip in the contract of one."""
    folder = root / "extract" / "contracts"
    other = (folder / "shop.yml").read_text().replace("shop", "other")
    for text in (other.replace("integer", "whole"), "a: [", b"\xff"):
        path = folder / "other.yml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        known = rules.of_project()
        (problem,) = known.problems
        assert "other.yml" in problem
        assert known.unsure == {"stale_source", "slow_freshness", "dead_letters"}
    ledger.load(31, "orders", 5)
    ledger.letters("clicks", 20, schema="raw_other")
    assert list(ledger.found()) == ["shop.orders"], "the limit of a letter of other is not known"
