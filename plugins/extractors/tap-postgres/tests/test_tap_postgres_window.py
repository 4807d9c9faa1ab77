from __future__ import annotations

from typing import Any

import pytest

from waybill_common.errors import WaybillError

TABLE = """
    create table orders (id integer primary key, amount numeric(12,2), at timestamp);
    insert into orders
    select n, n / 100.0, timestamp '2024-01-01' + n * interval '1 minute'
    from generate_series(1, 3000) as n;
    insert into orders values (9999, 1, null)
"""
WINDOW = {"window_from": "2024-01-01 08:20:00", "window_to": "2024-01-02 01:00:00"}
"""Ids 500 to 1499."""
MEANWHILE = """
    update orders set at = '2024-02-01', amount = -1 where id in (501, 1400);
    update orders set at = '2024-02-02', amount = -2 where id = 7;
    delete from orders where id in (502, 1401, 2000);
    insert into orders values (5000, 5, '2024-01-01 12:00:30')
"""


@pytest.fixture
def orders(lane: Any) -> Any:
    """A table that was read up to its end."""
    lane.source.execute(TABLE)
    lane.orders = lane.incremental("orders", "at")
    lane.before = lane.run(catalog=lane.orders).state
    return lane


def applied(table: dict[int, Any], run: Any) -> dict[int, Any]:
    """A table by key after a run: later rows win, and what its keys do not name is gone."""
    table = table | {int(row["id"]): row for row in run.rows("orders")}
    keys = {int(key["id"]) for key in run.keys("orders")}
    return {key: row for key, row in table.items() if key in keys} if keys else table


@pytest.mark.parametrize("mode", ["batch", "record"])
def test_a_window_is_read_again_with_what_is_new(orders: Any, mode: str) -> None:
    """The first value belongs to a window, the last and NULL do not; rows that left it come as new ones."""
    orders.source.execute(MEANWHILE)
    run = orders.run(orders.before, orders.orders, mode=mode, **WINDOW)

    gone = {501, 1400, 502, 1401}
    assert run.ids("orders") == sorted({*range(500, 1500), 7, 5000} - gone | {501, 1400})
    bookmark = run.bookmark("orders")
    assert bookmark["window"] == {
        "from": WINDOW["window_from"],
        "to": WINDOW["window_to"],
        "rows": 997,
        "totals": {},
    }
    assert (bookmark["source"]["rows"], bookmark["read"]["rows"]) == (2999, 1000)
    assert orders.run(run.state, orders.orders, mode=mode).ids("orders") == []


def test_a_window_that_was_cut_off_goes_on_where_it_was(orders: Any) -> None:
    """From the state of any part only the rest comes, with what has changed in the parts before it."""
    table = applied({}, orders.run(catalog=orders.orders))
    settings = WINDOW | {"rows_per_part": 300, "find_deletes": True}
    cut = orders.run(orders.before, orders.orders, **settings)
    at = cut.of("STATE")[2]["value"]
    assert at["bookmarks"]["orders"]["resume"]["after"] == ["1099"]
    orders.source.execute(MEANWHILE)
    rest = orders.run(at, orders.orders, **settings)
    done = orders.run(rest.state, orders.orders, **settings)

    assert rest.ids("orders") == sorted({*range(1100, 1500), 7, 501, 1400, 5000} - {1401})
    assert rest.bookmark("orders")["read"]["rows"] == len(rest.rows("orders"))
    assert rest.bookmark("orders")["window"]["rows"] == 997
    assert [tuple(row.values()) for _, row in sorted(applied(table, rest).items())] == (
        orders.source.rows("select id::text, amount::text, at::text from orders order by orders.id")
    )
    assert done.rows("orders") == []
    assert done.bookmark("orders")["window"] == rest.bookmark("orders")["window"]


def test_rows_that_the_source_has_deleted_stay_where_nobody_looks_for_them(orders: Any) -> None:
    """A source may drop old rows that the warehouse is to keep: only `find_deletes` compares keys."""
    run = orders.run(orders.before, orders.orders, rows_per_part=300, **WINDOW)

    assert run.keys("orders") == []


def test_another_window_begins_at_its_start(orders: Any) -> None:
    """What was read of one window says nothing of another."""
    cut = orders.run(orders.before, orders.orders, rows_per_part=300, **WINDOW)
    other = WINDOW | {"window_to": "2024-01-01 09:00:00"}
    run = orders.run(cut.of("STATE")[1]["value"], orders.orders, rows_per_part=300, **other)

    assert run.ids("orders") == [*range(500, 540)]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window_from": "2024-01-01"}, "only one is set"),
        (WINDOW | {"state": {}}, "no load of it as it is now"),
        (WINDOW | {"catalog": None}, "each run reads it whole"),
    ],
)
def test_a_window_that_cannot_be_had_is_refused(
    orders: Any, settings: dict[str, Any], message: str
) -> None:
    """A window is no first load: without a bookmark of the table as it is now nothing is read."""
    state = settings.pop("state", orders.before)
    catalog = settings.pop("catalog", orders.orders)

    with pytest.raises(WaybillError, match=message):
        orders.run(state, catalog, **settings)
