from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from waybill_common import batch_files
from waybill_common.batch_files import BatchFolder
from waybill_common.errors import WaybillError

_DYING_TAP = """
import os
from waybill_common.batch_files import BatchFolder
folder = BatchFolder("tap-x")
with folder.create() as file:
    file.write(b"1\\n")
print(file.name, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    return tmp_path


def _written(folder: BatchFolder, data: bytes) -> Path:
    with folder.create() as file:
        file.write(data)
    return Path(file.name)


def test_files_are_private_and_each_a_new_one() -> None:
    # Only their owner can read them, and none takes the place of another.
    folder = BatchFolder("tap-x")
    assert [_written(folder, data).read_bytes() for data in (b"a\n", b"b\n")] == [b"a\n", b"b\n"]
    assert len(list(folder.path.glob("*.copy"))) == 2

    everything = [folder.path.parent, folder.path, *folder.path.iterdir()]
    assert {path.stat().st_mode & 0o077 for path in everything} == {0}


def test_rest_of_a_dead_run_is_swept() -> None:
    # What a killed tap left behind goes with the next run of that tap; other taps' folders stay.
    done = subprocess.run(
        [sys.executable, "-c", _DYING_TAP], capture_output=True, text=True, check=False
    )
    left = done.stdout.strip()
    assert done.returncode == -9
    assert os.path.exists(left)  # noqa: PTH110 - a text from another process

    BatchFolder("tap-y")
    assert os.path.exists(left)  # noqa: PTH110 - a text from another process
    BatchFolder("tap-x")
    assert not os.path.exists(left)  # noqa: PTH110 - a text from another process


def test_the_rest_of_all_dead_runs_can_be_seen_and_swept() -> None:
    """Maintenance finds what no later run of the same tap has swept, and leaves live runs alone."""
    subprocess.run([sys.executable, "-c", _DYING_TAP], capture_output=True, check=False)
    live = BatchFolder("tap-y")
    _written(live, b"22\n")

    ((seen, size),) = batch_files.dead_folders(remove=False)
    assert (seen.parent.name, size) == ("tap-x", 2)
    assert batch_files.dead_folders(remove=True) == [(seen, size)]
    assert batch_files.dead_folders(remove=True) == []
    assert not seen.exists()
    assert live.path.exists()


def test_live_runs_are_left_alone() -> None:
    # A second run of a tap does not take the files of one that is still writing, or still being loaded.
    first = BatchFolder("tap-x")
    path = _written(first, b"1\n")
    BatchFolder("tap-x")
    assert path.exists()

    held = batch_files.hold(path.parent)
    first.close()
    BatchFolder("tap-x")
    assert path.exists()

    path.unlink()
    batch_files.release(path.parent, held)
    assert not path.parent.exists()


def test_folder_that_was_never_used_goes(home: Path) -> None:
    # A run with nothing to send leaves no folder behind.
    BatchFolder("tap-x").close()

    assert [path.name for path in (home / "batch" / "tap-x").iterdir()] == [".lock"]


def test_remote_files_are_refused() -> None:
    # A manifest that names another machine's file is told, not read as a local path.
    assert str(batch_files.local_path("file:///tmp/a%20b.copy")) == "/tmp/a b.copy"  # noqa: S108 - only a name
    for uri in ("s3://bucket/a.copy", "file://host/a.copy"):
        with pytest.raises(WaybillError, match="not a local file"):
            batch_files.local_path(uri)
