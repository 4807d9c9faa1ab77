"""The dashboard in a real browser, on the samples: what people see, hear and download.

The tests of this module run in order on one server: those at the end take the marts away.
"""

from __future__ import annotations

import csv
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

import browsers
import dashboards
import pytest
import watching

from waybill_analyze.dashboard import pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser
    from watching import Watched

    from conftest import Project

PAGES = {page.name: page for page in pages.load_all()}
FIGURES = {
    "marketplace": {
        "order_count": "select count(*) from marketplace.fct_orders",
        "total_sale_amount": "select sum(total_sale_amount) from marketplace.fct_orders",
        "average_order_value": "select sum(total_sale_amount) / count(*) from marketplace.fct_orders",
    },
    "trade": {
        "sale_count": "select count(*) from trade.fact_sales_order where _is_latest",
        "purchase_count": "select count(*) from trade.fact_purchase_orders where _is_latest",
        "reporting_sale_amount": "select sum(reporting_sale_amount) from trade.fact_sales_order_reporting where _is_latest",
    },
    "retail": {
        "gross_amount": "select sum(gross_amount) from retail.fct_invoice_lines",
        "returned_amount": "select sum(returned_amount) from retail.fct_invoice_lines",
        "net_amount": "select sum(net_amount) from retail.fct_invoice_lines",
    },
    "attribution": {
        "checkout_count": "select count(*) from attribution.fct_checkout_attribution",
        "revenue": "select sum(amount) from attribution.fct_checkout_attribution",
    },
    "status": {
        "open_letter_count": "select count(*) from waybill.dead_letter where resolved_at is null",
        "open_incident_count": "select count(*) from waybill.incident where closed_at is null",
    },
}
"""What a page says at its head, and the same from the facts, which its queries do not read."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers.chromium() as started:
        yield started


@pytest.fixture(scope="module")
def address(browser: Browser, project_after_first_run: Project) -> Iterator[str]:
    """The dashboard of the samples; without a browser it is not started."""
    assert browser.is_connected()
    with dashboards.serving(project_after_first_run) as url:
        yield url


@contextmanager
def _harmless(browser: Browser, *, width: int = 1280, dark: bool = False) -> Iterator[Watched]:
    """A page on which nothing may go wrong meanwhile."""
    with watching.watched(browser, width=width, dark=dark) as seen:
        yield seen
        assert seen.errors == []
        assert seen.elsewhere == []


def _keep(seen: Watched, name: str) -> None:
    watching.SCREENSHOTS.mkdir(exist_ok=True)
    # Streamlit scrolls inside the window, so the window must be as high as the page.
    height = seen.page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    width = seen.page.viewport_size["width"] if seen.page.viewport_size else 1280
    seen.page.set_viewport_size({"width": width, "height": int(height)})
    seen.page.screenshot(path=watching.SCREENSHOTS / f"{name}.png")


def _charts(name: str) -> int:
    return sum(section.chart != "table" for section in PAGES[name].sections)


def _written(value: Decimal | int) -> str:
    return f"{value:,.2f}" if isinstance(value, Decimal) else f"{value:,}"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_the_marts_hold(
    name: str, address: str, browser: Browser, project_after_first_run: Project
) -> None:
    """Protects what people decide by: figures as the facts have them, whole, quiet and readable for all."""
    page = PAGES[name]
    with _harmless(browser) as seen:
        dashboards.show(seen.page, address, name, charts=_charts(name))
        assert seen.page.title() == page.title
        shown = dashboards.figures(seen.page)
        for figure, sql in FIGURES.get(name, {}).items():
            ((value,),) = project_after_first_run.rows(sql)
            assert shown[figure] == _written(value), figure
        for section in page.sections:
            if section.chart != "table":
                assert dashboards.marks(seen.page, section.title), section.title
            else:
                notes = seen.page.get_by_test_id("stAlert").count()
                assert dashboards.rows(seen.page, section.title) or notes, section.title
        assert seen.page.get_by_test_id("stException").count() == 0
        assert seen.serious() == []
        _keep(seen, f"{name}-1280-light")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_on_a_phone_in_the_dark(
    name: str, address: str, browser: Browser
) -> None:
    """Protects from sideways scrolling, and from text that is as dark as its ground."""
    with _harmless(browser, width=390, dark=True) as seen:
        dashboards.show(seen.page, address, name, charts=_charts(name))
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert seen.serious() == []
        _keep(seen, f"{name}-390-dark")


def test_the_overview_leads_to_every_page(address: str, browser: Browser) -> None:
    """Protects who does not know yet what there is."""
    with _harmless(browser) as seen:
        dashboards.show(seen.page, address, "")
        assert seen.serious() == []
        _keep(seen, "overview-1280-light")
        links = seen.page.get_by_test_id("stMain").get_by_role("link").all_text_contents()
        assert [text for text in links if text.startswith("Open ")] == [
            f"Open {page.title}" for page in PAGES.values()
        ]
        seen.page.get_by_role("link", name="Open Retail").click()
        seen.page.wait_for_url(f"{address}/retail")
        seen.page.get_by_role("heading", name="Retail", level=1).wait_for()


def test_a_chart_says_the_numbers_of_its_marks(
    address: str, browser: Browser, project_after_first_run: Project
) -> None:
    """Protects the drawing itself, which no table beside it proves: each month's column by its size."""
    expected = project_after_first_run.rows(
        "select to_char(month_start_date, 'Mon YYYY'), total_sale_amount, is_complete"
        " from marketplace.rpt_monthly_sales order by month_start_date"
    )
    with _harmless(browser) as seen:
        dashboards.show(seen.page, address, "marketplace", charts=_charts("marketplace"))
        dashboards.open_rows(seen.page, "Sales by month")
        said = dashboards.marks(seen.page, "Sales by month")
        table = dashboards.rows(seen.page, "Sales by month")
    assert len(said) == len(expected)
    for (month, amount, _), label in zip(expected, said, strict=True):
        assert month in label
        assert f"{amount:,.2f}" in label
    assert [(row[0], row[4], row[1]) for row in table] == [
        (month, f"{amount:,.2f}", "yes" if whole else "no") for month, amount, whole in expected
    ]


