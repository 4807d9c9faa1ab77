"""A project of its own under a real Airflow: Postgres metadata, short schedules, samples as the source."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psutil
import yaml

from benchmarks import project
from benchmarks.processes import BenchmarkError
from benchmarks.soak.tree import Tree
from waybill_airflow import ports as airflow_ports
from waybill_common import connections

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from waybill_common.connections import Connection

_START_SECONDS = 300.0
_STOP_SECONDS = 180.0
_SETTINGS = ("WAYBILL_", "WAREHOUSE_", "MELTANO_", "AIRFLOW")
_QUICKLY = {"WAYBILL_RETRIES": "8", "WAYBILL_RETRY_DELAY": "10s", "WAYBILL_TIMEOUT": "10m"}
SCHEDULES: list[dict[str, Any]] = [
    {
        "name": "trade-every-minute",
        "job": "trade",
        "interval": "* * * * *",
        "env": {"WAYBILL_TASKS": "job", **_QUICKLY},
    },
    {
        "name": "trade-step-by-step",
        "job": "trade",
        "interval": "*/7 * * * *",
        "env": _QUICKLY,
    },
]
"""Both run the same job on the same tables: the second one task by task, to get in the way."""


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

    def prepare(self) -> None:
        """Make the project and land the samples once, so that the runs are incremental."""
        project.make(self.root, [])
        schedules = {"schedules": SCHEDULES}
        (self.root / "orchestrate" / "schedules.meltano.yml").write_text(yaml.safe_dump(schedules))
        self.meltano("run", "--no-install", "trade")

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
        folder = self._home / "postgres"
        return connections.embedded(
            connections.SUPERUSER, connections.SOURCE_DATABASE, folder=folder
        )

    def warehouse(self, role: str = "auditor") -> Connection:
        """The warehouse in a role."""
        folder = self._home / "postgres"
        return connections.embedded(role, connections.WAREHOUSE_DATABASE, folder=folder)

    @contextmanager
    def airflow(self) -> Iterator[Tree]:
        """Airflow for a while, stopped as a person stops it.

        Raises:
            BenchmarkError: It did not start, or left processes behind.
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
                begun = time.monotonic()
                while "http://" not in log.read_text():
                    if started.poll() is not None or time.monotonic() - begun > _START_SECONDS:
                        msg = f"Airflow did not start:\n{log.read_text()[-4000:]}"
                        raise BenchmarkError(msg)
                    time.sleep(0.5)
                supervisor = psutil.Process(started.pid).children()[0]
                tree = Tree(supervisor, self._home / "airflow")
                yield tree
                sessions = [process.pid for process in tree.services().values()]
            finally:
                started.send_signal(signal.SIGTERM)
                started.wait(_STOP_SECONDS)
        if left := [pid for pid in sessions if psutil.pid_exists(pid)]:
            msg = f"Airflow left processes behind: {left}"
            raise BenchmarkError(msg)

    def stop(self) -> None:
        """Stop the embedded Postgres."""
        self.meltano("invoke", "--no-install", "warehouse:down")
