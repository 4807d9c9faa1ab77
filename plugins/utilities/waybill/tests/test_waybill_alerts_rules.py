"""What counts as wrong, by a ledger and contracts made for each case."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from alerts_ledger import NOON, SCHEDULES, Ledger, make_project

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_project(tmp_path, monkeypatch)


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
