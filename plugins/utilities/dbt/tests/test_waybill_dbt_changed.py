"""`build --changed` on the project's own models: less work, the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from psycopg import sql

from waybill_common import settled
from waybill_dbt import changed

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Dbt, RawOlist
    from waybill_warehouse.scratch import ScratchDatabase

_BUILD = (
    *("build", "--changed", "--log-level", "warn", "--selector", "marketplace"),
    *("--exclude-resource-type", "unit_test"),
)
_LOADED = """
    insert into waybill.load (
        invocation_id, target_schema, stream, target_table, started_at, rows_received,
        rows_inserted, rows_updated, rows_unchanged, rows_superseded, rows_deleted
    ) values (gen_random_uuid(), %s, %s, %s, now(), 1, 1, 0, 0, 0, 0)
"""
_MARTS = (
    "select table_schema, table_name from information_schema.tables"
    " where table_schema in ('common', 'marketplace') order by 1, 2"
)
_NODES = "select detail -> 'nodes', detail -> 'unchanged' from waybill.step order by step_id desc"


def _hashes(warehouse: ScratchDatabase) -> dict[tuple[str, str], object]:
    """A hash over all rows of each mart."""
    query = sql.SQL(
        "select md5(string_agg(md5(mart::text), '' order by md5(mart::text))) from {} as mart"
    )
    return {
        (schema, table): warehouse.rows(
            query.format(sql.Identifier(schema, table)).as_string(None)
        )[0][0]
        for schema, table in warehouse.rows(_MARTS)
    }


@pytest.fixture
def shop(raw_olist: RawOlist) -> RawOlist:
    """The raw tables, with the ledger's word for each of them."""
    for stream in raw_olist.contract.streams:
        load(raw_olist, stream.name)
    return raw_olist


def load(shop: RawOlist, stream: str) -> None:
    """The ledger row of a load that changed a stream's table."""
    values = [shop.contract.raw_schema, stream, stream]
    shop.warehouse.execute(_LOADED, values, role="loader")


def test_builds_of_what_has_changed_give_the_rows_of_a_full_build(
    warehouse: ScratchDatabase, shop: RawOlist, dbt: Dbt
) -> None:
    """The promise behind all that is left out; and that little is done where little has changed."""
    dbt.succeed(*_BUILD)
    first = sum(warehouse.rows(_NODES)[0][0].values())

    shop.review("r3", "o4", 2)
    load(shop, "order_reviews")
    dbt.succeed(*_BUILD)
    counts, unchanged = warehouse.rows(_NODES)[0]
    assert 0 < sum(counts.values()) < first / 2
    assert sum(counts.values()) + unchanged == first

    shop.change("update raw_olist.customers set customer_city = 'belem' where customer_id = 'c3'")
    shop.change("delete from raw_olist.order_items where order_id = 'o4'")
    for stream in ("customers", "order_items"):
        load(shop, stream)
    dbt.succeed(*_BUILD)
    assert warehouse.rows("select count(*) from marketplace.fct_order_items") == [(3,)]

    by_parts = _hashes(warehouse)
    output = dbt.succeed(*_BUILD)
    assert f"dbt:build: nothing to do in 0.0 s, {first} unchanged" in output
    dbt.succeed(*_BUILD, "--full-refresh")
    assert sum(warehouse.rows(_NODES)[0][0].values()) == first
    assert _hashes(warehouse) == by_parts
    assert len(by_parts) > 10


def test_a_build_that_leaves_rows_out_settles_nothing() -> None:
    """Tables without rows, or with a sample of them, are not what their sources hold."""
    assert changed.is_whole(["build", "--log-level", "warn", "--exclude-resource-type=unit_test"])
    for other in (["build", "--empty"], ["build", "--sample=1 day"], ["run"], ["build", "-s", "x"]):
        assert not changed.is_whole(other)


@pytest.fixture
def flaw(small_project: Dbt) -> Path:
    """The model whose test fails; the slow one is taken away."""
    models = small_project.root / "transform" / "models"
    (models / "slow.sql").unlink()
    return models / "flawed.sql"


def test_a_failed_test_runs_again_until_it_passes(
    warehouse: ScratchDatabase, small_project: Dbt, flaw: Path
) -> None:
    """No row changes between two runs, and the job must still not go on behind a failure."""
    for _ in range(2):
        code, output = small_project.run("build", "--changed")
        assert code == 1
        assert "not_null_flawed_id" in output
    assert warehouse.rows(_NODES)[0] == ({"fail": 1}, 2)

    flaw.write_text("select 1 as id")
    assert small_project.run("build")[0] == 0
    assert warehouse.rows(_NODES)[0] == ({"pass": 1, "success": 2}, None)
    # A nightly build of everything leaves nothing to do for the one after it.
    assert small_project.run("build", "--changed")[0] == 0
    assert warehouse.rows(_NODES)[0] == ({}, 3)
    # What is named is built, also unchanged, and the next run does it again.
    assert small_project.run("build", "--changed", "--select", "sound")[0] == 0
    with warehouse.connection("transformer").connect() as session:
        stands = {name.split(".")[2] for name in settled.read(session, "dbt")}
    assert stands == {"flawed", "not_null_flawed_id"}
