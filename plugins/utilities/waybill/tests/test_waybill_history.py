"""What became of runs: `waybill begin`, `end` and `history`."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest

from waybill.cli import main
from waybill_common import ledger, runs

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

RUN = "select status, failed_step, cause from waybill.run"


@pytest.fixture
def run_id(monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a run whose steps are processes of their own."""
    wanted = str(uuid.uuid4())
    monkeypatch.setenv(runs.RUN_ID_VARIABLE, wanted)
    monkeypatch.setenv(runs.JOB_VARIABLE, "trade")
    return wanted


def waybill(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr("sys.argv", ["waybill", *arguments])
    main()


def test_a_run_that_its_orchestrator_ends_names_the_step_that_failed(
    warehouse: ScratchDatabase,
    run_id: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """The last attempt counts: what a retry has mended is not the reason."""
    lineage_file = tmp_path / "events.jsonl"
    monkeypatch.setenv("WAYBILL_LINEAGE_FILE", str(lineage_file))
    waybill(monkeypatch, "begin", "trade")
    assert f"run {run_id} (trade) holds raw_totesys, trade" in capsys.readouterr().out
    auditor = warehouse.connection("auditor")
    for step, succeeded in (("validate:raw", False), ("validate:raw", True), ("dbt:build", False)):
        with ledger.step(auditor, step) as figures:
            figures.update(succeeded=succeeded, rows=7)
            if not succeeded:
                figures["cause"] = f"{step} found a row"
    waybill(monkeypatch, "end")
    assert warehouse.rows(RUN) == [("failed", "dbt:build", "dbt:build found a row")]
    assert warehouse.rows("select count(*) from waybill.lease") == [(0,)]
    waybill(monkeypatch, "history")
    printed = capsys.readouterr().out
    assert f"{run_id[:8]} failed at dbt:build: dbt:build found a row" in printed
    waybill(monkeypatch, "history", "--run", run_id[:6])
    assert "validate:raw (attempt 2)" in capsys.readouterr().out
    waybill(monkeypatch, "history", "--run", run_id, "--json")
    (document,) = json.loads(capsys.readouterr().out)
    assert [step["status"] for step in document["steps"]] == [
        "succeeded",
        "failed",
        "succeeded",
        "failed",
        "succeeded",
    ]
    waybill(monkeypatch, "end")
    events = [json.loads(line) for line in lineage_file.read_text().splitlines()]
    of_run = [each["eventType"] for each in events if each["run"]["runId"] == run_id]
    assert of_run == ["START", "FAIL"], "it ends once, also where its last step is tried again"


@pytest.mark.usefixtures("run_id")
def test_a_run_without_its_receipt_has_not_succeeded(
    warehouse: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever broke outside of our steps, nobody has answered for what landed."""
    waybill(monkeypatch, "begin", "trade")
    waybill(monkeypatch, "end")
    ((status, step, cause),) = warehouse.rows(RUN)
    assert (status, step) == ("failed", None)
    assert "before its receipt" in cause


@pytest.mark.usefixtures("run_id")
@pytest.mark.parametrize(("succeeded", "status"), [(True, "succeeded"), (False, "failed")])
def test_a_run_that_never_began_owes_no_receipt(
    warehouse: ScratchDatabase,
    monkeypatch: pytest.MonkeyPatch,
    *,
    succeeded: bool,
    status: str,
) -> None:
    """Maintenance loads nothing: how its step ended is how the run ended."""
    with ledger.step(warehouse.connection("auditor"), "waybill:maintain") as figures:
        figures["succeeded"] = succeeded
    waybill(monkeypatch, "end")
    assert [row[0] for row in warehouse.rows(RUN)] == [status]


@pytest.mark.usefixtures("warehouse")
def test_an_unknown_run_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A typing error in an id is told from a run without steps."""
    with pytest.raises(SystemExit):
        waybill(monkeypatch, "history", "--run", "ffff")
    assert "No run has an id that begins with ffff" in capsys.readouterr().err


def test_an_evaluation_of_alerts_finds_the_run_that_was_killed(
    warehouse: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No run comes after it that could tell: the alerts have to."""
    warehouse.execute(
        "insert into waybill.run (run_id, job, started_by, host, process_id, started_at)"
        " values (gen_random_uuid(), 'trade', 'shell', %s, 1, now());",
        (runs.host(),),
    )
    warehouse.execute(
        "insert into waybill.step (run_id, step, host) select run_id, 'dbt:build', host from waybill.run"
    )
    waybill(monkeypatch, "alerts")
    assert warehouse.rows(RUN) == [("lost", "dbt:build", "its process ended without a word")]
