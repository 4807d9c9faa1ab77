"""Exchange rates over time: before they land, as they are published, and when one is published again."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from waybill_common import contracts, identifiers

if TYPE_CHECKING:
    from conftest import Dbt
    from waybill_warehouse.scratch import ScratchDatabase

_MODELS = (
    "--resource-type",
    "model",
    "--resource-type",
    "snapshot",
    "--select",
    "+fct_order_items",
)
_ITEM = """
    select price, exchange_rate, exchange_rate_date::text, reporting_price
    from marketplace.fct_order_items where order_id = 'o1' and order_item_id = 1
"""
_DAY = "select purchase_date::text from marketplace.fct_order_items where order_id = 'o1' limit 1"


def _publish(warehouse: ScratchDatabase, day: str, rate: str, publisher: str = "api") -> None:
    warehouse.execute(
        "insert into raw_exchange_rates.rates values (%s, 'EUR', 'BRL', %s, %s, clock_timestamp())"
        " on conflict (date, base, currency) do update set rate = excluded.rate,"
        " publisher = excluded.publisher, _sdc_batched_at = excluded._sdc_batched_at",
        [day, rate, publisher],
        role="loader",
    )


@pytest.mark.usefixtures("raw_olist")
def test_an_amount_keeps_the_rate_that_was_published_first(
    warehouse: ScratchDatabase, dbt: Dbt
) -> None:
    """Protects booked amounts: null without a rate, never one; stable when one is corrected, also from nothing."""
    dbt.succeed("build", *_MODELS)
    price, *none = warehouse.rows(_ITEM)[0]
    assert none == [None, None, None]
    day = warehouse.rows(_DAY)[0][0]

    contract = contracts.load(contracts.contracts_folder() / "exchange_rates.yml")
    (stream,) = contract.streams
    columns = ", ".join(f"{identifiers.quote(c.name)} {c.sql_type}" for c in stream.columns)
    warehouse.execute(
        f"create table raw_exchange_rates.rates ({columns}, _sdc_batched_at timestamptz,"
        " _sdc_deleted_at timestamptz,"
        " primary key (date, base, currency))",
        role="loader",
    )
    _publish(warehouse, day, "9.99", publisher="samples")
    dbt.succeed("build", *_MODELS)
    _publish(warehouse, day, "4")
    dbt.succeed("build", *_MODELS)
    assert warehouse.rows(_ITEM) == [(price, 0.25, day, Decimal("25.03"))]

    _publish(warehouse, day, "5")
    dbt.succeed("build", *_MODELS)
    booked = warehouse.rows(_ITEM)
    assert booked == [(price, 0.25, day, Decimal("25.03"))]
    assert warehouse.rows(
        "select rate, published_rate from common.fct_exchange_rates"
        " where date_id = %s and currency_code = 'BRL'",
        [day],
    ) == [(4, 5)]
    dbt.succeed("build", *_MODELS, "--full-refresh")
    assert warehouse.rows(_ITEM) == booked
