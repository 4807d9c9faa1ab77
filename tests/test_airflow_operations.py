"""The commands of the runbook on Airflow, on a database of its own and without a scheduler."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import runbooks

if TYPE_CHECKING:
    from pathlib import Path

PAGE = runbooks.ROOT / "docs" / "runbooks" / "airflow.md"
PROGRAM = runbooks.ROOT / ".meltano" / "utilities" / "airflow" / "venv" / "bin" / "waybill-airflow"


def _run(home: Path, *arguments: str) -> tuple[int, str]:
    others = ("WAYBILL_", "WAREHOUSE_", "AIRFLOW")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    done = subprocess.run(
        [PROGRAM, *arguments],
        cwd=runbooks.ROOT,
        env=inherited | {"MELTANO_PROJECT_ROOT": str(runbooks.ROOT), "WAYBILL_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_the_runbook_of_airflow_can_be_followed(tmp_path: Path) -> None:
    """From a lost database to a paused schedule, as the page has it; who looks is told that nothing runs."""
    typed = list(dict.fromkeys(runbooks.commands(PAGE)))
    commands = {
        each: runbooks.plugin_command(each)[1:]
        for each in typed
        if re.match("invoke airflow\\b", each)
    }
    made = ["invoke airflow db migrate", "invoke airflow:dags"]
    assert set(made) < commands.keys()
    for command in made:
        code, output = _run(tmp_path, *commands.pop(command))
        assert code == 0, output
    # As the dag-processor does.
    assert _run(tmp_path, "dags", "reserialize")[0] == 0
    ends, paused = {}, {}
    for command, arguments in commands.items():
        ends[command] = _run(tmp_path, *arguments)
        paused[command] = _is_paused(tmp_path)
    code, output = ends.pop("invoke airflow jobs check --job-type SchedulerJob")
    assert code == 1
    assert "No alive jobs found" in output
    assert {command: output for command, (code, output) in ends.items() if code} == {}
    assert paused[_of("dags pause")]
    assert not paused[_of("dags unpause")]
    assert "No data found" in ends[_of("dags list-import-errors")][1]


def _is_paused(home: Path) -> bool:
    """What Airflow's database says; the command prints what was before it."""
    with closing(sqlite3.connect(home / "airflow" / "airflow.db")) as known:
        query = "select is_paused from dag where dag_id = 'trade-every-5-minutes'"
        return bool(known.execute(query).fetchone()[0])


def _of(words: str) -> str:
    (found,) = [
        each for each in runbooks.commands(PAGE) if each.startswith(f"invoke airflow {words}")
    ]
    return found
