"""The soak's eyes and hands, on real processes and databases."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil
import pytest
import yaml

from benchmarks import machine, project
from benchmarks.processes import BenchmarkError
from benchmarks.soak import kills, memory, overlaps
from benchmarks.soak.stack import Stack
from benchmarks.soak.tree import Tree
from benchmarks.soak.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLEEP = "import time; print('up', flush=True); time.sleep(600)"
FORK = f"import os; os.fork(); {SLEEP}"
LEAVE = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, sys.argv[1]], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
os._exit(0)
"""


@dataclass
class Programs:
    """Processes that bear the names of Meltano and its plugins."""

    folder: Path
    home: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def script(self, name: str, code: str = SLEEP) -> Path:
        (self.folder / name).write_text(code)
        return self.folder / name

    def start(
        self,
        name: str,
        run: str | None,
        code: str = SLEEP,
        *arguments: Path,
        home: Path | None = None,
    ) -> subprocess.Popen[str]:
        """Start one for a run, in a session of its own, and wait until it is up."""
        environment = os.environ | {"WAYBILL_HOME": str(home or self.home)}
        process = subprocess.Popen(
            [sys.executable, self.script(name, code), *arguments],
            env=environment | ({"WAYBILL_RUN_ID": run} if run else {}),
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        assert process.stdout
        assert process.stdout.readline()
        return process

    def end(self) -> None:
        for process in self.started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    home = tmp_path / "home"
    (home / "airflow").mkdir(parents=True)
    made = Programs(tmp_path, home)
    yield made
    made.end()


@pytest.fixture
def tree(programs: Programs) -> Tree:
    return Tree(programs.home, psutil.Process())


def told(tree: Tree) -> list[tuple[str, str]]:
    return sorted((each.program, each.run_id) for each in tree.work())


def test_only_programs_of_runs_of_this_home_are_work(programs: Programs, tree: Tree) -> None:
    """Protects the verdicts from the heartbeat, which is a `meltano` too, and from other projects."""
    programs.start("meltano", None)
    programs.start("waybill-dbt", "b", home=programs.folder)
    programs.start("python-of-somebody", "c")
    assert told(tree) == []
    step = programs.start("waybill-validate", "a")
    assert told(tree) == [("waybill-validate", "a")]
    assert tree.last_seen["a", step.pid] <= time.time()


def test_an_orphan_is_work_and_an_overlap(programs: Programs, tree: Tree) -> None:
    """Protects the overlap check from being blind after a kill: who has no parent works on."""
    child = programs.script("tap-postgres")
    programs.start("meltano", "a", LEAVE, child).wait()
    assert told(tree) == [("tap-postgres", "a")]
    assert overlaps.of_processes(tree.work()) is None
    programs.start("target-postgres", "b")
    found = overlaps.of_processes(tree.work())
    assert found
    assert found.startswith("tap-postgres of run a (process ")
    assert " beside target-postgres of run b (process " in found


def test_one_program_twice_is_an_overlap_and_its_fork_is_not(
    programs: Programs, tree: Tree
) -> None:
    """Protects a run from its own retry, and a tap that forks from being taken for two."""
    forked = programs.start("tap-postgres", "a", FORK)
    assert told(tree) == [("tap-postgres", "a")]
    forked.kill()
    forked.wait()
    assert told(tree) == [("tap-postgres", "a")]
    programs.start("tap-postgres", "a")
    assert overlaps.of_processes(tree.work())


def test_the_scheduler_is_killed_in_the_middle_of_a_step_only(
    programs: Programs, tree: Tree
) -> None:
    """Protects the blow that must be shown: it waits for a step, and says whose it was."""
    scheduler = programs.start("scheduler", None)
    services = [{"name": "scheduler", "session": scheduler.pid, "started": 0}]
    (programs.home / "airflow" / "running.json").write_text(json.dumps(services))
    programs.start("meltano", "waiting")
    assert kills.strike_scheduler(tree) is None
    programs.start("waybill-dbt", "working")
    blow = kills.strike_scheduler(tree)
    assert blow
    assert (blow.victim, blow.runs, blow.at_work) == (
        "scheduler",
        ["waiting", "working"],
        ["working"],
    )
    assert scheduler.wait() == -signal.SIGKILL


def test_a_step_that_is_killed_names_its_own_run_alone(programs: Programs, tree: Tree) -> None:
    """Protects the recovery figure: a tap's death is nothing that another run must recover from."""
    victims = {
        run: programs.start(name, run) for name, run in (("tap-postgres", "a"), ("meltano", "b"))
    }
    blow = kills.strike(tree, random.Random(1))  # noqa: S311 - one choice of two
    assert blow
    (run,) = blow.runs
    assert victims[run].wait() == -signal.SIGKILL
    assert blow.at_work == (["a"] if run == "a" else [])


def test_the_process_of_a_task_is_told_by_what_it_started(programs: Programs, tree: Tree) -> None:
    """Protects the blow on a task's process, which bears no run's id itself."""
    code = f"""
import os, subprocess, sys
child = subprocess.Popen(
    [sys.executable, sys.argv[1]], stdout=subprocess.PIPE, env={{**os.environ, "WAYBILL_RUN_ID": "a"}}
)
child.stdout.readline()
{SLEEP}
"""
    task = programs.start("task-runner", None, code, programs.script("meltano"))
    assert [(each.program, each.process.pid) for each in tree.tasks()] == [("task", task.pid)]


def test_memory_is_that_of_a_service_and_all_in_its_session(programs: Programs) -> None:
    """Protects the memory verdict: a leak in a child of a service is one of the service."""
    service = programs.start("dag-processor", None, FORK)
    other = programs.start("triggerer", None)
    found = list(memory.members({"dag-processor": psutil.Process(service.pid)}))
    assert [name for name, _ in found] == ["dag-processor"] * 2
    assert other.pid not in {process.pid for _, process in found}


def test_what_ends_a_watch_before_its_time_is_told() -> None:
    """Protects a soak from going on blind: an error in a thread fails it."""

    class Broken(Watch):
        def work(self) -> None:
            msg = "sees nothing"
            raise BenchmarkError(msg)

    watch = Broken(lambda: False)
    watch.start()
    with pytest.raises(BenchmarkError, match="sees nothing"):
        watch.finish()


def _soak_that_fails(stack: Stack) -> None:
    msg = "the soak failed"
    with stack.prepared():
        raise BenchmarkError(msg)


@pytest.mark.parametrize("code", [0, 1])
def test_what_failed_first_is_told_where_the_end_fails_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Protects the soak's own error from being hidden by a Postgres that does not stop."""
    meltano = tmp_path / "meltano"
    meltano.write_text(f'#!/bin/sh\n[ "$1" = run ] && exit {code}\necho no server >&2; exit 1\n')
    meltano.chmod(0o700)
    monkeypatch.setattr(project, "meltano", lambda: meltano)
    stack = Stack(tmp_path)
    first = "run --no-install trade failed" if code else "the soak failed"
    with pytest.raises(BenchmarkError, match=first) as caught:
        _soak_that_fails(stack)
    (note,) = caught.value.__notes__
    assert note.startswith("meltano invoke --no-install warehouse:down failed:\nno server")


def test_schedules_rest_in_place(tmp_path: Path) -> None:
    """Protects runs under way at the end: their DAGs stay, and no other run begins."""
    stack = Stack(tmp_path)
    file = stack.root / "orchestrate" / "schedules.meltano.yml"
    file.parent.mkdir(parents=True)
    stack.rest()
    resting = yaml.safe_load(file.read_text())["schedules"]
    assert [each["name"] for each in resting] == ["trade-back-to-back", "trade-step-by-step"]
    assert {each["interval"] for each in resting} == {"0 0 1 1 *"}
    assert not any("WAYBILL_CONTINUOUS" in each["env"] for each in resting)
    assert resting[0]["env"]["WAYBILL_TASKS"] == "job"


def test_a_commit_with_changes_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects the results' commit: it exists, and what was measured is it or says that it is not."""

    def git(*arguments: str) -> str:
        told = ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-C", tmp_path, *arguments]
        return subprocess.run(told, check=True, capture_output=True, text=True).stdout.strip()

    monkeypatch.setattr(project, "ROOT", tmp_path)
    git("init", "--quiet")
    (tmp_path / "file").write_text("one")
    git("add", ".")
    git("commit", "--quiet", "--message", "one")
    commit = git("rev-parse", "--short=9", "HEAD")
    (tmp_path / "new").write_text("not tracked")
    assert machine.describe("18")["commit"] == commit
    (tmp_path / "file").write_text("two")
    assert machine.describe("18")["commit"] == f"{commit} with changes"
    assert machine.is_known(f"{commit} with changes")
    git("commit", "--quiet", "--all", "--amend", "--message", "rebased away")
    assert not machine.is_known(commit)
    assert not machine.is_known("1cc288ebf")
