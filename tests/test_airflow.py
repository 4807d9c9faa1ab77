"""A schedule's whole job under Airflow, from its own environment: it runs, and a failing gate stops it.

The tests of this module run in order on one project.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest
from mail_server import mail_server

if TYPE_CHECKING:
    import subprocess

    from conftest import Project

SCHEDULE = "trade-every-5-minutes"
_BROKEN = "update raw_totesys.payment set last_updated = created_at - interval '1 day' where payment_id = 1"


def _dags_test(project: Project, **settings: str) -> subprocess.CompletedProcess[str]:
    return project.meltano("invoke", "airflow", "dags", "test", SCHEDULE, **settings)


@pytest.fixture(scope="module")
def first_run(project: Project) -> str:
    """What the first run prints."""
    for prepare in (["airflow", "db", "migrate"], ["airflow:dags"]):
        prepared = project.meltano("invoke", *prepare)
        assert prepared.returncode == 0, prepared.stdout[-4000:]
    done = _dags_test(project)
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout


def test_a_whole_job_runs_task_by_task_as_one_run(project: Project, first_run: str) -> None:
    """The tasks are processes of their own, yet one run of the ledger, which ends with a receipt."""
    assert "balanced" in first_run, "the receipt stands in the task's log"
    runs = project.rows(
        "select run_id, job, schedule, started_by, status, log_url from waybill.run"
    )
    run_id, *described, log_url = runs[0]
    assert len(runs) == 1
    assert described == ["trade", SCHEDULE, "airflow", "succeeded"]
    assert isinstance(run_id, uuid.UUID)
    assert f"/dags/{SCHEDULE}/" in log_url
    assert project.rows("select bool_and(is_balanced) from waybill.receipt") == [(True,)]


def test_a_failing_gate_stops_the_dag_and_tells_people_once(
    project: Project, first_run: str
) -> None:
    """Bad data stay bad: no retry, no model of them, one mail that says where to look."""
    assert first_run
    project.execute(_BROKEN, role="loader")
    with mail_server() as inbox:
        done = _dags_test(
            project,
            WAYBILL_ALERTS_TO="ops@shop.example",
            WAYBILL_SMTP_HOST="127.0.0.1",
            WAYBILL_SMTP_PORT=str(inbox.port),
            WAYBILL_SMTP_SECURITY="none",
        )
    assert "validate:raw failed on the data, so it is not tried again" in done.stdout
    assert "A row is changed after it was created" in done.stdout, (
        "the failed rule stands in the log"
    )
    steps = project.rows(
        "select step, attempt, status from waybill.step where run_id = "
        "(select run_id from waybill.run order by started_at desc limit 1)"
        " and step <> 'waybill:end' order by step_id"
    )
    assert steps[-1] == ("validate:raw", 1, "failed")
    runs = project.rows("select status, failed_step from waybill.run order by started_at desc")
    assert runs[0] == ("failed", "validate:raw")
    assert project.rows("select count(*) from waybill.lease") == [(0,)], (
        "the next run need not wait"
    )
    assert len(inbox.mails) == 1
    assert inbox.mails[0]["Subject"] == f"[waybill] run failed: {SCHEDULE}"
    text = inbox.mails[0].get_content()
    assert "failed at validate:raw" in text
    assert f"/dags/{SCHEDULE}/" in text, "the link to the task's log"
    assert "docs/runbooks/" in text


def test_no_secret_of_airflows_is_in_what_it_leaves_behind(
    project: Project, first_run: str
) -> None:
    """Its keys and passwords are in two files that only the user may read."""
    folder = project.root / ".waybill" / "airflow"
    kept = [folder / "secrets.json", folder / "passwords.json"]
    secrets = [value for path in kept for value in json.loads(path.read_text()).values()]
    assert all(path.stat().st_mode & 0o077 == 0 for path in [folder, *kept])
    assert not any(secret in first_run for secret in secrets)
    others = [path for path in folder.rglob("*") if path.is_file() and path not in kept]
    assert len(others) > 2
    leaks = [str(p) for p in others if any(value.encode() in p.read_bytes() for value in secrets)]
    assert leaks == []
