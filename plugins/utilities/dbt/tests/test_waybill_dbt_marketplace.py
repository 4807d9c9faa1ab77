"""The models of the marketplace on a few rows: incremental runs, and rules that must find damage."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from psycopg import sql

if TYPE_CHECKING:
    from conftest import Dbt, RawOlist
    from waybill_warehouse.scratch import ScratchDatabase

# Models and the snapshot of exchange rates that some of them come from, without their tests.
_KINDS = ("--resource-type", "model", "--resource-type", "snapshot")
_MODELS = (*_KINDS, "--select", "+marts.marketplace", "dim_date")
_FACTS = ("fct_order_items", "fct_orders", "fct_payments", "fct_reviews")


def _marts(warehouse: ScratchDatabase) -> dict[str, list[Any]]:
    tables = warehouse.rows(
        "select table_name from information_schema.tables where table_schema = 'marketplace'"
    )
    with warehouse.connection().connect() as session:
        return {
            table: session.execute(
                sql.SQL(
                    "select to_jsonb(mart) from marketplace.{} as mart order by to_jsonb(mart)"
                ).format(sql.Identifier(table))
            ).fetchall()
            for (table,) in tables
        }


def _writers(warehouse: ScratchDatabase, fact: str, order_id: str) -> set[Any]:
    """The transactions that wrote the order's rows."""
    return set(
        warehouse.rows(f"select xmin::text from marketplace.{fact} where order_id = %s", [order_id])
    )


@pytest.mark.wide
def test_an_incremental_run_equals_one_from_nothing(
    warehouse: ScratchDatabase, raw_olist: RawOlist, dbt: Dbt
) -> None:
    """Changed, late and removed rows, landed at whatever time, must not be missed."""
    dbt.succeed("build", *_MODELS)
    key_of_o2 = "select customer_key from marketplace.fct_orders where order_id = 'o2'"
    key_before = warehouse.rows(key_of_o2)

    raw_olist.change("update raw_olist.orders set order_status = 'canceled' where order_id = 'o4'")
    raw_olist.change("update raw_olist.order_items set price = 21.99 where order_id = 'o2'")
    raw_olist.change("delete from raw_olist.order_payments where order_id = 'o2'")
    raw_olist.review("r3", "o4", 2)
    # Bought before all others, so that ana's addresses shift; landed long ago, so that no landing time shows it.
    raw_olist.customer("c5", "ana", "80010", "curitiba", "PR")
    raw_olist.order("o5", "c5", "2017-01-31 08:00:00", "delivered")
    raw_olist.item("o5", 1, "3.33", "4.44")
    raw_olist.change("update raw_olist.orders set _sdc_batched_at = '2000-01-01'")
    for stream in ("order_items", "order_payments", "order_reviews", "orders"):
        raw_olist.change(f"delete from raw_olist.{stream} where order_id = 'o3'")
    raw_olist.change("delete from raw_olist.customers where customer_id = 'c3'")

    dbt.succeed("build", *_MODELS)
    incremental = _marts(warehouse)
    assert warehouse.rows(key_of_o2) != key_before

    # From nothing, and with the raw rows in another order: a mart may depend on neither.
    for stream in ("orders", "order_items", "customers"):
        raw_olist.change(
            f"create temporary table kept as table raw_olist.{stream};"
            f" truncate raw_olist.{stream};"
            f" insert into raw_olist.{stream} select * from kept order by 1 desc"
        )
    warehouse.execute("drop schema marketplace cascade")
    dbt.succeed("build", *_MODELS)
    assert incremental == _marts(warehouse)
    assert {fact: len(incremental[fact]) for fact in _FACTS} == {
        "fct_order_items": 5,
        "fct_orders": 4,
        "fct_payments": 2,
        "fct_reviews": 3,
    }


@pytest.mark.wide
def test_unchanged_rows_are_not_written_again(
    warehouse: ScratchDatabase, raw_olist: RawOlist, dbt: Dbt
) -> None:
    """One changed order moves no other, and a column new to a contract is filled for every row."""
    dbt.succeed("build", *_MODELS)
    payments = _marts(warehouse)["fct_payments"]
    before = {fact: _writers(warehouse, fact, "o2") for fact in _FACTS}
    raw_olist.change("update raw_olist.order_items set price = 1.00 where order_id = 'o1'")
    dbt.succeed("build", *_MODELS)
    assert {fact: _writers(warehouse, fact, "o2") for fact in _FACTS} == before
    assert _writers(warehouse, "fct_orders", "o1") != before["fct_orders"]

    warehouse.execute("alter table marketplace.fct_payments drop column payment_installments")
    dbt.succeed("run", "--select", "fct_payments")
    assert _marts(warehouse)["fct_payments"] == payments


_DAMAGE = {
    "delete from marketplace.fct_payments where order_id = 'o1' and payment_sequential = 2": {
        "fct_payments_conserves_order_payments"
    },
    "insert into marketplace.fct_reviews (review_id, order_id, review_score, has_comment)"
    " values ('r9', 'o1', 5, false)": {
        "fct_reviews_conserves_order_reviews",
        "rpt_category_review_scores_conserves_reviews",
        "rpt_review_scores_conserves_reviews",
    },
    "update marketplace.fct_order_items set price = price + 0.01 where order_id = 'o2'": {
        "fct_order_items_conserves_order_items",
        "rpt_product_monthly_sales_conserves_order_items",
        "rpt_product_sales_conserves_order_items",
    },
    "update marketplace.fct_orders set item_amount = freight_amount, freight_amount = item_amount"
    " where order_id = 'o4'": {
        "fct_orders_conserves_order_items",
        "rpt_monthly_sales_conserves_orders",
        "rpt_state_monthly_sales_conserves_orders",
    },
    "update marketplace.dim_customer set is_current = false where customer_unique_id = 'bia'": {
        "dim_customer_has_each_person_once_as_current"
    },
}


@pytest.mark.usefixtures("raw_olist")
def test_conservation_finds_each_kind_of_damage(warehouse: ScratchDatabase, dbt: Dbt) -> None:
    """A rule that cannot fail protects nothing: a row lost, one invented, a cent, two columns swapped."""
    dbt.succeed("build", *_MODELS)
    rules = ("test", "--select", "test_name:conserves,marts.marketplace")
    dbt.succeed(*rules)
    for statement in _DAMAGE:
        warehouse.execute(statement)
    code, _ = dbt.run(*rules)
    results = json.loads((dbt.target / "run_results.json").read_text())["results"]
    failed = {r["unique_id"].split(".")[2] for r in results if r["status"] == "fail"}
    assert code == 1
    assert failed == set.union(*_DAMAGE.values())
