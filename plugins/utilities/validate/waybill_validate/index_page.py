"""The first page of a stage's Data Docs: every suite as it ended last."""

from __future__ import annotations

import shutil
from importlib import resources
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, select_autoescape

from waybill_validate import summary

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_validate.suites import Stage

STYLESHEET = "data_docs.css"
TEMPLATES = PackageLoader("waybill_validate", "templates")


def write(stage: Stage, summarised: dict[str, Any]) -> Path:
    """Write the page and its style; the pages of suites that are gone go.

    Args:
        stage: `raw` or `marts`.
        summarised: The stage's summary, as `summary.write` returned it.

    Returns:
        The page.
    """
    index = summary.data_docs(stage)
    folder = index.parent
    folder.mkdir(parents=True, exist_ok=True)
    stylesheet = resources.files("waybill_validate").joinpath("static", STYLESHEET)
    (folder / STYLESHEET).write_text(stylesheet.read_text(encoding="utf-8"), encoding="utf-8")
    environment = Environment(loader=TEMPLATES, autoescape=select_autoescape(default=True))
    page = environment.get_template("index.j2").render(stage=stage, suites=summarised["suites"])
    index.write_text(page, encoding="utf-8")
    kept = {entry["selector"] for entry in summarised["suites"]}
    for stale in folder.iterdir():
        if stale.is_dir() and stale.name not in kept:
            shutil.rmtree(stale)
    return index
