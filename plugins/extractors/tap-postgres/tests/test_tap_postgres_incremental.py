from __future__ import annotations

import json
from typing import Any

import pytest

TABLE = """
    create table orders (id integer primary key, changed_at timestamp, amount numeric not null);
    insert into orders values
        (1, '2024-01-01', 1.10), (2, '2024-01-02', 2.20), (3, '2024-01-02', 3.30), (4, null, 4.40);
"""


@pytest.fixture
def orders(lane: Any) -> Any:
    lane.source.execute(TABLE)
    lane.orders = lane.incremental("orders", "changed_at")
    return lane


def test_idle_source_sends_nothing(orders: Any) -> None:
    # A second run reads no row, also none with the bookmark's own time or without one, but says what the source holds.
    first = orders.run(catalog=orders.orders)
    second = orders.run(first.state, orders.orders)

    assert first.ids("orders") == [1, 2, 3, 4]
    assert second.rows("orders") == []
    assert not second.of("BATCH")
    for run, read in ((first, 4), (second, 0)):
        bookmark = run.bookmark("orders")
        assert (bookmark["source"]["rows"], bookmark["read"]["rows"]) == (4, read)
    assert first.bookmark("orders")["replication_key_value"] == "2024-01-02 00:00:00"


@pytest.mark.parametrize("mode", ["batch", "record"])
def test_only_new_and_changed_rows_travel(orders: Any, mode: str) -> None:
    # New rows, changed rows and rows whose key is or becomes NULL are read; the rest stays.
    first = orders.run(catalog=orders.orders, mode=mode)
    orders.source.execute(
        "insert into orders values (5, '2024-01-03', 5), (6, null, 6), (7, '2024-01-02', 7);"
        "update orders set changed_at = '2024-02-01' where id = 1;"
        "update orders set amount = 4.41 where id = 4;"
    )

    assert orders.run(first.state, orders.orders, mode=mode).ids("orders") == [1, 4, 5, 6, 7]


@pytest.mark.parametrize("writes", ["before", "after", "in a savepoint"])
def test_late_commit_is_never_lost(orders: Any, writes: str) -> None:
    # Rows of a transaction that was open at the first run come with the second, though their time is older.
    late = "insert into orders values (9, '2023-12-31', 9)"
    with orders.source.connection().connect() as writer:
        writer.execute("select now()")
        if writes == "before":
            writer.execute(late)
        elif writes == "in a savepoint":
            writer.execute("create table marks (id integer)")
            with writer.transaction():
                writer.execute(late)
        first = orders.run(catalog=orders.orders)
        if writes == "after":
            writer.execute(late)
        writer.commit()
    second = orders.run(first.state, orders.orders)
    third = orders.run(second.state, orders.orders)

    assert first.ids("orders") == [1, 2, 3, 4]
    assert second.ids("orders") == [9]
    assert third.ids("orders") == []


def test_rows_read_again_under_a_long_transaction_are_unchanged(
    orders: Any, warehouse: Any
) -> None:
    # While a transaction stays open, what was written since is read again and not written again.
    with orders.source.connection().connect() as writer:
        writer.execute("insert into orders values (8, '2023-01-01', 8)")
        orders.source.execute("insert into orders values (5, '2024-01-03', 5)")
        first = orders.run(catalog=orders.orders)
        orders.land(first)
        second = orders.run(first.state, orders.orders)
        assert second.ids("orders") == [5]
        orders.land(second)
    orders.land(orders.run(second.state, orders.orders))

    assert warehouse.rows(
        "select rows_inserted, rows_updated, rows_unchanged from waybill.load order by load_id"
    ) == [(5, 0, 0), (0, 0, 1), (1, 0, 1)]
    assert warehouse.rows("select count(*), sum(amount)::text from raw_test.orders") == [
        (6, "24.00")
    ]


def test_whole_invocation_sees_one_snapshot(orders: Any) -> None:
    # What commits after the snapshot is in no stream and in no figure; the next run brings it.
    orders.source.execute("create table items (id integer primary key)")
    tap = orders.tap()
    assert tap.snapshot
    orders.source.execute("insert into orders values (5, now(), 5); insert into items values (1)")
    run = orders.finish(tap)

    assert (run.ids("orders"), run.ids("items")) == ([1, 2, 3, 4], [])
    assert run.bookmark("items")["source"]["rows"] == 0
    assert orders.run(run.state).ids("items") == [1]


@pytest.mark.parametrize(
    "broken",
    [
        {"replication_key": "id"},
        {"snapshot": {"server": "another", "xmin": 1, "xmax": 1}},
        {"snapshot": None},
        {"read_as": "other columns"},
        {"replication_key_value": None},
    ],
)
def test_bookmark_of_something_else_reads_all(orders: Any, broken: dict[str, Any]) -> None:
    # A bookmark of another key, server or set of columns cannot say what the target has.
    state = orders.run(catalog=orders.orders).state
    state["bookmarks"]["orders"] |= broken

    assert orders.run(state, orders.orders).ids("orders") == [1, 2, 3, 4]


