"""Text on slides, in sizes at which it stays in its box."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR
from pptx.util import Inches, Pt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pptx.slide import Slide

INK = RGBColor(0x1F, 0x29, 0x33)
GREY = RGBColor(0x5A, 0x64, 0x72)
ACCENT = RGBColor(0x1D, 0x5A, 0x99)
FONT = "Calibri"

_SMALLEST = 8.0
_CHARACTER = 0.52
"""Width of a usual character, in parts of the font's size."""
_LINE = 1.2
"""Height of a line, likewise."""
_SPACE = 0.35
"""Room after a paragraph, likewise."""
_POINTS = 72

Box = tuple[float, float, float, float]
"""Left, top, width and height in inches."""


def title(slide: Slide, heading: str, *, size: float) -> None:
    """Fill the slide's title, which is what screen readers and outlines call the slide by."""
    shape: Any = slide.shapes.title
    shape.left, shape.top, shape.width, shape.height = (
        Inches(each) for each in (0.6, 0.35, 12.1, 0.9)
    )
    frame = shape.text_frame
    frame.text = heading
    frame.word_wrap = True
    frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    fitting = fitted([(heading, True)], 12.1, 0.9, size)
    _format(frame.paragraphs[0], fitting, INK, is_bold=True)
    frame.paragraphs[0].alignment = 1


def put(
    slide: Slide,
    box: Box,
    lines: Sequence[tuple[str, bool]],
    *,
    size: float,
    colour: RGBColor = INK,
) -> None:
    """Write paragraphs into a box, smaller where they would not fit.

    Args:
        slide: The slide.
        box: Where.
        lines: Each paragraph, and whether it is a heading.
        size: Largest size of the font in points.
        colour: Of the text.
    """
    left, top, width, height = box
    shape = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(width), Inches(height))
    frame = shape.text_frame
    frame.word_wrap = True
    fitting = fitted(lines, width, height, size)
    for at, (text, is_heading) in enumerate(lines):
        paragraph = frame.paragraphs[0] if at == 0 else frame.add_paragraph()
        paragraph.text = text
        paragraph.space_after = Pt(fitting * _SPACE)
        _format(paragraph, fitting, colour, is_bold=is_heading)


def paragraphs(lines: Sequence[str]) -> list[tuple[str, bool]]:
    """Lines none of which is a heading."""
    return [(line, False) for line in lines]


def fitted(lines: Sequence[tuple[str, bool]], width: float, height: float, largest: float) -> float:
    """The size in points, the largest or less, at which lines stay within a box given in inches."""
    size = largest
    while size > _SMALLEST and tall(lines, width, size) > height:
        size -= 0.5
    return size


def tall(lines: Sequence[tuple[str, bool]], width: float, size: float) -> float:
    """How high lines become, in inches, in a box of a width in inches."""
    room = (width - 0.2) * _POINTS
    points = 0.0
    for text, is_heading in lines:
        wide = len(text) * size * _CHARACTER * (1.06 if is_heading else 1)
        points += max(math.ceil(wide / room), 1) * size * _LINE + size * _SPACE
    return points / _POINTS + 0.1


def _format(paragraph: Any, size: float, colour: RGBColor, *, is_bold: bool) -> None:
    for run in paragraph.runs:
        run.font.size = Pt(size)
        run.font.bold = is_bold
        run.font.name = FONT
        run.font.color.rgb = colour