def test_filters_filter_and_are_in_the_address(
    address: str, browser: Browser, project_after_first_run: Project
) -> None:
    """Protects who picks a state and a time, by keys alone, and sends the page to a colleague."""
    ((state, orders),) = project_after_first_run.rows(
        "select c.state, count(*) from marketplace.fct_orders as o"
        " join marketplace.dim_customer as c using (customer_key)"
        " group by 1 order by 2 desc, 1 limit 1"
    )
    ((months,),) = project_after_first_run.rows(
        "select array_agg(to_char(month_start_date, 'YYYY-MM') order by month_start_date)"
        " from marketplace.rpt_monthly_sales"
    )
    ((since,),) = project_after_first_run.rows(
        "select count(*) from marketplace.fct_orders as o"
        " join marketplace.dim_customer as c using (customer_key)"
        f" where c.state = '{state}' and o.purchase_date >= '{months[3]}-01'"
    )
    with _harmless(browser) as seen:
        dashboards.show(seen.page, address, "marketplace", charts=_charts("marketplace"))
        box = seen.page.get_by_role("combobox", name="State of the customer")
        box.focus()
        seen.page.keyboard.type(state)
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_function(
            "count => document.querySelector('[data-figure=order_count] dd').textContent === count",
            arg=f"{orders:,}",
        )
        assert f"marketplace_state={state}" in seen.page.url
        assert "Not filtered by: category" in seen.page.get_by_test_id("stMain").inner_text()
        filters = {"state": state, "from": months[3]}
        dashboards.show(seen.page, address, "marketplace", charts=1, **filters)
        assert dashboards.figures(seen.page)["order_count"] == f"{since:,}"
        assert 0 < since < orders


def test_what_is_downloaded_is_what_the_query_gives(
    address: str, browser: Browser, project_after_first_run: Project
) -> None:
    """Protects who goes on with the rows in a spreadsheet: all of them, exact."""
    expected = project_after_first_run.rows(
        "select item_code, description, net_amount from ("
        "  select item_code, description, sum(net_amount) as net_amount"
        "  from retail.rpt_item_monthly_sales where item_kind = 'goods' group by 1, 2"
        ") as items order by net_amount desc, item_code limit 15"
    )
    with _harmless(browser) as seen:
        dashboards.show(seen.page, address, "retail", charts=_charts("retail"))
        dashboards.open_rows(seen.page, "Top items")
        with seen.page.expect_download() as download:
            seen.page.get_by_role("button", name="Download as CSV: Top items").click()
        with download.value.path().open(encoding="utf-8-sig", newline="") as file:
            found = [
                (row["item_code"], row["description"], Decimal(row["net_amount"]))
                for row in csv.DictReader(file)
            ]
        assert download.value.suggested_filename == "retail-top_items.csv"
        _keep(seen, "retail-rows-and-sql")
    assert found == expected


def test_it_says_why_there_is_nothing_to_see(
    browser: Browser, project_after_first_run: Project
) -> None:
    """Protects from tracebacks and blank pages: a domain without marts, and a warehouse that is down."""
    project_after_first_run.execute("drop schema trade cascade", role="admin")
    with (
        dashboards.serving(project_after_first_run) as address,
        watching.watched(browser) as seen,
    ):
        dashboards.show(seen.page, address, "trade")
        links = seen.page.get_by_role("link").all_text_contents()
        assert "Marketplace" in links
        assert "Trade" not in links
        project_after_first_run.meltano("invoke", "warehouse:down")
        dashboards.show(seen.page, address, "")
        assert "warehouse:up" in seen.page.get_by_test_id("stAlert").inner_text()
        assert "Traceback" not in seen.page.content()
        _keep(seen, "no-warehouse")
