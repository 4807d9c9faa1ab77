"""What counts as wrong, by a ledger, contracts and schedules made for each case."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import contract_documents
import psycopg
import pytest
import yaml

from waybill.alerts import rules

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

NOON = dt.datetime(2026, 3, 4, 12, 0, tzinfo=dt.UTC)
SCHEDULES = """
jobs:
  - {name: trade, tasks: ["tap-x target-y"]}
schedules:
  - {name: trade-hourly, job: trade, interval: "@hourly", env: {WAYBILL_DEADLINE: 30m}}
  - {name: paused, job: trade, interval: "@hourly", env: {WAYBILL_DEADLINE: 30m, WAYBILL_PAUSED: 1}}
  - {name: free, job: trade, interval: "@hourly"}
  - {name: by-hand, job: trade, interval: "@once", env: {WAYBILL_DEADLINE: 30m}}
"""


@dataclass
class Ledger:
    """The ledger of a test, written as the steps of runs write it."""

    database: ScratchDatabase

    def insert(self, table: str, **values: Any) -> None:
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join(["%s"] * len(values))
        statement = f"insert into waybill.{table} ({names}) values ({marks})"
        self.database.execute(statement, tuple(values.values()), role="loader")

    def run(self, minutes: float, status: str = "succeeded", **values: Any) -> str:
        """A run that started so many minutes before noon and, if it ended, took one minute."""
        started = NOON - dt.timedelta(minutes=minutes)
        row = {
            "run_id": str(uuid.uuid4()),
            "job": "trade",
            "started_by": "shell",
            "host": "here",
            "started_at": started,
            "ended_at": None if status == "running" else started + dt.timedelta(minutes=1),
            "status": status,
        } | values
        self.insert("run", **row)
        return str(row["run_id"])

    def receipt(self, minutes: float, scope: str, *differences: str, **values: Any) -> None:
        found = [
            {"subject": each, "figure": "rows", "expected": "3 at the source", "found": "2 landed"}
            for each in differences
        ]
        moment = NOON - dt.timedelta(minutes=minutes)
        row = {"receipt_id": str(uuid.uuid4()), "scope": scope, "started_at": moment}
        row |= {"ended_at": moment, "is_balanced": not differences}
        document = psycopg.types.json.Jsonb({"streams": [{"differences": found}]})
        self.insert("receipt", **row, receipt=document, **values)

    def load(self, minutes: float, stream: str, inserted: int, **values: Any) -> None:
        moment = NOON - dt.timedelta(minutes=minutes)
        counts = dict.fromkeys(("updated", "unchanged", "superseded", "deleted"), 0)
        counts |= {"inserted": inserted, "received": inserted + values.get("rows_dead", 0)}
        row = {
            "invocation_id": str(uuid.uuid4()),
            "target_schema": "raw_shop",
            "stream": stream,
            "target_table": stream,
            "started_at": moment,
            "committed_at": moment,
        }
        rows = {f"rows_{name}": count for name, count in counts.items()}
        self.insert("load", **(row | rows | values))

    def letters(self, stream: str, count: int, schema: str = "raw_shop") -> None:
        self.load(60, stream, 0, rows_dead=count, target_schema=schema)
        self.database.execute(
            "insert into waybill.dead_letter"
            " (load_id, invocation_id, target_schema, stream, reason, found_by)"
            " select load_id, invocation_id, target_schema, stream, 'bad', 'tap'"
            f" from (select * from waybill.load order by load_id desc limit 1) as last,"
            f" generate_series(1, {count})",
            role="loader",
        )

    def found(self, kind: str = "", now: dt.datetime = NOON) -> dict[str, str]:
        """The findings of a kind: subject and summary."""
        known = rules.of_project(now=now)
        with self.database.connection("auditor").connect() as session:
            return {
                finding.subject: finding.summary
                for finding in known.findings(session)
                if finding.kind == kind or not kind
            }


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    (root / "extract" / "contracts").mkdir(parents=True)
    (root / "orchestrate").mkdir()
    (root / "meltano.yml").write_text("include_paths: [./orchestrate/*.meltano.yml]\n")
    (root / "orchestrate" / "all.meltano.yml").write_text(SCHEDULES)
    columns = {"id": "integer#"}
    streams = [
        contract_documents.stream("orders", columns, deadLetterLimit={"rows": 2}),
        contract_documents.stream("clicks", columns),
    ]
    latency = {"property": "latency", "value": 30, "unit": "min", "element": "orders.id"}
    contract = contract_documents.contract("shop", streams, slaProperties=[latency])
    (root / "extract" / "contracts" / "shop.yml").write_text(yaml.safe_dump(contract))
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(root))
    return root


@pytest.fixture
def ledger(warehouse: ScratchDatabase, root: Path) -> Ledger:  # noqa: ARG001 - sets the root
    return Ledger(warehouse)


def test_nothing_is_wrong_in_a_new_project(ledger: Ledger) -> None:
    """Who has not run anything yet gets no alert."""
    assert ledger.found() == {}


def test_a_failed_run_is_found_with_its_step_and_cause(ledger: Ledger) -> None:
    """The mail alone says what broke."""
    ledger.run(90)
    ledger.run(30, "failed", failed_step="validate:raw", cause="orders: 3 of 9 rows lack a price")
    ledger.run(1, "running")
    ledger.run(30, "lost", job="x", schedule="killed")
    found = ledger.found("run_failed")
    assert found.pop("killed").endswith("was lost: its process ended without a word")
    assert found == {
        "trade": "trade, started 2026-03-04 11:30:00 UTC, failed at validate:raw:"
        " orders: 3 of 9 rows lack a price"
    }


def test_a_later_success_of_the_job_makes_good(ledger: Ledger) -> None:
    """Whoever mends a schedule's failure by `meltano run` need not wait for its next run."""
    ledger.run(30, "failed", schedule="trade-hourly")
    assert list(ledger.found("run_failed")) == ["trade-hourly"]
    ledger.run(20, "succeeded")
    assert ledger.found("run_failed") == {}


