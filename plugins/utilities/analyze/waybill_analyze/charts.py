"""The charts of the dashboard, the notebooks and the report: rows of a query, drawn by Altair.

Colours of marks are legible on white and on black; axes and text take those of the page, or of
`themed` where there is none. Each chart carries a description, and as SVG each mark its numbers.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from waybill_analyze import formats, states

if TYPE_CHECKING:
    from waybill_analyze.formats import Column

BLUE = "#3b82c4"
PALETTE = [BLUE, "#d9772b", "#2a9d77", "#c84a63", "#8e6bbf", "#8a7a2f", "#2f93a8", "#7d858d"]
"""For series: each has a contrast of 3 and more to white and to Streamlit's black."""
_SEQUENCE = ["#dbe9f6", "#08427d"]
_LOOKS = {
    "light": {"background": "#ffffff", "text": "#1f2933", "lines": "#d5dae0"},
    "dark": {"background": "#0e1117", "text": "#e6e9ee", "lines": "#3a414b"},
}
_COMPLETE = "is_complete"
_FONT = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif"
_HEIGHT = 300
_BAR = 26
"""Pixels of a bar with the gap to the next."""


def trend(
    frame: pd.DataFrame,
    x: Column,
    y: Column,
    *,
    series: Column | None = None,
    description: str = "",
) -> alt.Chart:
    """A measure over time: columns, or a line for each series.

    Args:
        frame: A row for each period, and series; where it has a column `is_complete`, periods whose
            data are not whole yet are drawn lighter, or as hollow points.
        x: The first day of the period.
        y: The measure.
        series: What parts the rows into lines.
        description: The chart in a sentence, for who cannot see it.
    """
    base = alt.Chart(_drawable(frame)).encode(
        x=_time(x), y=_measure(y), tooltip=_tooltips(frame, x, y, series)
    )
    is_whole = alt.datum[_COMPLETE] if _COMPLETE in frame.columns else "true"
    if series is None:
        opacity = alt.condition(is_whole, alt.value(1), alt.value(0.45))
        chart = base.mark_bar(color=BLUE).encode(opacity=opacity)
    else:
        line = base.mark_line(strokeWidth=2, aria=False).encode(color=_series(frame, series))
        points = base.mark_point(size=36, strokeWidth=1.5).encode(
            color=_series(frame, series),
            fillOpacity=alt.condition(is_whole, alt.value(1), alt.value(0)),
            fill=_series(frame, series),
        )
        chart = line + points
    return _finished(chart, description)


def bars(
    frame: pd.DataFrame, category: Column, value: Column, *, description: str = ""
) -> alt.Chart:
    """A bar for each row, from top to bottom in the order of the rows."""
    chart = (
        alt.Chart(_drawable(frame))
        .mark_bar(color=BLUE)
        .encode(
            x=_measure(value), y=_names(category), tooltip=_tooltips(frame, category, value, None)
        )
    )
    return _finished(chart, description, height=_BAR * max(len(frame), 1) + 10)


