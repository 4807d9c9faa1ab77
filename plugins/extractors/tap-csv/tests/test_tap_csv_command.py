"""The executable: exit codes, one line for a fault, its end by a signal, left-over files."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    MakeContract = Callable[..., Path]

EXECUTABLE = Path(sys.executable).with_name("tap-csv")


@pytest.fixture
def config(home: Path, contract: MakeContract, folder: Path, tmp_path: Path) -> Path:
    assert not home.exists()
    (folder / "t.csv").write_text("id,name\n" + "".join(f"{n},x\n" for n in range(50_000)))
    path = tmp_path / "config.json"
    promised = contract({"t": {"id": "integer!"}}, deadLetterLimit={"rows": 0})
    settings = {"path": str(folder), "contract": str(promised)}
    path.write_text(json.dumps(settings))
    return path


def tap(config: Path, *arguments: str, **changes: Any) -> subprocess.CompletedProcess[str]:
    config.write_text(json.dumps(json.loads(config.read_text()) | changes))
    command = [EXECUTABLE, "--config", config, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_fault_ends_in_one_line_and_code_1(config: Path, folder: Path) -> None:
    # Protects the promise of one clear line and a code that stops the job.
    (folder / "t.csv").write_text("id\nx\n")
    done = tap(config, mode="batch")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith(
        f"error: {folder}/t.csv, line 2, column id: 'x' is not"
    )
    assert '"STATE"' not in done.stdout


def test_signal_ends_with_its_code_and_no_state_of_half_a_file(config: Path) -> None:
    # Protects against the SDK's habit of writing a state and ending with 0 at SIGTERM.
    with subprocess.Popen(
        [EXECUTABLE, "--config", config],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        head = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
    assert '"RECORD"' in head[2]
    assert process.returncode == 128 + signal.SIGTERM
    assert '"STATE"' not in rest


def test_broken_pipe_is_no_success(config: Path) -> None:
    # Protects the exit code where the target dies first.
    reading, writing = os.pipe()
    with subprocess.Popen(
        [EXECUTABLE, "--config", config], stdout=writing, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(writing)
        os.read(reading, 10)
        os.close(reading)
        _, errors = process.communicate()
    assert process.returncode == 1
    assert "Traceback" not in errors


def test_left_over_batch_files_are_swept(config: Path, folder: Path, home: Path) -> None:
    # Protects the disk: what a dead run left is gone after the next start, also if it sends nothing.
    content = (folder / "t.csv").read_bytes()
    (folder / "t.csv").unlink()
    (folder / "t.csv.gz").write_bytes(gzip.compress(content))
    first = tap(config, mode="batch")
    left = list(home.rglob("*.copy"))
    assert first.returncode == 0
    assert len(left) == 1
    state = config.with_name("state.json")
    state.write_text(json.dumps(json.loads(first.stdout.splitlines()[-1])["value"]))
    second = tap(config, "--state", str(state), mode="batch")
    assert second.returncode == 0
    assert '"BATCH"' not in second.stdout
    assert list(home.rglob("*.copy")) == []
    assert [path.name for path in (home / "batch" / "tap-csv--shop").iterdir()] == [".lock"]


def test_about_and_discovery(config: Path) -> None:
    # Protects Meltano's own calls; no setting offers the SDK's batches, which our states would break.
    about = subprocess.run(
        [EXECUTABLE, "--about", "--format=json"], capture_output=True, text=True, check=True
    )
    settings = json.loads(about.stdout)["settings"]["properties"]
    assert {"path", "path_setting", "default_path", "contract", "mode"} <= set(settings)
    assert "batch_config" not in settings
    catalog = json.loads(tap(config, "--discover").stdout)
    assert [entry["tap_stream_id"] for entry in catalog["streams"]] == ["t"]


def test_connection_test_reads_one_row(config: Path) -> None:
    # Protects `--test`, also where batches are set.
    done = tap(config, "--test", mode="batch")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"RECORD"') == 1
