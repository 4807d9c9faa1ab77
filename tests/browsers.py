"""The system's Chromium, in which a page may ask for nothing off this machine."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Request

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_LOCAL = ("file:", "data:", "blob:")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Visit:
    """A page, and what it did that it must not.

    Attributes:
        asked: Addresses off this machine.
        errors: Exceptions that nothing caught.
    """

    page: Page
    asked: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, path: Path, place: str) -> None:
        """Open a file at a place in it."""
        self.page.goto(f"{path.as_uri()}{place}")

    def shows(self, *texts: str) -> None:
        """Wait until each text is seen."""
        for text in texts:
            self.page.get_by_text(text, exact=False).filter(visible=True).first.wait_for()

    def _ask(self, request: Request) -> None:
        if not request.url.startswith(_LOCAL):
            self.asked.append(request.url)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, without a window; a test that needs it is skipped where there is none."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.skip("there is no chromium on PATH: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def visit() -> Iterator[Visit]:
    """A page of files, which must have asked for nothing elsewhere and have failed nowhere at the end."""
    with chromium() as browser:
        page = browser.new_page()
        seen = Visit(page)
        page.on("request", seen._ask)
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        yield seen
    assert seen.asked == []
    assert seen.errors == []
