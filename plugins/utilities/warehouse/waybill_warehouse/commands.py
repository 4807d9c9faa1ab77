"""Running PostgreSQL's own programs."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def environment() -> dict[str, str]:
    """Ours without the variables that PostgreSQL's programs obey, and with messages in English."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C"}


def run(
    command: Sequence[str | Path], *, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; what it says and its exit code are for the caller to judge."""
    return subprocess.run(  # noqa: S603 - a list of our own making, no shell
        command, cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )
