from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from waybill_analyze import queries
from waybill_analyze.dashboard import dictionary, pages
from waybill_common import project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = """
place: 1
title: Sales
about: What was sold.
sections:
  - {title: By month, query: own/it, chart: CHART, axes: [COLUMN], columns: [amount]}
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of pages of a project of its own."""
    folder = tmp_path / "analyze" / "dashboard"
    folder.mkdir(parents=True)
    (folder / "columns.yml").write_text("amount: [Amount, money]\n")
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(tmp_path))
    pages.load_all.cache_clear()
    yield folder
    pages.load_all.cache_clear()


def test_a_page_is_a_file(own: Path) -> None:
    """Whoever adds a domain adds SQL and YAML, and no Python."""
    (own / "sales.yml").write_text(PAGE.replace("CHART", "bars").replace("COLUMN", "amount"))
    ((page, *none),) = (pages.load_all(),)
    assert none == []
    assert (page.name, page.title) == ("sales", "Sales")
    assert page.sections[0].columns[0].unit == "money"


@pytest.mark.parametrize(
    ("chart", "column", "says"),
    [("pie", "amount", "no chart pie"), ("bars", "sum", "'sum'")],
)
def test_a_mistake_in_a_page_is_told_before_anybody_looks(
    own: Path, chart: str, column: str, says: str
) -> None:
    """Protects visitors from half a page."""
    (own / "sales.yml").write_text(PAGE.replace("CHART", chart).replace("COLUMN", column))
    with pytest.raises(WaybillError, match=says):
        pages.load_all()


def test_the_pages_of_the_project_are_whole() -> None:
    """Protects each page: its queries are there, and draw and filter by what those have."""
    known = pages.load_all()
    assert [page.name for page in known] == [
        "marketplace", "trade", "retail", "storefront", "attribution", "status",
    ]  # fmt: skip
    for page in known:
        used: set[str] = set()
        for section in page.sections:
            query = queries.load(section.query)
            used |= query.parameters
            for column in (*section.axes, *section.columns):
                assert column.name in query.sql, (page.name, section.title)
        names = {choice.name for choice in page.choices}
        names |= {"first_period", "last_period"} if page.period else set()
        assert used == names, f"{page.name}: a filter that filters nothing, or is not there"


def test_a_figure_leads_to_the_documentation_of_its_mart() -> None:
    """dbt calls some marts otherwise than the warehouse does, and the link must lead to a model."""
    shown = dictionary.links(["retail.rpt_monthly_sales", "trade.dim_date", "waybill_status.runs"])
    assert "/dictionary#!/model/model.waybill.retail_rpt_monthly_sales)" in shown
    assert "model.waybill.trade_dim_date)" in shown
    assert "`waybill_status.runs`" in shown


@pytest.mark.parametrize("address", [dictionary.DICTIONARY, dictionary.LINEAGE])
def test_what_dbt_has_not_written_yet_is_said_with_its_command(address: str) -> None:
    """Protects from a dead link: the commands that it names are Meltano's."""
    assert not dictionary.file(address).is_file()
    command = dictionary.not_built(address).split("meltano invoke ")[1].split("`")[0]
    text = (project.root() / "transform" / "transformers.meltano.yml").read_text("utf-8")
    assert f"\n        {command.split(':')[1]}:\n" in text
