from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from waybill_warehouse import binaries
from waybill_warehouse.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator


def servers() -> list[Path]:
    """Every server on this machine, of whatever version: the wheel has two."""
    wheel = next(binaries._candidates()).parents[1]
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    folders = [wheel / "pginstall/bin", wheel / "pginstall18/bin", *installed]
    return [folder for folder in folders if binaries._version(folder)]


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A WAYBILL_HOME in which nothing was started yet."""
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path / "own"))
    return tmp_path / "own"


@pytest.fixture
def own_cluster(own_home: Path) -> Iterator[Cluster]:
    """The cluster of `own_home`, not started yet; nothing is left of it afterwards."""
    server = Cluster(own_home / "postgres", is_durable=False)
    yield server
    server.down()


@pytest.fixture(scope="session", params=servers(), ids=lambda folder: folder.parent.name)
def running_server(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Cluster]:
    server = Cluster(tmp_path_factory.mktemp("bare") / "postgres", is_durable=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(binaries.SETTING, str(request.param))
        server.up()
    yield server
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(binaries.SETTING, str(request.param))
        server.down()


@pytest.fixture
def bare_server(running_server: Cluster) -> Iterator[Cluster]:
    """A server that knows nothing of Waybill, in turn of each version on this machine.

    It has an empty database `customers`; that database and all roles are gone afterwards.
    """
    with running_server.admin().connect(autocommit=True) as session:
        session.execute("create database customers")
    yield running_server
    with running_server.admin().connect(autocommit=True) as session:
        session.execute("drop database customers with (force)")
        for (name,) in session.execute(
            "select quote_ident(rolname) from pg_roles where oid >= 16384"
        ).fetchall():
            session.execute(f"drop role {name}".encode())
