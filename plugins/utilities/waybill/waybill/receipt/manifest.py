"""The conservation rules that dbt's manifest declares: tests by the name of `conserves`."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from waybill_common import project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEST = "conserves"
_ARGUMENTS = {"model", "origin", "key", "origin_key", "totals", "origin_where", "distinct"}


@dataclass(frozen=True)
class Relation:
    """A table or view in the warehouse."""

    schema: str
    name: str

    def __str__(self) -> str:
        """The name as a person reads it."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Rule:
    """What a mart keeps of its origin.

    Attributes:
        key: Columns of the mart.
        origin_key: Columns or SQL expressions of the origin, in the same order.
        totals: Column of the mart -> column or SQL expression of the origin.
        where: Condition on the mart's rows.
        origin_where: Condition on the origin's rows.
        is_distinct: Whether the mart has one row per key, however many the origin has.
        source_schemas: The raw schemas that the origin leads back to.
    """

    mart: Relation
    origin: Relation
    key: tuple[str, ...]
    origin_key: tuple[str, ...]
    totals: dict[str, str]
    where: str | None
    origin_where: str | None
    is_distinct: bool
    source_schemas: frozenset[str]


def path() -> Path:
    """Where dbt leaves its manifest: DBT_TARGET_PATH, or `transform/target`."""
    folder = project.root() / "transform"
    return folder / (os.environ.get("DBT_TARGET_PATH") or "target") / "manifest.json"


def rules(file: Path) -> tuple[Rule, ...]:
    """The conservation rules of a manifest, by mart.

    Raises:
        WaybillError: A rule has arguments that the receipt does not know, or needs what only dbt has.
    """
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        msg = f"{file} is not JSON: {error}."
        raise WaybillError(msg, "Build the models again: `meltano invoke dbt:build`.") from error
    tests = (
        node
        for node in manifest["nodes"].values()
        if (node.get("test_metadata") or {}).get("name") == TEST
    )
    return tuple(sorted((_rule(manifest, node) for node in tests), key=_order))


def _order(rule: Rule) -> tuple[str, str]:
    return str(rule.mart), str(rule.origin)


def _rule(manifest: dict[str, Any], node: dict[str, Any]) -> Rule:
    place = f"Test {node['name']}"
    arguments = node["test_metadata"]["kwargs"]
    if unknown := sorted(arguments.keys() - _ARGUMENTS):
        msg = f"{place}: the receipt does not know the argument {', '.join(unknown)} of {TEST}."
        raise WaybillError(msg, f"Use only {', '.join(sorted(_ARGUMENTS - {'model'}))}.")
    mart = node.get("attached_node")
    origins = [name for name in node["depends_on"]["nodes"] if name != mart]
    if mart is None or len(origins) != 1:
        msg = f"{place}: it must stand on one mart and name one origin."
        raise WaybillError(msg, "Give `origin` one source() or ref().")
    key = _texts(place, "key", arguments.get("key"))
    origin_key = _texts(place, "origin_key", arguments.get("origin_key") or list(key))
    if len(origin_key) != len(key):
        msg = f"{place}: key has {len(key)} columns, origin_key {len(origin_key)}."
        raise WaybillError(msg, "Give one expression of the origin for each column of the key.")
    totals = arguments.get("totals") or {}
    where = (node.get("config") or {}).get("where")
    return Rule(
        mart=_relation(manifest, mart, place),
        origin=_relation(manifest, origins[0], place),
        key=key,
        origin_key=origin_key,
        totals={column: _plain(place, expression) for column, expression in totals.items()},
        where=_plain(place, where) if where else None,
        origin_where=_plain(place, text) if (text := arguments.get("origin_where")) else None,
        is_distinct=bool(arguments.get("distinct")),
        source_schemas=frozenset(_source_schemas(manifest, origins[0])),
    )


def _texts(place: str, name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        msg = f"{place}: `{name}` must be a list of columns."
        raise WaybillError(msg, f"Write `{name}: [column]`.")
    return tuple(_plain(place, text) for text in value)


def _plain(place: str, text: object) -> str:
    if not isinstance(text, str) or "{{" in text or "{%" in text:
        msg = f"{place}: {text!r} is not plain SQL, and the receipt has no Jinja."
        raise WaybillError(msg, "Write the expression without Jinja.")
    return text


def _relation(manifest: dict[str, Any], name: str, place: str) -> Relation:
    if name in manifest["sources"]:
        node = manifest["sources"][name]
        return Relation(node["schema"], node["identifier"])
    node = manifest["nodes"][name]
    if (node.get("config") or {}).get("materialized") == "ephemeral":
        msg = f"{place}: {node['name']} is ephemeral, so there is nothing to count."
        raise WaybillError(msg, "Name an origin that is a source, table or view.")
    return Relation(node["schema"], node["alias"])


def _source_schemas(manifest: dict[str, Any], name: str) -> Iterator[str]:
    seen: set[str] = set()
    open_names = [name]
    while open_names:
        current = open_names.pop()
        if current in seen:
            continue
        seen.add(current)
        if current in manifest["sources"]:
            yield manifest["sources"][current]["schema"]
        elif current in manifest["nodes"]:
            open_names += manifest["nodes"][current].get("depends_on", {}).get("nodes", [])
