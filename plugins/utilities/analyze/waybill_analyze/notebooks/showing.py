"""What the notebooks call to connect, and to show tables, charts and findings."""

from __future__ import annotations

import os
from html import escape
from typing import TYPE_CHECKING, Any

from IPython.display import HTML, Markdown

from waybill_analyze import charts, figures, formats, notebooks, warehouse

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from sqlalchemy import Engine

    from waybill_analyze.findings.finding import Finding
    from waybill_analyze.formats import Column


def connect() -> Engine:
    """The warehouse in the role `reader`: nothing that a notebook does can change it."""
    return warehouse.engine()


def chart(drawing: Any, words: str) -> Any:
    """Show a chart of `waybill_analyze.charts`.

    Args:
        drawing: The chart.
        words: What it shows, for who cannot see it.
    """
    if not os.environ.get(notebooks.STATIC):
        return charts.themed(drawing.properties(width=figures.WIDTH, description=words))
    prefix = "".join(each if each.isalnum() else "-" for each in words.lower())[:60]
    return HTML(figures.svg(drawing, words, prefix=prefix))


def table(frame: pd.DataFrame, columns: Sequence[Column], caption: str = "") -> HTML:
    """Show rows with headings and units."""
    sides = ["" if column.is_number else ' class="text"' for column in columns]
    head = "".join(
        f'<th scope="col"{side}>{escape(column.title)}</th>'
        for column, side in zip(columns, sides, strict=True)
    )
    body = "\n".join(
        "<tr>"
        + "".join(
            f"<td{side}>{escape(formats.written(row[column.name], column.unit))}</td>"
            for column, side in zip(columns, sides, strict=True)
        )
        + "</tr>"
        for row in frame.to_dict("records")
    )
    named = f"<caption>{escape(caption)}</caption>" if caption else ""
    return HTML(f"<table>{named}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>")


def conclusions(findings: Sequence[Finding], further: Sequence[str] = ()) -> Markdown:
    """What the numbers say, how sure that is and what else could explain it.

    Args:
        findings: Those that the warehouse has rows for.
        further: Sentences of the notebook's own.
    """
    if not findings and not further:
        return Markdown("The warehouse holds too few rows to say anything.")
    parts = []
    for finding in findings:
        parts.append(f"### {_plain(finding.headline)}")
        for heading, lines in (
            ("What it says", finding.says),
            ("How sure", finding.sure),
            ("What else could explain it", finding.besides),
        ):
            parts += [f"**{heading}**", "\n".join(f"- {_plain(line)}" for line in lines)]
    if further:
        parts += ["### Besides", "\n".join(f"- {_plain(line)}" for line in further)]
    return Markdown("\n\n".join(parts))


def _plain(text: str) -> str:
    """Text in which no name from the warehouse is taken for Markdown or HTML."""
    marked = "".join(f"\\{each}" if each in "\\`*_[]#|" else each for each in text)
    return escape(marked, quote=False)
