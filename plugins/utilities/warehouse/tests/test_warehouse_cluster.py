from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from waybill_common.errors import WaybillError
from waybill_warehouse import address, postmaster

if TYPE_CHECKING:
    from collections.abc import Callable

    from waybill_warehouse.cluster import Cluster

COMMAND = Path(sys.executable).with_name("waybill-warehouse")


def pid_of(cluster: Cluster) -> int:
    pid = postmaster.running(cluster.data)
    assert pid is not None
    return pid


def value(cluster: Cluster, query: str) -> object:
    with cluster.admin().connect() as session:
        row = session.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def wait_until(is_so: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_server_comes_up_once(own_cluster: Cluster) -> None:
    """`up` is safe to repeat: the second call leaves the server alone."""
    version, was_started = own_cluster.up()
    pid = pid_of(own_cluster)

    assert was_started
    assert own_cluster.up() == (version, False)
    assert pid_of(own_cluster) == pid
    assert own_cluster.down()
    assert not own_cluster.down()
    assert own_cluster.version() is None


def test_settings_reach_the_server(own_cluster: Cluster) -> None:
    """Times are UTC, text sorts by code point, and only this machine can connect, by TCP."""
    own_cluster.up()
    expected = {
        "timezone": "UTC",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "work_mem": "64MB",
        "password_encryption": "scram-sha-256",
    }
    assert {name: value(own_cluster, f"show {name}") for name in expected} == expected
    assert value(own_cluster, "select array['a', 'B', 'ç', lower('Ç')] @> array['ç']") is True
    assert value(own_cluster, "select lower('SÃO')") == "são"
    assert (
        value(
            own_cluster,
            "select string_agg(c, '' order by c) from regexp_split_to_table('bçaB', '') c",
        )
        == "Babç"
    )
    ways_in = "select string_agg(distinct auth_method, ',') from pg_hba_file_rules"
    assert value(own_cluster, ways_in) == "scram-sha-256"


def test_files_are_private(own_cluster: Cluster) -> None:
    """Nobody else on the machine can read passwords, data or logs."""
    own_cluster.up()
    folder = own_cluster.folder
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (folder, *folder.iterdir())}
    assert modes == {
        "postgres": "0o700",
        "cluster.json": "0o600",
        "data": "0o700",
        "lock": "0o600",
        "log": "0o700",
        "passwords.json": "0o600",
    }


def test_committed_rows_survive_a_killed_server(own_cluster: Cluster) -> None:
    """`up` recovers from kill -9, also while a backend of the dead server is still at work."""
    own_cluster.up()
    with own_cluster.admin().connect() as session:
        session.execute("create table kept as select 42 as answer")
    with closing(own_cluster.admin().connect(autocommit=True)) as busy:
        pid = busy.info.backend_pid
        busy.pgconn.send_query(b"select count(*) from generate_series(1, 10000000000)")
        os.kill(pid_of(own_cluster), signal.SIGKILL)
        assert own_cluster.up()[1]
    assert value(own_cluster, "select answer from kept") == 42
    assert pid not in postmaster._attached(own_cluster.data)


def test_a_reused_pid_does_not_keep_the_server_down(own_cluster: Cluster) -> None:
    """After a restart of the machine another process may have the dead server's pid."""
    own_cluster.up()
    os.kill(pid_of(own_cluster), signal.SIGKILL)
    wait_until(lambda: postmaster.running(own_cluster.data) is None)
    stale = own_cluster.data / "postmaster.pid"
    bystander = subprocess.Popen(["sleep", "600"])
    try:
        stale.write_text(f"{bystander.pid}\n{stale.read_text().partition(chr(10))[2]}")
        assert own_cluster.up()[1]
    finally:
        bystander.kill()
        bystander.wait()


