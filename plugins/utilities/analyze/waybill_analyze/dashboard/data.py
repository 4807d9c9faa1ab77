"""What the pages ask of the warehouse, kept until the data change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st
from sqlalchemy.exc import ProgrammingError

from waybill_analyze import queries, warehouse
from waybill_common import durations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from sqlalchemy import Engine

TIMEOUT = "WAYBILL_DASHBOARD_TIMEOUT"
USUAL_TIMEOUT = "20s"
_KEPT_SECONDS = 3600
_PRESENT_SECONDS = 60
_VERSION_SECONDS = 3
"""For how long an end of a run may go unnoticed."""
_MOST = 400
_VERSION = "status/version"


@st.cache_resource(show_spinner=False)
def engine() -> Engine:
    """The pool that all visitors share."""
    return warehouse.engine(timeout=durations.of_variable(TIMEOUT, USUAL_TIMEOUT))


def rows(query: str, bound: Mapping[str, Any]) -> pd.DataFrame:
    """The answer to a query, from memory where nothing has run since it was asked.

    Args:
        query: Its name.
        bound: Values of filters; those that it does not have are left out.

    Raises:
        WaybillError: The warehouse cannot be reached.
        sqlalchemy.exc.DBAPIError: The warehouse refuses.
    """
    return _rows(query, _own(query, bound), version())


def drawn(
    query: str, bound: Mapping[str, Any], name: str, draw: Callable[[pd.DataFrame], dict[str, Any]]
) -> dict[str, Any]:
    """The chart of the answer to a query, kept like the answer: to check one takes as long as to ask.

    Args:
        query: The query's name.
        bound: Values of filters.
        name: What tells this chart from others of the same rows.
        draw: Makes it of the rows.
    """
    return _drawn(query, _own(query, bound), version(), name, draw)


def _own(query: str, bound: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    known = queries.load(query).parameters
    return tuple(sorted((name, value) for name, value in bound.items() if name in known))


@st.cache_data(ttl=_KEPT_SECONDS, max_entries=_MOST, show_spinner=False)
def _rows(query: str, values: tuple[tuple[str, Any], ...], version: str) -> pd.DataFrame:
    del version  # part of the key alone
    return queries.rows(engine(), query, **dict(values))


@st.cache_data(ttl=_KEPT_SECONDS, max_entries=_MOST, show_spinner=False)
def _drawn(
    query: str,
    values: tuple[tuple[str, Any], ...],
    version: str,
    name: str,
    _draw: Callable[[pd.DataFrame], dict[str, Any]],
) -> dict[str, Any]:
    del name
    return _draw(_rows(query, values, version))


@st.cache_data(ttl=_VERSION_SECONDS, show_spinner=False)
def version() -> str:
    """When a run ended last; "" where the warehouse does not say."""
    try:
        return str(queries.rows(engine(), _VERSION)["changed_at"].iloc[0])
    except ProgrammingError:
        return ""


def present(schemas: frozenset[str]) -> set[str]:
    """The tables and views of some schemas, as `schema.name`."""
    return _present(schemas, version())


@st.cache_data(ttl=_PRESENT_SECONDS, show_spinner=False)
def _present(schemas: frozenset[str], version: str) -> set[str]:
    del version
    return warehouse.relations(engine(), schemas)
