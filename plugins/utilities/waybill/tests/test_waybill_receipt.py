from __future__ import annotations

import datetime as dt
import io
import json
import re
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from waybill.cli import main
from waybill.receipt.model import Figures, MartReport, Movement, Receipt, StepReport, StreamReport
from waybill.receipt.printing import show

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str]]

NOW = dt.datetime(2024, 11, 15, 14, 40, 10, tzinfo=dt.UTC)


@pytest.fixture
def receipt(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `waybill receipt ...`; gives its exit code and what it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["waybill", "receipt", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        return int(end.value.code or 0), printed.out + printed.err

    return run


def _kept(shop: Any) -> dict[str, Any]:
    return shop.database.rows("select receipt from waybill.run order by ended_at desc limit 1")[0][
        0
    ]


def test_a_run_that_adds_up_is_balanced_and_closed(shop: Any, receipt: Run) -> None:
    """The receipt answers for every load and step, and says what it counted."""
    shop.database.execute(
        "insert into waybill.step (step, started_at, ended_at, succeeded)"
        " values ('validate:raw', now() - interval '2 seconds', now(), true)",
        role="auditor",
    )
    code, printed = receipt()
    assert code == 0, printed
    assert "balanced: 8 rows and 2 control totals" in printed
    assert re.search(r"orders +3 +3 +3 +3 +ok", printed)
    assert re.search(r"orders\.amount +60\.60 +60\.60 +ok", printed)
    assert re.search(r"marketplace\.fct_orders from raw_olist\.orders: rows +3 +3 +ok", printed)
    assert re.search(r"validate:raw .* 2\.0 +ok", printed)
    assert "load raw_olist" in printed
    assert shop.open_rows() == 0
    run_id, scope, is_balanced = shop.database.rows(
        "select run_id::text, scope, is_balanced from waybill.run"
    )[0]
    assert (scope, is_balanced) == ("olist,totesys", True)
    assert run_id in printed
    written = json.loads((shop.home / "receipts" / f"{run_id}.json").read_text())
    assert written == _kept(shop)
    assert written["streams"][0]["landed"] == {"rows": 3, "totals": {"amount": "60.60"}}


def test_a_landed_row_deleted_behind_its_back_is_named(shop: Any, receipt: Run) -> None:
    """A lost row fails the run; the stream, its file and the key are named, and the run is closed."""
    shop.database.execute("delete from raw_olist.orders where order_id = 'b'", role="loader")
    code, printed = receipt()
    assert code == 1, printed
    assert "raw_olist.orders: rows: expected 3 in the ledger, found 2 landed" in printed
    assert "orders.csv: 2 landed of 3 rows" in printed
    assert "order_id b: in the mart, not in raw_olist.orders" in printed
    assert "not balanced" in printed
    assert shop.database.rows("select is_balanced from waybill.run") == [(False,)]
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
    assert _kept(shop)["streams"][0]["landed"]["totals"]["amount"] == str(
        Decimal("9876543210987654321060.61")
    )


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (
            "delete from marketplace.fct_orders where order_id = 'c'",
            "order_id c: missing in the mart",
        ),
        (
            "insert into marketplace.fct_orders values ('c', 0)",
            "order_id c: 2 rows in the mart instead of 1",
        ),
        (
            "update marketplace.fct_orders set amount = null where order_id = 'a'",
            "order_id a: amount is null instead of 10.10",
        ),
        (
            "update marketplace.fct_orders set order_id = 'b' where order_id = 'a'",
            "order_id a: missing in the mart",
        ),
    ],
)
def test_damage_to_a_mart_is_named(shop: Any, receipt: Run, damage: str, named: str) -> None:
    """Lost, doubled, changed or swapped in a mart: the mart and the key are named."""
    shop.database.execute(damage, role="transformer")
    code, printed = receipt()
    assert code == 1, printed
    assert "marketplace.fct_orders: " in printed
    assert named in printed
    assert "\n  raw_olist.orders: " not in printed


def test_a_mart_row_outside_the_rule_does_not_count(shop: Any, receipt: Run) -> None:
    """dbt's own `where` holds for the receipt too: earlier versions of a row are no surplus."""
    shop.database.execute(
        "insert into trade.fact_payment values (1, 0.50, false)", role="transformer"
    )
    assert receipt()[0] == 0


def test_a_mart_that_is_not_there_is_a_difference(shop: Any, receipt: Run) -> None:
    """A manifest alone proves nothing."""
    shop.database.execute("drop table trade.fact_payment", role="transformer")
    code, printed = receipt()
    assert code == 1, printed
    assert "trade.fact_payment is not built" in printed


def test_without_dbt_the_marts_are_not_answered_for(shop: Any, receipt: Run) -> None:
    """A run that skipped the models must not look balanced."""
    (shop.root / "transform" / "target" / "manifest.json").unlink()
    code, printed = receipt()
    assert code == 1, printed
    assert "marts not built" in printed


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


