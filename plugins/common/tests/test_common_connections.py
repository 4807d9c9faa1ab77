from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from waybill_common import connections
from waybill_common.connections import Connection, from_url
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@given(
    user=WORDS,
    password=st.text(st.characters(codec="ascii", exclude_characters="\0")),
    dbname=WORDS,
)
def test_a_url_says_exactly_what_the_connection_is(user: str, password: str, dbname: str) -> None:
    """Signs such as @ / : % # + in a password or name must not lead elsewhere."""
    parameters = {"sslmode": "require", "options": "-c work_mem=1MB"}
    built = Connection("db.example.com", 5433, user, password, dbname, "X", parameters=parameters)
    assert from_url(built.url, setting="X") == built


@pytest.mark.parametrize("host", ["::1", "/var/run/postgresql", "127.0.0.1"])
def test_every_kind_of_host_survives_the_url(host: str) -> None:
    """An IPv6 address needs brackets, a socket's folder an encoding."""
    built = Connection(host, 5432, "u", "", "d", "X")
    assert from_url(built.url, setting="X") == built


@pytest.mark.parametrize(
    "url",
    ["postgres://u:p@h:5433/d", "postgresql://u:p@h:5433/d", "postgresql+psycopg2://u:p@h:5433/d"],
)
def test_other_tools_spellings_are_taken(url: str) -> None:
    """Heroku says postgres://, SQLAlchemy names a driver."""
    read = from_url(url, setting="X")
    assert (read.user, read.password, read.host, read.port, read.dbname) == (
        "u",
        "p",
        "h",
        5433,
        "d",
    )


def test_what_a_url_leaves_out_is_postgresqls_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Host, port and user may be left out, as with psql."""
    monkeypatch.setenv("USER", "ada")
    read = from_url("postgresql:///d", setting="X")
    assert (read.host, read.port, read.user, read.password) == ("localhost", 5432, "ada", "")
    assert read.url == "postgresql://ada@localhost:5432/d"


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("mysql://u:hush@h/d", "X is not a PostgreSQL URL."),
        ("host=h password=hush", "X is not a PostgreSQL URL."),
        ("postgresql://u:hush@h/", "X names no database."),
        ("postgresql://u:hush@h/d?no_such=1", "X cannot be read as a PostgreSQL URL."),
        ("postgresql://u:hush@h:port/d", "X cannot be read as a PostgreSQL URL."),
        ("postgresql://u:hush@h1:1,h2:2/d", "X cannot be read as a PostgreSQL URL."),
    ],
)
def test_a_bad_url_is_named_by_its_setting_only(url: str, cause: str) -> None:
    """The message must not repeat the URL: it may hold a password."""
    with pytest.raises(WaybillError) as refused:
        from_url(url, setting="X")
    assert refused.value.cause == cause
    assert refused.value.remedy == "Set X to postgresql://user:password@host:5432/database."


def test_a_password_is_not_in_what_gets_logged() -> None:
    """repr() and `place` end up in logs and messages."""
    built = Connection("h", 1, "u", "hush", "d")
    assert "hush" not in repr(built)
    assert "hush" not in built.place
    assert "hush" in built.url


def test_the_role_goes_with_the_url() -> None:
    """psql and SQLAlchemy, given the URL alone, change to the step's role like our own steps."""
    shared = "postgresql://u@h:5432/d?options=-c%20work_mem%3D1MB"
    parts = conninfo_to_dict(from_url(shared, setting="X", role="auditor").url)
    assert parts["options"] == "-c work_mem=1MB -c role=auditor"
    assert from_url("postgresql://u@h:5432/d", setting="X").url == "postgresql://u@h:5432/d"


def test_sessions_are_in_utc_and_in_their_role(warehouse: ScratchDatabase) -> None:
    """Timestamps without a zone mean UTC in every step; the step has its own rights only."""
    shared = replace(
        warehouse.connection(), role="loader", parameters={"options": "-c DateStyle=German"}
    )
    with shared.connect() as session:
        row = session.execute(
            "select current_user, current_setting('TimeZone'), current_setting('DateStyle')"
        ).fetchone()
    assert row == ("loader", "UTC", "German, DMY")


