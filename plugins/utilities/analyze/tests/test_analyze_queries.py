from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import DBAPIError

from waybill_analyze import queries
from waybill_analyze import warehouse as analyze_warehouse
from waybill_analyze.dashboard import notes, pages
from waybill_common import project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from waybill_warehouse.scratch import ScratchDatabase

MARTS = {"common", "marketplace", "trade", "retail", "storefront", "attribution", "waybill_status"}
NAMES = sorted(
    str(path.relative_to(project.root() / "analyze" / "queries").with_suffix(""))
    for path in (project.root() / "analyze" / "queries").glob("*/*.sql")
)
TABLE = """
    create table marketplace.rpt_monthly_sales (
        month_start_date date, item_count bigint, total_sale_amount numeric(18, 2)
    );
    insert into marketplace.rpt_monthly_sales
    values ('2018-01-01', 3, 0.10), ('2018-02-01', null, 1234567890123456.78)
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warehouse: ScratchDatabase) -> Path:
    """A project with queries of its own, on a warehouse with one mart."""
    warehouse.execute(TABLE, role="transformer")
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(tmp_path))
    folder = tmp_path / "analyze" / "queries" / "own"
    folder.mkdir(parents=True)
    return folder


def _ask(folder: Path, sql: str, **bound: object) -> pd.DataFrame:
    (folder / "it.sql").write_text(sql, encoding="utf-8")
    queries.load.cache_clear()
    reader = analyze_warehouse.engine(timeout=dt.timedelta(seconds=1))
    try:
        return queries.rows(reader, "own/it", **bound)
    finally:
        reader.dispose()


@pytest.mark.parametrize("name", NAMES)
def test_a_query_is_one_plain_select_on_marts_and_says_what_it_answers(name: str) -> None:
    """Protects the marts as the one place where a figure is defined, and warehouses of other kinds."""
    query = queries.load(name)
    assert query.sql.startswith("-- ")
    assert ";" not in query.sql
    assert query.relations
    assert {relation.split(".")[0] for relation in query.relations} <= MARTS
    assert "::" not in query.sql


def test_every_query_is_asked_by_somebody() -> None:
    """A query that no page, notebook or report asks is dead."""
    asked = {section.query for page in pages.load_all() for section in page.sections}
    asked |= {page.figures for page in pages.load_all()} | {
        page.period for page in pages.load_all()
    }
    asked |= {choice.query for page in pages.load_all() for choice in page.choices}
    others = "".join(
        path.read_text(encoding="utf-8")
        for pattern in (
            "analyze/notebooks/**/*.py",
            "analyze/report/**/*",
            "plugins/utilities/analyze/waybill_analyze/**/*.py",
        )
        for path in project.root().glob(pattern)
        if path.is_file() and path.suffix in {".py", ".yml", ".j2", ".html", ".md"}
    )
    assert [name for name in NAMES if name not in asked and name not in others] == []


def test_rows_are_exact(own: Path) -> None:
    """Protects cents and counts from floats, also where some are missing."""
    sql = "select item_count, total_sale_amount from marketplace.rpt_monthly_sales order by month_start_date"
    found = _ask(own, sql)
    assert list(found["total_sale_amount"]) == [Decimal("0.10"), Decimal("1234567890123456.78")]
    assert list(found["item_count"]) == [3, None]
    assert isinstance(found["item_count"].iloc[0], int)


def test_values_are_bound_and_never_text(own: Path) -> None:
    """Protects the warehouse from what an address in a browser can hold."""
    sql = "select count(*) as n from marketplace.rpt_monthly_sales where :state in ('all', 'SP')"
    assert _ask(own, sql, state="all", unused=1)["n"].iloc[0] == 2
    assert _ask(own, sql, state="x' or 'a' = 'a")["n"].iloc[0] == 0
    with pytest.raises(WaybillError, match="needs a value for state"):
        _ask(own, sql)


def test_only_the_reader_asks_and_it_only_reads(own: Path) -> None:
    """Protects the warehouse from a page that would change it."""
    assert _ask(own, "select current_user as role")["role"].iloc[0] == "reader"
    with pytest.raises(DBAPIError, match="read-only transaction"):
        _ask(own, "create temporary table x as select 1 as id")


@pytest.mark.parametrize(
    ("sql", "cause"),
    [
        ("select pg_sleep(5)", "longer for this than it may"),
        ("select * from waybill.dead_letter", "may not read this"),
        ("select * from marketplace.fct_nothing", "does not have all"),
        ("select nothing from marketplace.rpt_monthly_sales", "does not have all"),
        ("select pg_terminate_backend(pg_backend_pid())", "ended the connection"),
    ],
)
def test_a_refusal_is_a_sentence_with_a_remedy(own: Path, sql: str, cause: str) -> None:
    """Protects people from tracebacks, and the server's words from getting onto a page."""
    with pytest.raises(notes.KNOWN) as caught:
        _ask(own, sql)
    note = notes.of(caught.value)
    assert cause in note.cause
    assert note.remedy
    assert "sqlalche" not in note.cause + note.remedy


def test_a_warehouse_that_is_not_there_is_a_sentence_too(
    own: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Before the first `make run` there is no warehouse, and that is no defect."""
    monkeypatch.delenv("WAREHOUSE_READER_URL")
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path / "nowhere"))
    with pytest.raises(WaybillError) as caught:
        _ask(own, "select 1 as one")
    assert "warehouse:up" in notes.of(caught.value).remedy


@pytest.mark.usefixtures("own")
def test_what_is_there_is_what_the_reader_sees() -> None:
    """Protects pages from being offered without marts, and from looking for a schema that is not there."""
    reader = analyze_warehouse.engine()
    found = analyze_warehouse.relations(
        reader, ["marketplace", "trade", "absent", "waybill_status"]
    )
    reader.dispose()
    assert "marketplace.rpt_monthly_sales" in found
    assert "waybill_status.receipts" in found
    assert {name.split(".")[0] for name in found} == {"marketplace", "waybill_status"}


def test_a_warehouse_of_another_kind_is_another_url(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects the way to other warehouses: whatever SQLAlchemy knows is asked as it is, with bound values."""
    monkeypatch.setenv("WAREHOUSE_READER_URL", "sqlite://")
    found = _ask(own, "select 1 as one where :state in ('all', 'SP')", state="SP")
    assert found.to_dict("records") == [{"one": 1}]
