"""A layout as SVG, with nothing in it that a second drawing would do otherwise."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from waybill_analyze.pictures import layout

if TYPE_CHECKING:
    from waybill_analyze.pictures.layout import Graph, Layout, Placed

COLOURS = {
    "source": ("#fdf1e3", "#d9772b"),
    "seed": ("#fdf1e3", "#d9772b"),
    "staging": ("#f1f3f5", "#7d858d"),
    "snapshot": ("#f1f3f5", "#7d858d"),
    "intermediate": ("#f3eefa", "#8e6bbf"),
    "dimension": ("#e4f4ee", "#2a9d77"),
    "fact": ("#e3eef9", "#3b82c4"),
    "mart": ("#e3eef9", "#3b82c4"),
    "shared": ("#fbf7e2", "#8a7a2f"),
}
"""Fill and border by kind; the border is legible on white."""
_TEXT = 11
_CHARACTER = 7.0
"""Pixels of a usual bold character; names are parted so that they fit."""
_BEND = 0.5
_LEAST_WIDTH = 900
"""Pixels, below which a wide picture is moved to and fro rather than made smaller."""


def svg(graph: Graph) -> str:
    """Draw a graph."""
    return of_layout(layout.arrange(graph))


def of_layout(arranged: Layout) -> str:
    """Draw what has been laid out."""
    width, height = f"{arranged.width:g}", f"{arranged.height:g}"
    return "\n".join(
        (
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
                f' width="{width}" height="{height}" role="img"'
                f' style="min-width:{min(arranged.width, _LEAST_WIDTH):g}px"'
                f' aria-label="{escape(arranged.graph.words)}"'
                f' font-family="system-ui, \'DejaVu Sans\', sans-serif" font-size="{_TEXT}">'
            ),
            *(
                f'<path d="{_path(points)}" fill="none" stroke="#9aa3ad" stroke-width="1"/>'
                for points in arranged.lines
            ),
            *(
                f'<text x="{layout.left_of(at)}" y="16" fill="#5a6472">{escape(heading)}</text>'
                for at, heading in enumerate(arranged.graph.headings)
            ),
            *(_box(placed) for placed in arranged.boxes),
            "</svg>",
        )
    )


def _path(points: tuple[tuple[float, float], ...]) -> str:
    (x, y), *others = points
    parts = [f"M{x:g} {y:g}"]
    for to_x, to_y in others:
        reach = (to_x - x) * _BEND
        # Through a waypoint's column the line goes straight.
        parts.append(
            f"L{to_x:g} {to_y:g}"
            if to_y == y
            else f"C{x + reach:g} {y:g} {to_x - reach:g} {to_y:g} {to_x:g} {to_y:g}"
        )
        x, y = to_x, to_y
    return "".join(parts)


def _box(placed: Placed) -> str:
    box = placed.box
    fill, border = COLOURS[box.kind]
    texts = [(line, "600") for line in box.title] + [(line, "400") for line in box.lines]
    rows = [
        f'<text x="{placed.x + 7:g}" y="{placed.y + 4 + layout.LINE * (at + 0.75):g}"'
        f' font-weight="{weight}" fill="#1f2933">{escape(line)}</text>'
        for at, (line, weight) in enumerate(texts)
    ]
    frame = (
        f'<rect x="{placed.x:g}" y="{placed.y:g}" width="{layout.WIDTH}" height="{box.height}"'
        f' rx="4" fill="{fill}" stroke="{border}"/>'
    )
    return frame + "".join(rows)


def wrapped(name: str, lines: int = 3) -> tuple[str, ...]:
    """A name in lines that fit into a box, parted after underscores."""
    room = int((layout.WIDTH - 14) / _CHARACTER)
    rows = [""]
    for part in name.replace("_", "_\0").split("\0"):
        if rows[-1] and len(rows[-1]) + len(part) > room:
            rows.append("")
        rows[-1] += part
    if len(rows) > lines:
        rows = [*rows[: lines - 1], f"{rows[lines - 1]}…"]
    return tuple(row if len(row) <= room else f"{row[: room - 1]}…" for row in rows)
