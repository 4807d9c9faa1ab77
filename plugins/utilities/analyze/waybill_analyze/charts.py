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
from waybill_analyze.formats import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

Drawing = alt.Chart | alt.LayerChart
"""What every function here makes."""
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
_BAR = 24
"""Pixels of a bar with the gap to the next."""
_AXIS, _LEGEND = 60, 40
"""Pixels that an axis with its title, and a legend, take of a chart's height on a page."""
_SAID = "said"
"""The field that holds a row in words."""


def trend(
    frame: pd.DataFrame,
    x: Column,
    y: Column,
    *,
    series: Column | None = None,
    description: str = "",
) -> Drawing:
    """A measure over time: columns, or a line for each series.

    Args:
        frame: A row for each period, and series; where it has a column `is_complete`, periods whose
            data are not whole yet are drawn lighter, or as hollow points.
        x: The first day of the period.
        y: The measure.
        series: What parts the rows into lines.
        description: The chart in a sentence, for who cannot see it.
    """
    shown = [x, *([series] if series else []), y]
    base = _base(frame, shown).encode(x=_time(x), y=_measure(y, alt.Y))
    is_whole = alt.datum[_COMPLETE] if _COMPLETE in frame.columns else "true"
    if series is None:
        opacity = alt.condition(is_whole, alt.value(1), alt.value(0.45))
        return _finished(base.mark_bar(color=BLUE).encode(opacity=opacity), description)
    colour = _series(frame, series)
    line = base.mark_line(strokeWidth=2, aria=False).encode(color=colour)
    points = base.mark_point(size=36, strokeWidth=1.5).encode(
        color=colour,
        fill=_series(frame, series),
        fillOpacity=alt.condition(is_whole, alt.value(1), alt.value(0)),
    )
    return _finished(line + points, description, height=_HEIGHT + _LEGEND)


def bars(frame: pd.DataFrame, category: Column, value: Column, *, description: str = "") -> Drawing:
    """A bar for each row, from top to bottom in the order of the rows."""
    base = _base(frame, [category, value]).mark_bar(color=BLUE)
    chart = base.encode(x=_measure(value, alt.X), y=_names(category))
    return _finished(chart, description, height=_BAR * len(frame) + _AXIS)


