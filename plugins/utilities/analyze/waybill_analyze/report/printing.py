"""The page as PDF, by the Chromium of this machine, with no trace of when that was."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from waybill_common.errors import WaybillError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""What Chromium is called on a PATH, the first that is found being taken."""

_SECONDS = 180
_DATE = re.compile(rb"\((D:\d{14}[^)]*)\)")
_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    # The page needs nothing from anywhere, and could not get it.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)


def chromium() -> str | None:
    """The path of a Chromium, or None where the PATH has none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def to_pdf(program: str, page: str, file: Path, day: str) -> None:
    """Print a page.

    Args:
        program: Chromium's path.
        page: The HTML.
        file: Where the PDF goes.
        day: What the file says to be its date, in ISO's form.

    Raises:
        WaybillError: Chromium fails, or prints nothing.
    """
    with tempfile.TemporaryDirectory(prefix="waybill-print-") as name:
        folder = Path(name)
        source, target = folder / "report.html", folder / "report.pdf"
        source.write_text(page, encoding="utf-8")
        command = [
            program,
            *_OPTIONS,
            # Chromium's sandbox refuses root, and a page of our own needs none.
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            f"--user-data-dir={folder / 'profile'}",
            f"--print-to-pdf={target}",
            source.as_uri(),
        ]
        try:
            done = subprocess.run(  # noqa: S603 - a list of our own making, no shell
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            msg = f"{program} did not print the report within {_SECONDS} s."
            raise WaybillError(msg, "Print report.html from a browser.") from error
        if done.returncode or not target.is_file():
            said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            msg = f"{program} printed no PDF (exit code {done.returncode}): {said}."
            raise WaybillError(msg, "Print report.html from a browser.")
        file.write_bytes(dated(target.read_bytes(), day))


def dated(document: bytes, day: str) -> bytes:
    """A PDF of a day instead of the moment of its making; no byte moves, so all its offsets hold.

    Args:
        document: As Chromium writes it, its dates in clear.
        day: In ISO's form.
    """
    stamp = f"D:{day.replace('-', '')}000000".encode()

    def same_length(found: re.Match[bytes]) -> bytes:
        return b"(" + (stamp + b"+00'00'").ljust(len(found[1]))[: len(found[1])] + b")"

    return _DATE.sub(same_length, document)
