"""A finding's figure as a native chart of a slide: its numbers stand in a workbook inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_AXIS_CROSSES, XL_CHART_TYPE, XL_LEGEND_POSITION
from pptx.oxml.ns import qn
from pptx.util import Inches, Pt

from waybill_analyze import charts

if TYPE_CHECKING:
    from pptx.slide import Slide

    from waybill_analyze.findings.finding import Figure
    from waybill_analyze.report.deck_text import Box

_FORMATS = {"share": "0.0%", "money": "#,##0", "count": "#,##0"}
_OTHER_FORMAT = "0.00"
_PARTIAL = RGBColor(0xB9, 0xD3, 0xEC)
_GRID = RGBColor(0xD5, 0xDA, 0xE0)
_MANY = 20
"""From so many names on their letters get smaller."""


def add(slide: Slide, figure: Figure, box: Box) -> Any:
    """Draw a figure on a slide.

    Returns:
        The frame of the chart.
    """
    left, top, width, height = (Inches(each) for each in box)
    shapes: Any = slide.shapes
    frame = shapes.add_chart(_kind(figure), left, top, width, height, _data(figure))
    chart = frame.chart
    chart.has_title = False
    chart.font.size = Pt(9 if len(figure.categories) > _MANY else 11)
    chart.has_legend = len(figure.series) > 1
    if chart.has_legend:
        chart.legend.position = XL_LEGEND_POSITION.BOTTOM
        chart.legend.include_in_layout = False
    _axes(chart, figure)
    for at, series in enumerate(chart.plots[0].series):
        _colour(series, figure, RGBColor.from_string(charts.PALETTE[at].lstrip("#").upper()))
    if figure.ends:
        _reaches(chart.plots[0].series[0], figure)
    return frame


def describe(frame: Any, words: str) -> None:
    """Give a shape its alternative text."""
    frame._element.nvGraphicFramePr.cNvPr.set("descr", words)  # noqa: SLF001 - no other way


def _kind(figure: Figure) -> Any:
    if figure.kind in {"bars", "intervals"}:
        return XL_CHART_TYPE.BAR_CLUSTERED
    if figure.kind == "time" and len(figure.series) == 1:
        return XL_CHART_TYPE.COLUMN_CLUSTERED
    return XL_CHART_TYPE.LINE_MARKERS


def _data(figure: Figure) -> Any:
    data = CategoryChartData(number_format=_FORMATS.get(figure.unit, _OTHER_FORMAT))
    is_month = figure.kind == "time" and figure.period == "month"
    data.categories = [each[:7] if is_month else each for each in figure.categories]
    for series in figure.series:
        data.add_series(series.name, series.values)
    return data


def _axes(chart: Any, figure: Figure) -> None:
    values, names = chart.value_axis, chart.category_axis
    values.tick_labels.number_format = {"share": "0%"}.get(
        figure.unit, _FORMATS.get(figure.unit, _OTHER_FORMAT)
    )
    values.tick_labels.number_format_is_linked = False
    values.major_gridlines.format.line.color.rgb = _GRID
    values.format.line.fill.background()
    values.minimum_scale = 0 if _is_positive(figure) else None
    for axis, words in ((values, figure.value_title), (names, figure.category_title)):
        axis.has_title = True
        axis.axis_title.text_frame.text = words
        run = axis.axis_title.text_frame.paragraphs[0].runs[0]
        run.font.size, run.font.bold = Pt(11), False
    names.has_major_gridlines = False
    if figure.kind in {"bars", "intervals"}:
        # A bar chart begins at the bottom; the first name belongs on top, as in the report.
        names.reverse_order = True
        names.crosses = XL_AXIS_CROSSES.MAXIMUM


def _is_positive(figure: Figure) -> bool:
    return all((value or 0) >= 0 for series in figure.series for value in series.values)


def _colour(series: Any, figure: Figure, colour: RGBColor) -> None:
    if hasattr(series, "smooth"):
        series.smooth = False
        series.format.line.color.rgb = colour
        series.format.line.width = Pt(2.25)
        series.marker.size = 6
        series.marker.format.fill.solid()
        series.marker.format.fill.fore_color.rgb = colour
        series.marker.format.line.color.rgb = colour
        return
    series.format.fill.solid()
    series.format.fill.fore_color.rgb = colour
    for at, category in enumerate(figure.categories):
        if category in figure.partial:
            fill = series.points[at].format.fill
            fill.solid()
            fill.fore_color.rgb = _PARTIAL


def _reaches(series: Any, figure: Figure) -> None:
    """Error bars from each interval's lower to its upper end, for which the library has no words."""
    values = [value or 0.0 for value in figure.series[0].values]
    bars = etree.Element(qn("c:errBars"))
    for name, value in (("errBarType", "both"), ("errValType", "cust"), ("noEndCap", "0")):
        etree.SubElement(bars, qn(f"c:{name}")).set("val", value)
    for name, lengths in (
        ("plus", [high - value for value, (_, high) in zip(values, figure.ends, strict=True)]),
        ("minus", [value - low for value, (low, _) in zip(values, figure.ends, strict=True)]),
    ):
        numbers = etree.SubElement(etree.SubElement(bars, qn(f"c:{name}")), qn("c:numLit"))
        etree.SubElement(numbers, qn("c:formatCode")).text = "General"
        etree.SubElement(numbers, qn("c:ptCount")).set("val", str(len(lengths)))
        for at, length in enumerate(lengths):
            point = etree.SubElement(numbers, qn("c:pt"))
            point.set("idx", str(at))
            etree.SubElement(point, qn("c:v")).text = f"{length:.9f}"
    series._element.find(qn("c:cat")).addprevious(bars)  # noqa: SLF001