def test_a_server_is_recognised_without_proc(
    own_cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """macOS has no /proc: the arguments of the process tell whether it is ours."""
    own_cluster.up()
    pid = pid_of(own_cluster)
    monkeypatch.setattr(postmaster, "_PROC", tmp_path / "no proc")
    assert postmaster.running(own_cluster.data) == pid
    postmaster.end_orphans(own_cluster.data)

    stale = tmp_path / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n")
    assert postmaster.running(tmp_path) is None
    stale.write_text("torn")
    assert postmaster.running(tmp_path) is None


def test_two_at_once_share_one_server(own_home: Path) -> None:
    """Two jobs that start together: one starts the server, the other waits for it."""
    both = [subprocess.Popen([COMMAND, "up"], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    lines = [process.communicate()[0] for process in both]
    try:
        assert [process.returncode for process in both] == [0, 0]
        assert len({line.split("(")[0] for line in lines}) == 1
        assert sum("started" in line for line in lines) == 1
    finally:
        subprocess.run([COMMAND, "down"], check=True, capture_output=True)
    assert own_home.is_dir()


def test_the_port_is_remembered(own_cluster: Cluster) -> None:
    """Clients that keep the URL find the server again."""
    own_cluster.up()
    port = address.port(own_cluster.folder)
    own_cluster.down()
    own_cluster.up()
    assert address.port(own_cluster.folder) == port


def test_a_taken_port_that_nobody_demanded_is_replaced(own_cluster: Cluster) -> None:
    """Another program on the remembered port does not stop the job."""
    own_cluster.up()
    own_cluster.down()
    taken = address.port(own_cluster.folder)
    with socket.create_server(("127.0.0.1", taken)):
        own_cluster.up()
        assert address.port(own_cluster.folder) != taken
        assert own_cluster.version()


def test_a_taken_port_that_was_demanded_is_named(
    own_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WAYBILL_PG_PORT is obeyed or refused, never replaced in silence."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("WAYBILL_PG_PORT", str(port))
        with pytest.raises(WaybillError, match=f"WAYBILL_PG_PORT={port}: another program"):
            own_cluster.up()
    own_cluster.up()
    assert value(own_cluster, "show port") == str(port)


@pytest.mark.parametrize("port", ["postgres", "80", "70000", "²²²²"])
def test_a_demanded_port_must_be_one(
    own_cluster: Cluster, monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    """A typing error in WAYBILL_PG_PORT is named before anything is made of it."""
    monkeypatch.setenv("WAYBILL_PG_PORT", port)
    with pytest.raises(WaybillError, match=r"WAYBILL_PG_PORT=.* is not a port"):
        own_cluster.up()


def test_an_interrupted_first_start_leaves_nothing_half_done(
    own_home: Path, own_cluster: Cluster
) -> None:
    """Killed while initdb works, the next `up` begins anew."""
    first = subprocess.Popen([COMMAND, "up"], start_new_session=True)
    wait_until(lambda: any((own_home / "postgres").glob("initializing-*/data/*")))
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert not own_cluster.data.exists()

    own_cluster.up()
    assert not list((own_home / "postgres").glob("initializing-*"))


def test_data_of_another_version_is_left_alone(own_cluster: Cluster) -> None:
    """A new major version cannot read old data: say so, and what to do."""
    own_cluster.up()
    own_cluster.down()
    (own_cluster.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(WaybillError, match=r"made by PostgreSQL 9, .* Set WAYBILL_PG_BIN"):
        own_cluster.up()


def test_lost_passwords_are_named(own_cluster: Cluster) -> None:
    """New passwords would not open old data: no attempt, a remedy instead."""
    own_cluster.up()
    own_cluster.down()
    (own_cluster.folder / "passwords.json").unlink()
    with pytest.raises(WaybillError, match=r"passwords\.json is gone .* Restore it"):
        own_cluster.up()


def test_a_running_server_that_refuses_is_named(own_cluster: Cluster) -> None:
    """With a wrong password the server is up, yet of no use; a second one must not start."""
    own_cluster.up()
    secrets = own_cluster.folder / "passwords.json"
    kept = secrets.read_text()
    secrets.write_text(kept.replace('"postgres": "', '"postgres": "x'))
    with pytest.raises(WaybillError, match=r"runs as process \d+, but: .*authentication failed"):
        own_cluster.up()
    secrets.write_text(kept)


def test_a_server_that_cannot_start_says_why(own_cluster: Cluster) -> None:
    """The server's own last words reach the user, not only a path of a log."""
    own_cluster.up()
    with own_cluster.admin().connect(autocommit=True) as session:
        session.execute("alter system set shared_preload_libraries = 'no_such_library'")
    own_cluster.down()
    with pytest.raises(
        WaybillError, match=r'did not start: could not access file "no_such_library"'
    ):
        own_cluster.up()


def test_old_logs_are_removed(own_cluster: Cluster) -> None:
    """A server that is started each day and stopped each evening does not fill the disk."""
    own_cluster.up()
    own_cluster.down()
    old = own_cluster.folder / "log" / "postgresql-Xxx.log"
    old.write_text("long ago\n")
    os.utime(old, (0, 0))
    own_cluster.up()
    assert not old.exists()
    assert value(own_cluster, "show logging_collector") == "on"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, own_cluster: Cluster) -> None:
    """WAYBILL_HOME in the way of a file: one line that names the setting."""
    (tmp_path / "own").write_text("a file")
    with pytest.raises(WaybillError, match=r"cannot be kept in .* Set WAYBILL_HOME"):
        own_cluster.up()


SCRATCH = """
import pathlib, sys, time
from waybill_warehouse import scratch
with scratch.cluster(pathlib.Path(sys.argv[1])):
    print("up", flush=True)
    time.sleep(600)
"""


def test_a_killed_test_run_leaves_no_server(tmp_path: Path) -> None:
    """The tests' own servers end with pytest, also when it is killed."""
    command = [sys.executable, "-c", SCRATCH, str(tmp_path / "postgres")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "up\n"
        assert postmaster.running(tmp_path / "postgres" / "data")
        run.kill()
    wait_until(lambda: postmaster.running(tmp_path / "postgres" / "data") is None)


def test_a_wrong_password_is_refused(own_cluster: Cluster) -> None:
    """No way in without the password, from this machine either."""
    own_cluster.up()
    port = address.port(own_cluster.folder)
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(f"postgresql://postgres:guess@127.0.0.1:{port}/postgres")
