from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from waybill_common import connections
from waybill_common.errors import WaybillError
from waybill_warehouse import cli, databases, embedded, passwords
from waybill_warehouse.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_warehouse.scratch import ScratchDatabase

COMMAND = str(Path(sys.executable).with_name("waybill-warehouse"))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def started(own_home: Path) -> Iterator[Cluster]:
    """The embedded warehouse as a user starts it."""
    done = run("up")
    assert done.returncode == 0, done.stderr
    yield Cluster(own_home / "postgres")
    run("down")


def test_its_life_from_the_shell(own_home: Path) -> None:
    """What the README and meltano.yml promise of the commands, and their exit codes."""
    assert run("status").returncode == cli.EXIT_DOWN

    # The output is captured to its end: the server does not keep the caller's pipe open.
    up = run("up")
    assert up.returncode == 0, up.stderr
    assert up.stdout.startswith("warehouse: PostgreSQL 18")
    assert "/warehouse (embedded, started in" in up.stdout
    assert "(embedded, was up already)" in run("up").stdout

    status = run("status")
    assert status.returncode == 0
    assert status.stdout.startswith("warehouse: up, PostgreSQL 18")
    assert status.stdout.count("\n") == 1

    assert run("down").stdout == "warehouse: stopped\n"
    assert run("down").stdout == "warehouse: was not running\n"
    down = run("status")
    assert down.returncode == cli.EXIT_DOWN
    assert down.stdout.startswith("warehouse: down (embedded): ")
    assert down.stderr == ""
    assert own_home.is_dir()


@pytest.mark.usefixtures("started")
def test_passwords_can_be_changed() -> None:
    """The old ones open nothing any more, the new ones are used at once, and a session goes on."""
    file = connections.cluster_folder() / passwords.FILE
    before = passwords.load(file)
    login = connections.warehouse("reader")
    with login.connect() as session:
        done = run("rotate-passwords")
        assert done.returncode == 0, done.stderr
        assert session.execute("select 1").fetchone() == (1,)
    after = passwords.load(file)
    assert {name for name in before if before[name] == after[name]} == {connections.SUPERUSER}
    assert file.stat().st_mode & 0o077 == 0
    assert not [secret for secret in after.values() if secret in done.stdout + done.stderr]
    with pytest.raises(WaybillError, match="password authentication failed"):
        login.connect()
    for role in connections.WAREHOUSE_ROLES:
        connections.warehouse(role).connect().close()
    assert run("up").returncode == 0


@pytest.mark.parametrize("role", ["", "loader", "transformer", "auditor", "reader", "admin"])
def test_url_prints_a_url_and_nothing_else(warehouse: ScratchDatabase, role: str) -> None:
    """psql "$(meltano invoke warehouse:url)" must work, by default for looking, not for changing."""
    printed = run("url", *(["--role", role] if role else []))
    assert printed.stderr == ""
    assert printed.stdout.count("\n") == 1
    with psycopg.connect(printed.stdout.strip()) as session:
        user = "postgres" if role == "admin" else role or "auditor"
        assert session.execute("select current_user, current_database()").fetchone() == (
            user,
            warehouse.name,
        )


def test_psql_takes_its_own_arguments(warehouse: ScratchDatabase) -> None:
    """`warehouse:psql` is psql: options and input are passed on, its exit code comes back."""
    query = "select current_user || ' ' || current_database()"
    assert run("psql", "-At", "-c", query).stdout == f"auditor {warehouse.name}\n"
    asked = run("psql", "--role", "loader", "--tuples-only", "--no-align", f"--command={query}")
    assert asked.stdout == f"loader {warehouse.name}\n"
    assert run("psql", "-v", "ON_ERROR_STOP=1", "-c", "select 1/0").returncode == 1


