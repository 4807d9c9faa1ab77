from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from waybill_common.errors import WaybillError
from waybill_sources import prepare, totesys
from waybill_sources.prepare import TOTESYS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_SAMPLES_ORDERS", "60")


def test_the_embedded_source_is_filled_once(
    source_database: ScratchDatabase, monkeypatch: pytest.MonkeyPatch, contents: Callable[..., Any]
) -> None:
    """Protects the appended days from a second run, and a changed setting from being ignored."""
    assert prepare.prepare(["totesys"])[0].endswith(", made")
    with source_database.connection().connect() as session:
        totesys.next_day(session)
    before = contents(source_database)
    total = sum(map(len, before.values()))
    assert prepare.prepare(["totesys"])[0].endswith(
        f", {total:,} rows with 1 next day, nothing to do"
    )
    assert contents(source_database) == before
    monkeypatch.setenv("WAYBILL_SAMPLES_SEED", "5")
    assert prepare.prepare(["totesys"])[0].endswith(", made, in place of what was there")
    assert len(source_database.rows("select * from transaction", role="reader")) == 60


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("nowhere.zip", "there is no file .*nowhere.zip"),
        (__file__, "no readable zip"),
        ("mysql://user:secret@host/db", "is a URL, but none of PostgreSQL"),
        ("postgresql://user:secret@127.0.0.1:1/db", "cannot connect to user@127.0.0.1:1/db"),
    ],
)
def test_a_bad_source_is_named_without_its_password(
    source_database: ScratchDatabase, monkeypatch: pytest.MonkeyPatch, value: str, message: str
) -> None:
    """Protects the user's time and password."""
    monkeypatch.setenv(TOTESYS, value)
    with pytest.raises(WaybillError, match=message) as caught:
        prepare.prepare(["totesys"])
    assert TOTESYS in str(caught.value)
    assert "secret" not in str(caught.value)
    assert source_database.rows("select to_regclass('payment')") == [(None,)]


def test_a_source_postgres_needs_no_embedded_one(
    source_database: ScratchDatabase,
    waybill_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    contents: Callable[..., Any],
) -> None:
    """Protects users of their own source: the embedded Postgres is not looked for."""
    prepare.prepare(["totesys"])
    connection = source_database.connection("reader")
    total = sum(map(len, contents(source_database).values()))
    shutil.rmtree(waybill_home / "postgres")
    monkeypatch.setenv(TOTESYS, connection.url)
    (line,) = prepare.prepare(["totesys"])
    assert line == f"totesys: {connection.place}, about {total} rows, checked"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("drop table staff cascade", "has no table public.staff"),
        ("alter table payment rename paid to settled", "table payment has no column paid"),
        (
            "revoke select on design from source_reader",
            "may not read public.design, column design_id",
        ),
        ("revoke usage on schema public from source_reader", "may not read public.address"),
    ],
)
def test_a_source_postgres_is_checked_as_the_role_that_reads_it(
    source_database: ScratchDatabase, monkeypatch: pytest.MonkeyPatch, statement: str, message: str
) -> None:
    """Protects the job from finding out halfway that a table or column is missing or closed."""
    prepare.prepare(["totesys"])
    source_database.execute(statement)
    monkeypatch.setenv(TOTESYS, source_database.url("reader"))
    with pytest.raises(WaybillError, match=message):
        prepare.prepare(["totesys"])


def test_tables_of_another_origin_are_left_alone(source_database: ScratchDatabase) -> None:
    """Protects what a user keeps in the embedded source database."""
    source_database.execute("create table payment as select 1 as payment_id")
    with pytest.raises(WaybillError, match="tables of another origin: payment"):
        prepare.prepare(["totesys"])
    assert source_database.rows("select * from payment") == [(1,)]


def test_production_without_a_salt_stops_before_anything_is_made(
    source_database: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects from a job that lands Olist and then finds that totesys cannot be hashed."""
    monkeypatch.setenv("MELTANO_ENVIRONMENT", "prod")
    with pytest.raises(WaybillError, match="WAYBILL_PII_SALT is not set"):
        prepare.prepare(["olist", "totesys"])
    assert source_database.rows("select to_regclass('payment')") == [(None,)]
    monkeypatch.setenv("WAYBILL_PII_SALT", "0123456789abcdef0123456789abcdef")
    assert prepare.prepare(["totesys"])[0].endswith(", made")
