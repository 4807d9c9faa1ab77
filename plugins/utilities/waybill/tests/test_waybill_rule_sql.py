"""The SQL of a contract's rules, on a real PostgreSQL: what it finds and what it leaves out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import contract_documents
import pytest
import yaml

from waybill.generate.raw_suite import raw_suite
from waybill.generate.rule_sql import reference_query, rule_query
from waybill_common import contracts
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

PROJECT = Path(__file__).parents[4]
ROWS = """
    create table raw_olist.orders (order_id text primary key, day text, _sdc_deleted_at timestamptz);
    insert into raw_olist.orders values
        ('a', '1', null), ('b', null, null), ('c', '3', null), ('d', '4', now());
    create table raw_olist.items (order_id text, size text, _sdc_deleted_at timestamptz);
    insert into raw_olist.items values
        ('a', 'x', null), (null, 'x', null), ('gone', 'yyy', null), ('b', 'x', now()), ('d', 'x', now());
"""
HAS_ITEMS = (
    "select order_id from {table} where not exists "
    "(select from {items} where items.order_id = orders.order_id and size ~ '^x{1}$')"
)


def _contract(folder: Path, query: str, **custom: Any) -> contracts.Contract:
    rule = {
        "name": "orders_have_items",
        "description": "An order has items.",
        "dimension": "completeness",
        "severity": "error",
        "type": "sql",
        "mustBe": 0,
        "query": query,
        "customProperties": [{"property": key, "value": value} for key, value in custom.items()],
    }
    orders = contract_documents.stream(
        "orders", {"order_id": "text#", "day": "text"}, {"quality": [rule]}
    )
    items = contract_documents.stream("items", {"order_id": "text", "size": "text"})
    items["properties"][0]["relationships"] = [{"type": "foreignKey", "to": "orders.order_id"}]
    path = folder / "shop.yml"
    path.write_text(yaml.safe_dump(contract_documents.contract("olist", [orders, items])))
    return contracts.load(path)


def _found(warehouse: ScratchDatabase, query: str, batch: str) -> list[str]:
    rows = warehouse.rows(query.format(batch=batch), role="auditor")
    return sorted(str(row[0]) for row in rows)


BATCHES = ["raw_olist.{}", "(select * from raw_olist.{} where _sdc_deleted_at is null)"]
"""What `waybill-validate` may put in the place of the batch."""


def test_a_rule_finds_its_offenders(warehouse: ScratchDatabase, tmp_path: Path) -> None:
    """Other streams' rows that are not gone, braces and the batch itself end up in valid SQL."""
    warehouse.execute(ROWS, role="loader")
    contract = _contract(tmp_path, HAS_ITEMS)
    stream = contract.stream("orders")
    query = rule_query(contract, stream, stream.rules[0])
    assert _found(warehouse, query, BATCHES[0].format("orders")) == ["b", "c", "d"]
    assert _found(warehouse, query, BATCHES[1].format("orders")) == ["b", "c"]


def test_known_exceptions_are_left_out_and_nothing_else(
    warehouse: ScratchDatabase, tmp_path: Path
) -> None:
    """A known row passes; a new one, and one without a key, is a finding."""
    warehouse.execute(ROWS, role="loader")
    contract = _contract(
        tmp_path,
        HAS_ITEMS.replace("select order_id", "select order_id, day"),
        exceptions=["3", "o'x"],
        exceptionColumn="day",
    )
    stream = contract.stream("orders")
    query = rule_query(contract, stream, stream.rules[0])
    assert _found(warehouse, query, BATCHES[1].format("orders")) == ["b"]


@pytest.mark.parametrize("batch", BATCHES)
def test_a_reference_to_nothing_is_found_and_a_null_one_is_not(
    warehouse: ScratchDatabase, tmp_path: Path, batch: str
) -> None:
    """Referential integrity, where null means that there is no reference."""
    warehouse.execute(ROWS, role="loader")
    warehouse.execute(
        "delete from raw_olist.items where _sdc_deleted_at is not null", role="loader"
    )
    contract = _contract(tmp_path, HAS_ITEMS)
    stream = contract.stream("items")
    query = reference_query(contract, stream, stream.column("order_id"))
    assert _found(warehouse, query, batch.format("items")) == ["gone"]


