from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase

LIVING = "select {} from raw_test.orders where _sdc_deleted_at is null order by orders.id"


@pytest.fixture
def orders(lane: Any) -> Any:
    lane.source.execute(
        "create table orders (id integer primary key, amount numeric, at timestamp);"
        "insert into orders select n, n, timestamp '2024-01-01' from generate_series(1, 5) as n"
    )
    lane.orders = lane.incremental("orders", "at")
    return lane


def test_keys_follow_an_incremental_read(orders: Any) -> None:
    # All keys come after the rows and before the STATE; a whole read needs none, nor does who did not ask.
    first = orders.run(catalog=orders.orders, find_deletes=True)
    orders.source.execute(
        "delete from orders where id = 2; update orders set amount = 9 where id = 1"
    )
    second = orders.run(first.state, orders.orders, find_deletes=True)
    unasked = orders.run(first.state, orders.orders)

    assert not first.keys("orders")
    assert not unasked.keys("orders")
    assert second.ids("orders") == [1]
    assert sorted(key["id"] for key in second.keys("orders")) == ["1", "3", "4", "5"]
    kinds = [
        each["encoding"].get("kind", "rows") if each["type"] == "BATCH" else each["type"]
        for each in second.messages
    ]
    assert kinds[-4:] == ["SCHEMA", "rows", "keys", "STATE"]


def test_an_emptied_table_is_told(orders: Any) -> None:
    # No key at all is a comparison too: one message without a file.
    first = orders.run(catalog=orders.orders, find_deletes=True)
    orders.source.execute("delete from orders")
    (batch,) = orders.run(first.state, orders.orders, find_deletes=True).of("BATCH")

    assert (batch["encoding"]["rows"], batch["manifest"]) == (0, [])
    assert batch["encoding"]["columns"] == ["id"]


def test_records_carry_no_comparison(orders: Any) -> None:
    # In mode record any target may be at the other end, so nothing but records goes there.
    first = orders.run(catalog=orders.orders, find_deletes=True, mode="record")
    orders.source.execute("delete from orders where id = 2")
    second = orders.run(first.state, orders.orders, find_deletes=True, mode="record")

    assert {each["type"] for each in second.messages} == {"SCHEMA", "STATE"}


def test_deleted_rows_are_marked_in_the_warehouse(orders: Any, warehouse: ScratchDatabase) -> None:
    # What is gone from the source is marked, what comes back lives again, and the rest is untouched.
    state = None
    changes = (
        "",
        "delete from orders where id in (2, 3); insert into orders values (6, 6, '2024-02-01')",
        "insert into orders values (2, 22, '2023-01-01'); delete from orders where id = 1",
    )
    living = []
    for change in changes:
        orders.source.execute(change or "select 1")
        run = orders.run(state, orders.orders, find_deletes=True)
        orders.land(run)
        state = run.state
        living.append([row[0] for row in warehouse.rows(LIVING.format("id"))])

    assert living == [[1, 2, 3, 4, 5], [1, 4, 5, 6], [2, 4, 5, 6]]
    assert warehouse.rows(LIVING.format("id, amount::text")) == orders.source.rows(
        "select id, amount::text from orders order by orders.id"
    )
    assert warehouse.rows("select rows_deleted from waybill.load order by load_id") == [
        (0,),
        (2,),
        (1,),
    ]


def test_a_killed_first_load_ends_equal_to_the_source(
    orders: Any, warehouse: ScratchDatabase
) -> None:
    # Rows that were deleted between the parts of a first load do not stay in the warehouse.
    orders.source.execute("insert into orders select n, n, null from generate_series(6, 5000) as n")
    first = orders.run(catalog=orders.orders, rows_per_part=1000)
    ends = [at for at, each in enumerate(first.messages) if each["type"] == "STATE"]
    cut = orders.read("".join(f"{line}\n" for line in first.text.splitlines()[: ends[1] + 1]))
    orders.land(cut)
    orders.source.execute(
        "delete from orders where id in (7, 4000); update orders set amount = 0 where id in (8, 4001)"
    )
    orders.land(orders.run(cut.state, orders.orders, rows_per_part=1000))

    assert warehouse.rows(LIVING.format("id, amount::text")) == orders.source.rows(
        "select id, amount::text from orders order by orders.id"
    )


def test_an_appended_table_is_not_compared(orders: Any, warehouse: ScratchDatabase) -> None:
    # What is appended keeps every version: keys that follow the rows, of parts too, change nothing.
    orders.source.execute("insert into orders select n, n, null from generate_series(6, 5000) as n")
    first = orders.run(catalog=orders.orders, find_deletes=True, rows_per_part=1000)
    orders.land(first, load_method="append-only")
    orders.source.execute(
        "delete from orders where id = 2; update orders set amount = 9 where id = 1"
    )
    second = orders.run(first.state, orders.orders, find_deletes=True)
    orders.land(second, load_method="append-only")

    assert warehouse.rows("select count(*), count(_sdc_deleted_at) from raw_test.orders") == [
        (5001, 0)
    ]
