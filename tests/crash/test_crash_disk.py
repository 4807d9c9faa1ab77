"""Full disks: the tap's batch folder, and the server's data directory.

A full batch folder is a small tmpfs in a user namespace; where a kernel refuses those, it is a limit
on the size of a file. The server's files are limited in size, which any user can do to their own.
"""

from __future__ import annotations

import re
import resource
import shutil
import subprocess
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from crash.lane import Lane, Way

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crash.server import Server

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="limits and small disks are made by Linux's means"
)
_HOLD = 'mount -t tmpfs -o size=128k none "$0" && echo ready && cat'
_LIMIT = ("prlimit", f"--fsize={128 << 10}", "--")
_WITH_REMEDY = re.compile(
    r"^error: .*(No space left on device|File too large)[^.]*\. \w+.*\.$", re.MULTILINE
)
_WAL_SEGMENT = 16 << 20
_WIDTH = 4_000
"""Times 6,000 rows: more than both limits."""


@contextmanager
def _small_disk(folder: Path) -> Iterator[tuple[str, ...]]:
    """A command's prefix, under which 128 KiB fit into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _HOLD, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout
        is_there = holder.stdout.readline() == "ready\n"
        if is_there:
            namespaces = ("--target", str(holder.pid), "--user", "--mount")
            yield ("nsenter", *namespaces, "--preserve-credentials", "--")
        holder.communicate()
    if not is_there:
        yield _LIMIT


@pytest.mark.parametrize("tap", ["tap-csv", "tap-postgres"])
def test_full_batch_folder_is_no_success(server: Server, tmp_path: Path, tap: str) -> None:
    # A tap without room for its files ends in one line that says so; what was whole has landed, and
    # with room again the next run lands the rest.
    with closing(Lane(server, tmp_path, Way(tap, "batch"))) as lane:
        start = lane.starts[0]
        pipeline, warehouse = lane.begin(start)
        settings = start.day.settings
        if tap == "tap-csv":
            # Files that lie there as they are need no room.
            path = settings["path"]
            settings = settings | {"path": shutil.make_archive(path, "zip", path)}
        with _small_disk(pipeline.home / "batch") as prefix:
            pipeline.prefix = prefix
            outcome = pipeline.run(tap, settings, warehouse, start.state)
            pipeline.prefix = ()
        assert outcome.codes[0] == 1, outcome.log
        assert "Traceback" not in outcome.log
        assert _WITH_REMEDY.search(outcome.log), outcome.log
        lane.recover(start, warehouse, outcome.state)


@pytest.mark.parametrize("room", [1 << 20, _WAL_SEGMENT], ids=["log", "table"])
def test_full_disk_of_the_server_is_no_success(server: Server, tmp_path: Path, room: int) -> None:
    # Where the server cannot write its log it dies, where it cannot extend a table it refuses;
    # either way nothing half is left, and with room again the next run lands all.
    with closing(Lane(server, tmp_path, Way("tap-postgres", "batch"), width=_WIDTH)) as lane:
        start = lane.starts[0]
        pipeline, warehouse = lane.begin(start)
        with server.limited(room):
            outcome = pipeline.run("tap-postgres", start.day.settings, warehouse, start.state)
        assert outcome.codes[1] == 1, outcome.log
        assert "Traceback" not in outcome.log
        lane.recover(start, warehouse, outcome.state)


def test_limit_is_lifted(server: Server) -> None:
    # The tests after these have a server with room.
    assert server.limit == (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
