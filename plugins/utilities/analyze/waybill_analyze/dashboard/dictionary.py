"""Where the meaning of a figure stands: dbt's documentation of its model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waybill_common import project

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DICTIONARY = "/dictionary"
LINEAGE = "/lineage"
"""Their addresses beside the pages."""
_COMMANDS = {DICTIONARY: "dbt:docs", LINEAGE: "dbt:lineage"}


def file(address: str) -> Path:
    """The page that an address leads to, where dbt's commands leave it."""
    folder = {DICTIONARY: "docs", LINEAGE: "lineage"}[address]
    return project.home() / "dbt" / folder / "index.html"


def not_built(address: str) -> str:
    """What stands in its place until then."""
    command = f".venv/bin/meltano invoke {_COMMANDS[address]}"
    return f"This page is not written yet. Run `{command}` and reload it.\n"


def links(relations: Sequence[str]) -> str:
    """What leads to the documentation of what a query reads, as Markdown."""
    linked = [
        f"[{relation}]({DICTIONARY}#!/model/model.waybill.{model})"
        if (model := _model(relation))
        else f"`{relation}`"
        for relation in relations
    ]
    return f"From {', '.join(linked)}"


def _model(relation: str) -> str:
    """The name that dbt has for a relation: with the schema before it where two domains share the name."""
    schema, name = relation.split(".")
    folder = project.root() / "transform" / "models" / "marts" / schema
    return next(
        (model for model in (f"{schema}_{name}", name) if (folder / f"{model}.sql").is_file()), ""
    )
