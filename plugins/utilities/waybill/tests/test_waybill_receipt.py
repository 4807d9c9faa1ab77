from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    Run = Callable[..., tuple[int, str]]

CLICKS = {"files": {}, "source": {"rows": 3}, "read": {"rows": 2}}


def test_a_landed_row_deleted_behind_its_back_is_named(shop: Any, receipt: Run) -> None:
    """A lost row fails the run; the stream, its file and the key are named, and the run is closed."""
    shop.database.execute("delete from raw_olist.orders where order_id = 'b'", role="loader")
    code, printed = receipt()
    assert code == 1, printed
    assert "raw_olist.orders: rows: expected 3 in the ledger, found 2 landed" in printed
    assert "orders.csv: 2 landed of 3 rows" in printed
    assert "order_id b: in the mart, not in raw_olist.orders" in printed
    assert "not balanced" in printed
    assert shop.database.rows("select is_balanced from waybill.receipt") == [(False,)]
    assert shop.open_rows() == 0


def test_a_lost_row_of_a_database_is_found_by_key_at_the_source(
    shop: Any, receipt: Run, source_database: Any
) -> None:
    """Keys that no mart can name any more are read again at the source, amounts too."""
    source_database.execute(
        "create table public.payment (payment_id integer, payment_amount numeric);"
        "insert into public.payment values (1, 1.01), (2, 2.02);"
        "grant select on public.payment to source_reader"
    )
    shop.database.execute(
        "delete from raw_totesys.payment where payment_id = 1;"
        "update raw_totesys.payment set payment_amount = 2.03 where payment_id = 2;"
        "insert into raw_totesys.payment values (33, 0)",
        role="loader",
    )
    shop.build_marts()
    code, printed = receipt("totesys")
    assert code == 1, printed
    assert "payment_id 1: at the source, not landed" in printed
    assert "payment_id 2: payment_amount is 2.03, 2.02 at the source" in printed
    assert "payment_id 33: landed, not at the source" in printed


