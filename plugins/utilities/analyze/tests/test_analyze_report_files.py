"""The page and the slides from contents of a test's own: safe, native, and within their boxes."""

from __future__ import annotations

import io
import re
import time
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from pptx import Presentation
from pptx.util import Inches

from waybill_analyze import figures
from waybill_analyze.findings.finding import Figure, Finding, Found, Tile, series
from waybill_analyze.pictures.layout import Box, Graph
from waybill_analyze.report import cli, deck, deck_text, packing, page, printing
from waybill_analyze.report.contents import Choice, Contents, Pictures
from waybill_analyze.report.receipts import Answer

if TYPE_CHECKING:
    from pathlib import Path

_HOSTILE = '<script>alert(1)</script> & "quoted"'
_TIME = Figure(
    "time", "Sales by month", ("2017-01-01", "2017-02-01", "2017-03-01"),
    (series("Sales", [100.25, 50.5, 7]),), "money", "Month", "Reais", partial=frozenset({"2017-03-01"}),
)  # fmt: skip
_LINES = Figure(
    "time", "Charged and returned", ("2017-01-01", "2017-02-01"),
    (series("Charged", [9, 8]), series("Returned", [1, float("nan")])), "money", "Month", "Pounds",
)  # fmt: skip
_BARS = Figure(
    "bars", _HOSTILE, (_HOSTILE, "toys"), (series("Lift", [3.5, 2.0]),), "number", "Pair", "Lift"
)
_GROUPED = Figure(
    "bars", "People and money", ("a", "b"), (series("People", [0.75, 0.25]), series("Money", [0.5, 0.5])),
    "share", "Segment", "Share",
)  # fmt: skip
_STEPS = Figure(
    "steps",
    "Again",
    ("0", "1", "2"),
    (series("Again", [0, 0.01, 0.02]),),
    "share",
    "Months",
    "Share",
)
_INTERVALS = Figure(
    "intervals", "Late", ("RJ", "SP"), (series("Late", [0.14, 0.04]),), "share", "State", "Late",
    ends=((0.12, 0.17), (0.035, 0.05)), reference=(0.06, "all states"),
)  # fmt: skip
FIGURES = [_TIME, _LINES, _BARS, _GROUPED, _STEPS, _INTERVALS]
_LONG = (
    "A headline that says a good deal about sales, about months and about what else there may be "
    * 2
)


def _contents() -> Contents:
    findings = tuple(
        Finding(
            "shop", f"finding-{at}", _LONG if at == 0 else f"Headline {at} {_HOSTILE}",
            says=(f"It says {_HOSTILE}", "And more. " * 20), sure=("Very sure. " * 15,),
            besides=("Chance. " * 20, "Season. " * 10), figure=figure, query="marketplace/growth",
        )
        for at, figure in enumerate(FIGURES)
    )  # fmt: skip
    boxes = (
        Box("a", ("orders",), ("id PK",), "source", 0),
        Box("b", ("fct_orders",), (), "fact", 1),
    )
    graph = Graph("Lineage of shop", boxes, (("a", "b"),), ("sources", "marts"), "From a to b.")
    nothing = Graph("Marts of shop", (), (), (), "Nothing.")
    tiles = (Tile("Orders", "1,000"), Tile("Sales", "1.50 million reais"))
    return Contents(
        found=(Found("shop", "Shop", "2017-03-09", tiles, findings),),
        as_of="2017-03-09",
        choices=(Choice("Part", "Choice " * 20, "Reason " * 20, "docs/x.md"),) * 6,
        counts={"sources": 1, "models": 2},
        pictures=(Pictures("shop", graph, graph, nothing, (), ("rpt_months",)),),
        answers=(Answer("olist", 9, 1000, 3, 2, is_balanced=True),),
    )


def test_the_page_asks_nobody_and_lets_no_name_be_markup() -> None:
    """A product may be called anything; the page needs no script and runs none."""
    text = page.render(_contents(), [("Notebook", "notebooks/01.html")])
    assert "<script" not in text
    assert "alert(1)" in text
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)
    assert "@import" not in text
    assert text.count('role="img"') == len(FIGURES) + 1
    identifiers = re.findall(r'\bid="([^"]+)"', text)
    assert len(identifiers) == len(set(identifiers))
    for name in re.findall(r"url\(#([^)]+)\)", text):
        assert name in identifiers


def test_the_page_shows_each_number_and_what_is_partial() -> None:
    """Who cannot see the chart reads its numbers in the table and in its words."""
    text = page.render(_contents(), [])
    for number in ("100.25", "50.50", "14.0", "17.0", "1,000"):
        assert number in text, number
    assert "2017-03-01 (partial)" in text
    assert "Sales: 2017-01-01 100.25, 2017-02-01 50.50, 2017-03-01 7.00" in text
    assert "Reasons" not in text
    assert "does not balance" not in text
    assert 'id="receipt"' in text


