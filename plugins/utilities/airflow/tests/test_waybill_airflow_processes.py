"""Real processes under the supervisor and under a task: none is left behind, none outlives its limit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from waybill_airflow import running
from waybill_airflow.running import Running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PATIENCE = 60.0

# Two services, each of which starts a process that ignores SIGTERM.
SUPERVISED = """
import sys
from pathlib import Path
from waybill_airflow.service import Service
from waybill_airflow.supervisor import Supervisor
from waybill_airflow import claims, service, supervisor
service._LEFTOVERS_SECONDS = supervisor._PATIENCE_SECONDS = claims._PATIENCE_SECONDS = 0.5
folder, *names = sys.argv[1:]
folder = Path(folder)
nested = '''
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(300)"],
    stdout=subprocess.PIPE)
child.stdout.readline()
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()} {child.pid}\\\\n")
time.sleep(300)
'''
services = [
    Service(name, [sys.executable, "-c", nested, str(folder / name)], {}, folder / f"{name}.log")
    for name in names or ("api-server", "scheduler")
]
Supervisor(services, lambda: None).run()
"""


def _until(condition: Callable[[], object], what: str) -> None:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < _PATIENCE, what
        time.sleep(0.05)


def _pids(file: Path) -> list[list[int]]:
    text = file.read_text() if file.exists() else ""
    return [[int(word) for word in line.split()] for line in text.splitlines()]


def _is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[str]]:
    """A supervisor with both of its services up."""
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISED, tmp_path], stdout=subprocess.PIPE, text=True
    )
    for name in ("api-server", "scheduler"):
        _until(lambda name=name: _pids(tmp_path / name), f"{name} did not start")  # type: ignore[misc]
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_supervisor_leaves_no_process_behind(
    supervisor: subprocess.Popen[str], tmp_path: Path, number: signal.Signals
) -> None:
    """Airflow's own `standalone` leaves orphans, which hold the port and run tasks."""
    started = [pid for name in ("api-server", "scheduler") for pid in _pids(tmp_path / name)[0]]
    assert all(map(_is_alive, started))
    supervisor.send_signal(number)
    supervisor.communicate(timeout=_PATIENCE)
    assert supervisor.returncode == 0
    assert [pid for pid in started if _is_alive(pid)] == []


def test_a_killed_service_starts_again_and_what_it_had_started_ends(
    supervisor: subprocess.Popen[str], tmp_path: Path
) -> None:
    """A task of a dead scheduler would run beside its own next try."""
    (scheduler, task) = _pids(tmp_path / "scheduler")[0]
    os.kill(scheduler, signal.SIGKILL)
    _until(lambda: len(_pids(tmp_path / "scheduler")) == 2, "it did not start again")
    assert not _is_alive(task)
    assert supervisor.poll() is None


def test_a_supervisor_that_was_killed_is_cleared_up_after(
    supervisor: subprocess.Popen[str], tmp_path: Path
) -> None:
    """After SIGKILL of everything above them, Airflow's processes must not stand in the next start's way."""
    first = [pid for name in ("api-server", "scheduler") for pid in _pids(tmp_path / name)[0]]
    _until(
        lambda: len(json.loads((tmp_path / "airflow/running.json").read_text())) == 2, "no state"
    )
    supervisor.kill()
    supervisor.wait()
    assert all(map(_is_alive, first))
    command = [sys.executable, "-c", SUPERVISED, tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as second:
        _until(lambda: len(_pids(tmp_path / "scheduler")) == 2, "it did not start again")
        assert [pid for pid in first if _is_alive(pid)] == []
        second.terminate()


def test_a_second_supervisor_is_refused(supervisor: subprocess.Popen[str], tmp_path: Path) -> None:
    """Two schedulers on one SQLite file would lock each other out."""
    assert supervisor.poll() is None
    done = subprocess.run(
        [sys.executable, "-c", SUPERVISED, tmp_path], capture_output=True, text=True, check=False
    )
    assert "Airflow's api-server runs already" in done.stderr


def test_processes_run_side_by_side_under_supervisors_of_their_own(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """As services each has one; none may refuse, nor end, what another one runs."""
    environment = {**os.environ, "WAYBILL_HOME": str(tmp_path)}

    def serve(name: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", SUPERVISED, tmp_path, name]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        request.addfinalizer(process.wait)
        request.addfinalizer(process.terminate)
        return process

    started = {name: serve(name) for name in ("api-server", "scheduler")}
    for name in started:
        _until(lambda name=name: _pids(tmp_path / name), f"{name} did not start")  # type: ignore[misc]
    state = tmp_path / "airflow/running.json"
    _until(lambda: state.exists() and len(json.loads(state.read_text())) == 2, "no state")
    first = _pids(tmp_path / "scheduler")[0]
    started["scheduler"].kill()
    started["scheduler"].wait()
    started["scheduler"] = serve("scheduler")
    _until(lambda: len(_pids(tmp_path / "scheduler")) == 2, "it did not start again")
    assert [pid for pid in first if _is_alive(pid)] == []
    assert all(map(_is_alive, _pids(tmp_path / "api-server")[0]))
    for process in started.values():
        process.terminate()
        assert process.wait(_PATIENCE) == 0
    assert not state.exists()


def test_a_step_over_its_time_is_stopped_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meltano gets SIGTERM first; what does not listen is killed."""
    monkeypatch.setattr(running, "STOP_SECONDS", 0.2)
    script = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: print('asked to stop', flush=True))\n"
        "child = subprocess.Popen(['sleep', '300'])\n"
        "print(child.pid, flush=True)\n"
        "while True: time.sleep(0.1)\n"
    )
    lines: list[str] = []
    step = Running([sys.executable, "-c", script], cwd=tmp_path, env=dict(os.environ), timeout=2)
    code = step.follow(lines.append)
    assert (step.timed_out, code) == (True, -signal.SIGKILL)
    assert lines[1:] == ["asked to stop"]
    _until(lambda: not _is_alive(int(lines[0])), "its child goes on")