def test_psql_needs_none_on_the_path(
    warehouse: ScratchDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Who installed no PostgreSQL looks into the embedded warehouse all the same."""
    monkeypatch.setenv("PATH", str(tmp_path))
    asked = run("psql", "-Atc", "select current_database()")
    assert asked.stdout == f"{warehouse.name}\n", asked.stderr


def test_psql_changes_to_the_role_of_an_outside_warehouse(
    warehouse: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One login for all: psql and the printed URL still look with the auditor's eyes."""
    for role in warehouse.connections:
        monkeypatch.delenv(f"WAREHOUSE_{role.upper()}_URL")
    monkeypatch.setenv("WAREHOUSE_URL", warehouse.url("admin"))
    assert run("psql", "-At", "-c", "select current_user").stdout == "auditor\n"
    with psycopg.connect(run("url").stdout.strip()) as session:
        assert session.execute("select current_user").fetchone() == ("auditor",)


def test_an_outside_warehouse_is_bootstrapped_and_left_running(
    warehouse: ScratchDatabase, monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    """WAREHOUSE_URL: no embedded server is started, and theirs is not stopped."""
    monkeypatch.delenv("WAREHOUSE_ADMIN_URL")
    monkeypatch.setenv("WAREHOUSE_URL", warehouse.url("admin"))
    for setting in connections.SOURCE_SETTINGS:
        monkeypatch.setenv(setting, "postgresql://reader@source.example.com/shop")
    warehouse.execute("drop schema trade")

    up = run("up")
    assert up.returncode == 0, up.stderr
    assert up.stdout.endswith(f"/{warehouse.name} (WAREHOUSE_URL)\n")
    assert warehouse.rows("select to_regnamespace('trade')::text") == [("trade",)]
    assert run("status").stdout.endswith("(WAREHOUSE_URL)\n")
    down = run("down")
    assert down.returncode == 1
    assert "is not ours to stop" in down.stderr
    assert not own_home.exists()


def test_an_outside_warehouse_can_be_fed_from_the_embedded_source(
    warehouse: ScratchDatabase, monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    """Only the source is ours then: it is started, readable, and stopped again."""
    monkeypatch.delenv("WAREHOUSE_ADMIN_URL")
    monkeypatch.setenv("WAREHOUSE_URL", warehouse.url("admin"))

    up = run("up")
    assert up.returncode == 0, up.stderr
    assert f"/{warehouse.name} (WAREHOUSE_URL)\n" in up.stdout
    assert up.stdout.endswith("/source\n")
    source = connections.embedded("source_reader", "source", folder=own_home / "postgres")
    with source.connect() as session:
        assert session.execute("select current_user").fetchone() == ("source_reader",)
    assert run("down").stdout == "source: stopped\n"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("postgresql://", "mysql://"), "WAREHOUSE_URL is not a PostgreSQL URL."),
        (("warehouse_", "nowhere_"), 'database "nowhere_'),
        (("@127.0.0.1:", "@127.0.0.1:1"), "WAREHOUSE_URL: cannot connect to postgres@127.0.0.1:1"),
        (("postgres:", "postgres:x"), "password authentication failed"),
    ],
    ids=["scheme", "database", "port", "password"],
)
def test_a_warehouse_out_of_reach_is_one_line(
    warehouse: ScratchDatabase,
    monkeypatch: pytest.MonkeyPatch,
    change: tuple[str, str],
    says: str,
) -> None:
    """A wrong WAREHOUSE_URL: exit code 1 and one line that names it and keeps the password."""
    monkeypatch.delenv("WAREHOUSE_ADMIN_URL")
    monkeypatch.setenv("WAREHOUSE_URL", warehouse.url("admin").replace(*change))
    up = run("up")
    assert up.returncode == 1
    assert up.stdout == ""
    assert up.stderr.startswith("error: WAREHOUSE_URL")
    assert says in up.stderr
    assert up.stderr.count("\n") == 1
    assert warehouse.connection().password not in up.stderr


def test_no_password_is_seen_by_other_users(started: Cluster) -> None:
    """Neither the process list nor the server's log, even one of every statement, has a password."""
    with started.admin().connect(autocommit=True) as session:
        session.execute("alter system set log_statement = 'all'")
        session.execute("select pg_reload_conf()")
        session.execute("alter role reader nologin password null")
    embedded.up(started)

    secrets = json.loads((started.folder / passwords.FILE).read_text())
    assert sorted(secrets) == sorted(passwords.LOGINS)
    assert len(set(secrets.values())) == len(secrets)
    log = "".join(path.read_text() for path in (started.folder / "log").iterdir())
    assert 'alter role "reader" login password \'SCRAM-SHA-256$' in log
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True
    )
    assert str(started.data) in listed.stdout
    assert not [role for role, secret in secrets.items() if secret in log + listed.stdout]


def test_an_interrupted_up_is_completed_by_the_next(started: Cluster) -> None:
    """Killed between the server's start and the last grant: nothing stays missing."""
    with started.admin().connect(autocommit=True) as session:
        session.execute("drop database source")
        session.execute("drop database warehouse")
        session.execute("drop role source_reader")
    databases.create(started.admin(), ["source"])

    assert run("up").returncode == 0
    assert run("psql", "-Atc", "select count(*) from waybill.receipt").stdout == "0\n"
    reader = passwords.load(started.folder / passwords.FILE)["source_reader"]
    url = f"postgresql://source_reader:{reader}@127.0.0.1:{started.admin().port}/source"
    psycopg.connect(url).close()


def test_a_port_demanded_too_late_is_told(
    started: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A running server does not move; the user learns when WAYBILL_PG_PORT will count."""
    monkeypatch.setenv("WAYBILL_PG_PORT", str(started.admin().port + 1))
    up = run("up")
    assert up.returncode == 0
    assert "takes effect after `warehouse:down`" in up.stderr


def test_unknown_arguments_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A typing error is not taken for psql's."""
    with pytest.raises(SystemExit) as exit_:
        cli.main(["up", "--now"])
    assert exit_.value.code == 2
    assert "--now" in capsys.readouterr().err
