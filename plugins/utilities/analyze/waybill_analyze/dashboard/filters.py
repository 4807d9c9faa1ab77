"""The filters of a page: from when to when, and one value of each choice or all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from waybill_analyze.dashboard import data

if TYPE_CHECKING:
    import datetime as dt

    from waybill_analyze.dashboard.pages import Page

ALL = "all"
"""What stands for every value of a choice; the queries know it."""
_FORMS = {"month": "%Y-%m"}


def chosen(page: Page) -> dict[str, Any] | None:
    """Show the filters, and say what they are set to.

    They are part of the page's address, so that what somebody sees can be sent to somebody else.

    Returns:
        Values by the names that queries bind; None where there is no period to choose from.
    """
    periods = _periods(page)
    if page.period and not periods:
        return None
    places = 2 * bool(page.period) + len(page.choices)
    if not places:
        return {}
    columns = iter(st.columns(places))
    bound: dict[str, Any] = {}
    if page.period:
        names = list(periods)
        with next(columns):
            first = _box(page, "from", "From", names)
        later = names[names.index(first) :]
        with next(columns):
            last = _box(page, "to", "To", later, index=len(later) - 1)
        bound = {"first_period": periods[first], "last_period": periods[last]}
    for choice in page.choices:
        values = data.rows(choice.query, {})["choice"]
        with next(columns):
            bound[choice.name] = _box(page, choice.name, choice.label, [ALL, *map(str, values)])
    return bound


def everything(page: Page) -> dict[str, Any]:
    """The values of filters that leave nothing out; empty where there is no period."""
    periods = list(_periods(page).values())
    if page.period and not periods:
        return {}
    whole = {"first_period": periods[0], "last_period": periods[-1]} if periods else {}
    return whole | {choice.name: ALL for choice in page.choices}


def _periods(page: Page) -> dict[str, dt.date]:
    """The first days of all periods, by what they are called."""
    if not page.period:
        return {}
    form = _FORMS.get(page.period_unit, "%Y-%m-%d")
    return {f"{day:{form}}": day for day in data.rows(page.period, {})["period"]}


def _box(page: Page, name: str, label: str, options: list[str], index: int = 0) -> str:
    value: str = st.selectbox(
        label, options, index=index, key=f"{page.name}_{name}", bind="query-params"
    )
    return value
