"""A finding's figure as a chart of the shared module, as SVG, and in words for who cannot see it."""

from __future__ import annotations

import datetime as dt
import re
from html import escape
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from waybill_analyze import charts, formats
from waybill_analyze.formats import Column

if TYPE_CHECKING:
    from waybill_analyze.findings.finding import Figure

WIDTH = 760
"""Pixels of a chart's drawing area where nothing else decides it."""

_IDENTIFIERS = re.compile(r'(\bid="|url\(#|href="#)')
_LETTERS = {"labelFontSize": 12, "titleFontSize": 12}
_LETTER = 6.5
"""Pixels of a letter beside an axis."""
_SHORT_LABEL, _LONG_LABEL = 150, 360
"""Pixels for which the shared charts leave room beside an axis, and most that a figure takes."""
_NAMED = 8
"""So many values are named one by one in words."""


def chart(figure: Figure) -> Any:
    """Draw a figure."""
    frame = _frame(figure)
    words = described(figure)
    value = Column("value", figure.value_title, figure.unit)
    series = Column("series", "", "text") if len(figure.series) > 1 else None
    category = Column("category", figure.category_title, "text")
    if figure.kind == "time":
        day = Column("category", figure.category_title, figure.period)
        return charts.trend(frame, day, value, series=series, description=words)
    if figure.kind == "intervals":
        return _intervals(frame, figure, words)
    if figure.kind == "steps":
        return _steps(frame, figure, words)
    if series:
        return charts.grouped_bars(frame, category, value, series, description=words)
    drawn: Any = charts.bars(frame, category, value, description=words)
    drawn.encoding.y.axis.labelLimit = max(_SHORT_LABEL, _beside(figure))
    return drawn


def width(figure: Figure) -> int:
    """Pixels of a figure's drawing area, less where long names need the room beside it."""
    return WIDTH - max(_beside(figure) - _SHORT_LABEL, 0) if figure.kind == "bars" else WIDTH


def _beside(figure: Figure) -> int:
    longest = max(len(category) for category in figure.categories)
    return min(int(longest * _LETTER), _LONG_LABEL)


def svg(drawing: Any, label: str, *, prefix: str, width: int = WIDTH) -> str:
    """A chart as an SVG element that stands in a page beside others.

    Args:
        drawing: A chart of Altair's.
        label: What it shows, for who cannot see it.
        prefix: Sets its identifiers apart from those of the page's other charts.
        width: Of the drawing area in pixels.
    """
    import vl_convert  # noqa: PLC0415 - 60 MB, and the dashboard needs none of it

    specification = charts.themed(drawing.properties(width=width)).to_dict()
    for part in ("axis", "legend"):
        specification["config"][part] |= _LETTERS
    text = str(vl_convert.vegalite_to_svg(specification))
    return embedded(text, label, prefix=prefix)


def embedded(text: str, label: str, *, prefix: str) -> str:
    """An SVG document as an image of a page, named for who cannot see it."""
    element = _IDENTIFIERS.sub(rf"\g<1>{prefix}-", text[text.index("<svg") :])
    return element.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1)


def described(figure: Figure) -> str:
    """The figure in words: what it shows, and its values or their range."""
    lines = [f"{figure.title}."]
    for series in figure.series:
        known = [
            (category, value)
            for category, value in zip(figure.categories, series.values, strict=True)
            if value is not None
        ]
        if not known:
            continue
        if len(known) <= _NAMED:
            said = ", ".join(f"{category} {_written(value, figure)}" for category, value in known)
        else:
            (low, least), (high, most) = (
                choose(known, key=lambda pair: pair[1]) for choose in (min, max)
            )
            first, last = known[0], known[-1]
            said = (
                f"{len(known)} values from {_written(least, figure)} ({low}) to"
                f" {_written(most, figure)} ({high}); first {_written(first[1], figure)}"
                f" ({first[0]}), last {_written(last[1], figure)} ({last[0]})"
            )
        lines.append(f"{series.name}: {said}.")
    if figure.reference:
        lines.append(
            f"{figure.reference[1].capitalize()}: {_written(figure.reference[0], figure)}."
        )
    return " ".join(lines)


def _written(value: float, figure: Figure) -> str:
    rounded = round(value) if figure.unit == "count" else round(value, 4)
    return formats.written(rounded, figure.unit)


def _frame(figure: Figure) -> pd.DataFrame:
    rows = [
        {
            "category": category,
            "series": series.name,
            "value": value,
            "is_complete": category not in figure.partial,
            "low": figure.ends[at][0] if figure.ends else None,
            "high": figure.ends[at][1] if figure.ends else None,
        }
        for series in figure.series
        for at, (category, value) in enumerate(zip(figure.categories, series.values, strict=True))
    ]
    frame = pd.DataFrame(rows)
    if figure.kind == "time":
        frame["category"] = [dt.date.fromisoformat(each) for each in frame["category"]]
    if not figure.ends:
        frame = frame.drop(columns=["low", "high"])
    return frame if figure.partial else frame.drop(columns=["is_complete"])


def _axis(figure: Figure) -> alt.Axis:
    return alt.Axis(format=formats.d3(figure.unit, axis=True) or "", tickCount=5)


def _intervals(frame: pd.DataFrame, figure: Figure, words: str) -> Any:
    """A point for each name with the reach of its interval, and a line at the reference."""
    names = alt.Y("category", type="nominal", sort=None, title=None)
    points = (
        alt.Chart(frame)
        .mark_point(filled=True, size=45, color=charts.BLUE, opacity=1)
        .encode(
            x=alt.X("value:Q", title=figure.value_title, axis=_axis(figure)),
            y=names,
        )
    )
    reach = (
        alt.Chart(frame)
        .mark_rule(strokeWidth=2, color=charts.BLUE, opacity=0.5)
        .encode(
            x=alt.X("low:Q", title=figure.value_title, axis=_axis(figure)), x2="high:Q", y=names
        )
    )
    layers = [reach, points]
    if figure.reference:
        at, what = figure.reference
        mark = pd.DataFrame([{"value": at, "what": what}])
        layers.append(
            alt.Chart(mark)
            .mark_rule(strokeDash=[4, 3], color=charts.PALETTE[1])
            .encode(x=alt.X("value:Q", title=figure.value_title, axis=_axis(figure)))
        )
    return alt.layer(*layers).properties(
        height=max(16 * len(figure.categories), 80), description=words
    )


def _steps(frame: pd.DataFrame, figure: Figure, words: str) -> Any:
    """A line over steps that are in order but no time."""
    base = alt.Chart(frame).encode(
        x=alt.X(
            "category", type="ordinal", sort=None, title=figure.category_title,
            axis=alt.Axis(labelAngle=0),
        ),
        y=alt.Y(
            "value:Q", title=figure.value_title, axis=_axis(figure), scale=alt.Scale(zero=True)
        ),
        color=alt.Color(
            "series:N", title=None, scale=alt.Scale(range=charts.PALETTE),
            legend=alt.Legend(orient="top") if len(figure.series) > 1 else None,
        ),
    )  # fmt: skip
    return (base.mark_line(strokeWidth=2) + base.mark_point(filled=True, size=45)).properties(
        height=260, description=words
    )
