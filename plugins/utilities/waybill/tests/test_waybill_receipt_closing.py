from __future__ import annotations

import datetime as dt
import io
import json
import re
import threading
import time
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from psycopg import ClientCursor
from rich.console import Console

from waybill.receipt.model import Figures, MartReport, Movement, Receipt, StepReport, StreamReport
from waybill.receipt.printing import show
from waybill_common import connections

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str]]

NOW = dt.datetime(2024, 11, 15, 14, 40, 10, tzinfo=dt.UTC)


def test_a_run_that_adds_up_is_balanced_and_closed(shop: Any, receipt: Run) -> None:
    """The receipt answers for every load and step, and says what it counted."""
    shop.database.execute(
        "insert into waybill.step (step, started_at, ended_at, status)"
        " values ('validate:raw', now() - interval '2 seconds', now(), 'succeeded')",
        role="auditor",
    )
    code, printed = receipt()
    assert code == 0, printed
    assert "balanced: 8 rows and 2 control totals" in printed
    assert re.search(r"orders +3 +3 +3 +3 +ok", printed)
    assert re.search(r"orders\.amount +60\.60 +60\.60 +ok", printed)
    assert re.search(r"marketplace\.fct_orders of raw_olist\.orders, 1 total +3 +3 +ok", printed)
    assert re.search(r"validate:raw .* 2\.0 +ok", printed)
    assert "load raw_olist" in printed
    assert shop.open_rows() == 0
    receipt_id, run_id, scope, is_balanced = shop.database.rows(
        "select receipt_id::text, run_id::text, scope, is_balanced from waybill.receipt"
    )[0]
    assert (scope, is_balanced) == ("olist,totesys", True)
    assert run_id in printed
    written = json.loads((shop.home / "receipts" / f"{receipt_id}.json").read_text())
    assert written == shop.kept_receipt()
    assert written["streams"][0]["landed"] == {"rows": 3, "totals": {"amount": "60.60"}}


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
    assert shop.database.rows("select count(distinct receipt_id) from waybill.load") == [(1,)]


def test_a_receipt_of_one_source_leaves_the_other_open(shop: Any, receipt: Run) -> None:
    """Scopes are independent; the steps go to whichever receipt comes first."""
    assert receipt("totesys")[0] == 0
    assert shop.database.rows(
        "select target_schema from waybill.load where receipt_id is null group by 1"
    ) == [("raw_olist",)]
    code, printed = receipt("olist")
    assert code == 0, printed
    assert "trade.fact_payment" not in printed


def test_closing_is_all_or_nothing(shop: Any, receipt: Run) -> None:
    """If the loads cannot be closed, no run is recorded either."""
    shop.database.execute("revoke update (receipt_id) on waybill.step from auditor")
    code, printed = receipt()
    assert code == 2, printed
    assert "permission denied" in printed
    assert shop.database.rows("select count(*) from waybill.receipt") == [(0,)]
    assert shop.open_rows() == 3


CLOSED_BY_ANOTHER = """
    insert into waybill.receipt (receipt_id, scope, started_at, ended_at, is_balanced, receipt)
    values (%(id)s, 'olist', now(), now(), true, '{}');
    update waybill.load set receipt_id = %(id)s where receipt_id is null
"""
BLOCKED = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = %s"


def test_two_receipts_at_once_answer_for_a_load_once(shop: Any, receipt: Run) -> None:
    """The one that comes second closes nothing and says why."""
    with connections.warehouse("auditor").connect(cursor_factory=ClientCursor) as other:
        other.execute(CLOSED_BY_ANOTHER, {"id": str(uuid.uuid4())})

        def commit_when_the_second_waits() -> None:
            while shop.database.rows(BLOCKED, (shop.database.name,)) == [(0,)]:
                time.sleep(0.01)
            other.commit()

        committing = threading.Thread(target=commit_when_the_second_waits, daemon=True)
        committing.start()
        code, printed = receipt("olist")
        committing.join()
    assert code == 2, printed
    assert "Another receipt closed the same loads at the same time" in printed
    assert shop.database.rows("select count(*) from waybill.receipt") == [(1,)]


@pytest.mark.usefixtures("shop")
def test_the_run_id_comes_from_the_environment(
    receipt: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An orchestrator knows the run beforehand; a malformed id is an error, not another run."""
    wanted = str(uuid.uuid4())
    monkeypatch.setenv("WAYBILL_RUN_ID", wanted)
    assert wanted in receipt()[1]
    monkeypatch.setenv("WAYBILL_RUN_ID", "not-a-uuid")
    code, printed = receipt()
    assert code == 2, printed
    assert "WAYBILL_RUN_ID is not a UUID" in printed


def test_a_warehouse_without_a_ledger_is_one_clear_line(shop: Any, receipt: Run) -> None:
    """A receipt that cannot be made is exit code 2, told apart from one that does not balance."""
    shop.database.execute("drop schema waybill cascade")
    code, printed = receipt()
    assert code == 2, printed
    first, second = printed.splitlines()
    assert re.match("error: The warehouse .* has no ledger", first)
    assert second.startswith("alerts: not evaluated: The warehouse has no ledger of incidents")


@pytest.mark.usefixtures("shop")
def test_an_unknown_source_is_one_clear_line(receipt: Run) -> None:
    """A typing error must not give a green receipt over nothing."""
    code, printed = receipt("olisst")
    assert code == 2, printed
    assert "olisst" in printed
    assert "Name one of: olist, " in printed
    assert " shop, " in printed


@pytest.mark.parametrize("width", [80, 100, 120])
def test_no_digit_is_cut_on_a_narrow_terminal(width: int) -> None:
    """A receipt whose numbers are shortened to fit is worth nothing."""
    huge = Figures(1_000_000_163, {"a_control_total_with_a_long_name": Decimal("2866262649.80")})
    report = StreamReport(
        contract="olist",
        name="product_category_name_translation",
        table="product_category_name_translation",
        source=huge,
        movement=Movement(
            1_000_000_163, 261_831_000, 112_650_000, 400_000_000, 0, 225_682_513, 1_000_163
        ),
        landed=huge,
    )
    mart = MartReport(
        "marketplace.customer_lifetime_value", "staging.stg_olist__customers", huge, huge
    )
    step = StepReport("validate:marts-marketplace", NOW, Decimal("3600.25"), succeeded=True)
    out = Console(width=width, record=True, file=io.StringIO())
    show(Receipt("id", "run", ("olist",), NOW, NOW, (report,), (mart,), (step,)), out)
    printed = out.export_text()
    tables = printed[: printed.index("balanced")]
    assert max(map(len, tables.splitlines())) <= width
    for text in (
        "product_category_name_translation",
        "marketplace.customer_lifetime_value",
        "1,000,000,163",
        "261,831,000",
        "112,650,000",
        "400,000,000",
        "225,682,513",
        "1,000,163",
        "2,866,262,649.80",
    ):
        assert text in tables
    assert "…" not in printed
