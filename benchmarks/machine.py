"""What a benchmark ran on."""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

from benchmarks import project

_GIB = 1 << 30
_WITH_CHANGES = "with changes"


def describe(postgres: str) -> dict[str, str]:
    """Processor, memory, system, versions, day and commit.

    Args:
        postgres: The server's version.
    """
    return {
        "day": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "commit": commit(),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / _GIB:.0f} GiB",
        "system": f"{_system()}, Linux {platform.release()}"
        if platform.system() == "Linux"
        else platform.platform(),
        "python": platform.python_version(),
        "postgres": postgres,
        "meltano": version("meltano"),
        "singer-sdk": version("singer-sdk"),
        "load": f"{os.getloadavg()[1]:.1f}",
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        found = re.search(r"^model name\s*: (.+)$", information.read_text(), re.MULTILINE)
        if found:
            return found[1]
    return platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()


def commit() -> str:
    """The commit that is checked out, and whether tracked files differ from it."""
    is_changed = _git("status", "--porcelain", "--untracked-files=no").stdout.strip()
    head = _git("rev-parse", "--short=9", "HEAD").stdout.strip()
    return f"{head} {_WITH_CHANGES}" if is_changed else head


def is_known(said: str) -> bool:
    """Whether a commit, as results name it, is in the history; where that is cut off, it may be."""
    if _git("rev-parse", "--is-shallow-repository").stdout.strip() != "false":
        return True
    hash_, _, _ = said.partition(" ")
    return _git("merge-base", "--is-ancestor", hash_, "HEAD").returncode == 0


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    git = ["git", "-C", str(project.ROOT), *arguments]
    return subprocess.run(git, capture_output=True, text=True, check=False)  # noqa: S603 - fixed
