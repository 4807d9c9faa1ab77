"""Lineage and schemas on slides, as shapes that can be moved and edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pptx.dml.color import RGBColor
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.util import Emu, Inches, Pt

from waybill_analyze.pictures import layout
from waybill_analyze.pictures.drawing import COLOURS
from waybill_analyze.report.deck_text import FONT, GREY, INK, put

if TYPE_CHECKING:
    from pptx.slide import Slide

    from waybill_analyze.pictures.layout import Graph, Layout, Placed

_LEFT, _TOP, _WIDTH, _HEIGHT = 0.5, 1.35, 12.3, 5.75
_FONT_PIXELS = 11
_LARGEST_SCALE = 0.0135
"""Inches of a pixel, from where on letters would be larger than the slide's text."""
_POINTS = 72


def draw(slide: Slide, graph: Graph) -> None:
    """Draw a graph as large as the slide lets it be."""
    arranged = layout.arrange(graph)
    scale = min(_WIDTH / arranged.width, _HEIGHT / arranged.height, _LARGEST_SCALE)
    left = _LEFT + (_WIDTH - arranged.width * scale) / 2
    shapes: Any = slide.shapes
    group = shapes.add_group_shape()
    group._element.nvGrpSpPr.cNvPr.set("descr", graph.words)  # noqa: SLF001 - no other way
    for points in arranged.lines:
        _line(group.shapes, [(left + x * scale, _TOP + y * scale) for x, y in points])
    for placed in arranged.boxes:
        _box(group.shapes, placed, left, scale)
    _headings(slide, arranged, left, scale)


def _line(shapes: Any, points: list[tuple[float, float]]) -> None:
    (x, y), *others = [(Inches(x), Inches(y)) for x, y in points]
    builder = shapes.build_freeform(x, y)
    builder.add_line_segments(others, close=False)
    shape = builder.convert_to_shape()
    shape.fill.background()
    shape.line.color.rgb = RGBColor(0x9A, 0xA3, 0xAD)
    shape.line.width = Pt(0.75)
    shape.shadow.inherit = False


def _box(shapes: Any, placed: Placed, left: float, scale: float) -> None:
    box = placed.box
    fill, border = (RGBColor.from_string(each.lstrip("#").upper()) for each in COLOURS[box.kind])
    shape = shapes.add_shape(
        MSO_SHAPE.RECTANGLE,
        Inches(left + placed.x * scale),
        Inches(_TOP + placed.y * scale),
        Inches(layout.WIDTH * scale),
        Inches(box.height * scale),
    )
    shape.fill.solid()
    shape.fill.fore_color.rgb = fill
    shape.line.color.rgb = border
    shape.line.width = Pt(0.75)
    shape.shadow.inherit = False
    frame = shape.text_frame
    frame.margin_top = frame.margin_bottom = frame.margin_right = Emu(0)
    frame.margin_left = Inches(5 * scale)
    frame.word_wrap = False
    frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    for at, text in enumerate((*box.title, *box.lines)):
        paragraph = frame.paragraphs[0] if at == 0 else frame.add_paragraph()
        paragraph.alignment = PP_ALIGN.LEFT
        run = paragraph.add_run()
        run.text = text
        run.font.size = Pt(_FONT_PIXELS * scale * _POINTS)
        run.font.bold = at < len(box.title)
        run.font.name = FONT
        run.font.color.rgb = INK


def _headings(slide: Slide, arranged: Layout, left: float, scale: float) -> None:
    wide = layout.WIDTH * scale + 0.1
    for at, heading in enumerate(arranged.graph.headings):
        put(
            slide,
            (left + layout.left_of(at) * scale - 0.1, _TOP - 0.15, wide, 0.3),
            [(heading, False)],
            size=11,
            colour=GREY,
        )
