"""deploy/'s scripts, run as they are: secrets, the entry point, the databases."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import deployed
import psycopg
import pytest
from deployed import DEPLOY

from waybill_common import connections
from waybill_warehouse import binaries, bootstrap, scratch
from waybill_warehouse.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_common.connections import Connection

_ENTRYPOINT = DEPLOY / "entrypoint.sh"


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The secrets as deploy/secrets.sh makes them."""
    folder = tmp_path_factory.mktemp("deploy") / "secrets"
    said = _make(folder)
    values = [path.read_text().strip() for path in folder.iterdir()]
    assert values
    assert not any(value in said for value in values)
    return folder


def _make(folder: Path) -> str:
    command = [DEPLOY / "secrets.sh", folder]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_every_secret_that_a_service_mounts_is_made_once(secrets: Path) -> None:
    """Protects the first start, and what is kept under the secrets of the first one from the second."""
    made = {path.name: path.read_text() for path in secrets.iterdir()}
    assert made.keys() == deployed.COMPOSE["secrets"].keys()
    assert secrets.stat().st_mode & 0o077 == 0
    assert {path.stat().st_mode & 0o777 for path in secrets.iterdir()} == {0o444}
    assert len(set(made.values())) == len(made)
    assert _make(secrets) == ""
    assert {path.name: path.read_text() for path in secrets.iterdir()} == made
    (secrets / "WAYBILL_PII_SALT").unlink()
    assert _make(secrets) == "secrets: made WAYBILL_PII_SALT\n"


def test_the_urls_name_services_and_their_ports(secrets: Path) -> None:
    """Protects the services from an address that is nobody's."""
    for name in ("WAREHOUSE_URL", "WAYBILL_AIRFLOW_DATABASE", "MELTANO_DATABASE_URI"):
        found = connections.from_url((secrets / name).read_text().strip(), setting=name)
        assert (found.host, found.port) == ("postgres", 5432)
    assert "@mongodb:27017/" in (secrets / "WAYBILL_MONGODB").read_text()
    assert {"postgres", "mongodb"} < deployed.SERVICES.keys()


def _run(folder: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [_ENTRYPOINT, *command],
        env={"PATH": os.environ["PATH"], "SECRETS_FOLDER": str(folder)} | settings,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_command_finds_secrets_in_its_environment(tmp_path: Path) -> None:
    """Protects settings: what the environment has wins, and passwords of others stay files."""
    (tmp_path / "WAREHOUSE_URL").write_text("postgresql://a:b$c'd@h/w\n")
    (tmp_path / "WAYBILL_PII_SALT").write_text("from the file")
    (tmp_path / "WAYBILL_MONGODB").write_text("")
    (tmp_path / "postgres_password").write_text("not ours")
    (tmp_path / "A;touch x").write_text("no name")
    done = _run(tmp_path, "env", WAYBILL_PII_SALT="from the environment")
    found = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
    assert found["WAREHOUSE_URL"] == "postgresql://a:b$c'd@h/w"
    assert found["WAYBILL_PII_SALT"] == "from the environment"
    assert "postgres_password" not in found
    assert not any("touch" in name for name in found)
    assert _run(tmp_path, "sh", "-c", "exit 7").returncode == 7
    assert _run(tmp_path / "none", "env").returncode == 0


def test_a_signal_reaches_the_command(tmp_path: Path) -> None:
    """Protects a stop: a shell that stays in between would leave Meltano to SIGKILL."""
    with subprocess.Popen(
        [_ENTRYPOINT, "sleep", "300"], env=os.environ | {"SECRETS_FOLDER": str(tmp_path)}
    ) as process:
        while b"sleep" not in Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0"):
            assert process.poll() is None
        process.terminate()
        assert process.wait() == -signal.SIGTERM


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A new server, as the image of Postgres hands it to its scripts."""
    made = Cluster(tmp_path_factory.mktemp("postgres") / "server", is_durable=False)
    try:
        made.up()
        with scratch.ends_with_this_process(made):
            yield made
    finally:
        made.down()


def test_the_databases_are_for_their_owners_alone(server: Cluster, secrets: Path) -> None:
    """Protects the warehouse from Airflow's login, and lets Waybill make its roles."""
    admin = server.admin()
    program = binaries.psql()
    if program is None:
        pytest.skip("there is no psql on this machine")
    subprocess.run(
        [DEPLOY / "compose" / "postgres.sh"],
        env={
            "PATH": f"{Path(program).parent}:{os.environ['PATH']}",
            "SECRETS_FOLDER": str(secrets),
            "POSTGRES_USER": admin.user,
            "PGHOST": admin.host,
            "PGPORT": str(admin.port),
            "PGPASSWORD": admin.password,
        },
        check=True,
        capture_output=True,
    )
    warehouse = _here(secrets, "WAREHOUSE_URL", admin)
    bootstrap.apply(warehouse)
    with warehouse.connect() as session:
        session.execute("set role loader")
        session.execute("create table raw_olist.orders (id int)")
    airflow = _here(secrets, "WAYBILL_AIRFLOW_DATABASE", admin)
    with airflow.connect() as session:
        session.execute("create table dag (id int)")
    stranger = psycopg.conninfo.make_conninfo(airflow.url, dbname="warehouse")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(stranger)


def _here(secrets: Path, name: str, server: Connection) -> Connection:
    """The login that a URL names, at a server of this machine."""
    url = (secrets / name).read_text().strip()
    return connections.from_url(
        url.replace("@postgres:5432/", f"@{server.host}:{server.port}/"), setting=name
    )
