"""What is around the pages: which there are, how they look, and what stands there if none can be."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from waybill_analyze.dashboard import data, dictionary, filters, notes, pages, sections, tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from waybill_analyze.dashboard.pages import Page, Section

_LOOK = Path(__file__).with_name("look.css")


def run() -> None:
    """Show the page that the address names."""
    st.set_page_config(layout="wide")
    st.html(_LOOK)
    try:
        offered = _offered()
    except notes.KNOWN as error:
        _alone(notes.of(error))
        return
    if not offered:
        _alone(notes.NO_MARTS)
        return
    addresses = {
        page.name: st.Page(partial(_show, page), title=page.title, url_path=page.name)
        for page in offered
    }
    home = st.Page(partial(_overview, offered, addresses), title="Overview", default=True)
    st.navigation([home, *addresses.values()]).run()


def _offered() -> list[Page]:
    """The pages of which at least one relation is there."""
    known = pages.load_all()
    schemas = frozenset(name.split(".")[0] for page in known for name in page.relations)
    present = data.present(schemas)
    return [page for page in known if page.relations & present]


def _alone(note: notes.Note) -> None:
    st.navigation([st.Page(note.show, title="Waybill")], position="hidden")
    st.title("Waybill", anchor=False)
    note.show()


def _overview(offered: Sequence[Page], addresses: Mapping[str, Any]) -> None:
    st.title("Waybill", anchor=False)
    st.markdown(
        "What the marts of this warehouse say. Each figure is one query on a mart, and shows it; "
        f"what it means is in the [data dictionary]({dictionary.DICTIONARY}), "
        f"where it comes from in the [lineage]({dictionary.LINEAGE})."
    )
    if not any(page.is_of_marts for page in offered):
        notes.NO_MARTS.show()
    for page in offered:
        st.subheader(page.title, anchor=False)
        try:
            _figures(page, filters.everything(page))
        except notes.KNOWN as error:
            notes.of(error).show()
        st.page_link(addresses[page.name], label=f"Open {page.title}")


def _show(page: Page) -> None:
    st.title(page.title, anchor=False)
    st.markdown(page.about)
    try:
        bound = filters.chosen(page)
        if bound is None:
            notes.NOTHING_YET.show()
            return
        _figures(page, bound)
    except notes.KNOWN as error:
        notes.of(error).show()
        return
    for row in _rows(page.sections):
        for place, section in zip(st.columns(len(row)), row, strict=True):
            with place:
                sections.show(page, section, bound)


def _figures(page: Page, bound: Mapping[str, Any]) -> None:
    if not page.figures:
        return
    frame = data.rows(page.figures, bound)
    if frame.empty:
        notes.NOTHING_YET.show()
    else:
        st.html(tables.figures(frame, page.figure_columns))


def _rows(shown: Sequence[Section]) -> Iterator[list[Section]]:
    """The sections as rows of the page: two halves side by side."""
    waiting: list[Section] = []
    for section in shown:
        if waiting and not section.is_half:
            yield waiting
            waiting = []
        waiting.append(section)
        if not section.is_half or len(waiting) == 2:  # noqa: PLR2004 - halves
            yield waiting
            waiting = []
    if waiting:
        yield waiting
