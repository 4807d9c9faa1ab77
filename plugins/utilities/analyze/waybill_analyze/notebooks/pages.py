"""A notebook that has run as one HTML page, in the report's style and without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from nbconvert import HTMLExporter

from waybill_analyze.report import page

if TYPE_CHECKING:
    from nbformat import NotebookNode

# nbconvert's plainest template, the code folded away: who reads the page wants what it says.
_TEMPLATE = """\
{%- extends 'basic/index.html.j2' -%}
{%- block input_group -%}
<details class="code"><summary>Code</summary>{{ super() }}</details>
{%- endblock input_group -%}
{%- block in_prompt -%}{%- endblock in_prompt -%}
{%- block output_prompt -%}{%- endblock output_prompt -%}
"""


def render(notebook: NotebookNode, title: str, report: str | None = None) -> str:
    """Write the page.

    Args:
        notebook: With its outputs.
        title: Of the page.
        report: Address of the report that it leads back to; the text alone where there is none.
    """
    for at, cell in enumerate(notebook.cells):
        cell.id = f"cell-{at + 1}"  # else it is a new one on each reading
    exporter: Any = HTMLExporter(raw_template=_TEMPLATE, exclude_anchor_links=True)
    body, _ = exporter.from_notebook_node(notebook)
    template = page.environment().get_template("notebook.html.j2")
    # What the notebooks display escapes what comes from the warehouse.
    return template.render(title=title, body=Markup(body), report=report)  # noqa: S704 # nosec B704
