"""The measurement of a cycle: processes watched until they end, and what is told of them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks.cycle import report, trade, watching
from benchmarks.cycle.watching import Seen, Watched
from benchmarks.processes import BenchmarkError

if TYPE_CHECKING:
    from pathlib import Path

WORK = "import time\nwhile time.process_time() < 0.3: pass"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WORK!r}, 'validate'])"


def test_what_a_child_uses_is_seen_until_its_end(tmp_path: Path) -> None:
    """Steps take a second or less: a look that comes too late would find nothing of them."""
    done = watching.watch([sys.executable, "-c", PARENT], tmp_path, os.environ)
    (child,) = [seen for seen in done.children if "validate" in seen.words]
    assert 0.25 < child.cpu_seconds <= done.cpu_seconds
    assert child.begun < child.ended <= done.seconds


def test_a_run_that_fails_is_no_measurement(tmp_path: Path) -> None:
    """A step that breaks at once would look cheap."""
    with pytest.raises(BenchmarkError, match="ended with 3:\nbroken"):
        watching.watch(
            [sys.executable, "-c", "import sys; print('broken'); sys.exit(3)"], tmp_path, os.environ
        )


def test_steps_have_the_names_of_the_job_and_add_up() -> None:
    """Tap and target work at the same time: the clock counts that once, the processor twice."""
    children = [
        Seen(("/venv/bin/waybill-dbt", *trade_arguments("dbt:build-trade")), 2.0, 1.0, 3.0),
        Seen(("/venv/bin/tap-postgres", "--config", "x", "--discover"), 0.5, 3.0, 3.5),
        Seen(("/venv/bin/tap-postgres", "--config", "x"), 0.5, 4.0, 5.0),
        Seen(("/venv/bin/target-postgres", "--config", "y"), 0.5, 4.0, 6.0),
    ]
    costs = dict(trade.by_step(Watched(7.0, 5.0, children, "")))
    assert list(costs) == [
        *("Meltano itself", "dbt:build-trade", "tap-postgres (discovery)", "tap-postgres"),
        *("target-postgres", "all processes"),
    ]
    assert costs["Meltano itself"] == {"cpu": 1.5, "wall": 2.5}
    assert costs["all processes"] == {"cpu": 5.0, "wall": 7.0}


def trade_arguments(block: str) -> tuple[str, ...]:
    (words,) = [words for words, name in trade.names().items() if name == block]
    return words[1:]


def test_the_table_shows_what_was_before() -> None:
    """The document tells what has been gained, from two measurements by the same command."""
    machine = dict.fromkeys(("day", "commit", "processor", "memory", "load"), "x")
    found = {
        "machine": machine,
        "parameters": {"orders": 5, "repeat": 3},
        "empty": {"dbt:build": {"cpu": 0.5, "wall": 0.75}, "the server": {"cpu": 1}},
        "changed": {"dbt:build": {"cpu": 4, "wall": 6.5}, "the server": {"cpu": 2}},
    }
    earlier = found | {"changed": {"dbt:build": {"cpu": 9, "wall": 14}}}
    lines = report.text(found | {"before": earlier}).splitlines()
    assert "| `dbt:build` | 0.5 → 0.5 | 0.8 → 0.8 | 9.0 → 4.0 | 14.0 → 6.5 |" in lines
    assert "| the server | 1.0 → 1.0 | - → - | - → 2.0 | - → - |" in lines
    assert "| `dbt:build` | 0.5 | 0.8 | 4.0 | 6.5 |" in report.text(found)
