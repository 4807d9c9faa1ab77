"""What a step runs on: versions of packages and of the server, and the project's commit."""

from __future__ import annotations

import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from waybill_common import processes, project
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    import psycopg

_PACKAGES = ("dbt-core", "dbt-postgres", "great-expectations", "singer-sdk")


def installed() -> dict[str, str]:
    """Python and the packages that decide what comes out, by name."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found | _meltano()


def of_server(session: psycopg.Connection[Any]) -> dict[str, str]:
    """The version of the warehouse's server."""
    version = session.info.parameter_status("server_version") or "unknown"
    return {"postgresql": version.partition(" ")[0]}


def git_commit() -> str | None:
    """The commit that the project is at; None where it is no repository, or there is no git."""
    try:
        answer = subprocess.run(  # nosec B603 B607 - a fixed command
            ["git", "rev-parse", "HEAD"],  # noqa: S607 - as the user's own git
            cwd=project.root(),
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (WaybillError, OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None


def _meltano() -> dict[str, str]:
    # Each plugin has an environment of its own, so Meltano's is found by its process.
    if (process := processes.nearest_meltano()) is None:
        return {}
    script = next((word for word in process.cmdline() if Path(word).name == "meltano"), "")
    found = Path(script).parent.parent.glob("lib/python*/site-packages/meltano-*.dist-info")
    return dict(folder.stem.split("-", 1) for folder in found)
