"""What the pages show, as the files of `analyze/dashboard` say it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from waybill_analyze import queries
from waybill_analyze.formats import Column
from waybill_common import project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHARTS = ("trend", "bars", "grouped_bars", "heat", "map_by_state", "table")
_COLUMNS = "columns.yml"


@dataclass(frozen=True)
class Choice:
    """A filter by one value, or all.

    Attributes:
        name: The parameter that it binds.
        label: What people see.
        query: Gives its values, in the column `choice`.
    """

    name: str
    label: str
    query: str


@dataclass(frozen=True)
class Section:
    """A question, its answer as a chart or a table, and all that is behind it.

    Attributes:
        says: What it is, in a sentence or two.
        chart: One of CHARTS.
        axes: The columns that it draws, in the order of the arguments of its function.
        columns: All columns, as the table shows them.
        is_half: Whether it takes half the width, where there is width.
    """

    title: str
    says: str
    query: str
    chart: str
    axes: tuple[Column, ...]
    columns: tuple[Column, ...]
    is_half: bool = False


@dataclass(frozen=True)
class Page:
    """A page of one domain.

    Attributes:
        name: Its path in the address.
        period: The query that gives the periods to choose from; "" where there is nothing to.
        period_unit: `month`, `week` or `date`.
        figures: The query of the figures at its head; "" where there are none.
        shows_sql: Whether what is behind a chart is open from the start.
    """

    name: str
    title: str
    about: str
    period: str = ""
    period_unit: str = "month"
    choices: tuple[Choice, ...] = ()
    figures: str = ""
    figure_columns: tuple[Column, ...] = ()
    sections: tuple[Section, ...] = field(default=())
    shows_sql: bool = False

    @property
    def relations(self) -> frozenset[str]:
        """All that its sections read."""
        return frozenset(
            name for section in self.sections for name in queries.load(section.query).relations
        )

    @property
    def is_of_marts(self) -> bool:
        """Whether it shows what a business did, rather than how its data came in."""
        return any(not name.startswith("waybill_") for name in self.relations)


@cache
def load_all() -> tuple[Page, ...]:
    """Read the pages, in the order in which they are offered.

    Raises:
        WaybillError: A file is not as it should be; names it and what is wrong.
    """
    folder = project.root() / "analyze" / "dashboard"
    known = _read(folder / _COLUMNS)
    paths = sorted(path for path in folder.glob("*.yml") if path.name != _COLUMNS)
    found = [
        (document["place"], _page(path, document, known)) for path, document in _documents(paths)
    ]
    return tuple(page for _, page in sorted(found, key=lambda each: each[0]))


def _documents(paths: list[Path]) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in paths:
        yield path, _read(path)


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def _page(path: Path, document: dict[str, Any], known: dict[str, Any]) -> Page:
    own = known | document.get("columns", {})
    try:
        return Page(
            name=path.stem,
            title=document["title"],
            about=document["about"],
            period=document.get("period", ""),
            period_unit=document.get("period_unit", "month"),
            choices=tuple(Choice(**each) for each in document.get("choices", [])),
            figures=document.get("figures", {}).get("query", ""),
            figure_columns=_columns(document.get("figures", {}).get("columns", []), own),
            sections=tuple(_section(each, own) for each in document["sections"]),
            shows_sql=document.get("shows_sql", False),
        )
    except (KeyError, TypeError, ValueError) as error:
        msg = f"{path.name} is no page of the dashboard: {error}."
        raise WaybillError(msg, "Compare it with its neighbours.") from error


def _section(document: dict[str, Any], known: dict[str, Any]) -> Section:
    kind = document.get("chart", "table")
    if kind not in CHARTS:
        msg = f"{document['title']} has no chart {kind}"
        raise ValueError(msg)
    return Section(
        title=document["title"],
        says=document.get("says", ""),
        query=document["query"],
        chart=kind,
        axes=_columns(document.get("axes", []), known),
        columns=_columns(document["columns"], known),
        is_half=document.get("half", False),
    )


def _columns(names: list[str], known: dict[str, Any]) -> tuple[Column, ...]:
    return tuple(Column(name, *known[name]) for name in names)
