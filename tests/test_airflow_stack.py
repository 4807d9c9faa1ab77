"""`airflow:up` as a person uses it: log in, add a schedule, and let it get over a killed scheduler.

The tests of this module run in order on one stack.
"""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import psutil
import pytest
from airflow_stack import Stack, running, write_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Project

_QUIET = {"name": "quiet", "job": "alerts", "interval": "@yearly"}
_LANDING = {
    "name": "landing",
    "job": "landing",
    "interval": "@once",
    "env": {"WAYBILL_TASKS": "job", "WAYBILL_RETRY_DELAY": "1s", "WAYBILL_POOL": "source"},
}
_WRONG = {"name": "minutely", "job": "alerts", "interval": "61 * * * *"}
_JOBS = {"landing": "warehouse:up sources:prepare-totesys tap-postgres--totesys target-postgres"}
_LOADS = "select attempt, status, process_id from waybill.step where step = 'load raw_totesys' order by step_id"
_HOLD = """
    insert into waybill.lease (resource, run_id, host, expires_at)
    values ('raw_totesys', gen_random_uuid(), 'elsewhere', now() + interval '1 hour')
"""


@pytest.fixture(scope="module")
def stack(project: Project) -> Iterator[Stack]:
    """The stack over a project in which nothing is due."""
    write_plan(project, _QUIET, jobs=_JOBS)
    quick = {
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
    }
    with running(project, **quick) as started:
        yield started


def test_the_ui_is_open_to_nobody_without_the_password(stack: Stack) -> None:
    """Who reaches the port could run any job, with the warehouse's passwords."""
    assert stack.ask("/api/v2/dags", token="")[0] == 401
    assert stack.log_in("admin") == 401
    assert stack.ask("/api/v2/dags", token="a.b.c")[0] in {401, 403}  # noqa: S106 - of nobody
    kept = stack.project.root / ".waybill" / "airflow" / "passwords.json"
    assert stack.log_in(json.loads(kept.read_text())["admin"]) == 201
    status, found = stack.ask("/api/v2/dags")
    assert (status, [dag["dag_id"] for dag in found["dags"]]) == (200, ["quiet"])


def test_a_new_schedule_is_live_without_a_restart_and_a_wrong_one_is_told(stack: Stack) -> None:
    """Airflow's first page says what is wrong; all other DAGs go on, with the pools they name."""
    airflow = stack.project.root / ".waybill" / "airflow"
    os.utime(airflow / "cleaned", (0, 0))
    write_plan(stack.project, _QUIET, _LANDING, _WRONG, jobs=_JOBS)
    stack.until(lambda: stack.ask("/api/v2/dags/landing")[0] == 200, "the DAG is not there")
    told = stack.until(
        lambda: stack.ask("/api/v2/importErrors")[1]["import_errors"], "no import error"
    )
    assert [each["filename"] for each in told] == ["waybill_problems.py"]
    assert "Schedule minutely: the interval '61 * * * *'" in told[0]["stack_trace"]
    listed = stack.ask("/api/v2/dags")[1]["dags"]
    assert {dag["dag_id"]: dag["is_paused"] for dag in listed} == {"landing": False, "quiet": False}
    assert stack.ask("/api/v2/pools/source")[1]["slots"] == 1
    log = airflow / "processes" / "watcher.log"
    stack.until(
        lambda: "clean: removed rows of Airflow's" in log.read_text(),
        "Airflow's rows stay for ever",
    )


def test_a_killed_scheduler_is_started_again_and_its_run_goes_on(stack: Stack) -> None:
    """Nobody is there at night: what the step left ends, and the same run is finished."""
    project = stack.project
    prepared = project.meltano("run", "warehouse:up")
    assert prepared.returncode == 0, prepared.stdout
    # The load waits for another run, so the blow falls in the middle of it.
    project.execute(_HOLD, role="loader")
    status, run = stack.ask("/api/v2/dags/landing/dagRuns", {"logical_date": None})
    assert status == 200, run
    ((_, _, loading),) = stack.until(lambda: project.rows(_LOADS), "no step")
    assert psutil.pid_exists(loading)
    killed = stack.services()["scheduler"]
    killed.send_signal(signal.SIGKILL)
    stack.until(
        lambda: stack.services().get("scheduler", killed) != killed, "the scheduler is not back"
    )
    assert not psutil.pid_exists(loading), "the step goes on beside its own next try"
    project.execute("delete from waybill.lease where host = 'elsewhere'", role="loader")
    path = f"/api/v2/dags/landing/dagRuns/{run['dag_run_id']}"
    state = stack.until(
        lambda: (found := stack.ask(path)[1]["state"]) in {"success", "failed"} and found,
        "the run does not end",
    )
    assert state == "success"
    assert [row[:2] for row in project.rows(_LOADS)] == [(1, "failed"), (2, "succeeded")]
    assert project.rows("select job, status from waybill.run") == [("landing", "succeeded")]
    assert project.rows("select count(*) from waybill.lease") == [(0,)]


def test_the_stack_ends_when_it_is_told_to_and_leaves_nothing_behind(stack: Stack) -> None:
    """Processes that stay hold the port and run tasks beside those of the next start."""
    services = stack.services()
    assert services.keys() >= {"api-server", "scheduler", "dag-processor", "triggerer", "watcher"}
    stack.supervisor.terminate()
    assert stack.supervisor.wait(300) == 0
    assert [name for name, process in services.items() if process.is_running()] == []
