"""What dbt's project consists of, kept from the last parse, so that dbt is needed only for work."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Any

from waybill_common import private_files, project

if TYPE_CHECKING:
    from pathlib import Path

_PACKAGES = ("dbt-core", "dbt-postgres")
_SUFFIXES = frozenset({".sql", ".yml", ".yaml", ".csv", ".md", ".py"})
_MADE = frozenset({"model", "seed", "snapshot"})
_KEPT = frozenset({"incremental", "snapshot"})
_MADE_BY_DBT = frozenset({"target", "logs"})


@dataclass(frozen=True)
class Node:
    """A model, snapshot, seed or test.

    Attributes:
        name: What dbt's `--select` knows it by, and no other one.
        parents: Unique ids of the nodes and sources it reads.
        relation: Schema and name of what it leaves in the warehouse, if anything.
        is_ephemeral: Whether it is only a part of what reads it.
        is_view: Whether it holds no rows of its own.
        is_kept: Whether a build changes its table rather than to make another one in its place.
    """

    name: str
    parents: tuple[str, ...]
    relation: tuple[str, str] | None = None
    is_ephemeral: bool = False
    is_view: bool = False
    is_kept: bool = False


@dataclass(frozen=True)
class Plan:
    """A parsed project.

    Attributes:
        code: Fingerprint of all that was parsed.
        parsed: What tells dbt's own file of the parse from that of another one.
        nodes: By unique id.
        sources: Schema and name of each source table, by unique id.
        selections: Unique ids that each selector has chosen, ephemeral models left out; "" for all.
    """

    code: str
    parsed: str
    nodes: dict[str, Node]
    sources: dict[str, tuple[str, str]]
    selections: dict[str, list[str]] = field(default_factory=dict)


def target() -> Path:
    """The folder dbt writes to: DBT_TARGET_PATH, or `transform/target`."""
    return project.root() / "transform" / (os.environ.get("DBT_TARGET_PATH") or "target")


def partial_parse() -> Path:
    """What dbt keeps of its last parse."""
    return target() / "partial_parse.msgpack"


def code(*further: str) -> str:
    """A fingerprint of the whole project and of the dbt that runs it.

    One file that differs makes it another one: which models a macro, a variable or a setting
    reaches is not guessed at.

    Args:
        further: What else decides the results, such as variables given on the command line.
    """
    digest = hashlib.sha256()
    for text in (*(f"{name} {metadata.version(name)}" for name in _PACKAGES), *further):
        digest.update(f"{text}\0".encode())
    root = project.root() / "transform"
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _MADE_BY_DBT)
        for name in sorted(names):
            path = root / folder / name
            if path.suffix in _SUFFIXES:
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"{path.relative_to(root)}\0{content}\0".encode())
    return digest.hexdigest()


def load(current: str) -> Plan | None:
    """The plan of the last parse, if the project is still the same."""
    try:
        kept = json.loads(_path().read_text(encoding="utf-8"))
        plan = Plan(
            code=kept["code"],
            parsed=kept["parsed"],
            nodes={name: _node(node) for name, node in kept["nodes"].items()},
            sources={name: (schema, table) for name, (schema, table) in kept["sources"].items()},
            selections=kept["selections"],
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return plan if plan.code == current else None


def from_manifest(current: str) -> Plan:
    """The plan of what dbt has just parsed."""
    manifest = json.loads((target() / "manifest.json").read_text(encoding="utf-8"))
    return Plan(
        code=current,
        parsed=stamp(),
        nodes={name: _of_manifest(node) for name, node in manifest["nodes"].items()},
        sources={
            name: (source["schema"], source["identifier"])
            for name, source in manifest["sources"].items()
        },
    )


def save(plan: Plan) -> None:
    """Keep a plan beside what dbt keeps."""
    private_files.write(_path(), json.dumps(asdict(plan)))


def stamp() -> str:
    """What tells the file of one parse from that of another."""
    try:
        found = partial_parse().stat()
    except FileNotFoundError:
        return ""
    return f"{found.st_size}:{found.st_mtime_ns}"


def _path() -> Path:
    return target() / "waybill_plan.json"


def _node(kept: dict[str, Any]) -> Node:
    relation = kept["relation"]
    return Node(
        name=kept["name"],
        parents=tuple(kept["parents"]),
        relation=(relation[0], relation[1]) if relation else None,
        is_ephemeral=kept["is_ephemeral"],
        is_view=kept["is_view"],
        is_kept=kept["is_kept"],
    )


def _of_manifest(node: dict[str, Any]) -> Node:
    materialized = node["config"]["materialized"]
    is_ephemeral = materialized == "ephemeral"
    is_made = node["resource_type"] in _MADE and not is_ephemeral
    return Node(
        name=".".join(node["fqn"]),
        parents=tuple(node["depends_on"].get("nodes", ())),
        relation=(node["schema"], node["alias"]) if is_made else None,
        is_ephemeral=is_ephemeral,
        is_view=materialized == "view",
        is_kept=materialized in _KEPT,
    )
