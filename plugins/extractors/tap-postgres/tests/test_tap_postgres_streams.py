from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

EXECUTABLE = Path(sys.executable).with_name("tap-postgres")


def test_records_are_plain_singer(lane: Any) -> None:
    # In record mode any target can read the values: numbers with all digits, ISO times, lists.
    lane.source.execute(
        "create table t (id integer primary key, n numeric, at timestamptz, day timestamp, l text[], b boolean);"
        "insert into t values (1, 12345678901234567890.10, '2024-01-01 01:00+01', '2024-01-01', '{a,NULL}', true)"
    )
    run = lane.run(mode="record")

    assert '"n":12345678901234567890.10,' in run.text
    (row,) = run.rows("t")
    assert (row["at"], row["day"]) == ("2024-01-01T00:00:00+00:00", "2024-01-01T00:00:00")
    assert (row["l"], row["b"]) == (["a", None], True)
    assert run.of("RECORD")[0]["time_extracted"].endswith("+00:00")


def test_discovery_finds_tables_and_views(lane: Any) -> None:
    # Without a contract all that the role may read is a stream, with the table's own key.
    lane.source.execute(
        "create table a (x integer, id integer, primary key (id, x)); create view v as select 1 as n;"
        'create table "od""d; --" (id integer primary key); create table hidden (n integer);'
        "revoke all on hidden from source_reader"
    )
    catalog = lane.catalog()

    found = {each["tap_stream_id"]: each["key_properties"] for each in catalog["streams"]}
    assert found == {"a": ["id", "x"], "v": [], 'od"d; --': ["id"]}
    lane.run()


def test_selection_is_respected(lane: Any) -> None:
    # Deselected streams and columns do not leave the source.
    lane.source.execute(
        "create table a (id integer primary key, secret text); create table b (id integer);"
        "insert into a values (1, 'hush'); insert into b values (1)"
    )
    catalog = lane.catalog()
    for entry in catalog["streams"]:
        for each in entry["metadata"]:
            if each["breadcrumb"] == []:
                each["metadata"]["selected"] = entry["tap_stream_id"] == "a"
            elif each["breadcrumb"][-1] == "secret":
                each["metadata"]["selected"] = False
    for mode in ("batch", "record"):
        run = lane.run(catalog=catalog, mode=mode)
        assert [list(each["schema"]["properties"]) for each in run.of("SCHEMA")] == [["id"]]
        assert run.ids("a") == [1]
        assert "hush" not in run.text


def test_stream_maps_see_each_record(lane: Any, warehouse: ScratchDatabase) -> None:
    # With stream maps rows go as records, whatever the mode, and land as the maps leave them.
    lane.source.execute(
        "create table t (id integer primary key, n numeric); insert into t values (1, 2), (2, 3)"
    )
    maps = {"stream_maps": {"t": {"__alias__": "u", "__filter__": "id > 1", "m": "n * 2"}}}
    run = lane.run(**maps)
    lane.land(run)

    assert not run.of("BATCH")
    assert warehouse.rows("select id, n, m::int from raw_test.u") == [(2, 3, 6)]


def test_unknown_method_is_refused(lane: Any) -> None:
    # LOG_BASED and a replication key that does not exist are told, not read in some other way.
    lane.source.execute("create table t (id integer primary key)")
    for metadata, expected in (
        ({"replication-method": "LOG_BASED"}, "does not know the replication method LOG_BASED"),
        ({"replication-key": "nope"}, "replication key nope is no column of"),
    ):
        catalog = lane.incremental("t", "id", **metadata)
        with pytest.raises(WaybillError, match=expected):
            lane.run(catalog=catalog)


CONTRACT = (
    Path(os.environ.get("MELTANO_PROJECT_ROOT", Path(__file__).parents[4]))
    / "extract/contracts/totesys.yml"
)


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """The contract of totesys, cut down to one table."""
    document = yaml.safe_load(CONTRACT.read_text())
    document["schema"] = [each for each in document["schema"] if each["name"] == "payment"]
    path = tmp_path / "contract.yml"
    path.write_text(yaml.safe_dump(document))
    return path


COLUMNS = """
    payment_id integer primary key, created_at timestamp, last_updated timestamp, transaction_id integer,
    counterparty_id integer, payment_amount numeric, currency_id integer, payment_type_id integer,
    paid boolean, payment_date text, company_ac_number integer, counterparty_ac_number integer
"""