def test_nothing_new_is_said_plainly(shop: Any, receipt: Run) -> None:
    """A second run without new rows is balanced and says so."""
    assert receipt()[0] == 0
    shop.load_orders("orders.csv", {"a": "10.10", "b": "20.20", "c": "30.30"}, unchanged=3)
    code, printed = receipt()
    assert code == 0, printed
    assert "nothing new: 3 rows read, all as they had landed before" in printed
    code, printed = receipt()
    assert code == 0, printed
    assert "nothing new: no row was read since the last receipt" in printed


def test_what_a_killed_run_left_is_answered_for_by_the_next_receipt(
    shop: Any, receipt: Run
) -> None:
    """Loads without a receipt are not lost: the next one counts them as read."""
    shop.load_orders("orders_2.csv", {"d": "4.40"})
    shop.build_marts()
    code, printed = receipt()
    assert code == 0, printed
    assert re.search(r"orders +4 +4 +4 +4 +ok", printed)
    assert shop.database.rows("select count(distinct run_id) from waybill.load") == [(1,)]


def test_a_receipt_of_one_source_leaves_the_other_open(shop: Any, receipt: Run) -> None:
    """Scopes are independent; the steps go to whichever receipt comes first."""
    assert receipt("totesys")[0] == 0
    assert shop.database.rows(
        "select target_schema from waybill.load where run_id is null group by 1"
    ) == [("raw_olist",)]
    code, printed = receipt("olist")
    assert code == 0, printed
    assert "trade.fact_payment" not in printed


def test_closing_is_all_or_nothing(shop: Any, receipt: Run) -> None:
    """If the loads cannot be closed, no run is recorded either."""
    shop.database.execute("revoke update (run_id) on waybill.step from auditor")
    code, printed = receipt()
    assert code == 2, printed
    assert "permission denied" in printed
    assert shop.database.rows("select count(*) from waybill.run") == [(0,)]
    assert shop.open_rows() == 3


@pytest.mark.usefixtures("shop")
def test_the_run_id_comes_from_the_environment(
    receipt: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An orchestrator can know the id beforehand; a used or malformed one is not used again."""
    wanted = str(uuid.uuid4())
    monkeypatch.setenv("WAYBILL_RUN_ID", wanted)
    assert wanted in receipt()[1]
    code, printed = receipt()
    assert code == 0, printed
    assert wanted not in printed
    monkeypatch.setenv("WAYBILL_RUN_ID", "not-a-uuid")
    assert receipt()[0] == 0


def test_a_warehouse_without_a_ledger_is_one_clear_line(shop: Any, receipt: Run) -> None:
    """A receipt that cannot be made is exit code 2, told apart from one that does not balance."""
    shop.database.execute("drop schema waybill cascade")
    code, printed = receipt()
    assert code == 2, printed
    assert printed.startswith("error: The warehouse has no ledger")
    assert printed.count("\n") == 1


@pytest.mark.usefixtures("shop")
def test_an_unknown_source_is_one_clear_line(receipt: Run) -> None:
    """A typing error must not give a green receipt over nothing."""
    code, printed = receipt("olisst")
    assert code == 2, printed
    assert "olisst" in printed
    assert "Name one of: olist, totesys" in printed


def test_a_stream_outside_the_contract_is_counted_too(shop: Any, receipt: Run) -> None:
    """What someone loads next to the contract's streams is not invisible."""
    shop.database.execute("create table raw_olist.extra as select 1 as i", role="loader")
    shop.load("raw_olist", "extra", inserted=2)
    code, printed = receipt()
    assert code == 1, printed
    assert "raw_olist.extra: rows: expected 2 in the ledger, found 1 landed" in printed
    assert "extra is not in the contract" in printed


@pytest.mark.parametrize("width", [80, 120])
def test_no_digit_is_cut_on_a_narrow_terminal(width: int) -> None:
    """A receipt whose numbers are shortened to fit is worth nothing."""
    huge = Figures(1_000_000_163, {"a_control_total_with_a_long_name": Decimal("2866262649.80")})
    report = StreamReport(
        contract="olist",
        name="product_category_name_translation",
        table="product_category_name_translation",
        source=huge,
        movement=Movement(1_000_000_163, 261_831_000, 112_650_000, 400_000_000),
        landed=huge,
    )
    mart = MartReport(
        "marketplace.customer_lifetime_value", "staging.stg_olist__customers", huge, huge
    )
    step = StepReport("validate:marts-marketplace", NOW, Decimal("3600.25"), succeeded=True)
    out = Console(width=width, record=True, file=io.StringIO())
    show(Receipt("id", ("olist",), NOW, NOW, (report,), (mart,), (step,)), out)
    printed = out.export_text()
    assert max(map(len, printed.splitlines())) <= width
    for number in (
        "1,000,000,163",
        "261,831,000",
        "112,650,000",
        "400,000,000",
        "2,866,262,649.80",
    ):
        assert number in printed
    assert "…" not in printed