def test_a_parent_gone_from_the_source_is_missed_by_children_that_are_not(
    warehouse: ScratchDatabase, tmp_path: Path
) -> None:
    """A marked parent is no parent; a child that went with its parent misses nobody."""
    warehouse.execute(ROWS, role="loader")
    contract = _contract(tmp_path, HAS_ITEMS)
    stream = contract.stream("items")
    query = reference_query(contract, stream, stream.column("order_id"))
    assert _found(warehouse, query, BATCHES[1].format("items")) == ["gone"]
    warehouse.execute("update raw_olist.items set _sdc_deleted_at = null", role="loader")
    assert _found(warehouse, query, BATCHES[1].format("items")) == ["d", "gone"]


LETTER = """
    with load as (
        insert into waybill.load (
            invocation_id, target_schema, stream, target_table, started_at, rows_received,
            rows_inserted, rows_updated, rows_unchanged, rows_superseded, rows_deleted, rows_dead
        )
        values (gen_random_uuid(), 'raw_olist', %(stream)s, 'items', now(), 1, 0, 0, 0, 0, 0, 1)
        returning load_id, invocation_id
    )
    insert into waybill.dead_letter (
        load_id, invocation_id, target_schema, stream, reason, found_by, payload
    )
    select load_id, invocation_id, 'raw_olist', %(stream)s, 'no number', 'tap',
        jsonb_build_object('order_id', %(order)s::text, 'size', 'x')
    from load
"""


def test_a_row_that_could_not_land_is_not_missed(
    warehouse: ScratchDatabase, tmp_path: Path
) -> None:
    """A bad item must not stop the job by the order that lacks it; any other order still does."""
    warehouse.execute(ROWS, role="loader")
    contract = _contract(tmp_path, HAS_ITEMS)
    stream = contract.stream("orders")
    query = rule_query(contract, stream, stream.rules[0])
    for dead_stream, order in (("items", "b"), ("orders", "c")):
        warehouse.execute(LETTER, {"stream": dead_stream, "order": order}, role="loader")
    assert _found(warehouse, query, BATCHES[1].format("orders")) == ["c"]

    counted = "select order_id from {table} group by order_id having count(*) < 2"
    contract = _contract(tmp_path, counted)
    stream = contract.stream("orders")
    query = rule_query(contract, stream, stream.rules[0])
    assert _found(warehouse, query, BATCHES[1].format("orders")) == ["a", "b"]

    warehouse.execute(
        "update waybill.dead_letter set resolved_at = now(), resolved_by = 'reload'", role="loader"
    )
    assert _found(warehouse, query, BATCHES[1].format("orders")) == ["a", "b", "c"]


def test_the_rows_of_a_database_are_checked_while_it_holds_them() -> None:
    """A bad row that was deleted at the source must not shut the gate for ever; files have no marks."""
    suites = {
        source: raw_suite(contracts.load(PROJECT / "extract" / "contracts" / f"{source}.yml"))
        for source in ("olist", "totesys")
    }
    assert {table.get("where") for table in suites["olist"]["tables"]} == {None}
    assert {table.get("where") for table in suites["totesys"]["tables"]} == {
        '"_sdc_deleted_at" is null'
    }


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select * from {nothing}", "{nothing} is no stream"),
        ("select * from {table} join {items} using (order_id)", "JOIN"),
        ("select * from {table} where day = :day", "bound parameter"),
    ],
)
def test_a_rule_that_cannot_run_is_refused_when_rendering(
    tmp_path: Path, query: str, message: str
) -> None:
    """The author of a contract hears of it, not the next run."""
    contract = _contract(tmp_path, query)
    stream = contract.stream("orders")
    with pytest.raises(WaybillError, match=message):
        rule_query(contract, stream, stream.rules[0])


def test_exceptions_need_a_column(tmp_path: Path) -> None:
    """Keys without a column would exclude nothing, or everything."""
    contract = _contract(tmp_path, HAS_ITEMS, exceptions=["3"])
    stream = contract.stream("orders")
    with pytest.raises(WaybillError, match="exceptionColumn"):
        rule_query(contract, stream, stream.rules[0])
