"""What the job says of damage: bad rows, rows that are gone again, rows that the source deletes, another source.

The tests of this module run in order on one project: each goes on where the one before it ended.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import last_run
import pytest
from mail_server import mail_server, settings_for

from waybill_common import connections

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project

_PUBLISHED = {"sales_order": 11_187, "purchase_order": 4_649, "payment": 15_836}
_LATEST = {
    "sales_order": "trade.fact_sales_order",
    "purchase_order": "trade.fact_purchase_orders",
    "payment": "trade.fact_payment",
}


@pytest.fixture(scope="module")
def project(project_after_first_run: Project) -> Project:
    """The project after its first run."""
    return project_after_first_run


def test_a_planted_bad_row_stops_the_job_before_the_models(project: Project) -> None:
    """validate:raw is a gate: nothing after it runs."""
    project.execute(
        "insert into raw_olist.order_items"
        " (order_id, order_item_id, product_id, seller_id, shipping_limit_date, price,"
        " freight_value) values ('no-such-order', 1, 'p', 's', now(), 1, 1)",
        role="loader",
    )
    done = project.meltano("run", "marketplace")
    assert done.returncode != 0
    assert "no-such-order" in done.stdout
    assert "waybill:receipt" not in done.stdout
    steps = project.rows(
        "select step, status = 'succeeded' from waybill.step where receipt_id is null order by step_id"
    )
    assert steps[-1] == ("validate:raw", False)
    with mail_server() as inbox:
        told = project.meltano("invoke", "waybill:alerts", **settings_for(inbox))
    assert told.returncode == 0, told.stdout
    # Where tests are slow, a source is stale by now: that is told beside it.
    (mail,) = [each for each in inbox.mails if "run failed" in each["Subject"]]
    assert mail["Subject"] == "[waybill] run failed: marketplace"
    assert "failed at validate:raw" in mail.get_content()
    project.execute(
        "delete from raw_olist.order_items where order_id = 'no-such-order'", role="loader"
    )


def test_a_row_deleted_behind_its_back_fails_the_run_and_is_named(project: Project) -> None:
    """The receipt's promise: a landed row that is gone again is a difference, not a detail."""
    order_id, review_id = project.rows(
        "select order_id, review_id from raw_olist.order_reviews order by 1 limit 1"
    )[0]
    project.execute(
        f"delete from raw_olist.order_reviews where order_id = '{order_id}'", role="loader"
    )
    done = project.meltano("invoke", "waybill:receipt")
    assert done.returncode == 1
    assert "order_reviews" in done.stdout
    assert review_id in done.stdout
    is_balanced, receipt = last_run.receipt(project)
    assert not is_balanced
    assert "order_reviews" in json.dumps(receipt)


def test_a_row_deleted_at_the_source_is_counted_nowhere_and_kept_as_history(
    project: Project,
) -> None:
    """No replication key ever shows a delete: the comparison of keys does, and every figure follows."""
    folder = project.root / ".waybill" / "postgres"
    source = connections.embedded(connections.SUPERUSER, connections.SOURCE_DATABASE, folder=folder)
    with source.connect() as session:
        payment_id, transaction_id = session.execute(
            "delete from payment where payment_id = ("
            "select max(payment_id) from payment group by transaction_id having count(*) = 1"
            " order by 1 desc limit 1) returning payment_id, transaction_id"
        ).fetchall()[0]
        orders = session.execute(
            "delete from transaction where transaction_id = %s"
            " returning sales_order_id, purchase_order_id",
            [transaction_id],
        ).fetchall()[0]
        for table, order_id in zip(("sales_order", "purchase_order"), orders, strict=True):
            session.execute(f"delete from {table} where {table}_id = %s", [order_id])
    output = project.run("trade")
    for stream in ("payment", "transaction"):
        assert f"{stream}: 1 row deleted, gone from the source" in output
    assert project.rows(
        "select _sdc_deleted_at is null, (select bool_or(_is_latest) from trade.fact_payment"
        f" where payment_id = {payment_id}) from raw_totesys.payment where payment_id = {payment_id}"
    ) == [(False, False)]
    assert "nothing new" in project.run("trade")


@pytest.mark.real_data
def test_own_data_after_the_samples_balance_in_one_warehouse(
    project: Project, real_archives: Path
) -> None:
    """Nobody has to throw a warehouse away to leave the samples; their versions end, and stay."""
    samples = set(project.rows("select payment_record_id, payment_amount from trade.fact_payment"))
    own = {"WAYBILL_TOTESYS": str(real_archives / "totesys-2024-11-15.zip")}
    project.run("trade", **own)
    latest = {
        stream: project.rows(f"select count(*) from {fact} where _is_latest")[0][0]
        for stream, fact in _LATEST.items()
    }
    assert latest == _PUBLISHED
    kept = set(
        project.rows(
            "select payment_record_id, payment_amount from trade.fact_payment where not _is_latest"
        )
    )
    assert kept == samples
    assert "nothing new" in project.run("trade", **own)
