"""dbt's manifest: which model comes from which, and how the marts refer to each other."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from waybill_common import project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MADE = ("model", "seed", "snapshot")
_REF = re.compile(r"ref\('([^']+)'\)")


@dataclass(frozen=True)
class Node:
    """A source table, seed, snapshot or model.

    Attributes:
        key: dbt's unique id.
        name: In the warehouse.
        model: dbt's name of it.
        layer: `source`, `seed`, `snapshot`, `staging`, `intermediate` or `mart`.
        parents: Unique ids of what it reads.
        primary_key: Its columns.
        columns: All, in order.
    """

    key: str
    schema: str
    name: str
    model: str
    layer: str
    is_ephemeral: bool
    parents: tuple[str, ...]
    primary_key: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Reference:
    """A tested foreign key between two marts, by unique ids."""

    child: str
    column: str
    parent: str
    field: str


@dataclass(frozen=True)
class Manifest:
    """What dbt's project consists of.

    Attributes:
        tests: Number of data tests.
        unit_tests: Number of unit tests.
    """

    nodes: dict[str, Node]
    references: tuple[Reference, ...]
    tests: int
    unit_tests: int

    def marts(self, domain: str) -> list[Node]:
        """The marts of a domain, by name."""
        found = (
            node
            for node in self.nodes.values()
            if node.layer == "mart" and node.schema == domain and not node.is_ephemeral
        )
        return sorted(found, key=lambda node: node.name)


def path() -> Path:
    """Where dbt keeps it: under DBT_TARGET_PATH, or `transform/target`."""
    target = os.environ.get("DBT_TARGET_PATH") or "target"
    return project.root() / "transform" / target / "manifest.json"


def load() -> Manifest:
    """Read the manifest of the last parse.

    Raises:
        WaybillError: dbt has not parsed the project here yet.
    """
    file = path()
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        msg = f"dbt has no manifest at {file}, which the pictures of the lineage are drawn from."
        raise WaybillError(msg, "Make it with `meltano invoke dbt parse`.") from error
    except ValueError as error:
        msg = f"{file} is no JSON."
        raise WaybillError(msg, "Make it anew with `meltano invoke dbt parse`.") from error
    return read(document)


def read(document: dict[str, Any]) -> Manifest:
    """The parts of a manifest that pictures are made of."""
    entries = {
        **document["sources"],
        **{key: node for key, node in document["nodes"].items() if node["resource_type"] in _MADE},
    }
    nodes = {key: _node(key, entries[key]) for key in sorted(entries)}
    tests = [node for node in document["nodes"].values() if node["resource_type"] == "test"]
    names = {node.model: key for key, node in nodes.items() if node.layer == "mart"}
    return Manifest(
        nodes, tuple(_references(tests, names)), len(tests), len(document["unit_tests"])
    )


def _node(key: str, entry: dict[str, Any]) -> Node:
    kind = entry["resource_type"]
    layer = {"marts": "mart"}.get(entry["fqn"][1], entry["fqn"][1]) if kind == "model" else kind
    keys = [
        column
        for constraint in entry.get("constraints") or []
        if constraint["type"] == "primary_key"
        for column in constraint["columns"]
    ]
    keys += [
        name
        for name, column in entry["columns"].items()
        if any(each["type"] == "primary_key" for each in column.get("constraints") or [])
    ]
    return Node(
        key=key,
        schema=entry["schema"],
        name=entry.get("alias") or entry["name"],
        model=entry["name"],
        layer=layer,
        is_ephemeral=entry.get("config", {}).get("materialized") == "ephemeral"
        or entry.get("config", {}).get("enabled") is False,
        parents=tuple(sorted(entry.get("depends_on", {}).get("nodes", []))),
        primary_key=tuple(dict.fromkeys(keys)),
        columns=tuple(entry["columns"]),
    )


def _references(tests: Iterable[dict[str, Any]], names: dict[str, str]) -> list[Reference]:
    found = set()
    for test in tests:
        metadata = test.get("test_metadata") or {}
        child = str(test.get("attached_node"))
        if metadata.get("name") != "relationships" or child not in names.values():
            continue
        parent = _REF.search(str(metadata["kwargs"].get("to", "")))
        if parent and parent[1] in names:
            found.add(
                Reference(
                    child,
                    str(test["column_name"]),
                    names[parent[1]],
                    str(metadata["kwargs"]["field"]),
                )
            )
    return sorted(found, key=lambda each: (each.child, each.column, each.parent))
