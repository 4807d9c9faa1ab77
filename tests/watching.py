"""Pages that are watched: for what they ask elsewhere, complain of, and keep from some of their readers."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page

ROOT = Path(__file__).parents[1]
AXE = ROOT / ".venv" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = ROOT / ".screenshots"
_RUN = """
    tags => axe.run(
        // Rows of a table are alike: some of them stand for all.
        {exclude: [['.rows tr:nth-child(n + 5)']]},
        {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']},
    )
"""
_FILES = {"file", "data", "blob"}
_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@dataclass
class Watched:
    """A page, and what went wrong on it.

    Attributes:
        elsewhere: Addresses that it asked which are not on this machine.
        errors: What its scripts complained of.
        thrown: Exceptions among them that nothing caught.
        host: The server that it may ask; None for a page of files.
    """

    page: Page
    host: str | None
    elsewhere: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    thrown: list[str] = field(default_factory=list)

    def serious(self) -> list[str]:
        """What axe-core finds that keeps somebody from using the page, with the place."""
        if not AXE.is_file():
            pytest.skip(f"no axe-core at {AXE}: run `make .venv/.axe` where there is npm")
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: dict[str, Any] = self.page.evaluate(_RUN, _WCAG)
        return [
            f"{violation['id']} ({violation['impact']}): {node['target']} {node['html'][:200]}"
            for violation in found["violations"]
            if violation["impact"] in {"serious", "critical"}
            for node in violation["nodes"]
        ]


@contextmanager
def watched(
    browser: Browser, *, width: int = 1280, dark: bool = False, host: str | None = "127.0.0.1"
) -> Iterator[Watched]:
    """A page in a profile of its own.

    Args:
        browser: What opens it.
        width: Of the window, in pixels; 390 is a phone's.
        dark: Whether its reader prefers dark pages.
        host: The server that it may ask; None for a page of files.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        accept_downloads=True,
        reduced_motion="reduce",
    )
    try:
        seen = Watched(context.new_page(), host)
        seen.page.set_default_timeout(30_000)
        seen.page.on("request", lambda request: _note(seen, request.url))
        seen.page.on("websocket", lambda socket: _note(seen, socket.url))
        seen.page.on("pageerror", lambda error: _throw(seen, str(error)))
        seen.page.on("console", lambda said: _complain(seen, said))
        yield seen
    finally:
        context.close()


def _throw(seen: Watched, error: str) -> None:
    seen.thrown.append(error)
    seen.errors.append(error)


def _complain(seen: Watched, said: ConsoleMessage) -> None:
    # Streamlit looks for its server below the page's own path first, and finds it one step up.
    is_look = said.location["url"].endswith(("/_stcore/health", "/_stcore/host-config"))
    if said.type == "error" and not is_look:
        seen.errors.append(f"{said.text} ({said.location['url']})")


def _note(seen: Watched, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in _FILES and (seen.host is None or parts.hostname != seen.host):
        seen.elsewhere.append(url)
