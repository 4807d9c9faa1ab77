"""The keys of a source's streams, from its contract, and of a domain's marts, from dbt's manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waybill_analyze.pictures.drawing import wrapped
from waybill_analyze.pictures.layout import Box, Graph
from waybill_common.domains import SHARED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from waybill_analyze.pictures.manifest import Manifest, Node
    from waybill_common.contracts import Contract

_CUT = 20
"""Characters of a column's name that fit into a box beside its mark."""


def of_source(contract: Contract) -> Graph:
    """The streams of a source, with their keys and the foreign keys between them."""
    edges = {
        (column.reference.stream, stream.name): None
        for stream in contract.streams
        for column in stream.columns
        if column.reference and column.reference.stream != stream.name
    }
    columns = _columns([stream.name for stream in contract.streams], edges)
    boxes = []
    for stream in contract.streams:
        foreign = [column.name for column in stream.columns if column.reference]
        lines = _keys(stream.key, foreign, len(stream.columns))
        boxes.append(Box(stream.name, wrapped(stream.name), lines, "source", columns[stream.name]))
    title = f"Source {contract.source}"
    return _graph(title, boxes, _rightwards(edges, columns), "streams")


def of_marts(manifest: Manifest, domain: str) -> Graph:
    """The facts and dimensions of a domain, with their keys and the tested references between them."""
    own = {node.key: node for node in manifest.marts(domain)}
    references = [each for each in manifest.references if each.child in own]
    edges = {(each.parent, each.child): None for each in references if each.parent != each.child}
    joined = sorted({key for edge in edges for key in edge})
    columns = _columns(joined, edges)
    boxes = []
    for key in joined:
        node = manifest.nodes[key]
        foreign = [each.column for each in references if each.child == key]
        boxes.append(
            Box(
                key,
                wrapped(f"{SHARED}.{node.name}" if node.schema == SHARED else node.name),
                _keys(node.primary_key, foreign, len(node.columns)),
                _kind(node),
                columns[key],
            )
        )
    return _graph(f"Marts of {domain}", boxes, _rightwards(edges, columns), "tables")


def alone(manifest: Manifest, domain: str) -> list[str]:
    """The marts of a domain that no reference joins to another: its summaries, mostly."""
    joined = {key for each in manifest.references for key in (each.child, each.parent)}
    return [node.name for node in manifest.marts(domain) if node.key not in joined]


def _kind(node: Node) -> str:
    if node.schema == SHARED:
        return "shared"
    return "dimension" if node.name.startswith("dim_") else "fact"


def _keys(primary: Sequence[str], foreign: Sequence[str], every: int) -> tuple[str, ...]:
    lines = [
        f"{_cut(name)} {' '.join(marks)}"
        for name in dict.fromkeys([*primary, *foreign])
        if (marks := [*(["PK"] if name in primary else []), *(["FK"] if name in foreign else [])])
    ]
    rest = every - len(lines)
    return (*lines, *([f"{rest} more columns"] if rest > 1 else []))


def _cut(name: str) -> str:
    return name if len(name) <= _CUT else f"{name[: _CUT - 1]}…"


def _columns(keys: Iterable[str], edges: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Each table to the right of those it refers to; a circle is cut where it closes."""
    parents: dict[str, list[str]] = {key: [] for key in keys}
    for parent, child in edges:
        if parent in parents:
            parents[child].append(parent)
    found: dict[str, int] = {}

    def column(key: str, open_keys: frozenset[str]) -> int:
        if key in open_keys:
            return -1
        if key not in found:
            within = open_keys | {key}
            found[key] = max([0, *(column(parent, within) + 1 for parent in parents[key])])
        return found[key]

    for key in parents:
        column(key, frozenset())
    return found


def _rightwards(
    edges: Iterable[tuple[str, str]], columns: dict[str, int]
) -> tuple[tuple[str, str], ...]:
    """The edges from left to right, those that a circle turned round among them."""
    turned = {
        (one, other) if columns[one] < columns[other] else (other, one)
        for one, other in edges
        if one in columns and columns[one] != columns[other]
    }
    return tuple(sorted(turned))


def _graph(
    title: str, boxes: Sequence[Box], edges: tuple[tuple[str, str], ...], what: str
) -> Graph:
    names = ", ".join("".join(box.title) for box in boxes)
    words = f"{title}: {len(boxes)} {what} ({names}), joined by {len(edges)} references."
    return Graph(title, tuple(boxes), edges, (), words)
