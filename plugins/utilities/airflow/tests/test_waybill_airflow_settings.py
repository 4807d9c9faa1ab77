"""Airflow's settings, secrets, database and port."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from waybill_airflow import (
    address,
    metadata,
    page,
    places,
    ports,
    secret_values,
    settings,
    step_environment,
)
from waybill_airflow.step_environment import Task
from waybill_common.errors import WaybillError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An AIRFLOW_HOME in which nothing was started yet."""
    for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    return tmp_path / "airflow"


def test_secrets_are_made_once_for_the_owner_alone(home: Path) -> None:
    """All processes share them, and a restart must not log everybody out."""
    first = settings.environment(8080)
    assert (
        first["AIRFLOW__CORE__FERNET_KEY"]
        == settings.environment(8080)["AIRFLOW__CORE__FERNET_KEY"]
    )
    assert home.stat().st_mode & 0o077 == 0
    for name in ("secrets.json", "passwords.json", "airflow.cfg"):
        assert (home / name).stat().st_mode & 0o777 == 0o600
    assert json.loads(places.passwords().read_text()).keys() == {secret_values.USER}
    assert len({*secret_values.load().values()}) == 4


def test_the_ui_is_on_loopback_and_every_address_has_the_port() -> None:
    """Tasks reach the API by its URL, which does not follow the port by itself."""
    made = settings.environment(8123)
    assert made["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert made["AIRFLOW__API__PORT"] == "8123"
    assert made["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:8123"
    assert made["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8123/execution/"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({"AIRFLOW__API__PORT": "9000"}, "http://127.0.0.1:9000"),
        ({"AIRFLOW__API__HOST": "0.0.0.0"}, "http://127.0.0.1:8123"),  # noqa: S104 - every address
        ({"AIRFLOW__API__HOST": "::"}, "http://[::1]:8123"),
        ({"AIRFLOW__API__SSL_CERT": "/c.pem"}, "https://127.0.0.1:8123"),
        ({"AIRFLOW__API__BASE_URL": "https://shop.example/flow/"}, "http://127.0.0.1:8123/flow"),
    ],
)
def test_airflows_own_settings_of_the_api_move_every_address(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], url: str
) -> None:
    """The scheduler waits for the page, and each task calls the API: neither may ask elsewhere."""
    monkeypatch.setenv(ports.SETTING, "8123")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    made = settings.environment(ports.fixed())
    assert made["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == f"{url}/execution/"
    assert made["AIRFLOW__API__BASE_URL"] == given.get("AIRFLOW__API__BASE_URL", url)
    assert address.of(made, ports.fixed()).url == url


def test_a_page_that_never_answers_is_told_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The scheduler waits for it: without a word `make airflow` would seem to hang."""
    monkeypatch.setattr(page, "_SILENCE_SECONDS", 0.0)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        where = address.Address("http", "127.0.0.1", nobody.getsockname()[1])
        shown = page.Page(where, Path("/logs/api-server.log"))
        shown.tell()
    assert not shown.answers()
    told = capsys.readouterr().out
    assert f"{where.url} does not answer" in told
    assert "/logs/api-server.log" in told


def test_any_setting_of_airflows_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Executors and secret stores are configured by Airflow's own means, a command's output among them."""
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    monkeypatch.setenv("AIRFLOW__CELERY__BROKER_URL", "redis://broker")
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY_CMD", "cat /run/key")
    made = settings.environment(8080)
    assert made["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert made["AIRFLOW__CELERY__BROKER_URL"] == "redis://broker"
    assert "AIRFLOW__CORE__FERNET_KEY" not in made


def test_a_step_gets_its_run_and_none_of_airflows_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tap has no business with the scheduler's database."""
    for name, value in settings.environment(8080).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("WAYBILL_TOTESYS", "postgresql://source")
    monkeypatch.setenv(metadata.SETTING, "postgresql://airflow:of-the-database@db/airflow")
    monkeypatch.setenv("AIRFLOW_CONN_CRM", "http://somebody:of-a-connection@crm")
    first, second = (
        step_environment.build(
            {"WAYBILL_JOB": "trade"}, Task("nightly", run_id, "tap", "http://log"), Path("/o")
        )
        for run_id in ("a", "b")
    )
    assert not [name for name in first if name.startswith("AIRFLOW")]
    assert not [value for value in first.values() if "of-the-database" in value]
    assert not {*secret_values.load().values()} & {*first.values()}
    assert first["WAYBILL_TOTESYS"] == "postgresql://source"
    assert (first["WAYBILL_SCHEDULE"], first["WAYBILL_STARTED_BY"]) == ("nightly", "airflow")
    assert first["WAYBILL_RUN_ID"] != second["WAYBILL_RUN_ID"]


def test_airflows_own_database_is_one_setting(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file to begin with, a Postgres for more; an error names the setting and shows no password."""
    assert metadata.url("p") == f"sqlite:///{home / 'airflow.db'}"
    monkeypatch.setenv(
        metadata.SETTING, "postgresql://airflow:secret@db:5433/airflow?sslmode=require"
    )
    assert (
        metadata.url("p") == "postgresql+psycopg2://airflow:secret@db:5433/airflow?sslmode=require"
    )
    monkeypatch.setenv(metadata.SETTING, "mysql://airflow:secret@db/airflow")
    with pytest.raises(WaybillError, match=metadata.SETTING) as raised:
        metadata.url("p")
    assert "secret" not in str(raised.value)


def test_a_taken_port_gives_way_unless_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many programs use 8080; who asks for a port must be told that another one has it."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        monkeypatch.setattr(ports, "USUAL", taken)
        assert taken < ports.choose() < taken + ports._TRIED
        monkeypatch.setenv(ports.SETTING, str(taken))
        with pytest.raises(WaybillError, match=f"{ports.SETTING}={taken}: another program listens"):
            ports.choose()
    assert ports.choose() == taken
