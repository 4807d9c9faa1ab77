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

    from playwright.sync_api import Page, Request

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
def visit() -> Iterator[Visit]:
    """A browser, which must have asked for nothing elsewhere and have failed nowhere at the end."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("there is no chromium on PATH: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        page = browser.new_page()
        seen = Visit(page)
        page.on("request", seen._ask)
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        yield seen
        browser.close()
    assert seen.asked == []
    assert seen.errors == []
