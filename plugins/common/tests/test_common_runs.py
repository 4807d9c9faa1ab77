from __future__ import annotations

import datetime as dt
import json
import os
import shlex
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from waybill_common import processes, runs
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from pathlib import Path

REPORT = """
import dataclasses, json
from waybill_common import runs
print(json.dumps(dataclasses.asdict(runs.current()), default=str))
"""


def _children(folder: Path, *arguments: str, shells: int = 2) -> list[dict[str, Any]]:
    """What two children of a process named `meltano` take their run for, shells between them."""
    command = shlex.join([sys.executable, "-c", REPORT])
    for _ in range(shells):
        command = shlex.join(["sh", "-c", f"{command}; true"])
    fake = folder / "meltano"
    fake.write_text(
        f"#!{sys.executable}\nimport subprocess\n"
        f"for _ in range(2): subprocess.run({command!r}, shell=True, check=True)\n"
    )
    fake.chmod(0o755)
    done = subprocess.run([fake, *arguments], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_all_steps_of_one_meltano_share_a_run(tmp_path: Path) -> None:
    """Without a wrapper, and however many shells lie between; the next run is another one."""
    first, second = _children(tmp_path, "--environment", "prod", "run", "--force", "trade")
    assert first == second
    assert (first["job"], first["started_by"], first["is_of_job"]) == ("trade", "shell", True)
    assert first["process_id"] not in {None, os.getpid()}
    again, _ = _children(tmp_path, "invoke", "dbt:build", shells=0)
    assert again["run_id"] != first["run_id"]
    assert (again["job"], again["is_of_job"]) == ("invoke dbt:build", False)


def test_a_process_that_no_meltano_started_is_a_run_of_its_own() -> None:
    """Tools may be run by themselves."""
    assert runs.current() == runs.current()
    assert runs.current().process_id == os.getpid()
    assert not runs.current().is_of_job


def test_an_orchestrator_names_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of its tasks is a `meltano` of its own, and all are one run."""
    wanted = uuid.uuid4()
    monkeypatch.setenv(runs.RUN_ID_VARIABLE, str(wanted))
    monkeypatch.setenv(runs.JOB_VARIABLE, "trade")
    monkeypatch.setenv(runs.LOG_URL_VARIABLE, "http://localhost/log")
    run = runs.current()
    assert (run.run_id, run.job, run.log_url) == (wanted, "trade", "http://localhost/log")
    assert (run.process_id, run.is_of_job) == (None, True)


@pytest.mark.parametrize("variable", [runs.RUN_ID_VARIABLE, runs.STARTED_BY_VARIABLE])
def test_a_wrong_setting_is_named(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps that each took another id for the run would lock one another out."""
    monkeypatch.setenv(variable, "nonsense")
    with pytest.raises(WaybillError, match=variable):
        runs.current()


def test_a_dead_process_and_one_that_took_its_id_are_told_from_a_living_one() -> None:
    """A lease must not outlive its holder because the system has used the number again."""
    run = runs.current()
    assert runs.is_alive(run.run_id, os.getpid())
    assert not runs.is_alive(uuid.uuid4(), os.getpid())
    now = dt.datetime.now(tz=dt.UTC)
    assert processes.is_alive(os.getpid(), now)
    assert not processes.is_alive(os.getpid(), now - dt.timedelta(days=365))
    with subprocess.Popen(["true"]) as ended:
        ended_id = ended.pid
        os.waitid(os.P_PID, ended_id, os.WEXITED | os.WNOWAIT)
        assert not processes.is_alive(ended_id, now), "a zombie does nothing any more"
    assert not processes.is_alive(ended_id, now)