def test_server_that_was_set_back_is_read_whole(orders: Any) -> None:
    # A restored server counts its transactions from an earlier one: its rows look older than they are.
    state = orders.run(catalog=orders.orders).state
    position = state["bookmarks"]["orders"]["snapshot"]
    position |= {"xmin": position["xmin"] + 1000, "xmax": position["xmax"] + 1000}

    assert orders.run(state, orders.orders).ids("orders") == [1, 2, 3, 4]


def test_new_column_is_read_for_every_row(orders: Any, warehouse: Any) -> None:
    # A column that is added with a default changes no row's transaction, and reaches the warehouse all the same.
    first = orders.run(catalog=orders.orders)
    orders.land(first)
    orders.source.execute("alter table orders add column currency text default 'GBP'")
    orders.land(orders.run(first.state, orders.incremental("orders", "changed_at")))

    assert warehouse.rows("select distinct currency from raw_test.orders") == [("GBP",)]


def test_read_figures_start_at_zero(orders: Any) -> None:
    # The state that a run begins with says nothing of rows that this run has sent.
    state = orders.run(catalog=orders.orders).state
    run = orders.run(state, orders.orders)
    first_state = run.of("STATE")[0]["value"]["bookmarks"]["orders"]

    assert first_state["read"] == {"rows": 0, "totals": {}}
    assert json.loads(json.dumps(run.state)) == run.state


def test_view_is_held_back_below_open_transactions(orders: Any) -> None:
    # A view does not tell who wrote a row: its bookmark stays below the oldest open transaction's start.
    orders.source.execute(
        "create view recent as select * from orders; grant select on recent to source_reader;"
        "grant pg_read_all_stats to source_reader"
    )
    catalog = orders.incremental("recent", "changed_at", **{"table-key-properties": ["id"]})
    with orders.source.connection().connect() as writer:
        writer.execute("insert into orders values (5, now(), 5)")
        orders.source.execute("insert into orders values (6, now() at time zone 'UTC', 6)")
        first = orders.run(catalog=catalog)
        assert first.ids("recent") == [1, 2, 3, 4, 6]
    second = orders.run(first.state, catalog)

    assert second.ids("recent") == [4, 5, 6]
    orders.source.execute("revoke pg_read_all_stats from source_reader")


def test_view_by_a_number_is_read_whole(orders: Any) -> None:
    # Where a view is read by something else than time, no bookmark would be below a late commit.
    orders.source.execute(
        "create view numbered as select * from orders; grant select on numbered to source_reader"
    )
    catalog = orders.incremental("numbered", "id", **{"table-key-properties": ["id"]})
    with orders.source.connection().connect() as writer:
        writer.execute("insert into orders values (5, '2024-01-05', 5)")
        orders.source.execute("insert into orders values (6, '2024-01-05', 6)")
        first = orders.run(catalog=catalog)
    second = orders.run(first.state, catalog)

    assert second.ids("numbered") == [1, 2, 3, 4, 5, 6]
    assert second.of("SCHEMA", "numbered")[0]["schema"]["x-whole-table"] is True


def test_table_without_a_key_is_replaced(lane: Any, warehouse: Any) -> None:
    # Rows without a key cannot be told apart, so the table is read whole and replaced in one transaction.
    lane.source.execute(
        "create table log (line text, n integer); insert into log values ('a', 1), ('a', 1)"
    )
    catalog = lane.incremental("log", "n")
    first = lane.run(catalog=catalog)
    lane.land(first)
    lane.source.execute("delete from log; insert into log values ('b', 2)")
    lane.land(lane.run(first.state, catalog))

    assert warehouse.rows("select line, n from raw_test.log") == [("b", 2)]


def test_full_table_follows_deletes(lane: Any, warehouse: Any) -> None:
    # Of a table that is read whole, what its source lost is marked, and rows that stayed are not written.
    lane.source.execute("create table t (id integer primary key); insert into t values (1), (2)")
    first = lane.run()
    lane.land(first)
    lane.source.execute("delete from t where id = 1; insert into t values (3)")
    lane.land(lane.run(first.state))

    assert warehouse.rows("select id, _sdc_deleted_at is not null from raw_test.t order by id") == [
        (1, True),
        (2, False),
        (3, False),
    ]
    assert warehouse.rows(
        "select rows_inserted, rows_unchanged, rows_deleted from waybill.load order by load_id"
    ) == [(2, 0, 0), (1, 1, 1)]


def test_a_table_that_was_made_anew_replaces_what_was_landed(orders: Any) -> None:
    # Another table behind the same name is another source: rows of the old one must not stay.
    first = orders.run(catalog=orders.orders)
    orders.source.execute("drop table orders;" + TABLE + "delete from orders where id < 3;")
    second = orders.run(first.state, orders.orders)
    third = orders.run(second.state, orders.orders)

    assert second.ids("orders") == [3, 4]
    marks = [run.of("SCHEMA")[0]["schema"].get("x-whole-table") for run in (first, second, third)]
    assert marks == [True, True, None]
    assert third.rows("orders") == []
