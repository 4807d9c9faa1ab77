"""Where the project and its private state are."""

from __future__ import annotations

import os
from pathlib import Path

from waybill_common.errors import WaybillError


def root() -> Path:
    """The folder of `meltano.yml`.

    Returns:
        `MELTANO_PROJECT_ROOT` as Meltano sets it for its plugins; otherwise the nearest parent
        of the working folder that has a `meltano.yml`.

    Raises:
        WaybillError: Neither leads to a project.
    """
    if configured := os.environ.get("MELTANO_PROJECT_ROOT"):
        return Path(configured)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "meltano.yml").is_file():
            return folder
    msg = f"No meltano.yml in {here} or above it."
    raise WaybillError(msg, "Run this inside a Waybill project, or set MELTANO_PROJECT_ROOT.")


def home() -> Path:
    """The folder of what a run leaves behind: databases, samples, batch files, reports.

    Returns:
        `WAYBILL_HOME`, or `.waybill` under the project's root. Git ignores it.
    """
    if configured := os.environ.get("WAYBILL_HOME"):
        return Path(configured)
    return root() / ".waybill"


def resolve(path: str) -> Path:
    """A path of the user's as an absolute one: `~` is expanded, relative ones start at the root."""
    return root() / Path(path).expanduser()
