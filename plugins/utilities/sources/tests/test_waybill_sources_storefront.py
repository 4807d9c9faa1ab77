from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from waybill_common.errors import WaybillError
from waybill_sources import prepare, settings, storefront
from waybill_sources.settings import Settings, StorefrontDay
from waybill_sources.storefront_rows import COLUMNS, tables
from waybill_sources.storefront_world import StorefrontWorld, date

if TYPE_CHECKING:
    import datetime as dt

    from waybill_warehouse.scratch import ScratchDatabase

SMALL = Settings(orders=400)


@pytest.fixture
def samples(source_database: ScratchDatabase) -> ScratchDatabase:
    with source_database.connection().connect() as session:
        storefront.generate(session, SMALL)
    return source_database


def next_day(database: ScratchDatabase) -> tuple[dt.date, dict[str, tuple[int, int]]]:
    with database.connection().connect() as session:
        return storefront.next_day(session)


def contents(database: ScratchDatabase) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table: database.rows(f"select * from storefront.{table} order by row_id")
        for table in COLUMNS
    }


def one(database: ScratchDatabase, query: str) -> Any:
    return database.rows(query)[0][0]


def test_the_same_settings_give_the_same_rows_on_each_machine() -> None:
    """Protects determinism: if this digest must change, raise storefront.GENERATOR with it."""
    assert storefront.GENERATOR == 1
    digest = hashlib.sha256()
    for table, rows in tables(StorefrontWorld(20160904, 1_000, StorefrontDay()), 2).items():
        for row in rows():
            digest.update(f"{table} {row}\n".encode())
    assert digest.hexdigest() == "f38bc8fd87251ccab02371be794f96d6bbf906abb6efbdd1ebace3d7c94ac1a5"


def test_tables_have_the_contracts_columns_and_types(samples: ScratchDatabase) -> None:
    """Protects the tap from finding another table than the contract describes."""
    for stream in storefront.contract().streams:
        found = samples.rows(
            "select attname::text, format_type(atttypid, null) from pg_attribute"
            " where attrelid = %s::regclass and attnum > 0 order by attnum",
            [f"storefront.{stream.name}"],
        )
        short = {"timestamp": "timestamp without time zone"}
        assert found == [
            (each.name, short.get(each.sql_type, each.sql_type)) for each in stream.columns
        ]
        assert tuple(name for name, _ in found) == COLUMNS[stream.name]
        assert one(samples, f"select count(*) from storefront.{stream.name}") > 0


def test_the_source_reader_reads_and_cannot_write(samples: ScratchDatabase) -> None:
    """Protects the tap's role in a schema that is not there before the first filling."""
    assert samples.rows("select count(*) > 0 from storefront.orders", role="reader") == [(True,)]
    with pytest.raises(Exception, match=r"read-only|permission denied"):
        samples.execute("update storefront.orders set status = 'x'", role="reader")


TRAPS = {
    "a customer written twice": "select count(*) from (select 1 from storefront.customers group by upper(trim(customer_id)) having count(*) > 1) as x",
    "an item written twice, alike": "select count(*) from (select 1 from storefront.order_items group by order_item_id, quantity, unit_price having count(*) > 1) as x",
    "a customer without an id": "select count(*) from storefront.customers where customer_id is null",
    "a missing e-mail address in words": "select count(*) from storefront.customers where trim(email) in ('N/A', 'null', '-', '')",
    "keys in two cases": "select count(*) from storefront.orders where order_id <> upper(trim(order_id))",
    "a price without a number": "select count(*) from storefront.order_items where unit_price = 'free'",
    "a decimal comma": "select count(*) from storefront.order_items where unit_price ~ '^[0-9]+,[0-9]{2}$'",
    "thousands": "select count(*) from storefront.order_items where unit_price ~ '[0-9],[0-9]{3}[.]'",
    "a missing quantity": "select count(*) from storefront.order_items where quantity is null",
    "a quantity below one": "select count(*) from storefront.order_items where quantity < 1",
    "a rating in words": "select count(*) from storefront.reviews where rating = 'five'",
    "an impossible rating": "select count(*) from storefront.reviews where rating in ('11', 'zero')",
    "a day that is none": "select count(*) from storefront.orders where ordered_at in ('soon', '2024-02-30')",
    "two forms of one day": "select count(*) from storefront.orders where ordered_at like '%/%'",
    "an order of nobody": "select count(*) from storefront.orders as o where customer_id is not null and not exists (select from storefront.customers as c where upper(trim(c.customer_id)) = upper(trim(o.customer_id)))",
    "an item of no product": "select count(*) from storefront.order_items where upper(trim(product_id)) = 'P9999'",
    "a category without a name": "select count(*) from storefront.categories where name is null",
    "one name under two ids": "select count(*) from (select 1 from storefront.categories group by lower(trim(name)) having count(distinct category_id) > 1) as x",
    "a category that is not there": "select count(*) from storefront.products where category_id = 'K99'",
    "a product without a price": "select count(*) from storefront.products where list_price is null",
}  # fmt: skip