def grouped_bars(
    frame: pd.DataFrame, category: Column, value: Column, series: Column, *, description: str = ""
) -> Drawing:
    """Bars side by side for each series of a category, both in the order of the rows."""
    count = frame[category.name].nunique() * (frame[series.name].nunique() + 1)
    chart = (
        _base(frame, [category, series, value])
        .mark_bar()
        .encode(
            x=_measure(value, alt.X),
            y=_names(category),
            yOffset=alt.YOffset(series.name, type="nominal", sort=None),
            color=_series(frame, series),
        )
    )
    return _finished(chart, description, height=_BAR // 2 * count + _AXIS + _LEGEND)


def heat(
    frame: pd.DataFrame, x: Column, y: Column, value: Column, *, description: str = ""
) -> Drawing:
    """A field of cells, darker where the value is higher; both sides in the order of the rows.

    The highest tenth is equally dark: an odd row of cells does not make all others look alike.
    """
    across = alt.Axis(labelAngle=0, labelOverlap=True)
    chart = (
        _base(frame, [y, x, value])
        .mark_rect()
        .encode(
            x=alt.X(_words(x), type="ordinal", sort=None, title=x.title, axis=across),
            y=alt.Y(_words(y), type="ordinal", sort=None, title=y.title),
            color=_shade(value, most=_most(frame, value)),
        )
    )
    height = _BAR * 3 // 4 * frame[y.name].nunique() + _AXIS + _LEGEND
    return _finished(chart, description, height=height)


def map_by_state(
    frame: pd.DataFrame, state: Column, value: Column, *, description: str = ""
) -> Drawing:
    """Brazil as a grid of equal tiles, one for each state near its place, darker where more is.

    Args:
        frame: A row for each state that has one; the others stay grey.
        state: Its two letters.
        value: The measure.
        description: The chart in a sentence, for who cannot see it.
    """
    tiles = states.tiles().merge(frame, how="left", left_on="code", right_on=state.name)
    middle = float(frame[value.name].max() or 0) / 2
    field = alt.datum[value.name]
    base = _base(tiles, [Column("name", state.title), value]).encode(
        x=alt.X("column:O", axis=None), y=alt.Y("row:O", axis=None)
    )
    squares = base.mark_rect(stroke=None, cornerRadius=4, invalid="show").encode(
        color=alt.condition(alt.expr.isValid(field), _shade(value), alt.value("#9aa3ad"))
    )
    letters = base.mark_text(fontSize=12, fontWeight="bold", aria=False).encode(
        text="code:N",
        color=alt.condition(field > middle, alt.value("#ffffff"), alt.value("#10202f")),
    )
    return _finished(squares + letters, description, height=420)


def themed(chart: Drawing, look: str = "light") -> Drawing:
    """A chart with colours of its own for page, text and axes, for where no page gives them.

    Args:
        chart: One of this module's.
        look: `light` or `dark`.
    """
    colours = _LOOKS[look]
    labels = {"labelColor": colours["text"], "titleColor": colours["text"]}
    with_colours: Drawing = (
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
    return with_colours


def _base(frame: pd.DataFrame, shown: Sequence[Column]) -> alt.Chart:
    """The rows in types that Vega knows, and what each says in words, to who points at it or hears it.

    Args:
        frame: The rows.
        shown: What a mark tells, in this order.
    """
    drawn = frame.copy()
    for column in shown:
        drawn[_words(column)] = [formats.written(each, column.unit) for each in frame[column.name]]
    for name in frame.columns:
        # Decimals become floats, which only pixels are made of.
        if any(isinstance(value, Decimal) for value in frame[name]):
            drawn[name] = pd.to_numeric(frame[name].astype(float))
        elif any(isinstance(value, dt.date) for value in frame[name]):
            # Vega takes a day without a time for UTC, and would show the day before west of Greenwich.
            drawn[name] = pd.to_datetime(frame[name])
    said = [
        ", ".join(f"{column.title}: {words}" for column, words in zip(shown, row, strict=True))
        for row in drawn[[_words(column) for column in shown]].itertuples(index=False, name=None)
    ]
    if _COMPLETE in frame.columns:
        said = [
            text if whole else f"{text} (not complete)"
            for text, whole in zip(said, frame[_COMPLETE], strict=True)
        ]
    drawn[_SAID] = said
    tooltip = [alt.Tooltip(_words(each), type="nominal", title=each.title) for each in shown]
    return alt.Chart(drawn).encode(
        tooltip=tooltip, description=alt.Description(_SAID, type="nominal")
    )


def _words(column: Column) -> str:
    """The field that holds a column in words."""
    return f"{column.name}_in_words"


def _time(column: Column) -> alt.X:
    unit: Any = "yearmonth" if column.unit == "month" else "yearmonthdate"
    axis = alt.Axis(format=formats.d3(column.unit, axis=True) or "", labelOverlap=True)
    return alt.X(column.name, type="temporal", timeUnit=unit, title=None, axis=axis)


def _measure(column: Column, channel: type[alt.X | alt.Y]) -> Any:
    axis = alt.Axis(format=formats.d3(column.unit, axis=True) or "", tickCount=5)
    return channel(column.name, type="quantitative", title=column.title, axis=axis)


def _names(column: Column) -> alt.Y:
    axis = alt.Axis(labelLimit=150, labelOverlap=False, title=None)
    return alt.Y(column.name, type="nominal", sort=None, axis=axis)


def _series(frame: pd.DataFrame, column: Column) -> alt.Color:
    order = [str(each) for each in dict.fromkeys(frame[column.name])]
    return alt.Color(
        column.name,
        type="nominal",
        title=None,
        scale=alt.Scale(domain=order, range=PALETTE),
        legend=alt.Legend(orient="top", columns=3, labelLimit=180),
    )


def _most(frame: pd.DataFrame, column: Column) -> float | None:
    values = frame[column.name].dropna().astype(float)
    return float(values.quantile(0.9)) or None if len(values) else None


def _shade(column: Column, *, most: float | None = None) -> alt.Color:
    ends: dict[str, Any] = {"domainMin": 0} | ({"domainMax": most, "clamp": True} if most else {})
    return alt.Color(
        column.name,
        type="quantitative",
        title=column.title,
        scale=alt.Scale(range=_SEQUENCE, **ends),
        legend=alt.Legend(orient="top", format=formats.d3(column.unit, axis=True) or ""),
    )


def _finished(chart: Drawing, description: str, *, height: int = _HEIGHT) -> Drawing:
    finished: Drawing = chart.properties(
        width="container",
        height=height,
        description=description,
        # As SVG each mark is in the page with its words, for screen readers and for tests.
        usermeta={"embedOptions": {"renderer": "svg", "actions": False}},
    )
    return finished
