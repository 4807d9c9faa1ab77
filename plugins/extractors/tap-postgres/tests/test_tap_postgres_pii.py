from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import contract_documents
import pytest
import yaml

from waybill_common import pii
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Callable

    from waybill_warehouse.scratch import ScratchDatabase

SALT = "0123456789abcdef0123456789abcdef"
EXECUTABLE = Path(sys.executable).with_name("tap-postgres")


@pytest.fixture(autouse=True)
def _salt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_PII_SALT", SALT)


@pytest.fixture
def promise(tmp_path: Path) -> Callable[..., str]:
    """Writes a contract of one stream, `t`, with the key `id` and some columns of class pii."""

    def write(hashed: dict[str, str], **custom: str) -> str:
        columns = {"id": "integer#"} | {
            name: sql_type + ("#*" if name == "id" else "*") for name, sql_type in hashed.items()
        }
        stream = contract_documents.stream("t", columns, **custom)
        path = tmp_path / "contract.yml"
        path.write_text(yaml.safe_dump(contract_documents.contract("shop", [stream])))
        return str(path)

    return write


@pytest.mark.parametrize("mode", ["batch", "record"])
def test_hashes_leave_the_tap_in_place_of_personal_data(
    lane: Any, promise: Callable[..., str], warehouse: ScratchDatabase, mode: str
) -> None:
    # What no target receives, none can leak; the warehouse's column is text whatever was hashed.
    lane.source.execute(
        "create table t (id integer primary key, name text, born date, code varchar(9), n numeric);"
        r"insert into t values (1, E'Zoë\t\\N\nx', '1990-01-02', '', 1.50), (2, null, null, 'a', 7)"
    )
    contract = promise({"name": "text", "born": "date", "code": "text"})
    run = lane.run(mode=mode, contract=contract)
    sent = json.dumps(run.messages + run.rows("t"), ensure_ascii=False)
    lane.land(run)

    text = pii.Hasher(SALT).of_sql_type("text")
    assert warehouse.rows("select id, name, born, code, n::text from raw_test.t order by id") == [
        (1, text("Zoë\t\\N\nx"), text("1990-01-02"), text(""), "1.50"),
        (2, None, None, text("a"), "7"),
    ]
    assert "Zo" not in sent


@pytest.mark.parametrize("mode", ["batch", "record"])
def test_a_hashed_key_and_an_incremental_read(
    lane: Any, promise: Callable[..., str], warehouse: ScratchDatabase, mode: str
) -> None:
    # A row that changes is found by its hashed key; the bookmark goes by a column in the clear.
    lane.source.execute(
        "create table t (id integer primary key, at timestamp); insert into t values (7, '2024-01-01')"
    )
    contract = promise({"id": "integer"}, replicationKey="at")
    first = lane.run(mode=mode, contract=contract)
    lane.land(first)
    lane.source.execute("update t set at = '2024-01-02'")
    second = lane.run(mode=mode, contract=contract, state=first.state)
    lane.land(second)

    hash_ = pii.Hasher(SALT).of_sql_type("integer")("7")
    assert warehouse.rows("select id, at::text from raw_test.t") == [(hash_, "2024-01-02 00:00:00")]
    assert not lane.run(mode=mode, contract=contract, state=second.state).rows("t")


def test_another_salt_reads_everything_anew(
    lane: Any, promise: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A table must not hold hashes of two salts.
    lane.source.execute(
        "create table t (id integer primary key, name text, at timestamp);"
        "insert into t values (1, 'a', '2024-01-01')"
    )
    contract = promise({"name": "text"}, replicationKey="at")
    state = lane.run(contract=contract).state
    assert not lane.run(contract=contract, state=state).rows("t")
    monkeypatch.setenv("WAYBILL_PII_SALT", SALT[::-1])
    again = lane.run(contract=contract, state=state)
    assert len(again.rows("t")) == 1
    assert again.of("SCHEMA")[0]["schema"]["x-whole-table"] is True


def test_no_salt_is_asked_for_where_nothing_is_hashed(
    lane: Any, promise: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A production project without personal data has nothing to set up.
    monkeypatch.delenv("WAYBILL_PII_SALT")
    monkeypatch.setenv("MELTANO_ENVIRONMENT", "prod")
    lane.source.execute("create table t (id integer primary key, name text)")
    lane.run(contract=promise({}))
    with pytest.raises(WaybillError, match="WAYBILL_PII_SALT is not set"):
        lane.run(contract=promise({"name": "text"}))


def test_a_value_the_source_cannot_compute_is_not_shown(lane: Any, tmp_path: Path) -> None:
    # PostgreSQL quotes the value of a view's failed cast; logs are kept and sent around.
    lane.source.execute(
        "create view v as select name::integer as n from (values ('CANARY')) as _ (name)"
    )
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"sqlalchemy_url": lane.source.url("reader")}))
    ran = subprocess.run(
        [EXECUTABLE, "--config", config], check=False, capture_output=True, text=True
    )
    assert ran.returncode == 1
    assert "cannot compute a value of a view: InvalidTextRepresentation" in ran.stderr
    assert "CANARY" not in ran.stdout + ran.stderr


def test_stream_maps_hash_where_there_is_no_contract(lane: Any) -> None:
    # The way docs/decisions/personal-data.md names for taps of others, which share the SDK's maps.
    lane.source.execute(
        "create table t (id integer primary key, name text, born date);"
        "insert into t values (1, 'Zoe', '1990-01-02'), (2, null, null)"
    )
    maps = {
        "name": "sha256(config['hash_seed'] + name) if name else None",
        "born": "__NULL__",
    }
    run = lane.run(stream_maps={"t": maps}, stream_map_config={"hash_seed": SALT})
    expected = hashlib.sha256(f"{SALT}Zoe".encode()).hexdigest()
    assert run.rows("t") == [{"id": 1, "name": expected}, {"id": 2, "name": None}]


def test_keys_of_personal_data_leave_hashed_in_every_message(
    lane: Any, promise: Callable[..., str], warehouse: ScratchDatabase
) -> None:
    # A comparison of keys carries hashes too, and no part of a long table ends at a key in the clear.
    lane.source.execute(
        "create table t (id integer primary key, at timestamp);"
        "insert into t select n, timestamp '2024-01-01' from generate_series(7000, 9000) as n"
    )
    contract = promise({"id": "integer"}, replicationKey="at")
    settings = {"contract": contract, "find_deletes": True, "rows_per_part": 100}
    first = lane.run(**settings)
    lane.land(first)
    lane.source.execute("delete from t where id > 7000")
    second = lane.run(first.state, **settings)
    (key,) = second.keys("t")
    lane.land(second)

    assert len(first.of("STATE")) == 1
    assert key == {"id": pii.Hasher(SALT).of_sql_type("integer")("7000")}
    assert warehouse.rows("select id from raw_test.t where _sdc_deleted_at is null") == [
        (key["id"],)
    ]
