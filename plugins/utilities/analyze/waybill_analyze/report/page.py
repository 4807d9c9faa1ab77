"""The report as one HTML file that asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from waybill_analyze import figures, formats, wording
from waybill_analyze.pictures import drawing
from waybill_common import project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waybill_analyze.findings.finding import Figure
    from waybill_analyze.pictures.layout import Graph
    from waybill_analyze.report.contents import Contents
    from waybill_analyze.report.receipts import Answer

TITLE = "What the marts say"


def environment() -> Environment:
    """Jinja on the templates of analyze/report; what is missing is an error, what is text is escaped."""
    folder = project.root() / "analyze" / "report"
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"figure": _figure, "picture": _picture, "table": table, "words": _words}
    return made


def render(contents: Contents, notebooks: list[tuple[str, str]], *, to_print: bool = False) -> str:
    """Write the page.

    Args:
        contents: What it says.
        notebooks: Title and relative address of each notebook's page.
        to_print: Whether what can be unfolded is unfolded, as paper cannot do it.
    """
    template = environment().get_template("report.html.j2")
    return template.render(
        contents=contents,
        notebooks=notebooks,
        to_print=to_print,
        title=TITLE,
        balance=balance(contents.answers),
        counts=_consists_of(contents.counts),
    )


def balance(answers: Sequence[Answer]) -> str:
    """Whether the numbers can be trusted, in a sentence."""
    if not answers:
        return "The receipts of the loads cannot be read from here."
    landed = (
        f"{wording.number(sum(each.rows for each in answers))} rows of"
        f" {wording.counted(len(answers), 'source')}"
    )
    if wrong := [each.source for each in answers if not each.is_balanced]:
        return f"Of {landed}, the latest receipt of {wording.listed(wrong)} does not balance."
    return f"{landed} are accounted for from source to warehouse: every latest receipt balances."


def _consists_of(counts: dict[str, int]) -> str:
    said = wording.listed([f"{count:,} {what}" for what, count in counts.items()])
    return f"The project has {said}."


def table(figure: Figure) -> dict[str, Any]:
    """A figure's numbers as a table: its headings, and rows of a name and values in words."""
    rows = []
    for at, category in enumerate(figure.categories):
        values = [
            formats.written(
                None if each.values[at] is None else round(each.values[at] or 0, 6), figure.unit
            )
            for each in figure.series
        ]
        if figure.ends:
            values += [formats.written(end, figure.unit) for end in figure.ends[at]]
        rows.append((f"{category}{' (partial)' if category in figure.partial else ''}", values))
    ends = ["from", "to"] if figure.ends else []
    return {
        "headings": [figure.category_title, *(each.name for each in figure.series), *ends],
        "rows": rows,
    }


def _figure(figure: Figure, prefix: str) -> Markup:
    words = figures.described(figure)
    drawn = figures.svg(figures.chart(figure), words, prefix=prefix, width=figures.width(figure))
    # Nothing of it is a reader's text: names from the warehouse are escaped by Vega as text nodes.
    return Markup(drawn)  # noqa: S704 # nosec B704


def _picture(graph: Graph) -> Markup:
    return Markup(drawing.svg(graph))  # noqa: S704 # nosec B704 - made of escaped names


def _words(figure: Figure) -> str:
    return figures.described(figure)
