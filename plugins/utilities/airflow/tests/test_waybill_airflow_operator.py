"""Tasks without a scheduler: what a try does about the one before it, and how a run is closed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# Airflow reads its configuration when it is imported, so each task has a process, as under Airflow.
_TASK = """
import datetime as dt, json, os, sys
from types import SimpleNamespace
from waybill_airflow import settings
os.environ.update(settings.environment(8080))
from airflow.sdk.bases.operator import ExecutorSafeguard
from airflow.sdk.exceptions import TaskDeferred
from waybill_airflow.closing import CloseOperator
from waybill_airflow.operator import MeltanoOperator

now = dt.datetime.now(tz=dt.UTC)

def run(given):
    common = {"schedule_env": {}, "timeout": 60, "task_id": given["task"]}
    if given["task"] == "close":
        blocks = [["waybill:end"]]
        task = CloseOperator(blocks=blocks, last_step="dbt.build", rest=given["rest"], **common)
    else:
        first = ["waybill:begin-trade"]
        task = MeltanoOperator(blocks=[["dbt:build"]], first_again=first, **common)
    told = {}
    instance = SimpleNamespace(
        dag_id="trade", run_id="one", task_id=given["task"], log_url="http://log",
        try_number=given["try"], start_date=now,
        xcom_push=lambda key, value: told.update({key: value}),
        xcom_pull=lambda task_ids, key: given.get(key),
        get_task_states=lambda dag_id, run_ids: {
            "one": {"dbt.build": given.get("state"), "close": "running"}
        },
    )
    since = now - dt.timedelta(seconds=given["failing"]) if "failing" in given else None
    os.environ["ENDS_WITH"] = given.get("ends_with", "dbt:build")
    ExecutorSafeguard.tracker.set(task)
    try:
        task.execute({"ti": instance, "prev_data_interval_end_success": since})
    except TaskDeferred as deferred:
        moment = deferred.trigger.moment
        told["rests"] = [deferred.method_name, (moment - now).total_seconds()]
    return told

json.dump([run(each) for each in json.loads(sys.argv[1])], open(sys.argv[2], "w"))
"""
# The first `meltano` starts what goes on without it; a later one tells of what is still there.
_MELTANO = """#!/bin/sh
echo "$*" >> calls
if [ -e left ]; then
    echo "{\\"step\\": \\"$ENDS_WITH\\", \\"status\\": \\"succeeded\\"}" > "$WAYBILL_STEP_OUTCOME"
    exit 0
fi
sh -c 'trap "echo the first build ends >> calls; exit" TERM; touch left; sleep 300 & wait' > /dev/null &
wait
"""


class Tasks:
    """Tasks of one DAG run, by a `meltano` that keeps what it was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "meltano").write_text(_MELTANO)
        (folder / "meltano").chmod(0o755)

    def start(self, *runs: dict[str, Any]) -> subprocess.Popen[str]:
        """Start tasks one after the other: their names, their `try`, and what they find of the run."""
        environment = os.environ | {
            "MELTANO_PROJECT_ROOT": str(self.folder),
            "WAYBILL_HOME": str(self.folder / "home"),
            "WAYBILL_MELTANO": str(self.folder / "meltano"),
        }
        words = json.dumps([{"try": 1, "task": "dbt.build", **given} for given in runs])
        return subprocess.Popen(
            [sys.executable, "-c", _TASK, words, self.folder / "told.json"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *runs: dict[str, Any]) -> list[dict[str, Any]]:
        """Run tasks, which must succeed; returns what each has left for others."""
        task = self.start(*runs)
        said, _ = task.communicate()
        assert task.returncode == 0, said
        told: list[dict[str, Any]] = json.loads((self.folder / "told.json").read_text())
        return told

    @property
    def calls(self) -> list[str]:
        """What `meltano` was asked for."""
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def tasks(tmp_path: Path) -> Tasks:
    """The tasks of a run that has not begun."""
    return Tasks(tmp_path)


def test_a_retry_ends_what_a_killed_runner_has_left_and_takes_its_leases_anew(
    tasks: Tasks,
) -> None:
    """A `dbt:build` that nobody watches any more would write beside its own second try."""
    runner = tasks.start({})
    left = tasks.folder / "left"
    begun = time.monotonic()
    while not left.exists():
        assert runner.poll() is None
        assert time.monotonic() - begun < 60
        time.sleep(0.05)
    runner.send_signal(signal.SIGKILL)
    runner.wait()
    tasks.run({"try": 2})
    assert tasks.calls == [
        "run --no-install dbt:build",
        "the first build ends",
        "run --no-install --force waybill:begin-trade dbt:build",
    ]
    if runner.stdout:
        runner.stdout.close()


def test_only_a_receipt_spares_the_closing_of_a_run_and_a_failed_one_may_last_on(
    tasks: Tasks,
) -> None:
    """What failed, was killed or owes a receipt is closed; of a continuous schedule the next run waits.

    It would begin at once, so one that fails at once would be tried again at once for ever.
    """
    (tasks.folder / "left").touch()
    close = {"task": "close", "state": "failed", "rest": [30, 900]}
    told = tasks.run(
        {"ends_with": "dbt:build"},
        {"ends_with": "waybill:receipt-totesys"},
        close | {"state": "success", "closed": True},
        close | {"state": "success"},
        close | {"rest": None},
        close,
        close | {"state": "upstream_failed", "failing": 100},
        close | {"failing": 86_400},
    )
    assert told[:5] == [{}, {"closed": True}, {}, {}, {}]
    (name, least), (_, longer), (_, most) = (each["rests"] for each in told[5:])
    assert name == "rested"
    assert 30 <= least < 100 <= longer < 900 <= most
    assert (
        tasks.calls == ["run --no-install dbt:build"] * 2 + ["run --no-install waybill:end"] * 5
    ), "where the receipt has closed the run no second Meltano starts"
