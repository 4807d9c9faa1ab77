"""The system's Chromium, in which a page may ask for nothing off this machine."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright
from watching import watched

from waybill_analyze.report import printing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

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
    """A page of files."""

    page: Page

    def open(self, path: Path, place: str) -> None:
        """Open a file at a place in it."""
        self.page.goto(f"{path.as_uri()}{place}")

    def shows(self, *texts: str) -> None:
        """Wait until each text is seen."""
        for text in texts:
            self.page.get_by_text(text, exact=False).filter(visible=True).first.wait_for()


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, without a window; a test that needs it is skipped where there is none."""
    path = printing.chromium()
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
    with chromium() as browser, watched(browser, host=None) as seen:
        yield Visit(seen.page)
    assert seen.elsewhere == []
    assert seen.thrown == []
