from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from psycopg.rows import dict_row

from waybill_common import contracts
from waybill_sources import olist

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

    from waybill_warehouse.scratch import ScratchDatabase

CONTRACT = contracts.load(Path(__file__).parents[4] / "extract" / "contracts" / "olist.yml")
TRANSLATION = "product_category_name_translation"


def one(database: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = database.execute(query).fetchone()
    assert row is not None
    return row[0]


TRAPS = {
    "leading zeros of customers": "select count(*) from customers where customer_zip_code_prefix like '0%'",
    "leading zeros of sellers": "select count(*) from sellers where seller_zip_code_prefix like '0%'",
    "review_id is no key": "select count(*) - count(distinct review_id) from order_reviews",
    "exact duplicates of geolocation": "select count(*) - count(distinct geolocation) from geolocation",
    "people with several orders": "select count(*) - count(distinct customer_unique_id) from customers",
    "people with several zip code prefixes": """
        select count(*) from (
            select 1 from customers group by customer_unique_id
            having count(distinct customer_zip_code_prefix) > 1
        )""",
    "products without a category": "select count(*) from products where product_category_name is null",
    "products without a weight": "select count(*) from products where product_weight_g is null",
    "orders without items": "select count(*) from orders anti join order_items using (order_id)",
    "orders without a review": "select count(*) from orders anti join order_reviews using (order_id)",
    "orders with two reviews": "select count(*) - count(distinct order_id) from order_reviews",
    "orders of several items": "select count(*) - count(distinct order_id) from order_items",
    "orders of several payments": "select count(*) - count(distinct order_id) from order_payments",
    "payments that differ from items": """
        select count(*) from
            (select order_id, sum(price::decimal(9, 2) + freight_value::decimal(9, 2)) as due
             from order_items group by all) as items
        inner join
            (select order_id, sum(payment_value::decimal(9, 2)) as paid
             from order_payments group by all) as payments using (order_id)
        where abs(due - paid) > 0.01""",
    "handed to the carrier before they were bought": """
        select count(*) from orders
        where order_delivered_carrier_date::timestamp < order_purchase_timestamp::timestamp""",
    "late deliveries": """
        select count(*) from orders
        where order_delivered_customer_date::date > order_estimated_delivery_date::date""",
    "reviews without an answer": "select count(*) from order_reviews where review_answer_timestamp is null",
    "reviews without a creation": "select count(*) from order_reviews where review_creation_date is null",
    "line breaks in messages": r"select count(*) from order_reviews where review_comment_message like e'%\r\n%'",
    "zip code prefixes nobody observed": """
        select count(*) from customers
        where customer_zip_code_prefix not in (select geolocation_zip_code_prefix from geolocation)""",
    "cities in two spellings": """
        select count(*) from (
            select 1 from geolocation group by geolocation_zip_code_prefix
            having count(distinct geolocation_city) > 1
        )""",
}  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS)
def test_the_default_sample_has_the_trap(tables: duckdb.DuckDBPyConnection, trap: str) -> None:
    """Protects each trap that shared/data/README.md lists from vanishing out of the samples."""
    assert one(tables, TRAPS[trap]) > 0


def test_rare_traps_have_their_exact_number(tables: duckdb.DuckDBPyConnection) -> None:
    """Protects the traps that stand once: the order without payment, two unknown categories."""
    assert one(tables, "select count(*) from orders anti join order_payments using (order_id)") == 1
    unknown = f"""
        select count(distinct product_category_name) from products
        anti join {TRANSLATION} using (product_category_name)"""
    assert one(tables, unknown) == 2
    assert one(tables, f"select count(*) from {TRANSLATION}") == 71


@pytest.mark.parametrize("days", [0, 4])
def test_the_rows_pass_the_contracts_critical_rules(
    tmp_path: Path, source_database: ScratchDatabase, days: int, load: Callable[..., Any]
) -> None:
    """Protects the job on samples from stopping at validate:raw, next days included."""
    olist.generate(tmp_path / "olist", days=days)
    names = {stream.name: stream.name for stream in CONTRACT.streams}
    with (
        load(tmp_path / "olist") as database,
        source_database.connection().connect(row_factory=dict_row) as session,
    ):
        for stream in CONTRACT.streams:
            columns = ", ".join(f"{column.name} {column.sql_type}" for column in stream.columns)
            session.execute(f"create table {stream.name} ({columns})")
            with session.cursor().copy(f"copy {stream.name} from stdin") as copy:
                for row in database.execute(f"select * from {stream.name}").fetchall():
                    copy.write_row(row)
        for stream in CONTRACT.streams:
            for rule in stream.rules:
                if rule.severity == "error":
                    query = rule.query.format(table=stream.name, **names)
                    rows = session.execute(query).fetchall()
                    new = [
                        row for row in rows if row.get(rule.exception_column) not in rule.exceptions
                    ]
                    assert new == [], rule.name


def test_undated_deliveries_are_known_exceptions_of_the_contract(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    """Protects the trap of the rule's known exceptions: the samples hold some of them."""
    rules = {rule.name: rule for rule in CONTRACT.stream("orders").rules}
    rule = rules["delivered_orders_have_a_delivery_date"]
    rows = tables.execute(rule.query.format(table="orders")).fetchall()
    assert len(rows) == 3
    assert all(set(row) & set(rule.exceptions) for row in rows)


def test_the_rows_keep_the_contract(tables: duckdb.DuckDBPyConnection) -> None:
    """Protects keys, references, required columns, value lists and exact money in the samples."""
    for stream in CONTRACT.streams:
        if stream.key:
            key = ", ".join(stream.key)
            query = f"select count(*) - count(distinct ({key})) from {stream.name}"
            assert one(tables, query) == 0, stream.name
        for column in stream.columns:
            place = f"{stream.name}.{column.name}"
            if column.is_required:
                query = f"select count(*) from {stream.name} where {column.name} is null"
                assert one(tables, query) == 0, place
            if column.reference:
                query = f"""
                    select count(*) from {stream.name} where {column.name} not in
                    (select {column.reference.column} from {column.reference.stream})"""
                assert one(tables, query) == 0, place
            if column.accepted_values:
                found = tables.execute(f"select distinct {column.name} from {stream.name}")
                assert {value for (value,) in found.fetchall()} <= set(column.accepted_values), (
                    place
                )
            if column.is_control_total:
                query = f"""
                    select count(*) from {stream.name}
                    where not regexp_full_match({column.name}, '[0-9]+[.][0-9]{{2}}')"""
                assert one(tables, query) == 0, place
