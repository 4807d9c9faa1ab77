"""Boxes in columns from left to right, with few crossings of the lines between them.

The steps of Sugiyama's method: long lines are cut at each column they pass, the columns are sorted
by the middle of their neighbours, again and again, and the order with the fewest crossings stays.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right, insort
from dataclasses import dataclass

WIDTH = 160
"""Of a box, in pixels."""
LINE = 13
"""Height of a line of text."""

_PADDING = 8
_GAP = 10
_COLUMN_GAP = 46
_MARGIN = 6
_HEADING = 24
_WAYPOINT = 4
_SWEEPS = 12


@dataclass(frozen=True)
class Box:
    """Something in the picture.

    Attributes:
        key: Unique in the graph.
        title: Its first lines, bold.
        lines: What stands below.
        kind: Decides its colour.
        column: Counted from the left, from 0.
    """

    key: str
    title: tuple[str, ...]
    lines: tuple[str, ...]
    kind: str
    column: int

    @property
    def height(self) -> int:
        """In pixels."""
        return _PADDING + LINE * (len(self.title) + len(self.lines))


@dataclass(frozen=True)
class Graph:
    """What is to be drawn.

    Attributes:
        edges: Pairs of keys, each from a column to one further right.
        headings: Over the columns, from the left.
        words: The picture for who cannot see it.
    """

    title: str
    boxes: tuple[Box, ...]
    edges: tuple[tuple[str, str], ...]
    headings: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class Placed:
    """A box with the place of its upper left corner, in pixels."""

    box: Box
    x: float
    y: float


@dataclass(frozen=True)
class Layout:
    """A picture's places; a line is the points it passes, from the box on its left to the other."""

    graph: Graph
    boxes: tuple[Placed, ...]
    lines: tuple[tuple[tuple[float, float], ...], ...]
    width: float
    height: float


def left_of(column: int) -> int:
    """Where a column begins, in pixels."""
    return _MARGIN + column * (WIDTH + _COLUMN_GAP)


def arrange(graph: Graph) -> Layout:
    """Find a place for each box and a way for each line."""
    chains = _chains(graph)
    heights = {box.key: float(box.height) for box in graph.boxes}
    columns: dict[int, list[str]] = {box.column: [] for box in graph.boxes}
    for box in graph.boxes:
        columns[box.column].append(box.key)
    column_of = {box.key: box.column for box in graph.boxes}
    for chain in chains:
        for key in chain[1:-1]:
            column_of[key] = column_of[chain[0]] + chain.index(key)
            columns.setdefault(column_of[key], []).append(key)
            heights[key] = _WAYPOINT
    pairs = [pair for chain in chains for pair in itertools.pairwise(chain)]
    order = _sorted(columns, pairs)
    return _placed(graph, chains, order, heights)


def _chains(graph: Graph) -> list[list[str]]:
    """Each edge as the keys it passes: its boxes, and a point in each column between them."""
    column_of = {box.key: box.column for box in graph.boxes}
    return [
        [
            one,
            *(f"{one}>{other}@{column}" for column in range(column_of[one] + 1, column_of[other])),
            other,
        ]
        for one, other in graph.edges
    ]


def _sorted(columns: dict[int, list[str]], pairs: list[tuple[str, str]]) -> list[list[str]]:
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for one, other in pairs:
        after.setdefault(one, []).append(other)
        before.setdefault(other, []).append(one)
    order = [columns.get(at, []) for at in range(max(columns, default=0) + 1)]
    best, fewest = order, _crossings(order, after)
    for sweep in range(_SWEEPS):
        forwards = sweep % 2 == 0
        places = range(1, len(order)) if forwards else range(len(order) - 2, -1, -1)
        order = [list(column) for column in order]
        for at in places:
            fixed = order[at - 1 if forwards else at + 1]
            rank = {key: float(place) for place, key in enumerate(fixed)}
            near = before if forwards else after
            order[at] = _by_neighbours(order[at], rank, near)
        crossings = _crossings(order, after)
        if crossings < fewest:
            best, fewest = order, crossings
    return best


def _by_neighbours(
    column: list[str], rank: dict[str, float], near: dict[str, list[str]]
) -> list[str]:
    size = max(len(rank), 1)
    middles = {}
    for place, key in enumerate(column):
        ranks = [rank[other] for other in near.get(key, []) if other in rank]
        # What has no neighbour keeps its place in proportion.
        middles[key] = sum(ranks) / len(ranks) if ranks else place * size / max(len(column), 1)
    return sorted(column, key=lambda key: (middles[key], column.index(key)))


def _crossings(order: list[list[str]], after: dict[str, list[str]]) -> int:
    count = 0
    for left, right in itertools.pairwise(order):
        rank = {key: place for place, key in enumerate(right)}
        ends: list[int] = []
        for key in left:
            own = sorted(rank[other] for other in after.get(key, []) if other in rank)
            count += sum(len(ends) - bisect_right(ends, end) for end in own)
            for end in own:
                insort(ends, end)
    return count


def _placed(
    graph: Graph, chains: list[list[str]], order: list[list[str]], heights: dict[str, float]
) -> Layout:
    tallest = max((_tall(column, heights) for column in order), default=0)
    places: dict[str, tuple[float, float]] = {}
    for at, column in enumerate(order):
        left = float(left_of(at))
        spare = tallest - _tall(column, heights)
        y = _MARGIN + _HEADING + spare / 2
        for key in column:
            places[key] = (left, y)
            y += heights[key] + _GAP
    boxes = {box.key: box for box in graph.boxes}
    lines = []
    for chain in chains:
        points: list[tuple[float, float]] = []
        for key in chain:
            x, y = places[key]
            middle = y + heights[key] / 2
            if key != chain[0]:
                points.append((x, middle))
            if key != chain[-1]:
                points.append((x + WIDTH, middle))
        lines.append(tuple(points))
    return Layout(
        graph,
        tuple(
            Placed(boxes[key], *places[key]) for column in order for key in column if key in boxes
        ),
        tuple(lines),
        width=left_of(len(order)) - _COLUMN_GAP + _MARGIN,
        height=2 * _MARGIN + _HEADING + tallest,
    )


def _tall(column: list[str], heights: dict[str, float]) -> float:
    return sum(heights[key] + _GAP for key in column) - _GAP if column else 0
