from __future__ import annotations

import os
import sqlite3
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from waybill.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Maintain = Callable[..., str]

OLD, NEWER = "interval '100 days'", "interval '50 days'"
AGES = {"WAYBILL_KEEP_RUNS": "90d", "WAYBILL_KEEP_RECEIPTS": "90d", "WAYBILL_KEEP_LOGS": "30d"}
RUNS = f"""
    insert into waybill.run
        (run_id, job, started_by, host, started_at, ended_at, status)
    select run_id, job, 'shell', 'here', now() - age, now() - age, 'succeeded'
    from (values
        ('00000000-0000-0000-0000-000000000001'::uuid, 'trade', {OLD}),
        ('00000000-0000-0000-0000-000000000002', 'trade', {NEWER}),
        ('00000000-0000-0000-0000-000000000003', 'rare', {OLD})
    ) as known (run_id, job, age);
    insert into waybill.step (run_id, step, started_at, ended_at, status)
    select run_id, 'dbt:build', ended_at, ended_at, 'succeeded' from waybill.run;
    insert into waybill.dbt_result (run_id, step_id, unique_id, resource_type, status, seconds)
    select run_id, step_id, 'model.a', 'model', 'success', 1 from waybill.step;
    insert into waybill.expectation_result
        (run_id, step_id, suite, rule, table_name, severity, succeeded)
    select run_id, step_id, 'raw', 'no null', 'a', 'critical', true from waybill.step;
    insert into waybill.incident (kind, subject, summary, remedy_url, opened_at, closed_at)
    values
        ('run_failed', 'a', 'x', 'x', now() - {OLD}, now() - {OLD}),
        ('run_failed', 'b', 'x', 'x', now() - {OLD}, null);
    insert into waybill.receipt (receipt_id, scope, started_at, ended_at, is_balanced, receipt)
    select gen_random_uuid(), 'olist', now() - age, now() - age, true, '{{"streams": [], "is_balanced": true}}'
    from (values ({OLD}), (interval '95 days')) as known (age);
    update waybill.load set committed_at = now() - {OLD}
"""


