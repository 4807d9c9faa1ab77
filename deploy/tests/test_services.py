"""The services of compose.yml without containers: their commands, settings and health checks, as confined as there.

The tests of this module run in order. Postgres and the lake are servers of this process; the image's own part, that
its files are where they belong, is built and run by the workflow `deploy`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from deployed import DEPLOY, ROOT, SERVICES
from locked_buckets import locked_bucket

from deploy.tests.machine import lacks
from waybill_airflow import stack
from waybill_warehouse import binaries, scratch
from waybill_warehouse.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_USER = 10001
_PATIENCE = 1200.0
_CONFINED = DEPLOY / "tests" / "confined.sh"
_ENTRYPOINT = DEPLOY / "entrypoint.sh"
_WAREHOUSE = "WAREHOUSE_URL"
_DAG = "quiet"
"""Of its intervals the last one is due at once."""
_SCHEDULE = {"name": _DAG, "job": "alerts", "interval": "@yearly"}


@dataclass
class Machine:
    """What stands in for the services that are not ours.

    Attributes:
        folder: With a home for each service, which it sees as /mnt, what Airflow's share, and secrets.
        port: Of Airflow's API.
        settings: By which those services are reached here, in place of their names.
    """

    folder: Path
    port: int
    settings: Mapping[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start a service's command."""
        service = SERVICES[name]
        home = self._home(name)
        for secret in service["secrets"]:
            shutil.copy(self.folder / "secrets" / secret, home / "secrets")
        environment = {
            key: value for key, value in service["environment"].items() if not value.startswith("$")
        }
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                ["unshare", "--mount", _CONFINED, home, self.folder / "airflow", ROOT, _ENTRYPOINT]
                + service["command"],
                env=environment | self.settings | {"SECRETS_FOLDER": "/mnt/secrets"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _home(self, name: str) -> Path:
        home = self.folder / "homes" / name
        for path in (
            home,
            home / "airflow",
            home / "secrets",
            home / "tmp",
            self.folder / "airflow",
        ):
            path.mkdir(parents=True, exist_ok=True)
            os.chown(path, _USER, _USER)
        # The project's own would keep the machine busy.
        schedules = {"schedules": [_SCHEDULE]}
        (home / "schedules.meltano.yml").write_text(json.dumps(schedules))
        return home

    def end(self) -> None:
        """Stop what runs, and the databases of samples, which a container would take along."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(_PATIENCE)
        for path in self.folder.glob("homes/*/postgres/data/postmaster.pid"):
            os.kill(int(path.read_text().split()[0]), signal.SIGINT)

    def run(self, name: str) -> str:
        """Run a service that ends; it must end well."""
        code = self.start(name).wait(_PATIENCE)
        said = self.log(name)
        assert code == 0, said
        return said

    def log(self, name: str) -> str:
        """The last that a service has printed."""
        return (self.folder / f"{name}.log").read_text()[-6000:]

    def is_well(self, name: str) -> bool:
        """Whether a service's health check says so."""
        check = SERVICES[name]["healthcheck"]["test"][1:]
        command = [each.replace("/opt/waybill/", f"{ROOT}/") for each in check]
        where = {"PATH": os.environ["PATH"], "AIRFLOW_HEALTH_URL": f"http://127.0.0.1:{self.port}"}
        return subprocess.run(command, env=where, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Postgres as compose/postgres.sh leaves it, a locked bucket, and secrets that lead there."""
    if os.geteuid() != 0:
        lacks("only root can confine a process as a container does")
    folder = tmp_path_factory.mktemp("services")
    server = Cluster(folder / "postgres", is_durable=False)
    with ExitStack() as stopped:
        stopped.callback(server.down)
        server.up()
        stopped.enter_context(scratch.ends_with_this_process(server))
        _make_secrets(folder, server)
        bucket = stopped.enter_context(locked_bucket())
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        made = Machine(folder, port, _settings(bucket, port))
        stopped.callback(made.end)
        yield made


def _settings(bucket: str, port: int) -> dict[str, str]:
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    return aws | {
        "PATH": f"{ROOT}/.venv/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/mnt",
        "TMPDIR": "/mnt/tmp",
        "XDG_STATE_HOME": "/mnt/state",
        "WAYBILL_HOME": "/mnt",
        "WAYBILL_SAMPLES_ORDERS": "200",
        "DBT_TARGET_PATH": "/mnt/dbt/target",
        "DBT_LOG_PATH": "/mnt/dbt/logs",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANDING_URI": f"s3://{bucket}/lake",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "WAYBILL_AIRFLOW_PORT": str(port),
    }


def _make_secrets(folder: Path, server: Cluster) -> None:
    program = binaries.psql()
    if program is None:
        lacks("there is no psql on this machine")
    secrets = folder / "secrets"
    subprocess.run([DEPLOY / "secrets.sh", secrets], check=True, stdout=subprocess.DEVNULL)
    admin = server.admin()
    login = {"PGHOST": admin.host, "PGPORT": str(admin.port), "PGPASSWORD": admin.password}
    subprocess.run(
        [DEPLOY / "compose" / "postgres.sh"],
        env=login
        | {"PATH": f"{Path(program).parent}:{os.environ['PATH']}", "SECRETS_FOLDER": str(secrets)},
        check=True,
    )
    for name in ("WAREHOUSE_URL", "WAYBILL_AIRFLOW_DATABASE", "MELTANO_DATABASE_URI"):
        path = secrets / name
        path.chmod(0o644)
        path.write_text(path.read_text().replace("@postgres:5432/", f"@{admin.host}:{admin.port}/"))


def _rows(machine: Machine, secret: str, query: str) -> list[tuple[Any, ...]]:
    url = (machine.folder / "secrets" / secret).read_text().strip()
    with psycopg.connect(url) as session:
        if secret == _WAREHOUSE:
            session.execute("set role auditor")
        return session.execute(query).fetchall()  # type: ignore[arg-type]


def _until(is_so: Any, machine: Machine, what: str) -> None:
    begun = time.monotonic()
    while not is_so():
        ended = [name for name, process in machine.running.items() if process.poll() is not None]
        assert ended == [], machine.log(ended[0])
        assert time.monotonic() - begun < _PATIENCE, what
        time.sleep(1)


def test_the_databases_are_prepared(machine: Machine) -> None:
    """Protects the first start: who prepares has less than those that run after it."""
    machine.run("warehouse-up")
    assert _rows(machine, _WAREHOUSE, "select count(*) from waybill.run") == [(0,)]
    machine.run("airflow-migrate")


def test_airflows_four_processes_come_up_and_are_well(machine: Machine) -> None:
    """Protects the schedules: each process alone, and each health check tells of its own."""
    first, *others = (f"airflow-{name}" for name in stack.PROCESSES)
    assert not any(map(machine.is_well, [first, *others]))
    for names in ([first], others):
        for name in names:
            machine.running[name] = machine.start(name)
        for name in names:
            _until(partial(machine.is_well, name), machine, f"{name} is not well")


def test_a_task_of_the_scheduler_reaches_api_and_warehouse(machine: Machine) -> None:
    """Protects every schedule: the task's own settings and secrets must do."""
    _until(
        lambda: _rows(
            machine,
            "WAYBILL_AIRFLOW_DATABASE",
            f"select from dag_run where dag_id = '{_DAG}' and state = 'success'",
        ),
        machine,
        f"{_DAG} has not run",
    )


def test_the_whole_job_runs_with_nothing_to_write_to_but_its_own(machine: Machine) -> None:
    """Protects the read-only container: a source's samples, the lake, dbt, the receipt and the marts in it."""
    said = machine.run("waybill")
    assert "balanced: " in said
    assert "marts published" in said
    ((receipt,),) = _rows(machine, _WAREHOUSE, "select is_balanced from waybill.receipt")
    assert receipt is True
    assert "Read-only file system" not in said
