from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from waybill_analyze import charts, states
from waybill_analyze.formats import Column

MONTH = Column("month_start_date", "Month", "month")
AMOUNT = Column("amount", "Sales (BRL)", "money")
KIND = Column("kind", "Kind")
STATE = Column("state", "State")


@pytest.fixture
def months() -> pd.DataFrame:
    """Two months of two kinds, the last of them not whole, with exact amounts."""
    return pd.DataFrame(
        {
            "month_start_date": [dt.date(2018, 1, 1), dt.date(2018, 1, 1), dt.date(2018, 2, 1)],
            "kind": ["net", "gross", "net"],
            "is_complete": [True, True, False],
            "amount": [Decimal("10.25"), Decimal("12.50"), Decimal("0.75")],
        }
    )


def _layers(chart: dict[str, Any]) -> list[dict[str, Any]]:
    return chart.get("layer", [chart])


def test_a_trend_marks_the_period_that_is_not_whole(months: pd.DataFrame) -> None:
    """Protects from the last month that looks like a collapse of sales."""
    columns = charts.trend(months, MONTH, AMOUNT, description="Sales.").to_dict()
    assert columns["encoding"]["opacity"]["condition"]["test"] == "datum['is_complete']"
    lines = charts.trend(months, MONTH, AMOUNT, series=KIND).to_dict()
    points = _layers(lines)[1]
    assert points["encoding"]["fillOpacity"]["condition"]["test"] == "datum['is_complete']"
    assert points["encoding"]["fillOpacity"]["value"] == 0


@pytest.mark.parametrize(
    "chart",
    [
        lambda rows: charts.trend(rows, MONTH, AMOUNT, description="D."),
        lambda rows: charts.trend(rows, MONTH, AMOUNT, series=KIND, description="D."),
        lambda rows: charts.bars(rows, KIND, AMOUNT, description="D."),
        lambda rows: charts.grouped_bars(rows, MONTH, AMOUNT, KIND, description="D."),
        lambda rows: charts.heat(rows, KIND, MONTH, AMOUNT, description="D."),
    ],
)
def test_a_chart_is_valid_described_and_drawn_as_svg(chart: Any, months: pd.DataFrame) -> None:
    """Protects who hears the page: a description, and marks that are in the page with their numbers."""
    drawn = chart(months).to_dict()  # Altair checks it against Vega-Lite's schema
    assert drawn["description"] == "D."
    assert drawn["usermeta"]["embedOptions"]["renderer"] == "svg"
    (values,) = drawn["datasets"].values()
    assert [row["amount"] for row in values] == [10.25, 12.5, 0.75]


def test_bars_stand_in_the_order_of_the_rows(months: pd.DataFrame) -> None:
    """What comes first is the query's to say."""
    assert charts.bars(months, KIND, AMOUNT).to_dict()["encoding"]["y"]["sort"] is None


def test_the_map_has_a_tile_for_each_state_and_none_twice() -> None:
    """Protects the map from a state that hides another, or is not there."""
    tiles = states.tiles()
    assert len(tiles) == 27
    assert not tiles.duplicated(["row", "column"]).any()
    assert set(tiles["code"]) == set(states.NAMES)
    drawn = charts.map_by_state(
        pd.DataFrame({"state": ["SP", "AC"], "amount": [Decimal(7), Decimal(0)]}), STATE, AMOUNT
    ).to_dict()
    (values,) = drawn["datasets"].values()
    shown = {row["code"]: row["amount"] for row in values}
    assert (shown["SP"], shown["AC"], shown["RJ"]) == (7, 0, None)


def test_a_chart_can_bring_its_own_colours(months: pd.DataFrame) -> None:
    """The report has no page that gives a chart colours for text and axes."""
    light, dark = (
        charts.themed(charts.bars(months, KIND, AMOUNT), look).to_dict()["config"]
        for look in ("light", "dark")
    )
    assert light["background"] != dark["background"]
    assert light["axis"]["labelColor"] != dark["axis"]["labelColor"]
