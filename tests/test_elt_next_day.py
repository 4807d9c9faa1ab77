"""The day after the first run, and that it comes to the same as a load of everything from nothing.

The tests of this module run in order on two projects: each goes on where the one before it ended.
"""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

import last_run
import pytest
from mart_fingerprints import SERIALS, fingerprints
from projects import new_project

from waybill.freshness import beating
from waybill_common import contracts
from waybill_sources import olist, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Project


@pytest.fixture(scope="module")
def project(project_after_first_run: Project) -> Project:
    """The project after its first run."""
    return project_after_first_run


@pytest.fixture(scope="module")
def other_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """One that loads the state after both days at once."""
    with new_project(tmp_path_factory.mktemp("other") / "waybill") as made:
        yield made


@pytest.fixture(scope="module")
def whole_olist(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The samples after their next day, each row once in its latest version."""
    folder = tmp_path_factory.mktemp("whole") / "olist"
    olist.generate(folder, settings.load(), days=1)
    return str(folder)


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
        for stream, received, inserted, updated in project.rows(last_run.LOADS)
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
    without = ("--exclude-resource-type", "test", "unit_test")
    rebuilt = other_project.meltano("invoke", "dbt", "build", "--full-refresh", *without)
    assert rebuilt.returncode == 0, rebuilt.stdout[-8000:]
    assert fingerprints(other_project.url()) == before