def test_each_role_finds_its_own_way(
    warehouse: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The role's own URL wins, then WAREHOUSE_URL with the role, then the embedded login."""
    monkeypatch.setenv("WAREHOUSE_LOADER_URL", "postgresql://own@h/d")
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://shared@h/d")
    for role in ("reader", "admin"):
        monkeypatch.delenv(f"WAREHOUSE_{role.upper()}_URL")
    loader, reader, admin = (connections.warehouse(role) for role in ("loader", "reader", "admin"))
    assert (loader.user, loader.role, loader.setting) == ("own", None, "WAREHOUSE_LOADER_URL")
    assert (reader.user, reader.role, reader.setting) == ("shared", "reader", "WAREHOUSE_URL")
    assert (admin.user, admin.role) == ("shared", None)
    assert not connections.is_warehouse_embedded()

    monkeypatch.delenv("WAREHOUSE_URL")
    reader, admin = (connections.warehouse(role) for role in ("reader", "admin"))
    assert (reader.user, reader.role, reader.setting) == ("reader", None, "")
    assert (admin.user, admin.dbname) == ("postgres", warehouse.name)
    assert connections.is_warehouse_embedded()


def test_a_source_is_a_url_or_the_embedded_one(source_database: ScratchDatabase) -> None:
    """WAYBILL_TOTESYS may hold a URL, a path of a snapshot, or nothing."""
    outside = connections.source("postgres://u@h/d", setting="WAYBILL_TOTESYS")
    assert (outside.host, outside.setting) == ("h", "WAYBILL_TOTESYS")
    for value in (None, "", "snapshots/totesys.zip"):
        inside = connections.source(value, setting="WAYBILL_TOTESYS")
        assert (inside.user, inside.dbname) == ("source_reader", source_database.name)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"port": 1}, "Connection refused"),
        ({"password": "wrong"}, 'password authentication failed for user "postgres"'),
        ({"dbname": "nowhere"}, 'database "nowhere" does not exist'),
        ({"host": "no-such-host.invalid"}, "failed to resolve host"),
    ],
)
def test_a_refusal_is_one_line_with_setting_and_reason(
    warehouse: ScratchDatabase, change: dict[str, object], reason: str
) -> None:
    """The user learns which setting to mend, and sees libpq's reason without its hints."""
    outside = replace(warehouse.connection(), setting="WAREHOUSE_URL", **change)
    with pytest.raises(WaybillError) as refused:
        outside.connect()
    assert refused.value.cause.startswith(f"WAREHOUSE_URL: cannot connect to {outside.place}: ")
    assert reason in refused.value.cause
    assert "Is the server running" not in refused.value.cause
    assert refused.value.remedy.endswith("in WAREHOUSE_URL.")
    assert outside.password not in str(refused.value)


def test_a_warehouse_without_the_roles_has_another_remedy(warehouse: ScratchDatabase) -> None:
    """The login is fine, but `up` has not made the roles yet."""
    outside = replace(warehouse.connection(), setting="WAREHOUSE_URL", role="not_made_yet")
    with pytest.raises(WaybillError, match=r'"not_made_yet" does not exist\. Make the roles with'):
        outside.connect()


def test_an_embedded_server_that_is_down_has_another_remedy(warehouse: ScratchDatabase) -> None:
    """Without a setting there is none to mend, but a server to start."""
    with pytest.raises(WaybillError, match=r"does not answer .* warehouse:up"):
        replace(warehouse.connection(), port=1).connect()


def test_an_embedded_server_never_started_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first command of a newcomer may not be `up`."""
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    with pytest.raises(WaybillError, match=r"no login 'loader' yet\. Start it with"):
        connections.warehouse("loader")
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "cluster.json").write_text(json.dumps({"host": "h", "port": 1}))
    (tmp_path / "postgres" / "passwords.json").write_text(json.dumps({"postgres": "p"}))
    with pytest.raises(WaybillError, match=r"no login 'loader' yet\. Start it with"):
        connections.warehouse("loader")


def test_the_project_is_found_from_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands work in any folder of the project; outside of it the remedy is named."""
    monkeypatch.delenv("MELTANO_PROJECT_ROOT")
    monkeypatch.delenv("WAYBILL_HOME", raising=False)
    below = tmp_path / "transform" / "models"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    with pytest.raises(WaybillError, match=r"No meltano\.yml in .* set MELTANO_PROJECT_ROOT"):
        connections.project.root()
    (tmp_path / "meltano.yml").touch()
    assert connections.project.root() == tmp_path
    assert connections.cluster_folder() == tmp_path / ".waybill" / "postgres"
    assert connections.project.resolve("data/x.csv") == tmp_path / "data" / "x.csv"
    assert (
        connections.project.resolve("~/x.csv")
        == connections.project.Path(os.environ["HOME"]) / "x.csv"
    )


def test_the_embedded_source_is_needed_while_one_setting_is_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beside an outside warehouse it starts for the samples of the one source, and not for the other."""
    assert connections.is_source_embedded()
    monkeypatch.setenv("WAYBILL_TOTESYS", "postgresql://u@h/d")
    assert connections.is_source_embedded()
    assert not connections.is_source_embedded("WAYBILL_TOTESYS")
    monkeypatch.setenv("WAYBILL_STOREFRONT", "postgresql://u@h/d")
    assert not connections.is_source_embedded()
