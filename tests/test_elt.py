"""The whole job on samples: first run, second run, the next day, damage, and a full load beside it.

The tests of this module run in order on one project: each goes on where the one before it ended.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

import browsers
import metric_answers
import mongo_server
import pages
import pytest
from mail_server import mail_server, settings_for
from mart_fingerprints import SERIALS, fingerprints
from metric_queries import QUERIES

from scripts import query_plans
from target_mongodb import export
from waybill.freshness import beating
from waybill_common import connections, contracts
from waybill_sources import olist, settings

if TYPE_CHECKING:
    from pathlib import Path

    from bson.decimal128 import Decimal128

    from conftest import Project

_LAST_LOADS = """
    select stream, sum(rows_received), sum(rows_inserted), sum(rows_updated)
    from waybill.load
    where receipt_id = (select receipt_id from waybill.receipt order by ended_at desc limit 1)
    group by stream
    having sum(rows_received) > 0
"""
_LAST_RUN = "(select run_id from waybill.run order by started_at desc limit 1)"
_LAST_WORK = f"""
    select step, detail ->> 'nodes', (detail ->> 'unchanged')::int > 100
    from waybill.step
    where run_id = {_LAST_RUN} and (step = 'dbt:build' or starts_with(step, 'validate:'))
    order by step
"""
_CHECKED_WITHOUT_REASON = f"""
    select table_name from waybill.expectation_result where run_id = {_LAST_RUN}
    group by table_name having bool_and(succeeded)
"""


def _last_receipt(project: Project) -> tuple[bool, dict[str, object]]:
    is_balanced, receipt = project.rows(
        "select is_balanced, receipt from waybill.receipt order by ended_at desc limit 1"
    )[0]
    return is_balanced, receipt


@pytest.fixture(scope="module")
def first_run(project: Project) -> str:
    """What the first run prints; it comes before all tests of this module."""
    return project.run("elt")


def test_the_first_run_lands_models_and_balances(project: Project, first_run: str) -> None:
    """One command from nothing to a balanced receipt over every row of the samples."""
    is_balanced, _ = _last_receipt(project)
    assert is_balanced
    assert "balanced" in first_run
    assert project.rows("select count(*) from marketplace.fct_orders")[0][0] == 1000
    items, landed = project.rows(
        "select (select count(*) from marketplace.fct_order_items),"
        " (select count(*) from raw_olist.order_items)"
    )[0]
    assert items == landed > 1000
    payments, landed = project.rows(
        "select (select count(*) from trade.fact_payment),"
        " (select count(*) from raw_totesys.payment)"
    )[0]
    assert payments == landed > 0
    lines, landed = project.rows(
        "select (select count(*) from retail.fct_invoice_lines),"
        " (select count(*) from raw_online_retail.invoice_lines)"
    )[0]
    assert lines == landed > 1000
    summaries, rejected = project.rows(
        "select (select count(*) from storefront.customer_summary),"
        " (select count(*) from storefront.rejected_rows where source_table = 'customers')"
    )[0]
    assert project.rows("select count(*) from raw_storefront.customers") == [
        (summaries + rejected,)
    ]


def test_the_readme_shows_the_receipt_of_the_samples(project: Project, first_run: str) -> None:
    """The samples are the same for everybody, so what the README shows must be what they see."""
    receipt = _receipt_of_the_readme((project.root / "README.md").read_text(encoding="utf-8"))
    printed = {" ".join(line.split()) for line in first_run.splitlines()}
    assert len(receipt) > 15
    assert [line for line in receipt if line not in printed] == []


def _receipt_of_the_readme(text: str) -> list[str]:
    shown = text.split("## What you see")[1].split("## Your own data", maxsplit=1)[0]
    block = shown[: shown.index("Then how to query")]
    lines = (" ".join(line.split()) for line in block.splitlines() if line.startswith("    "))
    return [line for line in lines if line and line != "…"]


def test_the_plain_commands_work_after_it(project: Project) -> None:
    """The Makefile only wraps Meltano: what the README lists must run as it stands there."""
    states = project.meltano("state", "list")
    assert "dev:tap-csv--olist-to-target-postgres" in states.stdout
    assert "dev:tap-postgres--totesys-to-target-postgres" in states.stdout
    assert "marketplace-daily" in project.meltano("schedule", "list").stdout
    assert "olist.yml" in project.meltano("config", "list", "tap-csv--olist").stdout
    assert project.meltano("invoke", "warehouse:status").returncode == 0
    assert project.url().startswith("postgresql://auditor:")
    metrics = project.meltano("invoke", "dbt:metrics").stdout
    assert "marketplace_average_order_value" in metrics


def test_the_metrics_agree_with_the_reports(project: Project) -> None:
    """Protects the one meaning of a figure: MetricFlow and the report marts say the same of every metric."""
    asked = {name for query in QUERIES for name in query.metrics}
    assert asked == metric_answers.metrics(project)
    assert metric_answers.disagreements(project) == {}


def test_dictionary_and_lineage_are_pages_that_ask_for_nothing_elsewhere(project: Project) -> None:
    """Protects who reads them on a closed network, and what a tracker would learn of their tables."""
    made = project.meltano("invoke", "dbt:lineage")
    assert made.returncode == 0, made.stdout
    folder = project.root / ".waybill" / "dbt"
    model = "model.waybill.fct_order_items"
    with browsers.visit() as page:
        page.open(folder / "docs" / "index.html", f"#!/model/{model}")
        page.shows(
            "One row per item of an order.",
            "order_item_id",
            "int_marketplace__orders_joined_to_customer_versions",
        )
        page.open(folder / "lineage" / "index.html", f"?model={model}&parents=1&children=1")
        page.shows("fct_order_items", "stg_olist__order_items", "freight_value")


def test_summaries_and_insights_are_published_as_documents(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the marts to MongoDB: each row and each cent, as often as the job runs, and as the samples show."""
    with mongo_server.keeping() as (url, held):
        for _ in range(2):
            project.run("storefront-publish", WAYBILL_MONGODB=url)
        monkeypatch.setenv("WAYBILL_MONGODB", url)
        export.main([str(tmp_path)])
    documents = held.collections["customer_summary"].values()
    mart = project.rows(
        "select customer_id, total_amount_spent, average_rating from storefront.customer_summary",
        role="reader",
    )
    assert sorted(mart) == sorted(
        (each["_id"], each["total_amount_spent"].to_decimal(), _decimal(each["average_rating"]))
        for each in documents
    )
    trend = held.collections["insights"]["'rpt_sales_trend'"]["rows"]
    assert trend[0]["month_start_date"] == dt.datetime(2024, 1, 1)  # noqa: DTZ001 - BSON is UTC
    samples = project.root / "extract" / "samples" / "storefront"
    for name in ("customer_summary", "insights"):
        shown = (samples / f"{name}.jsonl").read_text(encoding="utf-8")
        assert (tmp_path / f"{name}.jsonl").read_text(encoding="utf-8") == shown