def test_the_receipt_stands_when_the_source_cannot_be_read_again(
    shop: Any, receipt: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Naming keys is a service; without the source, the difference itself must still be told."""
    monkeypatch.setenv("WAYBILL_TOTESYS", "postgresql://nobody:secret-word@127.0.0.1:9/none")
    shop.database.execute("delete from raw_totesys.payment where payment_id = 1", role="loader")
    code, printed = receipt("totesys")
    assert code == 1, printed
    assert "raw_totesys.payment: rows: expected 2 in the ledger, found 1 landed" in printed
    assert "keys unknown" in printed
    assert "secret-word" not in printed
    assert shop.open_rows() == 2


def test_a_changed_cent_is_a_difference(shop: Any, receipt: Run) -> None:
    """Rows agree, money does not: the column, both sums and the key are named."""
    shop.database.execute(
        "update raw_olist.orders set amount = 20.19 where order_id = 'b'", role="loader"
    )
    code, printed = receipt()
    assert code == 1, printed
    assert (
        "raw_olist.orders: sum of amount: expected 60.60 in the ledger, found 60.59 landed"
        in printed
    )
    assert "orders.csv: sum of amount is 60.59 landed, 60.60 in the file" in printed
    assert "order_id b: amount is 20.20 instead of 20.19" in printed
    assert re.search(r"orders\.amount +60\.60 +60\.59 +differs", printed)


def test_sums_are_exact_beyond_floats(shop: Any, receipt: Run) -> None:
    """A cent must not drown in a sum of 24 digits."""
    large = "9876543210987654321000.01"
    shop.load_orders("orders_2.csv", {"d": large})
    shop.build_marts()
    code, printed = receipt()
    assert code == 0, printed
    assert "9,876,543,210,987,654,321,060.61" in printed
    assert shop.kept_receipt()["streams"][0]["landed"]["totals"]["amount"] == str(
        Decimal("9876543210987654321060.61")
    )


def test_a_stream_that_was_never_loaded_is_a_difference(shop: Any, receipt: Run) -> None:
    """The contract says what must be there, not the ledger."""
    shop.database.execute("delete from waybill.load where stream = 'clicks'")
    code, printed = receipt()
    assert code == 1, printed
    assert "raw_olist.clicks: loads: expected at least one, found none" in printed


def test_a_dropped_table_is_a_difference(shop: Any, receipt: Run) -> None:
    """The ledger remembers what the warehouse lost."""
    shop.database.execute("drop table raw_olist.clicks", role="loader")
    code, printed = receipt()
    assert code == 1, printed
    assert "raw_olist.clicks: rows: expected 3 rows in the ledger, found no such table" in printed


def test_what_was_sent_must_have_been_received(shop: Any, receipt: Run) -> None:
    """A row lost on the wire is seen although raw table and ledger agree."""
    count = {"rows": 3, "totals": {}}
    shop.load(
        "raw_olist",
        "clicks",
        unchanged=1,
        bookmark={"files": {}, "source": count, "read": {"rows": 2, "totals": {}}},
    )
    code, printed = receipt()
    assert code == 1, printed
    assert "raw_olist.clicks: rows read: expected 2 sent by the tap, found 1 received" in printed


def test_an_invocation_is_measured_over_all_its_transactions(shop: Any, receipt: Run) -> None:
    """The tap's count grows with each STATE of one process; only the last one is the whole."""
    invocation = shop.load(
        "raw_olist", "clicks", inserted=2,
        bookmark={"source": {"rows": 5}, "read": {"rows": 2}},
    )  # fmt: skip
    shop.load(
        "raw_olist", "clicks", inserted=1, invocation=invocation,
        bookmark={"source": {"rows": 6}, "read": {"rows": 3}},
    )  # fmt: skip
    shop.database.execute(
        "insert into raw_olist.clicks values ('/x'), ('/y'), ('/z')", role="loader"
    )
    code, printed = receipt("olist")
    assert code == 0, printed


def test_rows_that_a_later_file_replaces_are_shown_not_missed(shop: Any, receipt: Run) -> None:
    """A delta file overlays the file before it: fewer rows land than the files hold."""
    shop.load_orders("orders_2018-10-18.csv", {"c": "33.30", "d": "40.40"}, inserted=1, updated=1)
    shop.build_marts()
    code, printed = receipt()
    assert code == 0, printed
    assert re.search(r"orders +5 +5 +4 +1 +4 +ok", printed)
    assert (
        "orders: 1 row of the source replaced by a row of the same key in a later file" in printed
    )


def test_an_overlay_does_not_hide_a_lost_file(shop: Any, receipt: Run) -> None:
    """Only as many rows may be missing as were ever replaced."""
    shop.load_orders("orders_2018-10-18.csv", {"c": "33.30", "d": "40.40"}, inserted=1, updated=1)
    shop.files["orders_2018-10-19.csv"] = {"rows": 2, "totals": {"amount": "1.00"}}
    shop.load("raw_olist", "orders", bookmark=shop.bookmark(read={"rows": 0, "totals": {}}))
    shop.build_marts()
    code, printed = receipt()
    assert code == 1, printed
    assert "raw_olist.orders: rows: expected 7 at the source, found 4 landed" in printed
    assert "orders_2018-10-19.csv: 0 landed of 2 rows" in printed


def test_a_source_that_was_not_counted_is_a_difference(shop: Any, receipt: Run) -> None:
    """Without a count at the source nothing is reconciled with it."""
    shop.load("raw_olist", "clicks", bookmark={"position": 3})
    code, printed = receipt()
    assert code == 1, printed
    assert "raw_olist.clicks: rows: expected a count by the tap" in printed


def test_a_stream_outside_the_contract_is_counted_too(shop: Any, receipt: Run) -> None:
    """What someone loads next to the contract's streams is not invisible."""
    shop.database.execute("create table raw_olist.extra as select 1 as i", role="loader")
    shop.load("raw_olist", "extra", inserted=2)
    code, printed = receipt()
    assert code == 1, printed
    assert "raw_olist.extra: rows: expected 2 in the ledger, found 1 landed" in printed
    assert "extra is not in the contract" in printed


def test_rows_superseded_and_deleted_are_told(shop: Any, receipt: Run) -> None:
    """Rows that did not stay are part of the account."""
    shop.load("raw_olist", "orders", superseded=2, bookmark=shop.bookmark({"rows": 2}))
    shop.load("raw_olist", "clicks", inserted=2, deleted=2, bookmark=CLICKS)
    code, printed = receipt("olist")
    assert code == 0, printed
    assert "orders: 2 rows superseded by a later row of the same key and transaction" in printed
    assert "clicks: 2 rows deleted, gone from the source" in printed


def test_a_total_that_older_loads_did_not_keep_is_told_not_failed(shop: Any, receipt: Run) -> None:
    """A column that becomes a control total later is still reconciled with the source."""
    shop.database.execute("update waybill.load set totals_landed_change = '{}' where load_id = 1")
    code, printed = receipt("olist")
    assert code == 0, printed
    assert "orders: the ledger lacks the sum of amount for some loads" in printed
    shop.database.execute("update raw_olist.orders set amount = 0 where order_id = 'a'")
    assert "sum of amount: expected 60.60 at the source, found 50.50 landed" in receipt("olist")[1]


def test_a_lost_control_total_column_is_a_difference(shop: Any, receipt: Run) -> None:
    """Money that has no column any more is not accounted for."""
    shop.database.execute("drop table marketplace.fct_orders", role="transformer")
    shop.database.execute("alter table raw_olist.orders drop column amount", role="loader")
    code, printed = receipt("olist")
    assert code == 1
    assert (
        "raw_olist.orders: sum of amount: expected a control total, found no such column" in printed
    )
