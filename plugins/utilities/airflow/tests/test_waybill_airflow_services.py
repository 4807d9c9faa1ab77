"""Helpers and logs of the supervisor, and what outlives its task: by real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest

from waybill_airflow import kin, service
from waybill_airflow.service import Service
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PATIENCE = 60.0


def _tend(tended: Service, starts: int) -> None:
    """Tend a service until it has been started so often."""
    begun = time.monotonic()
    while tended._starts < starts:
        tended.tend()
        tended._next_start = 0.0
        assert time.monotonic() - begun < _PATIENCE
        time.sleep(0.01)


def test_a_helper_that_always_fails_takes_nothing_down(tmp_path: Path) -> None:
    """Heartbeats to a source that refuses them must not end the scheduler; one without API must."""
    command = [sys.executable, "-Ssc", "raise SystemExit(3)"]
    helper = Service("heartbeat", command, {}, tmp_path / "h.log", is_essential=False)
    _tend(helper, service._MOST_STARTS + 2)
    helper.stop(_PATIENCE)
    scheduler = Service("scheduler", command, {}, tmp_path / "s.log")
    with pytest.raises(WaybillError, match=r"scheduler has ended 5 times \(last: 3\)"):
        _tend(scheduler, service._MOST_STARTS + 2)


def test_the_pause_of_a_helper_grows_and_has_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Starts take processor time; and a week of failures is more doublings than a number holds."""
    helper = Service("heartbeat", ["false"], {}, tmp_path / "h.log", is_essential=False)
    pauses = []
    for starts in (1, 4, 5_000):
        helper._starts = 0
        _tend(helper, 1)
        assert helper.process
        helper.process.wait()
        helper._starts = starts
        monkeypatch.setattr(time, "monotonic", lambda: helper._started_at)
        helper.tend()
        pauses.append(helper._next_start - helper._started_at)
        monkeypatch.undo()
    assert pauses == pytest.approx([1.0, 15.0, service._LONGEST_PAUSE_OF_HELPER])


def test_a_log_begins_anew_while_its_process_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scheduler runs for months; its log must not fill the disk, nor lose its last lines."""
    monkeypatch.setattr(service, "_LOG_BYTES", 10)
    log, said = tmp_path / "scheduler.log", tmp_path / "said"
    os.mkfifo(said)
    running = Service("scheduler", ["sh", "-c", f"while cat {said}; do :; done"], os.environ, log)
    running.tend()
    try:
        for line in ("a long first line\n", "second\n"):
            said.write_text(line)
            begun = time.monotonic()
            while line not in log.read_text():
                assert time.monotonic() - begun < _PATIENCE
                time.sleep(0.01)
            running.tend()
    finally:
        running.stop(_PATIENCE)
    assert log.read_text() == "second\n"
    assert log.with_suffix(".log.1").read_text() == "a long first line\n"


@contextmanager
def _left_by(task: str, run_id: str, *, is_server: bool = False) -> Iterator[psutil.Process]:
    """A process that a step has started, and whose `meltano` has gone."""
    start = f"subprocess.Popen(['sleep', '300'], stdout=2, start_new_session={is_server})"
    gone = subprocess.run(
        [sys.executable, "-c", f"import subprocess; print({start}.pid)"],
        env={**os.environ, "WAYBILL_RUN_ID": run_id, "WAYBILL_TASK_ID": task},
        stdout=subprocess.PIPE,
        check=True,
        process_group=0,
    )
    process = psutil.Process(int(gone.stdout))
    try:
        yield process
    finally:
        if process.is_running():
            process.kill()


def test_what_outlives_its_task_is_known_by_its_run_and_ended() -> None:
    """After its `meltano` a `dbt:build` goes on with nobody above it, beside its own next try."""
    run, other = str(uuid.uuid4()), str(uuid.uuid4())
    with (
        _left_by("dbt.build", run) as build,
        _left_by("tap", run) as tap,
        _left_by("dbt.build", other) as another,
        _left_by("warehouse.up", run, is_server=True) as server,
    ):
        assert kin.of_run(run, "dbt.build") == [build]
        kin.end(lambda: kin.of_run(run, "dbt.build"), _PATIENCE)
        assert [kin.is_alive(each) for each in (build, tap)] == [False, True]
        kin.end(lambda: kin.of_run(run, None), _PATIENCE)
        assert not kin.is_alive(tap)
        assert kin.is_alive(another)
        assert kin.is_alive(server), "the embedded warehouse is not the step's"
