"""Attribution on a few rows: late clicks, checkouts and corrections, and the same from nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from waybill_common import contracts, identifiers

if TYPE_CHECKING:
    from conftest import Dbt
    from waybill_warehouse.scratch import ScratchDatabase

_MODELS = ("--select", "+marts.attribution")
_RECEIVED = "2024-03-20 00:00:00+00"


class RawClickstream:
    """The raw tables of the clickstream as the target makes them."""

    def __init__(self, warehouse: ScratchDatabase) -> None:
        self._warehouse = warehouse
        contract = contracts.load(contracts.contracts_folder() / "clickstream.yml")
        for stream in contract.streams:
            columns = ", ".join(f"{each.name} {each.sql_type}" for each in stream.columns)
            table = identifiers.qualify(contract.raw_schema, stream.name)
            self.change(f"create table {table} ({columns}, primary key ({', '.join(stream.key)}))")

    def change(self, statement: str) -> None:
        self._warehouse.execute(statement, role="loader")

    def click(self, click_id: str, user: str, at: str, channel: str = "email") -> None:
        self.change(
            "insert into raw_clickstream.clicks values"
            f" ('{click_id}', '{user}', 'p1', '{channel}', '{at}+00', '{_RECEIVED}')"
        )

    def checkout(self, checkout_id: str, user: str, at: str, amount: str) -> None:
        self.change(
            "insert into raw_clickstream.checkouts values"
            f" ('{checkout_id}', '{user}', 'p1', 1, {amount}, '{at}+00', '{_RECEIVED}')"
        )


@pytest.fixture
def raw(warehouse: ScratchDatabase) -> RawClickstream:
    """Three checkouts of as many days, one of them attributed."""
    raw = RawClickstream(warehouse)
    raw.checkout("old", "ana", "2024-03-01 12:00:00", "10.00")
    raw.checkout("recent", "bob", "2024-03-07 12:00:00", "20.01")
    raw.checkout("newest", "cyd", "2024-03-09 12:00:00", "30.00")
    raw.click("c1", "cyd", "2024-03-09 11:30:00", "social")
    return raw


def _marts(warehouse: ScratchDatabase) -> tuple[list[Any], list[Any]]:
    facts = "select to_jsonb(fact) from attribution.fct_checkout_attribution as fact order by checkout_id"
    report = (
        "select to_jsonb(report) from attribution.rpt_channel_revenue as report order by channel"
    )
    return warehouse.rows(facts), warehouse.rows(report)


def test_late_events_change_the_past_as_a_build_from_nothing_would(
    warehouse: ScratchDatabase, raw: RawClickstream, dbt: Dbt
) -> None:
    """Protects the window: within it an incremental run and a full rebuild give the same rows, beyond it none change."""
    dbt.succeed("build", *_MODELS, "--exclude-resource-type", "unit_test")
    before = warehouse.rows(
        "select checkout_id, xmin::text from attribution.fct_checkout_attribution"
        " where checkout_id in ('old', 'newest') order by 1"
    )
    raw.click(
        "c2", "bob", "2024-03-07 11:15:00", "display"
    )  # late, within three days of the newest
    raw.click("c3", "bob", "2024-03-07 11:45:00", "email")
    raw.checkout("late", "bob", "2024-02-01 12:00:00", "5.00")  # of any age
    raw.click("c4", "bob", "2024-02-01 11:59:00", "referral")
    raw.checkout("gone", "eve", "2024-03-08 12:00:00", "6.00")
    dbt.succeed("run", *_MODELS)
    raw.change("delete from raw_clickstream.checkouts where checkout_id = 'gone'")
    dbt.succeed("build", *_MODELS, "--exclude-resource-type", "unit_test")
    incremental = _marts(warehouse)
    assert warehouse.rows(
        "select checkout_id, first_click_id, last_click_id, linear_display_amount, linear_email_amount"
        " from attribution.fct_checkout_attribution where checkout_id in ('late', 'recent') order by 1"
    ) == [("late", "c4", "c4", 0, 0), ("recent", "c2", "c3", 10, Decimal("10.01"))]
    # What has not changed was not written.
    assert before == warehouse.rows(
        "select checkout_id, xmin::text from attribution.fct_checkout_attribution"
        " where checkout_id in ('old', 'newest') order by 1"
    )
    dbt.succeed("run", *_MODELS, "--full-refresh")
    assert _marts(warehouse) == incremental

    # Beyond the window a click comes too late, until somebody rebuilds.
    raw.click("c5", "ana", "2024-03-01 11:30:00")
    dbt.succeed("run", *_MODELS)
    assert _marts(warehouse) == incremental
    dbt.succeed("run", *_MODELS, "--full-refresh")
    assert _marts(warehouse) != incremental
