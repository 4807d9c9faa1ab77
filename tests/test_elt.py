"""The whole job on samples: what its first run leaves, what people do with that, and a second run.

The tests of this module run in order on one project: each goes on where the one before it ended.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import browsers
import last_run
import metric_answers
import mongo_server
import pytest
from mart_fingerprints import fingerprints
from metric_queries import QUERIES

from scripts import query_plans
from target_mongodb import export

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path

    from bson.decimal128 import Decimal128

    from conftest import FirstRun, Project

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


@pytest.fixture(scope="module")
def project(project_after_first_run: Project) -> Project:
    """The project after its first run."""
    return project_after_first_run


def test_the_first_run_lands_models_and_balances(project: Project, first_run: FirstRun) -> None:
    """One command from nothing to a balanced receipt over every row of the samples."""
    is_balanced, _ = last_run.receipt(project)
    assert is_balanced
    assert "balanced" in first_run.output
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


def test_the_readme_shows_the_receipt_of_the_samples(project: Project, first_run: FirstRun) -> None:
    """The samples are the same for everybody, so what the README shows must be what they see."""
    receipt = _receipt_of_the_readme((project.root / "README.md").read_text(encoding="utf-8"))
    printed = {" ".join(line.split()) for line in first_run.output.splitlines()}
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
    assert project.url() in project.meltano("invoke", "warehouse:url").stdout
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
    assert project.rows(last_run.LOADS) == []
    assert fingerprints(project.url()) == before
    # No model or test was made again, and no check but for tables that gave a warning.
    assert project.rows(_LAST_WORK) == [
        ("dbt:build", "{}", True),
        ("validate:marts", None, True),
        ("validate:raw", None, True),
    ]
    assert project.rows(_CHECKED_WITHOUT_REASON) == []


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