@pytest.mark.parametrize("mode", ["batch", "record"])
def test_contract_gives_keys_and_totals(
    lane: Any, contract: Path, warehouse: ScratchDatabase, mode: str
) -> None:
    # Streams, keys, replication keys and control totals come from the contract; figures are exact.
    lane.source.execute(f"create table payment ({COLUMNS}); create table other (n integer)")
    lane.source.execute(
        "insert into payment (payment_id, last_updated, payment_amount) values (1, '2024-01-01', 0.10), (2, '2024-01-02', 0.20)"
    )
    run = lane.run(contract=str(contract), mode=mode)
    lane.source.execute(
        "update payment set payment_amount = 5, last_updated = '2024-01-03' where payment_id = 1"
    )
    again = lane.run(run.state, contract=str(contract), mode=mode)
    for each in (run, again):
        lane.land(each)

    assert [each["stream"] for each in run.of("SCHEMA")] == ["payment"]
    assert run.bookmark("payment")["source"]["totals"] == {"payment_amount": "0.30"}
    bookmark = again.bookmark("payment")
    assert bookmark["source"]["totals"] == {"payment_amount": "5.20"}
    assert bookmark["read"] == {"rows": 1, "totals": {"payment_amount": "5"}}
    assert warehouse.rows(
        "select payment_id, payment_amount::text from raw_test.payment order by 1"
    ) == [
        (1, "5"),
        (2, "0.20"),
    ]


@pytest.mark.parametrize(
    ("ddl", "expected"),
    [
        (
            "select 1",
            "SOURCE_URL: the source has no table public.payment, which the contract names",
        ),
        (
            "create table payment (payment_id integer primary key)",
            "SOURCE_URL: public.payment lacks the contract's column created_at, last_updated",
        ),
    ],
)
def test_contract_that_does_not_fit_is_told(
    lane: Any, contract: Path, ddl: str, expected: str
) -> None:
    # A table or column of the contract that is missing is named with the setting that leads there.
    lane.source.execute(ddl)
    with pytest.raises(WaybillError, match=expected):
        lane.run(contract=str(contract), url_setting="SOURCE_URL")


def test_password_is_never_shown(lane: Any, tmp_path: Path) -> None:
    # A refused login ends in one line that names the setting and not the password.
    login = lane.source.connection("reader")
    config = tmp_path / "config.json"
    url = login.url.replace(login.password, "s3cret-hunter2")
    config.write_text(json.dumps({"sqlalchemy_url": url, "url_setting": "WAYBILL_TOTESYS"}))
    done = subprocess.run(
        [EXECUTABLE, "--config", config, "--discover"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "error: WAYBILL_TOTESYS: cannot connect to source_reader@"
    )
    assert "hunter2" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_sigterm_is_no_success(lane: Any, tmp_path: Path) -> None:
    # A tap that is stopped half-way ends with 143 and has written no state of that stream.
    lane.source.execute(
        "create table t (id integer primary key, filler text);"
        "insert into t select n, repeat('x', 1000) from generate_series(1, 50000) n"
    )
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"sqlalchemy_url": lane.source.url("reader"), "mode": "record"}))
    with subprocess.Popen(
        [EXECUTABLE, "--config", config],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        assert '"SCHEMA"' in process.stdout.readline()
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()

    assert process.returncode == 143
    assert '"STATE"' not in rest


def test_batch_files_are_private(lane: Any, waybill_home: Path) -> None:
    # What leaves the source can be read by its owner only.
    lane.source.execute("create table t (id integer primary key); insert into t values (1)")
    lane.run()

    (folder,) = (waybill_home / "batch").iterdir()
    assert {path.stat().st_mode & 0o077 for path in [folder, *folder.rglob("*")]} == {0}


def test_without_a_url_another_schema_or_the_warehouse_is_read(
    lane: Any, warehouse: ScratchDatabase
) -> None:
    # The embedded source has a schema for each shop; what is published is read as the role that reads marts alone.
    lane.source.execute(
        "create schema shop; grant usage on schema shop to source_reader;"
        "create table shop.customers (id integer primary key); grant select on shop.customers to source_reader;"
        "insert into shop.customers values (7)"
    )
    warehouse.execute(
        "create table storefront.summary (id integer primary key)", role="transformer"
    )
    warehouse.execute("insert into storefront.summary values (8)", role="transformer")
    of_source = lane.run(sqlalchemy_url=None, default_schema="shop", mode="record")
    assert of_source.rows("customers") == [{"id": 7}]
    of_marts = {"default_database": "warehouse", "source_schema": "storefront", "mode": "record"}
    assert lane.run(sqlalchemy_url=None, **of_marts).rows("summary") == [{"id": 8}]
    # A database of one's own has its tables where `source_schema` says.
    with pytest.raises(WaybillError, match="schema public has no table"):
        lane.run(default_schema="shop")