def test_a_step_that_somebody_runs_alone_alerts_nobody_else(ledger: Ledger) -> None:
    """Who types `meltano invoke dbt:build` sees it fail."""
    ledger.run(30, "failed", job="invoke dbt:build")
    assert ledger.found("run_failed") == {}


def test_a_failure_that_airflow_tries_again_is_not_final(ledger: Ledger) -> None:
    """A mail for each attempt would cry wolf; the last step of the DAG, or an hour, says that it is over."""
    now = dt.datetime.now(tz=dt.UTC)
    run = ledger.run(0, "failed", started_by="airflow", started_at=now, ended_at=now)
    assert ledger.found("run_failed") == {}
    ledger.insert("step", run_id=run, step="waybill:end", status="succeeded", ended_at=now)
    assert list(ledger.found("run_failed")) == ["trade"]

    an_hour_ago = now - dt.timedelta(hours=2)
    ledger.run(
        0, "failed", job="x", started_by="airflow", started_at=an_hour_ago, ended_at=an_hour_ago
    )
    assert sorted(ledger.found("run_failed")) == ["trade", "x"]


def test_a_long_delay_before_a_retry_is_waited_for(ledger: Ledger, root: Path) -> None:
    """Protects from a mail that says "for good" before the last try has begun."""
    text = SCHEDULES.replace("WAYBILL_DEADLINE: 30m}", "WAYBILL_RETRY_DELAY: 2h}", 1)
    (root / "orchestrate" / "all.meltano.yml").write_text(text)
    for hours, is_over in ((2.9, False), (3.1, True)):
        ledger.database.execute("delete from waybill.run", role="loader")
        ended = dt.datetime.now(tz=dt.UTC) - dt.timedelta(hours=hours)
        times = {"started_at": ended, "ended_at": ended}
        ledger.run(0, "failed", started_by="airflow", schedule="trade-hourly", **times)
        assert list(ledger.found("run_failed")) == (["trade-hourly"] if is_over else [])


def test_an_unbalanced_receipt_is_one_finding_not_two(ledger: Ledger) -> None:
    """The run failed because its receipt did: one thing went wrong."""
    run = ledger.run(30, "failed", failed_step="waybill:receipt-shop")
    ledger.receipt(29, "shop", "raw_shop.orders", "raw_shop.clicks", run_id=run)
    assert ledger.found() == {
        "shop": "The receipt of shop does not balance: raw_shop.orders: rows:"
        " expected 3 at the source, found 2 landed, and 1 more"
    }


