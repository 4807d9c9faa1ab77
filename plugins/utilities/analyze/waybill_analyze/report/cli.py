"""`waybill-report`: the report as HTML, PDF and slides, and the notebooks as HTML beside it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from waybill_analyze import warehouse
from waybill_analyze.notebooks import running
from waybill_analyze.report import contents, deck, page, printing
from waybill_common import private_files, project
from waybill_common.errors import reports_errors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from waybill_analyze.report.contents import Contents

FILES = ("report.html", "report.pdf", "report.pptx")


@reports_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Write the report of the warehouse at hand, and say where it is."""
    parser = argparse.ArgumentParser(prog="waybill-report", description=__doc__)
    parser.add_argument(
        "--without-notebooks",
        action="store_true",
        help="do not run the notebooks, which takes longest",
    )
    options = parser.parse_args(argv)
    folder = project.home() / "report"
    private_files.folder(folder)
    engine = warehouse.engine()
    gathered = contents.gather(engine)
    engine.dispose()
    pages: list[tuple[str, str]] = []
    if not options.without_notebooks:
        pages = running.to_pages(
            [found.domain for found in gathered.found],
            folder / "notebooks",
            report="../report.html",
        )
    write(gathered, folder, pages)


def write(gathered: Contents, folder: Path, pages: list[tuple[str, str]]) -> None:
    """Write the three files.

    Args:
        gathered: What they hold.
        folder: Where they go; a PDF of before is removed where none can be made.
        pages: Title and relative address of each notebook's page.
    """
    html, pdf, pptx = (folder / name for name in FILES)
    _replace(html, page.render(gathered, pages).encode())
    print(f"report: {html.as_uri()}", flush=True)
    for name, address in pages:
        print(f"notebook {name}: {(folder / address).as_uri()}", flush=True)
    if program := printing.chromium():
        printing.to_pdf(program, page.render(gathered, pages, to_print=True), pdf, gathered.as_of)
        print(f"report as PDF: {pdf}", flush=True)
    else:
        pdf.unlink(missing_ok=True)
        print(
            f"no PDF: there is no Chromium on the PATH ({', '.join(printing.NAMES)});"
            f" install one, or print {html.name} from a browser",
            flush=True,
        )
    _replace(pptx, deck.render(gathered))
    print(f"slides: {pptx}", flush=True)


def _replace(file: Path, content: bytes) -> None:
    new = file.with_name(f"{file.name}.new")
    new.write_bytes(content)
    new.replace(file)
