"""Blows to `meltano run` itself, whose children and whose state must come out of it as they should."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from signal import SIGKILL, SIGTERM, Signals
from typing import TYPE_CHECKING, Any

import pytest
from crash import csv_source, invariants
from crash.pipeline import SCHEMA
from crash.proxy import Proxy, Trap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crash.server import Server
    from crash.streams import Day

    from conftest import Project

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
SEED = os.environ.get("SEED") or "waybill"
CASES = max(1, int(os.environ.get("KILLS") or 20) // 30)
MELTANO = Path(__file__).parents[2] / ".venv" / "bin" / "meltano"
BLOCKS = ("tap-csv--olist", "target-postgres")
COMMITS = 5
"""Of the first day: one for the look at the ledger, and one for each file."""
_PATIENCE = 60


@pytest.fixture
def line(server: Server) -> Iterator[Proxy]:
    """The way to the warehouse, where COMMITs are seen."""
    with closing(Proxy(lambda: server.port)) as proxy:
        yield proxy


@dataclass(frozen=True)
class Job:
    """One lane under Meltano, with a warehouse and a state of its own."""

    project: Project
    server: Server
    line: Proxy
    day: Day
    warehouse: str
    suffix: str

    def start(self, *options: str) -> subprocess.Popen[str]:
        """Begin a run."""
        settings = {
            "WAREHOUSE_LOADER_URL": self.server.login(self.warehouse, "loader", self.line.port),
            "TAP_CSV__OLIST_PATH": self.day.settings["path"],
            "TAP_CSV__OLIST_CONTRACT": self.day.settings["contract"],
            "TAP_CSV__OLIST_MODE": self.day.settings["mode"],
            "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": SCHEMA,
        }
        return subprocess.Popen(
            [
                MELTANO,
                "run",
                "--no-install",
                "--state-id-suffix",
                self.suffix,
                *options,
                *BLOCKS,
            ],
            cwd=self.project.root,
            env=self.project.environment | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run to the end."""
        with self.start(*options) as process:
            said, _ = process.communicate(timeout=2 * _PATIENCE)
        return subprocess.CompletedProcess(process.args, process.returncode, said)

    def state(self) -> dict[str, Any]:
        """What Meltano would begin the next run with."""
        name = f"dev:{BLOCKS[0]}-to-{BLOCKS[1]}:{self.suffix}"
        said = self.project.meltano("state", "get", name).stdout
        known = json.loads(said[said.index("{") :])
        state: dict[str, Any] = known.get("singer_state", known)
        return state

    def wait_for_children(self) -> None:
        """Wait until no tap or target of this project is there any more."""
        deadline = time.monotonic() + _PATIENCE
        while found := _processes(self.project.root):
            assert time.monotonic() < deadline, f"outlived Meltano: {found}"
            time.sleep(0.05)

    def check(self) -> None:
        """Whole transactions, and a state that is not beyond them."""
        self.server.wait_until_alone(self.warehouse)
        invariants.check(self.server, self.warehouse, self.day, self.state())

    def check_end(self) -> None:
        """Everything is there, and nothing is left over."""
        self.server.wait_until_alone(self.warehouse)
        home = Path(self.project.environment["WAYBILL_HOME"])
        invariants.check_end(self.server, self.warehouse, self.day, self.state(), home)


@pytest.fixture
def job(project: Project, server: Server, line: Proxy, tmp_path: Path) -> Job:
    day = next(csv_source.days(tmp_path, "batch", is_appended=False))
    return Job(project, server, line, day, server.copy("warehouse"), uuid.uuid4().hex)


@pytest.mark.parametrize("case", range(CASES))
@pytest.mark.parametrize("signal", [SIGTERM, SIGKILL], ids=lambda each: each.name)
def test_killed_meltano_is_no_success_and_the_next_run_converges(
    job: Job, signal: Signals, case: int
) -> None:
    # Protects against a run that was ended and says 0, children that go on, and a lock for ever.
    random = Random(f"{SEED} meltano {signal} {case}")  # noqa: S311 - moments are no secrets
    commit, is_before = random.randint(1, COMMITS), random.random() < 1 / 2
    running: list[subprocess.Popen[str]] = []
    job.line.watch(Trap(lambda: running[0].send_signal(signal), commit, is_before))
    with job.start() as process:
        running.append(process)
        said, _ = process.communicate(timeout=2 * _PATIENCE)
    assert process.returncode == (143 if signal is SIGTERM else -signal), said
    job.wait_for_children()
    job.check()

    again = job.run()
    if signal is SIGKILL:
        # Meltano cannot know that the other one is dead; it says so, and how to go on.
        assert again.returncode == 1
        assert "already running" in again.stdout
        assert "--force" in again.stdout
        again = job.run("--force")
    assert again.returncode == 0, again.stdout
    job.check_end()


def test_target_that_fails_first_is_what_meltano_reports(job: Job) -> None:
    # Protects the one line that says what is wrong from being buried under Meltano's broken pipe.
    job.server.execute(job.warehouse, f"create schema {SCHEMA} authorization loader")
    made = f"set role loader; create table {SCHEMA}.orders (id bytea)"
    job.server.execute(job.warehouse, made)
    done = job.run()
    assert done.returncode == 1
    assert "BrokenPipe" not in done.stdout
    assert "Traceback" not in done.stdout
    assert "unhandled error" not in done.stdout
    assert "Loader failed" in done.stdout
    errors = [text for text in done.stdout.splitlines() if text.startswith("error: ")]
    assert len(errors) == 1, done.stdout
    assert "column id is bytea" in errors[0]


def _processes(root: Path) -> list[str]:
    """The command lines of plugins that run for a project."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            environment = (folder / "environ").read_bytes()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        is_ours = f"WAYBILL_HOME={root}".encode() in environment
        if is_ours and ("tap-csv " in command or "target-postgres " in command):
            found.append(command)
    return found
