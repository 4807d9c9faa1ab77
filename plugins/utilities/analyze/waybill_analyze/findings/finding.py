"""What the numbers say, how sure that is, and what else could explain it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from waybill_analyze import queries

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence

    import pandas as pd
    from sqlalchemy import Engine

    from waybill_analyze.formats import Unit

Kind = Literal["time", "steps", "bars", "intervals"]


@dataclass(frozen=True)
class Series:
    """One row of numbers over a figure's categories; None where there is no number."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Figure:
    """A picture's numbers; from the same ones come the SVG, the deck's chart and the alternative text.

    Attributes:
        kind: `time` runs over months or weeks, `steps` over another order, `bars` and `intervals`
            over names.
        title: What is shown, without judgement.
        categories: Labels along the axis; for `time` the first day of each in ISO's form.
        unit: How values are written; shares are 0 to 1.
        category_title: What a category is.
        value_title: What a value is, with its unit.
        period: How long a category of `time` is.
        ends: Lower and upper end of each value, for `intervals`.
        partial: Categories that are not complete.
        reference: A value to compare with, and what it is.
    """

    kind: Kind
    title: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    unit: Unit
    category_title: str
    value_title: str
    period: Unit = "month"
    ends: tuple[tuple[float, float], ...] = ()
    partial: frozenset[str] = frozenset()
    reference: tuple[float, str] | None = None


@dataclass(frozen=True)
class Finding:
    """One thing that the warehouse says.

    Attributes:
        name: Short and unique within its domain.
        headline: The finding in one sentence that follows from the figures.
        says: The figures in sentences.
        sure: How sure that is: intervals, sizes, what was left out.
        besides: What else could explain it.
        query: Which file of analyze/queries the figure comes from.
    """

    domain: str
    name: str
    headline: str
    says: tuple[str, ...]
    sure: tuple[str, ...]
    besides: tuple[str, ...]
    figure: Figure
    query: str


@dataclass(frozen=True)
class Tile:
    """One figure for those in a hurry."""

    label: str
    value: str


@dataclass(frozen=True)
class Found:
    """What a domain's marts say.

    Attributes:
        last_date: Day of the domain's latest event, in ISO's form.
    """

    domain: str
    title: str
    last_date: str
    tiles: tuple[Tile, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Question:
    """What is asked of the marts.

    Attributes:
        queries: The files of analyze/queries that it reads; the finding shows the first.
        ask: Gives a finding, or None where there are too few rows to say anything.
    """

    queries: tuple[str, ...]
    ask: Callable[[Engine], Finding | None]


@dataclass(frozen=True)
class Domain:
    """A part of the business, and what is asked of its marts.

    Attributes:
        name: Also the schema of its marts.
        facts: The query of one row whose `last_date` is null where there is nothing yet.
        tiles: The figures of that row for those in a hurry.
    """

    name: str
    title: str
    facts: str
    tiles: Callable[[pd.Series], tuple[Tile, ...]]
    questions: tuple[Question, ...]

    def ask(self, engine: Engine, present: Container[str]) -> Found | None:
        """Put to a warehouse what it can answer.

        Args:
            engine: The warehouse.
            present: Its tables and views, as `schema.name`.

        Returns:
            What it says, or None where the domain has no marts, or empty ones.
        """
        if not _are_there((self.facts,), present):
            return None
        facts = queries.rows(engine, self.facts).iloc[0]
        if facts["last_date"] is None:
            return None
        findings = (
            question.ask(engine)
            for question in self.questions
            if _are_there(question.queries, present)
        )
        return Found(
            self.name,
            self.title,
            str(facts["last_date"])[:10],
            self.tiles(facts),
            tuple(each for each in findings if each),
        )


def _are_there(names: Iterable[str], present: Container[str]) -> bool:
    return all(relation in present for name in names for relation in queries.load(name).relations)


def floats(column: pd.Series) -> list[float]:
    """Numbers as the server gives them, Decimal or int, as floats; a missing one is NaN."""
    return [float(value) if value is not None else float("nan") for value in column.tolist()]


def texts(column: pd.Series) -> tuple[str, ...]:
    """Values as text, days in ISO's form."""
    return tuple(str(value)[:10] if hasattr(value, "isoformat") else str(value) for value in column)


def series(name: str, values: Iterable[float]) -> Series:
    """Numbers under a name; NaN becomes no number."""
    return Series(name, tuple(None if value != value else float(value) for value in values))  # noqa: PLR0124 - NaN


def halves(items: Sequence[str]) -> tuple[set[str], set[str]]:
    """The first and the second half of what is in order."""
    middle = len(items) // 2
    return set(items[:middle]), set(items[middle:])
