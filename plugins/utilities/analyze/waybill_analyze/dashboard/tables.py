"""Rows as an HTML table that every reader reads: people, screen readers, searches and tests."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from waybill_analyze import formats

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from waybill_analyze.formats import Column

_TIMES = {"date", "week", "month", "moment"}
MOST = 60
"""Rows that a page shows; the file has all."""


def table(frame: pd.DataFrame, columns: Sequence[Column], caption: str) -> str:
    """Some columns of the rows, the first as the heading of its row.

    Args:
        frame: The rows.
        columns: What is shown, in this order.
        caption: What the table is; for who hears it, not shown.
    """
    head = "".join(
        f'<th scope="col"{_side(column)}>{escape(column.title)}</th>' for column in columns
    )
    body = "".join(
        f"<tr>{''.join(_cell(value, column, is_first=not place) for place, (value, column) in enumerate(zip(row, columns, strict=True)))}</tr>"
        for row in frame[[column.name for column in columns]]
        .head(MOST)
        .itertuples(index=False, name=None)
    )
    # It scrolls sideways on a phone, so it must take the focus to be scrolled by keys.
    return (
        f'<div class="rows" role="region" tabindex="0" aria-label="{escape(caption)}">'
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def figures(frame: pd.DataFrame, columns: Sequence[Column]) -> str:
    """The first row as a list of figures, each below its name."""
    row = frame.iloc[0]
    items = "".join(
        f'<div data-figure="{escape(column.name)}"><dt>{escape(column.title)}</dt>'
        f"<dd>{escape(formats.written(row[column.name], column.unit))}</dd></div>"
        for column in columns
    )
    return f'<dl class="figures">{items}</dl>'


def _cell(value: object, column: Column, *, is_first: bool) -> str:
    text = escape(formats.written(value, column.unit))
    if is_first:
        return f'<th scope="row"{_side(column)}>{text}</th>'
    return f"<td{_side(column)}>{text}</td>"


def _side(column: Column) -> str:
    if column.is_number:
        return ' class="number"'
    return ' class="time"' if column.unit in _TIMES else ""
