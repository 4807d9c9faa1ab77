"""The dashboard of a project, served as `meltano invoke dashboard` does, and its pages once they stand still."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from conftest import Project

ROOT = Path(__file__).parents[1]
_IS_STILL = """charts => {
    const app = document.querySelector('[data-testid=stApp]');
    return app && app.dataset.testScriptState === 'notRunning'
        && !document.querySelector('[data-testid=stSkeleton]')
        && document.querySelectorAll('[data-testid=stVegaLiteChart] svg').length >= charts;
}"""


@contextmanager
def serving(project: Project, **settings: str) -> Iterator[str]:
    """The address of a project's dashboard; it has ended afterwards.

    Args:
        project: Whose warehouse it shows.
        **settings: Added to its environment.
    """
    server = subprocess.Popen(
        [ROOT / ".venv" / "bin" / "waybill-dashboard"],
        cwd=project.root,
        env=project.environment | {"MELTANO_PROJECT_ROOT": str(project.root)} | settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        found = re.match(r"dashboard: (http://127\.0\.0\.1:\d+) ", line)
        assert found, line + server.stdout.read()
        # What it prints after that is nobody's to read, and must not fill the pipe.
        os.set_blocking(server.stdout.fileno(), False)
        yield found[1]
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
        assert server.stdout is not None
        server.stdout.close()


def show(page: Page, address: str, name: str, *, charts: int = 0, **filters: str) -> None:
    """Open a page of the dashboard and wait until it stands still.

    Args:
        page: The browser's.
        address: Of the dashboard.
        name: The page's; "" for the overview.
        charts: How many it draws.
        **filters: Values of its filters.
    """
    query = urlencode({f"{name}_{key}": value for key, value in filters.items()})
    page.goto(f"{address}/{name}{'?' if query else ''}{query}")
    page.wait_for_function(_IS_STILL, arg=charts)


def figures(page: Page) -> dict[str, str]:
    """The figures at the head of a page, by the column that they come from."""
    found: dict[str, str] = page.eval_on_selector_all(
        "[data-figure]",
        "nodes => Object.fromEntries(nodes.map("
        "node => [node.dataset.figure, node.querySelector('dd').textContent]))",
    )
    return found


def open_rows(page: Page, title: str) -> None:
    """Open what is behind a section."""
    page.get_by_text(f"Rows and SQL: {title}", exact=True).click()
    page.get_by_role("button", name=f"Download as CSV: {title}").wait_for()
    page.wait_for_function(_IS_STILL, arg=0)


def rows(page: Page, title: str) -> list[list[str]]:
    """The table of a section as it is read out, without its headings, once it is open."""
    found: list[list[str]] = page.eval_on_selector_all(
        f".rows[aria-label='{title}'] tbody tr",
        "nodes => nodes.map(node => [...node.children].map(cell => cell.textContent))",
    )
    return found


def marks(page: Page, title: str) -> list[str]:
    """What a screen reader says of each mark of a section's chart."""
    found: list[str] = page.eval_on_selector_all(
        f"[data-testid=stVegaLiteChart][aria-label^='{title}.'] [aria-roledescription]"
        ":not([aria-roledescription=axis]):not([aria-roledescription=legend])",
        "nodes => nodes.map(node => node.getAttribute('aria-label')).filter(Boolean)",
    )
    return found
