"""The notebooks and the report on the samples: they run, agree with the marts, and stay the same.

The tests of this module share one warehouse, which none of them changes.
"""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browsers import chromium
from pptx import Presentation
from pypdf import PdfReader
from watching import watched

from waybill_analyze import warehouse
from waybill_analyze.notebooks import pages, running
from waybill_analyze.report import cli, contents, printing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Project

NOTEBOOKS = sorted(
    path.stem for path in (Path(__file__).parents[1] / "analyze" / "notebooks").glob("*.py")
)


@pytest.fixture(scope="module")
def samples(project_after_first_run: Project) -> Project:
    """The project, whose marts no test changes."""
    return project_after_first_run


def _command(samples: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name(arguments[0]), *arguments[1:]],
        cwd=samples.root,
        env=samples.environment | {"MELTANO_PROJECT_ROOT": str(samples.root)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(samples: Project) -> Path:
    """The report's folder, once it has been made."""
    done = _command(samples, "waybill-report")
    assert done.returncode == 0, done.stdout + done.stderr
    made = samples.root / ".waybill" / "report"
    for name in cli.FILES:
        if name != "report.pdf" or printing.chromium():
            assert str(made / name) in done.stdout
    return made


class _Text(HTMLParser):
    """The text of a page, as a reader sees it."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _text(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    return re.sub(r"\s+", " ", " ".join(parser.parts))


def test_every_notebook_runs_from_top_to_bottom_and_concludes(folder: Path) -> None:
    """Protects the notebooks from a mart that changes under them, and each from ending without a word."""
    assert sorted(path.stem for path in (folder / "notebooks").glob("*.html")) == NOTEBOOKS
    for path in (folder / "notebooks").glob("*.html"):
        page = path.read_text(encoding="utf-8")
        text = _text(page)
        assert "What the numbers say" in text, path
        assert re.search(r"n = [\d,]+|counts, not estimates", text), path
        assert "<script" not in page, path
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page), path


def test_the_figures_of_the_page_are_those_of_the_marts(samples: Project, folder: Path) -> None:
    """The report's promise: whoever asks the warehouse finds the same numbers."""
    text = _text((folder / "report.html").read_text(encoding="utf-8"))
    orders, sales, late, delivered = samples.rows(
        "select count(*), sum(total_sale_amount), sum(case when is_late then 1 else 0 end),"
        " count(delivered_at_local) from marketplace.fct_orders",
        role="reader",
    )[0]
    assert f"Orders {orders:,}" in text
    assert f"Sales {sales:,.0f} reais" in text
    assert f"{late:,} of {delivered:,} delivered orders came after the promised day" in text
    for month, amount in samples.rows(
        "select date_trunc('month', purchase_date)::date, sum(total_sale_amount)"
        " from marketplace.fct_orders group by 1",
        role="reader",
    ):
        assert re.search(rf"{month} (?:\(partial\) )?{amount:,.2f}", text), month
    gross, returned = samples.rows(
        "select sum(gross_amount), sum(returned_amount) from retail.fct_invoice_lines",
        role="reader",
    )[0]
    assert f"Of 100 pounds charged, {100 * returned / gross:.1f} are given back" in text
    rows = samples.rows("select count(*) from raw_olist.geolocation")[0][0]
    assert rows > 1000
    assert "every latest receipt balances" in text


def test_each_domain_has_its_findings_and_pictures(folder: Path) -> None:
    """Protects the report from a domain that is silently left out."""
    page = (folder / "report.html").read_text(encoding="utf-8")
    for domain in ("marketplace", "retail", "trade", "storefront", "attribution"):
        assert f'<section id="{domain}">' in page
        assert f'aria-label="Lineage of {domain}, from left to right:' in page
        assert re.search(rf'<article id="{domain}-', page), domain
    assert page.count("<pre><code>-- ") == page.count("<article ")


def test_a_second_report_of_the_same_data_is_the_same_bytes(
    samples: Project, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only so a difference between two reports is a difference between two states of the data."""
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(samples.root))
    monkeypatch.setenv("WAYBILL_HOME", samples.environment["WAYBILL_HOME"])
    every = running.known()
    addresses = [(each.title, f"notebooks/{each.name}.html") for each in every]
    engine = warehouse.engine()
    cli.write(contents.gather(engine), tmp_path, addresses)
    engine.dispose()
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name
    # The one with most kinds of output stands for all; each costs seconds.
    again = pages.render(running.run(every[3]), every[3].title, "../report.html")
    assert again == (folder / addresses[3][1]).read_text(encoding="utf-8")


def test_the_pages_ask_no_machine_and_can_be_used_by_all(folder: Path) -> None:
    """An offline report that calls a CDN is blank where it matters, and tells others who reads it."""
    with chromium() as browser, watched(browser) as seen:
        for path in (folder / "report.html", *sorted((folder / "notebooks").glob("*.html"))):
            for width in (390, 1280):
                seen.page.set_viewport_size({"width": width, "height": 800})
                seen.page.goto(path.as_uri())
                wide = seen.page.evaluate(
                    "document.documentElement.scrollWidth - window.innerWidth"
                )
                assert wide <= 0, (path, width)
            assert seen.page.locator("h1").count() == 1
            assert seen.serious() == [], path
        assert seen.elsewhere == []
        assert seen.errors == []


@pytest.mark.skipif(not printing.chromium(), reason="no Chromium on the PATH to print with")
def test_the_pdf_has_pages_text_and_the_day_of_the_data(folder: Path) -> None:
    """Protects against the blank page that a browser prints when it is asked too early."""
    document = PdfReader(folder / "report.pdf")
    text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in document.pages))
    assert len(document.pages) > 10
    assert "What the marts say" in text
    assert "marketplace.rpt_monthly_sales" in text
    day = re.search(r"Data up to (\d{4}-\d{2}-\d{2})", text)
    assert day
    assert document.metadata
    assert document.metadata.creation_date
    assert f"{document.metadata.creation_date:%Y-%m-%d}" == day[1]


def test_the_slides_hold_the_marts_numbers_in_native_charts(samples: Project, folder: Path) -> None:
    """Whoever edits a slide finds the data in it, and it is the warehouse's."""
    slides: Any = Presentation(str(folder / "report.pptx")).slides
    charts = [shape.chart for slide in slides for shape in slide.shapes if shape.has_chart]
    series = {
        (each.name, tuple(float(value) for value in each.values if value is not None))
        for chart in charts
        for plot in chart.plots
        for each in plot.series
    }
    sales = samples.rows(
        "select total_sale_amount::float from marketplace.rpt_monthly_sales order by month_start_date",
        role="reader",
    )
    assert ("Sales", tuple(value for (value,) in sales)) in series
    channels = samples.rows(
        "select last_click_revenue::float from attribution.rpt_channel_revenue"
        " order by first_click_revenue desc, channel",
        role="reader",
    )
    assert ("Last click", tuple(value for (value,) in channels)) in series


@pytest.fixture
def broken(samples: Project) -> Iterator[str]:
    """A notebook of the project whose second cell fails."""
    path = samples.root / "analyze" / "notebooks" / "99_broken.py"
    path.write_text("# %% [markdown]\n# # Broken\n\n# %%\none = 1\n\n# %%\nprint(one / 0)\n")
    yield path.name
    path.unlink()


def test_a_cell_that_fails_is_named_with_its_notebook(samples: Project, broken: str) -> None:
    """`ZeroDivisionError` after ten minutes of notebooks would leave the reader searching."""
    done = _command(samples, "waybill-notebooks", "run", broken)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        (
            "error: Notebook 99_broken.py, code cell 2 of 2 (`print(one / 0)`): ZeroDivisionError:"
            " division by zero Open it with `make notebooks` and run it up to that cell."
        )
    ]
    unknown = _command(samples, "waybill-notebooks", "run", "98_absent")
    assert "There is no notebook 98_absent" in unknown.stderr
