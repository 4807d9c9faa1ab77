from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from waybill_analyze import dashboard
from waybill_analyze.dashboard import data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waybill_warehouse.scratch import ScratchDatabase

APP = Path(dashboard.__file__).with_name("app.py")


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """What another test's warehouse has answered is forgotten."""
    yield
    data.engine().dispose()
    st.cache_data.clear()
    st.cache_resource.clear()


def _opened() -> AppTest:
    page = AppTest.from_file(str(APP), default_timeout=60).run()
    assert not page.exception
    return page


def _offered(page: AppTest) -> list[str]:
    return [link.proto.label for link in page.get("page_link")]


def test_before_the_first_run_it_says_what_to_do() -> None:
    """Protects who opens the dashboard first and runs a job later: no traceback, one sentence."""
    page = _opened()
    (note,) = page.warning
    assert "Start it with" in note.value
    assert "warehouse:up" in note.value


@pytest.mark.usefixtures("warehouse")
def test_a_warehouse_without_marts_says_which_command_makes_them() -> None:
    """A warehouse that has just been set up has a status and nothing else."""
    page = _opened()
    assert "make run" in page.warning[0].value
    assert _offered(page) == ["Open Data status"]


def test_a_domain_is_offered_as_soon_as_it_has_marts(warehouse: ScratchDatabase) -> None:
    """Protects a warehouse of one domain: its page is there, others are not, what lacks is said."""
    columns = "channel text, checkout_date date, is_complete boolean, first_click_checkout_count bigint, first_click_revenue numeric, last_click_revenue numeric, linear_revenue numeric"
    warehouse.execute(
        f"create table attribution.rpt_channel_daily_revenue ({columns})", role="transformer"
    )
    assert _offered(_opened()) == ["Open Attribution", "Open Data status"]
    warehouse.execute(
        "insert into attribution.rpt_channel_daily_revenue values"
        " ('email', '2024-05-01', true, 3, 20.50, 1, 1), ('unattributed', '2024-05-02', true, 1, 5.25, 1, 1)",
        role="transformer",
    )
    st.cache_data.clear()
    figures = next(
        each.proto.body for each in _opened().get("html") if "checkout_count" in each.proto.body
    )
    assert "<dd>4</dd>" in figures
    assert "<dd>25.75</dd>" in figures
    assert "<dd>75.0 %</dd>" in figures


def test_a_warehouse_from_before_the_views_still_shows_its_marts(
    warehouse: ScratchDatabase,
) -> None:
    """Protects an upgrade: the ledger's views come with the next `warehouse:up`."""
    warehouse.execute("drop schema waybill_status cascade")
    page = _opened()
    assert "make run" in page.warning[0].value