def test_paper_has_its_queries_unfolded() -> None:
    """Nobody can click on a PDF."""
    assert "<details open" in page.render(_contents(), [], to_print=True)
    assert "<details open" not in page.render(_contents(), [])


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.title[:20])
def test_a_chart_is_the_same_each_time_and_says_what_it_shows(figure: Figure) -> None:
    """Protects the report's bytes, and whoever cannot see the picture."""
    words = figures.described(figure)
    one, other = (figures.svg(figures.chart(figure), words, prefix="one-finding") for _ in range(2))
    assert one == other
    assert 'role="img" aria-label="' in one
    assert "<script" not in one


def test_long_figures_are_described_by_their_range() -> None:
    """A screen reader should not have to read two years of months one by one."""
    days = tuple(f"2017-{month:02}-01" for month in range(1, 13))
    words = figures.described(
        Figure(
            "time", "Sales", days, (series("Sales", range(100, 112)),), "count", "Month", "Orders"
        )
    )
    assert "12 values from 100 (2017-01-01) to 111 (2017-12-01)" in words


def _slides() -> Any:
    return Presentation(io.BytesIO(deck.render(_contents()))).slides


def test_the_slides_hold_native_charts_with_these_numbers() -> None:
    """A chart that is a picture could be neither edited nor checked."""
    charts = [shape.chart for slide in _slides() for shape in slide.shapes if shape.has_chart]
    assert len(charts) == len(FIGURES)
    for chart, figure in zip(charts, FIGURES, strict=True):
        assert [tuple(each.values) for each in chart.plots[0].series] == [
            each.values for each in figure.series
        ]
    labels = list(charts[0].plots[0].categories)
    assert labels == ["2017-01", "2017-02", "2017-03"]
    assert "errBars" in charts[-1]._chartSpace.xml


def test_every_slide_has_a_title_and_every_chart_its_words() -> None:
    """Outlines and screen readers call a slide by its title and a chart by its description."""
    slides = _slides()
    assert all(slide.shapes.title.text for slide in slides)
    for slide in slides:
        for shape in slide.shapes:
            if shape.has_chart:
                assert shape._element.nvGraphicFramePr.cNvPr.get("descr")
    notes = [slide.notes_slide.notes_text_frame.text for slide in slides if slide.has_notes_slide]
    assert len(notes) == len(FIGURES)
    assert all("from marketplace.rpt_monthly_sales" in text for text in notes)


def test_nothing_on_a_slide_leaves_it_or_its_box() -> None:
    """Text that runs over the edge is the usual flaw of slides that nobody has made by hand."""
    for slide in _slides():
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.top >= 0
            assert shape.left + shape.width <= Inches(deck.WIDTH), slide.shapes.title.text
            assert shape.top + shape.height <= Inches(deck.HEIGHT), slide.shapes.title.text
            if shape.has_text_frame and shape.text_frame.text:
                lines = [
                    (each.text, bool(each.runs and each.runs[0].font.bold))
                    for each in shape.text_frame.paragraphs
                ]
                size = shape.text_frame.paragraphs[0].runs[0].font.size.pt
                tall = deck_text.tall(lines, shape.width / Inches(1), size)
                assert tall <= shape.height / Inches(1) + 0.01, lines


def test_slides_and_their_workbooks_are_the_same_bytes_at_another_time() -> None:
    """A zip holds the time of its making, and each chart's workbook holds it once more."""
    first = deck.render(_contents())
    time.sleep(2.1)  # a zip's clock has steps of two seconds
    second = deck.render(_contents())
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        books = [name for name in archive.namelist() if name.endswith(".xlsx")]
        assert len(books) == len(FIGURES)
        inner = zipfile.ZipFile(io.BytesIO(archive.read(books[0])))
        assert b"2017-03-09T00:00:00Z" in inner.read("docProps/core.xml")
    assert packing.repacked(first, "2017-03-09") == first


def test_a_pdf_of_another_moment_is_the_same_bytes() -> None:
    """Chromium writes the time twice; the offsets of all that follows must hold."""
    made = b"%PDF /CreationDate (D:20261130145959+00'00') /ModDate (D:20261130150001+00'00') rest"
    dated = printing.dated(made, "2018-10-17")
    assert len(dated) == len(made)
    assert dated.count(b"(D:20181017000000+00'00')") == 2
    assert dated == printing.dated(made.replace(b"20261130", b"20270101"), "2018-10-17")


def test_without_chromium_the_rest_is_written_and_an_old_pdf_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An old PDF beside a new page would be taken for the new one."""
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "report.pdf").write_bytes(b"of yesterday")
    cli.write(_contents(), tmp_path, [])
    printed = capsys.readouterr().out.splitlines()
    assert sum("no PDF: there is no Chromium on the PATH" in line for line in printed) == 1
    assert not (tmp_path / "report.pdf").exists()
    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "report.pptx").is_file()
