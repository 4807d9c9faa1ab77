"""Rows that are gone from their source, and rows that could not land: accounted for and shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str]]


def _mark_payment_as_gone(shop: Any) -> None:
    """Payment 1 of 1.01 goes at the source, and the target marks its row."""
    shop.database.execute(
        "alter table raw_totesys.payment add _sdc_deleted_at timestamptz;"
        "update raw_totesys.payment set _sdc_deleted_at = now() where payment_id = 1",
        role="loader",
    )
    shop.database.execute("delete from trade.fact_payment where payment_id = 1", role="transformer")
    shop.load(
        "raw_totesys",
        "payment",
        deleted=1,
        landed_change={"payment_amount": "-1.01"},
        bookmark={"source": {"rows": 1, "totals": {"payment_amount": "2.02"}}},
    )
    shop.write_manifest(shop.manifest_of_alive_payments())


def _spoil_order(shop: Any, **letter: Any) -> None:
    """A second file of two orders, one of which could not land."""
    shop.load_orders("orders_2.csv", {"d": "40.40"}, inserted=1, dead=1)
    shop.dead_letter("raw_olist", "orders", source_file="orders_2.csv", source_line=3, **letter)
    shop.build_marts()


def test_a_marked_row_is_gone_from_every_figure(shop: Any, receipt: Run) -> None:
    """It stays in raw, and counts neither as landed nor for a sum; the mart lacks it rightly."""
    _mark_payment_as_gone(shop)
    code, printed = receipt("totesys")
    assert code == 0, printed
    assert re.search(r"totesys +source +read +new +deleted +landed", printed)
    assert re.search(r"payment +1 +2 +2 +1 +1 +ok", printed)
    assert re.search(r"payment\.payment_amount +2\.02 +2\.02 +ok", printed)
    assert "payment: 1 row deleted, gone from the source" in printed


def test_a_mark_that_the_ledger_does_not_know_is_a_difference(
    shop: Any, receipt: Run, source_database: Any
) -> None:
    """A row marked behind the loader's back is a lost row, and its key is named."""
    source_database.execute(
        "create table public.payment (payment_id integer, payment_amount numeric);"
        "insert into public.payment values (2, 2.02);"
        "grant select on public.payment to source_reader"
    )
    _mark_payment_as_gone(shop)
    assert receipt("totesys")[0] == 0
    shop.database.execute(
        "update raw_totesys.payment set _sdc_deleted_at = now() where payment_id = 2",
        role="loader",
    )
    code, printed = receipt("totesys")
    assert code == 1, printed
    assert "raw_totesys.payment: rows: expected 1 in the ledger, found 0 landed" in printed
    assert "payment_id 2: at the source, not landed" in printed
    assert "payment_id 1" not in printed


def test_a_dead_letter_is_accounted_for_and_shown(shop: Any, receipt: Run) -> None:
    """A row that could not land is no difference; it is told until it has landed."""
    _spoil_order(shop)
    code, printed = receipt("olist")
    assert code == 0, printed
    assert re.search(r"olist +source +read +new +dead +landed", printed)
    assert re.search(r"orders +5 +5 +4 +1 +4 +ok", printed)
    shown = "1 open dead letter"
    command = "`meltano invoke waybill:dead-letters`"
    assert f"note: orders: {shown}, what could not land: {command}" in printed
    assert f"kept by the marts, {shown}: {command}" in printed
    kept = shop.kept_receipt()["streams"][0]
    assert (kept["movement"]["dead"], kept["dead_letters"]) == (1, 1)
    assert shop.database.rows(
        "select count(*) from waybill.dead_letter where receipt_id is null"
    ) == [(0,)]

    code, printed = receipt("olist")
    assert code == 0, printed
    assert f"note: orders: {shown}" in printed


def test_a_dead_letter_hides_no_lost_row(shop: Any, receipt: Run) -> None:
    """One letter explains one row: the next one that is missing is a difference of its file."""
    _spoil_order(shop)
    shop.files["orders_2.csv"]["rows"] = 3
    shop.load("raw_olist", "orders", bookmark=shop.bookmark(read={"rows": 0, "totals": {}}))
    code, printed = receipt("olist")
    assert code == 1, printed
    assert (
        "raw_olist.orders: rows: expected 5 at the source, 1 dead letter left out, found 4 landed"
        in printed
    )
    assert "orders_2.csv: 1 landed of 2 rows" in printed


def test_totals_of_a_row_that_the_source_counted_are_left_out(shop: Any, receipt: Run) -> None:
    """What the target refused, the tap had summed: its cents are in the letter, to the last."""
    _spoil_order(shop, found_by="target", counted_totals={"amount": "7.07"})
    code, printed = receipt("olist")
    assert code == 1, printed
    assert "sum of amount: expected 93.93 at the source, 1 dead letter left out" in printed
    assert "orders_2.csv: sum of amount is 40.40 landed, 33.33 in the file" in printed

    shop.files["orders_2.csv"]["totals"]["amount"] = "47.47"
    shop.load("raw_olist", "orders", bookmark=shop.bookmark(read={"rows": 0, "totals": {}}))
    code, printed = receipt("olist")
    assert code == 0, printed


def test_a_replayed_letter_counts_as_it_landed_until_its_file_is_sent_again(
    shop: Any, receipt: Run
) -> None:
    """A mended row may hold another amount than its file: the letter bridges source and table."""
    _spoil_order(shop)
    shop.database.execute(
        "insert into raw_olist.orders values ('e', 5.05, 'orders_2.csv')", role="loader"
    )
    shop.load("raw_olist", "orders", inserted=1, landed_change={"amount": "5.05"})
    replayed = (
        "update waybill.dead_letter set resolved_at = now(), resolved_by = 'replay',"
        """ landed_totals = '{"amount": 5.05}'"""
    )
    shop.database.execute(replayed, role="loader")
    shop.build_marts()
    code, printed = receipt("olist")
    assert code == 0, printed
    assert "open dead letter" not in printed
    assert "orders: by dead letters, the sum of amount is 5.05 off the source's" in printed

    shop.database.execute("update waybill.dead_letter set resolved_by = 'reload'", role="loader")
    code, printed = receipt("olist")
    assert code == 1, printed
    assert "sum of amount: expected 101.00 at the source, found 106.05 landed" in printed


def test_an_older_row_stands_for_its_dead_letter(
    shop: Any, receipt: Run, source_database: Any
) -> None:
    """A changed row that could not land leaves the one before it: nothing is missing but the change."""
    source_database.execute(
        "create table public.payment (payment_id integer, payment_amount numeric);"
        "insert into public.payment values (1, 9.01), (2, 3.00);"
        "grant select on public.payment to source_reader"
    )
    shop.load(
        "raw_totesys",
        "payment",
        dead=1,
        bookmark={"source": {"rows": 2, "totals": {"payment_amount": "11.03"}}},
    )
    shop.dead_letter(
        "raw_totesys",
        "payment",
        key={"payment_id": "1"},
        found_by="target",
        keeps_older_row=True,
        counted_totals={"payment_amount": "8.00"},
    )
    code, printed = receipt("totesys")
    assert code == 0, printed
    assert re.search(r"payment +2 +3 +2 +1 +2 +ok", printed)
    assert (
        "payment: by dead letters, the sum of payment_amount is -8.00 off the source's" in printed
    )

    shop.database.execute(
        "update raw_totesys.payment set payment_amount = 3.03 where payment_id = 2", role="loader"
    )
    code, printed = receipt("totesys")
    assert code == 1, printed
    assert "payment_id 2: payment_amount is 3.03, 3.00 at the source" in printed
    assert "payment_id 1" not in printed
