"""The lineage of a domain: from the tables of its sources to its marts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waybill_analyze import wording
from waybill_analyze.pictures.drawing import wrapped
from waybill_analyze.pictures.layout import Box, Graph
from waybill_common.domains import SHARED

if TYPE_CHECKING:
    from collections.abc import Container

    from waybill_analyze.pictures.manifest import Manifest, Node

_FIRST_COLUMN = {"source": 0, "seed": 0, "snapshot": 1, "staging": 1, "intermediate": 2, "mart": 3}
_SUMMARY = "rpt_"
_TOGETHER = "summaries"
_BETWEEN = frozenset({"staging", "snapshot", "intermediate"})
_HEADINGS = {0: "sources", 1: "staging", 2: "intermediate"}


def graph(manifest: Manifest, domain: str, *, brief: bool = False) -> Graph:
    """What the marts of a domain come from; marts that domains share are where it begins, too.

    Args:
        manifest: dbt's project.
        domain: Whose marts.
        brief: Whether to leave out what is between sources and marts, and to draw the summaries as
            one box, for little room.
    """
    nodes, edges = _ancestry(manifest, domain, _BETWEEN if brief else frozenset())
    together = _summaries(nodes, domain) if brief else []
    kept = {key: node for key, node in nodes.items() if key not in together}
    inner = [(one, other) for one, other in edges if one in kept and other in kept]
    columns = _columns(kept, inner)
    used = sorted(set(columns.values()))
    shift = {column: place for place, column in enumerate(used)}
    headings = [_HEADINGS.get(column, "marts") for column in used]
    boxes = [
        Box(key, wrapped(_name(node)), (), _kind(node, domain), shift[columns[key]])
        for key, node in kept.items()
    ]
    if together:
        names = [nodes[key].name.removeprefix(_SUMMARY) for key in together]
        lines = tuple(wrapped(name, 1)[0] for name in names)
        title = (f"{len(names)} summaries",)
        boxes.append(Box(_TOGETHER, title, lines, "mart", len(used)))
        headings.append("summaries")
        ends = {(one, _TOGETHER) for one, other in edges if one in kept and other in together}
        inner = sorted({*inner, *ends})
    return Graph(
        f"Lineage of {domain}",
        tuple(boxes),
        tuple(inner),
        tuple(headings),
        _in_words(nodes, domain),
    )


def _in_words(nodes: dict[str, Node], domain: str) -> str:
    counts = [
        (sum(1 for node in nodes.values() if node.layer in layers), what)
        for what, layers in (
            ("source table", ("source", "seed")),
            ("staging model", ("staging", "snapshot")),
            ("intermediate model", ("intermediate",)),
            ("mart", ("mart",)),
        )
    ]
    said = ", ".join(wording.counted(count, what) for count, what in counts if count)
    return f"Lineage of {domain}, from left to right: {said}."


def _summaries(nodes: dict[str, Node], domain: str) -> list[str]:
    """The summaries of a domain, where there are several."""
    found = [
        key
        for key, node in nodes.items()
        if node.schema == domain and node.name.startswith(_SUMMARY)
    ]
    return found if len(found) > 1 else []


def _ancestry(
    manifest: Manifest, domain: str, without: Container[str]
) -> tuple[dict[str, Node], list[tuple[str, str]]]:
    """The nodes by key and the edges between them; ephemeral ones and some layers are passed over."""
    nodes: dict[str, Node] = {}
    edges: set[tuple[str, str]] = set()
    open_keys = [node.key for node in manifest.marts(domain)]
    while open_keys:
        key = open_keys.pop()
        if key in nodes:
            continue
        nodes[key] = manifest.nodes[key]
        if nodes[key].schema == SHARED:
            continue
        for parent in _real_parents(manifest, key, without):
            edges.add((parent, key))
            open_keys.append(parent)
    return dict(sorted(nodes.items())), sorted(edges)


def _real_parents(manifest: Manifest, key: str, without: Container[str]) -> list[str]:
    found: list[str] = []
    for parent in manifest.nodes[key].parents:
        node = manifest.nodes.get(parent)
        if node is None:
            continue
        is_passed = node.is_ephemeral or node.layer in without
        found += _real_parents(manifest, parent, without) if is_passed else [parent]
    return sorted(set(found))


def _columns(nodes: dict[str, Node], edges: list[tuple[str, str]]) -> dict[str, int]:
    """Each node's column: that of its layer, or further right than all it comes from."""
    parents: dict[str, list[str]] = {key: [] for key in nodes}
    for parent, key in edges:
        parents[key].append(parent)
    found: dict[str, int] = {}

    def column(key: str) -> int:
        if key not in found:
            first = 0 if nodes[key].schema == SHARED else _FIRST_COLUMN[nodes[key].layer]
            found[key] = max([first, *(column(parent) + 1 for parent in parents[key])])
        return found[key]

    for key in nodes:
        column(key)
    return found


def _name(node: Node) -> str:
    if node.layer in {"staging", "intermediate"} and "__" in node.model:
        return node.model.split("__", maxsplit=1)[1]
    if node.layer == "source":
        return f"{node.schema.removeprefix('raw_')}.{node.name}"
    return f"{node.schema}.{node.name}" if node.schema == SHARED else node.name


def _kind(node: Node, domain: str) -> str:
    if node.layer != "mart":
        return node.layer
    return "mart" if node.schema == domain else "shared"
