"""Data Docs that need nothing but themselves.

The content of a page is Great Expectations' own; the page around it is ours, because theirs loads
its style and scripts from seven other hosts. Each suite's pages replace those of its last run.
"""

from __future__ import annotations

import shutil
from importlib import resources
from typing import TYPE_CHECKING, Any

from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
from great_expectations.render.view.view import DefaultJinjaPageView
from jinja2 import ChoiceLoader, Environment, PackageLoader, select_autoescape

from waybill_validate import summary
from waybill_validate.gates import quiet

if TYPE_CHECKING:
    from pathlib import Path

    from great_expectations.core import ExpectationSuiteValidationResult

    from waybill_validate.outcomes import SuiteOutcome, TableOutcome
    from waybill_validate.suites import Stage

STYLESHEET = "data_docs.css"
TEMPLATES = PackageLoader("waybill_validate", "templates")

Results = dict[str, "ExpectationSuiteValidationResult | None"]
"""Great Expectations' results by table."""


class OfflinePageView(DefaultJinjaPageView):  # type: ignore[misc, unused-ignore]
    """Great Expectations' page view with our templates before theirs."""

    _template = "table_page.j2"

    def __init__(self) -> None:
        super().__init__()
        theirs = PackageLoader("great_expectations", "render/view/templates")
        self.env.loader = ChoiceLoader([TEMPLATES, theirs])


def write(
    stage: Stage, ran: list[tuple[SuiteOutcome, Results]], summarised: dict[str, Any]
) -> Path:
    """Write the pages of the suites that ran, and the stage's index over all suites.

    Args:
        stage: `raw` or `marts`.
        ran: The suites that ran, with their results.
        summarised: The stage's summary, as `summary.write` returned it.

    Returns:
        The index.
    """
    folder = summary.data_docs(stage).parent
    folder.mkdir(parents=True, exist_ok=True)
    for outcome, results in ran:
        _write_suite(folder, outcome, results)
    stylesheet = resources.files("waybill_validate").joinpath("static", STYLESHEET)
    (folder / STYLESHEET).write_text(stylesheet.read_text(encoding="utf-8"), encoding="utf-8")
    environment = Environment(loader=TEMPLATES, autoescape=select_autoescape(default=True))
    page = environment.get_template("index.j2").render(stage=stage, suites=summarised["suites"])
    summary.data_docs(stage).write_text(page, encoding="utf-8")
    kept = {entry["selector"] for entry in summarised["suites"]}
    for stale in folder.iterdir():
        if stale.is_dir() and stale.name not in kept:
            shutil.rmtree(stale)
    return summary.data_docs(stage)


def _write_suite(folder: Path, outcome: SuiteOutcome, results: Results) -> None:
    """Render into a folder of its own first, so that a crash leaves the old pages whole."""
    fresh = folder / f".{outcome.suite.selector}.part"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    renderer = ValidationResultsPageRenderer()
    view = OfflinePageView()
    for table in outcome.tables:
        result = results[table.table.name]
        if result is not None:
            with quiet():
                page = _page(renderer, view, outcome, table, result)
            (fresh / f"{table.table.name}.html").write_text(page, encoding="utf-8")
    final = folder / outcome.suite.selector
    for name in outcome.names:
        if name not in results and (final / f"{name}.html").is_file():
            shutil.copy2(final / f"{name}.html", fresh)
    shutil.rmtree(final, ignore_errors=True)
    fresh.rename(final)


def _page(
    renderer: ValidationResultsPageRenderer,
    view: OfflinePageView,
    outcome: SuiteOutcome,
    table: TableOutcome,
    result: ExpectationSuiteValidationResult,
) -> str:
    page: str = view.render(  # type: ignore[no-untyped-call]
        renderer.render(result),
        title=table.table.title,
        suite=outcome.suite.name,
        checks=len(table.outcomes),
        started_at=f"{table.started_at:%Y-%m-%d %H:%M:%S} UTC",
        elapsed=f"{table.elapsed:.1f}",
        findings=[("critical", one.finding) for one in table.failed]
        + [("warning", one.finding) for one in table.warnings],
        stylesheet=f"../{STYLESHEET}",
    )
    return page