def _decimal(value: Decimal128 | None) -> Decimal | None:
    return None if value is None else value.to_decimal()


def test_the_plans_are_those_that_the_page_names(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Protects docs/data-structures.md from speaking of structures that PostgreSQL does not use."""
    compiled = project.root / "transform" / "target" / "compiled" / "waybill" / "models"
    claims = query_plans.claims(query_plans.PAGE.read_text(encoding="utf-8"))
    assert len(claims) > 6
    assert list(query_plans.missing(project.url(), compiled)) == []
    assert "top-N heapsort" in capsys.readouterr().out


def test_the_second_run_loads_nothing_and_changes_nothing(project: Project) -> None:
    """An unchanged source costs no row on the wire and no row in the marts."""
    before = fingerprints(project.url())
    output = project.run("elt")
    assert "nothing new" in output
    assert project.rows(_LAST_LOADS) == []
    assert fingerprints(project.url()) == before
    # No model or test was made again, and no check but for tables that gave a warning.
    assert project.rows(_LAST_WORK) == [
        ("dbt:build", "{}", True),
        ("validate:marts", None, True),
        ("validate:raw", None, True),
    ]
    assert project.rows(_CHECKED_WITHOUT_REASON) == []


def test_the_next_day_sends_only_new_and_changed_rows(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a day of new, changed and late rows, what travels is that day and no more."""
    landed_before = dict(
        project.rows("select stream, sum(rows_received) from waybill.load group by stream")
    )
    assert project.meltano("invoke", "sources:next-day").returncode == 0
    with monkeypatch.context() as patch:
        patch.setenv("WAYBILL_HOME", project.environment["WAYBILL_HOME"])
        assert list(beating.beat(contracts.load_all())) == ["totesys"]
    output = project.run("elt")
    assert "balanced" in output
    day = {
        stream: (received, inserted, updated)
        for stream, received, inserted, updated in project.rows(_LAST_LOADS)
    }
    assert day.pop("waybill_heartbeat") == (1, 1, 0)
    assert day.pop("rates")[1:] == (3, 0)  # of the quarter, which goes as a whole
    assert {"orders", "order_items", "payment", "sales_order", "reviews"} <= set(day)
    assert "product_category_name_translation" not in day
    assert "currency" not in day
    for stream, (received, inserted, updated) in day.items():
        assert received < landed_before[stream] / 2, stream
        assert received == inserted + updated, stream
    assert day["orders"][2] > 0
    assert day["payment"][2] > 0


def test_a_late_day_lands_and_a_corrected_one_replaces_its_earlier_version(
    project: Project,
) -> None:
    """Protects daily files without a key: each line as often as its file has it, whenever that came."""
    landed = Counter(
        project.rows(
            "select _sdc_source_file, invoice_no, stock_code, quantity::text, unit_price from raw_online_retail.invoice_lines"
        )
    )
    folder = project.root / ".waybill" / "samples" / "online_retail"
    files = Counter(
        (path.name, row["InvoiceNo"], row["StockCode"], row["Quantity"], Decimal(row["UnitPrice"]))
        for path in folder.glob("*.csv")
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    )
    assert landed == files
    assert max(files.values()) > 1
    replaced = project.rows(
        "select sum(rows_deleted) > 0 from waybill.load where stream = 'invoice_lines'"
    )
    assert replaced == [(True,)]
    assert project.rows("select count(*) from retail.fct_invoice_lines") == [(files.total(),)]


def test_the_heartbeat_of_that_day_has_its_latency(project: Project) -> None:
    """Protects the way of a heartbeat from the source over the tap to the end of the build, as one."""
    measured = """
        select fresh.domain, fresh.source, fresh.method, fresh.latency_seconds > 0,
            fresh.committed_at = beat.beaten_at, fresh.visible_at = build.ended_at
        from waybill.freshness as fresh
        cross join raw_totesys.waybill_heartbeat as beat
        left join waybill.step as build
            on fresh.run_id = build.run_id and build.step = 'dbt:build'
    """
    assert project.rows(measured) == [("trade", "totesys", "heartbeat", True, True, True)]


def test_the_facts_keep_both_versions_of_a_changed_payment(project: Project) -> None:
    """History that only the incremental path can see: the version before the change stays."""
    versions = project.rows(
        "select payment_id, array_agg(paid order by payment_record_id) from trade.fact_payment"
        " group by payment_id having count(*) > 1"
    )
    updated = project.rows("select sum(rows_updated) from waybill.load where stream = 'payment'")[
        0
    ][0]
    assert len(versions) == updated > 0
    assert all(paid == [False, True] for _, paid in versions)


_PUBLISHED = {"sales_order": 11_187, "purchase_order": 4_649, "payment": 15_836}
_LATEST = {
    "sales_order": "trade.fact_sales_order",
    "purchase_order": "trade.fact_purchase_orders",
    "payment": "trade.fact_payment",
}


@pytest.fixture(scope="module")
def whole_olist(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The samples after their next day, each row once in its latest version."""
    folder = tmp_path_factory.mktemp("whole") / "olist"
    olist.generate(folder, settings.load(), days=1)
    return str(folder)


def test_incremental_equals_a_full_load_from_nothing(
    project: Project, other_project: Project, whole_olist: str
) -> None:
    """Two runs over two days give the marts of one run over the state after both, row for row.

    That one is the nightly job, which leaves out nothing: no check, no model, no test.
    """
    prepared = other_project.meltano("run", "warehouse:up", "sources:prepare")
    assert prepared.returncode == 0, prepared.stdout
    next_day = other_project.meltano("invoke", "sources:next-day")
    assert next_day.returncode == 0, next_day.stdout
    output = other_project.run("quality", WAYBILL_OLIST=whole_olist)
    assert "have passed since" not in output
    assert "unchanged in" not in output
    incremental = fingerprints(project.url(), without=SERIALS, latest_versions=True)
    full = fingerprints(other_project.url(), without=SERIALS, latest_versions=True)
    assert incremental == full


def test_a_full_refresh_and_a_rebuild_give_the_same_marts(
    other_project: Project, whole_olist: str
) -> None:
    """Neither a forgotten bookmark, nor the way over the lake, nor a rebuild of the models changes a row.

    What stands in raw came without the lake: it is compared with what comes over it, byte for byte.
    """
    before = fingerprints(other_project.url())
    refreshed = other_project.meltano(
        "run", "--full-refresh", "elt-lake", WAYBILL_OLIST=whole_olist
    )
    assert refreshed.returncode == 0, refreshed.stdout[-8000:]
    assert other_project.rows(
        "select coalesce(sum(rows_inserted + rows_updated - rows_deleted), 0) from waybill.load"
        " where receipt_id = (select receipt_id from waybill.receipt order by ended_at desc limit 1)"
        " and stream not in ('geolocation')"
    ) == [(0,)]
    assert fingerprints(other_project.url()) == before
    assert " marts published, 0 unchanged" in refreshed.stdout
    rebuilt = other_project.meltano("invoke", "dbt", "build", "--full-refresh")
    assert rebuilt.returncode == 0, rebuilt.stdout[-8000:]
    assert fingerprints(other_project.url()) == before


def test_a_planted_bad_row_stops_the_job_before_the_models(
    other_project: Project, whole_olist: str
) -> None:
    """validate:raw is a gate: nothing after it runs."""
    other_project.execute(
        "insert into raw_olist.order_items"
        " (order_id, order_item_id, product_id, seller_id, shipping_limit_date, price,"
        " freight_value) values ('no-such-order', 1, 'p', 's', now(), 1, 1)",
        role="loader",
    )
    done = other_project.meltano("run", "elt", WAYBILL_OLIST=whole_olist)
    assert done.returncode != 0
    assert "no-such-order" in done.stdout
    assert "waybill:receipt" not in done.stdout
    steps = other_project.rows(
        "select step, status = 'succeeded' from waybill.step where receipt_id is null order by step_id"
    )
    assert steps[-1] == ("validate:raw", False)
    with mail_server() as inbox:
        told = other_project.meltano("invoke", "waybill:alerts", **settings_for(inbox))
    assert told.returncode == 0, told.stdout
    assert [mail["Subject"] for mail in inbox.mails] == ["[waybill] run failed: elt"]
    assert "failed at validate:raw" in inbox.mails[0].get_content()
    other_project.execute(
        "delete from raw_olist.order_items where order_id = 'no-such-order'", role="loader"
    )


def test_a_row_deleted_behind_its_back_fails_the_run_and_is_named(other_project: Project) -> None:
    """The receipt's promise: a landed row that is gone again is a difference, not a detail."""
    order_id, review_id = other_project.rows(
        "select order_id, review_id from raw_olist.order_reviews order by 1 limit 1"
    )[0]
    other_project.execute(
        f"delete from raw_olist.order_reviews where order_id = '{order_id}'", role="loader"
    )
    done = other_project.meltano("invoke", "waybill:receipt")
    assert done.returncode == 1
    assert "order_reviews" in done.stdout
    assert review_id in done.stdout
    is_balanced, receipt = _last_receipt(other_project)
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


def test_a_source_is_added_by_following_the_page(project: Project) -> None:
    """Whoever types what docs/add-a-source.md says has three sources, a model and a receipt."""
    folder = project.root / ".waybill" / "postgres"
    source = connections.embedded(connections.SUPERUSER, connections.SOURCE_DATABASE, folder=folder)
    with source.connect() as session:
        session.execute(
            f"create role crm_reader login password 'read'; grant connect on database {source.dbname} to crm_reader;"
            " create table customers (id integer primary key, city text, updated_at timestamptz);"
            " insert into customers values (1, 'Leeds', now()), (2, null, now());"
            " grant usage on schema public to crm_reader; grant select on customers to crm_reader"
        )
    url = f"postgresql://crm_reader:read@127.0.0.1:{source.port}/{source.dbname}"
    printed = [
        done.stdout
        for done in pages.follow(
            project.root / "docs" / "add-a-source.md", project, WAYBILL_CRM=url
        )
    ]
    assert any("shop.products" in text and "balanced" in text for text in printed)
    assert project.rows("select sku, price::text from staging.stg_shop__products order by 1") == [
        ("A-1", "12.50"),
        ("A-2", "8.00"),
    ]
    assert project.rows("select city from raw_crm.customers order by id") == [("Leeds",), (None,)]
    assert project.rows("select tags -> 'ab' from raw_events.events order by id") == [
        (None,),
        ([1, 2],),
    ]


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


def test_no_secret_is_in_what_a_run_leaves_behind(project: Project) -> None:
    """Passwords are in the one file that only the user may read."""
    passwords_file = project.root / ".waybill" / "postgres" / "passwords.json"
    passwords = json.loads(passwords_file.read_text(encoding="utf-8")).values()
    assert passwords_file.stat().st_mode & 0o077 == 0
    kept = [
        path
        for folder in (".waybill", ".meltano/run", ".state", "transform")
        for path in (project.root / folder).rglob("*")
        if path.is_file() and path != passwords_file and "postgres/data" not in str(path)
    ]
    assert len(kept) > 20
    leaks = [
        str(path)
        for path in kept
        if any(password.encode() in path.read_bytes() for password in passwords)
    ]
    assert leaks == []
