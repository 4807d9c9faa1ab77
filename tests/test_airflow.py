"""A schedule's whole job under Airflow, from its own environment: it runs, and a failing gate stops it.

The tests of this module run in order on one project.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from mail_server import mail_server

from waybill_common import connections

if TYPE_CHECKING:
    import subprocess

    from conftest import Project

AS_ONE = "trade-every-5-minutes"
STEP_BY_STEP: dict[str, Any] = {
    "name": "trade-step-by-step",
    "job": "trade",
    "interval": "@once",
    "env": {"WAYBILL_DEADLINE": "30m"},
}
_RENAMED = "update department set department_name = 'Renamed', last_updated = now()"
_RUNS = "select {} from waybill.run where started_by = 'airflow' order by started_at"
_BROKEN = "update raw_totesys.payment set last_updated = created_at - interval '1 day' where payment_id = 1"


def _dags_test(
    project: Project, schedule: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    return project.meltano("invoke", "airflow", "dags", "test", schedule, **settings)


@pytest.fixture(scope="module")
def project(project_after_first_run: Project) -> Project:
    """The project after its first run, and with something new at a source."""
    made = project_after_first_run
    source = connections.embedded(
        connections.SUPERUSER, connections.SOURCE_DATABASE, folder=made.postgres
    )
    with source.connect() as session:
        session.execute(_RENAMED)
    return made


@pytest.fixture(scope="module")
def scheduled(project: Project) -> str:
    """What the first run under Airflow prints."""
    path = project.root / "orchestrate" / "schedules.meltano.yml"
    document = yaml.safe_load(path.read_text())
    document["schedules"].append(STEP_BY_STEP)
    path.write_text(yaml.safe_dump(document))
    for prepare in (["airflow", "db", "migrate"], ["airflow:dags"]):
        prepared = project.meltano("invoke", *prepare)
        assert prepared.returncode == 0, prepared.stdout[-4000:]
    done = _dags_test(project, AS_ONE)
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout


def test_a_whole_job_runs_and_its_receipt_ends_the_run(project: Project, scheduled: str) -> None:
    """The shortest interval counts: where all is well no second Meltano starts to close the run."""
    assert "balanced" in scheduled, "the receipt stands in the task's log"
    runs = project.rows(_RUNS.format("run_id, job, schedule, started_by, status, log_url"))
    run_id, *described, log_url = runs[0]
    assert len(runs) == 1
    assert described == ["trade", AS_ONE, "airflow", "succeeded"]
    assert isinstance(run_id, uuid.UUID)
    assert f"/dags/{AS_ONE}/" in log_url
    assert project.rows("select bool_and(is_balanced) from waybill.receipt") == [(True,)]
    assert project.rows("select distinct department_name from trade.dim_staff") == [("Renamed",)]
    assert "The receipt has closed the run." in scheduled
    assert scheduled.count("meltano run trade") == scheduled.count("meltano run ") == 1


def test_a_failing_gate_stops_the_dag_and_tells_people_once(
    project: Project, scheduled: str
) -> None:
    """Bad data stay bad: no retry, no model of them, one mail that says where to look."""
    assert scheduled
    project.execute(_BROKEN, role="loader")
    with mail_server() as inbox:
        done = _dags_test(
            project,
            STEP_BY_STEP["name"],
            WAYBILL_ALERTS_TO="ops@shop.example",
            WAYBILL_SMTP_HOST="127.0.0.1",
            WAYBILL_SMTP_PORT=str(inbox.port),
            WAYBILL_SMTP_SECURITY="none",
        )
    assert "validate:raw failed on the data, so it is not tried again" in done.stdout
    assert "A row is changed after it was created" in done.stdout, (
        "the failed rule stands in the log"
    )
    runs = project.rows(_RUNS.format("run_id, schedule, status, failed_step"))
    assert [run[1:] for run in runs] == [
        (AS_ONE, "succeeded", None),
        (STEP_BY_STEP["name"], "failed", "validate:raw"),
    ], "the tasks are processes of their own, and all are one run"
    steps = project.rows(
        f"select step, attempt, status from waybill.step where run_id = '{runs[-1][0]}'"
        " order by step_id"
    )
    assert steps == [
        ("waybill:begin-trade", 1, "succeeded"),
        ("load raw_totesys", 1, "succeeded"),
        ("validate:raw", 1, "failed"),
        ("waybill:end", 1, "succeeded"),
    ]
    assert project.rows("select count(*) from waybill.lease") == [(0,)], (
        "the next run need not wait"
    )
    # Where tests are slow, a source is stale by now: that is told beside it.
    (told,) = [mail for mail in inbox.mails if "run failed" in mail["Subject"]]
    assert told["Subject"] == f"[waybill] run failed: {STEP_BY_STEP['name']}"
    text = told.get_content()
    assert "failed at validate:raw" in text
    assert f"/dags/{STEP_BY_STEP['name']}/" in text, "the link to the task's log"
    assert "docs/runbooks/" in text


def test_no_secret_of_airflows_is_in_what_it_leaves_behind(
    project: Project, scheduled: str
) -> None:
    """Its keys and passwords are in two files that only the user may read."""
    folder = project.root / ".waybill" / "airflow"
    kept = [folder / "secrets.json", folder / "passwords.json"]
    secrets = [value for path in kept for value in json.loads(path.read_text()).values()]
    assert all(path.stat().st_mode & 0o077 == 0 for path in [folder, *kept])
    assert not any(secret in scheduled for secret in secrets)
    others = [path for path in folder.rglob("*") if path.is_file() and path not in kept]
    assert len(others) > 2
    leaks = [str(p) for p in others if any(value.encode() in p.read_bytes() for value in secrets)]
    assert leaks == []
