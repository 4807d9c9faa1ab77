from __future__ import annotations

import json
import os
import signal
import uuid
from typing import TYPE_CHECKING

import psycopg
import pytest

from waybill_common import failures, ledger, runs
from waybill_common.errors import DataQualityError, WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

STEPS = "select step, status, detail, ended_at >= started_at, cause, receipt_id from waybill.step"
RUNS = "select status, failed_step, cause from waybill.run"


@pytest.fixture
def run_id(monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a run that an orchestrator has begun: it has more steps than this process."""
    wanted = str(uuid.uuid4())
    monkeypatch.setenv(runs.RUN_ID_VARIABLE, wanted)
    monkeypatch.setenv(runs.SCHEDULE_VARIABLE, "trade-hourly")
    monkeypatch.setenv(runs.STARTED_BY_VARIABLE, "airflow")
    return wanted


def test_a_step_stands_in_the_ledger_while_it_runs_and_after(warehouse: ScratchDatabase) -> None:
    """Who looks meanwhile sees what runs; the receipt answers for it later."""
    with ledger.step(warehouse.connection("auditor"), "validate:raw") as detail:
        assert warehouse.rows(STEPS) == [("validate:raw", "running", {}, None, None, None)]
        assert warehouse.rows(RUNS) == [("running", None, None)]
        detail["tables"] = 9
    assert warehouse.rows(STEPS) == [("validate:raw", "succeeded", {"tables": 9}, True, None, None)]


def test_a_lone_step_is_a_run_that_ends_with_it(warehouse: ScratchDatabase) -> None:
    """A command by itself leaves no run that seems to go on for ever."""
    with ledger.step(warehouse.connection("auditor"), "validate:raw"):
        pass
    ((status, host, process_id, took),) = warehouse.rows(
        "select status, host, process_id, ended_at > started_at from waybill.run"
    )
    assert (status, host, process_id, took) == ("succeeded", runs.host(), os.getpid(), True)


def test_a_run_knows_what_it_runs_on(warehouse: ScratchDatabase, run_id: str) -> None:
    """What came out in March is looked into in May: by commit, versions and schedule."""
    with ledger.step(warehouse.connection("loader"), "load raw_olist"):
        pass
    ((found, job, schedule, started_by, commit, versions, process_id),) = warehouse.rows(
        "select run_id::text, job, schedule, started_by, git_commit, versions, process_id"
        " from waybill.run"
    )
    assert (found, job, schedule) == (run_id, "trade-hourly", "trade-hourly")
    assert (started_by, process_id) == ("airflow", None)
    assert len(commit) == 40
    assert {"python", "postgresql"} <= versions.keys()


@pytest.mark.usefixtures("run_id")
def test_a_step_may_end_in_good_order_and_still_have_failed(warehouse: ScratchDatabase) -> None:
    """A gate that found a bad row did its work; the run is not a success, and says why."""
    with ledger.step(warehouse.connection("transformer"), "dbt:build") as detail:
        detail |= {"succeeded": False, "data_quality": True, "cause": "a test found a row"}
    assert warehouse.rows(STEPS) == [
        ("dbt:build", "failed", {"data_quality": True}, True, "a test found a row", None)
    ]
    assert warehouse.rows(RUNS) == [("failed", "dbt:build", "a test found a row")]
    ledger.end_run(warehouse.connection("auditor"), runs.current())
    assert warehouse.rows(RUNS)[0][0] == "failed"


@pytest.mark.usefixtures("run_id")
def test_a_step_that_is_tried_again_may_save_the_run(warehouse: ScratchDatabase) -> None:
    """An orchestrator's second attempt counts, and both stay in the history."""
    auditor = warehouse.connection("auditor")
    with ledger.step(auditor, "validate:raw") as detail:
        detail["succeeded"] = False
    with ledger.step(auditor, "validate:raw"):
        assert warehouse.rows(RUNS) == [("running", None, None)]
    ledger.end_run(auditor, runs.current())
    assert warehouse.rows("select attempt, status from waybill.step order by step_id") == [
        (1, "failed"),
        (2, "succeeded"),
    ]
    assert warehouse.rows(RUNS) == [("succeeded", None, None)]


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (WaybillError("Stream x is gone.", "Look."), "Stream x is gone. Look."),
        (
            psycopg.errors.UniqueViolation("Key (email)=(ana@example.com) exists"),
            "PostgreSQL: UniqueViolation 23505",
        ),
        (ValueError("ana@example.com"), "a defect: ValueError; its traceback is in the log"),
    ],
    ids=["ours", "database's", "defect"],
)
def test_a_crash_is_recorded_without_a_value_and_goes_on(
    warehouse: ScratchDatabase, error: Exception, cause: str
) -> None:
    """What broke a step reaches the user; the ledger keeps why, and nothing personal."""

    def crash() -> None:
        with ledger.step(warehouse.connection("auditor"), "validate:raw") as detail:
            detail["tables"] = 1
            raise error

    with pytest.raises(type(error)):
        crash()
    assert warehouse.rows(STEPS) == [("validate:raw", "failed", {"tables": 1}, True, cause, None)]
    assert warehouse.rows(RUNS) == [("failed", "validate:raw", cause)]


@pytest.fixture
def _default_sigterm() -> Iterator[None]:
    """As in a new process: a tap that ran in this one may have left a handler."""
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("_default_sigterm")
def test_a_terminated_step_is_closed(warehouse: ScratchDatabase) -> None:
    """An orchestrator's time limit leaves a failed step behind, not one that runs for ever."""

    def wait() -> None:
        with ledger.step(warehouse.connection("auditor"), "validate:raw"):
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(SystemExit) as end:
        wait()
    assert end.value.code == 128 + signal.SIGTERM
    assert warehouse.rows(RUNS) == [("failed", "validate:raw", "left with exit code 143")]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_whoever_started_the_step_is_told_without_a_database(
    warehouse: ScratchDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`meltano run` ends with 1 for a bad row and for a crash; only one of them is tried again."""
    monkeypatch.setenv("WAYBILL_STEP_OUTCOME", str(tmp_path / "outcome.json"))
    with ledger.step(warehouse.connection("auditor"), "validate:raw") as detail:
        detail |= {"succeeded": False, "data_quality": True, "cause": "1 row"}
    assert json.loads((tmp_path / "outcome.json").read_text()) == {
        "step": "validate:raw",
        "status": "failed",
        "data_quality": True,
        "cause": "1 row",
    }


def test_a_failure_outside_of_any_step_tells_whether_the_data_were_at_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command may fail before its step begins, and is tried again by the same rule."""
    told = []
    for error in (DataQualityError("2 of 2 rows cannot land"), WaybillError("The disk is full")):
        path = tmp_path / f"{type(error).__name__}.json"
        monkeypatch.setenv("WAYBILL_STEP_OUTCOME", str(path))
        failures.tell(error)
        told.append(json.loads(path.read_text())["data_quality"])
    assert told == [True, False]


def test_a_warehouse_without_a_ledger_is_one_clear_line(warehouse: ScratchDatabase) -> None:
    """A step does nothing that could not be answered for."""
    warehouse.execute("drop schema waybill cascade")
    with (
        pytest.raises(WaybillError, match=r"has no ledger.*warehouse:up"),
        ledger.step(warehouse.connection("auditor"), "validate:raw"),
    ):
        pytest.fail("the step has begun")