def test_a_receipt_is_over_when_all_its_sources_balance(ledger: Ledger) -> None:
    """The job of one source does not vouch for another."""
    ledger.receipt(30, "olist,shop", "raw_shop.orders")
    ledger.receipt(20, "olist")
    assert list(ledger.found("unbalanced")) == ["olist,shop"]
    ledger.receipt(10, "shop")
    assert ledger.found("unbalanced") == {}
    ledger.receipt(5, "shop", "raw_shop.orders")
    assert list(ledger.found("unbalanced")) == ["olist,shop", "shop"]


def test_a_backfill_that_does_not_balance_is_over_with_its_source(ledger: Ledger) -> None:
    """Protects from an incident that no run can end, and from a window that vouches for a source."""
    ledger.receipt(40, "shop")
    ledger.receipt(30, "backfill of shop", "raw_shop.orders")
    assert list(ledger.found("unbalanced")) == ["backfill of shop"]
    ledger.receipt(20, "shop", "raw_shop.orders")
    ledger.receipt(10, "backfill of shop")
    assert list(ledger.found("unbalanced")) == ["shop"]
    ledger.receipt(8, "backfill of shop", "raw_shop.orders")
    ledger.receipt(5, "olist,shop")
    assert ledger.found("unbalanced") == {}


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


def test_a_source_is_stale_when_nothing_new_landed_for_longer_than_its_contract_allows(
    ledger: Ledger,
) -> None:
    """Runs that succeed and bring nothing look well from everywhere else."""
    ledger.load(31, "orders", 5)
    ledger.load(1, "clicks", 5)
    ledger.load(1, "orders", 0)
    ledger.load(1, "orders", 1, batch_id="replay:1")
    assert ledger.found("stale_source") == {
        "shop.orders": "Nothing new has landed of shop.orders since 2026-03-04 11:29:00 UTC;"
        " its contract allows 30 min"
    }
    ledger.load(30, "orders", 1)
    assert ledger.found("stale_source") == {}


def test_a_latency_above_its_bound_is_found_and_a_heartbeat_is_news(ledger: Ledger) -> None:
    """The last measurement counts; a quiet source whose heartbeat arrives is well."""
    ledger.load(90, "orders", 5)
    for minutes, seconds, slow in ((20, 1801, ["shop of shop"]), (10, 1800, [])):
        at = NOON - dt.timedelta(minutes=minutes)
        values = {"domain": "shop", "source": "shop", "method": "heartbeat"}
        values |= {
            "measured_at": at,
            "committed_at": at,
            "visible_at": at + dt.timedelta(0, seconds),
        }
        ledger.insert("freshness", **values)
        assert list(ledger.found("slow_freshness")) == slow
        assert ledger.found("stale_source") == {}


def test_the_newest_beat_of_a_receipt_is_the_last_latency(ledger: Ledger) -> None:
    """Protects from an alert that comes and goes by the order in which beats were read."""
    beats = [(20, 1801), (10, 1800)]
    for in_some_order in (beats, beats[::-1]):
        ledger.database.execute("delete from waybill.freshness", role="loader")
        for minutes, seconds in in_some_order:
            committed = NOON - dt.timedelta(minutes=minutes)
            visible = committed + dt.timedelta(seconds=seconds)
            values = {"domain": "shop", "source": "shop", "method": "heartbeat"}
            values |= {"measured_at": NOON, "committed_at": committed, "visible_at": visible}
            ledger.insert("freshness", **values)
        assert ledger.found("slow_freshness") == {}


def test_letters_that_add_up_over_runs_are_too_many(ledger: Ledger) -> None:
    """Each run bears its few; only their sum shows that nobody mends them."""
    ledger.letters("orders", 2)
    ledger.letters("clicks", 10)
    assert ledger.found("dead_letters") == {}
    ledger.letters("orders", 1)
    ledger.letters("clicks", 1)
    found = ledger.found("dead_letters")
    assert sorted(found) == ["shop.clicks", "shop.orders"]
    assert found["shop.orders"].startswith("3 rows of shop.orders could not land and wait")
    assert found["shop.orders"].endswith("at most 2 may be")

    ledger.load(5, "clicks", 1100)
    assert list(ledger.found("dead_letters")) == ["shop.orders"]
    ledger.database.execute(
        "update waybill.dead_letter set resolved_at = now(), resolved_by = 'replay'", role="loader"
    )
    assert ledger.found("dead_letters") == {}