def grouped_bars(
    frame: pd.DataFrame, category: Column, value: Column, series: Column, *, description: str = ""
) -> alt.Chart:
    """Bars side by side for each series of a category, both in the order of the rows."""
    count = frame[category.name].nunique() * frame[series.name].nunique()
    chart = (
        alt.Chart(_drawable(frame))
        .mark_bar()
        .encode(
            x=_measure(value),
            y=_names(category),
            yOffset=alt.YOffset(series.name, type="nominal", sort=None),
            color=_series(frame, series),
            tooltip=_tooltips(frame, category, value, series),
        )
    )
    return _finished(chart, description, height=max(_BAR * count * 3 // 4, 80))


def heat(
    frame: pd.DataFrame, x: Column, y: Column, value: Column, *, description: str = ""
) -> alt.Chart:
    """A field of cells, darker where the value is higher; both sides in the order of the rows."""
    chart = (
        alt.Chart(_drawable(frame, words=(x, y)))
        .mark_rect()
        .encode(
            x=alt.X(x.name, type="ordinal", sort=None, title=x.title, axis=alt.Axis(labelAngle=0)),
            y=_names(y),
            color=alt.Color(
                value.name,
                type="quantitative",
                title=value.title,
                scale=alt.Scale(range=_SEQUENCE),
                legend=alt.Legend(orient="top", format=formats.d3(value.unit, axis=True) or ""),
            ),
            tooltip=_tooltips(frame, x, value, y),
        )
    )
    return _finished(chart, description, height=_BAR * max(frame[y.name].nunique(), 1) + 10)


def map_by_state(
    frame: pd.DataFrame, state: Column, value: Column, *, description: str = ""
) -> alt.Chart:
    """Brazil as a grid of equal tiles, one for each state near its place, darker where more is.

    Args:
        frame: A row for each state that has one; the others stay grey.
        state: Its two letters.
        value: The measure.
        description: The chart in a sentence, for who cannot see it.
    """
    tiles = states.tiles().merge(_drawable(frame), how="left", left_on="code", right_on=state.name)
    known = tiles[value.name].notna()
    middle = tiles.loc[known, value.name].max() / 2 if known.any() else 0
    base = alt.Chart(tiles).encode(x=alt.X("column:O", axis=None), y=alt.Y("row:O", axis=None))
    tooltip = [
        alt.Tooltip("name:N", title=state.title),
        alt.Tooltip(f"{value.name}:Q", title=value.title, format=formats.d3(value.unit) or ""),
    ]
    colour = alt.Color(
        f"{value.name}:Q",
        title=value.title,
        scale=alt.Scale(range=_SEQUENCE, domainMin=0),
        legend=alt.Legend(orient="top", format=formats.d3(value.unit, axis=True) or ""),
    )
    field = alt.datum[value.name]
    squares = base.mark_rect(stroke=None, cornerRadius=4).encode(
        color=alt.condition(alt.expr.isValid(field), colour, alt.value("#9aa3ad")), tooltip=tooltip
    )
    letters = base.mark_text(fontSize=12, fontWeight="bold", aria=False).encode(
        text="code:N",
        color=alt.condition(field > middle, alt.value("#ffffff"), alt.value("#10202f")),
        tooltip=tooltip,
    )
    return _finished(squares + letters, description, height=380)


def themed(chart: alt.Chart, look: str = "light") -> alt.Chart:
    """A chart with colours of its own for page, text and axes, for where no page gives them.

    Args:
        chart: One of this module's.
        look: `light` or `dark`.
    """
    colours = _LOOKS[look]
    labels = {"labelColor": colours["text"], "titleColor": colours["text"]}
    return (
        chart.configure(background=colours["background"], font=_FONT)
        .configure_axis(
            **labels,
            gridColor=colours["lines"],
            domainColor=colours["lines"],
            tickColor=colours["lines"],
        )
        .configure_legend(**labels)
        .configure_title(color=colours["text"])
        .configure_view(stroke=None)
    )


def _drawable(frame: pd.DataFrame, words: tuple[Column, ...] = ()) -> pd.DataFrame:
    """The rows in types that Vega knows: decimals as floats, which only pixels are made of."""
    drawn = frame.copy()
    for column in words:
        drawn[column.name] = [formats.written(each, column.unit) for each in frame[column.name]]
    for name in drawn.columns:
        if any(isinstance(value, Decimal) for value in drawn[name]):
            drawn[name] = pd.to_numeric(drawn[name].astype(float))
        elif any(isinstance(value, dt.date) for value in drawn[name]):
            # Vega takes a day without a time for UTC, and would show the day before west of Greenwich.
            drawn[name] = pd.to_datetime(drawn[name])
    return drawn


def _time(column: Column) -> alt.X:
    unit = "yearmonth" if column.unit == "month" else "yearmonthdate"
    return alt.X(
        column.name,
        type="temporal",
        timeUnit=unit,
        title=None,
        axis=alt.Axis(format=formats.d3(column.unit, axis=True) or "", labelOverlap=True),
    )


def _measure(column: Column) -> Any:
    axis = alt.Axis(format=formats.d3(column.unit, axis=True) or "", tickCount=5)
    return alt.Y(column.name, type="quantitative", title=column.title, axis=axis)


def _names(column: Column) -> alt.Y:
    axis = alt.Axis(labelLimit=150, title=None)
    return alt.Y(column.name, type="nominal", sort=None, title=column.title, axis=axis)


def _series(frame: pd.DataFrame, column: Column) -> alt.Color:
    order = [str(each) for each in dict.fromkeys(frame[column.name])]
    return alt.Color(
        column.name,
        type="nominal",
        title=column.title,
        scale=alt.Scale(domain=order, range=PALETTE),
        legend=alt.Legend(orient="top", columns=3, labelLimit=180),
    )


def _tooltips(
    frame: pd.DataFrame, x: Column, y: Column, series: Column | None
) -> list[alt.Tooltip]:
    shown = [x, *([series] if series else []), y]
    tips = [
        alt.Tooltip(
            column.name,
            type="temporal"
            if column.unit in formats.PERIODS
            else "quantitative"
            if column.is_number
            else "nominal",
            title=column.title,
            **({"format": formats.d3(column.unit)} if formats.d3(column.unit) else {}),
        )
        for column in shown
    ]
    if _COMPLETE in frame.columns:
        tips.append(alt.Tooltip(_COMPLETE, type="nominal", title="Complete"))
    return tips


def _finished(chart: Any, description: str, *, height: int = _HEIGHT) -> Any:
    return chart.properties(
        width="container",
        height=height,
        description=description,
        # As SVG each mark is in the page with its numbers, for screen readers and for tests.
        usermeta={"embedOptions": {"renderer": "svg", "actions": False}},
    )