def test_the_sample_has_each_trap(samples: ScratchDatabase) -> None:
    """Protects the cleaning rules from having nothing to clean, in a small sample too."""
    assert [trap for trap, query in TRAPS.items() if one(samples, query) == 0] == []


@pytest.mark.parametrize("days", [1, 3])
def test_next_days_end_where_a_full_fill_does(samples: ScratchDatabase, days: int) -> None:
    """Protects the proof that an incremental run ends where a full one does."""
    for number in range(1, days + 1):
        before, newest = (
            contents(samples),
            one(samples, "select max(updated_at) from storefront.orders"),
        )
        day, changes = next_day(samples)
        assert day == date(number)
        assert changes["orders"][0] in {20, 21}
        assert changes["orders"][1] == 20
        assert changes["customers"][0] == 1
        assert changes["products"][1] >= 1
        known = {row[0] for row in before["orders"]}
        late = [
            row for row in contents(samples)["orders"] if row[0] not in known and row[5] < newest
        ]
        assert len(late) == 1
    incremental = contents(samples)
    with samples.connection().connect() as session:
        rows = storefront.generate(session, SMALL, days=days)
        assert rows == sum(map(len, incremental.values()))
    assert contents(samples) == incremental


def test_an_order_can_come_a_day_before_its_customer(samples: ScratchDatabase) -> None:
    """Protects the demonstration that a rejected orphan is used when what it refers to arrives."""
    orphans = (
        "select count(*) from storefront.orders as o where upper(trim(o.customer_id)) = 'C000051' and not exists"
        " (select from storefront.customers as c where upper(trim(c.customer_id)) = upper(trim(o.customer_id)))"
    )
    assert one(samples, orphans) == 1
    next_day(samples)
    assert one(samples, orphans) == 0


def test_samples_are_made_once_and_a_source_of_ones_own_is_checked(
    source_database: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects appended days from a second run, other sources' tables, and a user's time."""
    monkeypatch.setenv("WAYBILL_SAMPLES_ORDERS", "60")
    assert prepare.prepare(["storefront"])[0].endswith(", made")
    next_day(source_database)
    assert "with 1 next day, nothing to do" in prepare.prepare(["storefront"])[0]
    assert source_database.rows("select to_regclass('public.payment')") == [(None,)]
    monkeypatch.setenv(prepare.STOREFRONT, source_database.url("reader"))
    with pytest.raises(WaybillError, match=r"WAYBILL_STOREFRONT: .* has no table public.customers"):
        prepare.prepare(["storefront"])
    monkeypatch.setenv(prepare.STOREFRONT, "mysql://user:secret-word@host/shop")
    with pytest.raises(WaybillError, match="WAYBILL_STOREFRONT is not a PostgreSQL URL") as caught:
        prepare.prepare(["storefront"])
    assert "secret-word" not in str(caught.value)


def test_tables_of_another_origin_are_left_alone(source_database: ScratchDatabase) -> None:
    """Protects what a user keeps in the embedded source database."""
    source_database.execute("create schema storefront create table orders (row_id integer)")
    with pytest.raises(WaybillError, match=r"another origin: orders.*WAYBILL_STOREFRONT"):
        prepare.prepare(["storefront"])


def test_another_scale_has_the_same_products(source_database: ScratchDatabase) -> None:
    """Protects small samples for tests from being another shop."""
    found = []
    for orders in (400, 800):
        with source_database.connection().connect() as session:
            storefront.generate(session, replace(settings.Settings(), orders=orders))
        query = (
            "select row_id, name, list_price from storefront.products where row_id < 100 order by 1"
        )
        found.append(source_database.rows(query))
    assert found[0] == found[1]
