"""One question of a page: its answer as a chart, and the rows, the file and the SQL behind it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from waybill_analyze import charts, downloads, queries
from waybill_analyze.dashboard import data, dictionary, notes, tables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from waybill_analyze.dashboard.pages import Page, Section

_DRAWN: dict[str, Callable[..., Any]] = {
    "bars": charts.bars,
    "grouped_bars": charts.grouped_bars,
    "heat": charts.heat,
    "map_by_state": charts.map_by_state,
}
_PARTIAL = "The data do not reach to the end of the periods that are drawn lighter or hollow."


def show(page: Page, section: Section, bound: Mapping[str, Any]) -> None:
    """Put a section on the page; what keeps it from it is a note in its place.

    Args:
        page: The page.
        section: What is asked.
        bound: Values of the page's filters.
    """
    st.subheader(section.title, anchor=False)
    if section.says:
        st.caption(section.says)
    try:
        frame = data.rows(section.query, bound)
    except notes.KNOWN as error:
        notes.of(error).show()
        return
    if frame.empty:
        (notes.NO_ROWS if queries.load(section.query).parameters else notes.NOTHING_YET).show()
    elif section.chart == "table":
        st.html(tables.table(frame, section.columns, section.title))
    else:
        name = f"{page.name}-{section.query}"
        spec = data.drawn(section.query, bound, name, partial(_spec, section))
        st.vega_lite_chart(spec=spec, width="stretch", key=name)
        if section.chart == "trend" and not _is_whole(frame):
            st.caption(_PARTIAL)
    if left_out := _left_out(page, section):
        st.caption(f"Not filtered by: {left_out}.")
    _behind(page, section, frame, bound)


def _is_whole(frame: pd.DataFrame) -> bool:
    return "is_complete" not in frame.columns or bool(frame["is_complete"].all())


def _spec(section: Section, frame: pd.DataFrame) -> dict[str, Any]:
    spec: dict[str, Any] = _chart(section, frame).to_dict()
    return spec


def _chart(section: Section, frame: pd.DataFrame) -> Any:
    sentences = [f"{section.title}.", section.says, "The rows open below it."]
    description = " ".join(filter(None, sentences))
    if section.chart == "trend":
        x, y, *rest = section.axes
        return charts.trend(frame, x, y, series=rest[0] if rest else None, description=description)
    return _DRAWN[section.chart](frame, *section.axes, description=description)


def _left_out(page: Page, section: Section) -> str:
    """The filters that the query does not know, where it knows any of the page's."""
    known = queries.load(section.query).parameters
    labels = {choice.name: choice.label for choice in page.choices}
    if page.period:
        labels["first_period"] = "time"
    return ", ".join(label for name, label in labels.items() if name not in known).lower()


def _behind(page: Page, section: Section, frame: pd.DataFrame, bound: Mapping[str, Any]) -> None:
    name = f"{page.name}-{section.query}"
    # What nobody has opened is not sent: a page of fourteen charts stays quick.
    opened = st.expander(
        f"Rows and SQL: {section.title}",
        expanded=page.shows_sql,
        key=f"{name}-rows",
        on_change="rerun",
    )
    if not opened.open:
        return
    query = queries.load(section.query)
    with opened:
        if section.chart != "table" and not frame.empty:
            st.html(tables.table(frame, section.columns, section.title))
        if len(frame) > tables.MOST:
            st.caption(f"The first {tables.MOST} of {len(frame):,} rows; the file has all.")
        st.download_button(
            f"Download as CSV: {section.title}",
            downloads.csv_of(frame),
            file_name=f"{section.query.replace('/', '-')}.csv",
            mime="text/csv",
            key=f"{name}-csv",
            on_click="ignore",
        )
        st.code(query.sql, language="sql", wrap_lines=True)
        used = [f"{each} = {bound[each]}" for each in sorted(query.parameters)]
        if used:
            st.caption("with " + ", ".join(used))
        st.markdown(dictionary.links(query.relations))
