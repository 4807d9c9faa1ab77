"""A project of its own under a real Airflow: Postgres metadata, short schedules, samples as the source."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import yaml

from benchmarks import project
from benchmarks.processes import BenchmarkError
from benchmarks.soak.tree import Tree
from waybill_airflow import ports as airflow_ports
from waybill_common import connections
from waybill_warehouse import postmaster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_common.connections import Connection

_START_SECONDS = 300.0
_STOP_SECONDS = 180.0
_SETTINGS = ("WAYBILL_", "WAREHOUSE_", "MELTANO_", "AIRFLOW")
_QUICKLY = {"WAYBILL_RETRIES": "8", "WAYBILL_RETRY_DELAY": "10s", "WAYBILL_TIMEOUT": "10m"}
_CONTINUOUS = "WAYBILL_CONTINUOUS"
"""Runs back to back; the interval counts for nothing then."""
FAST: dict[str, Any] = {
    "name": "trade-back-to-back",
    "job": "trade",
    "interval": "* * * * *",
    "env": {_CONTINUOUS: "true", "WAYBILL_TASKS": "job", **_QUICKLY},
}
STEP_BY_STEP: dict[str, Any] = {
    "name": "trade-step-by-step",
    "job": "trade",
    "interval": "*/7 * * * *",
    "env": _QUICKLY,
}
"""The same job on the same tables, task by task, to get in the way."""
_NEVER = "0 0 1 1 *"
_LOCAL_SETTINGS = Path(__file__).with_name("airflow_local_settings.py")


class Stack:
    """The project and its Airflow."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self._home = self.root / ".waybill"
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)
        }
        self._environment = inherited | {
            "WAYBILL_HOME": str(self._home),
            "WAYBILL_MELTANO": str(project.meltano()),
            "WAYBILL_AIRFLOW_DATABASE": "embedded",
            "WAYBILL_AIRFLOW_PORT": str(airflow_ports.choose()),
            "XDG_STATE_HOME": str(folder / "state"),
        }

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """The project with the samples landed once, so that the runs are incremental.

        Its embedded Postgres is stopped at the end, and where that fails too, what failed before
        is what is told.
        """
        project.make(self.root, {})
        self.schedule([FAST])
        settings = self._home / "airflow" / "config"
        settings.mkdir(mode=0o700, parents=True)
        shutil.copy2(_LOCAL_SETTINGS, settings)
        try:
            self.meltano("run", "--no-install", "trade")
            yield
        except BaseException as error:
            try:
                self._stop()
            except BenchmarkError as further:
                error.add_note(str(further))
            raise
        self._stop()

    def schedule(self, schedules: list[dict[str, Any]]) -> None:
        """Let these be the schedules from now on; a running Airflow takes them up by itself."""
        file = self.root / "orchestrate" / "schedules.meltano.yml"
        part = file.with_suffix(".part")
        part.write_text(yaml.safe_dump({"schedules": schedules}))
        part.replace(file)

    def rest(self) -> None:
        """Let runs that are under way go on to their end, and begin no other."""
        env = {name: value for name, value in FAST["env"].items() if name != _CONTINUOUS}
        fast = FAST | {"interval": _NEVER, "env": env}
        self.schedule([fast, STEP_BY_STEP | {"interval": _NEVER}])

    def meltano(self, *arguments: str) -> None:
        """Run Meltano, which must succeed.

        Raises:
            BenchmarkError: It did not.
        """
        done = subprocess.run(  # noqa: S603 - Meltano's own commands
            [project.meltano(), *arguments],
            cwd=self.root,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            msg = f"meltano {' '.join(arguments)} failed:\n{(done.stdout + done.stderr)[-4000:]}"
            raise BenchmarkError(msg)

    def source(self) -> Connection:
        """The source database, as one who may write."""
        return self._database(connections.SUPERUSER, connections.SOURCE_DATABASE)

    def warehouse(self, role: str = "auditor") -> Connection:
        """The warehouse in a role."""
        return self._database(role, connections.WAREHOUSE_DATABASE)

    def metadata(self) -> Connection:
        """Airflow's own database."""
        return self._database(connections.SUPERUSER, "airflow")

    def server(self) -> psutil.Process:
        """The postmaster of the embedded Postgres.

        Raises:
            BenchmarkError: It does not run.
        """
        pid = postmaster.running(self._home / "postgres" / "data")
        if pid is None:
            msg = "the embedded Postgres does not run"
            raise BenchmarkError(msg)
        return psutil.Process(pid)

    @contextmanager
    def airflow(self) -> Iterator[Tree]:
        """Airflow for a while, stopped as a person stops it.

        Raises:
            BenchmarkError: It did not start, did not stop, or left processes behind.
        """
        log = self.root.parent / "airflow.log"
        with log.open("w") as output:
            started = subprocess.Popen(  # noqa: S603 - Meltano's own command
                [project.meltano(), "invoke", "--no-install", "airflow:up"],
                cwd=self.root,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            tree = self._started(started, log)
            yield tree
        except BaseException as error:
            if started.poll() is None and not _ended(started):
                error.add_note(f"Airflow did not stop within {_STOP_SECONDS:.0f} s.")
            raise
        services = tree.services()
        if not _ended(started):
            msg = f"Airflow did not stop within {_STOP_SECONDS:.0f} s."
            raise BenchmarkError(msg)
        left = [name for name, process in services.items() if process.is_running()]
        if left := [*left, *tree.left()]:
            msg = f"Airflow left processes behind: {', '.join(left)}"
            raise BenchmarkError(msg)

    def _started(self, started: subprocess.Popen[bytes], log: Path) -> Tree:
        begun = time.monotonic()
        while "http://" not in log.read_text():
            if started.poll() is not None or time.monotonic() - begun > _START_SECONDS:
                msg = f"Airflow did not start:\n{log.read_text()[-4000:]}"
                raise BenchmarkError(msg)
            time.sleep(0.5)
        return Tree(self._home, psutil.Process(started.pid).children()[0])

    def _database(self, role: str, name: str) -> Connection:
        return connections.embedded(role, name, folder=self._home / "postgres")

    def _stop(self) -> None:
        """Stop the embedded Postgres."""
        self.meltano("invoke", "--no-install", "warehouse:down")


def _ended(started: subprocess.Popen[bytes]) -> bool:
    """Ask a process to stop, and wait; it is killed where that takes too long."""
    started.send_signal(signal.SIGTERM)
    try:
        started.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()
        return False
    return True
