"""Whole jobs as runs: who waits for whom, and what the history says of those that ended badly."""

from __future__ import annotations

import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Project

ROOT = Path(__file__).parents[1]
LANE = ("waybill:begin-trade", "tap-postgres--totesys", "target-postgres")
LAST = "select status, failed_step, cause from waybill.run order by started_at desc limit 1"


def test_two_runs_at_once_take_turns(project: Project) -> None:
    """A run that takes longer than its interval: the next one waits, says so, and goes on."""
    assert project.meltano("run", "warehouse:up", "sources:prepare-totesys").returncode == 0
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda _: project.meltano("run", *LANE, "waybill:end"), range(2)))
    output = "".join(each.stdout for each in done)
    assert [each.returncode for each in done] == [0, 0], output
    assert output.count("waybill:begin-trade: waiting, raw_totesys is held by run") == 1
    overlaps = """
        select one.step, other.step
        from waybill.step as one
        join waybill.step as other on other.run_id > one.run_id
        where 'waybill:begin-trade' not in (one.step, other.step)
            and one.started_at < other.ended_at and other.started_at < one.ended_at
    """
    assert project.rows(overlaps) == []
    assert project.rows("select count(*) from waybill.lease") == [(0,)]
    loads = "select count(distinct run_id), sum(rows_inserted) > 3000 from waybill.load"
    assert project.rows(loads) == [(2, True)]
    # Without a receipt nothing answers for what has landed.
    assert project.rows(LAST)[0][0] == "failed"


def test_a_tap_that_fails_leaves_a_failed_run_with_its_reason(project: Project) -> None:
    """A tap sees no warehouse, and its target ends in good order: the run is failed all the same."""
    url = "postgresql://reader:s3cret@127.0.0.1:1/none"
    done = project.meltano("run", *LANE, WAYBILL_TOTESYS=url)
    assert done.returncode == 1
    shown = project.meltano("invoke", "waybill:history", "--limit", "1").stdout
    assert re.search(r"failed at tap-postgres--totesys: WAYBILL_TOTESYS: cannot connect", shown)
    assert "s3cret" not in shown
    ((status, step, _),) = project.rows(LAST)
    assert (status, step) == ("failed", "tap-postgres--totesys")


def test_a_killed_run_is_lost_and_the_next_one_does_not_wait(project: Project) -> None:
    """After SIGKILL nobody has to clean up by hand."""
    with subprocess.Popen(
        [ROOT / ".venv" / "bin" / "meltano", "run", "--no-install", *LANE],
        cwd=project.root,
        env=project.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        for line in process.stdout:
            if "holds raw_totesys, trade" in line:
                break
        process.send_signal(signal.SIGKILL)
    output = project.run("waybill:begin-trade")
    assert "holds raw_totesys, trade" in output
    of_lane = "select status from waybill.run where job like '%tap-%' order by started_at desc"
    assert project.rows(of_lane)[0] == ("lost",)