@pytest.fixture
def maintain(
    shop: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Maintain:
    """Runs `waybill maintain`, and gives what it printed, its spaces made one."""
    for name, value in AGES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("WAYBILL_HOME", str(shop.home))
    monkeypatch.setenv("XDG_STATE_HOME", str(shop.root / "state"))

    def run(*arguments: str) -> str:
        monkeypatch.setattr("sys.argv", ["waybill", "maintain", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        assert not end.value.code
        printed = capsys.readouterr()
        lines = (printed.out + printed.err).splitlines()
        return "\n".join(" ".join(line.split()) for line in lines)

    return run


def _counts(shop: Any) -> list[int]:
    tables = ("run", "step", "dbt_result", "expectation_result", "incident", "receipt", "load")
    counted = ", ".join(f"(select count(*) from waybill.{name})" for name in tables)
    return list(shop.database.rows(f"select {counted}")[0])


def test_what_is_old_goes_and_what_is_needed_stays(shop: Any, maintain: Maintain) -> None:
    """The last run of a job, open incidents, the last bookmark of a stream and each receipt's verdict are kept."""
    shop.load_orders("orders-2.csv", {"d": "4.00"})
    shop.database.execute(RUNS, role="loader")
    shop.database.execute(
        "update waybill.load set receipt_id = (select receipt_id from waybill.receipt limit 1)"
        " where stream = 'orders'",
        role="loader",
    )
    before = _counts(shop)

    planned = maintain("--dry-run")
    assert _counts(shop) == before
    done = maintain()

    for line in (
        "results of quality checks 1 90 d",
        "results of dbt nodes 1 90 d",
        "steps 1 90 d",
        "runs 1 90 d",
        "incidents that are over 1 90 d",
        "details of receipts 1 90 d",
        "bookmarks of loads that are not the last 1 90 d",
    ):
        assert line in planned.splitlines()
        assert line in done.splitlines()
    assert shop.database.rows(
        "select job, extract(day from now() - ended_at)::int from waybill.run"
        " where job in ('trade', 'rare') order by 1"
    ) == [("rare", 100), ("trade", 50)]
    assert shop.database.rows("select subject from waybill.incident") == [("b",)]
    assert shop.database.rows(
        "select is_balanced, receipt ? 'streams' from waybill.receipt order by ended_at"
    ) == [(True, False), (True, True)]
    assert shop.database.rows(
        "select stream, bookmark is null from waybill.load order by load_id"
    ) == [("orders", True), ("clicks", False), ("payment", False), ("orders", False)]
    assert "tables of loader vacuumed" in done


def test_dead_letters_go_by_their_contract(
    shop: Any, maintain: Maintain, receipt: Callable[..., tuple[int, str]]
) -> None:
    """Resolved letters go; an open one keeps its place in the receipt, and its content unless the contract says how long."""
    contract = shop.root / "extract" / "contracts" / "olist.yml"
    document = yaml.safe_load(contract.read_text())
    custom = document["schema"][0]["customProperties"]
    custom.append({"property": "deadLetterRetention", "value": "40d"})
    contract.write_text(yaml.safe_dump(document))
    shop.load_orders("orders-2.csv", {"d": "4.00"}, inserted=1, dead=1)
    shop.load("raw_olist", "clicks")
    for stream, raw in (
        ("orders", "open"),
        ("orders", "reloaded"),
        ("orders", "replayed"),
        ("clicks", "open"),
    ):
        shop.dead_letter(
            "raw_olist", stream, raw=raw, payload={"amount": "1"}, source_file=f"{stream}.csv"
        )
    shop.database.execute(
        f"update waybill.dead_letter set created_at = now() - {NEWER};"
        f"update waybill.dead_letter set resolved_by = 'reload', resolved_at = now() - {NEWER} where raw = 'reloaded';"
        f"update waybill.dead_letter set resolved_by = 'replay', resolved_at = now() - {NEWER},"
        " landed_totals = '{\"amount\": 0.5}' where raw = 'replayed'",
        role="loader",
    )
    before = receipt()[1]

    done = maintain()

    assert "resolved dead letters of raw_olist.orders 1 40 d" in done
    assert "contents of dead letters of raw_olist.orders 2 40 d" in done
    assert "resolved dead letters of raw_olist.clicks 0 90 d" in done
    assert shop.database.rows(
        "select stream, resolved_by, raw from waybill.dead_letter order by 1, 2"
    ) == [("clicks", None, "open"), ("orders", "replay", None), ("orders", None, None)]
    assert _differences(receipt()[1]) == _differences(before) != []


def _know_runs(shop: Any, kind: str, old: uuid.UUID, young: uuid.UUID) -> str:
    """Make Meltano's own database, with two runs; gives its URI, or "" for where it is by default."""
    rows = [(old.hex, "2020-01-01 00:00:00"), (young.hex, "2999-01-01 00:00:00")]
    if kind == "postgres":
        shop.database.execute(
            "create table public.runs (run_id uuid, ended_at timestamp, last_heartbeat_at timestamp)"
        )
        for row in rows:
            shop.database.execute("insert into public.runs values (%s, %s)", row)
        return str(shop.database.url()).replace("postgresql:", "postgresql+psycopg:")
    file = shop.root / (".meltano/meltano.db" if kind == "default" else "elsewhere.db")
    file.parent.mkdir(exist_ok=True)
    with sqlite3.connect(file) as known:
        known.execute("create table runs (run_id text, ended_at text, last_heartbeat_at text)")
        known.executemany("insert into runs (run_id, ended_at) values (?, ?)", rows)
    return "" if kind == "default" else f"sqlite:///{file}"


@pytest.mark.parametrize("kind", ["default", "sqlite", "postgres"])
def test_logs_of_this_project_go_and_of_no_other(
    shop: Any, maintain: Maintain, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meltano keeps the logs of all projects of a user in one folder: only runs of this one are touched."""
    old, young, foreign = (uuid.uuid4() for _ in range(3))
    monkeypatch.setenv("MELTANO_DATABASE_URI", _know_runs(shop, kind, old, young))
    logs = shop.root / "state" / "meltano" / "log" / "elt" / "dev"
    for run_id in (old, young, foreign):
        (logs / str(run_id)).mkdir(parents=True)
        (logs / str(run_id) / "elt.log").write_text("12345")
    airflow = shop.home / "airflow" / "logs" / "dag_id=a"
    receipts = shop.home / "receipts"
    for path in (airflow / "old.log", airflow / "new.log", receipts / "old.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        if path.name.startswith("old"):
            os.utime(path, (0, 0))

    planned = maintain("--dry-run")
    assert len(_names(logs)) == 3
    done = maintain()

    for line in (
        "logs of Meltano's runs 1 5 B 30 d",
        "logs of Airflow and dbt 1 1 B 30 d",
        "files of receipts 1 1 B 90 d",
    ):
        assert line in planned.splitlines()
        assert line in done.splitlines()
    assert _names(logs) == sorted([str(young), str(foreign)])
    assert _names(airflow) == ["new.log"]
    assert _names(receipts) == []


def test_logs_stay_where_nobody_can_say_whose_they_are(
    shop: Any, maintain: Maintain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects the rest of the cleaning, and the logs, where Meltano's database does not answer."""
    assert shop
    for uri, reason in (
        ("mssql://somewhere", "MELTANO_DATABASE_URI names neither SQLite nor PostgreSQL"),
        ("postgresql://u:secret@127.0.0.1:1/meltano", "MELTANO_DATABASE_URI: cannot connect"),
    ):
        monkeypatch.setenv("MELTANO_DATABASE_URI", uri)
        printed = maintain("--dry-run")
        assert f"the logs of Meltano's runs are left: {reason}" in printed
        assert "secret" not in printed
        assert "logs of Meltano's runs 0" in printed


def test_a_span_that_cannot_be_read_stops_it(
    shop: Any, maintain: Maintain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is removed by a setting that means something else than was thought."""
    shop.database.execute(RUNS, role="loader")
    before = _counts(shop)
    monkeypatch.setenv("WAYBILL_KEEP_RUNS", "a while")
    with pytest.raises(AssertionError):
        maintain()
    assert _counts(shop) == before


def _differences(printed: str) -> list[str]:
    return [line for line in printed.splitlines() if line.startswith("  raw_olist")]


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
