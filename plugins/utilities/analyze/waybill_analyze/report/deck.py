"""The report as slides, with charts that can be edited where they stand."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

from pptx import Presentation
from pptx.util import Inches, Pt

from waybill_analyze import figures, wording
from waybill_analyze.report import deck_charts, deck_pictures, packing, page
from waybill_analyze.report.deck_text import ACCENT, GREY, paragraphs, put, title

if TYPE_CHECKING:
    from pptx.presentation import Presentation as Deck
    from pptx.slide import Slide

    from waybill_analyze.findings.finding import Finding, Found
    from waybill_analyze.report.contents import Choice, Contents

WIDTH, HEIGHT = 13.333, 7.5
"""Of a slide, in inches."""

_TITLE_ONLY = 5
_CHOICES_ON_A_SLIDE = 5
_HEADLINES_ON_A_SLIDE = 8


def render(contents: Contents) -> bytes:
    """Write the deck."""
    deck: Deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(WIDTH), Inches(HEIGHT)
    day = dt.datetime.fromisoformat(f"{contents.as_of}T00:00:00+00:00")
    properties = deck.core_properties
    properties.title = page.TITLE
    properties.author = properties.last_modified_by = "Waybill"
    properties.created = properties.modified = day.replace(tzinfo=None)
    _opening(deck, contents)
    _summary(deck, contents)
    for found in contents.found:
        _tiles(deck, found)
        for finding in found.findings:
            _finding(deck, contents, finding)
    for at in range(0, len(contents.choices), _CHOICES_ON_A_SLIDE):
        _choices(deck, contents.choices[at : at + _CHOICES_ON_A_SLIDE])
    for pictures in contents.pictures:
        for graph in (pictures.brief, *pictures.sources, pictures.marts):
            if graph.boxes:
                deck_pictures.draw(_slide(deck, graph.title), graph)
    if contents.answers:
        _receipt(deck, contents)
    file = io.BytesIO()
    deck.save(file)
    return packing.repacked(file.getvalue(), contents.as_of)


def _slide(deck: Deck, heading: str, *, size: float = 26) -> Slide:
    slide: Slide = deck.slides.add_slide(deck.slide_layouts[_TITLE_ONLY])
    title(slide, heading, size=size)
    return slide


def _opening(deck: Deck, contents: Contents) -> None:
    slide = _slide(deck, page.TITLE, size=40)
    lines = [
        f"{found.title}: data up to {found.last_date}, {len(found.findings)} findings"
        for found in contents.found
    ]
    put(slide, (0.7, 2.2, 11.9, 4.2), paragraphs(lines), size=20)
    put(
        slide,
        (0.7, 6.6, 11.9, 0.5),
        [(page.balance(contents.answers), False)],
        size=14,
        colour=GREY,
    )


def _summary(deck: Deck, contents: Contents) -> None:
    lines = [
        (finding.headline, found.title) for found in contents.found for finding in found.findings
    ]
    slides = -(-len(lines) // _HEADLINES_ON_A_SLIDE)
    for at in range(slides):
        part = lines[at * _HEADLINES_ON_A_SLIDE : (at + 1) * _HEADLINES_ON_A_SLIDE]
        number = f" ({at + 1} of {slides})" if slides > 1 else ""
        slide = _slide(deck, f"Summary{number}")
        shown = paragraphs([f"{domain}: {headline}" for headline, domain in part])
        put(slide, (0.7, 1.4, 11.9, 5.6), shown, size=18)


def _tiles(deck: Deck, found: Found) -> None:
    slide = _slide(deck, f"{found.title} in figures")
    width = 11.9 / max(len(found.tiles), 1)
    for at, tile in enumerate(found.tiles):
        left = 0.7 + at * width
        put(slide, (left, 2.4, width - 0.2, 1.3), [(tile.value, True)], size=24, colour=ACCENT)
        put(slide, (left, 3.7, width - 0.2, 0.6), [(tile.label, False)], size=16, colour=GREY)
    put(
        slide,
        (0.7, 6.6, 11.9, 0.5),
        [(f"Data up to {found.last_date}", False)],
        size=14,
        colour=GREY,
    )


def _finding(deck: Deck, contents: Contents, finding: Finding) -> None:
    slide = _slide(deck, finding.headline, size=24)
    chart = deck_charts.add(slide, finding.figure, (0.5, 1.6, 7.6, 5.1))
    deck_charts.describe(chart, figures.described(finding.figure))
    put(slide, (0.6, 1.25, 7.4, 0.4), [(finding.figure.title, False)], size=13, colour=GREY)
    said: list[tuple[str, bool]] = []
    for heading, lines in (
        ("What it says", finding.says),
        ("How sure", finding.sure),
        ("What else could explain it", finding.besides),
    ):
        said += [(heading, True), *((line, False) for line in lines)]
    put(slide, (8.4, 1.3, 4.5, 5.4), said, size=12)
    source = f"Query analyze/queries/{finding.query}.sql, in the notes of this slide"
    put(slide, (0.6, 6.85, 12.2, 0.4), [(source, False)], size=11, colour=GREY)
    notes: Any = slide.notes_slide.notes_text_frame
    notes.text = contents.sql(finding)


def _choices(deck: Deck, choices: tuple[Choice, ...]) -> None:
    slide = _slide(deck, "How it is made, and why so")
    frame = slide.shapes.add_table(
        len(choices) + 1, 3, Inches(0.6), Inches(1.4), Inches(12.1), Inches(0.5)
    )
    table: Any = frame.table
    for column, width in zip(table.columns, (1.8, 4.8, 5.5), strict=True):
        column.width = Inches(width)
    rows = [("Part", "Choice", "Reason"), *((c.part, c.choice, c.reason) for c in choices)]
    for line, cells in zip(table.rows, rows, strict=True):
        for cell, text in zip(line.cells, cells, strict=True):
            cell.text = " ".join(text.split())
            for run in cell.text_frame.paragraphs[0].runs:
                run.font.size = Pt(12)


def _receipt(deck: Deck, contents: Contents) -> None:
    slide = _slide(deck, "Can the numbers be trusted?")
    frame = slide.shapes.add_table(
        len(contents.answers) + 1, 6, Inches(0.6), Inches(1.4), Inches(12.1), Inches(0.5)
    )
    table: Any = frame.table
    headings = ("Source", "Streams", "Rows", "Control totals", "Dead letters", "Latest receipt")
    rows = [
        headings,
        *(
            (
                each.source,
                wording.number(each.streams),
                wording.number(each.rows),
                wording.number(each.totals),
                wording.number(each.dead_letters),
                "balances" if each.is_balanced else "does not balance",
            )
            for each in contents.answers
        ),
    ]
    for line, cells in zip(table.rows, rows, strict=True):
        for cell, text in zip(line.cells, cells, strict=True):
            cell.text = text
            for run in cell.text_frame.paragraphs[0].runs:
                run.font.size = Pt(13)
    put(
        slide,
        (0.6, 6.6, 12.1, 0.5),
        [(page.balance(contents.answers), False)],
        size=14,
        colour=GREY,
    )
