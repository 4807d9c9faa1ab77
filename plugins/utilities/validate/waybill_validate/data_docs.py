"""The tables' pages of Data Docs that need nothing but themselves.

The content of a page is Great Expectations' own; the page around it is ours, because theirs loads
its style and scripts from seven other hosts. A table's page replaces that of its last run.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING

from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
from great_expectations.render.view.view import DefaultJinjaPageView
from jinja2 import ChoiceLoader, PackageLoader

from waybill_validate import summary
from waybill_validate.gates import quiet
from waybill_validate.index_page import STYLESHEET, TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from great_expectations.core import ExpectationSuiteValidationResult

    from waybill_validate.outcomes import SuiteOutcome, TableOutcome
    from waybill_validate.suites import Stage

Results = Mapping[tuple[str, str], "ExpectationSuiteValidationResult | None"]
"""Great Expectations' results by suite and table."""


class OfflinePageView(DefaultJinjaPageView):  # type: ignore[misc, unused-ignore]
    """Great Expectations' page view with our templates before theirs."""

    _template = "table_page.j2"

    def __init__(self) -> None:
        super().__init__()
        theirs = PackageLoader("great_expectations", "render/view/templates")
        self.env.loader = ChoiceLoader([TEMPLATES, theirs])


def write(stage: Stage, ended: Sequence[SuiteOutcome], results: Results) -> None:
    """Write the pages of the tables that Great Expectations has checked; the others stay.

    Args:
        stage: `raw` or `marts`.
        ended: The suites that ran.
        results: Of the tables that Great Expectations has checked.
    """
    folder = summary.data_docs(stage).parent
    folder.mkdir(parents=True, exist_ok=True)
    for outcome in ended:
        selector = outcome.suite.selector
        pages = {table: result for (suite, table), result in results.items() if suite == selector}
        if pages:
            _write_suite(folder, outcome, pages)


def _write_suite(
    folder: Path,
    outcome: SuiteOutcome,
    results: Mapping[str, ExpectationSuiteValidationResult | None],
) -> None:
    """Render into a folder of its own first, so that a crash leaves the old pages whole."""
    fresh = folder / f".{outcome.suite.selector}.part"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    renderer = ValidationResultsPageRenderer()
    view = OfflinePageView()
    for table in outcome.tables:
        result = results.get(table.table.name)
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
